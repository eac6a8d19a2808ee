/* SPDX-License-Identifier: MIT */
/* An existing interface through a packet socket (packet(7)).
 *
 * Theory of operation
 *
 * With PACKET_VNET_HDR the socket gives and takes virtio-net headers as a tap
 * does, so super-frames pass both ways and neither end of a veth has to switch
 * an offload off. Frames to send go past the queueing discipline
 * (PACKET_QDISC_BYPASS); those that the host sends are not shown to us
 * (PACKET_IGNORE_OUTGOING).
 *
 * Sharing the interface with the host. The stack is a station of its own: its
 * hardware address is not the interface's, and the card is told to take both
 * (PACKET_MR_UNICAST; the kernel makes a card promiscuous that can only have
 * one). With the interface's address the host's IP layer would look at the
 * stack's packets too: it forwards them where it is a router, and where an
 * address is the host's as well its TCP resets the stack's connections. A user
 * who may have only one address on a port, as on wireless links and some
 * virtual switches, gives the interface's with --mac. Host and stack cannot
 * reach each other through the interface: what one sends leaves the machine.
 *
 * Receiving super-frames. The stack above takes those of TCP whole. Those of
 * UDP are cut here, since it wants single datagrams. With no_offload all are
 * cut, and sums that a local sender left out are filled in: what goes up is
 * what a wire would carry.
 *
 * Losing the link. When it goes down the socket gets one ENETDOWN, and the
 * kernel attaches it again when the link comes up. An interface that is deleted
 * while it is down goes without a word: so each burst looks meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/gso.h"
#include "fastpath/ifconf.h"
#include "fastpath/mac.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/packet_sock.h"
#include "fastpath/vnet_io.h"
#include "fastpath/why.h"

struct netdev_packet {
	struct netdev dev;
	struct packet_sock sock;
	struct vnet_io io;        /* over sock.fd */
	struct frame_pool pool;
	struct frame *super;      /* being cut; NULL: none */
	struct gso_cut cut;       /* of super */
	bool is_plain;            /* conf.no_offload */
};

static struct netdev_packet *packet_of(const struct netdev *dev)
{
	return (struct netdev_packet *)dev;
}

/* ------------------------------------------------------------------- open */

/* What the interface must be like. */
static int link_check(struct netdev_packet *packet,
                      const struct netdev_conf *conf, char *why)
{
	const char *ifname = conf->device ? conf->device : "";
	uint8_t kernel_mac[ETHER_ADDR_LEN];
	unsigned mtu;
	int err;

	if (!ifconf_name_is_valid(ifname))
		return why_fail(why, EINVAL, "'%.64s' cannot be an interface's "
		                "name: expected 1 to %d characters without '/', "
		                "':' and blanks", ifname, IFNAMSIZ - 1);
	strcpy(packet->dev.name, ifname);
	strcpy(packet->sock.name, ifname);
	packet->sock.ifindex = (int)if_nametoindex(ifname);
	if (!packet->sock.ifindex)
		return why_fail(why, ENODEV, "there is no interface '%s'",
		                ifname);
	err = ifconf_get_mac(ifname, kernel_mac, why);
	if (!err)
		err = ifconf_get_mtu(ifname, &mtu, why);
	if (err)
		return err;
	if (!ifconf_is_up(ifname))
		return why_fail(why, ENETDOWN, "'%s' is down: bring it up with "
		                "'ip link set %s up'", ifname, ifname);
	if (conf->mtu > mtu)
		return why_fail(why, EINVAL, "an MTU of %u is more than the %u "
		                "that '%s' has", conf->mtu, mtu, ifname);
	packet->dev.mtu = (uint16_t)(conf->mtu ? conf->mtu :
	                             mtu < UINT16_MAX ? mtu : UINT16_MAX);
	mac_derive(kernel_mac, packet->dev.mac);
	if (conf->mac)
		memcpy(packet->dev.mac, conf->mac, ETHER_ADDR_LEN);
	memcpy(packet->sock.mac, packet->dev.mac, ETHER_ADDR_LEN);
	packet->sock.has_own_mac = memcmp(packet->dev.mac, kernel_mac,
	                                  ETHER_ADDR_LEN) != 0;
	return 0;
}

static void mode_describe(struct netdev_packet *packet)
{
	const struct packet_sock *sock = &packet->sock;
	char caps[VNET_CAPS_TEXT_LEN];

	vnet_caps_text(packet->dev.caps, caps);
	snprintf(packet->dev.mode, NETDEV_MODE_LEN,
	         "packet socket, %s%s, %s, receive buffer %u KB, %s",
	         packet->is_plain ? "plain frames" : "vnet_hdr,", caps,
	         sock->is_bypassing ? "qdisc bypassed" : "through the qdisc",
	         packet_sock_rcvbuf(sock) / 1024,
	         sock->has_own_mac ? "own address" : "interface's address");
}

static void packet_close(struct netdev *dev)
{
	struct netdev_packet *packet = packet_of(dev);

	if (packet->super)
		frame_pool_free(&packet->pool, packet->super);
	packet_sock_close(&packet->sock);
	frame_pool_fini(&packet->pool);
	free(packet);
}

