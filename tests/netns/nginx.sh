#!/bin/bash
# SPDX-License-Identifier: MIT
# nginx with four workers on the stack: a tree of 2,000 files, fetched with and
# without keep-alive over IPv4 and IPv6 and compared, with a reload meanwhile.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need nginx curl

# 1,900 files of 3 kB, 90 of 50 kB, 9 of 1 MB and an empty one: 0000 to 1999.
make_tree() {
	mkdir -p "$T/tree"
	pieces 0 3000 1900
	pieces 1900 50000 90
	pieces 1990 1000000 9
	: >"$T/tree/1999"
	(cd "$T/tree" && sha256sum -- *) >"$T/sums"
}
pieces() { # FIRST BYTES COUNT
	head -c $(($2 * $3)) /dev/urandom |
		split -a 4 --numeric-suffixes="$1" -b "$2" - "$T/tree/"
}
fetch() { # DIRECTORY HOST CURL-OPTION...
	local dir=$T/$1 host=$2
	shift 2
	mkdir -p "$dir"
	net curl -sS --fail --parallel --parallel-max 16 "$@" \
		-o "$dir/#1" "http://$host/[0000-1999]" >"$T/curl.log" 2>&1
	(cd "$dir" && sha256sum --quiet -c "$T/sums") >>"$T/curl.log" ||
		fail "files differ in $dir"
	rm -rf "$dir"
}

make_tree
nginx_conf 4 "$T/tree" 80 '[::]:80'
start_netcond
spawn_via nginx nginx -p "$T" -c "$T/nginx.conf"
nginx_pid=$PID
wait_via_listen 80

step "keep-alive, IPv4"
fetch keep4 "$STACK4"
step "keep-alive, IPv6"
fetch keep6 "[$STACK6]"
step "a connection for each file, with a reload in the middle"
(
	wait_until "the fetch to get going" test -e "$T/close4/0300"
	kill -HUP "$nginx_pid"
) &
fetch close4 "$STACK4" -H 'Connection: close'
wait $! || fail "the reload was not sent"
kill -0 "$nginx_pid" || fail "nginx did not survive the reload"
step "a connection for each file, IPv6"
fetch close6 "[$STACK6]" -H 'Connection: close'

# nginx corks around each answer that has a file (tcp_nopush).
if ! is_kernel; then
	step "answers wait for no reply of the service"
	quiet=$(stat_of requests_quiet)
	[ "$quiet" -ge 4000 ] || fail "only $quiet requests without a reply"
	is_less "requests with a reply" "$quiet" "$(stat_of requests)"
fi

kill -QUIT "$nginx_pid"
wait_gone "$nginx_pid" nginx
if grep -E '\[(alert|crit|emerg)\]' "$T/nginx-error.log"; then
	fail "nginx complained"
fi
leak_check
