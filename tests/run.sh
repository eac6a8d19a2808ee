#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the tests that need root and real programs: the netns tests and the
# comparison with the kernel's stack. One line a test; the last line counts.
#
#   usage: run.sh [-b BACKEND] [-j JOBS] [-k] [-l] [NAME...]
#     NAME  run only these (-l lists all)
#     -b    over this device, or "all" (see netns/backends.sh); may be given
#           again. A test that is about another device is left out.
#     -j    so many at a time (default: 1)
#
#     -k    against the kernel's own stack instead of netcond: shows that the
#           tests themselves hold
#
# Without -b a test that is named runs over the first device that it is for.
# Without names as well, all run over it, and a few over every other device.
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
jobs=1 list='' backends=()
# shellcheck source=tests/netns/backends.sh
. "$tests/netns/backends.sh"
# What is run over each device in any case.
SHORT="transfer python http_client churn lost_device wakeups"
ORACLE_SHORT="tap xdp-native"

usage() {
	echo "usage: run.sh [-b BACKEND] [-j JOBS] [-k] [-l] [NAME...]" >&2
	exit 2
}
add_backend() {
	# shellcheck disable=SC2206 # words
	if [ "$1" = all ]; then
		backends=($ALL_BACKENDS)
	elif is_backend "$1"; then
		backends+=("$1")
	else
		echo "run.sh: no backend '$1': expected all, $ALL_BACKENDS" >&2
		exit 2
	fi
}
while getopts b:j:kl opt; do
	case $opt in
	b) add_backend "$OPTARG" ;;
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
		case $name in lib | backends) continue ;; esac
		echo "$name"
	done
	if [ -z "${NETNS_STACK:-}" ] && [ -e "$tests/oracle/run.sh" ]; then
		echo oracle
	fi
}

# The devices that a test is for, as it says itself.
backends_of() { # NAME
	local own
	own=$(sed -n 's/^BACKENDS="\{0,1\}\([a-z -]*[a-z]\).*/\1/p' \
		"$(script_of "$1")")
	echo "${own:-$ALL_BACKENDS}"
}
is_short() { # NAME BACKEND
	case $1 in
	oracle) [[ " $ORACLE_SHORT " = *" $2 "* ]] ;;
	*) [[ " $SHORT " = *" $1 "* ]] ;;
	esac
}
# BACKEND/NAME a line: what is to be run.
plan() { # NAME...
	local name of backend
	for name in "$@"; do
		of=$(backends_of "$name")
		for backend in $of; do
			if [ ${#backends[@]} -gt 0 ]; then
				[[ " ${backends[*]} " = *" $backend "* ]] ||
					continue
			elif [ "$backend" != "${of%% *}" ] &&
				{ [ -n "$named" ] ||
				! is_short "$name" "$backend"; }; then
				continue
			fi
			echo "$backend/$name"
		done
	done
}

named=
if [ $# -gt 0 ]; then names=("$@") named=1; else mapfile -t names < <(all_names); fi
for name in "${names[@]}"; do
	[ -e "$(script_of "$name")" ] || {
		echo "run.sh: '$name' is no test; -l lists them" >&2
		exit 2
	}
done
if [ -n "$list" ]; then printf '%s\n' "${names[@]}"; exit 0; fi
[ -z "${NETNS_STACK:-}" ] || backends=(tap)
mapfile -t runs < <(plan "${names[@]}")

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

# A name as it is shown: the tap's goes without saying.
shown() { echo "${1#tap/}"; }

# Run one test in a subshell of its own and say how it went.
run_one() { # BACKEND/NAME
	local name log t0=${EPOCHREALTIME/./} rc=0 pid
	name=$(shown "$1")
	log=$logs/${name/\//.}.log
	export TEST_ID=$BASHPID NETNS_BACKEND=${1%/*}
	timeout -k 10 "$timeout_s" bash "$(script_of "${1#*/}")" \
		>"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill -TERM $pid; wait $pid; sweep $TEST_ID; exit 130' TERM
	wait $pid || rc=$?
	sweep "$TEST_ID"
	verdict "$name" $rc $(((${EPOCHREALTIME/./} - t0) / 100000)) "$log" \
		>"$log.verdict"
	cat "$log.verdict"
	rm -f "$log.verdict"
}

# The comparison with the kernel runs many programs and counts them itself.
run_oracle() { # BACKEND/oracle
	local name log ok bad skips word i
	name=$(shown "$1")
	log=$logs/${name/\//.}.log
	timeout -k 10 $((timeout_s * 4)) \
		bash "$(script_of oracle)" -b "${1%/*}" \
		>"$log" 2>&1 </dev/null
	if read -r ok _ bad _ skips _ < <(tail -n 1 "$log" |
		grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$')
	then
		sed -E "\$d; s,^(ok|FAIL|skip) +,\\1 $name/," "$log"
	else
		cat "$log"
		echo "FAIL $name ended without its counts"
		ok=0 bad=1 skips=0
	fi
	for word in "ok:$ok" "FAIL:$bad" "skip:$skips"; do
		for ((i = 0; i < ${word#*:}; i++)); do
			echo "${word%:*}" >>"$results"
		done
	done
}

# A device that this build or machine has not is skipped as a whole.
declare -A missing=()
for run in "${runs[@]}"; do
	backend=${run%/*}
	[ -z "${missing[$backend]+set}" ] || continue
	missing[$backend]=$(backend_missing "$backend")
	[ -n "${missing[$backend]}" ] || continue
	echo skip >>"$results"
	echo "skip $backend: ${missing[$backend]}"
done

for run in "${runs[@]}"; do
	if [ "${run#*/}" = oracle ] || [ -n "${missing[${run%/*}]}" ]; then
		continue
	fi
	while [ ${#running[@]} -ge "$jobs" ]; do
		wait -n -p done_pid "${!running[@]}"
		unset "running[$done_pid]"
	done
	run_one "$run" &
	running[$!]=$run
done
[ ${#running[@]} = 0 ] || wait "${!running[@]}"
running=()
for run in "${runs[@]}"; do
	if [ "${run#*/}" = oracle ] && [ -z "${missing[${run%/*}]}" ]; then
		run_oracle "$run"
	fi
done

count() { grep -cx "$1" "$results"; }
passed=$(count ok) failed=$(count FAIL) skipped=$(count skip)
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
