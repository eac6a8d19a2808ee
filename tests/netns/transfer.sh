#!/bin/bash
# SPDX-License-Identifier: MIT
# The transfer server and client, every byte checked: each way through the tap,
# then between two programs of one service, and many at a time.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
tools=$BUILD/tests
export BUILD
[ -x "$tools/test_tx" ] || skip "not built: $tools/test_tx"

start_netcond
spawn_via tx "$tools/test_tx"
tx_pid=$PID
wait_via_listen 5001
step "from and to the stack's server"
for len in 0 1 65536 64000000; do
	net "$tools/test_rx" -l $len "$STACK4"
	net "$tools/test_rx" -l $len -u "$STACK4"
done

step "both ends on the stack: 127.0.0.1 and its own address"
for host in 127.0.0.1 "$STACK4"; do
	via "$tools/test_rx" -l 16000000 "$host"
	via "$tools/test_rx" -l 16000000 -u "$host"
done

step "many at a time"
"$top/tests/multitransfer.sh" -n 16 -l 4000000 -H "$STACK4" \
	-- ip netns exec "$NS"
"$top/tests/multitransfer.sh" -n 16 -l 4000000 -- "${VIA[@]}"
kill "$tx_pid"
wait_gone "$tx_pid" test_tx
leak_check
step "many at a time, with a server of its own and as a user would run it"
is_kernel || net "$top/tests/multitransfer.sh" -n 4 -l 4000000
leak_check

step "the client on the stack, IPv4 and IPv6"
spawn_net host_tx "$tools/test_tx" -b ::
wait_net_listen 5001
for host in "$HOST4" "$HOST6"; do
	via "$tools/test_rx" -l 64000000 "$host"
	via "$tools/test_rx" -l 64000000 -u "$host"
done
leak_check
