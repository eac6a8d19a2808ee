/* SPDX-License-Identifier: MIT */
/* What a bad link does to frames, and reading that from one word. */
#ifndef NETCOND_FASTPATH_IMPAIR_SPEC_H
#define NETCOND_FASTPATH_IMPAIR_SPEC_H

#include <stdint.h>

#define IMPAIR_CERTAIN (1ull << 32) /* a chance of 100 % */
#define IMPAIR_LIMIT 1000           /* frames that wait, unless asked */
#define IMPAIR_SEED 1               /* unless asked */

/* One direction. All zeros but limit: the frames pass. */
struct impair_rules {
	uint64_t loss;      /* chances, of IMPAIR_CERTAIN */
	uint64_t duplicate;
	uint64_t corrupt;
	uint64_t reorder;
	uint64_t delay_ns;
	uint64_t jitter_ns; /* more or less than delay_ns, evenly */
	uint64_t rate;      /* bits a second; 0: any */
	uint64_t limit;     /* frames that wait at most */
};

struct impair_conf {
	const char *text;   /* as the user gave it; NULL: no impairment */
	uint64_t seed;
	struct impair_rules rx; /* to the stack */
	struct impair_rules tx; /* from it */
};

int impair_parse(const char *text, struct impair_conf *conf, char *why);

#endif
