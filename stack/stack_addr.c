/* SPDX-License-Identifier: MIT */
/* The stack's addresses and routes.
 *
 * lwIP's routing answers with the default interface for whatever it does not
 * know, so what has no route is found out here, as Linux does it in connect():
 * ENETUNREACH at once instead of a time-out. lwIP takes each IPv6 address for
 * one of a /64.
 */
#include "stack/stack_addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lwip/ip6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/prot/ip4.h>
#include <stdio.h>
#include <string.h>

#include "stack/dns_msg.h"
#include "stack/ethif.h"
#include "stack/port/arch/cc.h"
#include "stack/port/hooks.h"
#include "stack/sock_priv.h"
#include "stack/stack_priv.h"

static int reject(char *why, const struct stack_cidr *cidr, const char *text)
{
	char name[INET6_ADDRSTRLEN];

	inet_ntop(cidr->family, &cidr->in, name, sizeof(name));
	snprintf(why, NETDEV_WHY_LEN, "%s/%u: %s", name, cidr->prefix_len,
	         text);
	return -EINVAL;
}

static int add_v4(struct netif *netif, const struct stack_cidr *cidr,
                  const struct in_addr *gw, char *why)
{
	ip4_addr_t ip = { cidr->in.s_addr }, mask, gw4 = { gw->s_addr };

	if (!ip4_addr_isany_val(*netif_ip4_addr(netif)))
		return reject(why, cidr, "one IPv4 address is all there can be");
	if (cidr->prefix_len > 32 || ip4_addr_isany_val(ip) ||
	    ip4_addr_ismulticast(&ip))
		return reject(why, cidr, "not an address for a host");
	mask.addr = cidr->prefix_len ? htonl(~0u << (32 - cidr->prefix_len))
	                             : 0;
	netif_set_addr(netif, &ip, &mask, &gw4);
	return 0;
}

static int add_v6(struct netif *netif, const struct stack_cidr *cidr,
                  char *why)
{
	ip6_addr_t ip = { 0 };
	s8_t idx;

	memcpy(ip.addr, &cidr->in6, sizeof(cidr->in6));
	if (cidr->prefix_len > 128 || ip6_addr_isany(&ip) ||
	    ip6_addr_ismulticast(&ip) || ip6_addr_isloopback(&ip))
		return reject(why, cidr, "not an address for a host");
	ip6_addr_assign_zone(&ip, IP6_UNICAST, netif);
	if (netif_add_ip6_address(netif, &ip, &idx) != ERR_OK)
		return reject(why, cidr, "too many IPv6 addresses");
	netif_ip6_addr_set_state(netif, idx, IP6_ADDR_PREFERRED);
	return 0;
}

static void set_dns(struct stack *stack, const struct stack_conf *conf)
{
	for (unsigned i = 0; i < conf->dns_count; i++) {
		const struct sockaddr *sa = (const void *)&conf->dns[i];
		unsigned idx = stack->dns_count;

		if (addr_from_sockaddr(sa->sa_family, sa, sizeof(conf->dns[i]),
		                       &stack->dns[idx],
		                       &stack->dns_ports[idx]))
			continue;
		if (!stack->dns_ports[idx])
			stack->dns_ports[idx] = DNS_PORT;
		stack->dns_count++;
	}
}

/**
 * stack_addr_init() - Give the interface its addresses
 * @stack:	Its ethif is up
 * @conf:	Addresses, gateways, name servers
 * @why:	One sentence when refused
 *
 * The IPv6 link-local address is made of the MAC address. All work at once:
 * no duplicate address detection.
 *
 * Return: 0 or -EINVAL.
 */
int stack_addr_init(struct stack *stack, const struct stack_conf *conf,
                    char *why)
{
	struct netif *netif = &stack->ethif->netif;
	int err = 0;

	/* The host has made one of the same hardware address, by EUI-64; ours
	 * is the hardware address alone.
	 */
	netif_create_ip6_linklocal_address(netif, !stack->dev->shares_mac);
	netif_ip6_addr_set_state(netif, 0, IP6_ADDR_PREFERRED);
	netif->rs_count = 0; /* routers are router_adv.c's to ask for */
	for (unsigned i = 0; i < conf->addr_count && !err; i++)
		err = conf->addrs[i].family == AF_INET
			? add_v4(netif, &conf->addrs[i], &conf->gw4, why)
			: add_v6(netif, &conf->addrs[i], why);
	if (err)
		return err;
	memcpy(stack->gw6.addr, &conf->gw6, sizeof(conf->gw6));
	ip6_addr_assign_zone(&stack->gw6, IP6_UNICAST, netif);
	set_dns(stack, conf);
	stack->dns_is_given = conf->dns_count || !conf->use_dhcp;
	return 0;
}

