/* SPDX-License-Identifier: MIT */
/* The ops table of each backend, for the list in netdev_open.c. */
#ifndef NETCOND_FASTPATH_NETDEV_BACKENDS_H
#define NETCOND_FASTPATH_NETDEV_BACKENDS_H

#include "fastpath/netdev.h"

extern const struct netdev_ops netdev_tap_ops;
extern const struct netdev_ops netdev_packet_ops;
extern const struct netdev_ops netdev_xdp_ops;
extern const struct netdev_ops netdev_dpdk_ops;
extern const struct netdev_ops netdev_mem_ops;

#endif
