#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs that die, stall or read slowly: what they held is freed, others are
# not disturbed.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need curl
tools=$BUILD/tests
[ -x "$tools/load" ] || skip "not built: $tools/load"

# COUNT connections of the kernel's side are open and have moved bytes.
running() {
	[ "$(net ss -Hti state established dst "$STACK4" |
		grep -Eco 'bytes_(acked|received):[0-9]{5}')" -ge "$1" ]
}

start_netcond

step "kill -9 in the middle of transfers, both ways, 5 times"
for i in 1 2 3 4 5; do
	spawn_via source$i "$tools/load" source "$STACK4" 7001
	source=$PID
	spawn_via sink$i "$tools/load" sink "$STACK4" 7002
	sink=$PID
	wait_via_listen 7001
	wait_via_listen 7002
	spawn_net pull$i "$tools/load" pull "$STACK4" 7001 65536 30000
	pull=$PID
	spawn_net push$i "$tools/load" push "$STACK4" 7002 65536 30000
	push=$PID
	wait_until "both transfers to run" running 2
	sleep 0.1 # so that bytes are under way at every place
	kill -KILL "$source" "$sink"
	wait_gone "$pull" "the reader of a killed program"
	wait_gone "$push" "the writer to a killed program"
	leak_check
done

step "a kernel-side peer killed in the middle"
spawn_via source "$tools/load" source "$STACK4" 7001
source=$PID
wait_via_listen 7001
for _ in 1 2 3; do
	spawn_net pull "$tools/load" pull "$STACK4" 7001 65536 30000
	wait_until "the transfer to run" running 1
	kill -KILL "$PID"
	wait_gone "$PID"
done
kill "$source"
wait_gone "$source"
leak_check

step "a stopped program and a slow reader do not harm others"
spawn_via echo "$tools/load" echo "$STACK4" 7003
wait_via_listen 7003
echo_pid=$PID
spawn_via stopped "$tools/load" source "$STACK4" 7001
stopped=$PID
spawn_via victim "$tools/load" sink "$STACK4" 7002
victim=$PID
wait_via_listen 7001
wait_via_listen 7002
spawn_net reader "$tools/load" pull "$STACK4" 7001 65536 30000
reader=$PID
spawn_net writer "$tools/load" push "$STACK4" 7002 65536 30000
writer=$PID
wait_until "both transfers to run" running 2
kill -STOP "$victim" "$reader"
net "$tools/load" rr "$STACK4" 7003 64 500 4 | tee "$T/rr.log"
tps=$(awk '/^tps/ { print int($2) }' "$T/rr.log")
[ "$tps" -ge 500 ] || fail "only $tps exchanges a second beside stalled ones"
kill -CONT "$victim" "$reader"
kill "$reader" "$writer"
wait_gone "$reader"
wait_gone "$writer"
kill "$stopped" "$victim" "$echo_pid"
wait_gone "$stopped"
wait_gone "$victim"
wait_gone "$echo_pid"
leak_check

step "a session stopped in the middle of its start does not hold up others"
spawn_via sleeper "$tools/load" echo "$STACK4" 7004
sleeper=$PID
wait_via_listen 7004
kill -STOP "$sleeper"
exits_with fetch 7 "${VIA[@]}" curl -sS "http://$HOST4:9/"
kill -KILL "$sleeper"
wait_gone "$sleeper"
leak_check
