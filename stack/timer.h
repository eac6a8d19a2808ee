/* SPDX-License-Identifier: MIT */
/* One-shot timers of the stack, in the caller's memory.
 *
 * A timer is zeroed, given its function, started as often as wanted and
 * stopped before its memory goes. It fires once, from stack_poll_timers(), at
 * its time or later; starting a running timer moves it.
 */
#ifndef NETCOND_STACK_TIMER_H
#define NETCOND_STACK_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
	uint64_t due_us;           /* when it fires; the stack's clock */
	void (*on_due)(struct timer *timer, uint64_t now_us);
	struct timer *child;       /* first of those that fire later */
	struct timer *next;        /* next sibling */
	struct timer **link;       /* what points here; NULL: not running */
};

/* The running timers, soonest first. */
struct timer_heap {
	struct timer *root;
};

void timer_start(struct timer_heap *heap, struct timer *timer,
                 uint64_t due_us);
void timer_stop(struct timer_heap *heap, struct timer *timer);
uint64_t timer_next_us(const struct timer_heap *heap);
unsigned timer_poll(struct timer_heap *heap, uint64_t now_us);

static inline bool timer_is_running(const struct timer *timer)
{
	return timer->link;
}

#endif
