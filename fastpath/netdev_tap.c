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
 * Frames stay in the device's queue while there is no receive frame; the kernel
 * counts what it drops there (ip -s link: TX dropped).
 *
 * The device may be moved to another network namespace while it is in use: the
 * descriptor stays attached. When it is deleted the descriptor is of no use any
 * more, and that is final even if another device takes the name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/ifconf.h"
#include "fastpath/mac.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/tap_dev.h"
#include "fastpath/vnet_io.h"
#include "fastpath/why.h"

#define TAP_NEW_MTU 1500            /* of a device that we made */

struct netdev_tap {
	struct netdev dev;
	struct tap_dev link;            /* the kernel's device */
	struct frame_pool pool;
	struct vnet_io io;              /* over link.fd */
};

static struct netdev_tap *tap_of(const struct netdev *dev)
{
	return (struct netdev_tap *)dev;
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
	char caps[VNET_CAPS_TEXT_LEN];

	vnet_caps_text(tap->dev.caps, caps);
	snprintf(tap->dev.mode, NETDEV_MODE_LEN, "tap, %s%s",
	         tap->link.has_vnet_hdr ? "vnet_hdr," : "plain frames", caps);
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
	tap->io.fd = tap->link.fd;
	tap->io.has_hdr = tap->link.has_vnet_hdr;
	strcpy(tap->dev.name, tap->link.name);
	err = link_read(tap, conf, why);
	if (err)
		goto fail;
	err = vnet_pool_init(&tap->pool, &tap->dev, conf, why);
	if (err)
		goto fail;
	mode_describe(tap);
	*out = &tap->dev;
	return 0;
fail:
	tap_close(&tap->dev);
	return err;
}

static unsigned tap_rx_burst(struct netdev *dev, struct frame **frames,
                             unsigned count)
{
	struct netdev_tap *tap = tap_of(dev);
	int err;
	unsigned done = vnet_rx_burst(&tap->io, dev, &tap->pool, frames, count,
	                              &err);

	if (done)
		dev->is_down = false;
	if (err == -EBADFD)
		why_fail(dev->gone, ENODEV, "the device %s is gone: somebody "
		         "deleted it", dev->name);
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

/* A device that is down refuses with EIO (drivers/net/tun.c), and says nothing
 * when it comes up: the next frame tells.
 */
static int tap_tx(struct netdev *dev, const struct frame_out *out)
{
	int err = vnet_tx(&tap_of(dev)->io, dev, out);

	dev->stats.link_downs += err == -EIO && !dev->is_down;
	dev->is_down = err == -EIO;
	return err;
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
