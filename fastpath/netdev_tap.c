/* SPDX-License-Identifier: MIT */
/* A tap device: the kernel's end is an interface, ours is a descriptor.
 *
 * Theory of operation
 *
 * Each read is a frame that the kernel sent, each write one that it receives
 * (Linux Documentation/networking/tuntap.rst). With IFF_VNET_HDR a
 * virtio-net header stands before each frame, and both sides may hand over
 * super-frames of up to 64 KB and leave checksums undone: nothing of it ever
 * goes over a wire. That is worth five to ten times the throughput. Where the
 * kernel or the user wants none of it, frames are plain.
 *
 * Receiving: one readv() a frame into a frame of the pool. When the pool is
 * empty frames stay in the device's queue, where the kernel drops and counts
 * what does not fit (ip -s link: TX dropped).
 * Sending: one writev() a frame, which runs the kernel's receive path to its
 * end, so nothing is ever queued here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "fastpath/frame_pool.h"
#include "fastpath/ifconf.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/tap_dev.h"
#include "fastpath/vnet.h"
#include "fastpath/why.h"

#define TAP_FRAME_COUNT 128         /* receive frames, unless asked */
#define TAP_FRAME_ROOM (68u << 10)  /* bytes: 64 KB and the headers around */
#define TAP_IOV_MAX 1024            /* UIO_MAXIOV of Linux */
#define TAP_NEW_MTU 1500            /* of a device that we made */

struct netdev_tap {
	struct netdev dev;
	struct tap_dev link;            /* the kernel's device */
	struct frame_pool pool;
	struct virtio_net_hdr tx_hdr;   /* of the frame being sent */
	struct iovec iov[TAP_IOV_MAX];  /* of the frame being sent */
};

static struct netdev_tap *tap_of(const struct netdev *dev)
{
	return (struct netdev_tap *)dev;
}

/* The stack's address on the link: derived from the kernel's, so that a device
 * that stays finds the same neighbour after a restart, and never equal to it.
 * RFC 7042 section 2.1: bit 0 of the first byte is multicast, bit 1 local.
 */
