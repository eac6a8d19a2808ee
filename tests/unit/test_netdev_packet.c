/* SPDX-License-Identifier: MIT */
/* A packet socket on one end of a veth, the kernel's sockets on the other:
 * what is received, cut, filtered and sent, what is said of bad interfaces, and
 * what happens when the link goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/ifconf.h"
#include "fastpath/netdev.h"
#include "tests/unit/netns.h"
#include "tests/unit/unit.h"

#ifndef UDP_SEGMENT /* Linux 4.18 */
#define UDP_SEGMENT 103
#endif

#define IF "pkttest0"     /* the stack's end */
#define PEER "pkttest1"   /* the kernel's */
#define PORT 7777
#define COUNT 16

static const char *missing; /* why there is no veth; NULL: there is */
static unsigned fds_before;
static struct netdev *dev;
static uint8_t peer_mac[ETHER_ADDR_LEN], if_mac[ETHER_ADDR_LEN];
static struct made_frame made;
static char why[NETDEV_WHY_LEN];

/* ---------------------------------------------------------------- helpers */

static void veth_setup(void)
{
	const struct ifconf_addr addr = {
		.family = AF_INET, .prefix_len = 24,
		.in.s_addr = htonl(KERNEL_IP4),
	};

	fds_before = unit_fd_count();
	why[0] = 0;
	if (missing)
		return;
	if (system("ip link add " IF " type veth peer name " PEER)) {
		missing = "ip(8) cannot make a veth pair";
		return;
	}
	CU_ASSERT_EQUAL(ifconf_set_up(IF, why), 0);
	CU_ASSERT_EQUAL(ifconf_set_up(PEER, why), 0);
	CU_ASSERT_EQUAL(ifconf_add_addr(PEER, &addr, why), 0);
	CU_ASSERT_EQUAL(ifconf_get_mac(PEER, peer_mac, why), 0);
	CU_ASSERT_EQUAL(ifconf_get_mac(IF, if_mac, why), 0);
}

static void veth_teardown(void)
{
	if (!missing && ifconf_exists(IF))
		CU_ASSERT_EQUAL(system("ip link del " IF), 0);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static int packet_open(const uint8_t *mac, uint16_t mtu, bool no_offload)
{
	const struct netdev_conf conf = {
		.backend = "packet", .device = IF, .mac = mac, .mtu = mtu,
		.frame_count = COUNT, .no_offload = no_offload,
	};

	return netdev_open(&conf, &dev, why);
}

static void link_open(bool no_offload)
{
	CU_ASSERT_EQUAL_FATAL(packet_open(NULL, 0, no_offload), 0);
	CU_ASSERT_TRUE_FATAL(netns_set_neighbour(PEER, dev->mac));
}

static void link_close(void)
{
	unsigned total;

	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), total);
	netdev_close(dev);
}

static struct sockaddr_in addr4(uint32_t ip)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip),
		.sin_port = htons(PORT),
	};
}

static int kernel_udp(void)
{
	const struct sockaddr_in local = addr4(KERNEL_IP4);
	const struct sockaddr_in remote = addr4(STACK_IP4);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CU_ASSERT_EQUAL(bind(fd, (const void *)&local, sizeof(local)), 0);
	CU_ASSERT_EQUAL(connect(fd, (const void *)&remote, sizeof(remote)), 0);
	return fd;
}

/* The next frame with UDP; the kernel's own to groups are passed over. NULL: a
 * while passed without one.
 */
static struct frame *next_udp(struct seen_frame *seen, int wait_ms)
{
	struct pollfd pfd = { .fd = netdev_rx_fd(dev), .events = POLLIN };
	struct frame *frame;

	for (;;) {
		if (netdev_rx_burst(dev, &frame, 1) == 1) {
			seen_parse(frame, seen);
			if (seen->protocol == IPPROTO_UDP)
				return frame;
			netdev_rx_release(frame);
		} else if (poll(&pfd, 1, wait_ms) != 1) {
			return NULL;
		}
	}
}

/* ------------------------------------------------------------------ tests */

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

static void receive(bool no_offload)
{
	struct seen_frame seen;
	struct frame *frame;
	int fd;

	link_open(no_offload);
	fd = kernel_udp();
	CU_ASSERT_EQUAL(send(fd, "hello", 5, 0), 5);
	frame = next_udp(&seen, 1000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	CU_ASSERT_EQUAL(frame->csum, FRAME_CSUM_VALID);
	CU_ASSERT_EQUAL(seen.payload_len, 5);
	CU_ASSERT_EQUAL(memcmp(seen.payload, "hello", 5), 0);
	/* The kernel left the sum to the device; a wire would show it. */
	CU_ASSERT_EQUAL(l4_sum(IPPROTO_UDP, KERNEL_IP4, STACK_IP4, seen.l4,
	                       seen.l4_len) == 0, no_offload);
	netdev_rx_release(frame);
	close(fd);
	link_close();
}

static void test_receive(void)
{
	if (missing)
		UNIT_SKIP(missing);
	receive(false);
	receive(true);
}

/* One send of 2500 bytes by segments of 1000: three datagrams. */
static void test_receive_udp_super(void)
{
	static const size_t lens[] = { 1000, 1000, 500 };
	static uint8_t data[2500];
	struct seen_frame seen;
	const int segment = 1000;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	fd = kernel_udp();
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	CU_ASSERT_EQUAL(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment,
	                           sizeof(segment)), 0);
	CU_ASSERT_EQUAL(send(fd, data, sizeof(data), 0), sizeof(data));
	for (unsigned i = 0; i < 3; i++) {
		struct frame *frame = next_udp(&seen, 1000);

		CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
		CU_ASSERT_EQUAL(frame->gso_size, 0);
		CU_ASSERT_EQUAL_FATAL(seen.payload_len, lens[i]);
		CU_ASSERT_EQUAL(memcmp(seen.payload, data + i * 1000, lens[i]),
		                0);
		CU_ASSERT_EQUAL(l4_sum(IPPROTO_UDP, KERNEL_IP4, STACK_IP4,
		                       seen.l4, seen.l4_len), 0);
		netdev_rx_release(frame);
	}
	CU_ASSERT_EQUAL(dev->stats.rx_dropped_malformed, 0);
	close(fd);
	link_close();
}

