/* SPDX-License-Identifier: MIT */
/* accept and accept4: one message off the listener's pair.
 *
 * Waiting, SO_RCVTIMEO, EAGAIN, signals and which of several processes gets the
 * connection are the kernel's, since the wait is a recvmsg on the program's own
 * descriptor. Before it a descriptor is known to be free, so that EMFILE leaves
 * the connection waiting, as it does on Linux.
 */
#include <fcntl.h>
#include <poll.h>

#include "shim/addr.h"
#include "shim/client.h"
#include "shim/identity.h"
#include "shim/libc.h"

#define DEAD_PAUSE_MS 100

/* Why the pair is at its end: a listener that was shut down gives EINVAL, one
 * whose service is gone ENETDOWN. Servers call accept again at once on any
 * error, and poll tells them that it is ready: a pause keeps them from spinning
 * on a dead listener. errno is kept.
 */
static int accept_ended(int fd, const struct rpc_name *name)
{
	struct rpc_addr local, peer;
	int saved = errno;

	if (addr_lookup(fd, name, &local, &peer) == 0)
		return -EINVAL;
	poll(NULL, 0, DEAD_PAUSE_MS);
	errno = saved;
	return -ENETDOWN;
}

/* Is there room for one more descriptor? Return: 0, -EMFILE or -ENFILE. */
static int accept_room(int fd)
{
	int spare = raw_fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (spare < 0)
		return -errno;
	raw_close(spare);
	return 0;
}

static int accept_one(int fd, const struct rpc_name *name,
                      struct rpc_accept *msg, int flags)
{
	const struct fdpass_io io = {
		.sendmsg = libc()->sendmsg,
		.recvmsg = libc()->recvmsg,
		.close = raw_close,
	};
	int conn;
	ssize_t got;
	int rc = accept_room(fd);

	if (rc < 0)
		return rc;
	got = fdpass_recv(&io, fd, msg, sizeof(*msg), &conn,
	                  flags & SOCK_CLOEXEC ? MSG_CMSG_CLOEXEC : 0);
	if (got == 0 || got == -ECONNRESET)
		return accept_ended(fd, name);
	if (got < 0)
		return (int)got;
	if (got != sizeof(*msg) || msg->magic != RPC_MAGIC || conn < 0) {
		if (conn >= 0)
			raw_close(conn);
		return -ECONNABORTED;
	}
	if (flags & SOCK_NONBLOCK)
		raw_fcntl(conn, F_SETFL,
		          raw_fcntl(conn, F_GETFL, 0) | O_NONBLOCK);
	return conn;
}

static int sock_accept(int fd, const struct rpc_name *name,
                       struct sockaddr *addr, socklen_t *len, int flags)
{
	struct rpc_accept msg;
	int conn;

	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	if (name->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (identity_mark(fd) != RPC_MARK_LISTENER)
		return -EINVAL;
	if (addr && addr_can_give(addr, len) < 0)
		return addr_can_give(addr, len);
	conn = accept_one(fd, name, &msg, flags);
	if (conn >= 0 && addr)
		addr_give(&msg.peer, name->domain, addr, len);
	return conn;
}

int accept4(int fd, __SOCKADDR_ARG addr, socklen_t *len, int flags)
{
	struct rpc_name name;
	int saved = errno;
	int conn;

	if (!identity_is_ours(fd, &name))
		return libc()->accept4(fd, addr.__sockaddr__, len, flags);
	conn = sock_accept(fd, &name, addr.__sockaddr__, len, flags);
	errno = saved;
	conn = libc_result(conn);
	libc_debug("accept", fd, conn);
	return conn;
}

int accept(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	struct rpc_name name;

	if (!identity_is_ours(fd, &name))
		return libc()->accept(fd, addr.__sockaddr__, len);
	return accept4(fd, addr, len, 0);
}
