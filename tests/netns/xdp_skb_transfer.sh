#!/bin/bash
# SPDX-License-Identifier: MIT
# The test transfer with the stack on an AF_XDP socket, program behind the driver.
export NETNS_BACKEND=xdp_skb
# shellcheck source=tests/netns/transfer.sh
. "$(dirname "$0")/transfer.sh"
