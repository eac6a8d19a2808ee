#!/bin/bash
# SPDX-License-Identifier: MIT
# A bad link on each device: frames are lost, late, doubled, damaged and
# overtaken, and yet every byte arrives; what was done is counted.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
is_kernel && skip "about netcond itself"
tools=$BUILD/tests
[ -x "$tools/test_tx" ] || skip "not built: $tools/test_tx"

bad=loss=1%,reorder=1%,duplicate=1%,corrupt=1%,seed=7

start_netcond --impair "$bad"
grep -q '^mode .*, impaired' "$T/netcond.log" || fail "the mode does not say it"
step "to and from the stack: $bad"
spawn_via tx "$tools/test_tx"
wait_via_listen 5001
for len in 1 300000; do
	net timeout 40 "$tools/test_rx" -l $len "$STACK4"
	net timeout 40 "$tools/test_rx" -l $((len * 10)) -u "$STACK4"
done
kill "$PID"
wait_gone "$PID" test_tx
for what in lost reordered duplicated corrupted; do
	[ "$(stat_of dev_impair_$what)" -gt 0 ] || fail "none were $what"
done
is_equal "frames past the bound" 0 "$(stat_of dev_impair_dropped_full)"
leak_check
kill "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond

step "a delay of 20 ms each way, kept while the service sleeps"
start_netcond --impair delay=20ms
spawn_via echo "$tools/load" echo "$STACK4" 7002
wait_via_listen 7002
net "$tools/load" rr "$STACK4" 7002 64 1000 1 >"$T/rr.log"
cat "$T/rr.log"
rtt_us=$(awk '/^p50_us/ { print int($2) }' "$T/rr.log")
is_less "the median in us" 50000 "$rtt_us"
is_less "39999 us" "$rtt_us" 39999
