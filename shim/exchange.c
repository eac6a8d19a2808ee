/* SPDX-License-Identifier: MIT */
/* One request and its reply on a control channel.
 *
 * The wait is bounded by the channel's SO_RCVTIMEO. Signals do not end it: the
 * request is under way, and a call such as socket(2) is not interrupted on the
 * kernel's stack either; they do not prolong it for ever: from the first one on
 * a deadline counts. Whatever is not the reply to this request, byte for byte
 * of the right size, makes the channel lost, so that a late reply is never
 * taken for another's.
 */
#include "shim/channel.h"

#include <time.h>
#include <unistd.h>

#include "shim/libc.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A request id that no other exchange of this process uses soon. */
static uint32_t next_id(void)
{
	static uint32_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

static ssize_t receive(int sock, struct rpc_reply *reply, int *fd)
{
	int64_t deadline_ms = 0;
	ssize_t got;

	for (;;) {
		got = fdpass_recv(&raw_io, sock, reply, sizeof(*reply), fd,
		                  MSG_CMSG_CLOEXEC);
		if (got != -EINTR)
			return got;
		if (deadline_ms == 0)
			deadline_ms = now_ms() + RPC_REPLY_TIMEOUT_MS;
		else if (now_ms() > deadline_ms)
			return -ETIMEDOUT;
	}
}

static bool is_reply_to(const struct rpc_request *req,
                        const struct rpc_reply *reply, ssize_t len)
{
	return len == sizeof(*reply) && reply->magic == RPC_MAGIC &&
	       reply->version == RPC_VERSION && reply->op == req->op &&
	       reply->id == req->id && reply->error >= 0 &&
	       reply->error < 4096;
}

/* Fill the header of req and send it with fd, unless -1. Return: as
 * channel_exchange; a full channel is waited for, as long as for a reply.
 */
static int request_send(const struct channel *chan, struct rpc_request *req,
                        int fd, bool *is_lost)
{
	int rc;

	req->magic = RPC_MAGIC;
	req->version = RPC_VERSION;
	req->id = next_id();
	rc = fdpass_send(&raw_io, chan->fd, req, sizeof(*req), fd, 0);
	/* These are of the program's own descriptor, not of the channel. */
	*is_lost = rc < 0 && rc != -EBADF && rc != -ETOOMANYREFS;
	return *is_lost ? -ENETDOWN : rc;
}

/* Send req, which has RPC_FLAG_NO_REPLY set, with fd. */
int channel_tell(const struct channel *chan, struct rpc_request *req, int fd,
                 bool *is_lost)
{
	return request_send(chan, req, fd, is_lost);
}

/* Send req, with fd unless -1, and wait for the reply. The header of req is
 * filled here. *out_fd: a descriptor that came with the reply, close-on-exec
 * and the caller's, or -1. Return: 0, the service's -errno, or with *is_lost
 * -ENETDOWN. errno is not kept here.
 */
int channel_exchange(const struct channel *chan, struct rpc_request *req,
                     int fd, struct rpc_reply *reply, int *out_fd,
                     bool *is_lost)
{
	ssize_t got;
	int rc;

	*out_fd = -1;
	rc = request_send(chan, req, fd, is_lost);
	if (rc < 0 || req->op == RPC_ATTACH)
		return rc;
	got = receive(chan->fd, reply, out_fd);
	if (got == -EMFILE && req->op == RPC_SOCKET)
		return -EMFILE; /* no room for the descriptor; it is closed */
	if (!is_reply_to(req, reply, got))
		goto lost;
	return -reply->error;
lost:
	if (*out_fd >= 0)
		raw_close(*out_fd);
	*out_fd = -1;
	*is_lost = true;
	return -ENETDOWN;
}
