# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every netns test stands on: a namespace, a service in it, programs on
# both sides of the tap, waiting for events, assertions, and cleaning up.
#
# A test is a script that sources this file, calls start_netcond, runs programs
# with the functions below and ends. It exits 0 when all held, 1 after `fail`,
# 77 after `skip`; the last line of its output is then the reason.
#
#   net CMD...        on the kernel's side: in the namespace, on its own stack
#   via CMD...        through netcond: the same under intercept
#   spawn_net NAME CMD..., spawn_via NAME CMD...
#                     the same in the background; the process is $PID, its
#                     output $T/NAME.log
#
# All processes of a test live in its namespaces, which bear TEST_ID (the pid) in
# their names; cleaning up ends what `ip netns pids` lists there, so that nothing
# stays whatever the programs forked, and nothing else is ever touched.
#
# A test that is about some devices alone says so before it sources this file:
# BACKENDS="xdp-native xdp-skb".
#
# Environment: BUILD, the build directory; NETNS_BACKEND, the device that the
# stack runs on, one of backends.sh (the default is the test's first). But for
# the tap it is one end of a veth pair, and the kernel's side, still called
# tap0, the other; NETNS_STACK=kernel runs the test against the kernel's own
# stack in a second namespace behind a veth pair: what fails there is wrong in
# the test; PCAP=1 keeps a capture and KEEP=1 the files of the test (their names
# are printed).

set -eEuo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$(cd "${BUILD:-$top/build}" && pwd)
NETNS_STACK=${NETNS_STACK:-netcond}
# shellcheck source=tests/netns/backends.sh
. "$top/tests/netns/backends.sh"
BACKENDS=${BACKENDS:-$ALL_BACKENDS}
NETNS_BACKEND=${NETNS_BACKEND:-${BACKENDS%% *}}

HOST4=10.107.0.1 STACK4=10.107.0.2
HOST6=fd07:6e65:7463::1 STACK6=fd07:6e65:7463::2
WAIT_S=10               # how long an event may take

test_name=$(basename "$0" .sh)
TEST_ID=${TEST_ID:-$$}
NS=nct$TEST_ID          # the kernel's side
NSK=nck$TEST_ID         # the far side of the veth, where there is one
NAMESPACES=("$NS" "$NSK")
T=$(mktemp -d "${TMPDIR:-/tmp}/nct-$test_name.XXXXXX")
chmod 755 "$T"
mkdir -p "$T/run"
export NETCOND_SOCKET=$T/run/netcond.sock
NETCOND_PID=
PID=

# shellcheck source=/dev/null
if [ -f "$BUILD/pkgs/env.sh" ]; then . "$BUILD/pkgs/env.sh"; fi

is_kernel() { [ "$NETNS_STACK" = kernel ]; }
is_tap() { ! is_kernel && [ "$NETNS_BACKEND" = tap ]; }

end_processes() { # NAMESPACE
	local pids i
	for ((i = 0; i < 50; i++)); do
		pids=$(ip netns pids "$1" 2>/dev/null) || return 0
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086
		kill -KILL $pids 2>/dev/null || true
		sleep 0.02
	done
}

# A service that still runs when its test has passed is asked to end, and must
# do so in order: a sanitizer, where it was built with one, reports only then.
end_service() {
	local rc=0
	! is_gone "$NETCOND_PID" || return 0
	kill -TERM "$NETCOND_PID"
	(wait_gone "$NETCOND_PID" netcond) || return 1
	wait "$NETCOND_PID" 2>/dev/null || rc=$?
	[ $rc != 127 ] || rc=0 # a daemon is nobody's child
	if [ $rc != 0 ]; then
		echo "netcond's exit status after SIGTERM is $rc" >"$T/reason"
	elif grep -q 'Sanitizer\|runtime error' "$T/netcond.log"; then
		echo "a sanitizer complained" >"$T/reason"
		rc=1
	fi
	return $rc
}

cleanup() {
	local rc=$? reason
	trap - EXIT INT TERM HUP ERR
	set +e
	if [ $rc = 0 ] && [ -n "$NETCOND_PID" ]; then
		end_service
		rc=$?
	fi
	reason=$(cat "$T/reason" 2>/dev/null)
	reason=${reason:-ended with status $rc}
	if [ $rc != 0 ] && [ $rc != 77 ]; then
		for log in "$T"/*.log; do
			[ -s "$log" ] || continue
			echo "--- ${log##*/}"
			tail -n 25 "$log"
		done
	fi
	for ns in "${NAMESPACES[@]}"; do
		end_processes "$ns"
		ip netns del "$ns" 2>/dev/null
	done
	wait 2>/dev/null
	if [ -n "${PCAP:-}" ] && [ -s "$T/all.pcap" ]; then
		mkdir -p "$BUILD/tests/logs"
		cp "$T/all.pcap" "$BUILD/tests/logs/$test_name.pcap"
		echo "capture: $BUILD/tests/logs/$test_name.pcap"
	fi
	if [ -n "${KEEP:-}" ]; then
		echo "files: $T"
	else
		rm -rf "$T"
	fi
	[ $rc = 0 ] || echo "$reason"
	exit $rc
}

