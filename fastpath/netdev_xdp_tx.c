/* SPDX-License-Identifier: MIT */
/* Frames to an AF_XDP socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fastpath/netdev_xdp.h"

/* Make the kernel send, once. Return: false when it cannot now. */
static bool tx_wake(struct netdev_xdp *xdp)
{
	if (!xsk_ring_prod__needs_wakeup(&xdp->sock.tx))
		return false; /* the card works on it by itself */
	if (sendto(xdp->sock.fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		return true;
	if (errno == ENETDOWN || errno == ENXIO)
		netdev_xdp_check_link(xdp);
	return errno == EAGAIN; /* it has sent its share */
}

/* Submit what is queued, wake the kernel while that helps, take sent chunks
 * back. Return: frames that are left in the ring.
 */
static uint32_t tx_push(struct netdev_xdp *xdp)
{
	uint32_t lag, before;

	if (xdp->tx_queued)
		xsk_ring_prod__submit(&xdp->sock.tx, xdp->tx_queued);
	xdp->tx_queued = 0;
	lag = xdp_sock_tx_lag(&xdp->sock);
	do {
		before = lag;
		if (!lag || !tx_wake(xdp))
			break;
		lag = xdp_sock_tx_lag(&xdp->sock);
	} while (lag < before);
	umem_tx_reap(&xdp->umem, &xdp->sock.completion);
	return lag;
}

static void frame_copy(uint8_t *to, const struct frame_out *out)
{
	for (int i = 0; i < out->iovcnt; i++) {
		memcpy(to, out->iov[i].iov_base, out->iov[i].iov_len);
		to += out->iov[i].iov_len;
	}
}

/* Ask for the rest of the checksum. Return: the descriptor's options. */
static uint32_t meta_write(uint8_t *data, const struct frame_out *out)
{
	const struct xdp_sock_tx_meta meta = {
		.flags = XDP_SOCK_META_CSUM,
		.csum_start = out->csum_start,
		.csum_offset = out->csum_offset,
	};

	if (!out->needs_csum)
		return 0;
	memcpy(data - sizeof(meta), &meta, sizeof(meta));
	return XDP_SOCK_DESC_HAS_META;
}

static int tx_check(const struct netdev_xdp *xdp, const struct frame_out *out)
{
	if (xdp->dev.is_down)
		return -ENETDOWN;
	if (out->gso != FRAME_GSO_NONE ||
	    (out->needs_csum && !(xdp->dev.caps & NETDEV_CAP_TX_CSUM)))
		return -EINVAL;
	if (!out->len || out->len > xdp->card.mtu + XDP_SOCK_L2_LEN)
		return -EMSGSIZE;
	return 0;
}

int netdev_xdp_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_xdp *xdp = xdp_of(dev);
	int err = tx_check(xdp, out);
	struct xdp_desc *desc;
	uint32_t idx = 0;
	uint64_t addr;

	if (err) {
		dev->stats.tx_dropped_error++;
		return err;
	}
	if (!umem_tx_alloc(&xdp->umem, &addr)) {
		tx_push(xdp);
		if (!umem_tx_alloc(&xdp->umem, &addr)) {
			dev->stats.tx_dropped_full++;
			return -EAGAIN;
		}
	}
	/* There are as many entries as chunks. */
	xsk_ring_prod__reserve(&xdp->sock.tx, 1, &idx);
	desc = xsk_ring_prod__tx_desc(&xdp->sock.tx, idx);
	frame_copy(umem_at(&xdp->umem, addr), out);
	desc->addr = addr;
	desc->len = out->len;
	desc->options = meta_write(umem_at(&xdp->umem, addr), out);
	xdp->tx_queued++;
	dev->stats.tx_frames++;
	dev->stats.tx_bytes += out->len;
	return 0;
}

bool netdev_xdp_flush(struct netdev *dev)
{
	struct netdev_xdp *xdp = xdp_of(dev);

	return tx_push(xdp) && !dev->is_down;
}
