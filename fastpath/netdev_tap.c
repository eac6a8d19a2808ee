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
 *
 * A device that did not exist is made by open, and vanishes with the
 * descriptor. One that exists (made for a user, by `ip tuntap add`) stays, and
 * its offloads are turned off again when we leave it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fastpath/frame_pool.h"
#include "fastpath/ifconf.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/vnet.h"
#include "fastpath/why.h"

/* Linux 6.2; older headers lack them. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define TAP_PATH "/dev/net/tun"
#define TAP_FRAME_COUNT 128         /* receive frames, unless asked */
#define TAP_FRAME_ROOM (68u << 10)  /* bytes: 64 KB and the headers around */
#define TAP_IOV_MAX 1024            /* UIO_MAXIOV of Linux */
#define TAP_NEW_MTU 1500            /* of a device that we made */

struct netdev_tap {
	struct netdev dev;
	struct frame_pool pool;
	int fd;              /* the descriptor of the device */
	bool has_vnet_hdr;   /* a virtio-net header before each frame */
	bool is_ours;        /* made by open: goes away with fd */
	struct virtio_net_hdr tx_hdr;   /* of the frame being sent */
	struct iovec iov[TAP_IOV_MAX];  /* of the frame being sent */
};

static struct netdev_tap *tap_of(const struct netdev *dev)
{
	return (struct netdev_tap *)dev;
}

/* -------------------------------------------------------------------- open */

static int device_node_open(const char *ifname, char *why)
{
	int fd = open(TAP_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		return why_fail(why, errno, "no permission for " TAP_PATH
		                ": run as root, or have %s made for you and "
		                TAP_PATH " readable", ifname);
	return why_fail(why, errno, "cannot open " TAP_PATH ": %s (does the "
	                "kernel have its tun module?)", strerror(errno));
}

/* The sentence for a TUNSETIFF that failed. */
static int attach_fail(const char *ifname, bool existed, int err, char *why)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return why_fail(why, err, "no permission for " TAP_PATH ": run "
		                "as root or have an administrator make %s with "
		                "'ip tuntap add dev %s mode tap user NAME'",
		                ifname, ifname);
	case EBUSY:
		return why_fail(why, err, "%s is in use by another process",
		                ifname);
	case EINVAL:
		if (existed)
			return why_fail(why, err, "%s exists and is no tap "
			                "device", ifname);
		break;
	}
	return why_fail(why, err, "cannot %s the tap device %s: %s",
	                existed ? "use" : "make", ifname, strerror(err));
}

/* Attach to the device, made when it does not exist. One that was made with
 * several queues wants to be told so (Linux drivers/net/tun.c, tun_set_iff).
 */
static int device_attach(struct netdev_tap *tap, const char *ifname, char *why)
{
	static const short queue_flags[] = { 0, IFF_MULTI_QUEUE };
	struct ifreq ifr;
	short flags = IFF_TAP | IFF_NO_PI;
	bool existed = ifconf_exists(ifname);
	int err = 0;

	if (tap->has_vnet_hdr)
		flags |= IFF_VNET_HDR;
	for (unsigned i = 0; i < 2; i++) {
		memset(&ifr, 0, sizeof(ifr));
		strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
		ifr.ifr_flags = flags | queue_flags[i];
		if (!ioctl(tap->fd, TUNSETIFF, &ifr)) {
			tap->is_ours = !existed;
			snprintf(tap->dev.name, sizeof(tap->dev.name), "%s",
			         ifr.ifr_name);
			return 0;
		}
		err = errno;
		if (err != EINVAL || !existed)
			break;
	}
	return attach_fail(ifname, existed, err, why);
}

/* What the kernel itself can do with this header, by TUNGETFEATURES. */
static bool kernel_has_vnet_hdr(int fd)
{
	unsigned features = 0;

	return !ioctl(fd, TUNGETFEATURES, &features) &&
	       features & IFF_VNET_HDR;
}

/* Agree on offloads. TUNSETOFFLOAD names what we can receive; that the kernel
 * knows a bit at all tells that it can take such frames from us, too.
 * UDP super-frames are only asked about, never asked for: the stack above
 * wants single datagrams.
 */
