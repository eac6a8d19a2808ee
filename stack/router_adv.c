/* SPDX-License-Identifier: MIT */
/* IPv6 addresses, routers and name servers that routers advertise.
 *
 * Theory of operation
 *
 * lwIP's nd6.c solicits routers, keeps the default routers and the prefixes of
 * their advertisements (RFC 4861) and makes addresses of them (RFC 4862). Each
 * advertisement passes here first (--wrap=nd6_input): a stack whose addresses
 * are given ignores it, and its name servers (RFC 8106) are kept here, with
 * their lifetimes, which lwIP does not do.
 *
 * lwIP counts lifetimes down once a second, and an idle stack does not wake up
 * for that. So the seconds that were slept through are taken off before the
 * next count (router_adv_age), and one timer wakes the stack when the first of
 * all lifetimes ends.
 */
#include "stack/router_adv.h"

#include <errno.h>
#include <lwip/icmp6.h>
#include <lwip/ip.h>
#include <lwip/ip6.h>
#include <lwip/nd6.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/prot/icmp6.h>
#include <lwip/prot/nd6.h>
#include <stdlib.h>
#include <string.h>

#include "stack/ethif.h"
#include "stack/nd_guard.h"

#define LIFETIME_INFINITE UINT32_MAX
#define OPTION_UNIT 8 /* bytes that an option's length counts */

struct server {
	ip6_addr_t addr;
	uint64_t end_us;   /* UINT64_MAX: never */
};

struct router_adv {
	struct stack *stack;
	struct timer timer; /* the first lifetime's end */
	struct server servers[STACK_DNS_MAX];
	unsigned server_count;
};

void __real_nd6_input(struct pbuf *p, struct netif *inp);
void __wrap_nd6_input(struct pbuf *p, struct netif *inp);

static void sooner(uint32_t *min, uint32_t life)
{
	if (life && life < *min)
		*min = life;
}

/* Seconds from lwIP's last count to the first end; LIFETIME_INFINITE: none. */
static uint32_t first_end_s(const struct netif *netif)
{
	uint32_t min = LIFETIME_INFINITE;

	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
		if (default_router_list[i].neighbor_entry)
			sooner(&min, default_router_list[i].invalidation_timer);
	for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
		if (prefix_list[i].netif)
			sooner(&min, prefix_list[i].invalidation_timer);
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		if (ip6_addr_isinvalid(netif_ip6_addr_state(netif, i)) ||
		    netif_ip6_addr_isstatic(netif, i))
			continue;
		sooner(&min, netif_ip6_addr_valid_life(netif, i));
		sooner(&min, netif_ip6_addr_pref_life(netif, i));
	}
	return min;
}

static void remove_server(struct router_adv *ra, unsigned idx)
{
	ra->server_count--;
	memmove(&ra->servers[idx], &ra->servers[idx + 1],
	        (ra->server_count - idx) * sizeof(ra->servers[0]));
	ra->stack->addrs_are_dirty = true;
}

static void drop_old_servers(struct router_adv *ra)
{
	for (unsigned i = ra->server_count; i-- > 0;)
		if (ra->servers[i].end_us <= ra->stack->now_us)
			remove_server(ra, i);
}

/* Have the timer fire when something ends next. */
static void arm(struct router_adv *ra)
{
	const uint32_t life = first_end_s(&ra->stack->ethif->netif);
	uint64_t due = UINT64_MAX;

	if (life != LIFETIME_INFINITE)
		due = ra->stack->now_us + life * 1000000ull;
	for (unsigned i = 0; i < ra->server_count; i++)
		if (ra->servers[i].end_us < due)
			due = ra->servers[i].end_us;
	timer_stop(&ra->stack->timers, &ra->timer);
	if (due != UINT64_MAX)
		timer_start(&ra->stack->timers, &ra->timer, due);
}

/* The count of seconds runs again for a while, and comes to an end. */
static void on_due(struct timer *timer, uint64_t now_us)
{
	struct router_adv *ra = stack_self->ra;

	(void)timer;
	drop_old_servers(ra);
	cyclic_note_frame(&ra->stack->cyclic, now_us);
}

/**
 * router_adv_on_tick() - lwIP has counted lifetimes down
 * @stack:	The stack
 */
void router_adv_on_tick(struct stack *stack)
{
	if (!stack->ra)
		return;
	drop_old_servers(stack->ra);
	arm(stack->ra);
	stack->addrs_are_dirty = true; /* a router may be gone */
}

static uint32_t aged(uint32_t life, uint32_t missed_s)
{
	if (life == LIFETIME_INFINITE || !life)
		return life;
	return life > missed_s ? life - missed_s : 1;
}

/**
 * router_adv_age() - Make up for counts that lwIP missed
 * @stack:	The stack
 * @missed_s:	How many
 *
 * What would have ended meanwhile ends at the next count.
 */
