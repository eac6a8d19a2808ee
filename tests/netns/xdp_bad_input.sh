#!/bin/bash
# SPDX-License-Identifier: MIT
# A card that cannot be had is refused with one sentence and left as it was; one
# that is lost while running ends the service, or is waited for.
BACKENDS=xdp-native
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need ping ethtool
is_kernel && skip "about netcond itself"

# netcond OPTION... fails with STATUS and one line that has TEXT in it.
refuses() { # NAME STATUS TEXT OPTION...
	local name=$1 status=$2 text=$3
	shift 3
	exits_with "$name" "$status" ip netns exec "$NSK" "$BUILD/netcond" \
		--socket "$T/other.sock" "$@"
	is_equal "lines that '$name' said" 1 "$(wc -l <"$T/$name.log")"
	grep -qF -- "$text" "$T/$name.log" ||
		fail "'$name' should say '$text', it said: $(cat "$T/$name.log")"
	[ ! -e "$T/other.sock" ] || fail "'$name' left its socket file"
	ip -n "$NSK" -br link show >"$T/links.now"
	cmp -s "$T/links" "$T/links.now" || fail "'$name' left the card changed"
}
echoes() { net ping -q -n -c 1 -W 1 "$STACK4" >/dev/null 2>&1; }
addr=(--addr "$STACK4/24")

choose_device
is_up() { [[ $(ip -n "$NSK" -br link show eth0) = *LOWER_UP* ]]; }
wait_until "the link" is_up
ip -n "$NSK" -br link show >"$T/links"

step "refused"
refuses missing 1 "there is no interface eth7" --xdp eth7 "${addr[@]}"
refuses no-queue 1 "eth0 has no queue 5: expected 0 to 0" --xdp eth0 \
	--queue 5 "${addr[@]}"
refuses bad-queue 2 "'-1'" --xdp eth0 --queue -1 "${addr[@]}"
refuses bad-mode 2 "expected auto, native or skb" --xdp eth0 \
	--xdp-mode fast "${addr[@]}"
refuses foreign-mac 1 "do without --mac" --xdp eth0 "${addr[@]}" \
	--mac 02:00:00:00:00:05
refuses large-mtu 1 "an MTU of 3000 is more than the 1500" --xdp eth0 \
	--mtu 3000 "${addr[@]}"
ip -n "$NSK" link set eth0 down
ip -n "$NSK" -br link show >"$T/links"
refuses down 1 "eth0 is down" --xdp eth0 "${addr[@]}"
ip -n "$NSK" link set eth0 up mtu 9000
wait_until "the link" is_up
ip -n "$NSK" -br link show >"$T/links"
refuses jumbo 1 "the MTU of eth0 is 9000" --xdp eth0 "${addr[@]}"
ip -n "$NSK" link set eth0 mtu 1500

step "another XDP program keeps the card"
start_netcond
wait_until "an echo" echoes
ip -n "$NSK" -br link show >"$T/links"
refuses taken 1 "eth0 has another XDP program already" --xdp eth0 "${addr[@]}"
refuses taken-skb 1 "eth0 has another XDP program already" --xdp eth0 \
	--xdp-mode skb "${addr[@]}"
echoes || fail "the first service does not answer any more"

step "the link goes down and comes up again"
ip -n "$NSK" link set eth0 down
wait_until "it to be counted" bash -c \
	"ip netns exec $NSK $BUILD/netcon stat | grep -q 'dev_link_downs *1'"
before=$(cpu_ms "$NETCOND_PID")
sleep 1 # over which the CPU time is taken
is_less "CPU milliseconds in 1 s while down" 100 \
	$(($(cpu_ms "$NETCOND_PID") - before))
ip -n "$NSK" link set eth0 up
wait_until "an echo after the link came back" echoes

step "the card goes: the service ends, and says why"
ip -n "$NS" link del tap0
wait_gone "$NETCOND_PID" netcond
grep -q 'eth0 is gone' "$T/netcond.log" || fail "no reason"

step "the card moves to another namespace"
make_pair() {
	ip link add tap0 netns "$NS" type veth peer name eth0 netns "$NSK"
	ip -n "$NS" addr add "$HOST4/24" dev tap0
	ip -n "$NS" link set tap0 up
	ip -n "$NSK" link set eth0 up
}
make_pair
start_netcond
wait_until "an echo" echoes
ip -n "$NSK" link set eth0 netns "$NS"
wait_gone "$NETCOND_PID" netcond
ip -n "$NS" link del tap0

step "skb mode: a peer's segmentation is dropped, counted, told"
make_pair
NETNS_BACKEND=xdp-skb start_netcond
net ethtool -K tap0 tso on gso on
wait_until "an echo" echoes
spawn_via sink "$BUILD/tests/load" sink "$STACK4" 5000
wait_via_listen 5000
spawn_net push timeout 5 "$BUILD/tests/load" push "$STACK4" 5000 65536 3000
wait_log netcond "longer than 1792 bytes .* 'ethtool -K INTERFACE tso off"
[ "$(stat_of dev_xdp_dropped_long)" -gt 0 ] || fail "it is not counted"
