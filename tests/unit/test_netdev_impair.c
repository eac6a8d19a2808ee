/* SPDX-License-Identifier: MIT */
/* The bad link: what it does to frames is exact, repeatable, and counted. */
#include <errno.h>
#include <string.h>

#include "tests/unit/impair_fixture.h"

/* Counted events must lie within five standard deviations of count * chance. */
static void is_about(uint64_t got, unsigned count, double chance)
{
	const double mean = count * chance;
	const double off = (double)got - mean;

	CU_ASSERT_TRUE(off * off < 25 * mean * (1 - chance) + 1);
}

static void test_clean_link(void)
{
	for (unsigned is_rx = 0; is_rx < 2; is_rx++) {
		run("loss=0%", is_rx, 1000, 1);
		CU_ASSERT_EQUAL(out_count, 1000);
		for (unsigned i = 0; i < out_count; i++)
			CU_ASSERT_EQUAL(out[i], i);
		CU_ASSERT_EQUAL(dev->stats.rx_frames + dev->stats.tx_frames,
		                1000);
		link_close();
	}
}

static void test_head(void)
{
	link_open("loss=1%");
	CU_ASSERT_STRING_EQUAL(dev->mode, "memory, impaired");
	CU_ASSERT_EQUAL(dev->caps, 0);
	CU_ASSERT_EQUAL(dev->mtu, below->mtu);
	CU_ASSERT_EQUAL(memcmp(dev->mac, below->mac, sizeof(dev->mac)), 0);
	below->is_down = true;
	strcpy(below->gone, "gone it is");
	get_rx();
	CU_ASSERT_TRUE(dev->is_down);
	CU_ASSERT_STRING_EQUAL(dev->gone, "gone it is");
	link_close();
}

static void test_repeatable(void)
{
	static const char spec[] = "loss=5%,duplicate=5%,reorder=5%,delay=2ms,"
	                           "jitter=1ms,seed=7";
	static uint32_t first[2 * MANY];
	unsigned first_count;

	run(spec, true, 2000, MS / 10);
	memcpy(first, out, sizeof(first));
	first_count = out_count;
	link_close();
	run(spec, true, 2000, MS / 10);
	CU_ASSERT_EQUAL(out_count, first_count);
	CU_ASSERT_EQUAL(memcmp(first, out, out_count * sizeof(out[0])), 0);
	link_close();
	/* The other direction, and another seed, meet another fate. */
	run(spec, false, 2000, MS / 10);
	CU_ASSERT_NOT_EQUAL(memcmp(first, out, 1000 * sizeof(out[0])), 0);
	link_close();
	run("loss=5%,duplicate=5%,reorder=5%,seed=8", true, 2000, MS / 10);
	CU_ASSERT_NOT_EQUAL(memcmp(first, out, 1000 * sizeof(out[0])), 0);
	link_close();
}

static void test_chances(void)
{
	static const char spec[] = "loss=10%,duplicate=2%,corrupt=1%";

	for (unsigned is_rx = 0; is_rx < 2; is_rx++) {
		const struct netdev_stats *stats;

		run(spec, is_rx, MANY, 1000);
		stats = &dev->stats;
		is_about(stats->impair_lost, MANY, 0.1);
		is_about(stats->impair_duplicated, MANY, 0.9 * 0.02);
		is_about(stats->impair_corrupted, MANY, 0.9 * 0.01);
		CU_ASSERT_EQUAL(stats->impair_dropped_full, 0);
		CU_ASSERT_EQUAL(out_count, MANY - stats->impair_lost +
		                           stats->impair_duplicated);
		link_close();
	}
}

/* What one rule hits does not depend on the others. */
static void test_rules_are_independent(void)
{
	uint64_t lost;

	run("loss=3%", true, 5000, 1000);
	lost = dev->stats.impair_lost;
	link_close();
	run("loss=3%,duplicate=50%,corrupt=50%,reorder=20%", true, 5000, 1000);
	CU_ASSERT_EQUAL(dev->stats.impair_lost, lost);
	link_close();
}

