/* SPDX-License-Identifier: MIT */
/* TCP_INFO: what lwIP knows of a connection, in Linux's words. What it does not
 * know (delivery rate, pacing, time of the last segment) stays 0.
 */
#include <linux/tcp.h>
#include <string.h>

#include <lwip/priv/tcp_priv.h>

#include "stack/sock_opt_tcp_info.h"
#include "stack/sock_priv.h"

#define RTO_INITIAL_US 1000000
#define CWND_INITIAL 10   /* segments; shown of a socket without connection */
#define MSS_DEFAULT 536
#define REORDERING 3      /* duplicate ACKs that mean a loss */
#define US_PER_TICK (TCP_SLOW_INTERVAL * 1000)

/* The states of include/net/tcp_states.h in the kernel. */
enum {
	LINUX_ESTABLISHED = 1,
	LINUX_SYN_SENT,
	LINUX_SYN_RECV,
	LINUX_FIN_WAIT1,
	LINUX_FIN_WAIT2,
	LINUX_TIME_WAIT,
	LINUX_CLOSE,
	LINUX_CLOSE_WAIT,
	LINUX_LAST_ACK,
	LINUX_LISTEN,
	LINUX_CLOSING,
};

static const uint8_t linux_states[] = {
	[CLOSED] = LINUX_CLOSE,
	[LISTEN] = LINUX_LISTEN,
	[SYN_SENT] = LINUX_SYN_SENT,
	[SYN_RCVD] = LINUX_SYN_RECV,
	[ESTABLISHED] = LINUX_ESTABLISHED,
	[FIN_WAIT_1] = LINUX_FIN_WAIT1,
	[FIN_WAIT_2] = LINUX_FIN_WAIT2,
	[CLOSE_WAIT] = LINUX_CLOSE_WAIT,
	[CLOSING] = LINUX_CLOSING,
	[LAST_ACK] = LINUX_LAST_ACK,
	[TIME_WAIT] = LINUX_TIME_WAIT,
};

static uint32_t count_segs(const struct tcp_seg *seg)
{
	uint32_t count = 0;

	for (; seg; seg = seg->next)
		count++;
	return count;
}

static uint8_t options(const struct tcp_pcb *pcb)
{
	uint8_t bits = 0;

#if LWIP_TCP_SACK_OUT
	if (pcb->flags & TF_SACK)
		bits |= TCPI_OPT_SACK;
#endif
#if LWIP_WND_SCALE
	if (pcb->flags & TF_WND_SCALE)
		bits |= TCPI_OPT_WSCALE;
#endif
	return bits;
}

static void fill_windows(const struct tcp_pcb *pcb, struct tcp_info *info)
{
	uint32_t mss = pcb->mss ? pcb->mss : MSS_DEFAULT;

	info->tcpi_snd_mss = info->tcpi_rcv_mss = info->tcpi_advmss = mss;
	info->tcpi_snd_cwnd = (uint32_t)pcb->cwnd / mss;
	info->tcpi_snd_ssthresh = (uint32_t)pcb->ssthresh / mss;
	info->tcpi_snd_wnd = pcb->snd_wnd;
	info->tcpi_rcv_space = pcb->rcv_wnd;
	info->tcpi_rcv_ssthresh = pcb->rcv_wnd;
#if LWIP_WND_SCALE
	info->tcpi_snd_wscale = pcb->snd_scale & 15;
	info->tcpi_rcv_wscale = pcb->rcv_scale & 15;
#endif
}

static void fill_pcb(const struct sock *sock, struct tcp_info *info)
{
	const struct tcp_pcb *pcb = sock->tcp.pcb;

	info->tcpi_state = linux_states[pcb->state];
	info->tcpi_ca_state = pcb->flags & TF_INFR ? TCP_CA_Recovery
		: pcb->flags & TF_RTO ? TCP_CA_Loss : TCP_CA_Open;
	info->tcpi_retransmits = pcb->nrtx;
	info->tcpi_backoff = pcb->nrtx;
	info->tcpi_probes = pcb->persist_probe;
	info->tcpi_options = options(pcb);
	info->tcpi_rto = (uint32_t)(pcb->rto > 0 ? pcb->rto : 0) * US_PER_TICK;
	info->tcpi_rttvar = (uint32_t)(pcb->sv > 0 ? pcb->sv >> 2 : 0) *
	                    US_PER_TICK;
	info->tcpi_unacked = count_segs(pcb->unacked);
	info->tcpi_notsent_bytes = pcb->snd_lbb - pcb->snd_nxt;
	fill_windows(pcb, info);
}

/**
 * sock_opt_tcp_info() - Fill a struct tcp_info.
 * @sock:	a TCP sock in any state
 * @info:	filled whole
 */
void sock_opt_tcp_info(const struct sock *sock, struct tcp_info *info)
{
	struct sock_info shown;

	memset(info, 0, sizeof(*info));
	info->tcpi_reordering = REORDERING;
	info->tcpi_rto = RTO_INITIAL_US;
	info->tcpi_snd_cwnd = CWND_INITIAL;
	info->tcpi_snd_mss = info->tcpi_rcv_mss = MSS_DEFAULT;
	info->tcpi_state = sock->state == SOCK_STATE_LISTENING ? LINUX_LISTEN
	                                                       : LINUX_CLOSE;
	if (sock->tcp.pcb)
		fill_pcb(sock, info);
	sock_get_info(sock, &shown);
	info->tcpi_rtt = shown.rtt_us;
	info->tcpi_total_retrans = (uint32_t)sock->tcp.retransmits;
	info->tcpi_bytes_acked = sock->tcp.tx_acked;
}
