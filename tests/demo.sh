#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job, shown line by line: an unmodified redis-server on a stack of its
# own, clients on the kernel's side, and a curl in the other direction.
#
#   usage: demo.sh          (as root)
#
# Everything happens in a network namespace of its own; nothing of the host is
# touched and nothing is left behind, also after ctrl-C.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/netns/lib.sh"
for program in redis-server redis-cli redis-benchmark curl python3; do
	command -v $program >/dev/null ||
		fail "demo: '$program' is not installed; 'make deps' gets it"
done
for program in netcond intercept netcon; do
	[ -x "$BUILD/$program" ] ||
		fail "demo: '$BUILD/$program' is not built; 'make' builds it"
done

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '\n# %s\n' "$*"; }
# What a user would type, as the line that is shown.
typed() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; }
indent() { sed 's/^/  /'; }
show() { typed "$@"; net "$@" 2>&1 | indent; }
# redis-benchmark rewrites its line while it runs: the last word is enough.
show_benchmark() {
	typed redis-benchmark "$@"
	net redis-benchmark "$@" 2>&1 | tr '\r' '\n' |
		grep 'requests per second' | sed 's/^ */  /'
}

say "in a network namespace of its own"
typed "export NETCOND_SOCKET=$NETCOND_SOCKET"
typed "netcond --if tap0 &"
start_netcond
indent <"$T/netcond.log"
show ip -br addr show tap0

say "an unmodified redis-server, on netcond's stack"
typed "intercept redis-server --save '' --protected-mode no &"
spawn_via redis redis-server --save '' --protected-mode no --dir "$T"
redis=$PID
wait_via_listen 6379
grep -E 'Ready to accept' "$T/redis.log" | indent
typed "netcon ss"
netcon ss | indent

say "clients on the kernel's side of tap0"
show redis-cli -h "$STACK4" set greeting hello-from-the-stack
show redis-cli -h "$STACK4" get greeting
show redis-cli -h "$STACK6" get greeting
show_benchmark -h "$STACK4" -t set,get -c 50 -n 100000 -q
show_benchmark -h "$STACK4" -t set,get -c 50 -n 1000000 -P 16 -q

say "the other direction: a web server on the kernel's side, curl on the stack"
mkdir "$T/www"
head -c 200000000 /dev/zero >"$T/www/200MB"
typed "python3 -m http.server 8000 &"
spawn_net http python3 -u -m http.server 8000 --directory "$T/www"
wait_net_listen 8000
url=http://$HOST4:8000/200MB
typed "intercept curl -o /dev/null $url"
via curl -sS --fail -o /dev/null -w '%{size_download} %{remote_ip} %{local_ip}
	%{time_total}' "$url" | tr '\n' ' ' | awk '{
		printf "  %d bytes from %s to %s in %.3f s: %.2f Gbit/s\n",
			$1, $2, $3, $4, $1 * 8 / $4 / 1e9 }'
grep -h 'GET /200MB' "$T/http.log" | sed 's/^/  the server saw: /'

say "what the service counted (what is not 0)"
typed "netcon stat"
netcon stat | grep -v ' 0$' | indent

say "everything is ended; the namespace, tap0 and the socket go away with it"
net redis-cli -h "$STACK4" shutdown nosave >/dev/null 2>&1 || true
wait_gone "$redis" redis-server
kill "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond
[ ! -e "$NETCOND_SOCKET" ] || fail "demo: $NETCOND_SOCKET was left behind"
! ip -n "$NS" link show tap0 >/dev/null 2>&1 || fail "demo: tap0 was left behind"
echo "demo: done"
