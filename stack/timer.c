/* SPDX-License-Identifier: MIT */
/* One-shot timers in a pairing heap.
 *
 * Theory of operation
 *
 * A connection may have a few timers and there may be 65,000 connections, yet
 * most timers are stopped or moved before they fire. In a pairing heap a start
 * takes constant time and a stop, amortised, O(log n); there is no memory but
 * the timers' own. Children of a timer fire no earlier than it does; siblings
 * are linked by `next`, and `link` points at whichever pointer holds a timer,
 * so that it can leave without a search.
 */
#include "stack/timer.h"

#include <stddef.h>

/* Make one tree of two roots without siblings. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *first = a->due_us <= b->due_us ? a : b;
	struct timer *later = first == a ? b : a;

	later->next = first->child;
	if (later->next)
		later->next->link = &later->next;
	first->child = later;
	later->link = &first->child;
	return first;
}

static struct timer *list_pop(struct timer **list)
{
	struct timer *t = *list;

	if (t) {
		*list = t->next;
		t->next = NULL;
	}
	return t;
}

/* Make one tree of a list of siblings: in pairs, then from the last pair on. */
static struct timer *meld_siblings(struct timer *list)
{
	struct timer *pairs = NULL, *root, *a, *b;

	while ((a = list_pop(&list))) {
		b = list_pop(&list);
		if (b)
			a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	root = list_pop(&pairs);
	while ((a = list_pop(&pairs)))
		root = meld(root, a);
	return root;
}

static void insert(struct timer_heap *heap, struct timer *tree)
{
	if (!tree)
		return;
	heap->root = heap->root ? meld(heap->root, tree) : tree;
	heap->root->next = NULL;
	heap->root->link = &heap->root;
}

/**
 * timer_start() - Have a timer fire at due_us, or move it there
 * @heap:	The stack's timers
 * @timer:	Zeroed once before its first start, on_due set
 * @due_us:	When, in the stack's clock; the past fires at the next poll
 */
void timer_start(struct timer_heap *heap, struct timer *timer,
                 uint64_t due_us)
{
	timer_stop(heap, timer);
	timer->due_us = due_us;
	insert(heap, timer);
}

/**
 * timer_stop() - Have a timer not fire; nothing when it does not run
 * @heap:	The stack's timers
 * @timer:	The timer
 */
void timer_stop(struct timer_heap *heap, struct timer *timer)
{
	struct timer *children;

	if (!timer->link)
		return;
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	children = meld_siblings(timer->child);
	timer->child = NULL;
	timer->next = NULL;
	timer->link = NULL;
	insert(heap, children);
}

/**
 * timer_next_us() - When the soonest timer is due
 * @heap:	The stack's timers
 *
 * Return: its time, UINT64_MAX when none runs.
 */
uint64_t timer_next_us(const struct timer_heap *heap)
{
	return heap->root ? heap->root->due_us : UINT64_MAX;
}

/**
 * timer_poll() - Fire what is due
 * @heap:	The stack's timers
 * @now_us:	The turn's time
 *
 * A timer is stopped when its function runs, which may start it again, for a
 * time after now_us, and may start, stop and free any other.
 *
 * Return: how many fired.
 */
unsigned timer_poll(struct timer_heap *heap, uint64_t now_us)
{
	struct timer *timer;
	unsigned count = 0;

	while ((timer = heap->root) && timer->due_us <= now_us) {
		timer_stop(heap, timer);
		timer->on_due(timer, now_us);
		count++;
	}
	return count;
}
