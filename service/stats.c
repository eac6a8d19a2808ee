/* SPDX-License-Identifier: MIT */
/* Everything that is counted, as one list of names and values.
 *
 * The lists of stack/, of the channels, the sessions and the loop are theirs;
 * the netdev's counters get "dev_" before their names. The order is fixed for a
 * run, so that a client may ask page by page.
 */
#include "service/stats.h"

#include <stddef.h>
#include <string.h>

#define NETDEV_STATS(X)                                                       \
	X(rx_frames) X(rx_bytes) X(rx_dropped_no_frame) X(rx_dropped_full)    \
	X(rx_dropped_malformed) X(tx_frames) X(tx_bytes) X(tx_super_frames)   \
	X(tx_dropped_full) X(tx_dropped_error) X(link_downs)                  \
	X(xdp_redirected) X(xdp_passed) X(xdp_passed_queue)                   \
	X(xdp_dropped_long) X(capture_missed) X(impair_lost)                  \
	X(impair_duplicated) X(impair_corrupted) X(impair_reordered)          \
	X(impair_dropped_full)

/* A counter: its name, and where in its struct it stands. */
struct entry {
	const char *name;
	size_t offset;
};

static const struct entry stack_entries[] = {
#define X(name, help) { #name, offsetof(struct stack_stats, name) },
	STACK_STATS(X)
#undef X
};

static const struct entry netdev_entries[] = {
#define X(name) { "dev_" #name, offsetof(struct netdev_stats, name) },
	NETDEV_STATS(X)
#undef X
};

static const struct entry channel_entries[] = {
#define X(name, help) { #name, offsetof(struct channel_stats, name) },
	CHANNEL_STATS(X)
#undef X
};

static const struct entry session_entries[] = {
#define X(name, help) { #name, offsetof(struct session_stats, name) },
	SESSION_STATS(X)
#undef X
};

static const struct entry loop_entries[] = {
#define X(name, help) { #name, offsetof(struct loop_stats, name) },
	LOOP_STATS(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(COUNT(netdev_entries) * sizeof(uint64_t) ==
                       sizeof(struct netdev_stats),
               "every counter of the netdev is listed");

struct group {
	const struct entry *entries;
	size_t count;
	const void *values; /* NULL: left out */
};

/* The counters from the idx-th on. Return: how many, at most max; 0 past the
 * end.
 */
unsigned stats_page(const struct stats_source *source, uint32_t idx,
                    struct rpc_counter *out, unsigned max)
{
	struct stack_stats stack;
	const struct group groups[] = {
		{ stack_entries, COUNT(stack_entries), &stack },
		{ netdev_entries, COUNT(netdev_entries),
		  source->dev ? &source->dev->stats : NULL },
		{ channel_entries, COUNT(channel_entries),
		  &source->channels->stats },
		{ session_entries, COUNT(session_entries),
		  &source->sessions->stats },
		{ loop_entries, COUNT(loop_entries), source->loop },
	};
	unsigned count = 0;

	if (source->dev && !idx)
		netdev_update_stats(source->dev);
	stack_get_stats(source->stack, &stack);
	for (size_t g = 0; g < COUNT(groups); g++) {
		const struct group *group = &groups[g];

		for (size_t i = 0; group->values && i < group->count; i++) {
			const struct entry *entry = &group->entries[i];

			if (idx) {
				idx--;
				continue;
			}
			if (count == max)
				return count;
			memset(&out[count], 0, sizeof(out[count]));
			strncpy(out[count].name, entry->name,
			        sizeof(out[count].name) - 1);
			memcpy(&out[count].value,
			       (const char *)group->values + entry->offset,
			       sizeof(uint64_t));
			count++;
		}
	}
	return count;
}
