/* SPDX-License-Identifier: MIT */
/* --stats: the counters at the end of a run, one a line, as netcon stat. */
#include "service/stats_print.h"

#include <inttypes.h>

static void print(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "%-24s %12" PRIu64 "\n", name, value);
}

/* Print what the stack and the device counted. */
void stats_print(const struct stack *stack, const struct netdev *dev,
                 FILE *out)
{
	const struct netdev_stats *dev_stats = &dev->stats;
	struct stack_stats stats;

	stack_get_stats(stack, &stats);
#define X(name, help) print(out, #name, stats.name);
	STACK_STATS(X)
#undef X
	print(out, "rx_frames", dev_stats->rx_frames);
	print(out, "rx_bytes", dev_stats->rx_bytes);
	print(out, "rx_dropped_no_frame", dev_stats->rx_dropped_no_frame);
	print(out, "rx_dropped_malformed", dev_stats->rx_dropped_malformed);
	print(out, "tx_frames", dev_stats->tx_frames);
	print(out, "tx_bytes", dev_stats->tx_bytes);
	print(out, "tx_super_frames", dev_stats->tx_super_frames);
	print(out, "tx_dropped_full", dev_stats->tx_dropped_full);
	print(out, "tx_dropped_error", dev_stats->tx_dropped_error);
	fflush(out);
}
