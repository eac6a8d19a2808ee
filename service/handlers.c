/* SPDX-License-Identifier: MIT */
/* From a checked request to its handler.
 *
 * A request on a socket comes with a copy of the program's descriptor. The
 * cookie of that is compared with the one recorded when the pair was made: the
 * number in the request alone gives no right.
 */
#include "service/handlers.h"

#include <errno.h>

#include "service/rpc.h"

static int (*const table[RPC_COUNT])(struct call *call) = {
#define X(name, has_sock) [RPC_##name] = handle_##name,
	RPC_OPS(X)
#undef X
};

/* A request about a socket: find it, alive or remembered, and see that the
 * caller holds it.
 */
static int dispatch_sock(struct call *call)
{
	struct channels *set = call->handlers->channels;
	struct tombstone *tomb;
	uint64_t cookie;
	int err;

	if (call->fd < 0)
		return -EBADF;
	err = channel_cookie(call->fd, &cookie);
	if (err)
		return err;
	call->ch = channel_by_sock_id(set, call->req->sock_id);
	if (call->ch && call->ch->cookie == cookie) {
		call->ch->is_known = true;
		channel_grow(call->ch, call->fd);
		/* What was sent before the request comes before it. */
		if (call->ch->phase == CHANNEL_DGRAM)
			dgram_read(call->ch);
		else if (call->req->op == RPC_SETSOCKOPT &&
		         call->req->flags != RPC_FLAG_NO_REPLY)
			stream_drain(call->ch);
		if (call->ch->phase != CHANNEL_DEAD)
			return table[call->req->op](call);
	}
	tomb = tombstone_find(&set->tombs, call->req->sock_id, cookie);
	return tomb ? handle_tombstone(call, tomb) : -EBADF;
}

/* Act on call->req, which rpc_request_check has passed. Return: 0 or -errno for
 * the reply, -EPROTO: drop the client, or enum handler_verdict.
 */
int handlers_dispatch(struct call *call)
{
	unsigned op = call->req->op;

	if (!call->session->has_hello && op != RPC_HELLO)
		return -EPROTO;
	if (rpc_op_has_sock(op))
		return dispatch_sock(call);
	if (call->fd >= 0 && op != RPC_ATTACH)
		return -EPROTO;
	return table[op](call);
}
