/* SPDX-License-Identifier: MIT */
/* A card that is shared with the host: an AF_XDP socket on one of its queues.
 *
 * Theory of operation
 *
 * The XDP program gives us what is addressed to the stack and the host all
 * else (bpf/xdp_redirect.bpf.c); what concerns both we get as copies
 * (xdp_copy.c). The hardware address is the card's own.
 *
 * Receiving: a frame stays in its chunk of the umem and is lent from there.
 * Sending: a frame is copied into a chunk and queued; flush tells the kernel.
 * The kernel may return from that with frames left in the ring, so it is told
 * again in each flush while the ring is not empty: whoever does it only when
 * there is a new frame waits for ever once a peer waits for the old ones.
 *
 * A checksum field of a frame from this machine may hold the pseudo-header's
 * sum only, since no card ever filled it in: FRAME_CSUM_PSEUDO_OK.
 *
 * The upkeep looks after what no ring tells: the link's state, the counters of
 * the kernel and of the program. While the interface is down nothing is sent;
 * once it is deleted or moved away, it never comes back: `gone`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fastpath/netdev_backends.h"
#include "fastpath/netdev_xdp.h"
#include "fastpath/why.h"

#define RX_COUNT 8192          /* chunks to receive into, unless asked */
#define RX_COUNT_MIN 64
#define TX_COUNT XDP_SOCK_RING_COUNT /* so the tx ring has room for each */
#define CHUNK_LEN_SMALL 2048   /* enough for an MTU of 1500 */

static int xdp_rx_fd(const struct netdev *dev)
{
	return xdp_of(dev)->epoll_fd;
}

static int xdp_set_addrs(struct netdev *dev, const struct netdev_addr *addrs,
                         unsigned count)
{
	struct netdev_xdp *xdp = xdp_of(dev);
	int err = xdp_prog_set_addrs(&xdp->prog, addrs, count);

	return err ? err : xdp_copy_set_addrs(&xdp->copy, addrs, count);
}

static void xdp_close(struct netdev *dev)
{
	struct netdev_xdp *xdp = xdp_of(dev);

	if (xdp->epoll_fd >= 0)
		close(xdp->epoll_fd);
	xdp_prog_fini(&xdp->prog);
	xdp_copy_fini(&xdp->copy);
	xdp_sock_fini(&xdp->sock);
	umem_fini(&xdp->umem);
	free(xdp);
}

