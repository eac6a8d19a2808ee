#!/bin/bash
# SPDX-License-Identifier: MIT
# What --dpdk cannot open is refused with one sentence that quotes it, on stderr
# alone, with status 1 and nothing left behind; also by a build without DPDK.
BACKENDS=tap
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
is_kernel && skip "about netcond itself"

refuses() { # NAME QUOTED ARGS
	exits_with "$1" 1 ip netns exec "$NS" "$BUILD/netcond" --dpdk "$3" \
		--addr 10.0.0.1/24
	is_equal "lines of '$1'" 1 "$(wc -l <"$T/$1.log")"
	grep -q "^netcond: .*$2" "$T/$1.log" ||
		fail "'$1' should say '$2', it said '$(cat "$T/$1.log")'"
	[ -z "$(ls -A "$T/run")" ] || fail "$1 left $(ls "$T/run") behind"
	[ -z "$(ip -n "$NS" -br link show type tun)" ] ||
		fail "$1 left an interface behind"
}

if ! ldd "$BUILD/netcond" | grep librte_ethdev >/dev/null; then
	step "a build without DPDK"
	refuses absent 'install libdpdk-dev' net_null0
	exit 0
fi
step "devices"
refuses unknown-driver net_nothing0 net_nothing0
refuses missing-interface 'iface=none' net_af_packet0,iface=none
refuses no-interface net_af_packet0 net_af_packet0
refuses unknown-argument colour net_af_packet0,iface=lo,colour=red
refuses long-name averyveryverylongname net_tap0,iface=averyveryverylongname
refuses no-card 'ffff:ff:1f.7' ffff:ff:1f.7
refuses no-server "$T/none" "net_memif0,socket-abstract=no,socket=$T/none"
refuses not-a-device "','" ,
