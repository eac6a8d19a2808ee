#!/bin/bash
# SPDX-License-Identifier: MIT
# The test iperf3 with the stack on a packet socket of a veth's end.
export NETNS_BACKEND=packet
# shellcheck source=tests/netns/iperf3.sh
. "$(dirname "$0")/iperf3.sh"
