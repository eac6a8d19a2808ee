/* SPDX-License-Identifier: MIT */
/* TCP sockets: connect, and the beginning of every connection.
 *
 * The SYN's retransmission is ours, since lwIP would repeat it at a constant
 * pace: after 1, 2, 4 ... s, TCP_SYNCNT times. pcb->rto is out of reach while
 * CONNECTING.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>

#include "stack/errmap.h"
#include "stack/sock_tcp_priv.h"

#define RTO_NEVER 0x7fff     /* slow ticks: lwIP's largest */
#define SYN_RTO_US 1000000   /* RFC 6298 section 2.1 */
#define SYN_SHIFT_MAX 7      /* at most 128 s between two SYNs */
#define RTT_MAX 1000         /* slow ticks: what the fixed point can hold */
#define SV_MIN 3             /* lwIP's variance does not fall below */

/* RFC 6298 section 2.2, the first sample, which lwIP treats as any: RTTVAR is
 * half of it, in lwIP's fixed point. The floor is that of later samples. A SYN
 * that was sent again tells nothing (Karn).
 */
static void seed_rtt(const struct sock *sock, struct tcp_pcb *pcb)
{
	uint32_t ticks = tcp_ticks - pcb->rttest;

	if (pcb->rttest && !sock->tcp.syn_tries && !pcb->nrtx &&
	    ticks < RTT_MAX) {
		pcb->sa = (s16_t)(ticks << 3);
		pcb->sv = (s16_t)(ticks > 1 ? ticks << 1 : SV_MIN);
	}
	pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
	/* The SYN's time must not count as the first segment's. */
	pcb->rttest = 0;
}

/**
 * tcp_established() - The handshake is done
 * @sock:	CONNECTING
 */
void tcp_established(struct sock *sock)
{
	struct tcp_pcb *pcb = sock->tcp.pcb;
	uint32_t limit = tcp_rx_window_limit(sock);

	sock->state = SOCK_STATE_CONNECTED;
	timer_stop(&sock->stack->timers, &sock->tcp.timer);
	seed_rtt(sock, pcb);
	if (sock->opt.maxseg && pcb->mss > sock->opt.maxseg)
		pcb->mss = (u16_t)sock->opt.maxseg;
	sock->tcp.wire_mss = pcb->mss;
	sock->tcp.room_max = (uint16_t)(UINT16_MAX - UINT16_MAX % pcb->mss);
	tcp_super_init(sock);
	if (pcb->rcv_wnd > limit) {
		pcb->rcv_wnd = limit;
		tcp_update_rcv_ann_wnd(pcb);
	}
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *sock = arg;

	(void)pcb;
	(void)err;
	tcp_established(sock);
	sock->stack->stats.tcp_connected++;
	sock_on_connected(sock);
	return ERR_OK;
}

/**
 * sock_tcp_connect() - Send the SYN
 * @sock:	NEW; its local_ip and local_port are set
 * @addr:	The peer
 * @port:	Its port, in host order
 *
 * Return: -EINPROGRESS, or another -errno: then the sock is NEW as before.
 */
int sock_tcp_connect(struct sock *sock, const ip_addr_t *addr, uint16_t port)
{
	struct tcp_pcb *pcb;
	err_t err;

	sock_tcp_make_room();
	pcb = tcp_new_ip_type(IP_GET_TYPE(addr));
	if (!pcb) {
		sock->stack->stats.out_of_memory++;
		return -ENOBUFS;
	}
	ip_addr_copy(pcb->local_ip, sock->local_ip);
	pcb->local_port = sock->local_port;
	ip_addr_copy(sock->peer_ip, *addr);
	sock->peer_port = port;
	tcp_attach(sock, pcb);
	sock->state = SOCK_STATE_CONNECTING;
	err = tcp_connect(pcb, addr, port, on_connected);
	if (err != ERR_OK) {
		tcp_detach(sock);
		pcb->local_port = 0; /* never in lwIP's list of bound pcbs */
		tcp_abandon(pcb, 0);
		sock->state = SOCK_STATE_NEW;
		sock->peer_port = 0;
		return errmap_call(err);
	}
	pcb->rto = RTO_NEVER;
	sock->tcp.syn_tries = 0;
	timer_start(&sock->stack->timers, &sock->tcp.timer,
	            sock->stack->now_us + SYN_RTO_US);
	return -EINPROGRESS;
}

/**
 * tcp_on_syn_timer() - No answer to the SYN yet
 * @sock:	CONNECTING; may be DEAD afterwards
 * @now_us:	The turn's time
 */
void tcp_on_syn_timer(struct sock *sock, uint64_t now_us)
{
	struct sock_tcp *t = &sock->tcp;

	if (t->syn_tries >= sock->opt.syn_cnt) {
		tcp_kill(sock, t->soft_error ? t->soft_error : ETIMEDOUT);
		return;
	}
	t->syn_tries++;
	t->pcb->nrtx = 0; /* lwIP would count to TCP_MAXRTX */
	tcp_rexmit_rto(t->pcb);
	timer_start(&sock->stack->timers, &t->timer,
	            now_us + ((uint64_t)SYN_RTO_US
	                      << (t->syn_tries < SYN_SHIFT_MAX
	                          ? t->syn_tries : SYN_SHIFT_MAX)));
}
