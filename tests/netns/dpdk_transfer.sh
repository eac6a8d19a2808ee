#!/bin/bash
# SPDX-License-Identifier: MIT
# The test transfer with the stack on DPDK's packet driver, on a veth's end.
export NETNS_BACKEND=dpdk
# shellcheck source=tests/netns/transfer.sh
. "$(dirname "$0")/transfer.sh"
