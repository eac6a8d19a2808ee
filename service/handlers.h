/* SPDX-License-Identifier: MIT */
/* One handler an operation of the control protocol. */
#ifndef NETCOND_SERVICE_HANDLERS_H
#define NETCOND_SERVICE_HANDLERS_H

#include "service/channel.h"
#include "service/session.h"
#include "service/stats.h"
#include "shim/proto/rpc.h"

/* What handlers act on; borrowed. */
struct handlers {
	struct stack *stack;
	struct channels *channels;
	struct sessions *sessions;
	struct stats_source stats;
};

/* What a handler may return besides 0 and -errno, which are answered. */
enum handler_verdict {
	HANDLER_LATER = 1, /* the reply comes when something has ended */
	HANDLER_SILENT,    /* there is no reply */
};

/* One request under way. */
struct call {
	struct handlers *handlers;
	struct session *session;
	const struct rpc_request *req;
	struct rpc_reply *reply;
	struct channel *ch;  /* of the sock that the request names */
	int fd;              /* came with the request, closed after the call;
	                        -1: none, or taken over */
	int reply_fd;        /* goes with the reply, closed after it; -1: none */
};

int handlers_dispatch(struct call *call);

/* handlers_sock.c, handlers_info.c: one each of RPC_OPS. */
#define X(name, has_sock) int handle_##name(struct call *call);
RPC_OPS(X)
#undef X
int handle_tombstone(struct call *call, struct tombstone *tomb);

#endif
