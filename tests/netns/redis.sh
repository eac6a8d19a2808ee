#!/bin/bash
# SPDX-License-Identifier: MIT
# redis-server on the stack: load with and without pipelining, many clients, a
# large value, a child that saves while clients write, reload and shutdown.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need redis-server redis-cli redis-benchmark

cli() { net redis-cli -h "$STACK4" "$@"; }
start_redis() {
	spawn_via redis redis-server --port 6379 --protected-mode no \
		--save '' --appendonly no --dir "$T" --maxclients 1000
	wait_via_listen 6379
}
bench() { # CLIENTS PIPELINE REQUESTS
	net redis-benchmark -h "$STACK4" -t set,get -c "$1" -P "$2" -n "$3" \
		-r 1000 --csv >"$T/bench.csv"
	is_equal "tests run by redis-benchmark -c $1 -P $2" 2 \
		"$(grep -Ec '^"(SET|GET)","[1-9]' "$T/bench.csv")"
}

start_netcond
start_redis
redis_pid=$PID

step "benchmarks"
bench 50 1 20000
bench 50 16 100000
bench 500 1 20000

step "a 64 MB value"
head -c 64000000 /dev/urandom >"$T/value"
is_equal "SET of 64 MB" OK "$(cli -x SET big <"$T/value")"
cli GET big | head -c 64000000 >"$T/value.got"
is_equal "sum of 64 MB" "$(sum_of "$T/value")" "$(sum_of "$T/value.got")"

step "IPv6"
is_equal "PING over IPv6" PONG "$(net redis-cli -h "$STACK6" PING)"

step "BGSAVE while clients write"
keys=$(cli DBSIZE)
cli BGSAVE >/dev/null
bench 20 1 5000
saved() { cli INFO persistence | grep -q 'rdb_bgsave_in_progress:0'; }
wait_until "BGSAVE to end" saved
cli INFO persistence | grep -q 'rdb_last_bgsave_status:ok' ||
	fail "BGSAVE did not succeed"

step "clean shutdown and reload"
cli SHUTDOWN SAVE >/dev/null || true
wait_gone "$redis_pid" redis-server
leak_check
start_redis
loaded() { [ "$(cli DBSIZE)" -ge "$keys" ]; }
wait_until "the data to be loaded" loaded
cli GET big | head -c 64000000 >"$T/value.got"
is_equal "sum after the reload" "$(sum_of "$T/value")" \
	"$(sum_of "$T/value.got")"
cli SHUTDOWN NOSAVE >/dev/null || true
wait_gone "$PID" redis-server
leak_check