static int packet_open(const struct netdev_conf *conf, struct netdev **out,
                       char *why)
{
	struct netdev_packet *packet = calloc(1, sizeof(*packet));
	int err;

	if (!packet)
		return why_fail(why, ENOMEM, "out of memory");
	packet->dev.ops = &netdev_packet_ops;
	packet->sock.fd = -1;
	packet->io.has_hdr = true;
	packet->is_plain = conf->no_offload;
	if (!packet->is_plain)
		packet->dev.caps = NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4 |
		                   NETDEV_CAP_TX_TSO6 | NETDEV_CAP_RX_SUPER;
	err = link_check(packet, conf, why);
	if (!err)
		err = vnet_pool_init(&packet->pool, &packet->dev, conf, why);
	if (!err)
		err = packet_sock_open(&packet->sock, why);
	if (err) {
		packet_close(&packet->dev);
		return err;
	}
	packet->io.fd = packet->sock.fd;
	mode_describe(packet);
	*out = &packet->dev;
	return 0;
}

/* --------------------------------------------------------------- the link */

/* Down it may come up again; gone it is for good. */
static void on_down(struct netdev_packet *packet)
{
	struct netdev *dev = &packet->dev;

	dev->stats.link_downs += !dev->is_down;
	dev->is_down = true;
	if (packet_sock_is_gone(&packet->sock))
		why_fail(dev->gone, ENODEV, "the interface %s is gone: it was "
		         "deleted or moved to another network namespace",
		         dev->name);
}

static bool is_link_error(int err)
{
	return err == -ENETDOWN || err == -ENXIO || err == -ENODEV;
}

/* ------------------------------------------------------------- receiving */

static void count_frame(struct netdev *dev, const struct frame *frame, int sign)
{
	dev->stats.rx_frames += (uint64_t)(int64_t)sign;
	dev->stats.rx_bytes += (uint64_t)(sign * (int64_t)frame->len);
}

static void cut_end(struct netdev_packet *packet)
{
	frame_pool_free(&packet->pool, packet->super);
	packet->super = NULL;
}

/* The next frame of the one that is being cut. NULL: there is no room for it,
 * and the rest is dropped, as by a device that has no buffers.
 */
static struct frame *cut_next(struct netdev_packet *packet)
{
	struct frame *frame = frame_pool_alloc(&packet->pool);

	if (!frame || !gso_cut_next(&packet->cut, frame)) {
		if (frame)
			frame_pool_free(&packet->pool, frame);
		packet->dev.stats.rx_dropped_no_frame++;
		cut_end(packet);
		return NULL;
	}
	count_frame(&packet->dev, frame, 1);
	if (gso_cut_is_done(&packet->cut))
		cut_end(packet);
	return frame;
}

/* As a wire would have carried it. */
static void fill_csum(struct frame *frame)
{
	struct gso_headers headers;

	if (frame->csum == FRAME_CSUM_VALID &&
	    !gso_headers_parse(frame, &headers))
		gso_csum_fill(frame, &headers);
}

/* Take a frame for cutting. Return: false when it goes up as it is. */
static bool cut_start(struct netdev_packet *packet, struct frame *frame)
{
	int err;

	if (!frame->gso_size) {
		if (packet->is_plain)
			fill_csum(frame);
		return false;
	}
	err = gso_cut_start(&packet->cut, frame);
	if (!packet->is_plain &&
	    (err || packet->cut.headers.protocol == IPPROTO_TCP))
		return false;
	count_frame(&packet->dev, frame, -1);
	if (!err) {
		packet->super = frame;
		return true;
	}
	packet->dev.stats.rx_dropped_malformed++;
	frame_pool_free(&packet->pool, frame);
	return true;
}

static unsigned packet_rx_burst(struct netdev *dev, struct frame **frames,
                                unsigned count)
{
	struct netdev_packet *packet = packet_of(dev);
	unsigned done = 0;
	int err = 0;

	while (done < count) {
		struct frame *frame;

		if (packet->super) {
			frame = cut_next(packet);
			if (frame)
				frames[done++] = frame;
			continue;
		}
		if (!vnet_rx_burst(&packet->io, dev, &packet->pool, &frame, 1,
		                   &err))
			break;
		dev->is_down = false;
		if (!cut_start(packet, frame))
			frames[done++] = frame;
	}
	if (is_link_error(err) || dev->is_down)
		on_down(packet);
	return done;
}

static void packet_rx_release(struct netdev *dev, struct frame *frame)
{
	frame_pool_free(&packet_of(dev)->pool, frame);
}

static unsigned packet_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	const struct netdev_packet *packet = packet_of(dev);

	*rx_total = packet->pool.total;
	return packet->pool.free_count;
}

static int packet_rx_fd(const struct netdev *dev)
{
	return packet_of(dev)->sock.fd;
}

/* ----------------------------------------------------------- sending, rest */

static int packet_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_packet *packet = packet_of(dev);
	int err = vnet_tx(&packet->io, dev, out);

	if (is_link_error(err))
		on_down(packet);
	else if (!err)
		dev->is_down = false;
	return err;
}

/* Each write has gone its whole way. */
static bool packet_flush(struct netdev *dev)
{
	(void)dev;
	return false;
}

static void packet_update_stats(struct netdev *dev)
{
	dev->stats.rx_dropped_full +=
		packet_sock_take_drops(&packet_of(dev)->sock);
}

const struct netdev_ops netdev_packet_ops = {
	.name = "packet",
	.help = "an existing interface, through a packet socket",
	.open = packet_open,
	.close = packet_close,
	.rx_burst = packet_rx_burst,
	.rx_release = packet_rx_release,
	.rx_room = packet_rx_room,
	.tx = packet_tx,
	.flush = packet_flush,
	.rx_fd = packet_rx_fd,
	.update_stats = packet_update_stats,
};
