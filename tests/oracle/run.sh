#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs each oracle program on the kernel's stack and through netcond, and
# compares the transcripts.
#
#   run.sh [-b BACKEND] [--kernel | --self] [--keep DIR] [NAME...]
#
# -b        the service's device (default: tap; see tests/netns/backends.sh)
# --kernel  only the kernel's side: prints the transcripts
# --self    the kernel's side twice: transcripts that differ are not repeatable
# --keep    leave the transcripts in DIR
#
# Two namespaces a side: the program's, and the peer's with the daemon peer.c.
# On the kernel's side a veth pair joins them; on netcond's side the service
# runs in the peer's namespace, whose tap0 has the same address as the veth, or
# in a third one, which a veth pair joins with the peer's.
# tests/oracle/accepted lists the differences that are as they should be, each
# with its section of docs/differences.md; one that no longer occurs fails.
set -u
ORACLE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$ORACLE/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
BIN=$BUILD/tests/oracle
# shellcheck source=tests/netns/backends.sh
. "$TOP/tests/netns/backends.sh"
JOBS=${JOBS:-6}
PROGRAM_TIMEOUT_S=20
READY_TIMEOUT_S=10
SKIP=77

TMP=$(mktemp -d "${TMPDIR:-/tmp}/oracle.XXXXXX")
PIDS=()
SPACES=()
SERVICE=

clean_up() {
	local pid space
	for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null; done
	for space in "${SPACES[@]}"; do ip netns del "$space" 2>/dev/null; done
	rm -rf "$TMP"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() {
	echo "oracle: $*" >&2
	exit 1
}

skip_all() {
	echo "oracle: skipped: $*"
	echo "0 passed, 0 failed, 1 skipped"
	exit $SKIP
}

# space NAME: a network namespace with a loopback.
space() {
	ip netns add "$1" || fail "no namespace $1"
	SPACES+=("$1")
	ip -n "$1" link set lo up
	# Every ICMP error must come: several programs provoke them. Addresses
	# are usable at once.
	ip netns exec "$1" sysctl -q net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv4.icmp_msgs_per_sec=100000 \
		2>/dev/null
}

# start_ready SPACE COMMAND...: start it, "READY" standing for a descriptor on
# which it says that it is ready, and wait for that.
start_ready() {
	local ns=$1 fifo=$TMP/ready.$((++READY_COUNT))
	shift
	mkfifo "$fifo"
	ip netns exec "$ns" "${@/#READY/9}" 9<>"$fifo" >>"$TMP/service.log" 2>&1 &
	PIDS+=($!)
	# Opened for both so that a daemon's death cannot block the open.
	exec 8<>"$fifo"
	if ! timeout $READY_TIMEOUT_S dd bs=1 count=1 status=none <&8 \
		>/dev/null; then
		cat "$TMP/service.log" >&2
		fail "not ready within $READY_TIMEOUT_S s: $*"
	fi
	exec 8<&-
}
READY_COUNT=0

# side_kernel TAG: program's namespace $TAG-p, peer's $TAG-q, joined by a veth.
side_kernel() {
	local tag=$1
	space "$tag-p"
	space "$tag-q"
	ip -n "$tag-p" link add eth0 type veth peer name tap0 netns "$tag-q" ||
		fail "no veth pair"
	side_address "$tag-p" eth0 2
	side_address "$tag-q" tap0 1
	await_carrier "$tag-p" eth0
	await_carrier "$tag-q" tap0
	start_ready "$tag-q" "$BIN/peer" "$TMP/$tag.peer" READY
}

# The carrier of a veth comes a little after both ends are up.
await_carrier() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ "$(ip netns exec "$1" cat "/sys/class/net/$2/operstate")" = \
			up ] && return
		sleep 0.02
	done
	fail "$2 has no carrier"
}

