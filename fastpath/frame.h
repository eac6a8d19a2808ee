/* SPDX-License-Identifier: MIT */
/* A received Ethernet frame, and what the sender of a frame asks of the device.
 *
 * Theory of operation
 *
 * A received frame lives in a buffer that its netdev owns. netdev_rx_burst()
 * lends it to the upper layer, which gives it back with netdev_rx_release(),
 * at any later time and in any order: the upper layer may hand `data` to the
 * stack without a copy. A frame that is lent out is one that the device cannot
 * receive into, so a holder that may wait for ever copies instead when
 * netdev_rx_room() runs low.
 *
 * A frame to send is never owned by the netdev: netdev_tx() has copied or
 * written every byte when it returns.
 */
#ifndef NETCOND_FASTPATH_FRAME_H
#define NETCOND_FASTPATH_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* Bytes at the end of struct frame that belong to whoever holds the frame. */
#define FRAME_USER_LEN 96

/* What the device says of the TCP or UDP checksum of a received frame. */
enum frame_csum {
	FRAME_CSUM_INVALID = 0, /* no statement: the receiver verifies */
	FRAME_CSUM_VALID,       /* the device or a local sender vouches */
	FRAME_CSUM_PSEUDO_OK,   /* valid, or only the pseudo-header's sum */
	FRAME_CSUM_COUNT
};

struct netdev;

struct frame {
	uint8_t *data;        /* first byte of the Ethernet header */
	uint32_t len;         /* bytes at data */
	uint16_t gso_size;    /* payload bytes a segment; 0: not a super-frame */
	uint8_t csum;         /* enum frame_csum */
	struct netdev *dev;   /* to whom it goes back; set by the netdev */
	struct frame *next;   /* free list of its pool; the holder's meanwhile */
	uint8_t *buf;         /* start of the buffer; set by the pool */
	uint32_t room;        /* bytes at buf; set by the pool */
	_Alignas(16) uint8_t user[FRAME_USER_LEN]; /* the holder's own */
};

/* How a super-frame is to be cut, named as in <linux/virtio_net.h>. */
enum frame_gso {
	FRAME_GSO_NONE = 0,
	FRAME_GSO_TCP4,
	FRAME_GSO_TCP6,
	FRAME_GSO_UDP, /* UDP_L4: datagrams of gso_size each */
	FRAME_GSO_COUNT
};

/* One frame to send: a gathered list of bytes and the device's share of work.
 * needs_csum: the checksum field holds the folded pseudo-header sum, and the
 * device adds the rest from csum_start on. Only set when the netdev has the
 * capability.
 */
struct frame_out {
	const struct iovec *iov; /* the frame's bytes, Ethernet header first */
	int iovcnt;
	uint32_t len;            /* sum of the iovecs */
	bool needs_csum;
	uint8_t gso;             /* enum frame_gso */
	uint16_t gso_size;       /* payload bytes a segment */
	uint16_t hdr_len;        /* Ethernet + IP + TCP or UDP header bytes */
	uint16_t csum_start;     /* offset of the TCP or UDP header */
	uint16_t csum_offset;    /* of the sum in it: 16 for TCP, 6 for UDP */
};

#endif
