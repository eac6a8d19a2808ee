#!/bin/bash
# SPDX-License-Identifier: MIT
# make install into a directory: what it puts there runs from there, and make
# uninstall takes all of it away.
BACKENDS=tap
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
need make curl
is_kernel && skip "about netcond itself"

root=$T/root
build_is=()
[ "$BUILD" = "$top/build" ] || build_is=(BUILD="$BUILD")
install_make() {
	make -s -C "$top" "$1" "${build_is[@]}" DESTDIR="$root" PREFIX=/usr \
		>"$T/make.log" 2>&1 || fail "make $1: $(tail -n 1 "$T/make.log")"
}
install_make install
for file in sbin/netcond bin/netcon bin/intercept lib/netcond/libintercept.so \
	share/man/man8/netcond.8 share/man/man1/intercept.1 \
	share/man/man1/netcon.1; do
	[ -s "$root/usr/$file" ] || fail "not installed: $file"
done

# From here on the installed programs are the ones that run.
mkdir "$T/bin"
ln -s "$root"/usr/sbin/* "$root"/usr/bin/* "$T/bin/"
tools=$BUILD/tests
BUILD=$T/bin
VIA=(ip netns exec "$NS" "$T/bin/intercept")
start_netcond
spawn_net http "$tools/load" echo "$HOST4" 7001
wait_net_listen 7001
via "$tools/load" rr "$HOST4" 7001 64 200 1
netcon ss >/dev/null
via "$T/bin/intercept" show >"$T/show.log"
grep -q "$root/usr/lib/netcond/libintercept.so" "$T/show.log" ||
	fail "intercept show does not name the installed library"
grep -q "$NETCOND_SOCKET" "$T/show.log" ||
	fail "intercept show does not name the service"
leak_check
kill "$NETCOND_PID"
wait_gone "$NETCOND_PID" netcond

install_make uninstall
is_equal "files left by make uninstall" "" "$(find "$root" -type f)"
