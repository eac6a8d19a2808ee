/* SPDX-License-Identifier: MIT */
/* A DPDK port with one queue each way: found, set up, started, given back. */
#ifndef NETCOND_FASTPATH_DPDK_PORT_H
#define NETCOND_FASTPATH_DPDK_PORT_H

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#include "fastpath/netdev.h"

struct dpdk_port {
	uint16_t id;                 /* DPDK's number of the port */
	bool is_configured;          /* must be closed */
	bool is_promiscuous;
	unsigned if_index;           /* of the kernel's interface that a virtual
	                                device stands on; 0: none */
	unsigned frame_count;        /* in rx_pool, those in the ring left out */
	struct rte_eth_dev_info info;
	struct rte_mempool *rx_pool; /* each mbuf with a struct frame behind */
	struct rte_mempool *tx_pool;
	uint64_t tx_offloads;        /* RTE_ETH_TX_OFFLOAD_*, in effect */
	unsigned caps;               /* enum netdev_cap, made of these */
};

unsigned dpdk_port_memory_mb(const struct netdev_conf *conf);
int dpdk_port_open(struct dpdk_port *port, const struct netdev_conf *conf,
                   struct netdev *dev, char *why);
void dpdk_port_close(struct dpdk_port *port);

#endif
