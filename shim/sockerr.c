/* SPDX-License-Identifier: MIT */
/* SO_ERROR of a socket of ours.
 *
 * The pair has an error of its own where the service closed it with bytes
 * unread: ECONNRESET. The service knows the true one, also for a while after it
 * closed its end. Reading either clears it, so both are read: what is left in
 * the pair would surprise the next read.
 */
#include "shim/sockerr.h"

#include <errno.h>
#include <string.h>

#include "shim/client.h"
#include "shim/libc.h"

/* The service's SO_ERROR. Return: it, or -errno. */
static int ask(int fd, const struct rpc_name *name)
{
	struct rpc_request req = { 0 };
	struct rpc_reply reply;
	int rc, val = 0;

	req.opt.level = SOL_SOCKET;
	req.opt.name = SO_ERROR;
	req.opt.len = sizeof(val);
	rc = client_sock_call(RPC_GETSOCKOPT, fd, name, &req, &reply);
	if (rc < 0)
		return rc;
	memcpy(&val, reply.opt.val, sizeof(val));
	return val;
}

/* The pair's own error is told already. errno is kept. */
void sockerr_forget(int fd)
{
	int native;
	socklen_t len = sizeof(native);
	int saved = errno;

	raw_getsockopt(fd, SOL_SOCKET, SO_ERROR, &native, &len);
	errno = saved;
}

/* The pending error, taken off the socket. A service that is gone took its
 * connections with it: ECONNRESET. Return: a positive errno, or 0. errno is
 * kept.
 */
int sockerr_take(int fd, const struct rpc_name *name)
{
	int val = ask(fd, name);
	int native = 0;
	socklen_t len = sizeof(native);
	int saved = errno;

	raw_getsockopt(fd, SOL_SOCKET, SO_ERROR, &native, &len);
	errno = saved;
	if (val > 0)
		return val;
	if (val < 0 && native == 0)
		return ECONNRESET;
	return native;
}
