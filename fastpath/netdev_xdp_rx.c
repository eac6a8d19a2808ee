/* SPDX-License-Identifier: MIT */
/* Frames from an AF_XDP socket, and copies of what the host got. */
#include <errno.h>
#include <sys/socket.h>

#include "fastpath/netdev_xdp.h"

/* Bursts between two looks for copies: they are few, and each look is a system
 * call. A loop that is woken by one makes many more turns before it sleeps.
 */
#define COPY_BURSTS 16

/* One frame that the host got as well. Return: false when there is none. */
static bool copy_receive(struct netdev_xdp *xdp, struct frame **out)
{
	struct frame *frame = umem_take(&xdp->umem);
	ssize_t len;

	*out = NULL;
	if (!frame)
		return false;
	len = xdp_copy_recv(&xdp->copy, frame->data, frame->len);
	if (len > 0) {
		frame->len = (uint32_t)len;
		*out = frame;
		return true;
	}
	umem_release(&xdp->umem, frame);
	if (len == -ENETDOWN)
		netdev_xdp_check_link(xdp);
	return len == 0;
}

static unsigned copies_receive(struct netdev_xdp *xdp, struct frame **frames,
                               unsigned count)
{
	unsigned done = 0;

	while (done < count && copy_receive(xdp, &frames[done]))
		done += frames[done] != NULL;
	return done;
}

static unsigned ring_receive(struct netdev_xdp *xdp, struct frame **frames,
                             unsigned count)
{
	struct xsk_ring_cons *rx = &xdp->sock.rx;
	uint32_t idx = 0, got = xsk_ring_cons__peek(rx, count, &idx);
	unsigned done = 0;

	for (uint32_t i = 0; i < got; i++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(rx,
		                                                     idx + i);

		frames[done] = umem_lend(&xdp->umem, desc->addr, desc->len);
		done += frames[done] != NULL;
	}
	if (got)
		xsk_ring_cons__release(rx, got);
	return done;
}

unsigned netdev_xdp_rx_burst(struct netdev *dev, struct frame **frames,
                             unsigned count)
{
	struct netdev_xdp *xdp = xdp_of(dev);
	unsigned done = ring_receive(xdp, frames, count);

	if (++xdp->bursts >= COPY_BURSTS && done < count) {
		xdp->bursts = 0;
		done += copies_receive(xdp, frames + done, count - done);
	}
	umem_fill(&xdp->umem, &xdp->sock.fill);
	if (xsk_ring_prod__needs_wakeup(&xdp->sock.fill))
		recvfrom(xdp->sock.fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
	for (unsigned i = 0; i < done; i++) {
		struct frame *frame = frames[i];

		frame->csum = FRAME_CSUM_PSEUDO_OK;
		dev->stats.rx_frames++;
		dev->stats.rx_bytes += frame->len;
	}
	netdev_xdp_upkeep(xdp);
	return done;
}

void netdev_xdp_rx_release(struct netdev *dev, struct frame *frame)
{
	umem_release(&xdp_of(dev)->umem, frame);
}

unsigned netdev_xdp_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	const struct umem *umem = &xdp_of(dev)->umem;

	*rx_total = umem->rx_total;
	return umem->rx_total - umem->lent_count;
}
