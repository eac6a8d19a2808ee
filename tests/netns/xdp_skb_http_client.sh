#!/bin/bash
# SPDX-License-Identifier: MIT
# The test http_client with the stack on an AF_XDP socket, program behind the driver.
export NETNS_BACKEND=xdp_skb
# shellcheck source=tests/netns/http_client.sh
. "$(dirname "$0")/http_client.sh"
