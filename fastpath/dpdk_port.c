/* SPDX-License-Identifier: MIT */
/* A DPDK port with one queue each way: found, set up, started, given back.
 *
 * Theory of operation
 *
 * EAL knows one device, so the port is the first that it has. Two pools of
 * mbufs: what an idle reader holds of the one can never keep the other from
 * sending. A receive mbuf has its struct frame behind it, in its private area,
 * and takes a frame of the MTU in one piece.
 *
 * Some virtual devices stand on an interface that the kernel goes on using
 * (net_af_packet, net_tap). There the stack is a station of its own, with
 * another hardware address than the kernel's, and the port is promiscuous.
 * Elsewhere the port's address is the stack's.
 */
#include "fastpath/dpdk_port.h"

#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <stdio.h>
#include <string.h>

#include "fastpath/dpdk_eal.h"
#include "fastpath/ifconf.h"
#include "fastpath/mac.h"
#include "fastpath/why.h"

#define RX_DESC 1024u           /* what is asked for; a driver may give less */
#define TX_DESC 1024u
#define RX_FRAMES_DEFAULT 4096u
#define TX_FRAMES 2048u
#define TX_ROOM_TSO 8192u       /* bytes of a piece of a super-frame */
#define TX_PIECES_TSO 16u       /* that the port must take of one */
#define L2_ROOM 32u             /* Ethernet header, tags and checksum */
#define POOL_CACHE 256u
#define EAL_OWN_MB 32u          /* rings, driver state, alignment */

/* What we know to make use of. */
#define TX_OFFLOADS_CSUM \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)
#define RX_OFFLOADS_CSUM RTE_ETH_RX_OFFLOAD_CHECKSUM

static unsigned mtu_of(const struct netdev_conf *conf)
{
	return conf->mtu ? conf->mtu : ETHERMTU;
}

static unsigned rx_frames(const struct netdev_conf *conf)
{
	return (conf->frame_count ? conf->frame_count : RX_FRAMES_DEFAULT) +
	       RX_DESC;
}

static unsigned room_of(unsigned bytes)
{
	unsigned room = RTE_PKTMBUF_HEADROOM + bytes + L2_ROOM;

	room = room < RTE_MBUF_DEFAULT_BUF_SIZE ? RTE_MBUF_DEFAULT_BUF_SIZE :
	       room;
	return RTE_ALIGN(room, 64u);
}

/* MB of memory that a port opened with conf will need at most. */
unsigned dpdk_port_memory_mb(const struct netdev_conf *conf)
{
	const size_t per_mbuf = sizeof(struct rte_mbuf) + sizeof(struct frame) +
	                        256;
	const size_t rx = rx_frames(conf) * (per_mbuf + room_of(mtu_of(conf)));
	const size_t tx = TX_FRAMES * (per_mbuf + RTE_PKTMBUF_HEADROOM +
	                  (mtu_of(conf) > TX_ROOM_TSO ? mtu_of(conf) + L2_ROOM :
	                   TX_ROOM_TSO));

	return (unsigned)((rx + tx) >> 20) + EAL_OWN_MB;
}

/* The sentence on what a driver refused. Many only return -1: then DPDK's own
 * complaint tells more than an errno.
 */
static int refuse(char *why, int err, const struct netdev_conf *conf,
                  const char *what)
{
	const char *complaint = dpdk_eal_complaint();

	err = err && err != -1 ? err : -EIO;
	return why_fail(why, -err, "DPDK device '%.80s': %s: %s", conf->device,
	                what, complaint[0] ? complaint : strerror(-err));
}

static int port_find(struct dpdk_port *port, const struct netdev_conf *conf,
                     char *why)
{
	int err = 0;

	if (!dpdk_eal_is_pci(conf->device))
		err = rte_dev_probe(conf->device);
	if (err)
		return refuse(why, err, conf, "cannot be opened");
	port->id = (uint16_t)rte_eth_find_next(0);
	if (port->id >= RTE_MAX_ETHPORTS)
		return refuse(why, -ENODEV, conf, "no port is found; a card "
		              "must be bound to vfio-pci");
	port->is_configured = true;
	err = rte_eth_dev_info_get(port->id, &port->info);
	if (err)
		return refuse(why, err, conf, "tells nothing of itself");
	port->if_index = port->info.if_index;
	return 0;
}

