/* SPDX-License-Identifier: MIT */
/* A packet socket: what is obtained of an interface, what is said of a bad one,
 * and what happens when the link goes.
 */
#include <errno.h>

#include "tests/unit/packet_fixture.h"

static void test_obtained(void)
{
	const unsigned tso = NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4 |
	                     NETDEV_CAP_TX_TSO6 | NETDEV_CAP_RX_SUPER;
	uint8_t mac[ETHER_ADDR_LEN];

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	CU_ASSERT_EQUAL(dev->caps, tso);
	CU_ASSERT_EQUAL(dev->mtu, 1500);
	CU_ASSERT_STRING_EQUAL(dev->name, IF);
	CU_ASSERT_PTR_NOT_NULL(strstr(dev->mode, "packet socket, vnet_hdr, "
	                              "csum tso4 tso6, qdisc bypassed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(dev->mode, "own address"));
	CU_ASSERT_NOT_EQUAL(memcmp(dev->mac, if_mac, sizeof(if_mac)), 0);
	CU_ASSERT_EQUAL(dev->mac[0] & 3, 2);
	memcpy(mac, dev->mac, sizeof(mac));
	link_close();
	/* The same address after a restart. */
	CU_ASSERT_EQUAL_FATAL(packet_open(NULL, 1280, true), 0);
	CU_ASSERT_EQUAL(memcmp(mac, dev->mac, sizeof(mac)), 0);
	CU_ASSERT_EQUAL(dev->mtu, 1280);
	CU_ASSERT_EQUAL(dev->caps, 0);
	link_close();
	CU_ASSERT_EQUAL_FATAL(packet_open(if_mac, 0, false), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(dev->mode, "interface's address"));
	link_close();
}

static void test_down_and_up(void)
{
	struct seen_frame seen;
	struct frame *frame;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	CU_ASSERT_EQUAL(system("ip link set " IF " down"), 0);
	CU_ASSERT_EQUAL(netdev_rx_burst(dev, &frame, 1), 0);
	CU_ASSERT_TRUE(dev->is_down);
	CU_ASSERT_EQUAL(netdev_rx_burst(dev, &frame, 1), 0);
	CU_ASSERT_EQUAL(dev->stats.link_downs, 1);
	/* Nothing that wakes a loop for ever. */
	CU_ASSERT_EQUAL(poll(&(struct pollfd){ netdev_rx_fd(dev), POLLIN, 0 },
	                     1, 0), 0);
	made_udp4(&made, peer_mac, dev->mac, PORT, PORT, 10, true);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -ENETDOWN);
	CU_ASSERT_STRING_EQUAL(dev->gone, "");
	CU_ASSERT_EQUAL(system("ip link set " IF " up"), 0);
	CU_ASSERT_TRUE(netns_set_neighbour(PEER, dev->mac));
	fd = kernel_udp();
	CU_ASSERT_EQUAL(send(fd, "again", 5, 0), 5);
	frame = next_udp(&seen, 1000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	netdev_rx_release(frame);
	CU_ASSERT_FALSE(dev->is_down);
	CU_ASSERT_EQUAL(dev->stats.link_downs, 1);
	close(fd);
	link_close();
}

static void test_gone(void)
{
	static const char *const before[] = { "up", "down" };
	struct frame *frame;
	char cmd[64];

	if (missing)
		UNIT_SKIP(missing);
	for (unsigned i = 0; i < 2; i++) {
		link_open(false);
		snprintf(cmd, sizeof(cmd), "ip link set " IF " %s", before[i]);
		CU_ASSERT_EQUAL(system(cmd), 0);
		netdev_rx_burst(dev, &frame, 1);
		CU_ASSERT_EQUAL(system("ip link del " IF), 0);
		CU_ASSERT_EQUAL(netdev_rx_burst(dev, &frame, 1), 0);
		CU_ASSERT_STRING_EQUAL(dev->gone, "the interface " IF " is "
		                       "gone: it was deleted or moved to "
		                       "another network namespace");
		link_close();
		veth_setup();
	}
}

static void refuses(const char *device, uint16_t mtu, int err,
                    const char *sentence)
{
	const struct netdev_conf conf = {
		.backend = "packet", .device = device, .mtu = mtu,
	};

	CU_ASSERT_EQUAL(netdev_open(&conf, &dev, why), err);
	CU_ASSERT_PTR_NULL(dev);
	CU_ASSERT_STRING_EQUAL(why, sentence);
}

static void test_refused(void)
{
	if (missing)
		UNIT_SKIP(missing);
	refuses("none0", 0, -ENODEV, "there is no interface 'none0'");
	refuses("lo", 0, -EINVAL, "lo is no Ethernet interface");
	refuses("a/b", 0, -EINVAL, "'a/b' cannot be an interface's name: "
	        "expected 1 to 15 characters without '/', ':' and blanks");
	refuses(IF, 9000, -EINVAL, "an MTU of 9000 is more than the 1500 that "
	        "'" IF "' has");
	CU_ASSERT_EQUAL(system("ip link set " IF " down"), 0);
	refuses(IF, 0, -ENETDOWN, "'" IF "' is down: bring it up with 'ip link "
	        "set " IF " up'");
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_obtained),
		UNIT_TEST(test_down_and_up),
		UNIT_TEST(test_gone),
		UNIT_TEST(test_refused),
		{ NULL, NULL }
	};

	missing = netns_enter();
	return unit_run("netdev_packet_link", veth_setup, veth_teardown, tests);
}
