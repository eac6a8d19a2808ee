/* SPDX-License-Identifier: MIT */
/* --stats: the counters at the end of a run, one a line, as netcon stat. */
#include "service/stats_print.h"

#include <inttypes.h>

/* Print what the loop and all below it counted. */
void stats_print(const struct loop *loop, FILE *out)
{
	struct rpc_counter counters[RPC_STAT_MAX];
	uint32_t idx = 0;
	unsigned count;

	while ((count = loop_get_counters(loop, idx, counters, RPC_STAT_MAX))) {
		for (unsigned i = 0; i < count; i++)
			fprintf(out, "%-32s %12" PRIu64 "\n", counters[i].name,
			        counters[i].value);
		idx += count;
	}
	fflush(out);
}
