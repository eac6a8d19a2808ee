/* SPDX-License-Identifier: MIT */
/* Bringing the stack up and down, and the steps of a turn. */
#include "stack/stack.h"

#include <errno.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack/addr_watch.h"
#include "stack/dhcp_client.h"
#include "stack/ethif.h"
#include "stack/router_adv.h"
#include "stack/sock_priv.h"
#include "stack/stack_addr.h"
#include "stack/stack_priv.h"
#include "stack/tcp_demux.h"

#define BURST 32 /* frames asked of the device at a time */

struct stack *stack_self;

static int fail(char *why, int err, const char *text)
{
	snprintf(why, NETDEV_WHY_LEN, "%s", text);
	return err;
}

/* lwIP's globals are set up once a process and survive the stack. */
static void init_lwip(void)
{
	static bool is_done;

	if (!is_done)
		lwip_init();
	is_done = true;
}

static int init_ethif(struct stack *stack, const struct stack_conf *conf,
                      char *why)
{
	int err;

	stack->ethif = calloc(1, sizeof(*stack->ethif));
	if (!stack->ethif)
		return fail(why, -ENOMEM, "out of memory");
	err = ethif_init(stack->ethif, stack, conf->dev);
	if (err) {
		free(stack->ethif);
		stack->ethif = NULL;
		return fail(why, err, "lwIP takes no further interface");
	}
	return stack_addr_init(stack, conf, why);
}

/* Ask the network for what was not given, and watch what there is. */
static int init_addrs(struct stack *stack, const struct stack_conf *conf,
                      char *why)
{
	int err = 0;

	if (conf->use_dhcp)
		err = router_adv_init(stack);
	if (conf->use_dhcp && !err)
		err = dhcp_client_init(stack);
	if (!err)
		err = addr_watch_init(stack);
	if (err == -ENOMEM)
		return fail(why, err, "out of memory");
	if (err)
		return fail(why, err, "the device does not take the addresses");
	return 0;
}

static int init_parts(struct stack *stack, char *why)
{
	int err = sock_table_init(stack);

	if (!err)
		err = ports_init(stack);
	if (!err)
		err = icmp_err_init(stack);
	if (!err)
		err = resolver_init(stack);
	if (err)
		return fail(why, err, "out of memory for the stack's tables");
	return 0;
}

/**
 * stack_open() - see stack.h
 */
int stack_open(const struct stack_conf *conf, uint64_t now_us,
               struct stack **out, char *why)
{
	struct stack *stack;
	int err;

	if (stack_self)
		return fail(why, -EBUSY, "this process has a stack already");
	stack = calloc(1, sizeof(*stack));
	if (!stack)
		return fail(why, -ENOMEM, "out of memory");
	stack->now_us = now_us;
	stack->dev = conf->dev;
	stack_self = stack;
	init_lwip();
	cyclic_init(&stack->cyclic, now_us);
	stack->netif_lo = netif_find("lo0");
	stack->netif_lo->chksum_flags = 0; /* memory needs no sums */
	err = init_parts(stack, why);
	if (!err)
		err = init_ethif(stack, conf, why);
	if (!err)
		err = init_addrs(stack, conf, why);
	if (err) {
		stack_close(stack);
		return err;
	}
	*out = stack;
	return 0;
}

static bool loop_is_waiting(const struct stack *stack)
{
	return stack->netif_lo->loop_first ||
	       (stack->ethif && stack->ethif->netif.loop_first);
}

/**
 * stack_close() - see stack.h; also undoes half of stack_open()
 */
void stack_close(struct stack *stack)
{
	if (!stack)
		return;
	if (stack->socks)
		sock_table_abort(stack);
	dhcp_client_fini(stack);
	router_adv_fini(stack);
	addr_watch_fini(stack);
	if (stack->ethif) {
		while (loop_is_waiting(stack))
			netif_poll_all();
		ethif_flush(stack->ethif);
	}
	sock_tcp_drop_time_wait(0);
	resolver_fini(stack);
	icmp_err_fini(stack);
	ports_fini(stack);
	if (stack->ethif)
		ethif_fini(stack->ethif);
	sock_table_fini(stack);
	free(stack->ethif);
	stack_self = NULL;
	free(stack);
}

static unsigned poll_cyclic(struct stack *stack)
{
	unsigned count = cyclic_poll(&stack->cyclic, stack->now_us);

	if (count)
		sock_tcp_drop_time_wait(STACK_PCB_MAX / 2);
	return count;
}

