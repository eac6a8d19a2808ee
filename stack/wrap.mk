# SPDX-License-Identifier: MIT
# lwIP's functions that stack/ puts its own in front of, by -Wl,--wrap.
STACK_WRAPS := tcp_input ip4_frag ip6_frag ip6_reass netif_set_addr \
	nd6_input tcp_split_unsent_seg
