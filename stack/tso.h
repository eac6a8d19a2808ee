/* SPDX-License-Identifier: MIT */
/* Gathering consecutive TCP segments into one frame that the device cuts. */
#ifndef NETCOND_STACK_TSO_H
#define NETCOND_STACK_TSO_H

#include <lwip/pbuf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "fastpath/frame.h"

#define TSO_SEG_MAX 64  /* segments in one frame; 44 of 1460 bytes fill it */
#define TSO_IOV_MAX 130 /* runs of bytes: two a segment, and the headers */
#define TSO_HDR_MAX 128 /* Ethernet 14, IPv6 40, TCP 60 */

/* A TCP frame on its way out, taken apart. */
struct tso_seg {
	struct pbuf *p;       /* Ethernet header first */
	uint16_t l4;          /* offset of the TCP header */
	uint16_t hdr_len;     /* bytes of all headers */
	bool is_v6;
	uint8_t flags;        /* TCP_* of lwIP's tcp.h */
	uint32_t seq;         /* of the first byte */
	uint32_t payload;     /* bytes after the headers */
};

/* What is being gathered. Lives within a turn of the loop: it holds references
 * to pbufs, and lwIP does not retransmit a segment that is referred to.
 */
struct tso {
	struct pbuf *held[TSO_SEG_MAX];
	unsigned held_count;  /* 0: empty, nothing below means anything */
	struct iovec iov[TSO_IOV_MAX]; /* the headers, then the payload */
	int iovcnt;
	uint8_t hdr[TSO_HDR_MAX]; /* of the first segment, then of the frame */
	struct tso_seg first; /* its p is not used */
	uint16_t gso_size;    /* payload bytes of each segment but the last */
	uint32_t payload;     /* bytes gathered */
};

bool tso_parse(struct pbuf *p, struct tso_seg *seg);
bool tso_start(struct tso *tso, const struct tso_seg *seg, uint16_t mss);
bool tso_append(struct tso *tso, const struct tso_seg *seg);
void tso_finish(struct tso *tso, struct frame_out *out);
void tso_drop(struct tso *tso);

static inline bool tso_is_empty(const struct tso *tso)
{
	return !tso->held_count;
}

#endif
