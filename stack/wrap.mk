# SPDX-License-Identifier: MIT
# lwIP's functions that stack/ puts its own in front of, by -Wl,--wrap.
STACK_WRAPS := tcp_input ip6_reass
