/* SPDX-License-Identifier: MIT */
/* A fixed pool of receive frames with their buffers.
 *
 * Theory of operation
 *
 * All memory is taken once. The buffers are one anonymous mapping, so a buffer
 * that was never used costs no memory. Free frames stand in a list that is
 * last in, first out: under light load the same few buffers go round and stay
 * in the cache.
 *
 * total == free_count + frames lent out, always. A frame that is given back
 * twice would stand in the list twice and be lent to two holders, so each
 * frame's state is kept: a second free is ignored, and stops a build with
 * sanitizers on the spot.
 */
#include "fastpath/frame_pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A double free is a bug of the holder: found where tests run, survived where
 * users are.
 */
#ifdef NETCOND_SAN
#define FRAME_POOL_CHECK(cond) assert(cond)
#else
#define FRAME_POOL_CHECK(cond) ((void)0)
#endif

/* Buffers start on cache lines. */
#define BUF_ALIGN 64u

static uint32_t align_up(uint32_t len)
{
	return (len + BUF_ALIGN - 1) & ~(BUF_ALIGN - 1);
}

/* Take memory for count frames of room bytes each.
 * dev: the frames' netdev, where they are given back.
 * room: bytes that can be received into a buffer, FRAME_HEADROOM included.
 * Return: 0; -EINVAL for a count or room of 0 or beyond any sense; -ENOMEM.
 */
int frame_pool_init(struct frame_pool *pool, struct netdev *dev,
                    unsigned count, uint32_t room)
{
	uint32_t stride = align_up(room);

	memset(pool, 0, sizeof(*pool));
	if (!count || count > FRAME_POOL_COUNT_MAX)
		return -EINVAL;
	if (room <= FRAME_HEADROOM || room > 1u << 20)
		return -EINVAL;

	pool->area_len = (size_t)count * stride;
	pool->area = mmap(NULL, pool->area_len, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool->area == MAP_FAILED)
		goto fail_area;
	pool->frames = calloc(count, sizeof(*pool->frames));
	pool->is_lent = calloc(count, sizeof(*pool->is_lent));
	if (!pool->frames || !pool->is_lent)
		goto fail_frames;

	pool->total = count;
	for (unsigned i = count; i-- > 0;) {
		struct frame *frame = &pool->frames[i];

		frame->dev = dev;
		frame->buf = pool->area + (size_t)i * stride;
		frame->room = room;
		frame->next = pool->free;
		pool->free = frame;
	}
	pool->free_count = count;
	return 0;

fail_frames:
	free(pool->is_lent);
	free(pool->frames);
	munmap(pool->area, pool->area_len);
fail_area:
	memset(pool, 0, sizeof(*pool));
	return -ENOMEM;
}

/* Give the memory back. Every frame must be back in the pool. A pool that is
 * all zeros is accepted.
 */
void frame_pool_fini(struct frame_pool *pool)
{
	FRAME_POOL_CHECK(pool->free_count == pool->total);
	if (pool->area)
		munmap(pool->area, pool->area_len);
	free(pool->is_lent);
	free(pool->frames);
	memset(pool, 0, sizeof(*pool));
}

/* Take a frame, empty and without notes, with data after the headroom.
 * Return: the frame, to be given to frame_pool_free(); NULL when all are out.
 */
struct frame *frame_pool_alloc(struct frame_pool *pool)
{
	struct frame *frame = pool->free;

	if (!frame)
		return NULL;
	pool->free = frame->next;
	pool->free_count--;
	pool->is_lent[frame - pool->frames] = true;
	frame->next = NULL;
	frame->data = frame->buf + FRAME_HEADROOM;
	frame->len = 0;
	frame->gso_size = 0;
	frame->csum = FRAME_CSUM_INVALID;
	return frame;
}

/* Give a frame back to the pool that it came from. */
void frame_pool_free(struct frame_pool *pool, struct frame *frame)
{
	size_t idx = frame - pool->frames;

	FRAME_POOL_CHECK(idx < pool->total && pool->is_lent[idx]);
	if (idx >= pool->total || !pool->is_lent[idx])
		return;
	pool->is_lent[idx] = false;
	frame->next = pool->free;
	pool->free = frame;
	pool->free_count++;
}
