#!/bin/bash
# SPDX-License-Identifier: MIT
# make bench: programs on netcond's stack over tap, and the same programs on the
# kernel's own stack over a veth pair with all its offloads, in the same run.
#
#   usage: run.sh [MEASURE...]     (as root; the measures are listed below)
#
# Servers of both kinds run side by side; the client is always on the kernel's
# side, in the same namespace. Each measure is taken on both, one right after
# the other, the order turning with each round; the figures are medians over
# the rounds, the ratio is the median of the rounds' ratios. Nothing is pinned
# and nothing of the host is tuned.
#
# Environment: ROUNDS (5); QUICK=1: one short round, for a look; QUIET_S: how
# long a busy machine is waited for (3); OUT: where the single figures go
# (build/bench/figures.tsv).
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"

ROUNDS=${ROUNDS:-5}
MS=1000                 # length of a timed run
QUIET_S=${QUIET_S:-3}    # how long a busy machine is waited for
IDLE_CONNS=10000 IDLE_S=10
REQUESTS=60000          # of redis-benchmark without pipelining; 10 times with
if [ -n "${QUICK:-}" ]; then
	ROUNDS=1 MS=400 IDLE_S=3 REQUESTS=20000
fi
OUT=${OUT:-$BUILD/bench/figures.tsv}
PEER4=10.108.0.2        # the kernel's stack, as the client sees it
NSP=ncp$TEST_ID         # the namespace it is in
NAMESPACES+=("$NSP")
MEASURES="stream_out stream_in stream_in_reno rr1 rr64 redis1 redis16"
MEASURES+=" nginx_keep nginx_cork nginx_close poll idle"

need ss python3
load=$BUILD/tests/load
[ -x "$load" ] || skip "not built: $load"
mkdir -p "$(dirname "$OUT")"
: >"$OUT"
noisy=0

# --- the two sides

servers() { # SIDE ADDRESS PREFIX...: the same programs on either
	local side=$1 addr=$2
	shift 2
	spawn "$side.echo" "$@" "$load" echo "$addr" 7001
	spawn "$side.sink" "$@" "$load" sink "$addr" 7002
	spawn "$side.source" "$@" "$load" source "$addr" 7003
	if command -v redis-server >/dev/null; then
		spawn "$side.redis" "$@" redis-server --bind "$addr" \
			--protected-mode no --save '' --dir "$T"
	fi
	if command -v nginx >/dev/null; then
		mkdir -p "$T/$side"
		head -c 1024 /dev/zero | tr '\0' x >"$T/$side/1k"
		nginx_conf 1 "$T/$side" "$addr:80 backlog=4096"
		# Corked only under /corked/, as all is in Debian's own settings.
		sed -e 's/tcp_nopush on;//' -e "s,root [^;]*;,& location \
			/corked/ { alias $T/$side/; tcp_nopush on; }," \
			"$T/nginx.conf" >"$T/$side/nginx.conf"
		spawn "$side.nginx" "$@" nginx -p "$T/$side" \
			-c "$T/$side/nginx.conf"
	fi
}
kernel_start() {
	ip netns add "$NSP"
	ip -n "$NSP" link set lo up
	ip link add bench0 netns "$NS" type veth peer name eth0 netns "$NSP"
	ip -n "$NS" addr add 10.108.0.1/24 dev bench0
	ip -n "$NSP" addr add "$PEER4/24" dev eth0
	ip -n "$NS" link set bench0 up
	ip -n "$NSP" link set eth0 up
	servers kernel "$PEER4" ip netns exec "$NSP"
	net_listens 7003 tcp "$NSP" || wait_until "the kernel's servers" \
		net_listens 7003 tcp "$NSP"
}
ours_start() { # [NETCOND-OPTION...]
	start_netcond "$@"
	servers ours "$STACK4" "${VIA[@]}"
	wait_via_listen 7003
	[ ! -e "$T/ours" ] || wait_via_listen 80
}
# All that runs in the client's namespace is ours.
ours_stop() {
	local pids pid
	is_kernel && return
	pids=$(ip netns pids "$NS" | grep -vx "$NETCOND_PID" || true)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	for pid in $pids; do wait_gone "$pid"; done
	kill "$NETCOND_PID"
	wait_gone "$NETCOND_PID"
}

# --- one measurement

