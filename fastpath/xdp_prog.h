/* SPDX-License-Identifier: MIT */
/* Our XDP program in the kernel: loading, attaching, addresses, counters. */
#ifndef NETCOND_FASTPATH_XDP_PROG_H
#define NETCOND_FASTPATH_XDP_PROG_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/xdp_shared.h"
#include "fastpath/netdev.h"

struct bpf_object;

struct xdp_prog {
	struct bpf_object *object; /* NULL: not loaded */
	int fd;                    /* the program; object's */
	int sockets_fd;            /* maps; object's */
	int addrs_fd;
	int counts_fd;
	int link_fd;               /* -1: not attached */
	bool is_native;            /* attached in the driver, not behind it */
	char no_native[NETDEV_WHY_LEN]; /* why skb mode was fallen back to, where
	                              the driver does have XDP; else empty */
	bool sees_tags;            /* also VLAN tags that the card takes out */
	struct xdp_addr addrs[XDP_SHARED_ADDR_MAX]; /* in the map */
	unsigned addr_count;
	struct xdp_counts *per_cpu; /* room to read the counters into */
	int cpu_count;
};

/* Where a program is attached, and for which buffers. */
struct xdp_prog_place {
	const char *ifname;
	unsigned ifindex;
	uint32_t frame_len_max; /* bytes of the longest frame that fits */
};

void xdp_prog_init(struct xdp_prog *prog);
int xdp_prog_load(struct xdp_prog *prog, unsigned ifindex,
                  uint32_t frame_len_max, char *why);
int xdp_prog_open(struct xdp_prog *prog, const struct xdp_prog_place *place,
                  enum netdev_xdp_mode mode, char *why);
int xdp_prog_set_socket(struct xdp_prog *prog, uint32_t queue, int fd);
int xdp_prog_set_addrs(struct xdp_prog *prog, const struct netdev_addr *addrs,
                       unsigned count);
int xdp_prog_get_counts(struct xdp_prog *prog, struct xdp_counts *sum);
void xdp_prog_fini(struct xdp_prog *prog);

#endif
