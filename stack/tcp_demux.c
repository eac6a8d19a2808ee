/* SPDX-License-Identifier: MIT */
/* Which pcb a segment is for, found in the same time among ten and among ten
 * thousand.
 *
 * Theory of operation
 *
 * lwIP keeps its pcbs in singly linked lists and walks them: to find a
 * segment's pcb, and to find the one before a pcb that is to be taken out. The
 * lists of connections (tcp_active_pcbs) and of those in TIME_WAIT
 * (tcp_tw_pcbs) may be tens of thousands long. So lwIP's sources are compiled
 * with its two macros for entering and leaving a list (TCP_REG, TCP_RMV) bent
 * to tcp_demux_enter() and _leave(). They keep, for each pcb in these two,
 *
 *   - a place in a hash table over its addresses and ports, keyed by a secret
 *     (port_hash_tuple), so that nobody outside can fill one bucket;
 *   - the pcb before it in its list.
 *
 * Both live inside the pcb, in slots of ext_args, because entering a list must
 * not fail. The listening and the bound pcbs are few and stay as they are.
 *
 * lwIP still searches its lists for each segment, but tcp_input.c arranges
 * them first: what is found is at the front, and lists in which nothing will be
 * found are hidden during the call (tcp_demux_hide). A pcb that enters a hidden
 * list is alone there; the rest is appended to it afterwards.
 *
 * tcp_slowtmr() alone takes a pcb out of a list without the macro. It frees it
 * right after, so the destroy callback of ext_args finds it still entered, its
 * next still intact, and sets the rest right.
 *
 * Always: a pcb is in a bucket exactly while it is in one of the two lists;
 * tcp_tw_pcbs is in the order of pcb->tmr, which is when the pcb entered it or
 * when its last segment came since, the youngest first.
 */
#include "stack/tcp_demux.h"

#include <lwip/priv/tcp_priv.h>
#include <stddef.h>

#include "stack/port/port.h"

struct tcp_demux tcp_demux;

static void on_freed(u8_t id, void *data);

static const struct tcp_ext_arg_callbacks callbacks = { .destroy = on_freed };

_Static_assert(TCP_DEMUX_SLOT_COUNT == LWIP_TCP_PCB_NUM_EXT_ARGS,
               "each slot of a pcb has its use");
_Static_assert(TCP_DEMUX_BUCKETS >= STACK_PCB_MAX,
               "buckets hold one pcb as a rule");

static struct tcp_pcb *slot(const struct tcp_pcb *pcb, enum tcp_demux_slot i)
{
	return pcb->ext_args[i].data;
}

static void set_slot(struct tcp_pcb *pcb, enum tcp_demux_slot i, void *value)
{
	pcb->ext_args[i].data = value;
}

static uintptr_t place(const struct tcp_pcb *pcb)
{
	return (uintptr_t)pcb->ext_args[TCP_DEMUX_PLACE].data;
}

static bool is_in_tw(const struct tcp_pcb *pcb)
{
	return place(pcb) & 1;
}

static struct tcp_pcb **bucket_of(const struct tcp_pcb *pcb)
{
	return &tcp_demux.bucket[place(pcb) >> 1];
}

/* Where the front of the pcb's list is noted; it may be hidden. */
static struct tcp_pcb **front_of(const struct tcp_pcb *pcb)
{
	if (is_in_tw(pcb))
		return tcp_demux.hidden_tw == pcb ? &tcp_demux.hidden_tw
		                                  : &tcp_tw_pcbs;
	return tcp_demux.hidden_active == pcb ? &tcp_demux.hidden_active
	                                      : &tcp_active_pcbs;
}

static void list_push(struct tcp_pcb **list, struct tcp_pcb *pcb)
{
	pcb->next = *list;
	if (pcb->next)
		set_slot(pcb->next, TCP_DEMUX_PREV, pcb);
	set_slot(pcb, TCP_DEMUX_PREV, NULL);
	*list = pcb;
}

