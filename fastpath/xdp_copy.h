/* SPDX-License-Identifier: MIT */
/* Copies of what a shared card hears for host and stack alike. */
#ifndef NETCOND_FASTPATH_XDP_COPY_H
#define NETCOND_FASTPATH_XDP_COPY_H

#include <net/ethernet.h>
#include <stdint.h>
#include <sys/types.h>

#include "fastpath/netdev.h"

#define XDP_COPY_GROUP_MAX 64 /* multicast groups of Ethernet that are heard */

struct xdp_copy {
	int fd;                 /* a packet socket; -1: none */
	unsigned ifindex;
	uint8_t groups[XDP_COPY_GROUP_MAX][ETHER_ADDR_LEN];
	unsigned group_count;
};

void xdp_copy_init(struct xdp_copy *copy);
int xdp_copy_open(struct xdp_copy *copy, const char *ifname, unsigned ifindex,
                  char *why);
int xdp_copy_set_addrs(struct xdp_copy *copy, const struct netdev_addr *addrs,
                       unsigned count);
ssize_t xdp_copy_recv(struct xdp_copy *copy, uint8_t *buf, size_t room);
void xdp_copy_fini(struct xdp_copy *copy);

#endif
