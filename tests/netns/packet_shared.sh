#!/bin/bash
# SPDX-License-Identifier: MIT
# The host keeps its interface: host, stack and a second stack have an address
# each on one end of a veth. All are reached from the other end, serve there and
# open connections at the same time, and none answers for another.
BACKENDS=packet
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need ping
is_kernel && skip "about netcond itself"
tools=$BUILD/tests
[ -x "$tools/test_tx" ] || skip "not built: $tools/test_tx"

HOST2=10.107.0.7        # of the host that the stacks share the interface with
SECOND=10.107.0.8       # of the second stack
len=4000000

start_netcond
ip -n "$NSK" addr add "$HOST2/24" dev eth0
spawn second ip netns exec "$NSK" "$BUILD/netcond" --packet eth0 \
	--addr "$SECOND/24" --socket "$T/run/second.sock"
wait_log second '^control'

step "each answers an echo, once"
for host in "$STACK4" "$HOST2" "$SECOND" "$STACK6"; do
	net ping -q -c 3 -i 0.1 -W 2 "$host" >"$T/ping"
	grep -q '3 received' "$T/ping" || fail "no echo from $host"
	! grep -q duplicates "$T/ping" || fail "two answer for $host"
done

step "each serves and fetches, all at the same time"
spawn_net peer "$tools/test_tx"
spawn_via stack_tx "$tools/test_tx"
spawn host_tx ip netns exec "$NSK" "$tools/test_tx"
spawn second_tx env NETCOND_SOCKET="$T/run/second.sock" "${VIA[@]}" \
	"$tools/test_tx"
wait_net_listen 5001
wait_net_listen 5001 tcp "$NSK"
wait_via_listen 5001
pids=()
run() { "$@" >>"$T/run.log" & pids+=($!); }
for host in "$STACK4" "$HOST2" "$SECOND"; do
	wait_until "$host to serve" net "$tools/test_rx" -l 1 "$host"
	run net "$tools/test_rx" -l $len "$host"
	run net "$tools/test_rx" -l $len -u "$host"
done
run via "$tools/test_rx" -l $len "$HOST4"
run ip netns exec "$NSK" "$tools/test_rx" -l $len "$HOST4"
run env NETCOND_SOCKET="$T/run/second.sock" "${VIA[@]}" \
	"$tools/test_rx" -l $len "$HOST4"
for pid in "${pids[@]}"; do wait "$pid" || fail "a transfer failed"; done
is_equal "transfers" ${#pids[@]} "$(grep -c 'all correct' "$T/run.log")"

step "a frame for nobody is answered by nobody"
! net ping -q -c 1 -W 1 10.107.0.99 >"$T/ping" || fail "10.107.0.99 answers"
is_equal "frames that the kernel dropped" 0 "$(stat_of dev_rx_dropped_full)"
