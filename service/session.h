/* SPDX-License-Identifier: MIT */
/* Sessions: one control channel each, from accept or ATTACH to its end. */
#ifndef NETCOND_SERVICE_SESSION_H
#define NETCOND_SERVICE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "service/channel.h"
#include "service/poller.h"
#include "shim/proto/rpc.h"
#include "stack/stack.h"

#define SESSION_STATS(X)                                                      \
	X(sessions_open, "control channels open now")                         \
	X(sessions_opened, "control channels opened")                         \
	X(sessions_refused, "control channels refused: too many, no memory")  \
	X(sessions_dropped, "control channels dropped for what they sent")    \
	X(sessions_stalled, "control channels dropped, replies were not read")\
	X(requests, "requests answered")                                      \
	X(requests_failed, "requests answered with an errno")                 \
	X(requests_quiet, "requests that wanted no answer")

struct session_stats {
#define X(name, help) uint64_t name;
	SESSION_STATS(X)
#undef X
};

struct sessions;

struct session {
	struct sessions *set;
	int fd;                      /* -1: dropped, waits for the reaper */
	uint32_t slot;               /* place in set->slots */
	bool has_hello;              /* HELLO was said */
	bool is_corking;             /* TCP_CORK was asked for on it */
	struct channel_owner owner;  /* the process at the other end */
	struct stack_query *query;   /* under way; NULL: none */
	struct rpc_request pending;  /* the request that query answers */
	TAILQ_ENTRY(session) dead_link;
};

struct session_slot {
	struct session *session; /* NULL: free */
	uint32_t generation;     /* 24 bits, as in the epoll word */
	uint32_t next_free;      /* slot; SESSION_MAX: the last */
};

struct sessions {
	struct poller *poller;
	struct poller ready;              /* all of them, and nothing else: for
	                                     a look at their requests alone */
	unsigned corking;                 /* how many are is_corking */
	struct session_slot *slots;       /* SESSION_MAX of them */
	uint32_t free_slot;               /* SESSION_MAX: none */
	uint32_t used_slots;              /* slots[] beyond were never used */
	TAILQ_HEAD(, session) dead;
	struct session_stats stats;
};

int sessions_init(struct sessions *set, struct poller *poller);
void sessions_fini(struct sessions *set);
int session_open(struct sessions *set, int fd);
struct session *session_by_ref(const struct sessions *set,
                               struct poller_ref ref);
void session_cork(struct session *session);
void session_drop(struct session *session);
void session_reply(struct session *session, const struct rpc_reply *reply,
                   int fd);
void session_wait(struct session *session, struct stack_query *query,
                  const struct rpc_request *req);
void session_wait_over(struct session *session);
unsigned sessions_reap(struct sessions *set);

#endif
