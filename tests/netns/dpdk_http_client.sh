#!/bin/bash
# SPDX-License-Identifier: MIT
# The test http_client with the stack on DPDK's packet driver, on a veth's end.
export NETNS_BACKEND=dpdk
# shellcheck source=tests/netns/http_client.sh
. "$(dirname "$0")/http_client.sh"
