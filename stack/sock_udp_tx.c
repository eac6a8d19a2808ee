/* SPDX-License-Identifier: MIT */
/* UDP sockets: datagrams out. */
#include <errno.h>
#include <string.h>

#include <lwip/ip.h>
#include <lwip/prot/udp.h>

#include "stack/addr.h"
#include "stack/errmap.h"
#include "stack/sock_udp_priv.h"

#define HOPS_DEFAULT 64 /* net.ipv4.ip_default_ttl, ipv6 hop_limit */

/* A pbuf's size is 16 bits wide, headers included: the rest of a datagram past
 * this goes into a second one.
 */
#define PBUF_PART_MAX 32768

/* lwIP counts an IPv6 packet with its header in 16 bits. */
#define DGRAM6_MAX (65535 - IP6_HLEN - UDP_HLEN)

_Static_assert(SOCK_DGRAM_MAX == 65535 - IP_HLEN - UDP_HLEN,
               "the largest payload over IPv4");

/* One datagram on its way: everything but the payload. */
struct departure {
	ip_addr_t dst, src;
	uint16_t dst_port;
	struct netif *netif;
};

static bool is_broadcast(const struct sock *sock, const ip_addr_t *addr)
{
	return IP_IS_V4(addr) &&
	       ip4_addr_isbroadcast(ip_2_ip4(addr),
	                            stack_netif_eth(sock->stack));
}

int sock_udp_check_dst(const struct sock *sock, const ip_addr_t *addr)
{
	if (sock->domain == AF_INET6 && sock->opt.v6only && IP_IS_V4(addr))
		return -ENETUNREACH;
	if (IP_IS_V4_VAL(sock->local_ip) && IP_IS_V6(addr))
		return -EAFNOSUPPORT;
	if (sock->udp.addr_is_bound && IP_IS_V6_VAL(sock->local_ip) &&
	    IP_IS_V4(addr))
		return -ENETUNREACH;
	if (is_broadcast(sock, addr) && !sock->opt.broadcast)
		return -EACCES;
	return 0;
}

static socklen_t sockaddr_len(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                 : sizeof(struct sockaddr_in);
}

static int find_dst(const struct sock *sock, const struct sockaddr *dst,
                    struct departure *out)
{
	int err;

	/* Linux takes this for no destination, in an AF_INET6 sock alone. */
	if (dst && dst->sa_family == AF_UNSPEC && sock->domain == AF_INET6)
		dst = NULL;
	if (dst) {
		err = addr_from_dgram_dst(sock->domain, dst, sockaddr_len(dst),
		                          &out->dst, &out->dst_port);
		if (err)
			return err;
		addr_any_to_loopback(&out->dst);
		return sock_udp_check_dst(sock, &out->dst);
	}
	if (sock->state != SOCK_STATE_CONNECTED)
		return -EDESTADDRREQ;
	ip_addr_copy(out->dst, sock->peer_ip);
	out->dst_port = sock->peer_port;
	return 0;
}

/* The program's wish (IP_PKTINFO), what it is bound to, or what fits. */
static int find_src(const struct sock *sock, const struct sockaddr *src,
                    struct departure *out)
{
	uint16_t ignored;
	int err;

	if (src) {
		err = addr_from_sockaddr(sock->domain, src, sockaddr_len(src),
		                         &out->src, &ignored);
		if (err)
			return err;
		if (!ip_addr_isany(&out->src)) {
			if (IP_GET_TYPE(&out->src) != IP_GET_TYPE(&out->dst) ||
			    !stack_addr_is_own(sock->stack, &out->src))
				return -EINVAL;
			return 0;
		}
	}
	if (!ip_addr_isany(&sock->local_ip) &&
	    !ip_addr_ismulticast(&sock->local_ip) &&
	    IP_GET_TYPE(&sock->local_ip) == IP_GET_TYPE(&out->dst)) {
		ip_addr_copy(out->src, sock->local_ip);
		return 0;
	}
	return stack_addr_source(sock->stack, &out->dst, &out->src);
}

static int find_route(const struct sock *sock, size_t len,
                      struct departure *out)
{
	bool is_v6 = IP_IS_V6_VAL(out->dst);
	int discover = is_v6 ? sock->opt.kept.mtu_discover6
	                     : sock->opt.kept.mtu_discover;
	size_t packet_len = len + UDP_HLEN + (is_v6 ? IP6_HLEN : IP_HLEN);
	bool may_fragment = discover != IP_PMTUDISC_DO &&
	                    discover != IP_PMTUDISC_PROBE &&
	                    !(is_v6 && sock->opt.kept.dont_frag6);

	out->netif = ip_route(&out->src, &out->dst);
	if (!out->netif)
		return -ENETUNREACH;
	if (!may_fragment && out->netif->mtu && packet_len > out->netif->mtu)
		return -EMSGSIZE;
	return 0;
}

