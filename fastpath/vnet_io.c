/* SPDX-License-Identifier: MIT */
/* Frames through a descriptor that takes and gives one a call: a tap device's
 * or a packet socket's, with a virtio-net header before each frame or without.
 *
 * Theory of operation
 *
 * Receiving: one readv() a frame into a frame of the pool. When the pool is
 * empty frames stay in the kernel's queue, which drops what does not fit.
 * Sending: one writev() a frame, which the kernel takes as far as it goes, so
 * nothing is ever queued here.
 */
#include "fastpath/vnet_io.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "fastpath/why.h"

/* Take the receive frames: conf->frame_count of them, each with room for a
 * super-frame. Return: as frame_pool_init(), with a sentence in why.
 */
int vnet_pool_init(struct frame_pool *pool, struct netdev *dev,
                   const struct netdev_conf *conf, char *why)
{
	unsigned count = conf->frame_count ? conf->frame_count
	                                   : VNET_FRAME_COUNT;
	int err = frame_pool_init(pool, dev, count, VNET_FRAME_ROOM);

	if (!err)
		return 0;
	return why_fail(why, -err, "no memory for %u receive frames: %s",
	                count, strerror(-err));
}

/* Receive one frame. Return: bytes of it, 0 when it is to be dropped, or
 * -errno of readv(2).
 */
static ssize_t frame_read(struct vnet_io *io, struct frame *frame)
{
	struct virtio_net_hdr hdr = { 0 };
	size_t hdr_len = io->has_hdr ? VNET_HDR_LEN : 0;
	size_t room = frame->room - FRAME_HEADROOM;
	struct iovec iov[2] = { { &hdr, hdr_len }, { frame->data, room } };
	ssize_t got;

	do {
		got = readv(io->fd, iov, 2);
	} while (got < 0 && errno == EINTR);
	/* A kind of super-frame that the header has no word for: a packet
	 * socket refuses it and has dropped it by then.
	 */
	if (got < 0)
		return errno == EINVAL ? 0 : -errno;
	/* The kernel cuts what does not fit and does not say so. */
	if ((size_t)got < hdr_len + ETHER_HDR_LEN ||
	    (size_t)got == hdr_len + room)
		return 0;
	frame->len = got - hdr_len;
	if (io->has_hdr && vnet_hdr_parse(&hdr, frame))
		return 0;
	return frame->len;
}

/* netdev_ops.rx_burst over the descriptor; counts in dev->stats.
 * err: set to the -errno that ended the burst; 0: count frames were there, or
 * the pool is empty.
 */
unsigned vnet_rx_burst(struct vnet_io *io, struct netdev *dev,
                       struct frame_pool *pool, struct frame **frames,
                       unsigned count, int *err)
{
	unsigned done = 0;

	*err = 0;
	for (unsigned i = 0; i < count; i++) {
		struct frame *frame = frame_pool_alloc(pool);
		ssize_t len;

		if (!frame)
			break;
		len = frame_read(io, frame);
		if (len <= 0)
			frame_pool_free(pool, frame);
		if (len < 0) {
			*err = len;
			break;
		}
		if (len == 0) {
			dev->stats.rx_dropped_malformed++;
			continue;
		}
		dev->stats.rx_frames++;
		dev->stats.rx_bytes += len;
		frames[done++] = frame;
	}
	return done;
}

/* Gather the frame behind its header. Return: the number of iovecs, or
 * -errno for a frame that the device cannot take.
 */
static int frame_gather(struct vnet_io *io, const struct frame_out *out)
{
	int first = 0;
	int err;

	if (out->iovcnt < 1 || out->iovcnt >= VNET_IOV_MAX)
		return -EMSGSIZE;
	if (io->has_hdr) {
		err = vnet_hdr_fill(out, &io->tx_hdr);
		if (err)
			return err;
		io->iov[first].iov_base = &io->tx_hdr;
		io->iov[first++].iov_len = VNET_HDR_LEN;
	} else if (out->needs_csum || out->gso != FRAME_GSO_NONE) {
		return -EINVAL;
	}
	memcpy(&io->iov[first], out->iov, out->iovcnt * sizeof(*out->iov));
	return first + out->iovcnt;
}

/* netdev_ops.tx over the descriptor; counts in dev->stats. */
int vnet_tx(struct vnet_io *io, struct netdev *dev,
            const struct frame_out *out)
{
	int iovcnt = frame_gather(io, out);
	int err = iovcnt < 0 ? iovcnt : 0;
	ssize_t sent;

	if (!err) {
		do {
			sent = writev(io->fd, io->iov, iovcnt);
		} while (sent < 0 && errno == EINTR);
		err = sent < 0 ? -errno : 0;
	}
	if (err == -EAGAIN || err == -ENOBUFS) {
		dev->stats.tx_dropped_full++;
		return -EAGAIN;
	}
	if (err) {
		dev->stats.tx_dropped_error++;
		return err;
	}
	dev->stats.tx_frames++;
	dev->stats.tx_bytes += out->len;
	dev->stats.tx_super_frames += out->gso != FRAME_GSO_NONE;
	return 0;
}

/* What the device does for us, for netdev.mode: each with a blank before. */
void vnet_caps_text(unsigned caps, char text[VNET_CAPS_TEXT_LEN])
{
	static const struct {
		unsigned cap;
		const char *name;
	} names[] = {
		{ NETDEV_CAP_TX_CSUM, " csum" },
		{ NETDEV_CAP_TX_TSO4, " tso4" },
		{ NETDEV_CAP_TX_TSO6, " tso6" },
		{ NETDEV_CAP_TX_USO, " uso" },
	};

	text[0] = 0;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (caps & names[i].cap)
			strcat(text, names[i].name);
}
