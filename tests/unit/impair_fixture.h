/* SPDX-License-Identifier: MIT */
/* A bad link on a memory device, and a clock that the tests turn. Included by
 * one file of a test program.
 */
#ifndef NETCOND_TESTS_UNIT_IMPAIR_FIXTURE_H
#define NETCOND_TESTS_UNIT_IMPAIR_FIXTURE_H

#include <string.h>

#include "fastpath/netdev_impair.h"
#include "fastpath/netdev_mem.h"
#include "tests/unit/unit.h"

#define FRAME_LEN 60
#define MARK_AT 20   /* where a frame's number stands */
#define MANY 20000
#define MS 1000000ull

static struct netdev *below, *dev;
static uint64_t now_ns;
static unsigned fds_before;

/* What came out, by number, in order. */
static uint32_t out[2 * MANY];
static unsigned out_count;

static uint64_t clock_fake(void)
{
	return now_ns;
}

/* ---------------------------------------------------------------- helpers */

static inline void link_open(const char *spec)
{
	const struct netdev_conf mem_conf = {
		.backend = "mem", .no_offload = true,
	};
	struct impair_conf conf;
	char why[NETDEV_WHY_LEN] = "";

	fds_before = unit_fd_count();
	now_ns = 1000 * MS;
	out_count = 0;
	CU_ASSERT_EQUAL_FATAL(impair_parse(spec, &conf, why), 0);
	CU_ASSERT_EQUAL_FATAL(netdev_open(&mem_conf, &below, why), 0);
	CU_ASSERT_EQUAL_FATAL(netdev_impair_wrap(&conf, below, &dev, why), 0);
	netdev_impair_set_clock(dev, clock_fake);
}

static inline void link_close(void)
{
	unsigned total;

	CU_ASSERT_EQUAL(netdev_rx_room(below, &total), total);
	netdev_close(dev);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static inline void frame_fill(uint8_t data[FRAME_LEN], uint32_t number)
{
	memset(data, 0x5a, FRAME_LEN);
	memcpy(data + MARK_AT, &number, sizeof(number));
}

static inline void note_out(const uint8_t *data)
{
	CU_ASSERT_TRUE_FATAL(out_count < 2 * MANY);
	memcpy(&out[out_count++], data + MARK_AT, sizeof(out[0]));
}

/* One frame to the stack's side of the link. */
static inline void put_rx(uint32_t number)
{
	uint8_t data[FRAME_LEN];

	frame_fill(data, number);
	CU_ASSERT_EQUAL(netdev_mem_inject_noted(below, data, FRAME_LEN,
	                                        FRAME_CSUM_VALID, 0), 0);
}

static inline unsigned get_rx(void)
{
	struct frame *frames[8];
	unsigned all = 0, count;

	while ((count = netdev_rx_burst(dev, frames, 8))) {
		for (unsigned i = 0; i < count; i++) {
			CU_ASSERT_EQUAL(frames[i]->len, FRAME_LEN);
			note_out(frames[i]->data);
			netdev_rx_release(frames[i]);
		}
		all += count;
	}
	netdev_flush(dev);
	return all;
}

static inline int put_tx(uint32_t number)
{
	uint8_t data[FRAME_LEN];
	const struct iovec iov[] = {
		{ data, 14 }, { data + 14, FRAME_LEN - 14 },
	};
	const struct frame_out frame = {
		.iov = iov, .iovcnt = 2, .len = FRAME_LEN,
	};

	frame_fill(data, number);
	return netdev_tx(dev, &frame);
}

static inline unsigned get_tx(void)
{
	const struct netdev_mem_frame *frame;
	unsigned all = 0;

	netdev_flush(dev);
	for (; (frame = netdev_mem_sent(below)); all++) {
		CU_ASSERT_EQUAL(frame->notes.len, FRAME_LEN);
		note_out(frame->data);
		netdev_mem_sent_pop(below);
	}
	return all;
}

/* count frames, one a step, through one direction, then all that is late. */
static inline void run(const char *spec, bool is_rx, unsigned count, uint64_t step_ns)
{
	link_open(spec);
	for (unsigned i = 0; i < count; i++) {
		if (is_rx)
			put_rx(i);
		else
			CU_ASSERT_EQUAL(put_tx(i), 0);
		if (is_rx)
			get_rx();
		else
			get_tx();
		now_ns += step_ns;
	}
	now_ns += 60000 * MS;
	get_rx();
	get_tx();
}

#endif
