/* SPDX-License-Identifier: MIT */
/* The bad link: frames come when they are due, a loop that sleeps is woken for
 * them, and none is kept at the end.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/impair_fixture.h"

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
		UNIT_TEST(test_delay),
		UNIT_TEST(test_jitter),
		UNIT_TEST(test_rate),
		UNIT_TEST(test_device_full),
		UNIT_TEST(test_wakes),
		UNIT_TEST(test_close),
		{ NULL, NULL }
	};

	return unit_run("netdev_impair_time", NULL, NULL, tests);
}
