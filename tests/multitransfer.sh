#!/bin/bash
# SPDX-License-Identifier: MIT
# Many transfers at a time, in both directions, each with a stream of its own,
# every byte checked.
#
#   usage: multitransfer.sh [-n TRANSFERS] [-l BYTES] [-H HOST] [-p PORT]
#                           [-- LAUNCHER...]
#
# Runs against the test_tx that listens on HOST (127.0.0.1) and PORT (5001);
# where none answers, one is started for the time and ended afterwards.
# LAUNCHER goes in front of each program; the default is `intercept`, so that
# both ends are on the stack of the running netcond.
# Environment: BUILD, the build directory.
# Exit status: 0 when all transfers were correct.
set -u
count=8 len=16000000 host=127.0.0.1 port=5001
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../build}
tools=$build/tests
intercept=$build/intercept
[ -x "$intercept" ] || intercept=intercept

usage() {
	sed -n 's/^#   \( *usage.*\|  *\[-- .*\)/\1/p' "$0" >&2
	exit 2
}
while getopts n:l:H:p: opt; do
	case $opt in
	n) count=$OPTARG ;;
	l) len=$OPTARG ;;
	H) host=$OPTARG ;;
	p) port=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
launcher=("$intercept")
[ $# = 0 ] || launcher=("$@")

logs=$(mktemp -d)
server=
cleanup() {
	trap - EXIT INT TERM
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$logs"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

rx() { "${launcher[@]}" "$tools/test_rx" -p "$port" "$@" "$host"; }

if ! rx -l 0 >"$logs/probe" 2>&1; then
	"${launcher[@]}" "$tools/test_tx" -p "$port" >"$logs/server" 2>&1 &
	server=$!
	for ((i = 0; i < 200; i++)); do
		rx -l 0 >"$logs/probe" 2>&1 && break
		sleep 0.05
	done
	[ $i -lt 200 ] || { cat "$logs/server" "$logs/probe" >&2; exit 1; }
fi

pids=()
start_ms=$(date +%s%3N)
for ((i = 0; i < count; i++)); do
	way=
	[ $((i % 2)) = 0 ] || way=-u
	# shellcheck disable=SC2086
	rx $way -s $i -l "$len" >"$logs/$i" 2>&1 &
	pids+=($!)
done
bad=0
for ((i = 0; i < count; i++)); do
	wait "${pids[i]}" || { bad=$((bad + 1)); sed "s/^/$i: /" "$logs/$i" >&2; }
done
ms=$(($(date +%s%3N) - start_ms))
echo "multitransfer: $((count - bad)) of $count transfers of $len bytes" \
	"correct in $((ms / 1000)).$(printf %03d $((ms % 1000))) s"
[ $bad = 0 ]
