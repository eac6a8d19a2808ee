/* SPDX-License-Identifier: MIT */
/* TCP sockets: options into the pcb, what ss(8) prints, and what lower layers
 * have to say of a connection.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ip6.h>
#include <stddef.h>

#include "stack/sock_tcp_priv.h"
#include "stack/tcp_demux.h"

#define TTL_DEFAULT 64
#define MSS_MIN 88  /* as Linux's tcp_min_snd_mss; below it: an attack */
#define US_PER_TICK (TCP_SLOW_INTERVAL * 1000u)

static uint8_t hops(int opt)
{
	return opt < 0 ? TTL_DEFAULT : (uint8_t)opt;
}

/* A listening pcb has the head of a pcb only; what it sends are SYN-ACKs. */
static void apply_head(const struct sock *sock, struct tcp_pcb *pcb)
{
	const bool is_v4 = IP_IS_V4_VAL(sock->local_ip);

	pcb->tos = is_v4 ? sock->opt.tos : sock->opt.tclass;
	pcb->ttl = hops(is_v4 ? sock->opt.ttl : sock->opt.hop_limit);
}

/**
 * sock_tcp_apply_opt() - Carry sock->opt into the pcb
 * @sock:	A TCP sock in any state
 */
void sock_tcp_apply_opt(struct sock *sock)
{
	const struct sock_opt *opt = &sock->opt;
	struct tcp_pcb *pcb = sock->tcp.pcb;

	if (sock->state == SOCK_STATE_LISTENING)
		apply_head(sock, tcp_listener_pcb(sock));
	if (!pcb)
		return;
	apply_head(sock, pcb);
	if (opt->nodelay)
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
	if (opt->keepalive)
		ip_set_option(pcb, SOF_KEEPALIVE);
	else
		ip_reset_option(pcb, SOF_KEEPALIVE);
	pcb->keep_idle = (u32_t)opt->keep_idle_s * 1000;
	pcb->keep_intvl = (u32_t)opt->keep_intvl_s * 1000;
	pcb->keep_cnt = (u32_t)opt->keep_cnt;
	/* Options that take effect at the end of the turn. */
	sock_tcp_touch(sock);
}

static const char *const state_names[] = {
	[CLOSED] = "UNCONN",
	[LISTEN] = "LISTEN",
	[SYN_SENT] = "SYN-SENT",
	[SYN_RCVD] = "SYN-RECV",
	[ESTABLISHED] = "ESTAB",
	[FIN_WAIT_1] = "FIN-WAIT-1",
	[FIN_WAIT_2] = "FIN-WAIT-2",
	[CLOSE_WAIT] = "CLOSE-WAIT",
	[CLOSING] = "CLOSING",
	[LAST_ACK] = "LAST-ACK",
	[TIME_WAIT] = "TIME-WAIT",
};

/**
 * sock_tcp_get_info() - TCP's part of sock_get_info()
 * @sock:	A TCP sock in any state
 * @info:	The rest is filled
 */
void sock_tcp_get_info(const struct sock *sock, struct sock_info *info)
{
	const struct tcp_pcb *pcb = sock->tcp.pcb;

	info->rx_queue = (uint32_t)sock->tcp.rx_len;
	info->tx_queue = (uint32_t)sock_tx_unacked(sock);
	info->retransmits = sock->tcp.retransmits;
	if (sock->state == SOCK_STATE_LISTENING)
		info->tcp_state = state_names[LISTEN];
	if (!pcb)
		return;
	info->tcp_state = state_names[pcb->state];
	info->rtt_us = (uint32_t)(pcb->sa < 0 ? 0 : pcb->sa >> 3) * US_PER_TICK;
	info->cwnd = pcb->cwnd;
	info->mss = sock->tcp.wire_mss;
}

/**
 * sock_tcp_on_output() - A segment leaves; is it sent again?
 * @hints:	The netif's: part of a pcb, or NULL
 * @seq:	Its first byte
 * @len:	Its payload
 *
 * Return: the MSS of its connection on the wire; 0: not known.
 */
uint16_t sock_tcp_on_output(const struct netif_hint *hints, uint32_t seq,
                            uint32_t len)
{
	const struct tcp_pcb *pcb;
	struct sock *sock;
	struct sock_tcp *t;

	if (!hints || !len) /* without payload it may be a listening pcb */
		return 0;
	pcb = (const void *)((const char *)hints -
	                     offsetof(struct tcp_pcb, netif_hints));
	sock = pcb->callback_arg;
	if (!sock)
		return 0;
	t = &sock->tcp;
	if (t->has_snd_max && TCP_SEQ_LT(seq, t->snd_max)) {
		t->retransmits++;
		sock->stack->stats.tcp_retransmits++;
	} else {
		t->has_snd_max = true;
		t->snd_max = seq + len;
	}
	return t->wire_mss;
}

bool sock_tcp_tuple_is_taken(const ip_addr_t *local_ip, uint16_t local_port,
                             const ip_addr_t *peer_ip, uint16_t peer_port)
{
	return tcp_demux_find(local_ip, local_port, peer_ip, peer_port);
}

/* A smaller MTU on the path: smaller segments once those that are queued, which
 * the IP layer fragments, are gone.
 */
static void on_mtu(struct sock *sock, struct tcp_pcb *pcb, unsigned mtu)
{
	unsigned hdr_len = TCP_HLEN + (IP_IS_V6_VAL(pcb->remote_ip) ? IP6_HLEN
	                                                            : IP_HLEN);
	unsigned mss = mtu > hdr_len + MSS_MIN ? mtu - hdr_len : MSS_MIN;

	if (mss >= sock->tcp.wire_mss)
		return;
	sock->tcp.wire_mss = (uint16_t)mss;
	tcp_super_drain(sock);
}

void sock_tcp_on_icmp(struct stack *stack, const ip_addr_t *local_ip,
                      uint16_t local_port, const ip_addr_t *peer_ip,
                      uint16_t peer_port, uint32_t seq, int err, unsigned mtu)
{
	struct tcp_pcb *pcb = tcp_demux_find(local_ip, local_port, peer_ip,
	                                     peer_port);
	struct sock *sock = pcb && pcb->state != TIME_WAIT ? pcb->callback_arg
	                                                   : NULL;

	(void)stack;
	/* A forger does not know the sequence numbers (RFC 5927 4.1). */
	if (!sock || TCP_SEQ_LT(seq, pcb->lastack) ||
	    TCP_SEQ_GT(seq, pcb->snd_nxt))
		return;
	if (mtu)
		on_mtu(sock, pcb, mtu);
	else if (pcb->state == SYN_SENT)
		tcp_kill(sock, err);
	else
		sock->tcp.soft_error = err;
}
