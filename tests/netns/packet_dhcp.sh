#!/bin/bash
# SPDX-License-Identifier: MIT
# The test dhcp with the stack on a packet socket of a veth's end.
export NETNS_BACKEND=packet
# shellcheck source=tests/netns/dhcp.sh
. "$(dirname "$0")/dhcp.sh"
