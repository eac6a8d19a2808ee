#!/bin/bash
# SPDX-License-Identifier: MIT
# Addresses from a network: a DHCP server and a router on the kernel's side; a
# lease that is renewed, one that changes, a server that is not there.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need dnsmasq curl
! is_kernel || skip "the kernel's stack asks no DHCP server by itself"

NET6=fd07:6e65:7463
LEASES=$T/leases

# dnsmasq on the tap, with leases that the stack renews every two seconds.
start_server() { # FIRST LAST
	spawn_net dnsmasq dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--user=root --pid-file="$T/dnsmasq.pid" --log-facility=- \
		--interface=tap0 --bind-interfaces --dhcp-authoritative \
		--dhcp-leasefile="$LEASES" --no-ping --log-dhcp \
		--no-resolv --no-hosts --host-record=name.test,10.9.8.7 \
		--dhcp-range="$1,$2,255.255.255.0,120" \
		--dhcp-option=option:T1,3 --dhcp-option=option:T2,60 \
		--enable-ra --dhcp-range="::,constructor:tap0,ra-only,64,120"
	SERVER_PID=$PID
	wait_log dnsmasq 'started, version'
}
stop_server() {
	kill "$SERVER_PID"
	wait_gone "$SERVER_PID" dnsmasq
}
told() { log_has netcond "$1"; }
# The address of the stack that was told of last.
address_like() { # REGULAR-EXPRESSION
	grep -Eo "address +$1/" "$T/netcond.log" | tail -n 1 |
		sed 's/address *//; s,/,,'
}
fetches() { # HOST
	net curl -sS -g -o "$T/page" --max-time 5 "http://$1:8000/page"
	cmp -s "$T/www/page" "$T/page" || fail "http://$1: another page"
}

# A router speaks from its link-local address, which must not be tentative.
NETNS_NO_ADDR=1
DHCP=(--dhcp)
ip netns exec "$NS" sysctl -q -w net.ipv6.conf.default.accept_dad=0
if is_tap; then
	ip -n "$NS" tuntap add dev tap0 mode tap
	ip -n "$NS" addr add "$HOST4/24" dev tap0
	ip -n "$NS" addr add "$HOST6/64" dev tap0 nodad
	ip -n "$NS" link set tap0 up
else
	make_veth # a device that asks by default
	DHCP=()
fi

# Nobody answers on this one; it is looked at in the end.
spawn_net lonely "$BUILD/netcond" --if tap1 --dhcp --socket "$T/run/lonely"
LONELY_PID=$PID

start_server 10.107.0.100 10.107.0.100
step "ready with an address of each family, a gateway, name servers, a lease"
start_netcond "${DHCP[@]}"
is_equal "the address" 10.107.0.100 "$(address_like "10[0-9.]*")"
for line in "address  *$NET6:[0-9a-f:]*/64" "gateway  *$HOST4" \
	'gateway  *fe80::' "dns  *$HOST4" 'dns  *fe80::|dns  *fd07' \
	'lease  *120 s from 10.107.0.1'; do
	told "^$line" || fail "not printed: $line"
done
grep -q "$(uname -n | cut -d. -f1)" "$LEASES" ||
	fail "the server does not know the host's name"

step "the addresses work"
mkdir "$T/www"
head -c 100000 /dev/urandom >"$T/www/page"
spawn_via server python3 -m http.server -d "$T/www" --bind :: 8000
wait_via_listen 8000
v6=$(address_like "$NET6:[0-9a-f:]*")
fetches 10.107.0.100
fetches "[$v6]"
via python3 -c 'import socket; print(socket.getaddrinfo("name.test", 80,
	socket.AF_INET)[0][4][0])' >"$T/name.log" 2>&1
is_equal "name.test by the server's word" 10.9.8.7 "$(cat "$T/name.log")"

step "the lease is renewed"
renewed() { [ "$(stat_of dhcp_leases)" -ge 2 ]; }
wait_until "a renewed lease" renewed
is_equal "leases lost" 0 "$(stat_of dhcp_lost)"

step "a lease that changes: the old connections end, the new address works"
spawn_net nc nc 10.107.0.100 8000
NC_PID=$PID
is_connected() { netcon ss | grep -q 'ESTAB.*10.107.0.100'; }
wait_until "a connection to the old address" is_connected
stop_server
: >"$LEASES"
start_server 10.107.0.120 10.107.0.120
wait_log netcond 'changed: address 10.107.0.120/24'
wait_gone "$NC_PID" "the connection to the old address"
fetches 10.107.0.120
if net ping -q -n -c 1 -W 1 10.107.0.100 >/dev/null 2>&1; then
	fail "the old address still answers"
fi
[ "$(stat_of dhcp_lost)" -ge 1 ] || fail "the loss was not counted"

step "the lease goes back at the end"
end_service
NETCOND_PID=
wait_log dnsmasq 'DHCPRELEASE.*10.107.0.120'

step "nobody answers: it ends after half a minute, with one sentence"
WAIT_S=35
wait_gone "$LONELY_PID" "netcond without a server"
is_equal "lines said" 1 "$(wc -l <"$T/lonely.log")"
grep -q 'no DHCP server and no router gave an address within 30 s' \
	"$T/lonely.log" || fail "not said why it ended"
