#!/bin/bash
# SPDX-License-Identifier: MIT
# python3 on the stack: http.server, and an asyncio echo server with a hundred
# clients at a time, over IPv4 and IPv6; then the clients on the stack.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need curl
# The system's own, which exists for every user; a version manager's may not.
python=/usr/bin/python3
[ -x $python ] || skip "not installed: $python"
echo_py=$top/tests/netns/asyncio_echo.py

start_netcond
step "http.server"
mkdir "$T/www"
head -c 3000000 /dev/urandom >"$T/www/file"
spawn_via http $python -u -m http.server 8000 --directory "$T/www"
wait_via_listen 8000
for _ in 1 2 3 4 5; do
	net curl -sS --fail -o "$T/got" "http://$STACK4:8000/file"
	is_equal "sum over http.server" "$(sum_of "$T/www/file")" \
		"$(sum_of "$T/got")"
done
grep -q "^$HOST4 - - .*GET /file" "$T/http.log" ||
	fail "http.server did not log the client's address"
kill -TERM "$PID"
wait_gone "$PID" http.server
leak_check

step "asyncio server on the stack"
spawn_via echo $python -u "$echo_py" serve "" 8001
wait_via_listen 8001
net $python "$echo_py" clients "$STACK4" 8001 100
net $python "$echo_py" clients "$STACK6" 8001 100
kill -TERM "$PID"
wait_gone "$PID" "the asyncio server"
leak_check

step "asyncio clients on the stack"
spawn_net host_echo $python -u "$echo_py" serve "" 8002
wait_net_listen 8002
via $python "$echo_py" clients "$HOST4" 8002 100
via $python "$echo_py" clients "$HOST6" 8002 100
leak_check
