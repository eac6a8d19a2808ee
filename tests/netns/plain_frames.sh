#!/bin/bash
# SPDX-License-Identifier: MIT
# Without offloads (--no-offload) every frame is one of the wire's size with
# full checksums: transfers both ways, and no frame larger than the MTU.
BACKENDS="tap packet"
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need tcpdump
is_kernel && skip "about netcond itself"
tools=$BUILD/tests

start_netcond --no-offload --pcap "$T/stack.pcap"
spawn_via tx "$tools/test_tx"
wait_via_listen 5001
for host in "$STACK4" "$STACK6"; do
	[ "$host" = "$STACK4" ] || { kill "$PID"; wait_gone "$PID" test_tx
		spawn_via tx6 "$tools/test_tx" -b ::; wait_via_listen 5001; }
	net "$tools/test_rx" -l 16000000 "$host"
	net "$tools/test_rx" -l 16000000 -u "$host"
done
kill "$PID"
wait_gone "$PID" test_tx
leak_check
is_equal "frames over 1514 bytes" 0 \
	"$(tcpdump -n -r "$T/stack.pcap" greater 1515 2>/dev/null | wc -l)"
step "checksums as the stack sent them"
tcpdump -n -vv -r "$T/stack.pcap" -c 2000 2>/dev/null >"$T/dump"
grep -q 'cksum' "$T/dump" || fail "tcpdump shows no checksums"
is_equal "wrong checksums" 0 "$(grep -c 'incorrect' "$T/dump" || true)"