static void mac_derive(const uint8_t kernel_mac[ETHER_ADDR_LEN],
                       uint8_t mac[ETHER_ADDR_LEN])
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */

	for (unsigned i = 0; i < ETHER_ADDR_LEN; i++)
		hash = (hash ^ kernel_mac[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	for (unsigned i = 0; i < ETHER_ADDR_LEN; i++)
		mac[i] = hash >> (8 * i);
	mac[0] = (mac[0] & ~1) | 2;
	if (!memcmp(mac, kernel_mac, ETHER_ADDR_LEN))
		mac[5] ^= 1;
}

static int link_read(struct netdev_tap *tap, const struct netdev_conf *conf,
                     char *why)
{
	uint8_t kernel_mac[ETHER_ADDR_LEN];
	unsigned mtu = conf->mtu;
	int err;

	if (!mtu && tap->link.is_ours)
		mtu = TAP_NEW_MTU;
	if (mtu)
		err = ifconf_set_mtu(tap->dev.name, mtu, why);
	else
		err = ifconf_get_mtu(tap->dev.name, &mtu, why);
	if (err)
		return err;
	tap->dev.mtu = mtu;

	err = ifconf_get_mac(tap->dev.name, kernel_mac, why);
	if (err)
		return err;
	mac_derive(kernel_mac, tap->dev.mac);
	if (!conf->mac)
		return 0;
	if (!memcmp(conf->mac, kernel_mac, ETHER_ADDR_LEN))
		return why_fail(why, EINVAL, "the hardware address is the one "
		                "that the kernel's side of %s has",
		                tap->dev.name);
	memcpy(tap->dev.mac, conf->mac, ETHER_ADDR_LEN);
	return 0;
}

static void mode_describe(struct netdev_tap *tap)
{
	static const struct {
		unsigned cap;
		const char *name;
	} caps[] = {
		{ NETDEV_CAP_TX_CSUM, " csum" },
		{ NETDEV_CAP_TX_TSO4, " tso4" },
		{ NETDEV_CAP_TX_TSO6, " tso6" },
		{ NETDEV_CAP_TX_USO, " uso" },
	};
	char *mode = tap->dev.mode;

	strcpy(mode, tap->link.has_vnet_hdr ? "tap, vnet_hdr," : "tap, plain frames");
	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (tap->dev.caps & caps[i].cap)
			strcat(mode, caps[i].name);
}

static void tap_close(struct netdev *dev)
{
	struct netdev_tap *tap = tap_of(dev);

	tap_dev_close(&tap->link);
	frame_pool_fini(&tap->pool);
	free(tap);
}

static int tap_open(const struct netdev_conf *conf, struct netdev **out,
                    char *why)
{
	unsigned count = conf->frame_count ? conf->frame_count
	                                   : TAP_FRAME_COUNT;
	struct netdev_tap *tap = calloc(1, sizeof(*tap));
	int err;

	if (!tap)
		return why_fail(why, ENOMEM, "out of memory");
	err = tap_dev_open(&tap->link, conf->device ? conf->device : "",
	                   !conf->no_offload, why);
	if (err)
		goto fail;
	tap->dev.ops = &netdev_tap_ops;
	tap->dev.caps = tap->link.caps;
	strcpy(tap->dev.name, tap->link.name);
	err = link_read(tap, conf, why);
	if (err)
		goto fail;
	err = frame_pool_init(&tap->pool, &tap->dev, count, TAP_FRAME_ROOM);
	if (err) {
		why_fail(why, -err, "no memory for %u receive frames: %s",
		         count, strerror(-err));
		goto fail;
	}
	mode_describe(tap);
	*out = &tap->dev;
	return 0;
fail:
	tap_close(&tap->dev);
	return err;
}

/* Receive one frame. Return: bytes of it, 0 when it is to be dropped, or
 * -errno of readv(2).
 */
static ssize_t frame_read(struct netdev_tap *tap, struct frame *frame)
{
	struct virtio_net_hdr hdr = { 0 };
	size_t hdr_len = tap->link.has_vnet_hdr ? VNET_HDR_LEN : 0;
	size_t room = frame->room - FRAME_HEADROOM;
	struct iovec iov[2] = { { &hdr, hdr_len }, { frame->data, room } };
	ssize_t got;

	do {
		got = readv(tap->link.fd, iov, 2);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	/* The kernel cuts what does not fit and does not say so. */
	if ((size_t)got < hdr_len + ETHER_HDR_LEN ||
	    (size_t)got == hdr_len + room)
		return 0;
	frame->len = got - hdr_len;
	if (tap->link.has_vnet_hdr && vnet_hdr_parse(&hdr, frame))
		return 0;
	return frame->len;
}

static unsigned tap_rx_burst(struct netdev *dev, struct frame **frames,
                             unsigned count)
{
	struct netdev_tap *tap = tap_of(dev);
	unsigned done = 0;

	for (unsigned i = 0; i < count; i++) {
		struct frame *frame = frame_pool_alloc(&tap->pool);
		ssize_t len;

		if (!frame)
			break;
		len = frame_read(tap, frame);
		if (len <= 0)
			frame_pool_free(&tap->pool, frame);
		if (len < 0)
			break;
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

static void tap_rx_release(struct netdev *dev, struct frame *frame)
{
	frame_pool_free(&tap_of(dev)->pool, frame);
}

static unsigned tap_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	const struct netdev_tap *tap = tap_of(dev);

	*rx_total = tap->pool.total;
	return tap->pool.free_count;
}

/* Gather the frame behind its header. Return: the number of iovecs, or
 * -errno for a frame that the device cannot take.
 */
static int frame_gather(struct netdev_tap *tap, const struct frame_out *out)
{
	int first = 0;
	int err;

	if (out->iovcnt < 1 || out->iovcnt >= TAP_IOV_MAX)
		return -EMSGSIZE;
	if (tap->link.has_vnet_hdr) {
		err = vnet_hdr_fill(out, &tap->tx_hdr);
		if (err)
			return err;
		tap->iov[first].iov_base = &tap->tx_hdr;
		tap->iov[first++].iov_len = VNET_HDR_LEN;
	} else if (out->needs_csum || out->gso != FRAME_GSO_NONE) {
		return -EINVAL;
	}
	memcpy(&tap->iov[first], out->iov, out->iovcnt * sizeof(*out->iov));
	return first + out->iovcnt;
}

static int tap_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_tap *tap = tap_of(dev);
	int iovcnt = frame_gather(tap, out);
	int err = iovcnt < 0 ? iovcnt : 0;
	ssize_t sent;

	if (!err) {
		do {
			sent = writev(tap->link.fd, tap->iov, iovcnt);
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

/* Each write has gone its whole way. */
static bool tap_flush(struct netdev *dev)
{
	(void)dev;
	return false;
}

static int tap_rx_fd(const struct netdev *dev)
{
	return tap_of(dev)->link.fd;
}

const struct netdev_ops netdev_tap_ops = {
	.name = "tap",
	.help = "a tap device, made when it does not exist",
	.open = tap_open,
	.close = tap_close,
	.rx_burst = tap_rx_burst,
	.rx_release = tap_rx_release,
	.rx_room = tap_rx_room,
	.tx = tap_tx,
	.flush = tap_flush,
	.rx_fd = tap_rx_fd,
};
