/* SPDX-License-Identifier: MIT */
/* getsockname and getpeername: never AF_UNIX for a socket of ours.
 *
 * Programs grant rights on the family they are told, so where the kernel does
 * not say whose the descriptor is, or the service does not answer, the call
 * fails; it never falls back to what the kernel's socket would answer.
 */
#include "shim/addr.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/stream.h"

static int name_give(int fd, const struct rpc_name *name, bool is_peer,
                     struct sockaddr *addr, socklen_t *len)
{
	struct rpc_addr local, peer;
	int rc = addr_can_give(addr, len);

	if (rc == 0)
		rc = addr_lookup(fd, name, &local, &peer);
	if (rc < 0)
		return rc;
	if (is_peer && (peer.family == AF_UNSPEC ||
	                (name->type == SOCK_STREAM && stream_has_hung_up(fd))))
		return -ENOTCONN;
	return addr_give(is_peer ? &peer : &local, name->domain, addr, len);
}

int getsockname(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	struct rpc_name name;

	switch (identity_get(fd, &name)) {
	case IDENTITY_OURS:
		return libc_result(name_give(fd, &name, false,
		                             addr.__sockaddr__, len));
	case IDENTITY_HIDDEN:
		return libc_fail(EACCES);
	default:
		return libc()->getsockname(fd, addr.__sockaddr__, len);
	}
}

int getpeername(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	struct rpc_name name;

	if (!identity_is_ours(fd, &name))
		return libc()->getpeername(fd, addr.__sockaddr__, len);
	return libc_result(name_give(fd, &name, true, addr.__sockaddr__, len));
}
