#!/bin/bash
# SPDX-License-Identifier: MIT
# DPDK's tap driver, which has receive interrupts and adds checksums: HTTP both
# ways, no file left, and the interface gone with the service.
BACKENDS=dpdk
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need curl python3
is_kernel && skip "about netcond itself"
need_dpdk

choose_device() {
	DEVICE=(--dpdk net_tap0,iface=dtap0 --addr "$STACK4/24"
		--addr "$STACK6/64")
}
HOME_NS=$NS
head -c 3000000 /dev/urandom >"$T/file"
want=$(sum_of "$T/file")

start_netcond
ip -n "$NS" addr add "$HOST4/24" dev dtap0
ip -n "$NS" addr add "$HOST6/64" dev dtap0 nodad
ip -n "$NS" link set dtap0 up
wait_log netcond '^mode .*receive interrupts'

cd "$T"
step "a server on the stack"
spawn_via python python3 -m http.server --bind "$STACK4" 8000
wait_via_listen 8000
net curl -sS --fail --max-time 10 -o got "http://$STACK4:8000/file"
is_equal "sum of what came from the stack" "$want" "$(sum_of got)"
kill "$PID"
wait_gone "$PID" python

step "a client on the stack, either family"
for host in "$HOST4" "$HOST6"; do
	spawn_net "host_$host" python3 -m http.server --bind "$host" 8001
	wait_net_listen 8001
	bracketed=$host
	[ "$host" = "$HOST4" ] || bracketed="[$host]"
	rm -f got
	via curl -sS --fail --max-time 10 -o got "http://$bracketed:8001/file"
	is_equal "sum of what came to the stack" "$want" "$(sum_of got)"
	kill "$PID"
	wait_gone "$PID" python
done
leak_check

step "nothing is left"
end_service
NETCOND_PID=
[ -z "$(ip -n "$NS" -br link show type tun)" ] || fail "dtap0 was left behind"
