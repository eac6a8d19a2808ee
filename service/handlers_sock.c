/* SPDX-License-Identifier: MIT */
/* Handlers of requests that make a socket or act on one.
 *
 * Errors are those of the system call that the program made; the stack gives
 * most of them. call->ch is set and the caller's right to it is proven, except
 * for SOCKET.
 */
#include "service/handlers.h"

#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "service/rpc.h"

int handle_SOCKET(struct call *call)
{
	const struct rpc_request *req = call->req;
	struct channel *ch;
	int err = channel_open(call->handlers->channels, req->socket.domain,
	                       req->socket.type, req->socket.protocol,
	                       &call->session->owner, &ch, &call->reply_fd);

	if (!err)
		call->reply->socket.sock_id = ch->sock_id;
	return err;
}

/* Of what a connect in progress will lead to only the local name is told. */
int handle_NAME(struct call *call)
{
	channel_get_names(call->ch, &call->reply->name.local,
	                  &call->reply->name.peer);
	if (call->req->op == RPC_NAME && call->ch->phase == CHANNEL_CONNECTING)
		call->reply->name.peer = (struct rpc_addr){ 0 };
	return 0;
}

int handle_BIND(struct call *call)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int err = rpc_addr_to_sockaddr(&call->req->addr, &addr, &len);

	if (err)
		return err;
	err = sock_bind(call->ch->sock, (struct sockaddr *)&addr, len);
	if (err == -EADDRINUSE) {
		channels_look_at_port(call->handlers->channels,
		                      call->req->addr.port);
		err = sock_bind(call->ch->sock, (struct sockaddr *)&addr, len);
	}
	return err ? err : handle_NAME(call);
}

int handle_CONNECT(struct call *call)
{
	struct channel *ch = call->ch;
	struct sockaddr_storage addr;
	socklen_t len;
	int err = rpc_addr_to_sockaddr(&call->req->addr, &addr, &len);

	if (err)
		return err;
	if (ch->phase == CHANNEL_DGRAM)
		err = dgram_connect(ch, call->fd, (struct sockaddr *)&addr,
		                    len);
	else
		err = stream_connect(ch, call->fd, (struct sockaddr *)&addr,
		                     len);
	if (!err || err == -EINPROGRESS)
		handle_NAME(call);
	return err;
}

int handle_LISTEN(struct call *call)
{
	struct channel *ch = call->ch;
	int err;

	if (ch->phase == CHANNEL_DGRAM)
		return -EOPNOTSUPP;
	if (ch->phase != CHANNEL_IDLE && ch->phase != CHANNEL_LISTENING)
		return -EINVAL;
	err = listener_start(ch, call->fd, call->req->listen.backlog);
	return err ? err : handle_NAME(call);
}

static int reply_option_int(struct call *call, int32_t val)
{
	uint32_t len = call->req->opt.len;

	if (len > sizeof(val))
		len = sizeof(val);
	memcpy(call->reply->opt.val, &val, len);
	call->reply->opt.len = len;
	return 0;
}

/* Reading SO_ERROR clears it; a program that asks after a connect knows. */
static int get_error(struct call *call)
{
	struct channel *ch = call->ch;
	int error = ch->error ? ch->error : sock_error(ch->sock, true);

	ch->error = 0;
	if (ch->phase == CHANNEL_OPEN)
		ch->is_told = true;
	return reply_option_int(call, error);
}

/* SO_RCVLOWAT on the program's end is our mark, so the program's own value is
 * kept here.
 */
int handle_GETSOCKOPT(struct call *call)
{
	const struct rpc_request *req = call->req;
	socklen_t len = req->opt.len;
	int err;

	if (req->opt.level == SOL_SOCKET && req->opt.name == SO_ERROR)
		return get_error(call);
	if (req->opt.level == SOL_SOCKET && req->opt.name == SO_RCVLOWAT)
		return reply_option_int(call, call->ch->program_rcvlowat);
	err = sock_getopt(call->ch->sock, req->opt.level, req->opt.name,
	                  call->reply->opt.val, &len);
	if (!err)
		call->reply->opt.len = len;
	return err;
}

