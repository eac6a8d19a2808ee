#!/bin/bash
# SPDX-License-Identifier: MIT
# The test lost_device with the stack on a packet socket of a veth's end.
export NETNS_BACKEND=packet
# shellcheck source=tests/netns/lost_device.sh
. "$(dirname "$0")/lost_device.sh"
