#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs every tier of tests and ends with their total.
#
#   usage: check.sh [--all | --unit] [BUILD]
#     --all   the tests of real programs over every device, not only over the
#             tap with a few over the others, and the longer runs
#     --unit  the unit, simulation and fuzz-corpus tests alone: no root needed
#     BUILD   the build directory (default: build); the programs of BUILD/san,
#             built with sanitizers, are run as well when they are there
#
# A unit test program counts as many tests as its CUnit summary says; its lines
# "SKIP name: reason" are tests that were not run, so they are not counted as
# passed. A program that crashes, or does not end in time, is one failure.
# Exit status: 0 when nothing failed and something ran.
set -u
cd "$(dirname "$0")/.." || exit 2

tiers=all
over=()
case ${1:-} in
--all)
	over=(-b all)
	export WAKEUPS_S=30
	shift
	;;
--unit)
	tiers=unit
	shift
	;;
esac
BUILD=${1:-build}
timeout_s=${TEST_TIMEOUT_S:-90}
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Sanitizers stop a program at the first error, and say where.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# The row "tests" of CUnit's summary: total, ran, passed, failed, inactive.
count_summary() { # STATUS
	local ran ok bad skips
	read -r ran ok bad < <(
		awk '$1 == "tests" { print $3, $4, $5; exit }' "$log")
	if [ -z "${bad:-}" ]; then
		failed=$((failed + 1))
		return 1
	fi
	skips=$(grep -c '^SKIP ' "$log")
	passed=$((passed + ok - skips))
	skipped=$((skipped + skips))
	failed=$((failed + bad))
	# All passed, yet the program failed: a sanitizer found a leak.
	if [ "$1" != 0 ] && [ "$bad" = 0 ]; then
		failed=$((failed + 1))
	fi
	[ "$1" = 0 ]
}

verdict_timeout() { # STATUS
	[ "$1" != 124 ] && [ "$1" != 137 ] || echo "no end after ${timeout_s}s"
}

run_cunit() { # PROGRAM
	local status=0
	echo "== $1"
	timeout -k 5 "$timeout_s" "$1" >"$log" 2>&1 </dev/null || status=$?
	if count_summary $status; then
		grep '^SKIP ' "$log"
		sed -n '/^Run Summary/,/asserts/p' "$log"
	else
		cat "$log"
		verdict_timeout $status
		echo "FAILED: $1 (status $status)"
	fi
}

# A fuzz target without arguments reads nothing; with files it replays them.
run_fuzz() { # PROGRAM
	local status=0 name corpus
	name=${1##*/fuzz_}
	corpus=tests/fuzz/corpus/$name
	if [ ! -d "$corpus" ]; then
		echo "SKIP $1: there is no corpus in $corpus"
		skipped=$((skipped + 1))
		return
	fi
	timeout -k 5 "$timeout_s" "$1" "$corpus"/* >"$log" 2>&1 </dev/null ||
		status=$?
	if [ $status = 0 ]; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		cat "$log"
		verdict_timeout $status
		echo "FAILED: $1 (status $status)"
	fi
}

run_unit_tier() { # DIRECTORY
	local source
	for source in tests/unit/test_*.c tests/sim/test_*.c; do
		[ -e "$source" ] || continue
		run_cunit "$1/tests/$(basename "$source" .c)"
	done
	for source in tests/fuzz/fuzz_*.c; do
		[ -e "$source" ] || continue
		run_fuzz "$1/tests/$(basename "$source" .c)"
	done
}

# Add the "N passed, N failed, N skipped" that a runner ends with.
run_runner() { # SCRIPT OPTION...
	local last ok bad skips status
	BUILD=$PWD/${BUILD#"$PWD/"} "$@" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	last=$(tail -n 1 "$log")
	if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]
	then
		ok=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
		skips=${BASH_REMATCH[3]}
	else
		ok=0 bad=1 skips=0
		echo "FAILED: $1 ended without its counts"
	fi
	if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
}

if [ $tiers = all ] && [ -x tests/run.sh ]; then
	run_runner tests/run.sh "${over[@]}"
fi
if [ -d "$BUILD/san/tests" ]; then run_unit_tier "$BUILD/san"; fi
run_unit_tier "$BUILD"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
