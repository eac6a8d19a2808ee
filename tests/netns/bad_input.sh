#!/bin/bash
# SPDX-License-Identifier: MIT
# What cannot be done is refused with one sentence that quotes the bad value,
# with its exit status, and leaves nothing behind.
BACKENDS=tap
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need setpriv gcc
is_kernel && skip "about netcond itself"

netcond=("ip" netns exec "$NS" "$BUILD/netcond")
intercept=("ip" netns exec "$NS" "$BUILD/intercept")
socket=(--socket "$NETCOND_SOCKET")

# One sentence: the first line. A misuse may be followed by how to use it.
says() { # NAME PROGRAM QUOTED
	local first
	first=$(head -n 1 "$T/$1.log")
	case $first in
	"$2: "*"$3"*) ;;
	*) fail "'$1' should say '$2: ... $3 ...', it said '$first'" ;;
	esac
	[ "$(wc -l <"$T/$1.log")" = 1 ] || grep -q '^usage:' "$T/$1.log" ||
		fail "'$1' said more than one line: $(cat "$T/$1.log")"
}
left_nothing() { # WHAT
	[ -z "$(ip -n "$NS" -br link show type tun)" ] ||
		fail "$1 left a tap behind"
	[ -z "$(ls -A "$T/run")" ] || fail "$1 left $(ls "$T/run") behind"
	[ -z "$(ip netns pids "$NS")" ] || fail "$1 left a process behind"
}
refuses() { # NAME STATUS QUOTED CMD...
	local name=$1 status=$2 quoted=$3
	shift 3
	exits_with "$name" "$status" "$@"
	case $* in
	*/netcond*) says "$name" netcond "$quoted" ;;
	*) says "$name" intercept "$quoted" ;;
	esac
}
service_refuses() { # NAME STATUS QUOTED OPTION...
	local name=$1 status=$2 quoted=$3
	shift 3
	refuses "$name" "$status" "$quoted" "${netcond[@]}" \
		"${socket[@]}" "$@"
	left_nothing "$name"
}

step "netcond: options"
service_refuses unknown-option 2 --frobnicate --if tap0 --frobnicate
service_refuses bad-address 2 10.300.0.1/24 --if tap0 --addr 10.300.0.1/24
service_refuses bad-prefix 2 10.0.0.1/99 --if tap0 --addr 10.0.0.1/99
service_refuses bad-gateway 2 10.0.0 --if tap0 --gw 10.0.0
service_refuses bad-mac 2 zz:00:00:00:00:01 --if tap0 --mac zz:00:00:00:00:01
service_refuses group-mac 2 01:00:00:00:00:01 --if tap0 --mac 01:00:00:00:00:01
service_refuses bad-mtu 2 "'12'" --if tap0 --mtu 12
service_refuses bad-poll 2 never --if tap0 --poll never
service_refuses no-value 2 --if --if
service_refuses stray-word 2 stray --if tap0 stray
service_refuses closed-ready-fd 2 77 --if tap0 --ready-fd 77

step "netcond: interfaces"
service_refuses long-name 2 averyveryverylongname --if averyveryverylongname
service_refuses no-tap 1 "'lo'" --if lo
ip -n "$NS" link add veth0 type veth peer name veth1
service_refuses veth 1 "'veth0'" --if veth0
at=(--addr 10.108.0.2/24)
service_refuses packet-missing 1 "'none0'" --packet none0 "${at[@]}"
service_refuses packet-down 1 "'veth0' is down" --packet veth0 "${at[@]}"
service_refuses packet-lo 1 "lo is no Ethernet" --packet lo "${at[@]}"
ip -n "$NS" addr add 10.108.0.2/24 dev veth0
ip -n "$NS" link set veth0 up
service_refuses packet-mtu 1 "9000 is more than the 1500" --packet veth0 \
	"${at[@]}" --mtu 9000
service_refuses packet-taken 1 "10.108.0.2/24" --packet veth0 "${at[@]}"
ip -n "$NS" link del veth0

step "netcond: impairments"
service_refuses bad-chance 2 "loss=200%" --if tap0 --impair loss=200%
service_refuses bad-name 2 "los=1%" --if tap0 --impair los=1%
service_refuses bad-unit 2 "delay=5" --if tap0 --impair loss=1%,delay=5

step "netcond: socket paths"
service_refuses no-directory 1 "$T/none/there.sock" --if tap0 \
	--socket "$T/none/there.sock"
service_refuses long-path 2 "xxx" --if tap0 \
	--socket "/tmp/$(printf 'x%.0s' {1..200})"
echo precious >"$T/file"
service_refuses plain-file 1 "$T/file" --if tap0 --socket "$T/file"
is_equal "a plain file in place of a socket" precious "$(cat "$T/file")"

step "netcond: what belongs to somebody else"
start_netcond
refuses tap-in-use 1 "'tap0'" "${netcond[@]}" --if tap0 \
	--socket "$T/other.sock"
refuses second-service 1 "$NETCOND_SOCKET" "${netcond[@]}" "${socket[@]}" \
	--if tap1
[ ! -e "$T/other.sock" ] || fail "tap-in-use left its socket file"
! ip -n "$NS" link show tap1 2>/dev/null || fail "second-service left tap1"
stat_json >/dev/null || fail "the first service does not answer any more"

step "intercept: programs, while a service runs"
mkdir "$T/directory"
install -m 644 /bin/true "$T/not-executable"
echo 'int main(void) { return 0; }' >"$T/static.c"
gcc -static -o "$T/static" "$T/static.c"
install -m 4755 -o nobody /bin/true "$T/setuid"
for case in \
	"missing 127 $T/missing" "missing-in-path 127 no-such-program" \
	"directory 126 $T/directory" "not-executable 126 $T/not-executable" \
	"static 125 $T/static" "setuid 125 $T/setuid"; do
	read -r name status program <<<"$case"
	refuses "$name" "$status" "$program" "${intercept[@]}" "$program"
done
refuses intercept-option 125 --frobnicate "${intercept[@]}" --frobnicate true
kill "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond
left_nothing "the service"

step "intercept: no service, no library"
refuses no-service 125 "$NETCOND_SOCKET" "${intercept[@]}" touch "$T/ran"
install -m 755 -D "$BUILD/intercept" "$T/alone/bin/intercept"
if [ ! -e /usr/local/lib/netcond/libintercept.so ]; then
	refuses no-library 125 libintercept.so ip netns exec "$NS" \
		"$T/alone/bin/intercept" touch "$T/ran"
fi
[ ! -e "$T/ran" ] || fail "the program ran on the host's stack"

step "netcond -- PROGRAM: the program's fault"
service_refuses child-missing 127 no-such-program --if tap0 -- no-such-program
service_refuses child-directory 126 "$T/directory" --if tap0 -- "$T/directory"
service_refuses child-static 125 "$T/static" --if tap0 -- "$T/static"

step "no permission for /dev/net/tun"
install -m 755 "$BUILD/netcond" "$T/netcond"
install -d -o nobody "$T/nobody"
# Where everybody may open the device, making an interface still needs more.
refused=/dev/net/tun
[ "$(stat -c %a $refused)" != 666 ] || refused="'tap0'"
refuses no-permission 1 "$refused" \
	ip netns exec "$NS" setpriv --reuid nobody --clear-groups \
	--inh-caps=-all "$T/netcond" --if tap0 --socket "$T/nobody/netcond.sock"
[ ! -e "$T/nobody/netcond.sock" ] || fail "no-permission left its socket file"
left_nothing no-permission
