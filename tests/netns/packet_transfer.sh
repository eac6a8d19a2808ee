#!/bin/bash
# SPDX-License-Identifier: MIT
# The test transfer with the stack on a packet socket of a veth's end.
export NETNS_BACKEND=packet
# shellcheck source=tests/netns/transfer.sh
. "$(dirname "$0")/transfer.sh"