void router_adv_age(struct stack *stack, uint32_t missed_s)
{
	struct netif *netif;

	if (!stack->ra || !missed_s)
		return;
	netif = &stack->ethif->netif;
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
		struct nd6_router_list_entry *router = &default_router_list[i];

		router->invalidation_timer =
			aged(router->invalidation_timer, missed_s);
	}
	for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
		prefix_list[i].invalidation_timer =
			aged(prefix_list[i].invalidation_timer, missed_s);
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		if (netif_ip6_addr_isstatic(netif, i))
			continue;
		netif_ip6_addr_set_valid_life(
			netif, i,
			aged(netif_ip6_addr_valid_life(netif, i), missed_s));
		netif_ip6_addr_set_pref_life(
			netif, i,
			aged(netif_ip6_addr_pref_life(netif, i), missed_s));
	}
}

/* A server is announced, again, or no more (a lifetime of 0). */
static void on_server(struct router_adv *ra, const ip6_addr_t *addr,
                      uint32_t life)
{
	unsigned i = 0;

	while (i < ra->server_count &&
	       !ip6_addr_cmp(&ra->servers[i].addr, addr))
		i++;
	if (!life) {
		if (i < ra->server_count)
			remove_server(ra, i);
		return;
	}
	if (i == STACK_DNS_MAX)
		return;
	if (i == ra->server_count) {
		ra->servers[ra->server_count++].addr = *addr;
		ra->stack->addrs_are_dirty = true;
	}
	ra->servers[i].end_us = life == LIFETIME_INFINITE
		? UINT64_MAX : ra->stack->now_us + life * 1000000ull;
}

/* The servers of one option, whose len bytes are at offset. */
static void read_servers(struct router_adv *ra, struct netif *netif,
                         const struct pbuf *p, u16_t offset, u16_t len)
{
	const u16_t end = (u16_t)(offset + len);
	ip6_addr_t addr = { 0 };
	uint32_t life;

	if (len < SIZEOF_RDNSS_OPTION_BASE ||
	    pbuf_copy_partial(p, &life, sizeof(life), (u16_t)(offset + 4)) !=
	            sizeof(life))
		return;
	offset = (u16_t)(offset + SIZEOF_RDNSS_OPTION_BASE);
	for (; offset + sizeof(addr.addr) <= end;
	     offset = (u16_t)(offset + sizeof(addr.addr))) {
		if (pbuf_copy_partial(p, addr.addr, sizeof(addr.addr),
		                      offset) != sizeof(addr.addr))
			return;
		ip6_addr_assign_zone(&addr, IP6_UNICAST, netif);
		on_server(ra, &addr, lwip_ntohl(life));
	}
}

/* The conditions of RFC 4861 6.1.2, which lwIP checks as well; the options are
 * walked as far as their lengths make sense.
 */
static void on_advertisement(struct router_adv *ra, struct netif *netif,
                             const struct pbuf *p)
{
	u16_t offset = sizeof(struct ra_header);

	if (p->tot_len < offset || pbuf_get_at(p, 1) ||
	    !ip6_addr_islinklocal(ip6_current_src_addr()) ||
	    IP6H_HOPLIM(ip6_current_header()) != ND6_HOPLIM)
		return;
	ra->stack->stats.router_advs++;
	while (offset + OPTION_UNIT <= p->tot_len) {
		u16_t len = (u16_t)(pbuf_get_at(p, (u16_t)(offset + 1)) *
		                    OPTION_UNIT);

		if (!len || offset + len > p->tot_len)
			return;
		if (pbuf_get_at(p, offset) == ND6_OPTION_TYPE_RDNSS)
			read_servers(ra, netif, p, offset, len);
		offset = (u16_t)(offset + len);
	}
}

/* lwIP's neighbour discovery gets a message; its checksum is right. */
void __wrap_nd6_input(struct pbuf *p, struct netif *inp)
{
	struct router_adv *ra = stack_self->ra;

	if (!nd_is_sound(p)) {
		ND6_STATS_INC(nd6.drop);
		pbuf_free(p);
		return;
	}
	if (pbuf_get_at(p, 0) != ICMP6_TYPE_RA) {
		__real_nd6_input(p, inp);
		return;
	}
	if (!ra) {
		pbuf_free(p);
		return;
	}
	on_advertisement(ra, inp, p);
	__real_nd6_input(p, inp);
	arm(ra);
	ra->stack->addrs_are_dirty = true;
}

/**
 * router_adv_init() - Solicit routers and listen to them
 * @stack:	Its ethif is up; gets stack->ra
 *
 * Return: 0 or -ENOMEM.
 */
int router_adv_init(struct stack *stack)
{
	struct router_adv *ra = calloc(1, sizeof(*ra));

	if (!ra)
		return -ENOMEM;
	ra->stack = stack;
	ra->timer.on_due = on_due;
	stack->ra = ra;
	netif_set_ip6_autoconfig_enabled(&stack->ethif->netif, 1);
	nd6_restart_netif(&stack->ethif->netif);
	return 0;
}

void router_adv_fini(struct stack *stack)
{
	if (!stack->ra)
		return;
	timer_stop(&stack->timers, &stack->ra->timer);
	free(stack->ra);
	stack->ra = NULL;
}

unsigned router_adv_get_dns(const struct stack *stack, ip_addr_t *out,
                            unsigned max)
{
	const struct router_adv *ra = stack->ra;
	unsigned count = 0;

	for (; ra && count < ra->server_count && count < max; count++)
		ip_addr_copy_from_ip6(out[count], ra->servers[count].addr);
	return count;
}
