/* SPDX-License-Identifier: MIT */
/* UDP sockets: datagrams in.
 *
 * Theory of operation
 *
 * lwIP calls back for one of the pcbs on the port. Which sock the datagram is
 * for is then decided over all socks on the port, as udp4_lib_lookup2 and
 * __udp4_lib_mcast_deliver of the kernel do: a unicast datagram goes to the
 * sock that fits best (bound to the address before wildcard, connected before
 * not), to one of several equal SO_REUSEPORT socks by a hash of the addresses,
 * so that a flow stays with its sock, and among others to the youngest.
 * Broadcast and multicast go to all that match.
 */
#include <errno.h>
#include <stdlib.h>

#include <lwip/ip.h>

#include "stack/ports.h"
#include "stack/sock_udp_priv.h"

/* Where the datagram that lwIP hands over came from and went to. */
struct arrival {
	const ip_addr_t *src, *dst;
	uint16_t src_port, dst_port;
	unsigned if_index;
};

/* How well a sock fits; larger is better, 0: not at all. */
static unsigned match(const struct sock *sock, const struct arrival *in)
{
	const ip_addr_t *local = &sock->local_ip;
	unsigned score = 1;

	if (sock->opt.kept.bound_if && sock->opt.kept.bound_if != in->if_index)
		return 0;
	if (!IP_IS_ANY_TYPE_VAL(*local)) {
		if (IP_GET_TYPE(local) != IP_GET_TYPE(in->dst))
			return 0;
		if (!ip_addr_isany(local)) {
			if (!ip_addr_cmp(local, in->dst))
				return 0;
			score += 8;
		}
		if (sock->domain == AF_INET)
			score += 1;
	}
	if (sock->state == SOCK_STATE_CONNECTED) {
		if (sock->peer_port != in->src_port ||
		    !ip_addr_cmp(&sock->peer_ip, in->src))
			return 0;
		score += 4;
	}
	return score;
}

/* FNV-1a. */
static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * 16777619u;
	return hash;
}

static uint32_t hash_addr(uint32_t hash, const ip_addr_t *addr)
{
	if (IP_IS_V4_VAL(*addr))
		return hash_bytes(hash, ip_2_ip4(addr), sizeof(ip4_addr_t));
	return hash_bytes(hash, ip_2_ip6(addr)->addr,
	                  sizeof(ip_2_ip6(addr)->addr));
}

/* Of a flow, for the choice within a SO_REUSEPORT group. */
static uint32_t flow_hash(const struct arrival *in)
{
	uint32_t hash = hash_bytes(2166136261u, &in->src_port,
	                           sizeof(in->src_port));

	hash = hash_addr(hash_addr(hash, in->src), in->dst);
	return hash ^ hash >> 16;
}

/* The n-th of the SO_REUSEPORT socks that fit with this score. */
static struct sock *nth_of_group(struct sock *first, const struct arrival *in,
                                 unsigned score, unsigned n)
{
	for (; first; first = first->port_next)
		if (first->opt.reuse_port && match(first, in) == score && !n--)
			return first;
	return NULL;
}

static struct sock *choose(struct sock *first, const struct arrival *in)
{
	struct sock *best = NULL;
	unsigned best_score = 0, group = 0, score;

	for (struct sock *sock = first; sock; sock = sock->port_next) {
		score = match(sock, in);
		if (score > best_score) {
			best = sock;
			best_score = score;
			group = 0;
		}
		if (score && score == best_score && sock->opt.reuse_port)
			group++;
	}
	if (group > 1 && best->opt.reuse_port)
		return nth_of_group(first, in, best_score,
		                    flow_hash(in) % group);
	return best;
}

static bool has_room(const struct sock *sock)
{
	size_t limit = (size_t)sock->opt.rcvbuf;

	if (limit > SOCK_DGRAM_QUEUE_LEN)
		limit = SOCK_DGRAM_QUEUE_LEN;
	return sock->udp.rx_len < limit;
}

static size_t charge(const struct sock_udp_dgram *dgram)
{
	return sizeof(*dgram) + dgram->len;
}

