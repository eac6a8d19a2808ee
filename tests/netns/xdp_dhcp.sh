#!/bin/bash
# SPDX-License-Identifier: MIT
# The test dhcp with the stack on an AF_XDP socket of a veth's end.
export NETNS_BACKEND=xdp
# shellcheck source=tests/netns/dhcp.sh
. "$(dirname "$0")/dhcp.sh"
