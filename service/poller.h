/* SPDX-License-Identifier: MIT */
/* epoll with typed words: which thing an event is about, and which life of it.
 */
#ifndef NETCOND_SERVICE_POLLER_H
#define NETCOND_SERVICE_POLLER_H

#include <stdint.h>
#include <sys/epoll.h>

#include "service/limits.h"

enum poller_kind {
	POLLER_INVALID = 0,
	POLLER_DEVICE,  /* the netdev's receive descriptor */
	POLLER_WATCH,   /* loop_watch_fd */
	POLLER_CONTROL, /* the listening control socket */
	POLLER_SESSION,
	POLLER_CHANNEL,
	POLLER_COUNT
};

/* What stands in epoll's 64-bit word. */
struct poller_ref {
	enum poller_kind kind;
	uint32_t generation; /* 24 bits: which user of the slot */
	uint32_t id;         /* slot in the kind's table */
};

#define POLLER_GENERATION_MASK 0xffffffu

struct poller {
	int epoll_fd; /* -1: not open */
	struct epoll_event events[POLLER_BATCH]; /* of the last wait */
};

uint64_t poller_encode(struct poller_ref ref);
struct poller_ref poller_decode(uint64_t word);

int poller_open(struct poller *poller);
void poller_close(struct poller *poller);
int poller_add(struct poller *poller, int fd, uint32_t events,
               struct poller_ref ref);
int poller_mod(struct poller *poller, int fd, uint32_t events,
               struct poller_ref ref);
void poller_del(struct poller *poller, int fd);
int poller_wait(struct poller *poller, int timeout_ms);

#endif
