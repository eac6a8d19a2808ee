#!/bin/bash
# SPDX-License-Identifier: MIT
# Ten thousand idle connections cost the service next to nothing, in time and in
# memory, and each of them still speaks afterwards.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
CONNS=10000
tools=$BUILD/tests
WAIT_S=30               # opening, speaking and closing so many takes a while
since() { echo "$1 after $((SECONDS - start_s)) s"; }
start_s=$SECONDS
[ -x "$tools/load" ] || skip "not built: $tools/load"
ulimit -n $((CONNS + 1000)) 2>/dev/null ||
	skip "fewer than $((CONNS + 1000)) descriptors: ulimit -n"

start_netcond
spawn_via echo "$tools/load" echo "$STACK4" 7001
echo_pid=$PID
wait_via_listen 7001
is_kernel || rss_before=$(rss_kb "$NETCOND_PID")

mkfifo "$T/say"
spawn_net idle sh -c "exec '$tools/load' idle $STACK4 7001 $CONNS <'$T/say'"
idle=$PID
exec {say}>"$T/say"
wait_log idle "^open $CONNS$"
since "open"
if ! is_kernel; then
	each=$((($(rss_kb "$NETCOND_PID") - rss_before) * 1024 / CONNS))
	echo "$each bytes of resident memory a connection"
	sleep 1 # let the last handshakes' timers run out
	before=$(cpu_ms "$NETCOND_PID")
	sleep 5 # the time over which CPU use is taken
	used=$(($(cpu_ms "$NETCOND_PID") - before))
	echo "$used ms of CPU in 5 s"
	is_less "bytes of resident memory a connection" 16384 $each
	is_less "milliseconds of CPU in 5 s" 50 $used
fi
step "all of them still speak"
echo >&$say
wait_log idle "^spoke $CONNS$"
since "spoke"
exec {say}>&-
wait_gone "$idle"
since "closed by the client"
kill "$echo_pid"
wait_gone "$echo_pid"
since "the server gone"
leak_check