static int watch_add(struct netdev_xdp *xdp, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(xdp->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* One descriptor for both. */
static int watch_open(struct netdev_xdp *xdp, char *why)
{
	int err;

	xdp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = xdp->epoll_fd < 0 ? -errno : watch_add(xdp, xdp->sock.fd);
	if (!err)
		err = watch_add(xdp, xdp->copy.fd);
	if (err)
		why_fail(why, -err, "cannot watch %s: %s", xdp->dev.name,
		         strerror(-err));
	return err;
}

static int memory_open(struct netdev_xdp *xdp, const struct netdev_conf *conf,
                       char *why)
{
	unsigned count = conf->frame_count ? conf->frame_count : RX_COUNT;
	uint32_t chunk_len = CHUNK_LEN_SMALL;

	if (count < RX_COUNT_MIN)
		count = RX_COUNT_MIN;
	if (xdp->card.mtu + XDP_SOCK_L2_LEN + XDP_SOCK_HEADROOM > chunk_len)
		chunk_len = XDP_SOCK_CHUNK_LEN_MAX;
	if (umem_init(&xdp->umem, &xdp->dev, count, TX_COUNT, chunk_len))
		return why_fail(why, ENOMEM, "no memory for %u frames",
		                count + TX_COUNT);
	return xdp_sock_open(&xdp->sock, &xdp->umem, why);
}

/* The program first: it passes everything while there is no socket, and only
 * a program in the driver goes with zero-copy.
 */
static int card_attach(struct netdev_xdp *xdp, const struct netdev_conf *conf,
                       char *why)
{
	const char *ifname = xdp->dev.name;
	const struct xdp_prog_place place = {
		.ifname = ifname,
		.ifindex = xdp->card.ifindex,
		.frame_len_max = xdp->umem.chunk_len - XDP_SOCK_HEADROOM,
	};
	int err = xdp_prog_open(&xdp->prog, &place, conf->xdp_mode, why);

	if (!err)
		err = xdp_sock_bind(&xdp->sock, ifname, xdp->card.ifindex,
		                    conf->queue, xdp->prog.is_native, why);
	if (err)
		return err;
	err = xdp_prog_set_socket(&xdp->prog, conf->queue, xdp->sock.fd);
	if (err)
		return why_fail(why, -err, "queue %u of %s cannot be "
		                "redirected: %s", conf->queue, ifname,
		                strerror(-err));
	return xdp_copy_open(&xdp->copy, ifname, xdp->card.ifindex, why);
}

static void mode_describe(struct netdev_xdp *xdp)
{
	snprintf(xdp->dev.mode, sizeof(xdp->dev.mode),
	         "xdp %s %s, queue %u, %zu MB%s%s%s%s",
	         xdp->prog.is_native ? "native" : "skb",
	         xdp->sock.is_zero_copy ? "zero-copy" : "copy", xdp->queue,
	         xdp->umem.area_len >> 20,
	         xdp->umem.is_huge ? " of huge pages" : "",
	         xdp->sock.has_busy_poll ? ", busy-poll" : "",
	         xdp->prog.sees_tags ? ", vlan tags" : "",
	         xdp->dev.caps & NETDEV_CAP_TX_CSUM ? ", csum" : "");
}

static int parts_open(struct netdev_xdp *xdp, const struct netdev_conf *conf,
                      char *why)
{
	int err = memory_open(xdp, conf, why);

	if (!err)
		err = card_attach(xdp, conf, why);
	if (!err)
		err = watch_open(xdp, why);
	if (!err)
		umem_fill(&xdp->umem, &xdp->sock.fill);
	return err;
}

static int xdp_open(const struct netdev_conf *conf, struct netdev **out,
                    char *why)
{
	const char *device = conf->device ? conf->device : "";
	struct netdev_xdp *xdp;
	struct xdp_card card;
	int err = xdp_card_read(&card, device, why);

	if (!err)
		err = xdp_card_check(&card, conf, why);
	if (err)
		return err;
	xdp = calloc(1, sizeof(*xdp));
	if (!xdp)
		return why_fail(why, ENOMEM, "out of memory");
	xdp->card = card;
	xdp->queue = conf->queue;
	xdp->epoll_fd = -1;
	xdp_sock_init(&xdp->sock);
	xdp_prog_init(&xdp->prog);
	xdp_copy_init(&xdp->copy);
	xdp->dev.ops = &netdev_xdp_ops;
	xdp->dev.mtu = conf->mtu ? conf->mtu : (uint16_t)card.mtu;
	xdp->dev.shares_mac = true;
	memcpy(xdp->dev.mac, card.mac, ETHER_ADDR_LEN);
	strncpy(xdp->dev.name, device, NETDEV_NAME_LEN - 1);
	err = parts_open(xdp, conf, why);
	if (err) {
		xdp_close(&xdp->dev);
		return err;
	}
	if (xdp->sock.has_tx_meta && !conf->no_offload)
		xdp->dev.caps |= NETDEV_CAP_TX_CSUM;
	mode_describe(xdp);
	if (xdp->prog.no_native[0])
		netdev_xdp_notice(&xdp->dev, xdp->prog.no_native);
	*out = &xdp->dev;
	return 0;
}

const struct netdev_ops netdev_xdp_ops = {
	.name = "xdp",
	.help = "an AF_XDP socket on a card that the host goes on using",
	.open = xdp_open,
	.close = xdp_close,
	.rx_burst = netdev_xdp_rx_burst,
	.rx_release = netdev_xdp_rx_release,
	.rx_room = netdev_xdp_rx_room,
	.tx = netdev_xdp_tx,
	.flush = netdev_xdp_flush,
	.rx_fd = xdp_rx_fd,
	.set_addrs = xdp_set_addrs,
	.update_stats = netdev_xdp_update_stats,
};
