/* SPDX-License-Identifier: MIT */
/* A DPDK port: a card bound to vfio, or one of DPDK's virtual devices.
 *
 * Theory of operation
 *
 * Received mbufs are lent to the stack as they are: the struct frame stands in
 * the mbuf's private area, and giving the frame back frees the mbuf. Those that
 * are lent are counted, since asking the pool walks its caches.
 *
 * Software ports may be fed by a sender on the same machine that left the
 * checksum undone, so what is only the pseudo-header's sum is accepted there;
 * on a card, the card's verdict counts, and without one the stack verifies.
 *
 * Losing the link. Drivers of cards know it; of a virtual device that stands on
 * an interface of the kernel's, the interface is asked. This is done by every
 * LINK_LOOKS-th look that finds nothing. While the link is down frames to send
 * are dropped, as a card would; when the interface or the card is gone for
 * good, gone says so.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/dpdk_eal.h"
#include "fastpath/dpdk_port.h"
#include "fastpath/dpdk_tx.h"
#include "fastpath/dpdk_wake.h"
#include "fastpath/ifconf.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/vnet_io.h"
#include "fastpath/why.h"

#define RX_BURST 64u
#define LINK_LOOKS 64u

struct netdev_dpdk {
	struct netdev dev;
	struct dpdk_port port;
	struct dpdk_tx tx;
	struct dpdk_wake wake;
	unsigned lent;         /* frames with the stack */
	unsigned looks;        /* without a frame, since the link was asked */
	bool is_software;      /* not a card */
	struct rte_eth_stats stats_start; /* when the port was opened */
};

static struct netdev_dpdk *dpdk_of(const struct netdev *dev)
{
	return (struct netdev_dpdk *)dev;
}

/* ------------------------------------------------------------------- open */

static void mode_describe(struct netdev_dpdk *dpdk)
{
	char caps[VNET_CAPS_TEXT_LEN];
	char wake[48] = "receive interrupts";

	vnet_caps_text(dpdk->dev.caps, caps);
	if (!dpdk->wake.has_interrupts)
		snprintf(wake, sizeof(wake), "no interrupts: looks every %d us",
		         DPDK_WAKE_FAST_US);
	snprintf(dpdk->dev.mode, NETDEV_MODE_LEN, "DPDK %s,%s%s %s%s",
	         dpdk->port.info.driver_name, caps, caps[0] ? "," : "", wake,
	         dpdk->port.is_promiscuous ? ", promiscuous" : "");
}

static void dpdk_close(struct netdev *dev)
{
	struct netdev_dpdk *dpdk = dpdk_of(dev);

	dpdk_tx_drop(&dpdk->tx, dev);
	dpdk_wake_close(&dpdk->wake);
	dpdk_port_close(&dpdk->port);
	dpdk_eal_stop();
	free(dpdk);
}

static int dpdk_open(const struct netdev_conf *conf, struct netdev **out,
                     char *why)
{
	const struct dpdk_eal_conf eal_conf = {
		.device = conf->device ? conf->device : "",
		.memory_mb = dpdk_port_memory_mb(conf),
		.is_verbose = conf->is_verbose,
	};
	struct netdev_dpdk *dpdk;
	int err;

	if (!eal_conf.device[0])
		return why_fail(why, EINVAL, "no DPDK device is given: expected "
		                "one such as net_af_packet0,iface=eth1");
	err = dpdk_eal_start(&eal_conf, why);
	if (err)
		return err;
	dpdk = calloc(1, sizeof(*dpdk));
	if (!dpdk) {
		dpdk_eal_stop();
		return why_fail(why, ENOMEM, "out of memory");
	}
	dpdk->dev.ops = &netdev_dpdk_ops;
	dpdk->wake.fd = -1;
	dpdk->is_software = !dpdk_eal_is_pci(eal_conf.device);
	err = dpdk_port_open(&dpdk->port, conf, &dpdk->dev, why);
	if (!err)
		err = dpdk_wake_open(&dpdk->wake, dpdk->port.id, why);
	if (err) {
		dpdk_close(&dpdk->dev);
		return err;
	}
	rte_eth_stats_get(dpdk->port.id, &dpdk->stats_start);
	mode_describe(dpdk);
	*out = &dpdk->dev;
	return 0;
}

/* ------------------------------------------------------------------- link */

/* Of the kernel's interface under a virtual device. */
static bool interface_is_up(struct netdev_dpdk *dpdk)
{
	char ifname[IF_NAMESIZE];

	if (if_indextoname(dpdk->port.if_index, ifname))
		return ifconf_is_up(ifname);
	why_fail(dpdk->dev.gone, ENODEV, "the interface under the DPDK device "
	         "%s is gone: somebody deleted or moved it", dpdk->dev.name);
	return false;
}

static bool link_is_up(struct netdev_dpdk *dpdk)
{
	struct rte_eth_link link = { 0 };

	if (rte_eth_dev_is_removed(dpdk->port.id)) {
		why_fail(dpdk->dev.gone, ENODEV, "the DPDK device %s is gone",
		         dpdk->dev.name);
		return false;
	}
	if (dpdk->port.if_index)
		return interface_is_up(dpdk);
	return !rte_eth_link_get_nowait(dpdk->port.id, &link) &&
	       link.link_status == RTE_ETH_LINK_UP;
}