/* A pool's name is not the user's: there is one port a process. */
static int pools_make(struct dpdk_port *port, const struct netdev_conf *conf,
                      unsigned mtu, char *why)
{
	const int socket = rte_eth_dev_socket_id(port->id);
	const unsigned priv = RTE_ALIGN(sizeof(struct frame),
	                                RTE_MBUF_PRIV_ALIGN);
	unsigned tx_room = room_of(mtu);

	if (port->tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO &&
	    tx_room < TX_ROOM_TSO)
		tx_room = TX_ROOM_TSO;
	port->rx_pool = rte_pktmbuf_pool_create("netcond_rx", rx_frames(conf),
	                                        POOL_CACHE, (uint16_t)priv,
	                                        (uint16_t)room_of(mtu), socket);
	if (port->rx_pool)
		port->tx_pool = rte_pktmbuf_pool_create("netcond_tx", TX_FRAMES,
		                                        POOL_CACHE, 0,
		                                        (uint16_t)tx_room,
		                                        socket);
	if (port->tx_pool)
		return 0;
	return refuse(why, -rte_errno, conf, "no memory for its frames");
}

/* net_tap cuts super-frames itself, and refuses for ever those whose segments
 * fill the MTU: it compares that with the length of the whole frame (DPDK
 * drivers/net/tap/rte_eth_tap.c, pmd_tx_burst).
 */
static bool can_cut(const struct rte_eth_dev_info *info)
{
	const uint64_t needed = RTE_ETH_TX_OFFLOAD_TCP_TSO |
	                        RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	const uint16_t pieces = info->tx_desc_lim.nb_seg_max;

	return (info->tx_offload_capa & needed) == needed &&
	       (!pieces || pieces >= TX_PIECES_TSO) &&
	       strcmp(info->driver_name, "net_tap") != 0;
}

/* Which of the port's abilities are used. */
static void offloads_choose(struct dpdk_port *port,
                            const struct netdev_conf *conf)
{
	const uint64_t capa = port->info.tx_offload_capa;

	port->tx_offloads = capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (conf->no_offload ||
	    (capa & TX_OFFLOADS_CSUM) != TX_OFFLOADS_CSUM)
		return;
	port->tx_offloads |= TX_OFFLOADS_CSUM;
	port->caps |= NETDEV_CAP_TX_CSUM;
	if (!can_cut(&port->info))
		return;
	port->tx_offloads |= RTE_ETH_TX_OFFLOAD_TCP_TSO;
	port->caps |= NETDEV_CAP_TX_TSO4 | NETDEV_CAP_TX_TSO6;
}

static int port_configure(struct dpdk_port *port,
                          const struct netdev_conf *conf, char *why)
{
	struct rte_eth_conf eth_conf = {
		.txmode.offloads = port->tx_offloads,
		.intr_conf.rxq = 1,
	};
	int err;

	if (!conf->no_offload)
		eth_conf.rxmode.offloads = port->info.rx_offload_capa &
		                           RX_OFFLOADS_CSUM;
	err = rte_eth_dev_configure(port->id, 1, 1, &eth_conf);
	if (err) {
		eth_conf.intr_conf.rxq = 0;
		err = rte_eth_dev_configure(port->id, 1, 1, &eth_conf);
	}
	return err ? refuse(why, err, conf, "cannot be configured") : 0;
}

static int queues_set_up(struct dpdk_port *port,
                         const struct netdev_conf *conf, char *why)
{
	const unsigned socket = (unsigned)rte_eth_dev_socket_id(port->id);
	struct rte_eth_txconf txconf = port->info.default_txconf;
	uint16_t rx_desc = RX_DESC, tx_desc = TX_DESC;
	int err;

	txconf.offloads = port->tx_offloads;
	err = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_desc, &tx_desc);
	if (!err && rx_desc >= rx_frames(conf) / 2)
		err = -ENOBUFS;
	if (!err)
		err = rte_eth_rx_queue_setup(port->id, 0, rx_desc, socket,
		                             NULL, port->rx_pool);
	if (!err)
		err = rte_eth_tx_queue_setup(port->id, 0, tx_desc, socket,
		                             &txconf);
	if (err)
		return refuse(why, err, conf, "cannot set up a queue");
	port->frame_count = rx_frames(conf) - rx_desc;
	return 0;
}

