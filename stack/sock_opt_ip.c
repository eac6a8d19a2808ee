/* SPDX-License-Identifier: MIT */
/* Socket options of IPPROTO_IP and IPPROTO_IPV6.
 *
 * Groups cannot be joined: the stack answers as a machine whose interface has
 * no multicast does, ENODEV. Multicast can be sent.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#include <lwip/ip.h>

#include "stack/sock_opt.h"
#include "stack/sock_priv.h"

#define HOPS_DEFAULT 64
#define MCAST_HOPS_DEFAULT 1
#define IPV6_MTU_MIN 1280 /* RFC 8200 section 5 */
#define ECN_MASK 3        /* RFC 3168: TCP's own, not the program's */

/* <linux/in.h>; older libc headers lack them. */
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif

static uint8_t traffic_class(const struct sock *sock, uint8_t before, int n)
{
	if (sock->type != SOCK_STREAM)
		return (uint8_t)n;
	return (uint8_t)((n & ~ECN_MASK) | (before & ECN_MASK));
}

static int set_tos(struct sock *sock, const struct opt_row *row,
                   const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (!err)
		sock->opt.tos = traffic_class(sock, sock->opt.tos, n);
	return err;
}

static int set_tclass(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n < -1 || n > 255)
		return -EINVAL;
	sock->opt.tclass = traffic_class(sock, sock->opt.tclass,
	                                 n < 0 ? 0 : n);
	return 0;
}

/* A limit of hops: -1 gives it back to the stack. */
static int take_hops(const struct opt_row *row, const void *val, socklen_t len,
                     int min, int *hops)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (!len || n > 255 || (n != -1 && n < min))
		return -EINVAL;
	*hops = n;
	return 0;
}

static int get_ttl(struct sock *sock, const struct opt_row *row, void *val,
                   socklen_t *len)
{
	int n = row->level == IPPROTO_IP ? sock->opt.ttl : sock->opt.hop_limit;

	return opt_put_int(row, val, len, n < 0 ? HOPS_DEFAULT : n);
}

static int set_ttl(struct sock *sock, const struct opt_row *row,
                   const void *val, socklen_t len)
{
	return take_hops(row, val, len, 1, &sock->opt.ttl);
}

static int set_hops(struct sock *sock, const struct opt_row *row,
                    const void *val, socklen_t len)
{
	return take_hops(row, val, len, 0, &sock->opt.hop_limit);
}

static int get_mcast_hops(struct sock *sock, const struct opt_row *row,
                          void *val, socklen_t *len)
{
	int n = row->level == IPPROTO_IP ? sock->opt.mcast_ttl
	                                 : sock->opt.mcast_hops;

	return opt_put_int(row, val, len, n < 0 ? MCAST_HOPS_DEFAULT : n);
}

/* What multicast sends asks on a stream: the two levels refuse differently. */
static int refuse_stream(const struct sock *sock, const struct opt_row *row)
{
	if (sock->type != SOCK_STREAM)
		return 0;
	return row->level == IPPROTO_IP ? -EINVAL : -ENOPROTOOPT;
}

static int set_mcast_hops(struct sock *sock, const struct opt_row *row,
                          const void *val, socklen_t len)
{
	int err = refuse_stream(sock, row);

	if (err)
		return err;
	return take_hops(row, val, len, 0, row->level == IPPROTO_IP
	                 ? &sock->opt.mcast_ttl : &sock->opt.mcast_hops);
}

/* A flag that nothing at all does not clear. */
static int set_given(struct sock *sock, const struct opt_row *row,
                     const void *val, socklen_t len)
{
	return len ? opt_set_field(sock, row, val, len) : -EINVAL;
}

/* Return: 0 and *out, or -ENODEV. */
static int find_if(const struct sock *sock, unsigned index,
                   struct stack_if *out)
{
	for (unsigned i = 0; !stack_get_if(sock->stack, i, out); i++)
		if (out->index == index)
			return 0;
	return -ENODEV;
}

/* The interface that has an address. Return: its index, or 0. */
static unsigned if_of_addr(const struct sock *sock, struct in_addr addr)
{
	struct stack_if found;

	for (unsigned i = 0; !stack_get_if(sock->stack, i, &found); i++)
		for (unsigned j = 0; j < found.addr_count; j++)
			if (found.addrs[j].family == AF_INET &&
			    found.addrs[j].in.s_addr == addr.s_addr)
				return found.index;
	return 0;
}

static int get_mcast_if4(struct sock *sock, const struct opt_row *row,
                         void *val, socklen_t *len)
{
	struct in_addr addr = { INADDR_ANY };
	struct stack_if found;

	(void)row;
	if (sock->opt.mcast_if && !find_if(sock, sock->opt.mcast_if, &found))
		for (unsigned i = 0; i < found.addr_count; i++)
			if (found.addrs[i].family == AF_INET)
				addr = found.addrs[i].in;
	return opt_put_bytes(val, len, &addr, sizeof(addr));
}