static void link_look(struct netdev_dpdk *dpdk)
{
	const bool is_up = link_is_up(dpdk);

	dpdk->looks = 0;
	dpdk->dev.stats.link_downs += !is_up && !dpdk->dev.is_down;
	dpdk->dev.is_down = !is_up;
}

/* --------------------------------------------------------------- frames in */

/* Is it for the stack, as far as the hardware address says? */
static bool is_ours(const struct netdev_dpdk *dpdk, const uint8_t *data)
{
	return !dpdk->port.is_promiscuous || data[0] & 1 ||
	       !memcmp(data, dpdk->dev.mac, ETHER_ADDR_LEN);
}

static uint8_t csum_note(const struct netdev_dpdk *dpdk,
                         const struct rte_mbuf *m)
{
	const uint64_t verdict = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (verdict == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return FRAME_CSUM_VALID;
	return dpdk->is_software ? FRAME_CSUM_PSEUDO_OK : FRAME_CSUM_INVALID;
}

/* Return: the frame in the mbuf, or NULL, and then the mbuf is freed. */
static struct frame *frame_of(struct netdev_dpdk *dpdk, struct rte_mbuf *m)
{
	struct frame *frame = rte_mbuf_to_priv(m);

	if (m->pkt_len < ETHER_HDR_LEN || rte_pktmbuf_linearize(m)) {
		dpdk->dev.stats.rx_dropped_malformed++;
		rte_pktmbuf_free(m);
		return NULL;
	}
	frame->data = rte_pktmbuf_mtod(m, uint8_t *);
	if (!is_ours(dpdk, frame->data)) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	frame->len = m->pkt_len;
	frame->gso_size = 0;
	frame->csum = csum_note(dpdk, m);
	frame->dev = &dpdk->dev;
	frame->next = NULL;
	return frame;
}

static unsigned look(struct netdev_dpdk *dpdk, struct rte_mbuf **mbufs,
                     unsigned count)
{
	const uint16_t max = (uint16_t)(count < RX_BURST ? count : RX_BURST);
	unsigned got = rte_eth_rx_burst(dpdk->port.id, 0, mbufs, max);

	if (!got && dpdk_wake_on_idle(&dpdk->wake))
		got = rte_eth_rx_burst(dpdk->port.id, 0, mbufs, max);
	if (got)
		dpdk_wake_on_frames(&dpdk->wake);
	else if (++dpdk->looks >= LINK_LOOKS)
		link_look(dpdk);
	return got;
}

static unsigned dpdk_rx_burst(struct netdev *dev, struct frame **frames,
                              unsigned count)
{
	struct netdev_dpdk *dpdk = dpdk_of(dev);
	struct rte_mbuf *mbufs[RX_BURST];
	unsigned got = look(dpdk, mbufs, count), done = 0;

	for (unsigned i = 0; i < got; i++) {
		struct frame *frame = frame_of(dpdk, mbufs[i]);

		if (!frame)
			continue;
		dev->stats.rx_frames++;
		dev->stats.rx_bytes += frame->len;
		frames[done++] = frame;
	}
	dpdk->lent += done;
	return done;
}

/* The mbuf stands right before its private area. */
static void dpdk_rx_release(struct netdev *dev, struct frame *frame)
{
	struct rte_mbuf *m = (struct rte_mbuf *)(void *)frame - 1;

	dpdk_of(dev)->lent--;
	rte_pktmbuf_free(m);
}

static unsigned dpdk_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	const struct netdev_dpdk *dpdk = dpdk_of(dev);

	*rx_total = dpdk->port.frame_count;
	return dpdk->lent < *rx_total ? *rx_total - dpdk->lent : 0;
}

/* -------------------------------------------------------------- frames out */

static int dpdk_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_dpdk *dpdk = dpdk_of(dev);

	if (dev->is_down) {
		dev->stats.tx_dropped_error++;
		return -ENETDOWN;
	}
	return dpdk_tx_put(&dpdk->tx, &dpdk->port, dev, out);
}

static bool dpdk_flush(struct netdev *dev)
{
	struct netdev_dpdk *dpdk = dpdk_of(dev);

	if (!dpdk_tx_flush(&dpdk->tx, &dpdk->port, dev))
		return false;
	/* It takes nothing: is there anybody? */
	link_look(dpdk);
	if (dev->is_down)
		dpdk_tx_drop(&dpdk->tx, dev);
	return dpdk->tx.count;
}

static int dpdk_rx_fd(const struct netdev *dev)
{
	return dpdk_of(dev)->wake.fd;
}

static void dpdk_update_stats(struct netdev *dev)
{
	struct netdev_dpdk *dpdk = dpdk_of(dev);
	const struct rte_eth_stats *start = &dpdk->stats_start;
	struct rte_eth_stats now;

	if (rte_eth_stats_get(dpdk->port.id, &now))
		return;
	dev->stats.rx_dropped_full = now.imissed - start->imissed;
	dev->stats.rx_dropped_no_frame = now.rx_nombuf - start->rx_nombuf;
}

const struct netdev_ops netdev_dpdk_ops = {
	.name = "dpdk",
	.help = "a DPDK port: a card bound to vfio, or a virtual device",
	.open = dpdk_open,
	.close = dpdk_close,
	.rx_burst = dpdk_rx_burst,
	.rx_release = dpdk_rx_release,
	.rx_room = dpdk_rx_room,
	.tx = dpdk_tx,
	.flush = dpdk_flush,
	.rx_fd = dpdk_rx_fd,
	.update_stats = dpdk_update_stats,
};