static void test_one_direction(void)
{
	run("rx:loss=100%", true, 100, 1);
	CU_ASSERT_EQUAL(out_count, 0);
	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(put_tx(i), 0);
	CU_ASSERT_EQUAL(get_tx(), 100);
	link_close();
	run("tx:loss=100%", false, 100, 1);
	CU_ASSERT_EQUAL(out_count, 0);
	link_close();
}

static void test_reorder(void)
{
	unsigned moved = 0;

	run("reorder=5%", true, 5000, 1000);
	is_about(dev->stats.impair_reordered, 5000, 0.05);
	CU_ASSERT_EQUAL(out_count, 5000);
	for (unsigned i = 0; i < out_count; i++) {
		const int late = (int)i - (int)out[i];

		CU_ASSERT_TRUE(late >= -1 && late <= 3);
		moved += late > 0;
	}
	CU_ASSERT_EQUAL(moved, dev->stats.impair_reordered);
	link_close();
	/* Nothing follows: it comes all the same. */
	link_open("reorder=100%");
	put_rx(1);
	CU_ASSERT_EQUAL(get_rx(), 0);
	now_ns += 10 * MS;
	CU_ASSERT_EQUAL(get_rx(), 1);
	link_close();
}

static void test_corrupt(void)
{
	struct frame *frame;
	uint8_t sent[FRAME_LEN];

	link_open("corrupt=100%");
	frame_fill(sent, 5);
	for (unsigned i = 0; i < 200; i++) {
		unsigned bits = 0;

		put_rx(5);
		CU_ASSERT_EQUAL_FATAL(netdev_rx_burst(dev, &frame, 1), 1);
		for (unsigned at = 0; at < FRAME_LEN; at++)
			bits += (unsigned)__builtin_popcount(frame->data[at] ^
			                                     sent[at]);
		CU_ASSERT_EQUAL(bits, 1);
		CU_ASSERT_EQUAL(memcmp(frame->data, sent, 14), 0);
		/* Nobody vouches for it any more. */
		CU_ASSERT_EQUAL(frame->csum, FRAME_CSUM_INVALID);
		netdev_rx_release(frame);
	}
	link_close();
}

static void test_limit(void)
{
	link_open("delay=1ms,limit=10");
	for (unsigned i = 0; i < 25; i++) {
		put_rx(i);
		CU_ASSERT_EQUAL(put_tx(i), 0);
	}
	CU_ASSERT_EQUAL(get_rx() + get_tx(), 0);
	CU_ASSERT_EQUAL(dev->stats.impair_dropped_full, 30);
	now_ns += MS;
	CU_ASSERT_EQUAL(get_rx(), 10);
	CU_ASSERT_EQUAL(get_tx(), 10);
	link_close();
}

static void test_no_offload_work(void)
{
	uint8_t data[FRAME_LEN] = { 0 };
	const struct iovec iov = { data, FRAME_LEN };
	struct frame_out frame = {
		.iov = &iov, .iovcnt = 1, .len = FRAME_LEN, .needs_csum = true,
	};

	link_open("loss=0%");
	CU_ASSERT_EQUAL(netdev_tx(dev, &frame), -EINVAL);
	frame.needs_csum = false;
	frame.gso = FRAME_GSO_TCP4;
	CU_ASSERT_EQUAL(netdev_tx(dev, &frame), -EINVAL);
	CU_ASSERT_EQUAL(dev->stats.tx_dropped_error, 2);
	link_close();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_clean_link),
		UNIT_TEST(test_head),
		UNIT_TEST(test_repeatable),
		UNIT_TEST(test_chances),
		UNIT_TEST(test_rules_are_independent),
		UNIT_TEST(test_one_direction),
		UNIT_TEST(test_reorder),
		UNIT_TEST(test_corrupt),
		UNIT_TEST(test_limit),
		UNIT_TEST(test_no_offload_work),
		{ NULL, NULL }
	};

	return unit_run("netdev_impair", NULL, NULL, tests);
}
