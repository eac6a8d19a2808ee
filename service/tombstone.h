/* SPDX-License-Identifier: MIT */
/* What is left of sockets whose service end is closed. */
#ifndef NETCOND_SERVICE_TOMBSTONE_H
#define NETCOND_SERVICE_TOMBSTONE_H

#include <stdint.h>

#include "service/limits.h"
#include "shim/proto/rpc.h"

struct tombstone {
	uint64_t sock_id; /* 0: the place is free */
	uint64_t cookie;  /* SO_COOKIE of the program's end */
	int32_t error;    /* positive errno still to be told, or 0 */
	uint32_t next;    /* 1 + place of the next in its bucket; 0: the last */
	struct rpc_addr local, peer; /* as they were; family 0: none */
};

struct tombstones {
	uint32_t head;                    /* the place used next, the oldest */
	uint32_t buckets[TOMBSTONE_MAX];  /* 1 + place of the first; 0: none */
	struct tombstone ring[TOMBSTONE_MAX];
};

void tombstone_add(struct tombstones *tombs, const struct tombstone *tomb);
struct tombstone *tombstone_find(struct tombstones *tombs, uint64_t sock_id,
                                 uint64_t cookie);

#endif
