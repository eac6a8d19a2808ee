/* SPDX-License-Identifier: MIT */
/* A descriptor attached to a tap device, with its offloads agreed on. */
#ifndef NETCOND_FASTPATH_TAP_DEV_H
#define NETCOND_FASTPATH_TAP_DEV_H

#include <net/if.h>
#include <stdbool.h>

struct tap_dev {
	int fd;               /* non-blocking; -1: not open */
	char name[IFNAMSIZ];  /* as the kernel has it; "": not attached */
	bool has_vnet_hdr;    /* a virtio-net header before each frame */
	bool is_ours;         /* made by the attach: goes away with fd */
	unsigned caps;        /* enum netdev_cap */
};

int tap_dev_open(struct tap_dev *tap, const char *ifname, bool want_offload,
                 char *why);
void tap_dev_close(struct tap_dev *tap);

#endif
