#!/bin/bash
# SPDX-License-Identifier: MIT
# curl and wget through the stack to an nginx on the kernel's side: IPv4, IPv6
# and by name, from a DNS server on the kernel's side; the errors of names.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need nginx curl wget dnsmasq

head -c 3000000 /dev/urandom >"$T/file"
nginx_conf 1 "$T" 80 '[::]:80'

start_dns() {
	spawn_net dnsmasq dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--no-resolv --no-hosts --log-facility=- --user=root \
		--pid-file="$T/dnsmasq.pid" --log-queries \
		--host-record=both.test,"$HOST4","$HOST6" \
		--host-record=four.test,"$HOST4" \
		--host-record=six.test,"$HOST6" \
		--cname=alias.test,both.test --local=/test/
	wait_net_listen 53 udp
}
# One fetch with each program, by the sum of what came.
fetch() { # WHAT URL [CURL-OPTION...]
	local what=$1 url=$2
	shift 2
	rm -f "$T/got"
	via curl -sS --fail --max-time 10 "$@" -o "$T/got" "$url"
	is_equal "sum by curl, $what" "$want" "$(sum_of "$T/got")"
	rm -f "$T/got"
	via wget -q -T 10 -t 1 -O "$T/got" "$url"
	is_equal "sum by wget, $what" "$want" "$(sum_of "$T/got")"
}

want=$(sum_of "$T/file")
start_netcond --dns "$HOST4"
if is_kernel; then
	mkdir -p "/etc/netns/$NSK"
	echo "nameserver $HOST4" >"/etc/netns/$NSK/resolv.conf"
	trap 'rm -rf "/etc/netns/$NSK"; cleanup' EXIT
fi
spawn_net nginx nginx -p "$T" -c "$T/nginx.conf"
wait_net_listen 80
start_dns

step "by number"
fetch "IPv4" "http://$HOST4/file"
fetch "IPv6" "http://[$HOST6]/file"
step "by name"
fetch "A and AAAA" http://both.test/file
fetch "A alone" http://four.test/file
fetch "AAAA alone" http://six.test/file
fetch "CNAME" http://alias.test/file
step "happy eyeballs, forced families"
fetch "both, -4" http://both.test/file -4
fetch "both, -6" http://both.test/file -6

step "the text of errors"
exits_with nxdomain 6 "${VIA[@]}" curl -sS http://none.test/
grep -q 'Could not resolve host: none.test' "$T/nxdomain.log" ||
	fail "no 'Could not resolve host' for a name that does not exist"
exits_with wget_nxdomain 4 "${VIA[@]}" wget -t 1 http://none.test/
grep -Eq 'Name or service not known|No address associated' \
	"$T/wget_nxdomain.log" || fail "wget's text for NXDOMAIN differs"
exits_with refused 7 "${VIA[@]}" curl -sS "http://$HOST4:9/"
grep -q 'Connection refused\|Failed to connect' "$T/refused.log" ||
	fail "no 'Connection refused' for a closed port"

step "/etc/hosts goes first, localhost is there"
exits_with hosts 7 "${VIA[@]}" curl -sS http://localhost:9/
leak_check
