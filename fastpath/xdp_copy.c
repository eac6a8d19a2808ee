/* SPDX-License-Identifier: MIT */
/* Copies of what a shared card hears for host and stack alike.
 *
 * Theory of operation
 *
 * The XDP program gives a frame to the stack or to the host, never to both. But
 * some concern both: broadcasts, router advertisements and all else that is
 * sent to a multicast group of IPv6, gratuitous ARP, and the answers of a DHCP
 * server to somebody who has no address yet. The program passes them to the
 * host, and a packet socket behind it (packet(7)) takes a copy, which a filter
 * in the kernel limits to just those frames.
 *
 * The socket does two things more. It makes the card accept the solicited-node
 * groups of the stack's addresses (RFC 4291 section 2.7.1), which the host has
 * no reason to join; and it reports ENETDOWN when the interface goes down,
 * which an AF_XDP socket does not. All of it ends with the descriptor.
 */
#include "fastpath/xdp_copy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/why.h"

#define DHCP_CLIENT_PORT 68 /* RFC 2131 section 4.1 */
#define IP_AT ETHER_HDR_LEN

#define LOAD(size, from) BPF_STMT(BPF_LD | (size) | BPF_ABS, (uint32_t)(from))
/* The instruction at `at` goes on at yes when the value is loaded, else at no. */
#define IF(at, value, yes, no)                                                \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes) - (at) - 1,        \
	         (no) - (at) - 1)
#define ACCEPT 15
#define REJECT 16

/* Take what is for both, see above. */
static const struct sock_filter filter[] = {
	[0] = LOAD(BPF_B, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT),
	[1] = IF(1, 0, 2, REJECT),
	[2] = LOAD(BPF_H, SKF_AD_OFF + SKF_AD_PKTTYPE),
	[3] = IF(3, PACKET_BROADCAST, ACCEPT, 4),
	[4] = IF(4, PACKET_MULTICAST, 5, 7),
	[5] = LOAD(BPF_H, offsetof(struct ether_header, ether_type)),
	[6] = IF(6, ETHERTYPE_IPV6, ACCEPT, REJECT),
	[7] = IF(7, PACKET_HOST, 8, REJECT),
	[8] = LOAD(BPF_H, offsetof(struct ether_header, ether_type)),
	[9] = IF(9, ETHERTYPE_IP, 10, REJECT),
	[10] = LOAD(BPF_B, IP_AT + offsetof(struct iphdr, protocol)),
	[11] = IF(11, IPPROTO_UDP, 12, REJECT),
	[12] = BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, IP_AT), /* header's bytes */
	[13] = BPF_STMT(BPF_LD | BPF_H | BPF_IND,
	                IP_AT + offsetof(struct udphdr, dest)),
	[14] = IF(14, DHCP_CLIENT_PORT, ACCEPT, REJECT),
	[ACCEPT] = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	[REJECT] = BPF_STMT(BPF_RET | BPF_K, 0),
};

/* Make it safe to give to xdp_copy_fini(). */
void xdp_copy_init(struct xdp_copy *copy)
{
	memset(copy, 0, sizeof(*copy));
	copy->fd = -1;
}

static int socket_set_up(int fd, unsigned ifindex)
{
	const struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)filter,
	};
	const struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex,
	};
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		return -errno;
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return 0;
}

/* Hear an interface.
 * copy: after xdp_copy_init(); to be given to xdp_copy_fini() in any case.
 * Return: 0, or -errno and a sentence in why.
 */
int xdp_copy_open(struct xdp_copy *copy, const char *ifname, unsigned ifindex,
                  char *why)
{
	int err;

	copy->ifindex = ifindex;
	/* Protocol 0: nothing comes before the filter stands. */
	copy->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (copy->fd < 0)
		return why_fail(why, errno, "no packet socket for %s: %s",
		                ifname, strerror(errno));
	err = socket_set_up(copy->fd, ifindex);
	if (err)
		return why_fail(why, -err, "cannot set up a packet socket on "
		                "%s: %s", ifname, strerror(-err));
	return 0;
}

static int membership_change(const struct xdp_copy *copy, int option,
                             const uint8_t *group)
{
	struct packet_mreq mreq = {
		.mr_ifindex = (int)copy->ifindex,
		.mr_type = PACKET_MR_MULTICAST,
		.mr_alen = ETHER_ADDR_LEN,
	};

	memcpy(mreq.mr_address, group, ETHER_ADDR_LEN);
	if (setsockopt(copy->fd, SOL_PACKET, option, &mreq, sizeof(mreq)))
		return -errno;
	return 0;
}

/* Make the card accept the solicited-node groups of these addresses, and no
 * others any more: 33:33:ff and the address's last three bytes (RFC 2464
 * section 7).
 * Return: 0, or the first -errno; all are tried.
 */
int xdp_copy_set_addrs(struct xdp_copy *copy, const struct netdev_addr *addrs,
                       unsigned count)
{
	uint8_t old[XDP_COPY_GROUP_MAX][ETHER_ADDR_LEN];
	unsigned old_count = copy->group_count;
	int err = 0;

	memcpy(old, copy->groups, sizeof(old));
	copy->group_count = 0;
	for (unsigned i = 0; i < count; i++) {
		uint8_t group[ETHER_ADDR_LEN] = { 0x33, 0x33, 0xff };
		int one;

		if (addrs[i].family != AF_INET6 ||
		    IN6_IS_ADDR_UNSPECIFIED(&addrs[i].in6) ||
		    copy->group_count == XDP_COPY_GROUP_MAX)
			continue;
		memcpy(group + 3, addrs[i].in6.s6_addr + 13, 3);
		one = membership_change(copy, PACKET_ADD_MEMBERSHIP, group);
		if (one)
			err = err ? err : one;
		else
			memcpy(copy->groups[copy->group_count++], group,
			       ETHER_ADDR_LEN);
	}
	/* The kernel counts: one that is in both lists stays. */
	for (unsigned i = 0; i < old_count; i++)
		membership_change(copy, PACKET_DROP_MEMBERSHIP, old[i]);
	return err;
}

/* One frame.
 * Return: its bytes, Ethernet header included; 0 when it did not fit;
 * -EAGAIN when there is none; -ENETDOWN when the interface has gone down.
 */
ssize_t xdp_copy_recv(struct xdp_copy *copy, uint8_t *buf, size_t room)
{
	ssize_t len;

	do {
		len = recv(copy->fd, buf, room, MSG_DONTWAIT | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	return (size_t)len > room || len < ETHER_HDR_LEN ? 0 : len;
}

/* Close it. */
void xdp_copy_fini(struct xdp_copy *copy)
{
	if (copy->fd >= 0)
		close(copy->fd);
	xdp_copy_init(copy);
}
