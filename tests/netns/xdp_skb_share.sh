#!/bin/bash
# SPDX-License-Identifier: MIT
# The test xdp_share with the program behind the driver.
export NETNS_BACKEND=xdp_skb
# shellcheck source=tests/netns/xdp_share.sh
. "$(dirname "$0")/xdp_share.sh"
