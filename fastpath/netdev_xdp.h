/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the AF_XDP device; see netdev_xdp.c. */
#ifndef NETCOND_FASTPATH_NETDEV_XDP_H
#define NETCOND_FASTPATH_NETDEV_XDP_H

#include "fastpath/netdev.h"
#include "fastpath/umem.h"
#include "fastpath/xdp_card.h"
#include "fastpath/xdp_copy.h"
#include "fastpath/xdp_prog.h"
#include "fastpath/xdp_sock.h"

struct netdev_xdp {
	struct netdev dev;
	struct xdp_card card;
	struct umem umem;
	struct xdp_sock sock;
	struct xdp_prog prog;
	struct xdp_copy copy;
	int epoll_fd;             /* of the socket and the copies; -1: none */
	uint32_t queue;
	uint32_t tx_queued;       /* in the tx ring, not yet submitted */
	unsigned bursts;          /* since the last look for copies */
	uint64_t upkeep_due_ms;
	struct xdp_counts counts; /* of the last upkeep */
};

static inline struct netdev_xdp *xdp_of(const struct netdev *dev)
{
	return (struct netdev_xdp *)dev;
}

/* netdev_xdp_rx.c */
unsigned netdev_xdp_rx_burst(struct netdev *dev, struct frame **frames,
                             unsigned count);
void netdev_xdp_rx_release(struct netdev *dev, struct frame *frame);
unsigned netdev_xdp_rx_room(const struct netdev *dev, unsigned *rx_total);

/* netdev_xdp_tx.c */
int netdev_xdp_tx(struct netdev *dev, const struct frame_out *out);
bool netdev_xdp_flush(struct netdev *dev);

/* netdev_xdp_upkeep.c */
void netdev_xdp_update_stats(struct netdev *dev);
void netdev_xdp_notice(struct netdev *dev, const char *text);
void netdev_xdp_upkeep(struct netdev_xdp *xdp);
void netdev_xdp_check_link(struct netdev_xdp *xdp);

#endif