static int offload_negotiate(struct netdev_tap *tap, char *why)
{
	const unsigned tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	const unsigned uso = TUN_F_USO4 | TUN_F_USO6;
	int hdr_len = VNET_HDR_LEN;

	if (!tap->has_vnet_hdr) {
		/* A device that stays may remember its last user's offloads. */
		ioctl(tap->fd, TUNSETOFFLOAD, 0ul);
		return 0;
	}
	if (ioctl(tap->fd, TUNSETVNETHDRSZ, &hdr_len))
		return why_fail(why, errno, "%s takes no virtio-net header of "
		                "%d bytes: %s", tap->dev.name, hdr_len,
		                strerror(errno));
	if (!ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)(tso | uso)))
		tap->dev.caps |= NETDEV_CAP_TX_USO;
	if (!ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)tso))
		tap->dev.caps |= NETDEV_CAP_TX_TSO4 | NETDEV_CAP_TX_TSO6 |
		                 NETDEV_CAP_RX_SUPER;
	else
		ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)TUN_F_CSUM);
	tap->dev.caps |= NETDEV_CAP_TX_CSUM;
	return 0;
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

	if (!mtu && tap->is_ours)
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

	strcpy(mode, tap->has_vnet_hdr ? "tap, vnet_hdr," : "tap, plain frames");
	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (tap->dev.caps & caps[i].cap)
			strcat(mode, caps[i].name);
}

static void tap_close(struct netdev *dev)
{
	struct netdev_tap *tap = tap_of(dev);

	if (tap->has_vnet_hdr && !tap->is_ours && tap->dev.name[0])
		ioctl(tap->fd, TUNSETOFFLOAD, 0ul);
	if (tap->fd >= 0)
		close(tap->fd);
	frame_pool_fini(&tap->pool);
	free(tap);
}

/* Open or make the tap device conf->device. The interface is neither given
 * addresses nor brought up: see ifconf.h.
 */
static int tap_open(const struct netdev_conf *conf, struct netdev **out,
                    char *why)
{
	const char *ifname = conf->device ? conf->device : "";
	unsigned count = conf->frame_count ? conf->frame_count
	                                   : TAP_FRAME_COUNT;
	struct netdev_tap *tap;
	int err;

	if (!ifconf_name_is_valid(ifname))
		return why_fail(why, EINVAL, "'%.64s' cannot be an interface's "
		                "name: expected 1 to %d characters without '/', "
		                "':' and blanks", ifname, IFNAMSIZ - 1);
	tap = calloc(1, sizeof(*tap));
	if (!tap)
		return why_fail(why, ENOMEM, "out of memory");
	tap->dev.ops = &netdev_tap_ops;
	tap->fd = err = device_node_open(ifname, why);
	if (tap->fd < 0)
		goto fail;
	tap->has_vnet_hdr = !conf->no_offload && kernel_has_vnet_hdr(tap->fd);
	err = device_attach(tap, ifname, why);
	if (!err)
		err = offload_negotiate(tap, why);
	if (!err)
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

/* ------------------------------------------------------------------ frames */

/* Receive one frame. Return: bytes of it, 0 when it is to be dropped, or
 * -errno of readv(2).
 */
static ssize_t frame_read(struct netdev_tap *tap, struct frame *frame)
{
	struct virtio_net_hdr hdr = { 0 };
	size_t hdr_len = tap->has_vnet_hdr ? VNET_HDR_LEN : 0;
	size_t room = frame->room - FRAME_HEADROOM;
	struct iovec iov[2] = { { &hdr, hdr_len }, { frame->data, room } };
	ssize_t got;

	do {
		got = readv(tap->fd, iov, 2);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	/* The kernel cuts what does not fit and does not say so. */
	if ((size_t)got < hdr_len + ETHER_HDR_LEN ||
	    (size_t)got == hdr_len + room)
		return 0;
	frame->len = got - hdr_len;
	if (tap->has_vnet_hdr && vnet_hdr_parse(&hdr, frame))
		return 0;
	return frame->len;
}

static unsigned tap_rx_burst(struct netdev *dev, struct frame **frames,
                             unsigned count)
{
	struct netdev_tap *tap = tap_of(dev);
	unsigned done = 0;

	while (done < count) {
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
	if (tap->has_vnet_hdr) {
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
			sent = writev(tap->fd, tap->iov, iovcnt);
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
	return tap_of(dev)->fd;
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
