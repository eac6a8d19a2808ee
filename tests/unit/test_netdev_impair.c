/* SPDX-License-Identifier: MIT */
/* The bad link, on a memory device and a clock that the tests turn: what it
 * does to frames is exact, repeatable, and counted; nothing leaks.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

static void link_open(const char *spec)
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

static void link_close(void)
{
	unsigned total;

	CU_ASSERT_EQUAL(netdev_rx_room(below, &total), total);
	netdev_close(dev);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static void frame_fill(uint8_t data[FRAME_LEN], uint32_t number)
{
	memset(data, 0x5a, FRAME_LEN);
	memcpy(data + MARK_AT, &number, sizeof(number));
}

static void note_out(const uint8_t *data)
{
	CU_ASSERT_TRUE_FATAL(out_count < 2 * MANY);
	memcpy(&out[out_count++], data + MARK_AT, sizeof(out[0]));
}

/* One frame to the stack's side of the link. */
static void put_rx(uint32_t number)
{
	uint8_t data[FRAME_LEN];

	frame_fill(data, number);
	CU_ASSERT_EQUAL(netdev_mem_inject_noted(below, data, FRAME_LEN,
	                                        FRAME_CSUM_VALID, 0), 0);
}

static unsigned get_rx(void)
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

static int put_tx(uint32_t number)
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

static unsigned get_tx(void)
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
static void run(const char *spec, bool is_rx, unsigned count, uint64_t step_ns)
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

/* Counted events must lie within five standard deviations of count * chance. */
static void is_about(uint64_t got, unsigned count, double chance)
{
	const double mean = count * chance;
	const double off = (double)got - mean;

	CU_ASSERT_TRUE(off * off < 25 * mean * (1 - chance) + 1);
}

/* ------------------------------------------------------------------ tests */

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

static void test_delay(void)
{
	for (unsigned is_rx = 0; is_rx < 2; is_rx++) {
		unsigned (*get)(void) = is_rx ? get_rx : get_tx;

		link_open("delay=5ms");
		if (is_rx)
			put_rx(1);
		else
			put_tx(1);
		CU_ASSERT_EQUAL(get(), 0);
		now_ns += 5 * MS - 1;
		CU_ASSERT_EQUAL(get(), 0);
		now_ns += 1;
		CU_ASSERT_EQUAL(get(), 1);
		link_close();
	}
}

static void test_jitter(void)
{
	uint64_t early = UINT64_MAX, late = 0;

	link_open("delay=5ms,jitter=1ms");
	for (unsigned i = 0; i < 500; i++) {
		const uint64_t start = now_ns;

		put_rx(i);
		while (!get_rx())
			now_ns += MS / 50;
		if (now_ns - start < early)
			early = now_ns - start;
		if (now_ns - start > late)
			late = now_ns - start;
	}
	CU_ASSERT_TRUE(early >= 4 * MS && early < 4 * MS + MS / 10);
	CU_ASSERT_TRUE(late <= 6 * MS + MS / 50 && late > 6 * MS - MS / 10);
	link_close();
	/* Many at a time stay in order. */
	run("delay=5ms,jitter=5ms", true, 2000, MS / 100);
	CU_ASSERT_EQUAL(out_count, 2000);
	for (unsigned i = 0; i < out_count; i++)
		CU_ASSERT_EQUAL(out[i], i);
	link_close();
}

/* 60 bytes at 480 kbit/s: one a millisecond. */
static void test_rate(void)
{
	link_open("rate=480kbit");
	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(put_tx(i), 0);
	for (unsigned i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(get_tx(), 0);
		now_ns += MS;
		CU_ASSERT_EQUAL(get_tx(), 1);
	}
	/* A line that was idle saves nothing up. */
	now_ns += 1000 * MS;
	CU_ASSERT_EQUAL(put_tx(0), 0);
	CU_ASSERT_EQUAL(put_tx(1), 0);
	now_ns += MS;
	CU_ASSERT_EQUAL(get_tx(), 1);
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

/* A full device keeps what is due, and the loop is told. */
static void test_device_full(void)
{
	link_open("loss=0%");
	netdev_mem_set_tx_limit(below, 1);
	CU_ASSERT_EQUAL(put_tx(0), 0);
	CU_ASSERT_EQUAL(put_tx(1), 0);
	CU_ASSERT_TRUE(netdev_flush(dev));
	CU_ASSERT_EQUAL(get_tx(), 1);
	CU_ASSERT_FALSE(netdev_flush(dev));
	CU_ASSERT_EQUAL(get_tx(), 1);
	CU_ASSERT_EQUAL(out[1], 1);
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

static void sleep_until_due(void)
{
	struct pollfd pfd = { .fd = netdev_rx_fd(dev), .events = POLLIN };
	struct timespec start, end;

	netdev_flush(dev);
	clock_gettime(CLOCK_MONOTONIC, &start);
	CU_ASSERT_EQUAL(poll(&pfd, 1, 5000), 1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	CU_ASSERT_TRUE((end.tv_sec - start.tv_sec) * 1000 +
	               (end.tv_nsec - start.tv_nsec) / 1000000 >= 19);
	now_ns += 20 * MS;
}

/* A loop that sleeps on the descriptor wakes for a late frame of either
 * direction, and then no more.
 */
static void test_wakes(void)
{
	struct pollfd pfd;

	link_open("delay=20ms");
	put_rx(1);
	CU_ASSERT_EQUAL(get_rx(), 0);
	sleep_until_due();
	CU_ASSERT_EQUAL(get_rx(), 1);
	put_tx(1);
	sleep_until_due();
	CU_ASSERT_EQUAL(get_tx(), 1);
	pfd = (struct pollfd){ .fd = netdev_rx_fd(dev), .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 0);
	put_rx(1);
	CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 1);
	get_rx();
	link_close();
}

/* Frames that wait when the link is closed: those to send are sent, and none
 * is kept. A capture below shows it.
 */
static void test_close(void)
{
	const struct netdev_conf mem_conf = { .backend = "mem" };
	char path[] = "/tmp/netcond-impair-XXXXXX", why[NETDEV_WHY_LEN];
	struct impair_conf conf;
	struct stat st;
	int fd = mkstemp(path);

	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	close(fd);
	fds_before = unit_fd_count();
	CU_ASSERT_EQUAL_FATAL(impair_parse("delay=9s,rx:reorder=100%,"
	                                   "tx:reorder=50%", &conf, why), 0);
	CU_ASSERT_EQUAL_FATAL(netdev_open(&mem_conf, &below, why), 0);
	for (unsigned i = 0; i < 10; i++)
		put_rx(i);
	CU_ASSERT_EQUAL_FATAL(netdev_pcap_wrap(path, below, &dev, why), 0);
	CU_ASSERT_EQUAL_FATAL(netdev_impair_wrap(&conf, dev, &dev, why), 0);
	for (unsigned i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(put_tx(i), 0);
	CU_ASSERT_EQUAL(get_rx(), 0);
	netdev_close(dev);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
	/* The file's header, and a record for each frame of both ways. */
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 24 + 20 * (16 + FRAME_LEN));
	unlink(path);
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
		UNIT_TEST(test_delay),
		UNIT_TEST(test_jitter),
		UNIT_TEST(test_rate),
		UNIT_TEST(test_reorder),
		UNIT_TEST(test_corrupt),
		UNIT_TEST(test_limit),
		UNIT_TEST(test_device_full),
		UNIT_TEST(test_no_offload_work),
		UNIT_TEST(test_wakes),
		UNIT_TEST(test_close),
		{ NULL, NULL }
	};

	return unit_run("netdev_impair", NULL, NULL, tests);
}
