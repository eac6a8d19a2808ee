/* SPDX-License-Identifier: MIT */
/* The stack's interfaces as programs see them: lo and eth0. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <lwip/netif.h>

#include "stack/stack_priv.h"

#define LO_IDX 0         /* as stack_get_if counts */
#define ETH_IDX 1
#define IF_COUNT 2
#define LO_MTU 65536     /* as Linux shows it; lwIP has none there */

/* Network order in, bits out. */
static uint8_t prefix_of_mask(const ip4_addr_t *mask)
{
	return (uint8_t)__builtin_popcount(ip4_addr_get_u32(mask));
}

static void add(struct stack_if *out, const struct stack_cidr *cidr)
{
	if (out->addr_count < sizeof(out->addrs) / sizeof(out->addrs[0]))
		out->addrs[out->addr_count++] = *cidr;
}

/* lo has all of 127/8; lwIP's interface shows the address used last. */
static void add_loopback(struct stack_if *out)
{
	struct stack_cidr cidr = { .family = AF_INET, .prefix_len = 8 };

	cidr.in.s_addr = htonl(INADDR_LOOPBACK);
	add(out, &cidr);
}

static void add_ipv4(struct stack_if *out, const struct netif *netif)
{
	struct stack_cidr cidr = {
		.family = AF_INET,
		.prefix_len = prefix_of_mask(netif_ip4_netmask(netif)),
	};

	cidr.in.s_addr = ip4_addr_get_u32(netif_ip4_addr(netif));
	if (cidr.in.s_addr)
		add(out, &cidr);
}

/* lwIP has /64 on every address but the loopback's. */
static void add_ipv6(struct stack_if *out, const struct netif *netif)
{
	struct stack_cidr cidr = { .family = AF_INET6 };

	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		if (!ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
			continue;
		memcpy(&cidr.in6, netif_ip6_addr(netif, i)->addr,
		       sizeof(cidr.in6));
		cidr.prefix_len = IN6_IS_ADDR_LOOPBACK(&cidr.in6) ? 128 : 64;
		add(out, &cidr);
	}
}

static unsigned flags_of(const struct netif *netif, bool is_lo)
{
	unsigned flags = is_lo ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;

	if (netif_is_up(netif))
		flags |= IFF_UP;
	if (netif_is_link_up(netif))
		flags |= IFF_RUNNING;
	return flags;
}

/**
 * stack_get_if() - Describe an interface.
 * @stack:	the stack
 * @idx:	0 is lo, 1 is eth0; its `index` is one more
 * @out:	filled
 *
 * Return: 0, or -ENOENT past the last one.
 */
int stack_get_if(const struct stack *stack, unsigned idx, struct stack_if *out)
{
	const struct netif *netif = idx == LO_IDX ? stack->netif_lo
	                                          : stack_netif_eth(stack);

	if (idx >= IF_COUNT || !netif)
		return -ENOENT;
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s",
	         idx == LO_IDX ? "lo" : "eth0");
	out->index = idx + 1;
	out->flags = flags_of(netif, idx == LO_IDX);
	out->mtu = idx == LO_IDX ? LO_MTU : netif->mtu;
	if (idx == ETH_IDX)
		memcpy(out->mac, netif->hwaddr, sizeof(out->mac));
	if (idx == LO_IDX)
		add_loopback(out);
	else
		add_ipv4(out, netif);
	add_ipv6(out, netif);
	return 0;
}
