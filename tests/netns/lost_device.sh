#!/bin/bash
# SPDX-License-Identifier: MIT
# The device is lost while the service runs: deleted or moved away, the service
# ends with one sentence; down and up, it goes on and has counted it. It never
# spins, and programs learn the end.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
is_kernel && skip "about netcond itself"
tools=$BUILD/tests
[ -x "$tools/test_tx" ] || skip "not built: $tools/test_tx"

# The service has ended with status 1 and one sentence.
ended_with() { # SENTENCE
	local rc=0
	wait_gone "$NETCOND_PID" netcond
	wait "$NETCOND_PID" || rc=$?
	NETCOND_PID=
	is_equal "netcond's status" 1 $rc
	is_equal "its last line" "netcond: $1" "$(tail -n 1 "$T/netcond.log")"
	[ ! -e "$NETCOND_SOCKET" ] || fail "the socket file is still there"
}
passes() { net "$tools/test_rx" -l 100000 "$STACK4" >/dev/null; }
serve() {
	spawn_via tx "$tools/test_tx"
	wait_via_listen 5001
	passes
}
# The service sleeps: less than 100 ms of CPU in one second.
sleeps() { # WHAT
	local before
	before=$(cpu_ms "$NETCOND_PID")
	sleep 1
	is_less "CPU time in ms, $1" 100 $(($(cpu_ms "$NETCOND_PID") - before))
}
counted_down() { [ "$(stat_of dev_link_downs)" = "$1" ]; }

# The stack's end of the link and where it is.
lost_how() { # DEVICE NAMESPACE LOSE... -- SENTENCE
	local dev=$1 ns=$2
	step "$dev goes down and comes up"
	start_netcond
	serve
	ip -n "$ns" link set "$dev" down
	# The stack says something now and then; a closed port asks for it.
	sleeps "while the link is down"
	ip -n "$ns" link set "$dev" up
	wait_until "a transfer after the link came up" passes
	sleeps "after the link came up"
}

if is_tap; then
	lost_how tap0 "$NS"
	step "tap0 is deleted"
	ip -n "$NS" link del tap0
	ended_with "the device tap0 is gone: somebody deleted it"
else
	gone="the interface eth0 is gone: it was deleted or moved to another"
	gone="$gone network namespace"
	lost_how eth0 "$NSK"
	wait_until "the link's end in the counters" counted_down 1
	step "eth0 is deleted"
	ip -n "$NSK" link del eth0
	ended_with "$gone"
	step "eth0 moves to another network namespace"
	ip netns del "$NSK"
	start_netcond
	ip -n "$NSK" link set eth0 netns "$NS"
	ended_with "$gone"
	ip -n "$NS" link del eth0
	step "eth0 is deleted while it is down"
	ip netns del "$NSK"
	start_netcond
	ip -n "$NSK" link set eth0 down
	wait_until "the link's end in the counters" counted_down 1
	ip -n "$NSK" link del eth0
	ended_with "$gone"
fi
