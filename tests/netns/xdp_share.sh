#!/bin/bash
# SPDX-License-Identifier: MIT
# Host and stack share a card: each has its addresses there, both are pinged,
# both serve, both fetch at the same time, and VLANs stay the host's.
BACKENDS="xdp-native xdp-skb"
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need ping curl
is_kernel && skip "about netcond itself"
python=/usr/bin/python3
[ -x $python ] || skip "not installed: $python"

SHARED4=10.107.0.3 SHARED6=fd07:6e65:7463::3 # the host's, on the same card
host() { ip netns exec "$NSK" "$@"; }

echoes() { # ADDR SIZE
	net ping -q -n -i 0.01 -W 2 -c 10 -s "$2" "$1" >"$T/ping.log" ||
		fail "ping -s $2 $1: $(grep loss "$T/ping.log")"
	grep -q '10 received' "$T/ping.log" ||
		fail "ping -s $2 $1: $(grep loss "$T/ping.log")"
}
# What FILE of each server is, by the sum of it.
serve() { # NAME CMD...
	local name=$1
	shift
	mkdir -p "$T/$name"
	head -c 4000000 /dev/urandom >"$T/$name/file"
	spawn "$name" "$@" $python -m http.server --bind :: -d "$T/$name" 80
}
fetch() { # NAME FROM URL CMD...
	local got=$T/$1.$2.got from=$2 url=$3
	local want
	want=$(sum_of "$T/$from/file")
	shift 3
	"$@" curl -sS --fail --max-time 20 -o "$got" "$url/file" &&
		is_equal "sum of $url" "$want" "$(sum_of "$got")" &&
		rm "$got"
}
# Run all at the same time; each must succeed.
PIDS=()
at_once() { "$@" >>"$T/at_once.log" 2>&1 & PIDS+=($!); }
all_done() { # WHAT
	local pid
	for pid in "${PIDS[@]}"; do
		wait "$pid" || fail "$1: $(tail -n 1 "$T/at_once.log")"
	done
	PIDS=()
}

choose_device
ip -n "$NSK" addr add $SHARED4/24 dev eth0
ip -n "$NSK" addr add $SHARED6/64 dev eth0 nodad
start_netcond
grep -q '^mode .*xdp' "$T/netcond.log" || fail "no XDP"
is_equal "the stack's MAC" \
	"$(ip -n "$NSK" -br link show eth0 | grep -Eo '(..:){5}..')" \
	"$(awk '$1 == "mac" { print $2 }' "$T/netcond.log")"

step "both are pinged: small, a full frame, fragments"
for size in 56 1400 8000; do
	for addr in "$STACK4" $SHARED4 "$STACK6" $SHARED6; do
		echoes "$addr" $size
	done
done
step "neighbours are found again"
for side in "$NS" "$NSK"; do ip -n "$side" neigh flush all; done
host ping -q -n -c 2 -i 0.1 "$HOST4" >/dev/null || fail "the host's ARP"
host ping -q -n -c 2 -i 0.1 "$HOST6" >/dev/null || fail "the host's ND"
echoes "$STACK6" 56

step "both serve"
serve peer ip netns exec "$NS"
serve host ip netns exec "$NSK"
serve stack "${VIA[@]}"
wait_net_listen 80
wait_until "the host's server" net_listens 80 tcp "$NSK"
wait_via_listen 80
for i in 1 2 3; do
	at_once fetch "in$i" stack "http://$STACK4" net
	at_once fetch "in6$i" stack "http://[$STACK6]" net
	at_once fetch "in$i" host "http://$SHARED4" net
	at_once fetch "in6$i" host "http://[$SHARED6]" net
done
all_done "fetching from both"

step "both open connections outward, while both serve"
for i in 1 2 3; do
	at_once fetch "via$i" peer "http://$HOST4" via
	at_once fetch "via6$i" peer "http://[$HOST6]" via
	at_once fetch "host$i" peer "http://$HOST4" host
	at_once fetch "host6$i" peer "http://[$HOST6]" host
	at_once fetch "in$i" stack "http://$STACK4" net
	at_once fetch "in$i" host "http://$SHARED4" net
done
all_done "fetching by both"

step "a frame with a VLAN tag is the host's, whatever its address"
# A ping to the stack's address, with a tag behind the Ethernet addresses.
cat >"$T/tagged.py" <<-'PYTHON'
	import socket, struct, sys
	mac, ip = bytes.fromhex(sys.argv[1].replace(":", "")), sys.argv[2]
	out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	out.bind(("tap0", 0))
	packet = struct.pack("!BBHHHBBH4s4s8s", 0x45, 0, 28, 0, 0, 64, 1, 0,
	                     socket.inet_aton("10.107.0.1"),
	                     socket.inet_aton(ip), b"\x08" + bytes(7))
	for _ in range(100):
	    out.send(mac + bytes(6) + b"\x81\x00\x00\x05" + b"\x08\x00" + packet)
PYTHON
sleep 0.3 # the kernel's counters are read ten times a second
redirected=$(stat_of dev_xdp_redirected) passed=$(stat_of dev_xdp_passed)
net $python "$T/tagged.py" \
	"$(awk '$1 == "mac" { print $2 }' "$T/netcond.log")" "$STACK4"
sleep 0.3
is_less "tagged frames that went to the stack" 20 \
	$(($(stat_of dev_xdp_redirected) - redirected))
[ $(($(stat_of dev_xdp_passed) - passed)) -ge 100 ] ||
	fail "tagged frames were not passed"

# A card takes the tag out of the frame; a veth's other end never puts it in.
if [ "$NETNS_BACKEND" = xdp-native ] && command -v clang tc >/dev/null; then
	step "so is one whose tag stands beside it"
	grep -q 'vlan tags' "$T/netcond.log" || skip "a kernel before Linux 6.8"
	cat >"$T/push.c" <<-'C'
	#include <linux/bpf.h>
	#include <bpf/bpf_helpers.h>
	SEC("tc") int push(struct __sk_buff *skb)
	{
		bpf_skb_vlan_push(skb, __builtin_bswap16(0x8100), 5);
		return 0;
	}
	char _license[] SEC("license") = "Dual MIT/GPL";
	C
	clang -O2 -g -target bpf -c "$T/push.c" -o "$T/push.o" \
		-idirafter "/usr/include/$(gcc -print-multiarch)"
	redirected=$(stat_of dev_xdp_redirected)
	net tc qdisc add dev tap0 clsact
	net tc filter add dev tap0 egress bpf da obj "$T/push.o" sec tc
	if net ping -q -n -c 50 -i 0.01 -W 1 "$STACK4" >"$T/vlan.log"; then
		fail "the stack answers what has a tag"
	fi
	net tc qdisc del dev tap0 clsact
	sleep 0.3
	is_less "tagged frames that went to the stack" 20 \
		$(($(stat_of dev_xdp_redirected) - redirected))
	wait_until "an echo without a tag" net ping -q -n -c 1 -W 1 "$STACK4"
fi

step "what each got was counted"
[ "$(stat_of dev_xdp_redirected)" -gt 1000 ] || fail "hardly any redirected"
[ "$(stat_of dev_xdp_passed)" -gt 1000 ] || fail "hardly any passed"
is_equal "frames on other queues" 0 "$(stat_of dev_xdp_passed_queue)"
is_equal "frames that are too long" 0 "$(stat_of dev_xdp_dropped_long)"
