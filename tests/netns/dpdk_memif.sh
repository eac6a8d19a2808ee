#!/bin/bash
# SPDX-License-Identifier: MIT
# Two services over shared memory (DPDK's memif), no interface anywhere: a
# program of the one fetches from a program of the other. When the one is gone
# the other counts it, sleeps, and ends in order.
BACKENDS=dpdk
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need curl python3
is_kernel && skip "about netcond itself"
need_dpdk

HOME_NS=$NS
A4=10.108.0.1 B4=10.108.0.2 A6=fd08::1 B6=fd08::2
link=net_memif0,id=7,socket-abstract=no,socket=$T/memif
A_SOCKET=$T/run/a.sock B_SOCKET=$T/run/b.sock

# The library's functions speak to the service that this names.
as() { export NETCOND_SOCKET=$1; }
start_a() {
	choose_device() {
		DEVICE=(--dpdk "$link,role=server" --addr "$A4/24"
			--addr "$A6/64")
	}
	as "$A_SOCKET"
	start_netcond
	A_PID=$NETCOND_PID
	spawn_via python python3 -m http.server --bind :: --directory "$T" 8000
	SERVER_PID=$PID
	wait_via_listen 8000
}
fetch() { # WHAT HOST
	rm -f "$T/got"
	via curl -sS --fail --retry 5 --retry-connrefused --max-time 10 \
		-o "$T/got" "http://$2:8000/file"
	is_equal "sum, $1" "$want" "$(sum_of "$T/got")"
}

head -c 3000000 /dev/urandom >"$T/file"
want=$(sum_of "$T/file")
start_a
choose_device() {
	DEVICE=(--dpdk "$link,role=client" --addr "$B4/24" --addr "$B6/64")
}
as "$B_SOCKET"
start_netcond
B_PID=$NETCOND_PID

step "each side to the other"
fetch "IPv4" "$A4"
fetch "IPv6" "[$A6]"
leak_check

step "the other side ends"
kill -KILL "$SERVER_PID"
NETCOND_PID=$A_PID
end_service
NETCOND_PID=$B_PID
has_lost_link() { [ "$(stat_of dev_link_downs)" -ge 1 ]; }
wait_until "the lost link to be counted" has_lost_link
exits_with unreachable 28 "${VIA[@]}" curl -sS --connect-timeout 1 \
	"http://$A4:8000/file"
before=$(cpu_ms "$B_PID")
sleep 1
is_less "CPU time of an idle second, ms" 300 $(($(cpu_ms "$B_PID") - before))