/**
 * stack_poll_rx() - Frames in: lwIP runs, sockets call back
 * @stack:	The stack
 * @now_us:	The turn's time
 * @budget:	Frames at most
 *
 * lwIP's own timers run first: after a sleep they make up for what they missed,
 * which must not befall what this turn begins, such as an address being
 * resolved.
 *
 * Return: frames handled, and one when packets of the stack to itself were.
 */
unsigned stack_poll_rx(struct stack *stack, uint64_t now_us, unsigned budget)
{
	struct frame *frames[BURST];
	unsigned done = 0, count, i;

	stack->now_us = now_us;
	poll_cyclic(stack);
	while (done < budget) {
		count = budget - done < BURST ? budget - done : BURST;
		count = netdev_rx_burst(stack->dev, frames, count);
		if (!count)
			break;
		for (i = 0; i < count; i++)
			ethif_input(stack->ethif, frames[i]);
		done += count;
	}
	if (done)
		cyclic_note_frame(&stack->cyclic, now_us);
	if (loop_is_waiting(stack)) {
		netif_poll_all();
		done++;
	}
	if (done)
		dhcp_client_poll(stack);
	addr_watch_poll(stack);
	return done;
}

/**
 * stack_poll_timers() - What is due
 * @stack:	The stack
 * @now_us:	The turn's time
 *
 * Return: timers that fired.
 */
unsigned stack_poll_timers(struct stack *stack, uint64_t now_us)
{
	unsigned count;

	stack->now_us = now_us;
	count = poll_cyclic(stack);
	count += timer_poll(&stack->timers, now_us);
	addr_watch_poll(stack);
	return count;
}

/**
 * stack_poll_tx() - The end of a turn: sockets to lwIP, frames to the device
 * @stack:	The stack
 * @now_us:	The turn's time
 *
 * Return: true while frames or segments wait for room in the device.
 */
bool stack_poll_tx(struct stack *stack, uint64_t now_us)
{
	bool is_waiting;

	stack->now_us = now_us;
	sock_tcp_poll_touched(stack);
	is_waiting = ethif_flush(stack->ethif);
	sock_tcp_free_spent(stack);
	return is_waiting || stack->touched;
}

/**
 * stack_deadline_us() - When stack_poll_timers() has something to do next
 * @stack:	The stack
 *
 * Return: the time; that of this turn while the stack has packets to itself;
 * UINT64_MAX: never.
 */
uint64_t stack_deadline_us(const struct stack *stack)
{
	uint64_t due = timer_next_us(&stack->timers);
	uint64_t cyclic_due = cyclic_next_us(&stack->cyclic);

	if (loop_is_waiting(stack))
		return stack->now_us;
	return due < cyclic_due ? due : cyclic_due;
}

/**
 * stack_rx_fd() - The descriptor that becomes readable when frames wait
 * @stack:	The stack
 */
int stack_rx_fd(const struct stack *stack)
{
	return netdev_rx_fd(stack->dev);
}

static unsigned used(int pool)
{
	return (unsigned)lwip_stats.memp[pool]->used;
}

static uint64_t refused(void)
{
	uint64_t count = 0;

	for (int i = 0; i < MEMP_MAX; i++)
		count += lwip_stats.memp[i]->err;
	return count;
}

/**
 * stack_get_stats() - Counters of the past, and what there is now
 * @stack:	The stack
 * @stats:	Filled
 */
void stack_get_stats(const struct stack *stack, struct stack_stats *stats)
{
	*stats = stack->stats;
	sock_count(stack, &stats->socks_open, &stats->socks_closing);
	stats->tcp_time_wait = tcp_demux.tw_count;
	stats->tcp_pcbs = used(MEMP_TCP_PCB);
	stats->tcp_listeners = used(MEMP_TCP_PCB_LISTEN);
	stats->udp_pcbs = used(MEMP_UDP_PCB);
	stats->tcp_segs = used(MEMP_TCP_SEG);
	stats->pbufs = used(MEMP_PBUF) + used(MEMP_PBUF_POOL);
	stats->out_of_memory += refused();
	stats->ports_bound = ports_count(stack);
	stats->rx_dropped_csum = lwip_stats.tcp.chkerr + lwip_stats.udp.chkerr +
	                         lwip_stats.ip.chkerr;
}
