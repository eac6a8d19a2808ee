/* SPDX-License-Identifier: MIT */
/* Frames out of a DPDK port: copied, queued, handed over in bursts. */
#ifndef NETCOND_FASTPATH_DPDK_TX_H
#define NETCOND_FASTPATH_DPDK_TX_H

#include <stdbool.h>

#include "fastpath/dpdk_port.h"

#define DPDK_TX_QUEUE_LEN 256

struct dpdk_tx {
	unsigned count;                          /* in queue */
	unsigned stuck;                          /* flushes in a row that the
	                                            port took nothing of */
	struct rte_mbuf *queue[DPDK_TX_QUEUE_LEN]; /* oldest first */
};

int dpdk_tx_put(struct dpdk_tx *tx, const struct dpdk_port *port,
                struct netdev *dev, const struct frame_out *out);
bool dpdk_tx_flush(struct dpdk_tx *tx, const struct dpdk_port *port,
                   struct netdev *dev);
void dpdk_tx_drop(struct dpdk_tx *tx, struct netdev *dev);

#endif
