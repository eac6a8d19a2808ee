/* SPDX-License-Identifier: MIT */
/* What the stack is configured with now, and who is told when it changes.
 *
 * Theory of operation
 *
 * Addresses come and go inside lwIP: by a DHCP message, by a router
 * advertisement, by a lifetime's end. Whatever may have changed something marks
 * the stack (addr_watch_mark); at the end of the step, outside lwIP,
 * addr_watch_poll() compares the configuration with the one that it told last
 * and tells the device, which may have to let other frames through, the
 * resolver, and the user's callback. So a lease that moves from one address to
 * another is told once, and not as two changes.
 */
#include "stack/addr_watch.h"

#include <lwip/netif.h>
#include <lwip/priv/nd6_priv.h>
#include <stdlib.h>
#include <string.h>

#include "stack/addr.h"
#include "stack/dhcp_client.h"
#include "stack/dns_msg.h"
#include "stack/ethif.h"
#include "stack/router_adv.h"
#include "stack/sock_priv.h"

struct addr_watch {
	netif_ext_callback_t callback; /* lwIP's list */
	struct stack_addrs told;       /* as it was told last */
	stack_addrs_fn *on_changed;    /* NULL: nobody asks */
	void *user;
};

void __real_netif_set_addr(struct netif *netif, const ip4_addr_t *ip,
                           const ip4_addr_t *mask, const ip4_addr_t *gw);
void __wrap_netif_set_addr(struct netif *netif, const ip4_addr_t *ip,
                           const ip4_addr_t *mask, const ip4_addr_t *gw);

static void on_netif(struct netif *netif, netif_nsc_reason_t reason,
                     const netif_ext_callback_args_t *args)
{
	(void)netif;
	(void)reason;
	(void)args;
	if (stack_self)
		stack_self->addrs_are_dirty = true;
}

/* lwIP has the first router in its list that answers; so do we. */
static void get_gateways(const struct stack *stack, struct stack_addrs *out)
{
	const struct netif *netif = &stack->ethif->netif;
	const struct nd6_neighbor_cache_entry *router;

	out->gw4.s_addr = ip4_addr_get_u32(netif_ip4_gw(netif));
	memcpy(&out->gw6, stack->gw6.addr, sizeof(out->gw6));
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
		router = default_router_list[i].neighbor_entry;
		if (!router || !IN6_IS_ADDR_UNSPECIFIED(&out->gw6))
			continue;
		memcpy(&out->gw6, router->next_hop_address.addr,
		       sizeof(out->gw6));
	}
}

/**
 * stack_get_addrs() - What the stack is configured with now
 * @stack:	The stack
 * @out:	Filled
 */
void stack_get_addrs(const struct stack *stack, struct stack_addrs *out)
{
	struct stack_if eth;

	memset(out, 0, sizeof(*out));
	stack_get_if(stack, 1, &eth);
	for (unsigned i = 0; i < eth.addr_count; i++) {
		const struct stack_cidr *cidr = &eth.addrs[i];

		out->has_ipv4 |= cidr->family == AF_INET;
		out->has_ipv6 |= cidr->family == AF_INET6 &&
		                 !IN6_IS_ADDR_LINKLOCAL(&cidr->in6);
		out->addrs[out->addr_count++] = *cidr;
	}
	get_gateways(stack, out);
	for (unsigned i = 0; i < stack->dns_count; i++)
		addr_to_sockaddr(IP_IS_V6(&stack->dns[i]) ? AF_INET6 : AF_INET,
		                 &stack->dns[i], stack->dns_ports[i],
		                 &out->dns[out->dns_count++]);
	dhcp_client_get_lease(stack, out);
}

/* The name servers that the network gave, DHCP's first. */
static void learn_dns(struct stack *stack)
{
	if (stack->dns_is_given)
		return;
	stack->dns_count = dhcp_client_get_dns(stack, stack->dns,
	                                       STACK_DNS_MAX);
	stack->dns_count += router_adv_get_dns(stack,
	                                       stack->dns + stack->dns_count,
	                                       STACK_DNS_MAX - stack->dns_count);
	for (unsigned i = 0; i < stack->dns_count; i++)
		stack->dns_ports[i] = DNS_PORT;
}

static bool is_same_set(const struct stack_addrs *a,
                        const struct stack_addrs *b)
{
	const struct stack_cidr *x = a->addrs, *y = b->addrs;

	if (a->addr_count != b->addr_count)
		return false;
	for (unsigned i = 0; i < a->addr_count; i++, x++, y++)
		if (x->family != y->family || x->prefix_len != y->prefix_len ||
		    memcmp(&x->in6, &y->in6, x->family == AF_INET ?
		           sizeof(x->in) : sizeof(x->in6)) != 0)
			return false;
	return true;
}

