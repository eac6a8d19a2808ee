#!/bin/bash
# SPDX-License-Identifier: MIT
# The test impair_transfer with the stack on a packet socket of a veth's end.
export NETNS_BACKEND=packet
# shellcheck source=tests/netns/impair_transfer.sh
. "$(dirname "$0")/impair_transfer.sh"
