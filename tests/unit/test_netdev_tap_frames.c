/* SPDX-License-Identifier: MIT */
/* Frames over a real tap, against the kernel's own sockets on the other side:
 * checksums and super-frames in both directions, bounds and counters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/ifconf.h"
#include "fastpath/netdev.h"
#include "tests/unit/netns.h"
#include "tests/unit/unit.h"

#define TAP "taptest1"
#define PORT 7777
#define COUNT 8

static const char *missing; /* why there is no namespace; NULL: there is */
static struct netdev *dev;
static uint8_t kernel_mac[ETHER_ADDR_LEN];
static struct made_frame made;

/* ---------------------------------------------------------------- helpers */

static void link_open(bool no_offload)
{
	const struct netdev_conf conf = {
		.backend = "tap", .device = TAP, .frame_count = COUNT,
		.no_offload = no_offload,
	};
	const struct ifconf_addr addr = {
		.family = AF_INET, .prefix_len = 24,
		.in.s_addr = htonl(KERNEL_IP4),
	};
	char why[NETDEV_WHY_LEN] = "";

	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &dev, why), 0);
	CU_ASSERT_EQUAL_FATAL(ifconf_add_addr(TAP, &addr, why), 0);
	CU_ASSERT_EQUAL_FATAL(ifconf_set_up(TAP, why), 0);
	CU_ASSERT_EQUAL_FATAL(ifconf_get_mac(TAP, kernel_mac, why), 0);
	CU_ASSERT_TRUE_FATAL(netns_set_neighbour(TAP, dev->mac));
}

static void link_close(void)
{
	unsigned total;

	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), total);
	netdev_close(dev);
	CU_ASSERT_FALSE(ifconf_exists(TAP));
}

static const struct sockaddr *addr4(uint32_t ip, uint16_t port)
{
	static struct sockaddr_in sin;

	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(ip);
	sin.sin_port = htons(port);
	return (const struct sockaddr *)&sin;
}

static int kernel_udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CU_ASSERT_EQUAL(bind(fd, addr4(KERNEL_IP4, PORT),
	                     sizeof(struct sockaddr_in)), 0);
	CU_ASSERT_EQUAL(connect(fd, addr4(STACK_IP4, PORT),
	                        sizeof(struct sockaddr_in)), 0);
	return fd;
}

/* Wait for the next frame of the protocol; the kernel's own (neighbour
 * discovery, group reports) are passed over. Return: NULL after a second.
 */
static struct frame *next_frame(uint8_t protocol, struct seen_frame *seen)
{
	struct pollfd pfd = { .fd = netdev_rx_fd(dev), .events = POLLIN };
	struct frame *frame;

	while (poll(&pfd, 1, 1000) == 1) {
		if (netdev_rx_burst(dev, &frame, 1) != 1)
			continue;
		seen_parse(frame, seen);
		if (seen->protocol == protocol)
			return frame;
		netdev_rx_release(frame);
	}
	return NULL;
}

/* ------------------------------------------------------------ to the stack */

static void receive_datagram(bool no_offload, enum frame_csum expected)
{
	struct seen_frame seen;
	struct frame *frame;
	int fd;

	link_open(no_offload);
	fd = kernel_udp();
	CU_ASSERT_EQUAL(send(fd, "hello", 5, 0), 5);
	frame = next_frame(IPPROTO_UDP, &seen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	CU_ASSERT_EQUAL(frame->csum, expected);
	CU_ASSERT_EQUAL(frame->gso_size, 0);
	CU_ASSERT_EQUAL(memcmp(frame->data, dev->mac, ETHER_ADDR_LEN), 0);
	CU_ASSERT_EQUAL(seen.payload_len, 5);
	CU_ASSERT_EQUAL(memcmp(seen.payload, "hello", 5), 0);
	CU_ASSERT_EQUAL(seen.dst_port, PORT);
	/* Who says nothing of the checksum must have filled it in. */
	if (expected == FRAME_CSUM_INVALID)
		CU_ASSERT_EQUAL(l4_sum(IPPROTO_UDP, KERNEL_IP4, STACK_IP4,
		                       seen.l4, seen.l4_len), 0);
	CU_ASSERT_TRUE(dev->stats.rx_frames >= 1);
	netdev_rx_release(frame);
	close(fd);
	link_close();
}

static void test_receive_offloaded(void)
{
	if (missing)
		UNIT_SKIP(missing);
	receive_datagram(false, FRAME_CSUM_VALID);
}

static void test_receive_plain(void)
{
	if (missing)
		UNIT_SKIP(missing);
	receive_datagram(true, FRAME_CSUM_INVALID);
}

/* A device that stays remembers offloads: a plain user must not get them. */
static void test_plain_after_offloaded(void)
{
	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, true), 0);
	link_open(false);
	netdev_close(dev);
	link_open(true);
	netdev_close(dev);
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, false), 0);
	receive_datagram(true, FRAME_CSUM_INVALID);
}

