/* SPDX-License-Identifier: MIT */
/* lwIP's network interface over a netdev: setting up, and frames out.
 *
 * Theory of operation
 *
 * linkoutput() is called by lwIP with one packet, in a pbuf chain that is
 * lwIP's again afterwards. What becomes of it:
 *
 *     TCP, on a device that adds checksums: to tso.c, which gathers. A frame
 *         is sent when the next segment does not fit, and by ethif_flush() at
 *         the end of the turn.
 *     all else: sent at once, from the pbufs.
 *     the device is full: copied to the waiting list, which ethif_flush()
 *         offers again. Copied, since lwIP retransmits no segment that is
 *         referred to, and frees bytes when they are acknowledged. When that
 *         list is full too, linkoutput() fails, and lwIP keeps the segment.
 *
 * UDP's checksum is never left to the device: lwIP does not tell us a first
 * fragment from a datagram early enough, and summing is cheap.
 */
#include "stack/ethif.h"

#include <errno.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/mld6.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/tcp.h>
#include <netif/ethernet.h>
#include <stdlib.h>
#include <string.h>

#include "stack/sock_priv.h"
#include "stack/stack_priv.h"

#define IOV_MAX_PLAIN 64 /* pieces of one frame that is not gathered */

/* A frame that the device had no room for. */
struct ethif_waiting {
	struct ethif_waiting *next;
	struct frame_out out;  /* its iovec is iov */
	struct iovec iov;      /* all of data */
	uint8_t data[];
};

static void wait_append(struct ethif *ethif, const struct frame_out *out)
{
	struct ethif_waiting *w = malloc(sizeof(*w) + out->len);
	uint8_t *to;

	if (!w) {
		ethif->stack->stats.out_of_memory++;
		return;
	}
	w->next = NULL;
	w->out = *out;
	w->iov = (struct iovec){ w->data, out->len };
	w->out.iov = &w->iov;
	w->out.iovcnt = 1;
	to = w->data;
	for (int i = 0; i < out->iovcnt; i++) {
		memcpy(to, out->iov[i].iov_base, out->iov[i].iov_len);
		to += out->iov[i].iov_len;
	}
	if (ethif->wait_tail)
		ethif->wait_tail->next = w;
	else
		ethif->wait_head = w;
	ethif->wait_tail = w;
	ethif->wait_len += out->len;
}

static void wait_pop(struct ethif *ethif)
{
	struct ethif_waiting *w = ethif->wait_head;

	ethif->wait_head = w->next;
	if (!w->next)
		ethif->wait_tail = NULL;
	ethif->wait_len -= w->out.len;
	free(w);
}

static void send_frame(struct ethif *ethif, const struct frame_out *out)
{
	if (ethif->wait_head || netdev_tx(ethif->dev, out) == -EAGAIN)
		wait_append(ethif, out);
}

static void flush_tso(struct ethif *ethif)
{
	struct frame_out out;

	if (tso_is_empty(&ethif->tso))
		return;
	tso_finish(&ethif->tso, &out);
	send_frame(ethif, &out);
	tso_drop(&ethif->tso);
}

/* Send as it is, from the pbufs. */
static err_t send_plain(struct ethif *ethif, struct pbuf *p)
{
	struct iovec iov[IOV_MAX_PLAIN];
	struct frame_out out = { .iov = iov, .len = p->tot_len };
	struct pbuf *flat = NULL;

	if (pbuf_clen(p) > IOV_MAX_PLAIN) {
		flat = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
		if (!flat)
			return ERR_MEM;
		p = flat;
	}
	for (const struct pbuf *q = p; q; q = q->next)
		iov[out.iovcnt++] = (struct iovec){ q->payload, q->len };
	send_frame(ethif, &out);
	if (flat)
		pbuf_free(flat);
	return ERR_OK;
}