# Ticks of both cores: busy, and stolen by the host.
ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8, $9; exit }' /proc/stat; }

# Wait, QUIET_S at most, until the machine has been idle for a moment.
quiet() {
	local i before after
	for ((i = 0; i < QUIET_S * 16; i++)); do
		read -r before _ < <(ticks)
		sleep 0.06
		read -r after _ < <(ticks)
		[ $((after - before)) -gt 2 ] || return 0
	done
	noisy=$((noisy + 1))
}

own_ms() { if is_kernel; then echo 0; else cpu_ms "$NETCOND_PID"; fi; }

# Run a measure against a side and record "key value" lines with what the
# machine did meanwhile: cores busy, cores stolen, cores that netcond took.
record() { # ROUND SIDE MEASURE HOST CMD...
	local round=$1 side=$2 measure=$3 c0 c1 s0 s1 t0 t1 n0=0 n1=0
	shift 3
	quiet
	[ "$side" = kernel ] || n0=$(own_ms)
	read -r c0 s0 < <(ticks)
	t0=${EPOCHREALTIME/./}
	"$@" >"$T/result" 2>"$T/bench-error.log" ||
		fail "$measure on $side: $(head -c 300 "$T/bench-error.log")"
	t1=${EPOCHREALTIME/./}
	read -r c1 s1 < <(ticks)
	[ "$side" = kernel ] || n1=$(own_ms)
	awk -v OFS='\t' -v round="$round" -v side="$side" -v m="$measure" \
		-v cores=$((c1 - c0)) -v stolen=$((s1 - s0)) -v own=$((n1 - n0)) \
		-v us=$((t1 - t0)) -v hz="$(getconf CLK_TCK)" '
		{ print round, side, m "." $1, $2 }
		END {
			d = us / 1e6 * hz
			printf "%s\t%s\t%s.cores\t%.2f\n", round, side, m, cores / d
			printf "%s\t%s\t%s.stolen\t%.3f\n", round, side, m, stolen / d
			printf "%s\t%s\t%s.own\t%.2f\n", round, side, m, own * 1e3 / us
		}' "$T/result" >>"$OUT"
}
both() { # ROUND MEASURE FUNCTION ARG...
	local round=$1 measure=$2 side
	shift 2
	local order="kernel ours"
	[ $((round % 2)) = 0 ] || order="ours kernel"
	for side in $order; do
		if [ "$side" = ours ]; then
			record "$round" ours "$measure" "$@" "$STACK4"
			continue
		fi
		is_kernel || kill -STOP "$NETCOND_PID"
		record "$round" kernel "$measure" "$@" "$PEER4"
		is_kernel || kill -CONT "$NETCOND_PID"
	done
}

take_stream_out() { net "$load" pull "$1" 7003 65536 $MS; }
take_stream_in() { net "$load" push "$1" 7002 65536 $MS; }
take_stream_in_reno() {
	net env LOAD_CC=reno "$load" push "$1" 7002 65536 $MS
}
take_rr() { net "$load" rr "$2" 7001 64 $MS "$1"; }
take_redis() { # PIPELINE HOST
	local n=$REQUESTS
	[ "$1" = 1 ] || n=$((REQUESTS * 10))
	net redis-benchmark -h "$2" -t set,get -c 50 -P "$1" -n $n --csv |
		awk -F'","' '/^"(SET|GET)"/ {
			k = tolower(substr($1, 2))
			print k "_rps", $2; print k "_p50_us", $5 * 1000
			print k "_p99_us", $7 * 1000 }'
}
take_nginx() { # PATH HEADER HOST
	net wrk -t1 -c64 -d"$(((MS + 999) / 1000))"s --latency -H "$2" \
		"http://$3/$1" | awk '
		function us(v) { return v * (v ~ /us$/ ? 1 : v ~ /ms$/ ? 1e3 : 1e6) }
		/Requests\/sec/ { print "rps", $2 }
		$1 == "50%" { print "p50_us", us($2) }
		$1 == "99%" { print "p99_us", us($2) }
		/Socket errors|Non-2xx/ { print "errors", 1
			print > "/dev/stderr" }'
}