/* When every frame is out, the rest waits in the kernel and is not lost. */
static void test_receive_exhausted(void)
{
	struct frame *held[COUNT];
	struct seen_frame seen;
	struct frame *more;
	unsigned total;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	fd = kernel_udp();
	for (int i = 0; i < COUNT + 3; i++)
		CU_ASSERT_EQUAL(send(fd, &i, sizeof(i), 0), sizeof(i));
	for (int i = 0; i < COUNT; i++) {
		held[i] = next_frame(IPPROTO_UDP, &seen);
		CU_ASSERT_PTR_NOT_NULL_FATAL(held[i]);
	}
	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), 0);
	CU_ASSERT_EQUAL(total, COUNT);
	CU_ASSERT_EQUAL(netdev_rx_burst(dev, &more, 1), 0);
	for (int i = 0; i < COUNT; i++)
		netdev_rx_release(held[i]);
	for (int i = COUNT; i < COUNT + 3; i++) {
		more = next_frame(IPPROTO_UDP, &seen);
		CU_ASSERT_PTR_NOT_NULL_FATAL(more);
		CU_ASSERT_EQUAL(memcmp(seen.payload, &i, sizeof(i)), 0);
		netdev_rx_release(more);
	}
	close(fd);
	link_close();
}

/* Shake hands with the kernel's TCP. Return: its connected socket. */
static int kernel_tcp(struct seen_frame *seen)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct frame *syn;

	CU_ASSERT_EQUAL(connect(fd, addr4(STACK_IP4, PORT),
	                        sizeof(struct sockaddr_in)), -1);
	CU_ASSERT_EQUAL(errno, EINPROGRESS);
	syn = next_frame(IPPROTO_TCP, seen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(syn);
	CU_ASSERT_EQUAL(seen->tcp_flags, TH_SYN);
	made_tcp4(&made, kernel_mac, dev->mac, seen, 1000, TH_SYN | TH_ACK);
	netdev_rx_release(syn);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), 0);
	CU_ASSERT_EQUAL_FATAL(poll(&pfd, 1, 1000), 1);
	CU_ASSERT_EQUAL(pfd.revents, POLLOUT);
	return fd;
}

static void test_receive_super_frame(void)
{
	static char data[8000];
	struct seen_frame seen;
	struct frame *frame;
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	fd = kernel_tcp(&seen);
	CU_ASSERT_EQUAL(send(fd, data, sizeof(data), 0), sizeof(data));
	do { /* the ACK of the handshake comes first */
		frame = next_frame(IPPROTO_TCP, &seen);
		CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
		if (!seen.payload_len)
			netdev_rx_release(frame);
	} while (!seen.payload_len);
	/* RFC 9293 section 3.7.1: without an MSS option 536 is meant. */
	CU_ASSERT_EQUAL(frame->gso_size, 536);
	CU_ASSERT_TRUE(seen.payload_len > 2 * 536);
	CU_ASSERT_EQUAL(frame->csum, FRAME_CSUM_VALID);
	netdev_rx_release(frame);
	close(fd);
	while (netdev_rx_burst(dev, &frame, 1))
		netdev_rx_release(frame);
	link_close();
}

/* ---------------------------------------------------------- to the kernel */

static void send_datagram(bool no_offload)
{
	char got[200];
	struct pollfd pfd = { .events = POLLIN };

	link_open(no_offload);
	pfd.fd = kernel_udp();
	made_udp4(&made, kernel_mac, dev->mac, PORT, PORT, 100, !no_offload);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), 0);
	CU_ASSERT_FALSE(netdev_flush(dev));
	CU_ASSERT_EQUAL_FATAL(poll(&pfd, 1, 1000), 1);
	CU_ASSERT_EQUAL(recv(pfd.fd, got, sizeof(got), 0), 100);
	CU_ASSERT_EQUAL(got[99], 99);
	CU_ASSERT_EQUAL(dev->stats.tx_frames, 1);
	CU_ASSERT_EQUAL(dev->stats.tx_bytes, made.out.len);
	CU_ASSERT_EQUAL(dev->stats.tx_super_frames, 0);
	close(pfd.fd);
	link_close();
}

