#!/bin/bash
# SPDX-License-Identifier: MIT
# netcond -- PROGRAM: the service runs a program on its stack and ends with it,
# with its status, leaving neither the tap nor the socket file.
BACKENDS=tap
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need redis-server redis-cli
is_kernel && skip "about netcond itself"

run_child() { # NAME PROGRAM...
	local name=$1
	shift
	spawn_net "$name" "$BUILD/netcond" --if tap0 \
		--socket "$NETCOND_SOCKET" -- "$@"
	NETCOND_PID=$PID
}
left_nothing() {
	! ip -n "$NS" link show tap0 2>/dev/null && [ ! -e "$NETCOND_SOCKET" ]
}

step "redis-server as a child"
run_child redis redis-server --protected-mode no --save '' --dir "$T"
answers() { [ "$(net redis-cli -h "$STACK4" PING)" = PONG ]; }
wait_until "redis to answer" answers
net redis-cli -h "$STACK4" SHUTDOWN NOSAVE || true
wait_gone "$NETCOND_PID" netcond
wait_until "tap0 and the socket file to be gone" left_nothing

step "the program's status is netcond's"
for status in 0 3 125; do
	exits_with child$status $status ip netns exec "$NS" \
		"$BUILD/netcond" --if tap0 --socket "$NETCOND_SOCKET" -- \
		sh -c "exit $status"
done
exits_with signal 143 ip netns exec "$NS" "$BUILD/netcond" --if tap0 \
	--socket "$NETCOND_SOCKET" -- sh -c 'kill -TERM $$'
left_nothing || fail "tap0 or the socket file is still there"

step "SIGTERM to the service ends the program"
run_child sleeper sleep 1000
has_child() { [ -n "$(pgrep -P "$NETCOND_PID" -x sleep)" ]; }
wait_until "the program to start" has_child
kill -TERM "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond
is_equal "processes left" "" "$(ip netns pids "$NS")"
left_nothing || fail "tap0 or the socket file is still there"
