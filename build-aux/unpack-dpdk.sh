#!/bin/bash
# SPDX-License-Identifier: MIT
# Unpack what a build with DPDK needs of Debian 12's packages, without
# installing anything: libdpdk-dev itself depends on udev and rdma-core.
#
#   usage: unpack-dpdk.sh DIR      then: make DPDK=1 DPDK_ROOT=DIR
#
# The drivers are net_af_packet, net_memif, net_null and net_tap. DPDK loads
# drivers only from below directories that not everybody may write to: DIR
# cannot be in /tmp.
set -euo pipefail

drivers="bus-pci23 bus-vdev23 mempool-ring23 net-af-packet23 net-memif23
	net-null23 net-tap23"
libraries="eal23 ethdev23 gso23 hash23 kvargs23 mbuf23 mempool23 meter23 net23
	pci23 rcu23 ring23 telemetry23"
others="libdpdk-dev libbsd-dev libmd-dev libfdt1 libnuma1 libbsd0 libmd0"

say() { printf '%s\n' "unpack-dpdk: $*" >&2; }
die() { say "$*"; exit 1; }

[ $# -eq 1 ] || die "expected DIR, got $# arguments"
mkdir -p "$1"
root=$(cd "$1" && pwd)
case $root in
/tmp | /tmp/* | /var/tmp | /var/tmp/*)
	die "DPDK loads no drivers from '$root': expected a directory that" \
		"only its owner may write to, as are all above it" ;;
esac
command -v apt-get >/dev/null || die "this system has no apt-get"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
packages=$others
for name in $libraries $drivers; do packages+=" librte-$name"; done
# shellcheck disable=SC2086
(cd "$tmp" && apt-get -q -o APT::Sandbox::User=root download $packages \
	>/dev/null) || die "apt-get could not download the packages of DPDK;" \
	"are they Debian 12's, and the lists loaded?"
for deb in "$tmp"/*.deb; do dpkg -x "$deb" "$root"; done
# Names of libraries that are not there would stand in the linker's way.
find "$root" -xtype l -delete
