/* SPDX-License-Identifier: MIT */
/* The memory device and netdev_open: order, bounds, descriptor, failures. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "fastpath/netdev_mem.h"
#include "tests/unit/unit.h"

#define COUNT 4

static struct netdev *dev;
static unsigned fds_before;

static void mem_setup(void)
{
	const struct netdev_conf conf = {
		.backend = "mem", .device = "wire", .frame_count = COUNT,
	};
	char why[NETDEV_WHY_LEN];

	fds_before = unit_fd_count();
	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &dev, why), 0);
}

static void mem_teardown(void)
{
	unsigned total, room = netdev_rx_room(dev, &total);

	CU_ASSERT_EQUAL(room + netdev_mem_rx_waiting(dev), total);
	netdev_close(dev);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static bool is_readable(void)
{
	struct pollfd pfd = { .fd = netdev_rx_fd(dev), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1 && pfd.revents == POLLIN;
}

static int inject_marked(uint8_t mark)
{
	uint8_t data[60] = { 0 };

	data[14] = mark;
	return netdev_mem_inject(dev, data, sizeof(data));
}

static void test_head(void)
{
	CU_ASSERT_STRING_EQUAL(dev->name, "wire");
	CU_ASSERT_STRING_EQUAL(dev->ops->name, "mem");
	CU_ASSERT_EQUAL(dev->mtu, 1500);
	CU_ASSERT_EQUAL(dev->mac[0] & 3, 2);
	CU_ASSERT_FALSE(netdev_flush(dev));
}

static void test_rx_order_and_fd(void)
{
	struct frame *frames[COUNT];
	unsigned total;

	CU_ASSERT_FALSE(is_readable());
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(inject_marked(i), 0);
	CU_ASSERT_TRUE(is_readable());
	CU_ASSERT_EQUAL_FATAL(netdev_rx_burst(dev, frames, 2), 2);
	CU_ASSERT_TRUE(is_readable());
	CU_ASSERT_EQUAL_FATAL(netdev_rx_burst(dev, frames + 2, 2), 1);
	CU_ASSERT_FALSE(is_readable());
	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), COUNT - 3);
	CU_ASSERT_EQUAL(total, COUNT);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(frames[i]->data[14], i);
		CU_ASSERT_EQUAL(frames[i]->len, 60);
		CU_ASSERT_PTR_EQUAL(frames[i]->dev, dev);
	}
	/* Given back out of order. */
	netdev_rx_release(frames[1]);
	netdev_rx_release(frames[2]);
	netdev_rx_release(frames[0]);
	CU_ASSERT_EQUAL(dev->stats.rx_frames, 3);
	CU_ASSERT_EQUAL(dev->stats.rx_bytes, 180);
}

static void test_rx_bounds(void)
{
	static uint8_t huge[80000];
	struct frame *frames[COUNT];

	CU_ASSERT_EQUAL(netdev_mem_inject(dev, huge, 13), -EMSGSIZE);
	CU_ASSERT_EQUAL(netdev_mem_inject(dev, huge, sizeof(huge)), -EMSGSIZE);
	CU_ASSERT_EQUAL(dev->stats.rx_dropped_malformed, 2);
	CU_ASSERT_EQUAL(netdev_mem_inject_noted(dev, huge, 65549,
	                                        FRAME_CSUM_VALID, 1448), 0);
	for (unsigned i = 1; i < COUNT; i++)
		CU_ASSERT_EQUAL(inject_marked(i), 0);
	CU_ASSERT_EQUAL(inject_marked(9), -ENOBUFS);
	CU_ASSERT_EQUAL(dev->stats.rx_dropped_no_frame, 1);
	CU_ASSERT_EQUAL_FATAL(netdev_rx_burst(dev, frames, COUNT), COUNT);
	CU_ASSERT_EQUAL(frames[0]->len, 65549);
	CU_ASSERT_EQUAL(frames[0]->gso_size, 1448);
	CU_ASSERT_EQUAL(frames[0]->csum, FRAME_CSUM_VALID);
	for (unsigned i = 0; i < COUNT; i++)
		netdev_rx_release(frames[i]);
	CU_ASSERT_EQUAL(inject_marked(9), 0);
	/* One stays injected: close gives it back. */
}

static int send_marked(char mark, uint8_t gso)
{
	char head[14] = "", body[3] = { mark, mark, mark };
	const struct iovec iov[] = {
		{ head, sizeof(head) }, { body, 0 }, { body, sizeof(body) },
	};
	const struct frame_out out = {
		.iov = iov, .iovcnt = 3, .len = 17, .gso = gso,
		.gso_size = gso ? 1 : 0, .needs_csum = true,
	};

	return netdev_tx(dev, &out);
}

