#!/bin/bash
# SPDX-License-Identifier: MIT
# tcpdump on tap0 sees the traffic; --pcap FILE is a file that tcpdump reads,
# with the same connection in it from its SYN to its FIN.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need tcpdump curl
is_kernel && skip "about netcond itself"
tools=$BUILD/tests

start_netcond --pcap "$T/stack.pcap"
# Headers alone: whole super-frames would not fit into the capture's buffer.
spawn_net tap_dump tcpdump -n -i tap0 -s 128 -w "$T/tap.pcap" -U tcp port 5001
wait_log tap_dump 'listening on tap0'
spawn_via tx "$tools/test_tx" -n 1
wait_via_listen 5001
net "$tools/test_rx" -l 3000000 "$STACK4"
leak_check

# What a capture says of the connection.
flags() { # FILE REGEX
	tcpdump -n -r "$1" tcp port 5001 2>/dev/null |
		grep -Ec "Flags \[$2\]" || true
}
payload() { # FILE
	tcpdump -n -r "$1" tcp src port 5001 2>/dev/null |
		awk '{ sum += $NF } END { print sum + 0 }'
}
whole() { [ "$(flags "$1" 'FP?\.')" -ge 2 ] && [ "$(payload "$1")" -ge 3000000 ]; }
for file in "$T/tap.pcap" "$T/stack.pcap"; do
	step "${file##*/}"
	wait_until "all of the connection in ${file##*/}" whole "$file"
	is_equal "SYNs in ${file##*/}" 1 "$(flags "$file" S)"
	is_equal "SYN-ACKs in ${file##*/}" 1 "$(flags "$file" 'S\.')"
done