static void list_remove(struct tcp_pcb *pcb)
{
	struct tcp_pcb *prev = slot(pcb, TCP_DEMUX_PREV);

	if (prev)
		prev->next = pcb->next;
	else
		*front_of(pcb) = pcb->next;
	if (pcb->next)
		set_slot(pcb->next, TCP_DEMUX_PREV, prev);
	if (tcp_demux.tw_last == pcb)
		tcp_demux.tw_last = prev;
}

static uint32_t index_of(const ip_addr_t *local_ip, uint16_t local_port,
                         const ip_addr_t *peer_ip, uint16_t peer_port)
{
	return (uint32_t)port_hash_tuple(local_ip, local_port, peer_ip,
	                                 peer_port) & (TCP_DEMUX_BUCKETS - 1);
}

static void table_insert(struct tcp_pcb *pcb, bool is_tw)
{
	uint32_t index = index_of(&pcb->local_ip, pcb->local_port,
	                          &pcb->remote_ip, pcb->remote_port);

	set_slot(pcb, TCP_DEMUX_SELF, pcb);
	set_slot(pcb, TCP_DEMUX_CHAIN, tcp_demux.bucket[index]);
	set_slot(pcb, TCP_DEMUX_PLACE, (void *)((uintptr_t)index << 1 | is_tw));
	tcp_demux.bucket[index] = pcb;
	pcb->ext_args[TCP_DEMUX_SELF].callbacks = &callbacks;
}

static void table_remove(struct tcp_pcb *pcb)
{
	struct tcp_pcb **first = bucket_of(pcb), *at = *first;

	if (at == pcb) {
		*first = slot(pcb, TCP_DEMUX_CHAIN);
	} else {
		while (slot(at, TCP_DEMUX_CHAIN) != pcb)
			at = slot(at, TCP_DEMUX_CHAIN);
		set_slot(at, TCP_DEMUX_CHAIN, slot(pcb, TCP_DEMUX_CHAIN));
	}
	set_slot(pcb, TCP_DEMUX_SELF, NULL);
}

static void forget(struct tcp_pcb *pcb)
{
	list_remove(pcb);
	table_remove(pcb);
	if (is_in_tw(pcb)) {
		tcp_demux.tw_count--;
		tcp_demux.tw_on_port[pcb->local_port]--;
	} else {
		tcp_demux.active_count--;
	}
}

/* Still entered: tcp_slowtmr() has made the one before it point past it. What
 * list_remove() writes there is the same once more.
 */
static void on_freed(u8_t id, void *data)
{
	(void)id;
	if (data)
		forget(data);
}

/**
 * tcp_demux_enter() - A pcb comes to the front of one of lwIP's lists
 * @list:	Of listening, bound or active pcbs, or of those in TIME_WAIT
 * @pcb:	In none; its addresses and ports do not change in the list
 */
void tcp_demux_enter(struct tcp_pcb **list, struct tcp_pcb *pcb)
{
	const bool is_tw = list == &tcp_tw_pcbs;

	if (!is_tw && list != &tcp_active_pcbs) {
		pcb->next = *list;
		*list = pcb;
		return;
	}
	list_push(list, pcb);
	table_insert(pcb, is_tw);
	if (!is_tw) {
		tcp_demux.active_count++;
		return;
	}
	if (!tcp_demux.tw_count++)
		tcp_demux.tw_last = pcb;
	tcp_demux.tw_on_port[pcb->local_port]++;
	pcb->tmr = tcp_ticks; /* lwIP lets it be when the user has closed */
}

/**
 * tcp_demux_leave() - A pcb leaves one of lwIP's lists
 * @list:	Its list
 * @pcb:	Nothing happens when it is not there: lwIP also asks so for a
 *		pcb that might be bound
 */
void tcp_demux_leave(struct tcp_pcb **list, struct tcp_pcb *pcb)
{
	if (list == &tcp_active_pcbs || list == &tcp_tw_pcbs) {
		if (slot(pcb, TCP_DEMUX_SELF))
			forget(pcb);
	} else {
		while (*list && *list != pcb)
			list = &(*list)->next;
		if (*list)
			*list = pcb->next;
	}
	pcb->next = NULL;
}

