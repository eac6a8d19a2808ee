#!/bin/bash
# SPDX-License-Identifier: MIT
# kill -9 leaves nothing on the card, and a start at once succeeds: ten times in
# each mode. The host keeps the card all the while.
BACKENDS=xdp-native # and the other as well, in turn
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need ping
is_kernel && skip "about netcond itself"

is_bare() { ! ip -n "$NSK" link show eth0 | grep -q xdp; }

choose_device
ip -n "$NSK" addr add 10.107.0.3/24 dev eth0
spawn_net host_ping ping -n -i 0.02 -W 1 10.107.0.3
host_ping=$PID
for mode in xdp-native xdp-skb; do
	step "kill -9 and start at once, ten times: $mode"
	NETNS_BACKEND=$mode
	for i in 1 2 3 4 5 6 7 8 9 10; do
		start_netcond
		net ping -q -n -c 1 -W 2 "$STACK4" >/dev/null ||
			fail "no echo after $i starts"
		kill -KILL "$NETCOND_PID"
		[ $((i % 5)) != 0 ] || {
			wait_gone "$NETCOND_PID" netcond
			wait_until "the program to go" is_bare
		}
	done
done

step "an orderly end leaves nothing either"
start_netcond
kill -TERM "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond
wait_until "the program to go" is_bare

step "the host was there all the while"
kill -INT "$host_ping"
wait_gone "$host_ping" ping
lost=$(grep -Eo '[0-9.]+% packet loss' "$T/host_ping.log")
# Attaching to a veth in native mode takes its link down for a moment.
is_less "per cent of the host's echoes lost" 10 "${lost%%[.%]*}"