# The reason is kept in a file: fail may be called in a subshell.
on_error() { # STATUS LINE COMMAND
	[ -s "$T/reason" ] || echo "line $2: '$3' exited with $1" >"$T/reason"
}
fail() { echo "$*" >"$T/reason"; exit 1; }
skip() { echo "$*" >"$T/reason"; exit 77; }
step() { echo "* $*"; }

trap cleanup EXIT
trap 'exit 130' INT TERM HUP
trap 'on_error $? $LINENO "$BASH_COMMAND"' ERR

# Skip unless every program is there.
need() {
	local missing=
	for program in "$@"; do
		command -v "$program" >/dev/null || missing="$missing $program"
	done
	[ -z "$missing" ] || skip "not installed:$missing"
}

# --- namespaces and programs

is_backend "$NETNS_BACKEND" || fail "no backend: '$NETNS_BACKEND'"
[[ " $BACKENDS " = *" $NETNS_BACKEND "* ]] || skip "about $BACKENDS alone"
[ "$(id -u)" = 0 ] || skip "root is needed for network namespaces"
need ip timeout
ip netns add "$NS" || skip "cannot make a network namespace"
ip -n "$NS" link set lo up

net() { ip netns exec "$NS" "$@"; }

HOME_NS=$NSK            # where the service and its programs run
if is_tap; then HOME_NS=$NS; fi
VIA=(ip netns exec "$HOME_NS")
if ! is_kernel; then VIA+=("$BUILD/intercept"); fi
via() { "${VIA[@]}" "$@"; }

spawn() { # NAME CMD...
	local name=$1
	shift
	"$@" >>"$T/$name.log" 2>&1 </dev/null &
	PID=$!
	# Bash tells of the ends of jobs; only of netcond the status is wanted.
	[ "$name" = netcond ] || disown "$PID" 2>/dev/null || true
}
spawn_net() { local name=$1; shift; spawn "$name" ip netns exec "$NS" "$@"; }
spawn_via() { local name=$1; shift; spawn "$name" "${VIA[@]}" "$@"; }

# --- waiting for events

# Try CMD until it succeeds. WHAT is for the complaint.
wait_until() { # WHAT CMD...
	local what=$1 deadline=$((SECONDS + WAIT_S))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $deadline ] || fail "waited ${WAIT_S}s for $what"
		sleep 0.02
	done
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }
wait_gone() { wait_until "${2:-process $1} to end" is_gone "$1"; }
log_has() { grep -Eqa -- "$2" "$T/$1.log"; }
wait_log() { wait_until "'$2' in the output of $1" log_has "$1" "$2"; }

net_listens() { # PORT [udp]
	local proto=-t
	[ "${2:-tcp}" = tcp ] || proto=-u
	[ -n "$(ip netns exec "${3:-$NS}" ss -Hln $proto "sport = :$1")" ]
}
via_listens() { # PORT [udp]
	if is_kernel; then
		net_listens "$1" "${2:-tcp}" "$NSK"
	else
		local state=LISTEN
		[ "${2:-tcp}" = tcp ] || state=UNCONN
		netcon ss | grep -Eq "$state.*[]:.]$1( |\$)"
	fi
}
wait_net_listen() {
	wait_until "port $1 (${2:-tcp}) on the kernel's side" net_listens "$@"
}
wait_via_listen() {
	wait_until "port $1 (${2:-tcp}) in the stack" via_listens "$@"
}

# --- the service

netcon() { ip netns exec "$NS" "$BUILD/netcon" "$@"; }

need_dpdk() {
	local why
	why=$(backend_missing dpdk)
	[ -z "$why" ] || skip "$why"
}

# A veth pair: tap0 on the kernel's side, eth0 on the far one.
make_veth() {
	ip netns add "$NSK"
	ip -n "$NSK" link set lo up
	ip link add tap0 netns "$NS" type veth peer name eth0 netns "$NSK"
	ip -n "$NS" addr add "$HOST4/24" dev tap0
	ip -n "$NS" addr add "$HOST6/64" dev tap0 nodad
	ip -n "$NS" link set tap0 up
	ip -n "$NSK" link set eth0 up
}
# The stand-in for the stack: the kernel's, on the far end.
start_kernel_peer() {
	make_veth
	ip -n "$NSK" addr add "$STACK4/24" dev eth0
	ip -n "$NSK" addr add "$STACK6/64" dev eth0 nodad
}
# The device's options, in DEVICE.
choose_device() {
	DEVICE=(--if tap0)
	if is_tap; then return; fi
	local why
	why=$(backend_missing "$NETNS_BACKEND")
	[ -z "$why" ] || skip "$why"
	ip netns exec "$NSK" true 2>/dev/null || make_veth
	read -ra DEVICE < <(backend_options "$NETNS_BACKEND" eth0)
	backend_prepare_peer "$NETNS_BACKEND" "$NS" tap0
	[ -z "${NETNS_NO_ADDR:-}" ] || return 0
	DEVICE+=(--addr "$STACK4/24" --gw "$HOST4"
		--addr "$STACK6/64" --gw "$HOST6")
}

