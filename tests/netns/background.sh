#!/bin/bash
# SPDX-License-Identifier: MIT
# --daemon, --pidfile and --user: when the command returns, who runs, and that
# nothing stays, whichever way the service ends.
BACKENDS=tap
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need setpriv
is_kernel && skip "about netcond itself"
chmod 755 "$T" "$T/run"

run=(ip netns exec "$NS" "$BUILD/netcond" --if tap0)
left_nothing() {
	! ip -n "$NS" link show tap0 >/dev/null 2>&1 &&
		[ -z "$(ls -A "$T/run")" ] && [ -z "$(ip netns pids "$NS")" ]
}
user_of() { stat -c %U "/proc/$1"; }

step "--daemon returns when programs can be intercepted"
(cd "$T/run" && "${run[@]}" --daemon --pidfile pid) >"$T/daemon.log" </dev/null
NETCOND_PID=$(cat "$T/run/pid")
grep -q "^control *$NETCOND_SOCKET$" "$T/daemon.log" ||
	fail "the configuration was not printed"
via "$BUILD/intercept" show >"$T/show.log"
grep -q '^in effect *yes' "$T/show.log" || fail "not in effect"
is_equal "its directory" / "$(readlink "/proc/$NETCOND_PID/cwd")"
is_equal "its stderr" /dev/null "$(readlink "/proc/$NETCOND_PID/fd/2")"

step "a pidfile of a living process is left alone"
exits_with second 1 "${run[@]}" --socket "$T/run/other.sock" --pidfile "$T/run/pid"
grep -q "'$T/run/pid' .* $NETCOND_PID" "$T/second.log" ||
	fail "said: $(cat "$T/second.log")"
is_equal "the pidfile" "$NETCOND_PID" "$(cat "$T/run/pid")"
kill "$NETCOND_PID"
wait_until "nothing to be left" left_nothing

step "--daemon that fails: the sentence and the status, at once"
exits_with failed 1 "${run[@]}" --daemon --socket "$T/none/there.sock"
grep -q "^netcond: .*$T/none/there.sock" "$T/failed.log" ||
	fail "said: $(cat "$T/failed.log")"
left_nothing || fail "a daemon that failed left something behind"

for signal in TERM KILL; do
	step "--user: the files of root go with the service, after SIG$signal"
	"${run[@]}" --daemon --user nobody --pidfile "$T/run/pid" >"$T/user.log" \
		</dev/null
	NETCOND_PID=$(cat "$T/run/pid")
	is_equal "who runs" nobody "$(user_of "$NETCOND_PID")"
	is_equal "whose pidfile" root "$(stat -c %U "$T/run/pid")"
	net ping -q -c 1 -W 2 "$STACK4" >/dev/null || fail "no echo"
	kill -$signal "$NETCOND_PID"
	wait_until "nothing to be left" left_nothing
done

step "--user: the program runs as that user"
"${run[@]}" --user nobody -- sh -c 'id -un; exit 5' >"$T/id.log" 2>/dev/null ||
	is_equal "its status" 5 $?
is_equal "who ran" nobody "$(cat "$T/id.log")"
exits_with no-user 2 "${run[@]}" --user no-such-user
wait_until "nothing to be left" left_nothing

step "a pidfile of a process that is gone is taken over"
sh -c 'echo $$' >"$T/run/pid"
"${run[@]}" --daemon --pidfile "$T/run/pid" >"$T/over.log" </dev/null
kill "$(cat "$T/run/pid")"
wait_until "nothing to be left" left_nothing
