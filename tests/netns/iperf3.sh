#!/bin/bash
# SPDX-License-Identifier: MIT
# iperf3 with its server, then its client, on the stack: both directions, eight
# streams, UDP.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3 python3

# The JSON of a run says what arrived; nothing may have gone wrong.
measure() { # WHAT SIDE HOST IPERF-OPTION...
	local what=$1 side=$2 host=$3
	shift 3
	"$side" iperf3 -J -t 1 -c "$host" "$@" >"$T/iperf3.json" ||
		fail "$what: $(grep '"error"' "$T/iperf3.json")"
	python3 - "$T/iperf3.json" "$what" <<-'PY' || fail "$what: see above"
	import json, sys
	end = json.load(open(sys.argv[1]))["end"]
	if "sum_received" in end:
	    got, sent = end["sum_received"]["bytes"], end["sum_sent"]["bytes"]
	    ok = 0 < got <= sent and got > sent * 0.5
	else:
	    s = end["sum"]
	    got, sent = s["packets"] - s["lost_packets"], s["packets"]
	    ok = sent > 0 and s["lost_packets"] <= sent * 0.05
	print(f"{sys.argv[2]}: {got} of {sent} arrived")
	sys.exit(not ok)
	PY
}
all_ways() { # WHAT SIDE HOST HOST6
	step "$1"
	measure "$1" "$2" "$3"
	measure "$1, -R" "$2" "$3" -R
	measure "$1, IPv6" "$2" "$4" -6
	measure "$1, -P 8" "$2" "$3" -P 8
	measure "$1, -P 8 -R" "$2" "$3" -P 8 -R
	measure "$1, UDP" "$2" "$3" -u -b 20M -l 1200
	measure "$1, UDP -R" "$2" "$3" -u -b 20M -l 1200 -R
}

start_netcond
spawn_via server iperf3 -s -p 5201
wait_via_listen 5201
all_ways "server on the stack" net "$STACK4" "$STACK6"
kill "$PID"
wait_gone "$PID" "the server"

spawn_net host_server iperf3 -s -p 5201
wait_net_listen 5201
all_ways "client on the stack" via "$HOST4" "$HOST6"
leak_check