# Start the service and wait until it says that it is ready.
start_netcond() { # [OPTION...]
	start_capture
	if is_kernel; then start_kernel_peer; return; fi
	[ -x "$BUILD/netcond" ] || skip "$BUILD/netcond is not built"
	choose_device
	rm -f "$T/ready"
	mkfifo "$T/ready"
	# The child opens the pipe: that waits for its reader, which comes next.
	# shellcheck disable=SC2016
	spawn netcond bash -c 'exec "$@" 9>"$0"' "$T/ready" \
		ip netns exec "$HOME_NS" "$BUILD/netcond" "${DEVICE[@]}" \
		--ready-fd 9 "$@"
	NETCOND_PID=$PID
	local bytes
	bytes=$(timeout $WAIT_S head -c 1 "$T/ready" | wc -c)
	[ "$bytes" = 1 ] || fail "netcond did not get ready"
	leak_mark
}


start_capture() {
	[ -n "${PCAP:-}" ] || return 0
	command -v tcpdump >/dev/null || return 0
	[ ! -e "$T/all.pcap" ] || return 0
	spawn_net tcpdump tcpdump -i any -n -U -s 200 -w "$T/all.pcap"
	wait_log tcpdump 'listening on'
}

# --- nothing may be left behind

# The present counts of the service that must come back to where they were.
LEAK_COUNTS="socks_open socks_closing tcp_pcbs tcp_listeners udp_pcbs tcp_segs
	pbufs rx_frames_held tx_bufs ports_bound sessions_open chan_open fds"

stat_json() { netcon stat --json; }

stat_of() { # NAME [JSON]
	local json=${2:-$(stat_json)} value
	value=$(grep -Eo "\"$1\": *[0-9]+" <<<"$json" | grep -Eo '[0-9]+$') ||
		fail "netcon stat --json has no '$1'"
	echo "$value"
}

# NAME=COUNT a line. Connections in TIME_WAIT are no leak: they and what they
# hold are left out.
leak_counts() {
	local json name value
	json=$(stat_json) || return 1
	for name in $LEAK_COUNTS; do
		case $name in
		fds) value=$(find "/proc/$NETCOND_PID/fd" | wc -l) ;;
		tcp_pcbs) value=$(($(stat_of tcp_pcbs "$json") -
			$(stat_of tcp_time_wait "$json"))) ;;
		*) value=$(stat_of "$name" "$json") ;;
		esac
		echo "$name=$value"
	done
}
leak_mark() { is_kernel || leak_counts >"$T/counts.start"; }
leak_gone() {
	leak_counts >"$T/counts.now" && cmp -s "$T/counts.start" "$T/counts.now"
}
leak_check() {
	is_kernel && return 0
	local deadline=$((SECONDS + WAIT_S))
	until leak_gone; do
		[ $SECONDS -le $deadline ] ||
			fail "left behind:" "$(paste -d' ' "$T/counts.start" \
				"$T/counts.now" | awk '$1 != $2 {
					sub(/=/, ": ", $1); sub(/.*=/, "", $2)
					printf "%s, now %s; ", $1, $2 }')"
		sleep 0.05
	done
}

# --- assertions

is_equal() { # WHAT WANT GOT
	[ "$2" = "$3" ] || fail "$1: '$2' is wanted, it was '$3'"
}
is_less() { # WHAT MAX GOT
	[ "$3" -lt "$2" ] || fail "$1: less than $2 is wanted, it was $3"
}
# CMD must exit with STATUS; its output is in $T/NAME.log.
exits_with() { # NAME STATUS CMD...
	local name=$1 want=$2 rc=0
	shift 2
	timeout "$WAIT_S" "$@" >"$T/$name.log" 2>&1 </dev/null || rc=$?
	is_equal "exit status of '$*'" "$want" "$rc"
}
sum_of() { sha256sum <"$1" | cut -d' ' -f1; }

# --- configurations

# An nginx that stays in the foreground and keeps all it writes in $T.
nginx_conf() { # WORKERS ROOT LISTEN...
	local workers=$1 root=$2 listen
	shift 2
	listen=$(printf 'listen %s; ' "$@")
	cat >"$T/nginx.conf" <<-CONF
	user root;
	worker_processes $workers;
	daemon off;
	pid $T/nginx.pid;
	error_log $T/nginx-error.log;
	events { worker_connections 4096; }
	http {
		access_log off;
		sendfile on;
		tcp_nopush on;
		keepalive_requests 100000000;
		client_body_temp_path $T/body;
		proxy_temp_path $T/proxy;
		fastcgi_temp_path $T/fastcgi;
		uwsgi_temp_path $T/uwsgi;
		scgi_temp_path $T/scgi;
		server { $listen root $root; }
	}
	CONF
}

# --- what /proc knows of a process

cpu_ms() { # PID: user and system time so far
	awk -v hz="$(getconf CLK_TCK)" \
		'{ sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hz) }' \
		"/proc/$1/stat"
}
rss_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
