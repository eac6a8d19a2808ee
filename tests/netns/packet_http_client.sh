#!/bin/bash
# SPDX-License-Identifier: MIT
# The test http_client with the stack on a packet socket of a veth's end.
export NETNS_BACKEND=packet
# shellcheck source=tests/netns/http_client.sh
. "$(dirname "$0")/http_client.sh"