/* Negative means the largest, 0 means 1, as in Linux's sk_setsockopt. */
static int set_rcvlowat(struct call *call)
{
	int32_t val;

	if (call->req->opt.len < sizeof(val))
		return -EINVAL;
	memcpy(&val, call->req->opt.val, sizeof(val));
	call->ch->program_rcvlowat = val < 0 ? INT_MAX : val ? val : 1;
	return 0;
}

/* Clearing TCP_CORK sends what was held back, at the end of the turn. Where it
 * is set again in the same turn, that must be made up for before.
 */
static void on_cork(struct call *call)
{
	struct channels *set = call->handlers->channels;
	int32_t val;

	if (call->req->opt.len < sizeof(val))
		return;
	memcpy(&val, call->req->opt.val, sizeof(val));
	if (!val)
		call->ch->uncorked_us = set->now_us;
	else if (call->ch->uncorked_us == set->now_us)
		stack_poll_tx(set->stack, set->now_us);
}

int handle_SETSOCKOPT(struct call *call)
{
	const struct rpc_request *req = call->req;
	int err;

	if (req->opt.level == IPPROTO_TCP && req->opt.name == TCP_CORK)
		on_cork(call);

	if (req->opt.level == SOL_SOCKET && req->opt.name == SO_RCVLOWAT)
		return set_rcvlowat(call);
	err = sock_setopt(call->ch->sock, req->opt.level, req->opt.name,
	                  req->opt.val, req->opt.len);
	if (!err && call->ch->phase == CHANNEL_DGRAM)
		dgram_options_changed(call->ch);
	return err;
}

/* As Linux's inet_shutdown. A listener stops to listen: its end of the pair is
 * closed, so that accept wakes up; the sock is gone, and a later listen on the
 * same descriptor, which Linux allows, fails. A connection's pair is shut down
 * through the program's descriptor, as the program could have done itself.
 */
int handle_SHUTDOWN(struct call *call)
{
	int how = call->req->shutdown.how;

	switch (call->ch->phase) {
	case CHANNEL_LISTENING:
		if (how != SHUT_WR)
			channel_finish(call->ch, 0, true);
		return 0;
	case CHANNEL_CONNECTING:
		channel_finish(call->ch, ECONNRESET, true);
		return 0;
	case CHANNEL_OPEN:
		return shutdown(call->fd, how) ? -errno : 0;
	case CHANNEL_DGRAM:
		if (sock_state(call->ch->sock) != SOCK_STATE_CONNECTED)
			return -ENOTCONN;
		return shutdown(call->fd, how) ? -errno : 0;
	default:
		return -ENOTCONN;
	}
}

/* What SIOCOUTQ counts: bytes that the peer has not acknowledged, those in the
 * pair included.
 */
int handle_OUTQ(struct call *call)
{
	struct channel *ch = call->ch;
	int waiting = 0;

	if (ch->phase == CHANNEL_LISTENING)
		return -EINVAL;
	ioctl(ch->fd, FIONREAD, &waiting);
	call->reply->outq.bytes = waiting - (int)ch->fill_len + ch->held_len;
	if (ch->phase == CHANNEL_OPEN)
		call->reply->outq.bytes += sock_tx_unacked(ch->sock);
	return 0;
}

/* A request on a socket whose service end is closed: a failed connect, a reset,
 * or both directions shut down. As far as it can, it is answered as Linux
 * answers for a socket in TCP_CLOSE.
 */
int handle_tombstone(struct call *call, struct tombstone *tomb)
{
	const struct rpc_request *req = call->req;
	int error = tomb->error;

	switch (req->op) {
	case RPC_NAME:
		call->reply->name.local = tomb->local;
		call->reply->name.peer = tomb->peer;
		return 0;
	case RPC_OUTQ:
		return 0;
	case RPC_GETSOCKOPT:
		if (req->opt.level != SOL_SOCKET || req->opt.name != SO_ERROR)
			return -EINVAL;
		tomb->error = 0;
		return reply_option_int(call, error);
	case RPC_CONNECT:
		tomb->error = 0;
		return error ? -error : -ECONNABORTED;
	case RPC_SHUTDOWN:
		return -ENOTCONN;
	default:
		return -EINVAL;
	}
}