take() { # ROUND MEASURE
	case $2 in
	stream_out | stream_in*) both "$1" "$2" "take_$2" ;;
	rr1) both "$1" rr1 take_rr 1 ;;
	rr64) both "$1" rr64 take_rr 64 ;;
	redis1) both "$1" redis1 take_redis 1 ;;
	redis16) both "$1" redis16 take_redis 16 ;;
	nginx_keep) both "$1" "$2" take_nginx 1k 'Connection: keep-alive' ;;
	nginx_cork) both "$1" "$2" take_nginx corked/1k \
		'Connection: keep-alive' ;;
	nginx_close) both "$1" "$2" take_nginx 1k 'Connection: close' ;;
	poll | idle) ;; # after the rounds, on services of their own
	*) fail "no measure '$2'; there are: $MEASURES" ;;
	esac
}
needs_of() {
	case $1 in
	redis*) echo redis-server redis-benchmark ;;
	nginx*) echo nginx wrk ;;
	esac
}

# One in flight under the other policies. A service that never sleeps would
# keep a core awake for the kernel's turn as well: it is stopped meanwhile.
take_poll() {
	local mode round
	for mode in busy sleep; do
		ours_start --poll $mode
		for ((round = 0; round < ROUNDS; round++)); do
			both $round rr1_$mode take_rr 1
		done
		ours_stop
	done
}

take_idle() {
	local before rss spent
	ulimit -n $((IDLE_CONNS + 1000)) 2>/dev/null || {
		echo "idle: left out, fewer than $((IDLE_CONNS + 1000)) descriptors"
		return
	}
	ours_start
	rss=$(rss_kb "$NETCOND_PID")
	mkfifo "$T/say"
	spawn_net idle sh -c \
		"exec '$load' idle $STACK4 7001 $IDLE_CONNS <'$T/say'"
	exec {say}>"$T/say"
	WAIT_S=60 wait_log idle "^open $IDLE_CONNS$"
	sleep 2 # the handshakes' timers
	before=$(cpu_ms "$NETCOND_PID")
	sleep "$IDLE_S" # over which CPU use is taken
	spent=$(($(cpu_ms "$NETCOND_PID") - before))
	printf '0\tours\tidle.%s\t%s\n' >>"$OUT" \
		bytes $((($(rss_kb "$NETCOND_PID") - rss) * 1024 / IDLE_CONNS)) \
		permille $((spent / IDLE_S))
	exec {say}>&-
	ours_stop
}

# --- the run

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $MEASURES
wanted=()
for measure in "$@"; do
	missing=
	for program in $(needs_of "$measure"); do
		command -v "$program" >/dev/null || missing+=" $program"
	done
	if [ -n "$missing" ]; then
		echo "$measure: left out, not installed:$missing"
	else
		wanted+=("$measure")
	fi
done
net sh -c 'echo "1024 65535" >/proc/sys/net/ipv4/ip_local_port_range
	echo 1 >/proc/sys/net/ipv4/tcp_tw_reuse'
start_s=$SECONDS
kernel_start
ours_start
for ((round = 0; round < ROUNDS; round++)); do
	for measure in "${wanted[@]}"; do take "$round" "$measure"; done
done
ours_stop
for measure in "${wanted[@]}"; do
	! is_kernel || break
	case $measure in poll | idle) "take_$measure" ;; esac
done

{
	printf 'kernel\t%s\n' "$(uname -sr)"
	printf 'machine\t%s cores, %s\n' "$(nproc)" \
		"$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
	printf 'virtual\t%s\n' "$(systemd-detect-virt 2>/dev/null || echo '?')"
	! is_kernel && printf "netcond\t%s\n" "$("$BUILD/netcond" --version | head -1)"
	printf 'congestion\t%s, where a row names no other\n' \
		"$(cat /proc/sys/net/ipv4/tcp_congestion_control)"
	printf 'compiler\t%s\n' "$(gcc --version | head -1)"
	for program in "redis-server --version" "nginx -v" "wrk -v"; do
		# shellcheck disable=SC2086
		! command -v ${program%% *} >/dev/null ||
			printf '%s\t%s\n' "${program%% *}" \
				"$($program 2>&1 | head -1)"
	done
	printf 'rounds\t%s of %s ms each; %s s in all; %s commands began on a busy machine\n' \
		"$ROUNDS" $MS $((SECONDS - start_s)) $noisy
	printf 'load\t%s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
} >"${OUT%.tsv}.environment"
python3 "$top/tests/bench/table.py" "$OUT" "${OUT%.tsv}.environment" |
	tee "${OUT%.tsv}.txt"