static bool is_same_dns(const struct stack_addrs *a,
                        const struct stack_addrs *b)
{
	if (a->dns_count != b->dns_count)
		return false;
	for (unsigned i = 0; i < a->dns_count; i++) {
		const struct sockaddr_in6 *x = (const void *)&a->dns[i];
		const struct sockaddr_in6 *y = (const void *)&b->dns[i];

		/* What is past a sockaddr_in is zero. */
		if (memcmp(x, y, sizeof(struct sockaddr_in)) != 0 ||
		    memcmp(&x->sin6_addr, &y->sin6_addr,
		           sizeof(x->sin6_addr)) != 0)
			return false;
	}
	return true;
}

static bool is_same(const struct stack_addrs *a, const struct stack_addrs *b)
{
	return is_same_set(a, b) && is_same_dns(a, b) &&
	       a->gw4.s_addr == b->gw4.s_addr &&
	       IN6_ARE_ADDR_EQUAL(&a->gw6, &b->gw6) &&
	       a->dhcp_server.s_addr == b->dhcp_server.s_addr &&
	       a->lease_s == b->lease_s && a->lease_end_us == b->lease_end_us;
}

/* The unspecified addresses ask for what configures us: see netdev.h. */
static int tell_device(struct stack *stack, const struct stack_addrs *now)
{
	struct netdev_addr addrs[STACK_ADDR_MAX + 3];
	unsigned count = 0;

	memset(addrs, 0, sizeof(addrs));
	for (unsigned i = 0; i < now->addr_count; i++, count++) {
		addrs[count].family = now->addrs[i].family;
		if (addrs[count].family == AF_INET)
			addrs[count].in = now->addrs[i].in;
		else
			addrs[count].in6 = now->addrs[i].in6;
	}
	if (stack->dhcp)
		addrs[count++].family = AF_INET;
	if (stack->ra)
		addrs[count++].family = AF_INET6;
	return netdev_set_addrs(stack->dev, addrs, count);
}

/**
 * addr_watch_poll() - Tell what changed since the last time, if anything did
 * @stack:	The stack; outside of lwIP
 */
void addr_watch_poll(struct stack *stack)
{
	struct addr_watch *watch = stack->addr_watch;
	struct stack_addrs now;
	bool has_changed;

	if (!stack->addrs_are_dirty || !watch)
		return;
	stack->addrs_are_dirty = false;
	learn_dns(stack);
	stack_get_addrs(stack, &now);
	if (!is_same_set(&now, &watch->told) && tell_device(stack, &now))
		stack->stats.addrs_refused++;
	has_changed = !is_same(&now, &watch->told);
	watch->told = now;
	if (has_changed && watch->on_changed)
		watch->on_changed(watch->user);
}

/* An interface gets another IPv4 address. lwIP would move what listens on the
 * old one to the new one; in Linux it stays bound to an address that is gone.
 */
void __wrap_netif_set_addr(struct netif *netif, const ip4_addr_t *ip,
                           const ip4_addr_t *mask, const ip4_addr_t *gw)
{
	if (!ip4_addr_isany(ip) && !ip4_addr_cmp(ip, netif_ip4_addr(netif)))
		__real_netif_set_addr(netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4,
		                      IP4_ADDR_ANY4);
	__real_netif_set_addr(netif, ip, mask, gw);
}

/**
 * stack_on_addrs() - Be told when stack_get_addrs() has another answer
 * @stack:	The stack
 * @on_changed:	Called from stack_poll_rx() and stack_poll_timers(); may not
 *		close the stack. NULL: nobody
 * @user:	For it
 */
void stack_on_addrs(struct stack *stack, stack_addrs_fn *on_changed,
                    void *user)
{
	stack->addr_watch->on_changed = on_changed;
	stack->addr_watch->user = user;
}

/**
 * addr_watch_init() - Tell the device the first addresses, and watch them
 * @stack:	Its ethif has its addresses
 *
 * Return: 0, -ENOMEM, or the device's -errno.
 */
int addr_watch_init(struct stack *stack)
{
	struct addr_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	stack->addr_watch = watch;
	netif_add_ext_callback(&watch->callback, on_netif);
	stack->addrs_are_dirty = false;
	learn_dns(stack);
	stack_get_addrs(stack, &watch->told);
	return tell_device(stack, &watch->told);
}

void addr_watch_fini(struct stack *stack)
{
	if (!stack->addr_watch)
		return;
	netif_remove_ext_callback(&stack->addr_watch->callback);
	free(stack->addr_watch);
	stack->addr_watch = NULL;
}
