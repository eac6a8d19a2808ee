/* SPDX-License-Identifier: MIT */
/* The invariants of stack/tcp_demux.c, looked at from outside: every pcb in
 * exactly one list and one bucket, and nothing else anywhere.
 */
#include "tests/unit/demux_check.h"

#include <lwip/priv/tcp_priv.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "stack/port/port.h"
#include "stack/tcp_demux.h"

static void *slot(const struct tcp_pcb *pcb, enum tcp_demux_slot i)
{
	return pcb->ext_args[i].data;
}

static unsigned bucket_of(const struct tcp_pcb *pcb)
{
	return (unsigned)port_hash_tuple(&pcb->local_ip, pcb->local_port,
	                                 &pcb->remote_ip, pcb->remote_port) &
	       (TCP_DEMUX_BUCKETS - 1);
}

static bool is_in_bucket(const struct tcp_pcb *pcb, unsigned bucket)
{
	unsigned found = 0;

	for (struct tcp_pcb *at = tcp_demux.bucket[bucket]; at;
	     at = slot(at, TCP_DEMUX_CHAIN))
		found += at == pcb;
	return found == 1;
}

/* Return: NULL, or what is wrong with a pcb of this list. */
static const char *check_pcb(struct tcp_pcb *pcb, bool is_tw)
{
	unsigned bucket = bucket_of(pcb);
	uintptr_t place = (uintptr_t)bucket << 1 | is_tw;

	if ((pcb->state == TIME_WAIT) != is_tw)
		return "a pcb is in the wrong list";
	if (slot(pcb, TCP_DEMUX_SELF) != pcb)
		return "a pcb in a list does not know it";
	if ((uintptr_t)slot(pcb, TCP_DEMUX_PLACE) != place)
		return "a pcb's place is not its own";
	if (!is_in_bucket(pcb, bucket))
		return "a pcb of a list is not once in its bucket";
	return NULL;
}

/* More steps than pcbs mean a list that goes round. */
static const char *check_list(struct tcp_pcb *first, bool is_tw, unsigned count)
{
	struct tcp_pcb *prev = NULL;
	const char *why = NULL;
	unsigned steps = 0;

	for (struct tcp_pcb *pcb = first; pcb && !why; pcb = pcb->next) {
		why = check_pcb(pcb, is_tw);
		if (!why && slot(pcb, TCP_DEMUX_PREV) != prev)
			why = "a pcb's back pointer is wrong";
		if (!why && is_tw && prev && TCP_SEQ_GT(pcb->tmr, prev->tmr))
			why = "a younger one in TIME_WAIT is behind an older";
		if (!why && ++steps > count)
			why = "a list is longer than its count";
		prev = pcb;
	}
	if (!why && steps != count)
		why = "a list is shorter than its count";
	if (!why && is_tw && tcp_demux.tw_last != prev)
		why = "the oldest in TIME_WAIT is not the last";
	return why;
}

static const char *check_buckets(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < TCP_DEMUX_BUCKETS; i++)
		for (struct tcp_pcb *pcb = tcp_demux.bucket[i]; pcb;
		     pcb = slot(pcb, TCP_DEMUX_CHAIN))
			count++;
	return count == tcp_demux.active_count + tcp_demux.tw_count
		? NULL : "the buckets hold others than the lists do";
}

static const char *check_ports(void)
{
	static uint32_t count[65536];
	const char *why = NULL;

	memset(count, 0, sizeof(count));
	for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
		count[pcb->local_port]++;
	if (memcmp(count, tcp_demux.tw_on_port, sizeof(count)))
		why = "a port's count of TIME_WAIT is wrong";
	return why;
}

/**
 * demux_check() - Do lists, back pointers, buckets and counts agree?
 *
 * Return: NULL, or what is wrong.
 */
const char *demux_check(void)
{
	const char *why = check_list(tcp_active_pcbs, false,
	                             tcp_demux.active_count);

	if (!why)
		why = check_list(tcp_tw_pcbs, true, tcp_demux.tw_count);
	if (!why)
		why = check_buckets();
	if (!why)
		why = check_ports();
	if (!why && (tcp_demux.hidden_active || tcp_demux.hidden_tw))
		why = "a list is still hidden";
	return why;
}
