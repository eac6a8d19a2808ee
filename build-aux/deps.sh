#!/bin/bash
# SPDX-License-Identifier: MIT
# Get the packages that build and tests need (docs/dependencies.md).
#
#   usage: deps.sh BUILD CACHE [lint]
#
# Compilers and plain tools are installed by apt-get, as root. Servers, and
# what comes with a service, are never installed: their packages are unpacked
# into BUILD/pkgs/root, so nothing of them is configured, started or enabled on
# this machine, and BUILD/pkgs/env.sh puts them on the PATH of the tests. A
# program that is on the PATH already is used as it is. Downloaded packages stay
# in CACHE, so a second run needs no network.
#
# When everything is there it takes no time and no privilege.
# Exit status: 0, or 1 with one sentence on what is missing.
set -euo pipefail

# Package names; each brings commands or headers of the build and the tests.
installed="build-essential clang libbpf-dev libxdp-dev libcunit1-dev pkg-config
	xz-utils curl wget iproute2 ethtool tcpdump netcat-openbsd python3 procps util-linux"
lint_installed="clang clang-tidy cppcheck"
# COMMAND:PACKAGE of what is unpacked when COMMAND is not on the PATH.
unpacked="redis-server:redis-server redis-cli:redis-tools
	redis-benchmark:redis-tools nginx:nginx iperf3:iperf3
	dnsmasq:dnsmasq-base wrk:wrk ping:iputils-ping"

say() { printf '%s\n' "deps: $*" >&2; }
die() { say "$*"; exit 1; }

[ $# -ge 2 ] || die "expected BUILD and CACHE, got $# arguments"
mkdir -p "$1" "$2"
build=$(cd "$1" && pwd)
cache=$(cd "$2" && pwd)/debs
pkgs=$build/pkgs
root=$pkgs/root
if [ "${3:-}" = lint ]; then
	installed=$lint_installed
	unpacked=
fi
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
	die "this system has no apt-get; docs/dependencies.md lists what is" \
		"needed"

missing_packages() {
	local package
	for package in $installed; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q 'ok installed' || printf '%s ' "$package"
	done
}

# The packages of the commands that are neither on the PATH nor unpacked.
missing_unpacked() {
	local pair command
	for pair in $unpacked; do
		command=${pair%%:*}
		command -v "$command" >/dev/null ||
			[ -x "$root/bin/$command" ] ||
			[ -x "$root/usr/bin/$command" ] ||
			[ -x "$root/usr/sbin/$command" ] ||
			printf '%s\n' "${pair#*:}"
	done | sort -u | tr '\n' ' '
}

# Run apt-get; on failure load the lists once, as root, and try again.
lists_are_fresh=
with_lists() {
	"$@" && return
	[ -z "$lists_are_fresh" ] && [ "$(id -u)" = 0 ] || return 1
	say "loading the package lists"
	apt-get -q -y update >/dev/null || return 1
	lists_are_fresh=1
	"$@"
}

install_packages() { # PACKAGE...
	[ "$(id -u)" = 0 ] ||
		die "missing packages: $*; install them, or run this as root"
	say "installing $*"
	with_lists apt-get -q -y --no-install-recommends install "$@" ||
		die "apt-get could not install: $*"
}

# "NAME=VERSION" of the packages and of all they need that is not installed.
closure() { # PACKAGE...
	apt-get -s -q --no-install-recommends install "$@" |
		sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\?(\([^ ]*\) .*/\1=\3/p'
}

# apt names a file NAME_VERSION_ARCH.deb, a version's colon as %3a.
deb_of() { # NAME=VERSION
	local name=${1%%=*} version=${1#*=}
	set -- "$cache/${name%%:*}_${version//:/%3a}"_*.deb
	[ -e "$1" ] && printf '%s\n' "$1"
}

fetch_deb() { # NAME=VERSION
	deb_of "$1" >/dev/null && return
	(cd "$cache" && apt-get -q -o APT::Sandbox::User=root download "$1" \
		>/dev/null)
}

unpack_packages() { # PACKAGE...
	local spec list
	say "unpacking $* into $root"
	mkdir -p "$cache" "$root"
	list=$(with_lists closure "$@") && [ -n "$list" ] ||
		die "apt-get does not know these packages: $*"
	for spec in $list; do
		with_lists fetch_deb "$spec" ||
			die "apt-get could not download $spec"
		dpkg -x "$(deb_of "$spec")" "$root"
	done
}

write_env() {
	local lib=usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
	mkdir -p "$pkgs"
	cat >"$pkgs/env.sh.new" <<-ENV
		# Made by build-aux/deps.sh: puts the unpacked programs on the PATH.
		NETCOND_PKGS=$root
		PATH=\$PATH:\$NETCOND_PKGS/usr/bin:\$NETCOND_PKGS/usr/sbin
		PATH=\$PATH:\$NETCOND_PKGS/bin:/usr/sbin:/sbin
		export NETCOND_PKGS PATH
		if [ -d "\$NETCOND_PKGS/$lib" ]; then
			LD_LIBRARY_PATH=\$NETCOND_PKGS/$lib:\${LD_LIBRARY_PATH:-}
			LD_LIBRARY_PATH=\${LD_LIBRARY_PATH%:}
			export LD_LIBRARY_PATH
		fi
	ENV
	mv "$pkgs/env.sh.new" "$pkgs/env.sh"
}

missing=$(missing_packages)
# shellcheck disable=SC2086
[ -z "$missing" ] || install_packages $missing
missing=$(missing_unpacked)
# shellcheck disable=SC2086
[ -z "$missing" ] || unpack_packages $missing
missing=$(missing_unpacked)
[ -z "$missing" ] || die "these packages lack the expected command: $missing"
if [ "${3:-}" != lint ] && ! [ "$pkgs/env.sh" -nt "$0" ]; then write_env; fi
