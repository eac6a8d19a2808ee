/* SPDX-License-Identifier: MIT */
/* What the XDP program and the service that loads it agree on. */
#ifndef NETCOND_BPF_XDP_SHARED_H
#define NETCOND_BPF_XDP_SHARED_H

#include <linux/types.h>

#define XDP_SHARED_ADDR_MAX 64   /* addresses of a stack */
#define XDP_SHARED_QUEUE_MAX 256 /* queues of a card */

/* What the program did with a frame, each counted by itself. */
#define XDP_VERDICTS(X)                                                       \
	X(redirected, "to the stack")                                         \
	X(passed, "to the host")                                              \
	X(passed_queue, "for the stack, on a queue that it does not read")    \
	X(dropped_long, "for the stack, longer than a buffer of it")

enum xdp_verdict {
#define X(name, help) xdp_verdict_##name,
	XDP_VERDICTS(X)
#undef X
	XDP_VERDICT_COUNT
};

/* The counters of one CPU; the only value of the map. */
struct xdp_counts {
	__u64 frames[XDP_VERDICT_COUNT];
};

/* An address of the stack, in network order; IPv4 as ::ffff:a.b.c.d (RFC 4291
 * section 2.5.5.2).
 */
struct xdp_addr {
	__u32 words[4];
};

#endif
