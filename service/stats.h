/* SPDX-License-Identifier: MIT */
/* Everything that is counted, as one list of names and values. */
#ifndef NETCOND_SERVICE_STATS_H
#define NETCOND_SERVICE_STATS_H

#include <stdint.h>

#include "fastpath/netdev.h"
#include "service/channel.h"
#include "service/session.h"
#include "shim/proto/rpc.h"
#include "stack/stack.h"

/* Counted by the loop itself. */
#define LOOP_STATS(X)                                                         \
	X(loop_turns, "turns of the loop")                                    \
	X(loop_turns_idle, "turns that found nothing to do")                  \
	X(loop_sleeps, "times that the loop slept")

struct loop_stats {
#define X(name, help) uint64_t name;
	LOOP_STATS(X)
#undef X
};

/* Where the values are; borrowed. dev may be NULL. */
struct stats_source {
	const struct stack *stack;
	struct netdev *dev;
	const struct channels *channels;
	const struct sessions *sessions;
	const struct loop_stats *loop;
};

unsigned stats_page(const struct stats_source *source, uint32_t idx,
                    struct rpc_counter *out, unsigned max);

#endif
