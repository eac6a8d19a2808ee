/* SPDX-License-Identifier: MIT */
/* TCP sockets: segments larger than the wire takes, for a device with TSO.
 *
 * Theory of operation
 *
 * lwIP's cost is by the segment: lists are walked, headers are built. On a
 * device that cuts frames, pcb->mss is raised to a multiple of the MSS on the
 * wire (wire_mss), so that one segment is one super-frame. tso.c alone gathers
 * small segments as well; this saves lwIP the making of them.
 *
 *     raised   while the connection has lost nothing for SUPER_HOLD_US and to
 *              at most a quarter of the congestion window, so that the window
 *              is still filled and ACKs come steadily
 *     drained  after a loss: a large segment would be sent again whole. lwIP
 *              must not have longer segments queued than pcb->mss (it asserts
 *              so in several places), so nothing new is taken until all is
 *              acknowledged; then pcb->mss is wire_mss again
 *
 * What changes with it is put right here: Nagle's rule is applied by wire_mss;
 * a segment that does not fit into the peer's window is split at once, not
 * after lwIP's persist timer.
 */
#include <lwip/ip.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>

#include "stack/ethif.h"
#include "stack/sock_tcp_priv.h"

#define SUPER_LEN_MAX 60000     /* with all headers below 64 KB */
#define SUPER_HOLD_US 30000000  /* without a loss, before and after */
#define CWND_PARTS 4            /* segments that fill the window */
#define CWND_FIRST 10           /* segments, RFC 6928 */

err_t __real_ip4_frag(struct pbuf *p, struct netif *netif,
                      const ip4_addr_t *dst);
err_t __wrap_ip4_frag(struct pbuf *p, struct netif *netif,
                      const ip4_addr_t *dst);
err_t __real_ip6_frag(struct pbuf *p, struct netif *netif,
                      const ip6_addr_t *dst);
err_t __wrap_ip6_frag(struct pbuf *p, struct netif *netif,
                      const ip6_addr_t *dst);

static bool can_cut(const struct netif *netif, unsigned cap)
{
	return netif == stack_netif_eth(stack_self) &&
	       stack_self->dev->caps & cap;
}

/**
 * __wrap_ip4_frag() - A packet longer than the MTU
 *
 * The device cuts TCP's; all else is fragmented.
 */
err_t __wrap_ip4_frag(struct pbuf *p, struct netif *netif,
                      const ip4_addr_t *dst)
{
	const struct ip_hdr *hdr = p->payload;

	if (IPH_PROTO(hdr) == IP_PROTO_TCP && can_cut(netif, NETDEV_CAP_TX_TSO4))
		return netif->output(netif, p, dst);
	return __real_ip4_frag(p, netif, dst);
}

err_t __wrap_ip6_frag(struct pbuf *p, struct netif *netif,
                      const ip6_addr_t *dst)
{
	const struct ip6_hdr *hdr = p->payload;

	if (IP6H_NEXTH(hdr) == IP6_NEXTH_TCP &&
	    can_cut(netif, NETDEV_CAP_TX_TSO6))
		return netif->output_ip6(netif, p, dst);
	return __real_ip6_frag(p, netif, dst);
}

/**
 * tcp_super_init() - May this connection have large segments?
 * @sock:	CONNECTED; wire_mss is set
 */
void tcp_super_init(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	const unsigned cap = IP_IS_V6_VAL(t->pcb->remote_ip)
		? NETDEV_CAP_TX_TSO6 : NETDEV_CAP_TX_TSO4;

	t->can_super = sock->stack->dev->caps & cap &&
	               sock->stack->dev->caps & NETDEV_CAP_TX_CSUM &&
	               !sock->opt.maxseg &&
	               !stack_addr_is_own(sock->stack, &t->pcb->remote_ip);
}

/**
 * tcp_super_choose() - Raise pcb->mss when that is right
 * @sock:	CONNECTED, with a pcb; before it is given bytes
 */
void tcp_super_choose(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	struct tcp_pcb *pcb = t->pcb;
	uint32_t len;

	if (!t->can_super || t->is_draining ||
	    sock->stack->now_us < t->super_after_us ||
	    pcb->flags & (TF_RTO | TF_INFR) || pcb->nrtx)
		return;
	len = pcb->cwnd / CWND_PARTS;
	if (len > SUPER_LEN_MAX)
		len = SUPER_LEN_MAX;
	len -= len % t->wire_mss;
	if (len <= pcb->mss)
		return;
	if (pcb->mss == t->wire_mss)
		t->super_retransmits = t->retransmits;
	pcb->mss = (u16_t)len;
}

/* lwIP lets TF_NODELAY alone decide on a segment below pcb->mss. */
static void apply_nagle(const struct sock *sock, struct tcp_pcb *pcb)
{
	const bool is_super = pcb->mss > sock->tcp.wire_mss;

	if (sock->opt.nodelay || (is_super && pcb->unsent &&
	                          pcb->unsent->len >= sock->tcp.wire_mss))
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
}

/**
 * tcp_super_drain() - pcb->mss shall be wire_mss
 * @sock:	CONNECTED, with a pcb
 */
void tcp_super_drain(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;

	t->is_draining = true;
	t->super_after_us = sock->stack->now_us + SUPER_HOLD_US;
	tcp_super_on_sent(sock);
}

/**
 * tcp_super_on_sent() - Bytes were acknowledged; was that the last of them?
 * @sock:	CONNECTED, with a pcb
 */
void tcp_super_on_sent(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;

	if (!t->is_draining || t->pcb->unsent || t->pcb->unacked)
		return;
	t->pcb->mss = t->wire_mss;
	t->is_draining = false;
	apply_nagle(sock, t->pcb);
}

/* Nothing is under way and the first segment is too long for the window. */
static void fit_window(const struct sock *sock, struct tcp_pcb *pcb)
{
	const uint16_t mss = sock->tcp.wire_mss;
	uint32_t wnd = LWIP_MIN(pcb->snd_wnd, pcb->cwnd);

	if (!pcb->unsent || pcb->unacked || pcb->unsent->len <= wnd)
		return;
	wnd -= wnd % mss;
	if (wnd)
		tcp_split_unsent_seg(pcb, (u16_t)wnd);
}

/**
 * tcp_super_settle() - The end of a turn, before the output
 * @sock:	CONNECTED, with a pcb
 */
void tcp_super_settle(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	struct tcp_pcb *pcb = t->pcb;
	uint32_t first = CWND_FIRST * (uint32_t)t->wire_mss;

	if (!t->has_first_cwnd && pcb->cwnd < first)
		pcb->cwnd = first;
	t->has_first_cwnd = true;
	if (pcb->mss == t->wire_mss)
		return;
	if (!t->is_draining && t->retransmits != t->super_retransmits)
		tcp_super_drain(sock);
	apply_nagle(sock, pcb);
	fit_window(sock, pcb);
}
