/* SPDX-License-Identifier: MIT */
/* One direction of a bad link: frames in, fewer, later and other frames out. */
#ifndef NETCOND_FASTPATH_IMPAIR_QUEUE_H
#define NETCOND_FASTPATH_IMPAIR_QUEUE_H

#include <stdbool.h>

#include "fastpath/frame_pool.h"
#include "fastpath/impair_spec.h"

#define IMPAIR_NEVER UINT64_MAX

/* Counters of past events. */
struct impair_stats {
	uint64_t lost;
	uint64_t duplicated;
	uint64_t corrupted;
	uint64_t reordered;
	uint64_t dropped_full; /* more than rules.limit would have waited */
};

struct impair_queue {
	struct impair_rules rules;
	uint64_t random;          /* state of the generator */
	struct frame_pool pool;
	struct frame *first;      /* waiting, the next one to leave */
	struct frame *last;
	unsigned count;           /* frames from first on */
	struct frame *held;       /* to be overtaken; NULL: none */
	unsigned held_for;        /* frames that overtake it */
	uint64_t held_until_ns;   /* whether they come or not */
	uint64_t line_free_ns;    /* when the line has sent what it has */
	struct impair_stats stats;
};

int impair_queue_init(struct impair_queue *queue, struct netdev *dev,
                      const struct impair_rules *rules, uint64_t seed);
void impair_queue_fini(struct impair_queue *queue);
void impair_queue_put(struct impair_queue *queue, struct frame *frame,
                      uint64_t now_ns);
struct frame *impair_queue_peek(struct impair_queue *queue, uint64_t now_ns);
struct frame *impair_queue_take(struct impair_queue *queue, uint64_t now_ns);
uint64_t impair_queue_next_ns(const struct impair_queue *queue);

#endif
