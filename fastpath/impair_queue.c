/* SPDX-License-Identifier: MIT */
/* One direction of a bad link.
 *
 * Theory of operation
 *
 * A frame that is put in takes these steps, as far as rules ask for them: lost;
 * doubled; one bit flipped behind the Ethernet header; held back, so that the
 * next one to three frames overtake it; sent over a line of a given rate, one
 * after the other; on its way for the delay, more or less the jitter. Jitter
 * alone never changes the order, only reordering does. One frame at a time is
 * held back, and no longer than HELD_NS when nothing follows.
 *
 * So the queue is first in, first out: a frame leaves when its time has come and
 * its predecessor has left. It is bounded, as a router's is: what comes when
 * rules.limit frames wait is dropped and counted.
 *
 * Every frame draws the same number of random numbers, whatever happens to it,
 * from a generator with a seed: the same frames at the same times meet the same
 * fate, and changing one rule does not change what the others hit.
 *
 * A frame's time stands in frame->user while it waits here.
 */
#include "fastpath/impair_queue.h"

#include <net/ethernet.h>
#include <string.h>

#include "fastpath/vnet_io.h"

#define HELD_NS (10 * 1000000ull)
#define OVERTAKERS_MAX 3
#define LENT_MAX 256 /* frames that the other side may hold besides */

/* What happens to a frame. */
struct fate {
	bool is_lost;
	bool is_doubled;
	bool is_corrupt;
	bool is_held;
	uint64_t bit;        /* any number: which bit, overtaken by how many */
	uint64_t jitter[2];  /* any numbers: for the frame and its double */
};

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014
 * (SplitMix64).
 */