side_address() {
	ip -n "$1" addr add "10.107.0.$3/24" brd + dev "$2"
	ip -n "$1" addr add "fd07:6e65:7463::$3/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
}

# side_netcond TAG: the same, with the service between the two namespaces. On
# a tap it runs in the peer's, else in $TAG-s with a veth pair to the peer's.
side_netcond() {
	local tag=$1 at=$1-s device=()
	space "$tag-p"
	space "$tag-q"
	if [ "$BACKEND" = tap ]; then
		at=$tag-q
		device=(--if tap0 --host-addr 10.107.0.1/24
			--host-addr fd07:6e65:7463::1/64)
	else
		space "$at"
		ip -n "$at" link add eth0 type veth peer name tap0 \
			netns "$tag-q" || fail "no veth pair"
		ip -n "$at" link set eth0 up
		side_address "$tag-q" tap0 1
		await_carrier "$tag-q" tap0
		read -ra device < <(backend_options "$BACKEND" eth0)
		backend_prepare_peer "$BACKEND" "$tag-q" tap0
	fi
	# Addresses are said, so that there is no gateway, as on the other side.
	start_ready "$at" "$BUILD/netcond" "${device[@]}" \
		--addr 10.107.0.2/24 --addr fd07:6e65:7463::2/64 \
		--socket "$TMP/$tag.sock" --ready-fd READY
	SERVICE=${PIDS[-1]}
	start_ready "$tag-q" "$BIN/peer" "$TMP/$tag.peer" READY
}