static void test_tx_records(void)
{
	const struct netdev_mem_frame *sent;

	CU_ASSERT_PTR_NULL(netdev_mem_sent(dev));
	CU_ASSERT_EQUAL(send_marked('a', FRAME_GSO_NONE), 0);
	CU_ASSERT_EQUAL(send_marked('b', FRAME_GSO_TCP4), 0);
	CU_ASSERT_EQUAL(netdev_mem_sent_count(dev), 2);
	sent = netdev_mem_sent(dev);
	CU_ASSERT_EQUAL(sent->notes.len, 17);
	CU_ASSERT_EQUAL(memcmp(sent->data + 14, "aaa", 3), 0);
	CU_ASSERT_PTR_NULL(sent->notes.iov);
	netdev_mem_sent_pop(dev);
	sent = netdev_mem_sent(dev);
	CU_ASSERT_EQUAL(sent->data[14], 'b');
	CU_ASSERT_EQUAL(sent->notes.gso, FRAME_GSO_TCP4);
	CU_ASSERT_TRUE(sent->notes.needs_csum);
	CU_ASSERT_EQUAL(dev->stats.tx_frames, 2);
	CU_ASSERT_EQUAL(dev->stats.tx_super_frames, 1);
	netdev_mem_sent_pop(dev);
	CU_ASSERT_EQUAL(netdev_mem_sent_count(dev), 0);
	netdev_mem_sent_pop(dev);
	CU_ASSERT_EQUAL(netdev_mem_sent_count(dev), 0);
}

static void test_tx_failures(void)
{
	netdev_mem_set_tx_limit(dev, 1);
	CU_ASSERT_EQUAL(send_marked('a', FRAME_GSO_NONE), 0);
	CU_ASSERT_EQUAL(send_marked('b', FRAME_GSO_NONE), -EAGAIN);
	CU_ASSERT_EQUAL(dev->stats.tx_dropped_full, 1);
	netdev_mem_sent_pop(dev);
	CU_ASSERT_EQUAL(send_marked('b', FRAME_GSO_NONE), 0);
	netdev_mem_set_tx_limit(dev, 100);
	netdev_mem_fail_tx(dev, 2, EIO);
	CU_ASSERT_EQUAL(send_marked('c', FRAME_GSO_NONE), 0);
	CU_ASSERT_EQUAL(send_marked('d', FRAME_GSO_NONE), -EIO);
	CU_ASSERT_EQUAL(send_marked('e', FRAME_GSO_NONE), 0);
	CU_ASSERT_EQUAL(dev->stats.tx_dropped_error, 1);
	/* Three stay: close frees them. */
	CU_ASSERT_EQUAL(netdev_mem_sent_count(dev), 3);
}

/* netdev_open's own refusals: nothing opened, and a sentence. */
static void test_open_refuses(void)
{
	static const uint8_t zero_mac[6], group_mac[6] = { 1, 0, 0x5e };
	const struct netdev_conf bad[] = {
		{ .backend = "carrier-pigeon" },
		{ .backend = NULL },
		{ .backend = "mem", .mtu = 1279 },
		{ .backend = "mem", .mac = zero_mac },
		{ .backend = "mem", .mac = group_mac },
		{ .backend = "mem", .frame_count = 1u << 20 },
	};
	static const int errs[] = {
		-ENOENT, -ENOENT, -EINVAL, -EINVAL, -EINVAL, -EINVAL
	};
	struct netdev *other;
	char why[NETDEV_WHY_LEN];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = 0;
		CU_ASSERT_EQUAL(netdev_open(&bad[i], &other, why), errs[i]);
		CU_ASSERT_PTR_NULL(other);
		CU_ASSERT_TRUE(strlen(why) > 10);
		CU_ASSERT_EQUAL(netdev_open(&bad[i], &other, NULL), errs[i]);
	}
	netdev_open(&bad[0], &other, why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "'carrier-pigeon': expected one"));
	for (unsigned i = 0; netdev_backends[i]; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(why, netdev_backends[i]->name));
}

static void test_conf_is_kept(void)
{
	static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
	const struct netdev_conf conf = {
		.backend = "mem", .mtu = 9000, .mac = mac, .no_offload = true,
	};
	struct netdev *other;

	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &other, NULL), 0);
	CU_ASSERT_EQUAL(other->mtu, 9000);
	CU_ASSERT_EQUAL(memcmp(other->mac, mac, 6), 0);
	CU_ASSERT_EQUAL(other->caps, 0);
	netdev_mem_set_caps(other, NETDEV_CAP_TX_TSO4);
	CU_ASSERT_EQUAL(other->caps, NETDEV_CAP_TX_TSO4);
	netdev_close(other);
	netdev_close(NULL);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_head),
		UNIT_TEST(test_rx_order_and_fd),
		UNIT_TEST(test_rx_bounds),
		UNIT_TEST(test_tx_records),
		UNIT_TEST(test_tx_failures),
		UNIT_TEST(test_open_refuses),
		UNIT_TEST(test_conf_is_kept),
		{ NULL, NULL }
	};

	return unit_run("netdev_mem", mem_setup, mem_teardown, tests);
}
