#!/bin/bash
# SPDX-License-Identifier: MIT
# No wake-up is lost: single requests at random moments, to the stack and from
# it, while the service sleeps in between; no one may take 5 ms more than the
# median does.
#
# A machine with other work to do holds up any process now and then. So the same
# requests go through the kernel's stack at the same time, over a veth pair of
# its own, and set the measure: twice as many late ones are allowed (a service
# stands in the way, which can be held up as well) and one more; of those that
# are 20 ms late, as a lost wake-up makes them, one more.
#
# All that take part go before the machine's other work, where that is allowed.
#
# WAKEUPS_S is how many seconds each way takes; SEED repeats a run's moments.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
load=$BUILD/tests/load
wakeups=$BUILD/tests/wakeups
[ -x "$wakeups" ] || skip "not built: $wakeups"
seconds=${WAKEUPS_S:-3}
seed=${SEED:-$((RANDOM + 1))}
FIRST=(chrt -f 10)
"${FIRST[@]}" true 2>/dev/null || FIRST=()
CONTROL_HOST=10.108.0.1 CONTROL=10.108.0.2

# The kernel's stack on both ends, in the namespaces that are there.
start_control() {
	ip netns exec "$NSK" true 2>/dev/null || {
		ip netns add "$NSK"
		ip -n "$NSK" link set lo up
	}
	ip link add ctl0 netns "$NS" type veth peer name ctl1 netns "$NSK"
	ip -n "$NS" addr add $CONTROL_HOST/24 dev ctl0
	ip -n "$NSK" addr add $CONTROL/24 dev ctl1
	ip -n "$NS" link set ctl0 up
	ip -n "$NSK" link set ctl1 up
	spawn control_echo ip netns exec "$NSK" \
		"${FIRST[@]}" "$load" echo $CONTROL 7001
	wait_until "the control's echo" \
		net "$load" rr $CONTROL 7001 64 1 1
}
value() { awk -v key="$2" '$1 == key { print $2 }' "$T/$1.log"; }
measured() { # LOG
	echo "$1: $(tr '\n' ' ' <"$T/$1.log")"
	[ -n "$(value "$1" over_20ms)" ] || fail "$1 did not end: see its log"
}

one_way() { # NAME SIDE HOST
	local control
	step "$1, over $NETNS_BACKEND, $seconds s, seed $seed"
	: >"$T/control.log"
	spawn_net control "${FIRST[@]}" "$wakeups" $CONTROL 7001 "$seconds" $((seed + 1))
	control=$PID
	"$2" "${FIRST[@]}" "$wakeups" "$3" 7001 "$seconds" "$seed" >"$T/$1.log"
	wait_gone "$control" "the control"
	measured "$1"
	measured control
	[ "$(value "$1" requests)" -ge $((seconds * 20)) ] ||
		fail "$1: hardly any requests"
	is_less "the median of '$1' in us" 5000 "$(value "$1" median_us)"
	is_less "requests of '$1' that took 5 ms more than the median" \
		$(($(value control over_5ms) * 2 + 2)) "$(value "$1" over_5ms)"
	is_less "requests of '$1' that took 20 ms more than the median" \
		$(($(value control over_20ms) + 2)) "$(value "$1" over_20ms)"
}

start_netcond --poll adaptive
if [ ${#FIRST[@]} -gt 0 ] && ! is_kernel; then
	chrt -a -f -p 10 "$NETCOND_PID"
fi
start_control
spawn_via echo "${FIRST[@]}" "$load" echo "$STACK4" 7001
echo_pid=$PID
wait_via_listen 7001
one_way in net "$STACK4"
spawn_net host_echo "${FIRST[@]}" "$load" echo "$HOST4" 7001
wait_net_listen 7001
one_way out via "$HOST4"
kill $echo_pid
wait_gone $echo_pid
leak_check
