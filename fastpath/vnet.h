/* SPDX-License-Identifier: MIT */
/* virtio-net headers to and from the offload notes of a frame. */
#ifndef NETCOND_FASTPATH_VNET_H
#define NETCOND_FASTPATH_VNET_H

#include <linux/virtio_net.h>

#include "fastpath/frame.h"

/* Linux 6.2; older headers lack it. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* What we ask of the kernel: the header without num_buffers. */
#define VNET_HDR_LEN 10
_Static_assert(sizeof(struct virtio_net_hdr) == VNET_HDR_LEN,
               "the header of <linux/virtio_net.h> is the one on the wire");

int vnet_hdr_parse(const struct virtio_net_hdr *hdr, struct frame *frame);
int vnet_hdr_fill(const struct frame_out *out, struct virtio_net_hdr *hdr);

#endif