static bool has_tuple(const struct tcp_pcb *pcb, const ip_addr_t *local_ip,
                      uint16_t local_port, const ip_addr_t *peer_ip,
                      uint16_t peer_port)
{
	tcp_demux.steps++;
	return pcb->local_port == local_port && pcb->remote_port == peer_port &&
	       ip_addr_cmp_zoneless(&pcb->local_ip, local_ip) &&
	       ip_addr_cmp_zoneless(&pcb->remote_ip, peer_ip);
}

/**
 * tcp_demux_find() - A connection, or one in TIME_WAIT
 * @local_ip, @local_port:	The stack's side, the port in host order
 * @peer_ip, @peer_port:	The peer's
 *
 * Zones are not looked at: tcp_demux_find_next() has the next one that is the
 * same but for them.
 *
 * Return: its pcb or NULL.
 */
struct tcp_pcb *tcp_demux_find(const ip_addr_t *local_ip, uint16_t local_port,
                               const ip_addr_t *peer_ip, uint16_t peer_port)
{
	struct tcp_pcb *pcb = tcp_demux.bucket[index_of(
		local_ip, local_port, peer_ip, peer_port)];

	while (pcb && !has_tuple(pcb, local_ip, local_port, peer_ip,
	                         peer_port))
		pcb = slot(pcb, TCP_DEMUX_CHAIN);
	return pcb;
}

/**
 * tcp_demux_find_next() - Another one with the same addresses and ports
 * @pcb:	What was found before
 *
 * Return: its pcb or NULL.
 */
struct tcp_pcb *tcp_demux_find_next(const struct tcp_pcb *pcb)
{
	struct tcp_pcb *next = slot(pcb, TCP_DEMUX_CHAIN);

	while (next && !has_tuple(next, &pcb->local_ip, pcb->local_port,
	                          &pcb->remote_ip, pcb->remote_port))
		next = slot(next, TCP_DEMUX_CHAIN);
	return next;
}

/**
 * tcp_demux_to_front() - Make a pcb the first that lwIP finds in its list
 * @pcb:	In a list that is not hidden; in TIME_WAIT, that begins anew, as
 *		in Linux (tcp_timewait_state_process)
 */
void tcp_demux_to_front(struct tcp_pcb *pcb)
{
	if (is_in_tw(pcb))
		pcb->tmr = tcp_ticks;
	if (!slot(pcb, TCP_DEMUX_PREV))
		return;
	list_remove(pcb);
	list_push(front_of(pcb), pcb);
}

/**
 * tcp_demux_hide() - There is nothing for lwIP to look for in a list
 * @active:	Among the active pcbs
 * @time_wait:	Among those in TIME_WAIT
 *
 * Until tcp_demux_unhide(), which must follow.
 */
void tcp_demux_hide(bool active, bool time_wait)
{
	if (active) {
		tcp_demux.hidden_active = tcp_active_pcbs;
		tcp_active_pcbs = NULL;
	}
	if (time_wait) {
		tcp_demux.hidden_tw = tcp_tw_pcbs;
		tcp_tw_pcbs = NULL;
	}
}

/* Behind what has entered meanwhile, at most the pcb of one SYN. */
static void append(struct tcp_pcb **list, struct tcp_pcb **hidden)
{
	struct tcp_pcb *rest = *hidden, *last = *list;

	*hidden = NULL;
	if (!rest)
		return;
	while (last && last->next)
		last = last->next;
	if (last)
		last->next = rest;
	else
		*list = rest;
	set_slot(rest, TCP_DEMUX_PREV, last);
}

/**
 * tcp_demux_unhide() - The lists are whole again
 */
void tcp_demux_unhide(void)
{
	append(&tcp_active_pcbs, &tcp_demux.hidden_active);
	append(&tcp_tw_pcbs, &tcp_demux.hidden_tw);
}
