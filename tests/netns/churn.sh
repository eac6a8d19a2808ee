#!/bin/bash
# SPDX-License-Identifier: MIT
# Short connections without end: a server that frees what it keeps of each as
# soon as it has closed it hears nothing of it any more, and nothing stays.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
load=$BUILD/tests/load
[ -x "$load" ] || skip "not built: $load"

start_netcond
spawn_via echo "$load" echo "$STACK4" 7001
echo_pid=$PID
wait_via_listen 7001
survives() { kill -0 $echo_pid 2>/dev/null || fail "the server died $*"; }

step "one after the other"
net "$load" crr "$STACK4" 7001 1000
survives "of short connections"
step "many that end at the same moment"
for i in 1 2 3 4 5 6 7 8 9 10; do
	net "$load" rr "$STACK4" 7001 64 50 200 >/dev/null
	survives "when $i times 200 clients left"
done
step "many clients at once"
clients=()
for i in 1 2 3 4; do
	spawn_net client$i "$load" crr "$STACK4" 7001 1000
	clients+=($PID)
done
for pid in "${clients[@]}"; do wait_gone $pid; done
for i in 1 2 3 4; do
	log_has client$i '^cps [1-9]' || fail "client $i failed"
done
survives "of clients at once"
kill $echo_pid
wait_gone $echo_pid
leak_check

step "the same from the stack"
spawn_net host_echo "$load" echo "$HOST4" 7002
wait_net_listen 7002
via "$load" crr "$HOST4" 7002 1000
via "$load" rr "$HOST4" 7002 64 50 200 >/dev/null
leak_check
