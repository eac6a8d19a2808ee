#!/bin/bash
# SPDX-License-Identifier: MIT
# Echo, address resolution and neighbour discovery: what the kernel's side sees
# of the stack as a host.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need ping

echoes() { # HOST COUNT SIZE
	net ping -q -n -i 0.01 -W 2 -c "$2" -s "$3" "$1" >"$T/ping.log" ||
		fail "ping -s $3 $1: $(grep loss "$T/ping.log")"
	grep -q "$2 received" "$T/ping.log" ||
		fail "ping -s $3 $1: $(grep loss "$T/ping.log")"
}
start_netcond
for host in "$STACK4" "$STACK6"; do
	step "echo by $host: small, one full frame, fragments"
	echoes "$host" 20 56
	echoes "$host" 20 1400
	echoes "$host" 5 8000
done

step "the neighbours"
mac4=$(ip -n "$NS" neigh show "$STACK4" dev tap0 | grep -Eo '(..:){5}..')
mac6=$(ip -n "$NS" neigh show "$STACK6" dev tap0 | grep -Eo '(..:){5}..')
is_equal "MAC by ARP and by ND" "$mac4" "$mac6"
# Bit 0 of the first byte: group; bit 1: locally administered.
is_equal "MAC's group and local bits" 2 $((0x${mac4%%:*} & 3))

step "nobody answers for other addresses"
for other in 10.107.0.3 fd07:6e65:7463::3; do
	if net ping -q -n -c 1 -W 1 "$other" >/dev/null 2>&1; then
		fail "an answer from $other"
	fi
done
step "a closed port is refused at once"
exits_with refused 1 ip netns exec "$NS" bash -c ": </dev/tcp/$STACK4/9"
grep -q 'Connection refused' "$T/refused.log" || fail "not refused"
leak_check
