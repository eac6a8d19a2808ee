#!/bin/bash
# SPDX-License-Identifier: MIT
# The test lost_device with the stack on an AF_XDP socket.
export NETNS_BACKEND=xdp
# shellcheck source=tests/netns/lost_device.sh
. "$(dirname "$0")/lost_device.sh"