/* A super-frame whose datagrams find no receive frames is not kept. */
static void test_cut_without_frames(void)
{
	static uint8_t data[30000];
	struct frame *held[COUNT + 1];
	struct seen_frame seen;
	unsigned count = 0, total;
	const int segment = 1000;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	fd = kernel_udp();
	CU_ASSERT_EQUAL(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment,
	                           sizeof(segment)), 0);
	CU_ASSERT_EQUAL(send(fd, data, sizeof(data), 0), sizeof(data));
	while (count <= COUNT && (held[count] = next_udp(&seen, 50)))
		count++;
	/* One frame was the super-frame's own until it was given up. */
	CU_ASSERT_EQUAL(count, COUNT - 1);
	CU_ASSERT_EQUAL(dev->stats.rx_dropped_no_frame, 1);
	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), 1);
	while (count)
		netdev_rx_release(held[--count]);
	close(fd);
	link_close();
}

static void test_filter(void)
{
	uint8_t other[ETHER_ADDR_LEN];
	struct seen_frame seen;
	struct frame *frame;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	fd = kernel_udp();
	memcpy(other, dev->mac, sizeof(other));
	for (unsigned i = 1; i < ETHER_ADDR_LEN; i++) {
		other[i] ^= 0x10;
		CU_ASSERT_TRUE(netns_set_neighbour(PEER, other));
		CU_ASSERT_EQUAL(send(fd, "other", 5, 0), 5);
		other[i] ^= 0x10;
	}
	CU_ASSERT_TRUE(netns_set_neighbour(PEER, if_mac));
	CU_ASSERT_EQUAL(send(fd, "other", 5, 0), 5);
	CU_ASSERT_TRUE(netns_set_neighbour(PEER, dev->mac));
	CU_ASSERT_EQUAL(send(fd, "ours", 4, 0), 4);
	frame = next_udp(&seen, 1000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	CU_ASSERT_EQUAL(seen.payload_len, 4);
	netdev_rx_release(frame);
	CU_ASSERT_PTR_NULL(next_udp(&seen, 50));
	close(fd);
	link_close();
}

static void test_send(void)
{
	char got[4000];
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	fd = kernel_udp();
	made_udp4(&made, peer_mac, dev->mac, PORT, PORT, 1000, true);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), 0);
	CU_ASSERT_FALSE(netdev_flush(dev));
	CU_ASSERT_EQUAL(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 1000), 1);
	CU_ASSERT_EQUAL(recv(fd, got, sizeof(got), 0), 1000);
	CU_ASSERT_EQUAL(dev->stats.tx_frames, 1);
	/* Longer than the MTU without a word on how to cut it. */
	made_udp4(&made, peer_mac, dev->mac, PORT, PORT, 3000, true);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -EMSGSIZE);
	CU_ASSERT_EQUAL(dev->stats.tx_dropped_error, 1);
	close(fd);
	link_close();
}

static void test_drops_are_counted(void)
{
	static const char data[1400];
	const int small = 1;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	CU_ASSERT_EQUAL(setsockopt(netdev_rx_fd(dev), SOL_SOCKET, SO_RCVBUF,
	                           &small, sizeof(small)), 0);
	fd = kernel_udp();
	for (unsigned i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(send(fd, data, sizeof(data), 0), sizeof(data));
	netdev_update_stats(dev);
	CU_ASSERT_TRUE(dev->stats.rx_dropped_full > 30);
	CU_ASSERT_TRUE(dev->stats.rx_dropped_full <= 50);
	close(fd);
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
		UNIT_TEST(test_receive),
		UNIT_TEST(test_receive_udp_super),
		UNIT_TEST(test_cut_without_frames),
		UNIT_TEST(test_filter),
		UNIT_TEST(test_send),
		UNIT_TEST(test_drops_are_counted),
		UNIT_TEST(test_down_and_up),
		UNIT_TEST(test_gone),
		UNIT_TEST(test_refused),
		{ NULL, NULL }
	};

	missing = netns_enter();
	return unit_run("netdev_packet", veth_setup, veth_teardown, tests);
}
