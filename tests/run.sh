#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the tests that need root and real programs: the netns tests and the
# comparison with the kernel's stack. One line a test; the last line counts.
#
#   usage: run.sh [-j JOBS] [-k] [-l] [NAME...]
#     NAME  run only these (default: all; -l lists them)
#     -j    so many at a time (default: 1)
#     -k    against the kernel's own stack instead of netcond: shows that the
#           tests themselves hold
#
# Environment: BUILD, PCAP=1, KEEP=1 (see netns/lib.sh); TEST_TIMEOUT_S.
# Logs of all tests are kept in build/tests/logs; a failed one's tail is shown.
# Exit status: 0, or 1 when a test failed.
set -u
tests=$(cd "$(dirname "$0")" && pwd)
BUILD=$(cd "${BUILD:-$tests/../build}" && pwd) || exit 1
export BUILD
logs=$BUILD/tests/logs
timeout_s=${TEST_TIMEOUT_S:-90}
jobs=1 list=

usage() {
	echo "usage: run.sh [-j JOBS] [-k] [-l] [NAME...]" >&2
	exit 2
}
while getopts j:kl opt; do
	case $opt in
	j) jobs=$OPTARG ;;
	k) export NETNS_STACK=kernel ;;
	l) list=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))

script_of() {
	case $1 in
	oracle) echo "$tests/oracle/run.sh" ;;
	*) echo "$tests/netns/$1.sh" ;;
	esac
}
all_names() {
	local script name
	for script in "$tests"/netns/*.sh; do
		name=$(basename "$script" .sh)
		[ "$name" = lib ] || echo "$name"
	done
	if [ -z "${NETNS_STACK:-}" ] && [ -e "$tests/oracle/run.sh" ]; then
		echo oracle
	fi
}

if [ $# -gt 0 ]; then names=("$@"); else mapfile -t names < <(all_names); fi
for name in "${names[@]}"; do
	[ -e "$(script_of "$name")" ] || {
		echo "run.sh: '$name' is no test; -l lists them" >&2
		exit 2
	}
done
if [ -n "$list" ]; then printf '%s\n' "${names[@]}"; exit 0; fi

mkdir -p "$logs"
results=$(mktemp)
declare -A running=()

# A test that is killed cannot clean up: its namespaces bear its TEST_ID.
sweep() { # TEST_ID
	local ns pids
	for ns in "nct$1" "nck$1"; do
		pids=$(ip netns pids "$ns" 2>/dev/null) || continue
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
}
stop() {
	trap - EXIT INT TERM
	local pid
	for pid in "${!running[@]}"; do kill -TERM "$pid" 2>/dev/null; done
	wait
	rm -f "$results"
}
trap stop EXIT
trap 'exit 130' INT TERM

verdict() { # NAME STATUS DECISECONDS LOG
	local word=FAIL
	[ "$2" != 0 ] || word=ok
	[ "$2" != 77 ] || word=skip
	echo $word >>"$results"
	printf '%-4s %s (%d.%ds)' $word "$1" $(($3 / 10)) $(($3 % 10))
	[ "$2" != 124 ] && [ "$2" != 137 ] ||
		printf ' no end after %ss;' "$timeout_s"
	[ "$2" = 0 ] || printf ' %s' "$(tail -n 1 "$4")"
	printf '\n'
	[ $word != FAIL ] || tail -n 60 "$4" | sed 's/^/    /'
}

# Run one test in a subshell of its own and say how it went.
run_one() { # NAME
	local log=$logs/$1.log t0=${EPOCHREALTIME/./} rc=0 pid
	export TEST_ID=$BASHPID
	timeout -k 10 "$timeout_s" bash "$(script_of "$1")" \
		>"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill -TERM $pid; wait $pid; sweep $TEST_ID; exit 130' TERM
	wait $pid || rc=$?
	sweep "$TEST_ID"
	verdict "$1" $rc $(((${EPOCHREALTIME/./} - t0) / 100000)) "$log" \
		>"$log.verdict"
	cat "$log.verdict"
	rm -f "$log.verdict"
}

# The comparison with the kernel runs many programs and counts them itself.
run_oracle() {
	local log=$logs/oracle.log ok bad skips word i
	timeout -k 10 $((timeout_s * 4)) bash "$(script_of oracle)" \
		>"$log" 2>&1 </dev/null
	if read -r ok _ bad _ skips _ < <(tail -n 1 "$log" |
		grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$')
	then
		sed -E '$d; s,^(ok|FAIL|skip) +,\1 oracle/,' "$log"
	else
		cat "$log"
		echo "FAIL oracle ended without its counts"
		ok=0 bad=1 skips=0
	fi
	for word in "ok:$ok" "FAIL:$bad" "skip:$skips"; do
		for ((i = 0; i < ${word#*:}; i++)); do
			echo "${word%:*}" >>"$results"
		done
	done
}

for name in "${names[@]}"; do
	[ "$name" != oracle ] || continue
	while [ ${#running[@]} -ge "$jobs" ]; do
		wait -n -p done_pid "${!running[@]}"
		unset "running[$done_pid]"
	done
	run_one "$name" &
	running[$!]=$name
done
[ ${#running[@]} = 0 ] || wait "${!running[@]}"
running=()
[[ " ${names[*]} " != *" oracle "* ]] || run_oracle

count() { grep -cx "$1" "$results"; }
passed=$(count ok) failed=$(count FAIL) skipped=$(count skip)
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