static uint64_t draw(struct impair_queue *queue)
{
	uint64_t x = queue->random += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static bool draw_chance(struct impair_queue *queue, uint64_t chance)
{
	return draw(queue) >> 32 < chance;
}

static struct fate draw_fate(struct impair_queue *queue)
{
	const struct impair_rules *rules = &queue->rules;
	struct fate fate;

	fate.is_lost = draw_chance(queue, rules->loss);
	fate.is_doubled = draw_chance(queue, rules->duplicate);
	fate.is_corrupt = draw_chance(queue, rules->corrupt);
	fate.is_held = draw_chance(queue, rules->reorder);
	fate.bit = draw(queue);
	fate.jitter[0] = draw(queue);
	fate.jitter[1] = draw(queue);
	return fate;
}

static uint64_t *due_of(struct frame *frame)
{
	return (uint64_t *)(void *)frame->user;
}

/* When a frame that is sent now arrives. */
static uint64_t due_ns(struct impair_queue *queue, const struct frame *frame,
                       uint64_t now_ns, uint64_t jitter)
{
	const struct impair_rules *rules = &queue->rules;
	uint64_t due = now_ns;

	if (rules->rate) {
		if (due < queue->line_free_ns)
			due = queue->line_free_ns;
		due += frame->len * 8 * 1000000000ull / rules->rate;
		queue->line_free_ns = due;
	}
	due += rules->delay_ns - rules->jitter_ns;
	if (rules->jitter_ns)
		due += jitter % (2 * rules->jitter_ns + 1);
	return due;
}

static void enqueue(struct impair_queue *queue, struct frame *frame,
                    uint64_t now_ns, uint64_t jitter)
{
	if (queue->count >= queue->rules.limit) {
		queue->stats.dropped_full++;
		frame_pool_free(&queue->pool, frame);
		return;
	}
	*due_of(frame) = due_ns(queue, frame, now_ns, jitter);
	frame->next = NULL;
	if (queue->first)
		queue->last->next = frame;
	else
		queue->first = frame;
	queue->last = frame;
	queue->count++;
}

static void enqueue_held(struct impair_queue *queue, uint64_t now_ns)
{
	struct frame *frame = queue->held;

	queue->held = NULL;
	enqueue(queue, frame, now_ns, *due_of(frame));
}

/* The same frame once more. */
static void enqueue_double(struct impair_queue *queue, const struct frame *frame,
                           uint64_t now_ns, uint64_t jitter)
{
	struct frame *copy = frame_pool_alloc(&queue->pool);

	if (!copy) {
		queue->stats.dropped_full++;
		return;
	}
	memcpy(copy->data, frame->data, frame->len);
	copy->len = frame->len;
	copy->csum = frame->csum;
	copy->gso_size = frame->gso_size;
	queue->stats.duplicated++;
	enqueue(queue, copy, now_ns, jitter);
}

/* Flip one bit; nobody vouches for the frame's sums any more. */
static void corrupt(struct impair_queue *queue, struct frame *frame,
                    uint64_t bit)
{
	if (frame->len <= ETHER_HDR_LEN)
		return;
	bit %= (frame->len - ETHER_HDR_LEN) * 8ull;
	frame->data[ETHER_HDR_LEN + bit / 8] ^= (uint8_t)(1u << bit % 8);
	frame->csum = FRAME_CSUM_INVALID;
	queue->stats.corrupted++;
}

/* One frame comes to the link.
 * frame: of the queue's pool, which has it back when it is lost.
 * now_ns: the time, never before that of the last call.
 */
void impair_queue_put(struct impair_queue *queue, struct frame *frame,
                      uint64_t now_ns)
{
	const struct fate fate = draw_fate(queue);

	if (fate.is_lost) {
		queue->stats.lost++;
		frame_pool_free(&queue->pool, frame);
		return;
	}
	if (fate.is_corrupt)
		corrupt(queue, frame, fate.bit);
	if (fate.is_doubled)
		enqueue_double(queue, frame, now_ns, fate.jitter[1]);
	if (fate.is_held && !queue->held) {
		queue->stats.reordered++;
		queue->held = frame;
		queue->held_for = 1 + (unsigned)(fate.bit % OVERTAKERS_MAX);
		queue->held_until_ns = now_ns + HELD_NS;
		*due_of(frame) = fate.jitter[0];
		return;
	}
	enqueue(queue, frame, now_ns, fate.jitter[0]);
	if (queue->held && --queue->held_for == 0)
		enqueue_held(queue, now_ns);
}

/* The frame that has arrived by now_ns and is next; it stays in the queue.
 * Return: NULL when there is none.
 */
struct frame *impair_queue_peek(struct impair_queue *queue, uint64_t now_ns)
{
	if (queue->held && now_ns >= queue->held_until_ns)
		enqueue_held(queue, now_ns);
	if (!queue->first || *due_of(queue->first) > now_ns)
		return NULL;
	return queue->first;
}

/* Take that frame out: the caller's, to be freed to the queue's pool. */
struct frame *impair_queue_take(struct impair_queue *queue, uint64_t now_ns)
{
	struct frame *frame = impair_queue_peek(queue, now_ns);

	if (!frame)
		return NULL;
	queue->first = frame->next;
	frame->next = NULL;
	queue->count--;
	return frame;
}

/* When impair_queue_peek() has something to say next; IMPAIR_NEVER. */
uint64_t impair_queue_next_ns(const struct impair_queue *queue)
{
	uint64_t next = queue->held ? queue->held_until_ns : IMPAIR_NEVER;

	if (queue->first && *due_of(queue->first) < next)
		next = *due_of(queue->first);
	return next;
}

/* Make an empty queue with a pool of its own.
 * dev: the netdev to which its frames go back.
 * Return: 0 or -ENOMEM.
 */
int impair_queue_init(struct impair_queue *queue, struct netdev *dev,
                      const struct impair_rules *rules, uint64_t seed)
{
	memset(queue, 0, sizeof(*queue));
	queue->rules = *rules;
	queue->random = seed;
	return frame_pool_init(&queue->pool, dev,
	                       (unsigned)rules->limit + LENT_MAX,
	                       VNET_FRAME_ROOM);
}

/* Drop what waits, and give the memory back. All zeros are accepted. */
void impair_queue_fini(struct impair_queue *queue)
{
	struct frame *frame;

	if (queue->held)
		frame_pool_free(&queue->pool, queue->held);
	queue->held = NULL;
	while ((frame = impair_queue_take(queue, IMPAIR_NEVER)))
		frame_pool_free(&queue->pool, frame);
	frame_pool_fini(&queue->pool);
}