static struct sock_udp_dgram *dgram_from_pbuf(const struct pbuf *p,
                                              const struct arrival *in)
{
	struct sock_udp_dgram *dgram = malloc(sizeof(*dgram) + p->tot_len);

	if (!dgram)
		return NULL;
	dgram->next = NULL;
	ip_addr_copy(dgram->src, *in->src);
	ip_addr_copy(dgram->dst, *in->dst);
	dgram->src_port = in->src_port;
	dgram->if_index = in->if_index;
	dgram->ttl = ip_current_is_v6() ? IP6H_HOPLIM(ip6_current_header())
	                                : IPH_TTL(ip4_current_header());
	dgram->tos = ip_current_is_v6() ? IP6H_TC(ip6_current_header())
	                                : IPH_TOS(ip4_current_header());
	dgram->len = pbuf_copy_partial(p, dgram->data, p->tot_len, 0);
	return dgram;
}

static void deliver(struct sock *sock, const struct pbuf *p,
                    const struct arrival *in)
{
	struct stack_stats *stats = &sock->stack->stats;
	struct sock_udp_dgram *dgram;

	if (!has_room(sock)) {
		sock->udp.rx_dropped++;
		stats->udp_dropped_queue++;
		return;
	}
	dgram = dgram_from_pbuf(p, in);
	if (!dgram) {
		sock->udp.rx_dropped++;
		stats->out_of_memory++;
		return;
	}
	if (sock->udp.rx_tail)
		sock->udp.rx_tail->next = dgram;
	else
		sock->udp.rx_head = dgram;
	sock->udp.rx_tail = dgram;
	sock->udp.rx_len += charge(dgram);
	stats->udp_received++;
	sock_on_readable(sock);
}

/* lwIP's callback; arg is a sock of the port, maybe not the right one. */
void sock_udp_on_recv(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                      const ip_addr_t *src, u16_t src_port)
{
	struct sock *sock = arg;
	struct arrival in = {
		.src = src,
		.dst = ip_current_dest_addr(),
		.src_port = src_port,
		.dst_port = pcb->local_port,
		.if_index = stack_netif_idx(sock->stack,
		                            ip_current_input_netif()),
	};
	struct sock *first = ports_first(sock->stack, SOCK_DGRAM, in.dst_port);

	if (ip_addr_ismulticast(in.dst) ||
	    ip_addr_isbroadcast(in.dst, ip_current_netif())) {
		for (; first; first = first->port_next)
			if (match(first, &in))
				deliver(first, p, &in);
	} else {
		sock = choose(first, &in);
		if (sock)
			deliver(sock, p, &in);
	}
	pbuf_free(p);
}

/**
 * sock_dgram_peek() - Show the first datagram that waits.
 * @sock:	a UDP sock
 * @dgram:	filled; the payload stays the sock's until
 *		sock_dgram_consume() or sock_close()
 *
 * Return: 0, or -EAGAIN when none waits.
 */
int sock_dgram_peek(struct sock *sock, struct sock_dgram *dgram)
{
	struct sock_udp_dgram *first;

	if (sock->type != SOCK_DGRAM)
		return -EOPNOTSUPP;
	first = sock->udp.rx_head;
	if (!first)
		return -EAGAIN;
	dgram->iov[0].iov_base = first->data;
	dgram->iov[0].iov_len = first->len;
	dgram->iovcnt = 1;
	dgram->len = first->len;
	addr_to_sockaddr(sock->domain, &first->src, first->src_port,
	                 &dgram->src);
	addr_to_sockaddr(sock->domain, &first->dst, sock->local_port,
	                 &dgram->dst);
	dgram->if_index = first->if_index;
	dgram->ttl = first->ttl;
	dgram->tos = first->tos;
	return 0;
}

/**
 * sock_dgram_consume() - Drop the datagram that sock_dgram_peek() showed.
 * @sock:	a UDP sock; nothing happens when none waits
 */
void sock_dgram_consume(struct sock *sock)
{
	struct sock_udp_dgram *first;

	if (sock->type != SOCK_DGRAM)
		return;
	first = sock->udp.rx_head;
	if (!first)
		return;
	sock->udp.rx_head = first->next;
	if (!first->next)
		sock->udp.rx_tail = NULL;
	sock->udp.rx_len -= charge(first);
	free(first);
}

/* Drop all that waits. */
void sock_udp_rx_flush(struct sock *sock)
{
	while (sock->udp.rx_head)
		sock_dgram_consume(sock);
}
