/* SPDX-License-Identifier: MIT */
/* A received super-frame cut into the frames of the wire. */
#ifndef NETCOND_FASTPATH_GSO_H
#define NETCOND_FASTPATH_GSO_H

#include <stdbool.h>

#include "fastpath/frame.h"

/* Where the headers of a TCP or UDP frame stand. */
struct gso_headers {
	uint8_t protocol;   /* IPPROTO_TCP or IPPROTO_UDP */
	bool is_v6;
	uint32_t ip_at;     /* offsets from the Ethernet header's first byte */
	uint32_t l4_at;
	uint32_t payload_at;
	uint32_t end;       /* of the IP packet; what follows is padding */
};

/* A super-frame that is being cut. */
struct gso_cut {
	struct gso_headers headers;
	const struct frame *super; /* stays until the last frame is made */
	uint32_t at;               /* offset of the next frame's payload */
	uint16_t count;            /* frames made so far */
};

int gso_headers_parse(const struct frame *frame, struct gso_headers *headers);
void gso_csum_fill(struct frame *frame, const struct gso_headers *headers);
int gso_cut_start(struct gso_cut *cut, const struct frame *super);
bool gso_cut_is_done(const struct gso_cut *cut);
bool gso_cut_next(struct gso_cut *cut, struct frame *frame);

#endif
