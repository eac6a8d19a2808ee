#!/bin/bash
# SPDX-License-Identifier: MIT
# Garbage on the control socket harms nobody but its sender: a benchmark goes on
# undisturbed, and nothing stays behind.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need redis-server redis-benchmark
is_kernel && skip "about netcond itself"
garbage=$BUILD/tests/garbage
[ -x "$garbage" ] || skip "not built: $garbage"
seed=${SEED:-$RANDOM}

start_netcond
spawn_via redis redis-server --protected-mode no --save '' --dir "$T"
redis=$PID
wait_via_listen 6379
leak_mark
step "with seed $seed (SEED=$seed repeats it)"
spawn_net bench redis-benchmark -h "$STACK4" -t set,get -c 20 -n 60000 --csv
bench=$PID
# In rounds, so that what a round leaves is seen by the next.
for round in 1 2 3; do
	net "$garbage" "$NETCOND_SOCKET" 100 $((seed + round)) ||
		fail "the service does not accept (seed $seed)"
	kill -0 "$NETCOND_PID" || fail "netcond died (seed $seed)"
done
wait_gone "$bench" redis-benchmark
is_equal "tests that redis-benchmark finished" 2 \
	"$(grep -Ec '^"(SET|GET)","[1-9]' "$T/bench.log")"
leak_check
kill "$redis"
wait_gone "$redis"

step "a socket that is asked for is still given"
spawn_via again redis-server --protected-mode no --save '' --dir "$T"
wait_via_listen 6379
