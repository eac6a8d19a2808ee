/* SPDX-License-Identifier: MIT */
/* Frames through a descriptor that takes and gives one a call. */
#ifndef NETCOND_FASTPATH_VNET_IO_H
#define NETCOND_FASTPATH_VNET_IO_H

#include "fastpath/frame_pool.h"
#include "fastpath/netdev.h"
#include "fastpath/vnet.h"

#define VNET_FRAME_COUNT 128         /* receive frames, unless asked */
#define VNET_FRAME_ROOM (68u << 10)  /* bytes: 64 KB and the headers around */
#define VNET_IOV_MAX 1024            /* UIO_MAXIOV of Linux */
#define VNET_CAPS_TEXT_LEN 32        /* bytes of vnet_caps_text(), with NUL */

struct vnet_io {
	int fd;                 /* non-blocking; the device's */
	bool has_hdr;           /* a virtio-net header before each frame */
	struct virtio_net_hdr tx_hdr;    /* of the frame being sent */
	struct iovec iov[VNET_IOV_MAX];  /* of the frame being sent */
};

int vnet_pool_init(struct frame_pool *pool, struct netdev *dev,
                   const struct netdev_conf *conf, char *why);
unsigned vnet_rx_burst(struct vnet_io *io, struct netdev *dev,
                       struct frame_pool *pool, struct frame **frames,
                       unsigned count, int *err);
int vnet_tx(struct vnet_io *io, struct netdev *dev,
            const struct frame_out *out);
void vnet_caps_text(unsigned caps, char text[VNET_CAPS_TEXT_LEN]);

#endif
