/* SPDX-License-Identifier: MIT */
/* A new connection where an old one is in TIME_WAIT.
 *
 * A busy client comes back with the same port before TIME_WAIT is over. lwIP
 * answers its SYN with a reset, or with an ACK of the old connection. RFC 1122
 * 4.2.2.13 allows to take the SYN when its sequence number lies past the old
 * connection's last: then the pcb in TIME_WAIT is let go before lwIP looks.
 */
#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>
#include <stdbool.h>

void __real_tcp_input(struct pbuf *p, struct netif *inp);
void __wrap_tcp_input(struct pbuf *p, struct netif *inp);

static bool is_reopened_by(const struct tcp_pcb *pcb, const struct tcp_hdr *hdr)
{
	return pcb->remote_port == lwip_ntohs(hdr->src) &&
	       pcb->local_port == lwip_ntohs(hdr->dest) &&
	       ip_addr_cmp(&pcb->remote_ip, ip_current_src_addr()) &&
	       ip_addr_cmp(&pcb->local_ip, ip_current_dest_addr()) &&
	       TCP_SEQ_GT(lwip_ntohl(hdr->seqno), pcb->rcv_nxt);
}

/**
 * __wrap_tcp_input() - Each TCP segment on its way into lwIP
 * @p:		The segment, TCP header first
 * @inp:	From where
 */
void __wrap_tcp_input(struct pbuf *p, struct netif *inp)
{
	const struct tcp_hdr *hdr = p->payload;
	struct tcp_pcb *pcb = NULL;

	if (p->len >= TCP_HLEN &&
	    (TCPH_FLAGS(hdr) & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		pcb = tcp_tw_pcbs;
	while (pcb && !is_reopened_by(pcb, hdr))
		pcb = pcb->next;
	if (pcb)
		tcp_abandon(pcb, 0);
	__real_tcp_input(p, inp);
}