/**
 * hook_nd6_gw() - The router for what is not on the link
 */
const ip6_addr_t *hook_nd6_gw(struct netif *netif, const ip6_addr_t *dst)
{
	(void)netif;
	(void)dst;
	return ip6_addr_isany(&stack_self->gw6) ? NULL : &stack_self->gw6;
}

/**
 * hook_ip4_input() - An IPv4 packet came
 *
 * All of 127/8 is the host itself (RFC 1122 3.2.1.3 g), lwIP's loopback
 * interface has one address: it gets the one that is asked for.
 */
int hook_ip4_input(struct pbuf *p, struct netif *netif)
{
	const struct ip_hdr *hdr = p->payload;
	ip4_addr_t dst;

	if (p->len < IP_HLEN || netif != stack_self->netif_lo)
		return 0;
	ip4_addr_copy(dst, hdr->dest);
	if (ip4_addr_isloopback(&dst))
		ip4_addr_copy(*ip_2_ip4(&netif->ip_addr), dst);
	return 0;
}

struct netif *stack_netif_eth(const struct stack *stack)
{
	return &stack->ethif->netif;
}

unsigned stack_netif_idx(const struct stack *stack, const struct netif *netif)
{
	return netif == stack->netif_lo ? 1 : 2;
}

uint32_t stack_random(void)
{
	return port_random();
}

static bool v6_is_own(const struct netif *netif, const ip6_addr_t *ip)
{
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
		    ip6_addr_cmp_zoneless(netif_ip6_addr(netif, i), ip))
			return true;
	return false;
}

/**
 * stack_addr_is_own() - Is this one of our addresses, loopback included?
 */
bool stack_addr_is_own(const struct stack *stack, const ip_addr_t *addr)
{
	const struct netif *netif = &stack->ethif->netif;

	if (ip_addr_isloopback(addr))
		return true;
	if (IP_IS_V6(addr))
		return v6_is_own(netif, ip_2_ip6(addr));
	return !ip4_addr_isany(ip_2_ip4(addr)) &&
	       ip4_addr_cmp(ip_2_ip4(addr), netif_ip4_addr(netif));
}

static int source_v4(const struct netif *netif, const ip4_addr_t *dst,
                     ip_addr_t *src)
{
	const ip4_addr_t *own = netif_ip4_addr(netif);

	if (ip4_addr_isany(own))
		return -ENETUNREACH;
	if (!ip4_addr_netcmp(dst, own, netif_ip4_netmask(netif)) &&
	    !ip4_addr_ismulticast(dst) &&
	    dst->addr != IPADDR_BROADCAST &&
	    ip4_addr_isany(netif_ip4_gw(netif)))
		return -ENETUNREACH;
	ip_addr_copy_from_ip4(*src, *own);
	return 0;
}

static bool has_router(void)
{
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
		if (default_router_list[i].neighbor_entry)
			return true;
	return false;
}

static bool v6_is_on_link(const struct netif *netif, const ip6_addr_t *dst)
{
	if (ip6_addr_islinklocal(dst) || ip6_addr_ismulticast(dst))
		return true;
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
		    netif_ip6_addr_isstatic(netif, i) &&
		    ip6_addr_netcmp_zoneless(dst, netif_ip6_addr(netif, i)))
			return true;
	for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
		if (prefix_list[i].netif == netif &&
		    ip6_addr_netcmp_zoneless(dst, &prefix_list[i].prefix))
			return true;
	return false;
}

static int source_v6(const struct stack *stack, const ip6_addr_t *dst,
                     ip_addr_t *src)
{
	struct netif *netif = &stack->ethif->netif;
	const ip_addr_t *own;

	if (!v6_is_on_link(netif, dst) && ip6_addr_isany(&stack->gw6) &&
	    !has_router())
		return -ENETUNREACH;
	own = ip6_select_source_address(netif, dst);
	if (!own)
		return -ENETUNREACH;
	ip_addr_copy(*src, *own);
	return 0;
}

/**
 * stack_addr_source() - The address to send from
 * @stack:	The stack
 * @dst:	To where; own addresses are reached from themselves, as in Linux
 * @src:	Filled
 *
 * Return: 0 or -ENETUNREACH.
 */
int stack_addr_source(const struct stack *stack, const ip_addr_t *dst,
                      ip_addr_t *src)
{
	if (stack_addr_is_own(stack, dst)) {
		ip_addr_copy(*src, *dst);
		if (IP_IS_V4(dst) && ip_addr_isloopback(dst))
			ip_addr_set_loopback_val(false, *src);
		return 0;
	}
	if (IP_IS_V6(dst))
		return source_v6(stack, ip_2_ip6(dst), src);
	return source_v4(&stack->ethif->netif, ip_2_ip4(dst), src);
}
