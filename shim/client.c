/* SPDX-License-Identifier: MIT */
/* One request to the service and its reply.
 *
 * A channel that was kept may have died with the service that was behind it.
 * Then the request goes out once more on a new channel: a service that closed
 * the channel has not carried out the request, or is gone with what it did.
 * errno is the program's: it is kept.
 */
#include "shim/client.h"

#include "shim/channel.h"
#include "shim/libc.h"

#include <netinet/tcp.h>
#include <sys/time.h>

/* Names are answered late: let the wait be longer, or as usual again. */
static void resolve_bound(const struct channel *chan, enum rpc_op op, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000 };

	if (op == RPC_RESOLVE)
		raw_setsockopt(chan->fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
		               sizeof(tv));
}

static bool is_cork(const struct rpc_request *req)
{
	return req->op == RPC_SETSOCKOPT && req->opt.level == IPPROTO_TCP &&
	       req->opt.name == TCP_CORK;
}

static int call_on(struct channel *chan, struct rpc_request *req, int fd,
                   struct rpc_reply *reply, int *out_fd, bool *is_lost)
{
	int rc;

	resolve_bound(chan, req->op, RPC_RESOLVE_TIMEOUT_MS);
	rc = channel_exchange(chan, req, fd, reply, out_fd, is_lost);
	resolve_bound(chan, req->op, RPC_REPLY_TIMEOUT_MS);
	if (!*is_lost && is_cork(req))
		chan->is_corking = true;
	if (*is_lost)
		channel_drop(chan);
	else
		channel_put(chan);
	return rc;
}

/* Wait until the service has taken all that was sent on chan. */
static void catch_up(const struct channel *chan, bool *is_lost)
{
	struct rpc_request req = { .op = RPC_HELLO };
	struct rpc_reply reply;
	int fd;

	channel_exchange(chan, &req, -1, &reply, &fd, is_lost);
	if (fd >= 0)
		raw_close(fd);
}

/* Send a request whose reply nobody needs. The arguments are those of
 * client_sock_call, but that req has its flags. Return: false when it must be
 * asked with a reply after all: the first TCP_CORK on a channel, no channel that
 * works, or so many descriptors under way that the kernel wants them to be taken
 * first (ETOOMANYREFS, unix(7)).
 */
bool client_sock_tell(enum rpc_op op, int fd, const struct rpc_name *name,
                      struct rpc_request *req)
{
	struct channel chan;
	bool is_lost = false, is_told = false;
	int saved = errno;
	int rc = channel_get(&chan);

	if (rc < 0)
		goto out;
	req->op = op;
	req->sock_id = name->sock_id;
	if (!is_cork(req) || chan.is_corking) {
		rc = channel_tell(&chan, req, fd, &is_lost);
		is_told = rc == 0;
	}
	if (rc == -ETOOMANYREFS)
		catch_up(&chan, &is_lost);
	if (is_lost)
		channel_drop(&chan);
	else
		channel_put(&chan);
out:
	errno = saved;
	return is_told;
}

/* Ask the service. req: op and arguments; the header is filled here. fd: the
 * descriptor to send along, or -1. out_fd: where a descriptor in the reply
 * goes, close-on-exec and the caller's (-1: none came); NULL closes it.
 * Return: 0, the service's -errno, or -ENETDOWN when it is gone or silent,
 * -EMFILE or -ENFILE when no channel could be opened.
 */
int client_call(struct rpc_request *req, int fd, struct rpc_reply *reply,
                int *out_fd)
{
	struct channel chan;
	bool is_lost = false;
	int saved = errno;
	int got_fd = -1;
	int rc;

	rc = channel_get(&chan);
	if (rc == 0)
		rc = call_on(&chan, req, fd, reply, &got_fd, &is_lost);
	if (is_lost && chan.is_kept) {
		rc = channel_open(&chan);
		if (rc == 0)
			rc = call_on(&chan, req, fd, reply, &got_fd, &is_lost);
	}
	if (out_fd)
		*out_fd = got_fd;
	else if (got_fd >= 0)
		raw_close(got_fd);
	errno = saved;
	return rc;
}

/* Ask about the socket that name tells of fd. req: the arguments, or NULL.
 * Return: as client_call.
 */
int client_sock_call(enum rpc_op op, int fd, const struct rpc_name *name,
                     struct rpc_request *req, struct rpc_reply *reply)
{
	struct rpc_request plain = { 0 };

	if (!req)
		req = &plain;
	req->op = op;
	req->sock_id = name->sock_id;
	return client_call(req, fd, reply, NULL);
}

void client_start(void)
{
	channel_start();
}

/* The running service's random number, as in names and datagram headers; 0
 * while none is known.
 */
uint64_t client_instance(void)
{
	return channel_instance();
}
