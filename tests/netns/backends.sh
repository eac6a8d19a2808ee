# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The devices that a stack can run on, for all scripts of tests: one list.
#
# But for the tap, each is one end of a veth pair, the other end of which is the
# kernel's side.

# shellcheck disable=SC2034 # for those who source this
ALL_BACKENDS="tap xdp-native xdp-skb packet dpdk"

is_backend() { [[ " $ALL_BACKENDS " = *" $1 "* ]]; }

# Options of netcond for one end of a veth pair (addresses are not among them).
backend_options() { # BACKEND INTERFACE
	case $1 in
	xdp-*) echo "--xdp $2 --xdp-mode ${1#xdp-}" ;;
	packet) echo "--packet $2" ;;
	dpdk) echo "--dpdk net_af_packet0,iface=$2" ;;
	esac
}

# What the other end must leave to software, so that each frame is one of the
# wire's. Only a driver that has the XDP program tells its peer so by itself.
backend_prepare_peer() { # BACKEND NAMESPACE INTERFACE
	case $1 in
	xdp-skb | dpdk) ip netns exec "$2" ethtool -K "$3" tso off gso off ;;
	esac
}

# Why this build or machine has no such device: nothing when it has.
backend_missing() { # BACKEND
	if [ "$1" = dpdk ] && ! ldd "$BUILD/netcond" | grep -q librte_ethdev; then
		echo "netcond was built without DPDK; it needs libdpdk-dev"
	elif [ "$1" = dpdk ] || [ "$1" = xdp-skb ]; then
		command -v ethtool >/dev/null || echo "not installed: ethtool"
	fi
}
