/* SPDX-License-Identifier: MIT */
/* A packet socket: what is received, cut, filtered, dropped and sent. */
#include <errno.h>
#include <netinet/udp.h>

#include "tests/unit/packet_fixture.h"

#ifndef UDP_SEGMENT /* Linux 4.18 */
#define UDP_SEGMENT 103
#endif

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

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_receive),
		UNIT_TEST(test_receive_udp_super),
		UNIT_TEST(test_cut_without_frames),
		UNIT_TEST(test_filter),
		UNIT_TEST(test_send),
		UNIT_TEST(test_drops_are_counted),
		{ NULL, NULL }
	};

	missing = netns_enter();
	return unit_run("netdev_packet", veth_setup, veth_teardown, tests);
}
