/* SPDX-License-Identifier: MIT */
/* Each TCP segment on its way into lwIP.
 *
 * Theory of operation
 *
 * lwIP walks its lists of pcbs for each segment. Here the segment's pcb is
 * looked up first (tcp_demux.c) and the lists are laid out so that the walk is
 * over at once:
 *
 *     a connection   goes to the front of the active list
 *     in TIME_WAIT   goes to the front of its list; the active one is hidden
 *     neither        both are hidden: a listener or a reset is the answer
 *
 * A busy client comes back with the same port before TIME_WAIT is over. lwIP
 * answers its SYN with a reset, or with an ACK of the old connection. RFC 1122
 * 4.2.2.13 allows to take the SYN when its sequence number lies past the old
 * connection's last: then the pcb in TIME_WAIT is let go before lwIP looks.
 *
 * Out of pcbs lwIP gives up one in TIME_WAIT, which it cannot see here: so that
 * is done beforehand (sock_tcp_make_room).
 */
#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>
#include <stdbool.h>

#include "stack/sock_priv.h"
#include "stack/tcp_demux.h"

void __real_tcp_input(struct pbuf *p, struct netif *inp);
void __wrap_tcp_input(struct pbuf *p, struct netif *inp);

/* As lwIP asks, of a pcb whose addresses are right but for their zones. */
static bool is_for(const struct tcp_pcb *pcb)
{
	return (pcb->netif_idx == NETIF_NO_INDEX ||
	        pcb->netif_idx == netif_get_index(ip_current_input_netif())) &&
	       ip_addr_cmp(&pcb->remote_ip, ip_current_src_addr()) &&
	       ip_addr_cmp(&pcb->local_ip, ip_current_dest_addr());
}

static struct tcp_pcb *find(const struct tcp_hdr *hdr)
{
	struct tcp_pcb *pcb = tcp_demux_find(
		ip_current_dest_addr(), lwip_ntohs(hdr->dest),
		ip_current_src_addr(), lwip_ntohs(hdr->src));

	while (pcb && !is_for(pcb))
		pcb = tcp_demux_find_next(pcb);
	return pcb;
}

static bool is_syn(const struct tcp_hdr *hdr)
{
	return (TCPH_FLAGS(hdr) & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/**
 * __wrap_tcp_input() - Each TCP segment on its way into lwIP
 * @p:		The segment, TCP header first
 * @inp:	From where
 */
void __wrap_tcp_input(struct pbuf *p, struct netif *inp)
{
	const struct tcp_hdr *hdr = p->payload;
	struct tcp_pcb *pcb = p->len < TCP_HLEN ? NULL : find(hdr);

	if (p->len >= TCP_HLEN && is_syn(hdr)) {
		if (pcb && pcb->state == TIME_WAIT &&
		    TCP_SEQ_GT(lwip_ntohl(hdr->seqno), pcb->rcv_nxt)) {
			tcp_abandon(pcb, 0);
			pcb = NULL;
		}
		if (!pcb)
			sock_tcp_make_room();
	}
	if (pcb)
		tcp_demux_to_front(pcb);
	if (pcb && pcb->state != TIME_WAIT) {
		__real_tcp_input(p, inp);
		return;
	}
	tcp_demux_hide(true, !pcb);
	__real_tcp_input(p, inp);
	tcp_demux_unhide();
}
