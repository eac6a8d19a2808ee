#!/bin/bash
# SPDX-License-Identifier: MIT
# nc as server and as client on the stack: TCP and UDP, IPv4 and IPv6.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need nc

head -c 2000000 /dev/urandom >"$T/file"
want=$(sum_of "$T/file")

# A file from the client to the server, which ends at the end of the stream.
tcp_file() { # WHAT SERVER-SIDE CLIENT-SIDE FAMILY ADDRESS
	step "TCP, $1"
	rm -f "$T/got"
	spawn_"$2" server sh -c "exec nc $4 -l -p 7000 >$T/got"
	local server=$PID
	wait_"$2"_listen 7000
	"$3" nc "$4" -N "$5" 7000 <"$T/file"
	wait_gone "$server" "the server"
	is_equal "sum, $1" "$want" "$(sum_of "$T/got")"
}
# A datagram there and one back.
udp_exchange() { # WHAT SERVER-SIDE CLIENT-SIDE FAMILY ADDRESS
	step "UDP, $1"
	spawn_"$2" udp_server sh -c \
		"exec nc $4 -u -l -p 7001 <$T/answer >$T/asked"
	local server=$PID
	exec {answer}<>"$T/answer"
	wait_"$2"_listen 7001 udp
	exec {question}<>"$T/question"
	spawn_"$3" udp_client sh -c \
		"exec nc $4 -u $5 7001 <$T/question >$T/answered"
	echo "a question, $1" >&$question
	wait_until "the question" grep -q "a question, $1" "$T/asked"
	echo "an answer, $1" >&$answer
	wait_until "the answer" grep -q "an answer, $1" "$T/answered"
	kill "$PID" "$server"
	wait_gone "$server" "the UDP server"
	exec {answer}>&- {question}>&-
}

start_netcond
tcp_file "to the stack, IPv4" via net -4 "$STACK4"
tcp_file "to the stack, IPv6" via net -6 "$STACK6"
tcp_file "from the stack, IPv4" net via -4 "$HOST4"
tcp_file "from the stack, IPv6" net via -6 "$HOST6"
mkfifo "$T/answer" "$T/question"
udp_exchange "to the stack, IPv4" via net -4 "$STACK4"
udp_exchange "to the stack, IPv6" via net -6 "$STACK6"
udp_exchange "from the stack, IPv4" net via -4 "$HOST4"
udp_exchange "from the stack, IPv6" net via -6 "$HOST6"
leak_check
