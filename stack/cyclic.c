/* SPDX-License-Identifier: MIT */
/* lwIP's cyclic timers, run so that an idle stack sleeps.
 *
 * Theory of operation
 *
 * lwIP wants its handlers called every 50 ms (TCP), 100 ms (MLD) and 1 s
 * (ARP, neighbours, reassembly) for ever. All are run here when they are due
 * and the loop is awake anyway; but a row only asks to be woken (is_needed)
 * while it has something to do:
 *
 *   - TCP, while a connection or a TIME_WAIT exists;
 *   - MLD, while a report is delayed;
 *   - the others, for a while after the last frame. What they would do later
 *     is to forget, and that can wait until somebody asks.
 *
 * TCP's fast handler is for what stock lwIP leaves to it: a FIN that found no
 * memory, a delayed ACK. ACKs are sock_tcp's here, so it runs rarely. A row
 * that missed turns makes up for them, up to catch_up_max, where it counts its
 * calls: ARP entries grow old in them. Lifetimes of what routers advertise are
 * router_adv.c's to mind.
 */
#include "stack/cyclic.h"

#include <lwip/etharp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <stdbool.h>

#include "stack/router_adv.h"
#include "stack/sock_priv.h"

#define QUIET_US 65000000 /* past IPV6_REASS_MAXAGE, 60 s, the longest */

struct row {
	void (*run)(void);
	uint32_t interval_us;
	unsigned catch_up_max; /* calls at a time, when late */
	bool (*is_needed)(const struct cyclic *cyclic, uint64_t now_us);
};

static bool tcp_is_needed(const struct cyclic *cyclic, uint64_t now_us)
{
	(void)cyclic;
	(void)now_us;
	return tcp_active_pcbs || tcp_tw_pcbs;
}

static bool mld_is_needed(const struct cyclic *cyclic, uint64_t now_us)
{
	const struct mld_group *group;
	struct netif *netif;

	(void)cyclic;
	(void)now_us;
	NETIF_FOREACH(netif)
		for (group = netif_mld6_data(netif); group; group = group->next)
			if (group->timer)
				return true;
	return false;
}

static bool lazy_is_needed(const struct cyclic *cyclic, uint64_t now_us)
{
	return now_us < cyclic->quiet_us;
}

static const struct row rows[CYCLIC_COUNT] = {
	{ sock_tcp_slow_timer, TCP_SLOW_INTERVAL * 1000, 1, tcp_is_needed },
	{ tcp_fasttmr, 500000, 1, tcp_is_needed },
	{ mld6_tmr, MLD6_TMR_INTERVAL * 1000, 1, mld_is_needed },
	{ etharp_tmr, ARP_TMR_INTERVAL * 1000, ARP_MAXAGE, lazy_is_needed },
	{ nd6_tmr, ND6_TMR_INTERVAL * 1000, 1, lazy_is_needed },
	{ ip_reass_tmr, IP_TMR_INTERVAL * 1000, IP_REASS_MAXAGE,
	  lazy_is_needed },
	{ ip6_reass_tmr, IP6_REASS_TMR_INTERVAL * 1000, IPV6_REASS_MAXAGE,
	  lazy_is_needed },
};

/**
 * cyclic_init() - Start all rows
 * @cyclic:	Caller's
 * @now_us:	The turn's time
 */
void cyclic_init(struct cyclic *cyclic, uint64_t now_us)
{
	for (unsigned i = 0; i < CYCLIC_COUNT; i++)
		cyclic->due_us[i] = now_us + rows[i].interval_us;
	cyclic->quiet_us = now_us + QUIET_US;
}

/**
 * cyclic_note_frame() - A frame went in or out
 * @cyclic:	The stack's
 * @now_us:	The turn's time
 */
void cyclic_note_frame(struct cyclic *cyclic, uint64_t now_us)
{
	cyclic->quiet_us = now_us + QUIET_US;
}

static void row_run(const struct row *row, uint64_t late_us)
{
	uint64_t missed = late_us / row->interval_us;

	if (row->run == nd6_tmr)
		router_adv_age(stack_self, (uint32_t)missed);
	for (unsigned i = 0; i < row->catch_up_max && i <= missed; i++)
		row->run();
	if (row->run == nd6_tmr)
		router_adv_on_tick(stack_self);
	/* TCP's clock counts calls, and what is to be sent must not be sent
	 * in a burst: it gets the time, once.
	 */
	if (row->run == sock_tcp_slow_timer)
		tcp_ticks += (u32_t)missed;
}

/**
 * cyclic_poll() - Run what is due
 * @cyclic:	The stack's
 * @now_us:	The turn's time
 *
 * Return: how many rows ran.
 */
unsigned cyclic_poll(struct cyclic *cyclic, uint64_t now_us)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CYCLIC_COUNT; i++) {
		uint64_t due = cyclic->due_us[i];

		if (now_us < due)
			continue;
		row_run(&rows[i], now_us - due);
		due += rows[i].interval_us;
		if (due <= now_us)
			due = now_us + rows[i].interval_us;
		cyclic->due_us[i] = due;
		count++;
	}
	return count;
}

/**
 * cyclic_next_us() - When to wake up for the rows that are needed
 * @cyclic:	The stack's
 *
 * Return: the time, UINT64_MAX when none is.
 */
uint64_t cyclic_next_us(const struct cyclic *cyclic)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < CYCLIC_COUNT; i++)
		if (cyclic->due_us[i] < next &&
		    rows[i].is_needed(cyclic, cyclic->due_us[i]))
			next = cyclic->due_us[i];
	return next;
}