# run_programs TAG LAUNCHER...: every program, $JOBS at a time.
run_programs() {
	local tag=$1 name
	shift
	mkdir -p "$TMP/$tag"
	for name in "${NAMES[@]}"; do
		while [ "$(jobs -rp | wc -l)" -ge $((JOBS + ${#PIDS[@]})) ]; do
			wait -n
		done
		run_program "$tag" "$name" "$@" &
	done
	while [ "$(jobs -rp | wc -l)" -gt ${#PIDS[@]} ]; do wait -n; done
}

# One program, with an /etc/hosts of ours: ip netns exec unshares the mounts.
run_program() {
	local tag=$1 name=$2 out=$TMP/$1/$2
	shift 2
	ORACLE_PEER=$TMP/$tag.peer ip netns exec "$tag-p" \
		sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$TMP/hosts" \
		timeout -k 2 $PROGRAM_TIMEOUT_S "$@" "$BIN/$name" \
		>"$out" 2>"$out.err" </dev/null
	echo "exit $?" >>"$out"
	[ -s "$out.err" ] && sed 's/^/stderr: /' "$out.err" >>"$out"
	rm -f "$out.err"
}

# accept_differences NAME: netcond's transcript on stdout, with each accepted
# line put back to the kernel's; an entry that is not met is printed as such.
# A place of "*" in an entry stands for any.
accept_differences() {
	awk -F '\t' -v name="$1" -v kernel="$TMP/k/$1" '
	function tail(line) { sub(/^[^:]*: /, "", line); return line }
	function head(line) { sub(/: .*/, ": ", line); return line }
	FILENAME == ARGV[1] {
		if ($0 ~ /^#/ || $1 != name) next
		n++; from[n] = $3; to[n] = $2; entry[n] = $0; next
	}
	{
		for (i = 1; i <= n; i++) {
			any = from[i] ~ /^\*: /
			if (any ? tail($0) == tail(from[i]) : $0 == from[i]) {
				want = any ? head($0) tail(to[i]) : to[i]
				if (!(want in theirs)) continue
				$0 = want; met[i] = 1; break
			}
		}
		print
	}
	BEGIN { while ((getline line < kernel) > 0) theirs[line] = 1 }
	END {
		for (i = 1; i <= n; i++)
			if (!met[i]) print "accepted but gone: " entry[i]
	}' "$ORACLE/accepted" "$TMP/n/$1"
}

compare() {
	local name=$1 tag=$2
	if [ "$tag" = n ]; then
		accept_differences "$name" >"$TMP/n/$name.accepted"
		diff -U 1 --label kernel --label netcond \
			"$TMP/k/$name" "$TMP/n/$name.accepted" >"$TMP/diff"
	else
		diff -U 1 --label first --label second \
			"$TMP/k/$name" "$TMP/$tag/$name" >"$TMP/diff"
	fi
}

report() {
	local tag=$1 name passed=0 failed=0 skipped=0
	if [ -n "$SERVICE" ] && ! kill -0 "$SERVICE" 2>/dev/null; then
		echo "FAIL netcond: it ended by itself"
		tail -n 5 "$TMP/service.log"
		failed=1
	fi
	for name in "${NAMES[@]}"; do
		if grep -q "^exit $SKIP\$" "$TMP/k/$name"; then
			echo "skip $name: $(head -n 1 "$TMP/k/$name")"
			skipped=$((skipped + 1))
		elif ! grep -q '^exit 0$' "$TMP/k/$name"; then
			echo "FAIL $name: on the kernel's stack"
			tail -n 3 "$TMP/k/$name"
			failed=$((failed + 1))
		elif compare "$name" "$tag"; then
			echo "ok $name"
			passed=$((passed + 1))
		else
			echo "FAIL $name"
			cat "$TMP/diff"
			failed=$((failed + 1))
		fi
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

MODE=compare
KEEP=
BACKEND=tap
NAMES=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) MODE=kernel ;;
	--self) MODE=self ;;
	-b) BACKEND=${2:?-b wants a backend}; shift ;;
	--keep) KEEP=${2:?--keep wants a directory}; shift ;;
	-*) echo "usage: run.sh [-b BACKEND] [--kernel|--self] [--keep DIR] [NAME...]" >&2
	    exit 2 ;;
	*) NAMES+=("$1") ;;
	esac
	shift
done
is_backend "$BACKEND" || fail "no backend '$BACKEND': expected $ALL_BACKENDS"
why=$(backend_missing "$BACKEND")
[ -z "$why" ] || skip_all "$why"
[ "$(id -u)" = 0 ] || skip_all "needs root for network namespaces"
if [ ${#NAMES[@]} = 0 ]; then
	for source in "$ORACLE"/*.c; do
		name=$(basename "$source" .c)
		[ "$name" = peer ] || NAMES+=("$name")
	done
fi
for name in peer "${NAMES[@]}"; do
	[ -x "$BIN/$name" ] || fail "$BIN/$name is not built: run make tests"
done

cat >"$TMP/hosts" <<-END
	127.0.0.1 localhost
	::1 localhost ip6-localhost
	10.107.0.1 peer.test peer gateway
	fd07:6e65:7463::1 peer.test
	10.107.0.2 own.test own
	192.0.2.9 Mixed.Test
END
TAG=ora$$
ln -s "$TAG-k" "$TMP/k"
ln -s "$TAG-n" "$TMP/n"
side_kernel "$TAG-k"
run_programs "$TAG-k"
case $MODE in
kernel)
	for name in "${NAMES[@]}"; do
		sed "s/^/$name: /" "$TMP/k/$name"
	done
	status=0 ;;
self)
	side_kernel "$TAG-s"
	run_programs "$TAG-s"
	report "$TAG-s"
	status=$? ;;
compare)
	side_netcond "$TAG-n"
	run_programs "$TAG-n" "$BUILD/intercept" --socket "$TMP/$TAG-n.sock"
	report n
	status=$? ;;
esac
if [ -n "$KEEP" ]; then
	mkdir -p "$KEEP"
	for side in k n; do
		[ -d "$TMP/$side/" ] && mkdir -p "$KEEP/$side" &&
			cp "$TMP/$side/"* "$KEEP/$side/"
	done
	cp "$TMP/service.log" "$KEEP/" 2>/dev/null
fi
exit $status