static void test_send_offloaded(void)
{
	if (missing)
		UNIT_SKIP(missing);
	send_datagram(false);
}

static void test_send_plain(void)
{
	if (missing)
		UNIT_SKIP(missing);
	send_datagram(true);
}

/* One frame of three datagrams, as two iovecs. */
static void test_send_udp_super_frame(void)
{
	char got[2000];
	struct iovec iov[2];
	struct pollfd pfd = { .events = POLLIN };

	if (missing)
		UNIT_SKIP(missing);
	link_open(false);
	if (!(dev->caps & NETDEV_CAP_TX_USO)) {
		link_close();
		UNIT_SKIP("the kernel takes no UDP super-frames from a tap");
	}
	pfd.fd = kernel_udp();
	made_udp4(&made, kernel_mac, dev->mac, PORT, PORT, 2500, true);
	made.out.gso = FRAME_GSO_UDP;
	made.out.gso_size = 1000;
	iov[0] = (struct iovec){ made.data, 42 };
	iov[1] = (struct iovec){ made.data + 42, made.out.len - 42 };
	made.out.iov = iov;
	made.out.iovcnt = 2;
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), 0);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(poll(&pfd, 1, 1000), 1);
		CU_ASSERT_EQUAL(recv(pfd.fd, got, sizeof(got), 0),
		                i < 2 ? 1000 : 500);
		CU_ASSERT_EQUAL((uint8_t)got[0], (uint8_t)(i * 1000));
	}
	CU_ASSERT_EQUAL(dev->stats.tx_super_frames, 1);
	close(pfd.fd);
	link_close();
}

static void test_send_refused(void)
{
	if (missing)
		UNIT_SKIP(missing);
	link_open(true);
	made_udp4(&made, kernel_mac, dev->mac, PORT, PORT, 100, true);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -EINVAL);
	made.out.needs_csum = false;
	made.out.iovcnt = 0;
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -EMSGSIZE);
	made.out.iovcnt = 100000;
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -EMSGSIZE);
	CU_ASSERT_EQUAL(dev->stats.tx_dropped_error, 3);
	CU_ASSERT_EQUAL(dev->stats.tx_frames, 0);
	link_close();
	link_open(false);
	made_udp4(&made, kernel_mac, dev->mac, PORT, PORT, 100, true);
	made.out.csum_start = 60000;
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -EINVAL);
	CU_ASSERT_EQUAL(dev->stats.tx_dropped_error, 1);
	link_close();
}

/* An interface that is down takes nothing: an error, not a full device. */
static void test_send_while_down(void)
{
	const struct netdev_conf conf = { .backend = "tap", .device = TAP };

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &dev, NULL), 0);
	made_udp4(&made, kernel_mac, dev->mac, PORT, PORT, 100, true);
	for (unsigned i = 1; i <= 2; i++) {
		CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), -EIO);
		CU_ASSERT_EQUAL(dev->stats.tx_dropped_error, i);
		CU_ASSERT_TRUE(dev->is_down);
		CU_ASSERT_EQUAL(dev->stats.link_downs, 1);
	}
	CU_ASSERT_EQUAL(ifconf_set_up(TAP, NULL), 0);
	CU_ASSERT_EQUAL(netdev_tx(dev, &made.out), 0);
	CU_ASSERT_FALSE(dev->is_down);
	link_close();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_receive_offloaded),
		UNIT_TEST(test_receive_plain),
		UNIT_TEST(test_plain_after_offloaded),
		UNIT_TEST(test_receive_exhausted),
		UNIT_TEST(test_receive_super_frame),
		UNIT_TEST(test_send_offloaded),
		UNIT_TEST(test_send_plain),
		UNIT_TEST(test_send_udp_super_frame),
		UNIT_TEST(test_send_refused),
		UNIT_TEST(test_send_while_down),
		{ NULL, NULL }
	};

	missing = netns_enter();
	return unit_run("netdev_tap_frames", NULL, NULL, tests);
}
