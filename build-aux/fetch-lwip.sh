#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch lwIP's source from Debian's source package, check it, unpack it.
#
#   fetch-lwip.sh CACHE_DIR DEST_DIR
#
# The system's own package sources are copied into a private list directory
# with `deb` turned into `deb-src`: neither its configuration nor its lists are
# touched, and no privilege is needed. The tarball stays in CACHE_DIR, so a
# later run needs no network. What does not have the pinned checksum is thrown
# away.
set -eu

VERSION=2.1.3
SHA256=0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24

say() { printf '%s\n' "fetch-lwip: $*" >&2; }
die() { say "$*"; exit 1; }

[ $# -eq 2 ] || die "expected CACHE_DIR and DEST_DIR, got $# arguments"
cache=$1
dest=$2
tarball=$cache/lwip-$VERSION.orig.tar

# The sources that are in effect, one-line and deb822, as deb-src.
derive_sources() {
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$file" ] || continue
		sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file"
	done >"$tmp/parts/system.list"
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -r "$file" ] || continue
		sed 's/^[Tt]ypes:.*/Types: deb-src/' "$file" \
			>"$tmp/parts/${file##*/}"
	done
}

apt_private() { apt-get -q -c "$tmp/apt.conf" "$@" >>"$tmp/log" 2>&1; }

# A third party's list that fails to load does not matter as long as the
# package is found, so only the second command's result counts.
download() {
	command -v apt-get >/dev/null ||
		die "apt-get is missing; name an unpacked lwIP tree with LWIP_DIR="
	mkdir -p "$tmp/parts" "$tmp/lists/partial" "$tmp/cache/archives/partial"
	mkdir -p "$tmp/src"
	cat >"$tmp/apt.conf" <<-CONF
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$tmp/parts";
		Dir::State::lists "$tmp/lists";
		Dir::Cache "$tmp/cache";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	CONF
	derive_sources
	apt_private update || :
	version=$(apt-cache -c "$tmp/apt.conf" showsrc lwip 2>/dev/null |
		sed -n "s/^Version: \($VERSION[+-].*\)/\1/p" | head -n 1)
	if [ -z "$version" ] || ! (cd "$tmp/src" &&
		apt_private source --download-only "lwip=$version"); then
		tail -n 5 "$tmp/log" >&2
		die "Debian's source package lwip $VERSION cannot be had from" \
			"this system's package sources; name an unpacked lwIP" \
			"tree with LWIP_DIR="
	fi
}

has_checksum() {
	[ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$SHA256" ]
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$dest.new"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$tmp" # apt's own user reads and writes below it

if ! [ -f "$tarball" ]; then
	say "fetching lwIP $VERSION from Debian's source package"
	download
	set -- "$tmp"/src/lwip_*.orig.tar.*
	has_checksum "$1" ||
		die "${1##*/} does not have the sha256 $SHA256: not used"
	mkdir -p "$cache"
	cp "$1" "$tarball.new"
	mv "$tarball.new" "$tarball"
fi
if ! has_checksum "$tarball"; then
	rm -f "$tarball"
	die "$tarball did not have the sha256 $SHA256: removed, run again"
fi

rm -rf "$dest.new" "$dest"
mkdir -p "$dest.new"
tar -xf "$tarball" -C "$dest.new" --strip-components=1
mv "$dest.new" "$dest"
