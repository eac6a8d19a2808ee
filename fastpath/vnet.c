/* SPDX-License-Identifier: MIT */
/* virtio-net headers to and from the offload notes of a frame.
 *
 * Theory of operation
 *
 * The kernel puts this header before each frame of a tap or packet socket with
 * IFF_VNET_HDR or PACKET_VNET_HDR (virtio specification 1.2, section 5.1.6;
 * Linux include/linux/virtio_net.h). Its fields are in the machine's own byte
 * order unless TUNSETVNETLE or TUNSETVNETBE asked otherwise, which we do not.
 *
 * A received header may describe anything: it comes from the kernel, but the
 * kernel copies it from whoever injected the frame. Every offset is checked
 * against the frame before a note is made of it. A header to send is checked
 * in the same way, because the kernel answers nonsense with a bare EINVAL.
 *
 * Both functions are pure.
 */
#include "fastpath/vnet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <net/ethernet.h>

#define CSUM_LEN 2 /* bytes of a TCP or UDP checksum */

/* Is there a checksum field at start + offset, within len bytes? */
static bool csum_field_fits(uint32_t start, uint32_t offset, uint32_t len)
{
	return start >= ETHER_HDR_LEN && start + offset + CSUM_LEN <= len;
}

/* Note what the header says about the received frame. The caller has set
 * data and len.
 * Return: 0, with csum and gso_size set; -EINVAL when the header contradicts
 * itself or the frame, or names a kind of super-frame that we never asked for:
 * the frame is to be dropped.
 */
int vnet_hdr_parse(const struct virtio_net_hdr *hdr, struct frame *frame)
{
	uint8_t gso_type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	bool is_partial = hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	bool is_valid = is_partial ||
	                hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID;

	frame->csum = FRAME_CSUM_INVALID;
	frame->gso_size = 0;
	if (is_partial &&
	    !csum_field_fits(hdr->csum_start, hdr->csum_offset, frame->len))
		return -EINVAL;

	switch (gso_type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		break;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		/* Segments get sums of their own, so there is none to check:
		 * a local sender made it, or a card that verified what it
		 * merged.
		 */
		if (!hdr->gso_size || !is_valid)
			return -EINVAL;
		frame->gso_size = hdr->gso_size;
		break;
	default:
		return -EINVAL;
	}
	/* A partial sum never left this host: nothing can have damaged it. */
	if (is_valid)
		frame->csum = FRAME_CSUM_VALID;
	return 0;
}

static int gso_type_of(uint8_t gso)
{
	switch (gso) {
	case FRAME_GSO_NONE:
		return VIRTIO_NET_HDR_GSO_NONE;
	case FRAME_GSO_TCP4:
		return VIRTIO_NET_HDR_GSO_TCPV4;
	case FRAME_GSO_TCP6:
		return VIRTIO_NET_HDR_GSO_TCPV6;
	case FRAME_GSO_UDP:
		return VIRTIO_NET_HDR_GSO_UDP_L4;
	default:
		return -EINVAL;
	}
}

/* Write the header for a frame to send.
 * Return: 0; -EINVAL when the notes contradict each other or the frame.
 */
int vnet_hdr_fill(const struct frame_out *out, struct virtio_net_hdr *hdr)
{
	int gso_type = gso_type_of(out->gso);

	memset(hdr, 0, sizeof(*hdr));
	if (gso_type < 0)
		return gso_type;
	if (out->needs_csum) {
		if (!csum_field_fits(out->csum_start, out->csum_offset,
		                     out->len))
			return -EINVAL;
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = out->csum_start;
		hdr->csum_offset = out->csum_offset;
	}
	if (out->gso == FRAME_GSO_NONE)
		return 0;
	if (!out->needs_csum || !out->gso_size ||
	    out->hdr_len <= out->csum_start || out->hdr_len >= out->len)
		return -EINVAL;
	hdr->gso_type = gso_type;
	hdr->gso_size = out->gso_size;
	hdr->hdr_len = out->hdr_len;
	return 0;
}
