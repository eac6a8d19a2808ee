/* SPDX-License-Identifier: MIT */
/* A fixed pool of receive frames with their buffers. */
#ifndef NETCOND_FASTPATH_FRAME_POOL_H
#define NETCOND_FASTPATH_FRAME_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fastpath/frame.h"

/* Bytes kept free before a frame's data: they put the IP header, 14 bytes
 * further on, at a multiple of four.
 */
#define FRAME_HEADROOM 2
#define FRAME_POOL_COUNT_MAX 65536

struct frame_pool {
	struct frame *frames; /* total of them, in one array */
	bool *is_lent;        /* one a frame: with a holder outside */
	uint8_t *area;        /* all buffers, one mapping */
	size_t area_len;      /* bytes of area */
	struct frame *free;   /* last freed first: its buffer is in the cache */
	unsigned total;       /* frames */
	unsigned free_count;  /* frames on the free list */
};

int frame_pool_init(struct frame_pool *pool, struct netdev *dev,
                    unsigned count, uint32_t room);
void frame_pool_fini(struct frame_pool *pool);
struct frame *frame_pool_alloc(struct frame_pool *pool);
void frame_pool_free(struct frame_pool *pool, struct frame *frame);

#endif