/* An in_addr, an ip_mreq or an ip_mreqn, told apart by their length. */
static int set_mcast_if4(struct sock *sock, const struct opt_row *row,
                         const void *val, socklen_t len)
{
	struct ip_mreqn mreq = { .imr_ifindex = 0 };
	struct stack_if found;
	int err = refuse_stream(sock, row);

	if (err)
		return err;
	if (len >= sizeof(mreq))
		memcpy(&mreq, val, sizeof(mreq));
	else if (len >= sizeof(struct ip_mreq))
		memcpy(&mreq, val, sizeof(struct ip_mreq));
	else if (len >= sizeof(mreq.imr_address))
		memcpy(&mreq.imr_address, val, sizeof(mreq.imr_address));
	else
		return -EINVAL;
	if (!mreq.imr_ifindex && mreq.imr_address.s_addr != INADDR_ANY) {
		mreq.imr_ifindex = (int)if_of_addr(sock, mreq.imr_address);
		if (!mreq.imr_ifindex)
			return -EADDRNOTAVAIL;
	}
	if (mreq.imr_ifindex &&
	    find_if(sock, (unsigned)mreq.imr_ifindex, &found))
		return -EADDRNOTAVAIL;
	sock->opt.mcast_if = (unsigned)mreq.imr_ifindex;
	return 0;
}

static int set_mcast_if6(struct sock *sock, const struct opt_row *row,
                         const void *val, socklen_t len)
{
	struct stack_if found;
	int n, err = refuse_stream(sock, row);

	if (!err)
		err = opt_take_int(row, val, len, &n);
	if (err)
		return err;
	if (n && find_if(sock, (unsigned)n, &found))
		return -ENODEV;
	sock->opt.mcast_if = (unsigned)n;
	return 0;
}

static int set_join4(struct sock *sock, const struct opt_row *row,
                     const void *val, socklen_t len)
{
	struct ip_mreq mreq;

	if (sock->type == SOCK_STREAM)
		return -EPROTO;
	if (len < sizeof(mreq))
		return -EINVAL;
	memcpy(&mreq, val, sizeof(mreq));
	if (!IN_MULTICAST(ntohl(mreq.imr_multiaddr.s_addr)))
		return -EINVAL;
	return row->name == IP_ADD_MEMBERSHIP ? -ENODEV : -EADDRNOTAVAIL;
}

static int set_join6(struct sock *sock, const struct opt_row *row,
                     const void *val, socklen_t len)
{
	struct ipv6_mreq mreq;

	(void)sock;
	if (len < sizeof(mreq))
		return -EINVAL;
	memcpy(&mreq, val, sizeof(mreq));
	if (!IN6_IS_ADDR_MULTICAST(&mreq.ipv6mr_multiaddr))
		return -EINVAL;
	return row->name == IPV6_JOIN_GROUP ? -ENODEV : -EADDRNOTAVAIL;
}

/* The protocol-independent forms (RFC 3678). */
static int set_join_any(struct sock *sock, const struct opt_row *row,
                        const void *val, socklen_t len)
{
	(void)sock;
	(void)val;
	if (len < sizeof(struct group_req))
		return -EINVAL;
	return row->name == MCAST_JOIN_GROUP ? -ENODEV : -EADDRNOTAVAIL;
}

static int get_mtu(struct sock *sock, const struct opt_row *row, void *val,
                   socklen_t *len)
{
	struct stack_if found;
	struct netif *netif;

	if (sock->state != SOCK_STATE_CONNECTED)
		return -ENOTCONN;
	netif = ip_route(&sock->local_ip, &sock->peer_ip);
	if (!netif ||
	    find_if(sock, stack_netif_idx(sock->stack, netif), &found))
		return -ENOTCONN;
	return opt_put_int(row, val, len, (int)found.mtu);
}

static int set_mtu6(struct sock *sock, const struct opt_row *row,
                    const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	if (err)
		return err;
	if (!n)
		return 0;
	return n < IPV6_MTU_MIN ? -EINVAL : -EOPNOTSUPP;
}

/* Only while the sock has no port: later the port table has its answer. */
static int set_v6only(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	if (len < sizeof(int) || sock->has_port)
		return -EINVAL;
	return opt_set_field(sock, row, val, len);
}

/* There are no IP options in what the stack sends; to clear them is fine. */
static int set_ip_options(struct sock *sock, const struct opt_row *row,
                          const void *val, socklen_t len)
{
	(void)sock;
	(void)row;
	(void)val;
	return len ? -ENOPROTOOPT : 0;
}