/* Room for len bytes of payload, with room for the headers in front. */
static struct pbuf *pbuf_for(size_t len)
{
	size_t first_len = len < PBUF_PART_MAX ? len : PBUF_PART_MAX;
	struct pbuf *rest, *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)first_len,
	                                   PBUF_RAM);

	if (!p || first_len == len)
		return p;
	rest = pbuf_alloc(PBUF_RAW, (u16_t)(len - first_len), PBUF_RAM);
	if (!rest) {
		pbuf_free(p);
		return NULL;
	}
	pbuf_cat(p, rest);
	return p;
}

static struct pbuf *pbuf_from_iov(const struct iovec *iov, int iovcnt,
                                  size_t len)
{
	struct pbuf *p = pbuf_for(len);
	size_t at = 0;

	for (int i = 0; p && i < iovcnt; i++) {
		pbuf_take_at(p, iov[i].iov_base, (u16_t)iov[i].iov_len,
		             (u16_t)at);
		at += iov[i].iov_len;
	}
	return p;
}

/* The lifetime and class of service depend on the destination's family, which
 * an AF_INET6 sock may change with each datagram.
 */
static void set_header_fields(struct sock *sock, const ip_addr_t *dst)
{
	bool is_v6 = IP_IS_V6(dst);
	int hops = is_v6 ? sock->opt.hop_limit : sock->opt.ttl;
	int mcast_hops = is_v6 ? sock->opt.mcast_hops : sock->opt.mcast_ttl;
	struct udp_pcb *pcb = sock->udp.pcb;

	pcb->tos = is_v6 ? sock->opt.tclass : sock->opt.tos;
	pcb->ttl = (u8_t)(hops < 0 ? HOPS_DEFAULT : hops);
	udp_set_multicast_ttl(pcb, (u8_t)(mcast_hops < 0 ? 1 : mcast_hops));
}

static size_t iov_len(const struct iovec *iov, int iovcnt)
{
	size_t len = 0;

	for (int i = 0; i < iovcnt && len <= SOCK_DGRAM_MAX; i++) {
		if (iov[i].iov_len > SOCK_DGRAM_MAX)
			return SOCK_DGRAM_MAX + 1;
		len += iov[i].iov_len;
	}
	return len;
}

static int send_out(struct sock *sock, const struct iovec *iov, int iovcnt,
                    size_t len, const struct departure *out)
{
	struct pbuf *p = pbuf_from_iov(iov, iovcnt, len);
	struct udp_pcb *pcb = sock->udp.pcb;
	u8_t type = IP_GET_TYPE(&pcb->local_ip);
	err_t err;

	if (!p) {
		sock->stack->stats.out_of_memory++;
		return -ENOBUFS;
	}
	set_header_fields(sock, &out->dst);
	/* A sock of both families that is connected in one may still send in
	 * the other; lwIP thinks not.
	 */
	if (type != IP_GET_TYPE(&out->dst))
		IP_SET_TYPE(&pcb->local_ip, IPADDR_TYPE_ANY);
	err = udp_sendto_if_src(pcb, p, &out->dst, out->dst_port, out->netif,
	                        &out->src);
	IP_SET_TYPE(&pcb->local_ip, type);
	pbuf_free(p);
	if (err == ERR_OK)
		sock->stack->stats.udp_sent++;
	return errmap_call(err);
}

/**
 * sock_dgram_send() - Send one datagram.
 * @sock:	a UDP sock; it is bound when it is not
 * @iov:	the payload, copied before this returns
 * @iovcnt:	iovecs at @iov; 0 sends an empty datagram
 * @dst:	a whole sockaddr_in or sockaddr_in6; NULL: to the peer
 * @src:	likewise, its port does not matter; NULL or a wildcard: as bound
 *
 * Return: 0, -EDESTADDRREQ, -EMSGSIZE past 65507 bytes (65487 over IPv6, whose
 * packets lwIP measures with their header) or past the MTU when it must not be
 * fragmented, -ENETUNREACH, -EACCES for a broadcast without SO_BROADCAST,
 * -EINVAL for a source that is not ours, port 0 or a link-local address
 * without scope, -EAFNOSUPPORT also for IPv6 from a v4-mapped address, -EAGAIN
 * when no port is left, -ENOBUFS.
 */
int sock_dgram_send(struct sock *sock, const struct iovec *iov, int iovcnt,
                    const struct sockaddr *dst, const struct sockaddr *src)
{
	size_t len = iov_len(iov, iovcnt);
	struct departure out;
	int err;

	if (sock->type != SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (len > SOCK_DGRAM_MAX)
		return -EMSGSIZE;
	err = find_dst(sock, dst, &out);
	if (err)
		return err;
	if (IP_IS_V6_VAL(out.dst) && len > DGRAM6_MAX)
		return -EMSGSIZE;
	err = find_src(sock, src, &out);
	if (!err)
		err = find_route(sock, len, &out);
	if (!err)
		err = sock_udp_autobind(sock);
	if (err)
		return err;
	return send_out(sock, iov, iovcnt, len, &out);
}
