/* SPDX-License-Identifier: MIT */
/* A packet socket on one end of a veth, the kernel on the other. Included by
 * one file of a test program.
 */
#ifndef NETCOND_TESTS_UNIT_PACKET_FIXTURE_H
#define NETCOND_TESTS_UNIT_PACKET_FIXTURE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/ifconf.h"
#include "fastpath/netdev.h"
#include "tests/unit/netns.h"
#include "tests/unit/unit.h"

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

static inline void veth_setup(void)
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

static inline void veth_teardown(void)
{
	if (!missing && ifconf_exists(IF))
		CU_ASSERT_EQUAL(system("ip link del " IF), 0);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static inline int packet_open(const uint8_t *mac, uint16_t mtu, bool no_offload)
{
	const struct netdev_conf conf = {
		.backend = "packet", .device = IF, .mac = mac, .mtu = mtu,
		.frame_count = COUNT, .no_offload = no_offload,
	};

	return netdev_open(&conf, &dev, why);
}

static inline void link_open(bool no_offload)
{
	CU_ASSERT_EQUAL_FATAL(packet_open(NULL, 0, no_offload), 0);
	CU_ASSERT_TRUE_FATAL(netns_set_neighbour(PEER, dev->mac));
}

static inline void link_close(void)
{
	unsigned total;

	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), total);
	netdev_close(dev);
}

static inline struct sockaddr_in addr4(uint32_t ip)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip),
		.sin_port = htons(PORT),
	};
}

static inline int kernel_udp(void)
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
static inline struct frame *next_udp(struct seen_frame *seen, int wait_ms)
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

#endif
