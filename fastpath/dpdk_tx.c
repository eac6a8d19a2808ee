/* SPDX-License-Identifier: MIT */
/* Frames out of a DPDK port: copied, queued, handed over in bursts.
 *
 * Theory of operation
 *
 * The bytes belong to the stack, which frees them when the peer has
 * acknowledged them and not when the card has sent them: so they are copied,
 * into as many mbufs as a super-frame needs. What the port does not take stays
 * in the queue, oldest first, and is offered again by the next flush; when the
 * queue is full, frames are refused and the stack keeps them. Some drivers
 * answer a frame that they will never take as if they were full; it is dropped
 * when it has held up the others for long.
 *
 * The stack leaves the pseudo-header's sum in the checksum field. Cards differ
 * in what they want there for super-frames; rte_eth_tx_prepare() is where a
 * driver makes it so (DPDK Programmer's Guide, "Poll Mode Driver").
 */
#include "fastpath/dpdk_tx.h"

#include <errno.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <string.h>

#define BURST_LEN 32u
#define STUCK_MAX 10000u /* flushes that one frame may hold up the others */

/* Copy into a chain of mbufs. NULL: none are free, or it does not fit. */
static struct rte_mbuf *copy_out(const struct dpdk_port *port,
                                 const struct frame_out *out)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(port->tx_pool), *tail = head;

	for (int i = 0; head && i < out->iovcnt; i++) {
		const uint8_t *from = out->iov[i].iov_base;
		size_t left = out->iov[i].iov_len;

		while (left) {
			size_t len = rte_pktmbuf_tailroom(tail);

			if (!len) {
				tail->next = rte_pktmbuf_alloc(port->tx_pool);
				if (!tail->next) {
					rte_pktmbuf_free(head);
					return NULL;
				}
				tail = tail->next;
				head->nb_segs++;
				continue;
			}
			len = len < left ? len : left;
			memcpy(rte_pktmbuf_mtod_offset(tail, void *,
			                               tail->data_len),
			       from, len);
			tail->data_len = (uint16_t)(tail->data_len + len);
			head->pkt_len += (uint32_t)len;
			from += len;
			left -= len;
		}
	}
	return head;
}

/* The device's share of the work. The headers are in the first mbuf. */
static void note_offloads(struct rte_mbuf *m, const struct frame_out *out)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv4_hdr *ip4 = (void *)(frame + sizeof(struct rte_ether_hdr));
	const bool is_v4 = frame[12] == 0x08 && frame[13] == 0x00;

	if (!out->needs_csum)
		return;
	m->l2_len = sizeof(struct rte_ether_hdr);
	m->l3_len = out->csum_start - sizeof(struct rte_ether_hdr);
	m->ol_flags |= is_v4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	if (out->gso == FRAME_GSO_NONE)
		return;
	m->l4_len = out->hdr_len - out->csum_start;
	m->tso_segsz = out->gso_size;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	if (is_v4) {
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
		ip4->hdr_checksum = 0;
	}
}

/* Take the n-th out of the queue and free it. */
static void drop_one(struct dpdk_tx *tx, unsigned n, struct netdev *dev)
{
	rte_pktmbuf_free(tx->queue[n]);
	tx->count--;
	memmove(&tx->queue[n], &tx->queue[n + 1],
	        (tx->count - n) * sizeof(struct rte_mbuf *));
	dev->stats.tx_dropped_error++;
}

/* Hand over the oldest. Return: how many the port took. */
static unsigned burst(struct dpdk_tx *tx, const struct dpdk_port *port,
                      struct netdev *dev)
{
	unsigned count = tx->count < BURST_LEN ? tx->count : BURST_LEN;

	if (port->caps) {
		unsigned ready = rte_eth_tx_prepare(port->id, 0, tx->queue,
		                                    (uint16_t)count);

		if (!ready && count) {
			drop_one(tx, 0, dev);
			return 0;
		}
		count = ready;
	}
	count = rte_eth_tx_burst(port->id, 0, tx->queue, (uint16_t)count);
	tx->count -= count;
	memmove(tx->queue, &tx->queue[count],
	        tx->count * sizeof(struct rte_mbuf *));
	return count;
}

/* netdev_ops.flush: everything to the port. Return: true while some is left. */
bool dpdk_tx_flush(struct dpdk_tx *tx, const struct dpdk_port *port,
                   struct netdev *dev)
{
	unsigned before = tx->count;

	while (tx->count && burst(tx, port, dev))
		;
	tx->stuck = tx->count && tx->count == before ? tx->stuck + 1 : 0;
	if (tx->stuck > STUCK_MAX) {
		tx->stuck = 0;
		drop_one(tx, 0, dev);
	}
	return tx->count;
}

/* Forget what is queued: the link is down, or the port is to be closed. */
void dpdk_tx_drop(struct dpdk_tx *tx, struct netdev *dev)
{
	dev->stats.tx_dropped_error += tx->count;
	while (tx->count)
		rte_pktmbuf_free(tx->queue[--tx->count]);
}

static int refuse_full(struct netdev *dev)
{
	dev->stats.tx_dropped_full++;
	return -EAGAIN;
}

/* netdev_ops.tx: copy the frame and queue it; counts. */
int dpdk_tx_put(struct dpdk_tx *tx, const struct dpdk_port *port,
                struct netdev *dev, const struct frame_out *out)
{
	struct rte_mbuf *m;

	if (tx->count == DPDK_TX_QUEUE_LEN &&
	    dpdk_tx_flush(tx, port, dev) && tx->count == DPDK_TX_QUEUE_LEN)
		return refuse_full(dev);
	if ((out->needs_csum && !(dev->caps & NETDEV_CAP_TX_CSUM)) ||
	    (out->gso != FRAME_GSO_NONE && !(dev->caps & NETDEV_CAP_TX_TSO4))) {
		dev->stats.tx_dropped_error++;
		return -EINVAL;
	}
	m = copy_out(port, out);
	if (!m)
		return refuse_full(dev);
	if (m->nb_segs > 1 &&
	    !(port->tx_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS)) {
		rte_pktmbuf_free(m);
		dev->stats.tx_dropped_error++;
		return -EMSGSIZE;
	}
	note_offloads(m, out);
	tx->queue[tx->count++] = m;
	dev->stats.tx_frames++;
	dev->stats.tx_bytes += out->len;
	dev->stats.tx_super_frames += out->gso != FRAME_GSO_NONE;
	return 0;
}
