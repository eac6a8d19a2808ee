#!/bin/bash
# SPDX-License-Identifier: MIT
# The test iperf3 with the stack on DPDK's packet driver, on a veth's end.
export NETNS_BACKEND=dpdk
# shellcheck source=tests/netns/iperf3.sh
. "$(dirname "$0")/iperf3.sh"
