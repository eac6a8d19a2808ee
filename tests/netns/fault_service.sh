#!/bin/bash
# SPDX-License-Identifier: MIT
# The service ends, orderly or not: programs learn it at once and do not spin,
# nothing stays, and it can be started again right away.
BACKENDS=tap
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need curl nginx redis-server
is_kernel && skip "about netcond itself"
tools=$BUILD/tests
python=/usr/bin/python3
[ -x $python ] || skip "not installed: $python"

left_nothing() {
	! ip -n "$NS" link show tap0 >/dev/null 2>&1 &&
		[ ! -e "$NETCOND_SOCKET" ]
}

step "SIGTERM removes the tap and the socket file, and it starts again, 5 times"
for _ in 1 2 3 4 5; do
	start_netcond
	net ping -q -c 1 -W 2 "$STACK4" >/dev/null || fail "no echo"
	kill -TERM "$NETCOND_PID"
	wait_gone "$NETCOND_PID" netcond
	left_nothing || fail "tap0 or the socket file is still there"
done

step "kill -9: it starts again over what was left, 3 times"
for _ in 1 2 3; do
	start_netcond
	kill -KILL "$NETCOND_PID"
	wait_gone "$NETCOND_PID" netcond
done

start_netcond
nginx_conf 1 "$T" 80
spawn_via nginx nginx -p "$T" -c "$T/nginx.conf"
nginx=$PID
spawn_via redis redis-server --protected-mode no --save '' --dir "$T"
redis=$PID
spawn_via asyncio $python "$top/tests/netns/asyncio_echo.py" serve "" 8001
asyncio=$PID
spawn_via tx "$tools/test_tx"
tx=$PID
spawn_net host_source "$tools/load" source "$HOST4" 7001
for port in 80 6379 8001 5001; do wait_via_listen $port; done
spawn_via pull "$tools/load" pull "$HOST4" 7001 65536 60000
pull=$PID
spawn_net echoer "$tools/load" echo "$HOST4" 7002
wait_net_listen 7002
spawn_via waiter "$tools/load" rr "$HOST4" 7002 64 60000 1
waiter=$PID
flowing() {
	[ "$(net ss -Hti state established src "$HOST4" |
		grep -Eco 'bytes_acked:[0-9]{4}')" -ge 2 ]
}
wait_until "connections from the stack" flowing

step "kill -9 under everything"
kill -KILL "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond
start_ms=$(date +%s%3N)
wait_gone "$pull" "a reading program"
wait_gone "$waiter" "a program in the middle of an exchange"
wait_gone "$tx" "a program in accept"
is_less "milliseconds until they knew" 2000 $(($(date +%s%3N) - start_ms))
grep -Eq 'recv: ' "$T/pull.log" || fail "the reader saw no end"
grep -Eq 'accept: ' "$T/tx.log" || fail "accept did not fail"

step "new programs are refused, in under a second"
start_ms=$(date +%s%3N)
exits_with refused 125 "${VIA[@]}" curl -sS "http://$HOST4/"
is_less "milliseconds to refuse" 1000 $(($(date +%s%3N) - start_ms))

step "servers whose listener is dead do not spin"
declare -A before=()
worker=$(pgrep -P "$nginx" | head -n 1)
for pid in $nginx $worker $redis $asyncio; do
	[ ! -e "/proc/$pid" ] || before[$pid]=$(cpu_ms "$pid")
done
sleep 2 # the time over which their CPU use is taken
for pid in "${!before[@]}"; do
	[ -e "/proc/$pid" ] || continue
	is_less "CPU milliseconds in 2 s of $(cat "/proc/$pid/comm")" 200 \
		$(($(cpu_ms "$pid") - before[$pid]))
done