/* Gather a TCP segment; the device adds its checksum. */
static err_t send_tcp(struct ethif *ethif, const struct tso_seg *seg,
                      uint16_t mss)
{
	struct tso_seg flat = *seg;
	const unsigned cap = seg->is_v6 ? NETDEV_CAP_TX_TSO6
	                                : NETDEV_CAP_TX_TSO4;
	const bool can_cut = ethif->dev->caps & cap;

	if (!can_cut)
		mss = UINT16_MAX;
	if (!tso_is_empty(&ethif->tso)) {
		if (can_cut && tso_append(&ethif->tso, seg))
			return ERR_OK;
		flush_tso(ethif);
	}
	if (!tso_start(&ethif->tso, seg, mss)) {
		flat.p = pbuf_clone(PBUF_RAW, PBUF_RAM, seg->p);
		if (!flat.p)
			return ERR_MEM;
		tso_start(&ethif->tso, &flat, mss);
		pbuf_free(flat.p);
	}
	if (!can_cut || !seg->payload)
		flush_tso(ethif);
	return ERR_OK;
}

/* The MSS by which a segment of an unknown connection is cut. */
static uint16_t default_mss(const struct ethif *ethif, bool is_v6)
{
	return (uint16_t)(ethif->netif.mtu - TCP_HLEN -
	                  (is_v6 ? IP6_HLEN : IP_HLEN));
}

static err_t on_linkoutput(struct netif *netif, struct pbuf *p)
{
	struct ethif *ethif = netif->state;
	struct tso_seg seg;
	uint16_t mss;

	cyclic_note_frame(&ethif->stack->cyclic, ethif->stack->now_us);
	if (ethif->wait_len > ETHIF_WAIT_MAX)
		return ERR_MEM;
	if (!tso_parse(p, &seg))
		return send_plain(ethif, p);
	mss = sock_tcp_on_output(netif->hints, seg.seq, seg.payload);
	if (!mss)
		mss = default_mss(ethif, seg.is_v6);
	if (ethif->dev->caps & NETDEV_CAP_TX_CSUM)
		return send_tcp(ethif, &seg, mss);
	return send_plain(ethif, p);
}

static err_t on_netif_init(struct netif *netif)
{
	struct ethif *ethif = netif->state;
	struct netdev *dev = ethif->dev;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->mtu = dev->mtu;
	netif->mtu6 = dev->mtu;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, dev->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
	               NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP |
	               NETIF_FLAG_MLD6;
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = on_linkoutput;
	/* TCP's and UDP's sums in are verified frame by frame, and not at all
	 * when a packet never left the machine.
	 */
	netif->chksum_flags = NETIF_CHECKSUM_ENABLE_ALL &
	                      ~(NETIF_CHECKSUM_CHECK_TCP |
	                        NETIF_CHECKSUM_CHECK_UDP);
	if (dev->caps & NETDEV_CAP_TX_CSUM)
		netif->chksum_flags &= ~NETIF_CHECKSUM_GEN_TCP;
	return ERR_OK;
}

/**
 * ethif_init() - Make the interface, up but without addresses
 * @ethif:	Zeroed
 * @stack:	Whose it is
 * @dev:	Stays the caller's
 *
 * Return: 0 or -ENOMEM.
 */
int ethif_init(struct ethif *ethif, struct stack *stack, struct netdev *dev)
{
	ethif->stack = stack;
	ethif->dev = dev;
	if (!netif_add_noaddr(&ethif->netif, ethif, on_netif_init,
	                      ethernet_input))
		return -ENOMEM;
	netif_set_default(&ethif->netif);
	netif_set_up(&ethif->netif);
	return 0;
}

/**
 * ethif_fini() - Send what is gathered, forget what waits, leave lwIP
 * @ethif:	Initialised
 */
void ethif_fini(struct ethif *ethif)
{
	ethif_flush(ethif);
	while (ethif->wait_head)
		wait_pop(ethif);
	netif_set_down(&ethif->netif);
	netif_remove(&ethif->netif);
}

/**
 * ethif_flush() - The end of a turn: everything to the device
 * @ethif:	The interface
 *
 * Return: true while frames wait for room.
 */
bool ethif_flush(struct ethif *ethif)
{
	bool is_queued;

	flush_tso(ethif);
	while (ethif->wait_head &&
	       netdev_tx(ethif->dev, &ethif->wait_head->out) != -EAGAIN)
		wait_pop(ethif);
	is_queued = netdev_flush(ethif->dev);
	return is_queued || ethif->wait_head;
}