static int mtu_set(struct dpdk_port *port, const struct netdev_conf *conf,
                   struct netdev *dev, char *why)
{
	uint16_t mtu = ETHERMTU;

	rte_eth_dev_get_mtu(port->id, &mtu);
	if (conf->mtu > mtu) {
		int err = rte_eth_dev_set_mtu(port->id, conf->mtu);

		if (err)
			return why_fail(why, -err, "DPDK device '%.80s': an MTU "
			                "of %u is refused, it has %u: %s",
			                conf->device, conf->mtu, mtu,
			                strerror(-err));
	}
	dev->mtu = conf->mtu ? conf->mtu : mtu;
	return 0;
}

static bool is_unicast(const uint8_t *mac)
{
	static const uint8_t none[ETHER_ADDR_LEN];

	return !(mac[0] & 1) && memcmp(mac, none, sizeof(none)) != 0;
}

/* The stack's address, and that the port takes what is sent to it. */
static int mac_set(struct dpdk_port *port, const struct netdev_conf *conf,
                   struct netdev *dev, char *why)
{
	struct rte_ether_addr own = { 0 };
	bool is_own;
	int err;

	err = rte_eth_macaddr_get(port->id, &own);
	if (err)
		return refuse(why, err, conf, "has no hardware address");
	if (conf->mac)
		memcpy(dev->mac, conf->mac, ETHER_ADDR_LEN);
	else if (port->if_index || !is_unicast(own.addr_bytes))
		mac_derive(own.addr_bytes, dev->mac);
	else
		memcpy(dev->mac, own.addr_bytes, ETHER_ADDR_LEN);
	is_own = !memcmp(dev->mac, own.addr_bytes, ETHER_ADDR_LEN);
	/* The groups of neighbour discovery follow the stack's addresses. A
	 * driver without either mode has no filter.
	 */
	if (is_own && !rte_eth_allmulticast_enable(port->id))
		return 0;
	err = rte_eth_promiscuous_enable(port->id);
	port->is_promiscuous = true;
	if (!err || err == -ENOTSUP)
		return 0;
	return refuse(why, err, conf, "takes no second hardware address");
}

static void name_set(const struct dpdk_port *port,
                     const struct netdev_conf *conf, struct netdev *dev)
{
	const size_t len = strcspn(conf->device, ",");

	snprintf(dev->name, sizeof(dev->name), "%.*s",
	         (int)(len < sizeof(dev->name) ? len : sizeof(dev->name) - 1),
	         conf->device);
	(void)port;
}

/* Set up and start the device's port. EAL runs.
 * dev: gets name, mac, mtu and caps.
 * Return: 0, or -errno and a sentence in why; then dpdk_port_close() is due
 * all the same.
 */
int dpdk_port_open(struct dpdk_port *port, const struct netdev_conf *conf,
                   struct netdev *dev, char *why)
{
	int err;

	name_set(port, conf, dev);
	err = port_find(port, conf, why);
	if (err)
		return err;
	offloads_choose(port, conf);
	err = port_configure(port, conf, why);
	if (!err)
		err = mtu_set(port, conf, dev, why);
	if (!err)
		err = pools_make(port, conf, dev->mtu, why);
	if (!err)
		err = queues_set_up(port, conf, why);
	if (err)
		return err;
	err = rte_eth_dev_start(port->id);
	if (err)
		return refuse(why, err, conf, "cannot be started");
	dev->caps = port->caps;
	return mac_set(port, conf, dev, why);
}

/* Stop, close, and free; what is not there is left alone. */
void dpdk_port_close(struct dpdk_port *port)
{
	if (port->is_configured) {
		rte_eth_dev_stop(port->id);
		rte_eth_dev_close(port->id);
	}
	rte_mempool_free(port->rx_pool);
	rte_mempool_free(port->tx_pool);
	memset(port, 0, sizeof(*port));
}