/* What asks for CAP_NET_ADMIN, which no program has on this stack. */
static int set_privileged(struct sock *sock, const struct opt_row *row,
                          const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	if (err)
		return err;
	return n ? -EPERM : 0;
}

static int get_protocol(struct sock *sock, const struct opt_row *row,
                        void *val, socklen_t *len)
{
	return opt_put_int(row, val, len, sock->type == SOCK_STREAM
	                                  ? IPPROTO_TCP : IPPROTO_UDP);
}

#define IP4(opt, getter, setter)                                              \
	OPT_OWN_ROW(IPPROTO_IP, opt, OPT_ALL, getter, setter)
#define IP6(opt, getter, setter)                                              \
	OPT_OWN_ROW(IPPROTO_IPV6, opt, OPT_ALL, getter, setter)
/* Shown like a field, set by a function. */
#define IP_SET(lvl, opt, fld, setter, lo, hi)                                 \
	{ .level = (lvl), .name = (opt), .socks = OPT_ALL, .min = (lo),       \
	  .max = (hi), .offset = offsetof(struct sock_opt, fld),              \
	  .size = sizeof(((struct sock_opt *)0)->fld),                        \
	  .get = opt_get_field, .set = (setter) }

const struct opt_row opt_rows_ip[] = {
	IP_SET(IPPROTO_IP, IP_TOS, tos, set_tos, 0, 255),
	IP4(IP_TTL, get_ttl, set_ttl),
	IP4(IP_HDRINCL, opt_get_zero, opt_set_refused),
	IP4(IP_OPTIONS, opt_get_empty, set_ip_options),
	OPT_OWN_ROW(IPPROTO_IP, IP_PKTOPTIONS, OPT_TCP, opt_get_empty,
	            opt_set_refused),
	OPT_KEPT_ROW(IPPROTO_IP, IP_MTU_DISCOVER, mtu_discover, OPT_ALL, 0, 5),
	IP4(IP_MTU, get_mtu, opt_set_refused),
	IP4(IP_TRANSPARENT, opt_get_zero, set_privileged),
	IP4(IP_MINTTL, opt_get_zero, opt_set_zero_only),
	IP4(IP_MULTICAST_IF, get_mcast_if4, set_mcast_if4),
	IP4(IP_MULTICAST_TTL, get_mcast_hops, set_mcast_hops),
	IP_SET(IPPROTO_IP, IP_MULTICAST_LOOP, mcast_loop, set_given, 1, 0),
	IP_SET(IPPROTO_IP, IP_FREEBIND, kept.free_bind, set_given, 1, 0),
	IP4(IP_ADD_MEMBERSHIP, NULL, set_join4),
	IP4(IP_DROP_MEMBERSHIP, NULL, set_join4),
	IP4(MCAST_JOIN_GROUP, NULL, set_join_any),
	IP4(MCAST_LEAVE_GROUP, NULL, set_join_any),
	IP4(IP_PROTOCOL, get_protocol, opt_set_refused),
	IP_SET(IPPROTO_IPV6, IPV6_V6ONLY, v6only, set_v6only, 1, 0),
	IP_SET(IPPROTO_IPV6, IPV6_TCLASS, tclass, set_tclass, 0, 255),
	IP6(IPV6_UNICAST_HOPS, get_ttl, set_hops),
	IP6(IPV6_MULTICAST_HOPS, get_mcast_hops, set_mcast_hops),
	IP_SET(IPPROTO_IPV6, IPV6_MULTICAST_IF, mcast_if, set_mcast_if6, 0, 0),
	OPT_FIELD_ROW(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, mcast_loop, OPT_ALL,
	              0, 1),
	IP6(IPV6_JOIN_GROUP, NULL, set_join6),
	IP6(IPV6_LEAVE_GROUP, NULL, set_join6),
	IP6(MCAST_JOIN_GROUP, NULL, set_join_any),
	IP6(MCAST_LEAVE_GROUP, NULL, set_join_any),
	IP6(IPV6_MTU, get_mtu, set_mtu6),
	OPT_OWN_ROW(IPPROTO_IPV6, IPV6_2292PKTOPTIONS, OPT_TCP, opt_get_empty,
	            NULL),
#define KEPT_ip(level, name, field, socks, min, max)                          \
	OPT_KEPT_ROW(level, name, field, socks, min, max),
#define KEPT_sol(...)
#define KEPT_tcp(...)
#define X(table, level, name, field, socks, min, max, initial)                \
	KEPT_##table(level, name, field, socks, min, max)
	SOCK_OPT_KEPT(X)
#undef X
};
const unsigned opt_rows_ip_count =
	sizeof(opt_rows_ip) / sizeof(opt_rows_ip[0]);
