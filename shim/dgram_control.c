/* SPDX-License-Identifier: MIT */
/* Control messages of datagrams: from a header, and to one. ip(7), ipv6(7). */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "shim/addr.h"
#include "shim/dgram.h"
#include "shim/dgram_opt.h"

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#define UDP_SEGMENT 103 /* include/uapi/linux/udp.h */

/* The program's control buffer while it is filled. */
struct control {
	struct msghdr *msg;
	size_t used;
};

/* Append one message, cut where the room ends (put_cmsg, net/core/scm.c). */
static void put(struct control *control, int level, int type, const void *data,
                size_t len)
{
	size_t room = control->msg->msg_controllen - control->used;
	size_t whole = CMSG_LEN(len);
	struct cmsghdr head = { .cmsg_level = level, .cmsg_type = type };
	uint8_t *at = (uint8_t *)control->msg->msg_control + control->used;

	if (room < sizeof(head)) {
		control->msg->msg_flags |= MSG_CTRUNC;
		return;
	}
	if (room < whole) {
		control->msg->msg_flags |= MSG_CTRUNC;
		whole = room;
	}
	head.cmsg_len = whole;
	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), data, whole - CMSG_LEN(0));
	control->used += room < CMSG_SPACE(len) ? room : CMSG_SPACE(len);
}

static void put_pktinfo(struct control *control, const struct rpc_dgram *head)
{
	struct in_pktinfo info = { .ipi_ifindex = (int)head->if_index };
	struct rpc_addr local = head->local;

	addr_unmap(&local);
	if (local.family != AF_INET)
		return;
	memcpy(&info.ipi_spec_dst, local.addr, sizeof(info.ipi_spec_dst));
	memcpy(&info.ipi_addr, local.addr, sizeof(info.ipi_addr));
	put(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void put_pktinfo6(struct control *control, const struct rpc_dgram *head)
{
	struct in6_pktinfo info = { .ipi6_ifindex = head->if_index };
	struct rpc_addr local = head->local;

	addr_map(&local);
	memcpy(&info.ipi6_addr, local.addr, sizeof(info.ipi6_addr));
	put(control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

static void put_stamp(struct control *control, unsigned opts)
{
	struct timespec now;
	struct timeval tv;

	clock_gettime(CLOCK_REALTIME, &now);
	tv.tv_sec = now.tv_sec;
	tv.tv_usec = now.tv_nsec / 1000;
	if (opts & 1u << DGRAM_OPT_STAMPNS)
		put(control, SOL_SOCKET, SO_TIMESTAMPNS, &now, sizeof(now));
	else
		put(control, SOL_SOCKET, SO_TIMESTAMP, &tv, sizeof(tv));
}

/* What arrived with a datagram on a socket of that domain, for those options
 * (bits of enum dgram_opt) that its program set. msg->msg_controllen becomes
 * what is used, MSG_CTRUNC is added where something did not fit.
 */
void dgram_give_control(int domain, struct msghdr *msg,
                        const struct rpc_dgram *head, unsigned opts)
{
	struct control control = { .msg = msg };
	struct rpc_addr peer = head->peer;
	int ttl = head->ttl;
	int tos = head->tos;
	bool is_ipv4;

	addr_unmap(&peer);
	is_ipv4 = peer.family == AF_INET;
	if (opts & (1u << DGRAM_OPT_STAMP | 1u << DGRAM_OPT_STAMPNS))
		put_stamp(&control, opts);
	if (domain == AF_INET6 && opts & 1u << DGRAM_OPT_PKTINFO6)
		put_pktinfo6(&control, head);
	if (!is_ipv4 && opts & 1u << DGRAM_OPT_HOPLIMIT)
		put(&control, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (!is_ipv4 && opts & 1u << DGRAM_OPT_TCLASS)
		put(&control, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	if (is_ipv4 && opts & 1u << DGRAM_OPT_PKTINFO)
		put_pktinfo(&control, head);
	if (is_ipv4 && opts & 1u << DGRAM_OPT_TTL)
		put(&control, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (is_ipv4 && opts & 1u << DGRAM_OPT_TOS)
		put(&control, IPPROTO_IP, IP_TOS, &head->tos, 1);
	msg->msg_controllen = control.used;
}

static void take_source(struct rpc_addr *local, int family, const void *addr,
                        size_t len)
{
	static const uint8_t any[16];

	if (memcmp(addr, any, len) == 0)
		return;
	local->family = (uint16_t)family;
	memcpy(local->addr, addr, len);
}

/* What the program wishes for a datagram it sends. *local: the source address,
 * family 0 where none is named. Segmentation is not served. Return: 0 or
 * -EINVAL.
 */
int dgram_take_control(const struct msghdr *msg, struct rpc_addr *local)
{
	struct msghdr walk = *msg;
	struct cmsghdr *cmsg;

	memset(local, 0, sizeof(*local));
	if (!msg->msg_control || !msg->msg_controllen)
		return 0;
	for (cmsg = CMSG_FIRSTHDR(&walk); cmsg;
	     cmsg = CMSG_NXTHDR(&walk, cmsg)) {
		size_t end = (size_t)((uint8_t *)cmsg -
		                      (uint8_t *)msg->msg_control);

		if (cmsg->cmsg_len < CMSG_LEN(0) ||
		    cmsg->cmsg_len > msg->msg_controllen - end)
			return -EINVAL;
		if (cmsg->cmsg_level == SOL_UDP &&
		    cmsg->cmsg_type == UDP_SEGMENT)
			return -EINVAL;
		if (cmsg->cmsg_level == IPPROTO_IP &&
		    cmsg->cmsg_type == IP_PKTINFO &&
		    cmsg->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
			take_source(local, AF_INET, &info.ipi_spec_dst, 4);
		}
		if (cmsg->cmsg_level == IPPROTO_IPV6 &&
		    cmsg->cmsg_type == IPV6_PKTINFO &&
		    cmsg->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
			take_source(local, AF_INET6, &info.ipi6_addr, 16);
			local->scope_id = info.ipi6_ifindex;
		}
	}
	return 0;
}
