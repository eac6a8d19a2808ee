/* SPDX-License-Identifier: MIT */
/* A packet socket that gets what is the stack's of an interface's frames.
 *
 * Theory of operation
 *
 * The order matters: a socket of protocol 0 receives nothing until bind() names
 * one, and by then the filter stands and the card takes what it should. All of
 * it goes with the descriptor, after kill -9 too.
 *
 * The filter drops what goes to other stations before it costs a copy, and
 * frames of a VLAN, whose tag the kernel has taken off already.
 */
#include "fastpath/packet_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/why.h"

/* Linux 4.20; older headers lack it. */
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

/* What is asked for; the kernel gives less without CAP_NET_ADMIN. */
#define PACKET_RCVBUF (32 << 20)
#define PACKET_SNDBUF (4 << 20)

static int set_option(const struct packet_sock *sock, int name, int value)
{
	return setsockopt(sock->fd, SOL_PACKET, name, &value,
	                  sizeof(value)) ? -errno : 0;
}

static int socket_open(struct packet_sock *sock, char *why)
{
	/* Protocol 0: nothing is received before bind() names one. */
	sock->fd = socket(AF_PACKET,
	                       SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock->fd >= 0)
		return 0;
	if (errno == EPERM || errno == EACCES)
		return why_fail(why, errno, "no permission for packet sockets: "
		                "run as root or with CAP_NET_RAW");
	return why_fail(why, errno, "no packet socket: %s", strerror(errno));
}

/* Frames to the stack's address and to groups, none of a VLAN. */
static int filter_attach(struct packet_sock *sock, char *why)
{
	const uint8_t *mac = sock->mac;
	const uint32_t high = (uint32_t)mac[0] << 8 | mac[1];
	const uint32_t low = (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 |
	                     (uint32_t)mac[4] << 8 | mac[5];
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
		         (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x100, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code,
	};

	if (!setsockopt(sock->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
	                sizeof(prog)))
		return 0;
	return why_fail(why, errno, "cannot filter the frames of '%s': %s",
	                sock->name, strerror(errno));
}

/* Ask for the most, by force where we may; what was obtained is in the mode. */
static void buffers_grow(struct packet_sock *sock)
{
	static const struct {
		int force;
		int name;
		int size;
	} buffers[] = {
		{ SO_RCVBUFFORCE, SO_RCVBUF, PACKET_RCVBUF },
		{ SO_SNDBUFFORCE, SO_SNDBUF, PACKET_SNDBUF },
	};

	for (unsigned i = 0; i < 2; i++)
		if (setsockopt(sock->fd, SOL_SOCKET, buffers[i].force,
		               &buffers[i].size, sizeof(int)))
			setsockopt(sock->fd, SOL_SOCKET, buffers[i].name,
			           &buffers[i].size, sizeof(int));
}

/* Let the card take frames to the stack's address, and to all groups: those of
 * neighbour discovery depend on the stack's addresses.
 */
static int membership_add(struct packet_sock *sock, char *why)
{
	struct packet_mreq unicast = {
		.mr_ifindex = sock->ifindex,
		.mr_type = PACKET_MR_UNICAST,
		.mr_alen = ETHER_ADDR_LEN,
	};
	const struct packet_mreq groups = {
		.mr_ifindex = sock->ifindex,
		.mr_type = PACKET_MR_ALLMULTI,
	};
	int err;

	memcpy(unicast.mr_address, sock->mac, ETHER_ADDR_LEN);
	err = setsockopt(sock->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP,
	                 &groups, sizeof(groups));
	if (!err && sock->has_own_mac)
		err = setsockopt(sock->fd, SOL_PACKET,
		                 PACKET_ADD_MEMBERSHIP, &unicast,
		                 sizeof(unicast));
	if (!err)
		return 0;
	return why_fail(why, errno, "'%s' takes no second hardware address: "
	                "%s; give its own one with --mac", sock->name,
	                strerror(errno));
}

static int socket_bind(struct packet_sock *sock, char *why)
{
	const struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = sock->ifindex,
	};

	if (!bind(sock->fd, (const void *)&addr, sizeof(addr)))
		return 0;
	return why_fail(why, errno, "cannot receive from '%s': %s",
	                sock->name, strerror(errno));
}

static int set_up(struct packet_sock *sock, char *why)
{
	int err = filter_attach(sock, why);

	if (err)
		return err;
	err = set_option(sock, PACKET_VNET_HDR, 1);
	if (!err)
		err = set_option(sock, PACKET_IGNORE_OUTGOING, 1);
	if (err)
		return why_fail(why, -err, "the kernel's packet sockets are "
		                "too old: %s", strerror(-err));
	sock->is_bypassing = !set_option(sock, PACKET_QDISC_BYPASS, 1);
	buffers_grow(sock);
	err = membership_add(sock, why);
	return err ? err : socket_bind(sock, why);
}

/* Open a socket on the interface that the caller has filled in.
 * why: NETDEV_WHY_LEN bytes, filled on error.
 * Return: 0, then packet_sock_close() is due; -EPERM or -EACCES; another
 * -errno. On error nothing is left.
 */
int packet_sock_open(struct packet_sock *sock, char *why)
{
	int err = socket_open(sock, why);

	if (!err)
		err = set_up(sock, why);
	if (err)
		packet_sock_close(sock);
	return err;
}

/* Close the socket; one that is not open is accepted. */
void packet_sock_close(struct packet_sock *sock)
{
	if (sock->fd >= 0)
		close(sock->fd);
	sock->fd = -1;
}

/* Bytes of frames that the kernel keeps for us: half of what it says, since it
 * doubles what is asked for to count its own overhead (socket(7)).
 */
unsigned packet_sock_rcvbuf(const struct packet_sock *sock)
{
	int size = 0;
	socklen_t len = sizeof(size);

	getsockopt(sock->fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
	return (unsigned)size / 2;
}

/* Frames that found the queue to us full, since the last call. */
unsigned packet_sock_take_drops(const struct packet_sock *sock)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	getsockopt(sock->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	return stats.tp_drops;
}

/* Has the interface left this network namespace, by its end or for another
 * one? The kernel forgets its index then, and attaches no other interface
 * (Linux net/packet/af_packet.c, packet_notifier).
 */
bool packet_sock_is_gone(const struct packet_sock *sock)
{
	struct sockaddr_ll addr = { 0 };
	socklen_t len = sizeof(addr);

	return !getsockname(sock->fd, (void *)&addr, &len) &&
	       addr.sll_ifindex != sock->ifindex;
}
