/* SPDX-License-Identifier: MIT */
/* Is this descriptor ours, and which socket is it?
 *
 * Theory of operation
 *
 * The kernel is asked each time (0.4 us): what getpeername(2) says about the
 * descriptor travels with it through dup, fork, exec and SCM_RIGHTS, works on
 * 0 to 2 and in sandboxes that deny fstat, and stays when the service died. So
 * nothing is remembered here, and nothing can go stale; only whether this
 * process ever had a UDP socket of ours to do with, so that read and write cost
 * nothing where there is none.
 */
#include "shim/identity.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "shim/libc.h"

static bool has_seen_dgram; /* never goes back; fork inherits it */

#define NAME_OFFSET (offsetof(struct sockaddr_un, sun_path) + 1)

/* Read an abstract name that the service bound. addr, len: as getpeername(2)
 * gives them. end: whose name is expected.
 */
bool identity_parse(const void *addr, socklen_t len, enum rpc_end end,
                    struct rpc_name *name)
{
	const struct sockaddr_un *sun = addr;

	if (len != NAME_OFFSET + sizeof(*name) || sun->sun_family != AF_UNIX ||
	    sun->sun_path[0] != '\0')
		return false;
	memcpy(name, sun->sun_path + 1, sizeof(*name));
	return memcmp(name->magic, RPC_NAME_MAGIC, sizeof(name->magic)) == 0 &&
	       name->end == end &&
	       (name->domain == AF_INET || name->domain == AF_INET6) &&
	       (name->type == SOCK_STREAM || name->type == SOCK_DGRAM);
}

/* Is fd ours? name is filled where it is. errno is kept. */
enum identity identity_get(int fd, struct rpc_name *name)
{
	struct sockaddr_un sun;
	socklen_t len = sizeof(sun);
	int saved = errno;
	int err;

	if (raw_getpeername(fd, &sun, &len) == 0) {
		if (!identity_parse(&sun, len, RPC_END_SERVICE, name))
			return IDENTITY_FOREIGN;
		if (name->type == SOCK_DGRAM)
			has_seen_dgram = true;
		return IDENTITY_OURS;
	}
	err = errno;
	errno = saved;
	switch (err) {
	case EACCES:
	case EPERM:
	case ENOSYS:
		return IDENTITY_HIDDEN;
	default:
		return IDENTITY_FOREIGN;
	}
}

/* As identity_get, for calls that the kernel may serve when in doubt. */
bool identity_is_ours(int fd, struct rpc_name *name)
{
	return identity_get(fd, name) == IDENTITY_OURS;
}

/* Is fd a UDP socket of ours? For read and write: one comparison in a process
 * that has none, and wrong only for one that was handed over and that no other
 * call was made on.
 */
bool identity_may_be_dgram(int fd, struct rpc_name *name)
{
	return __builtin_expect(has_seen_dgram, 0) &&
	       identity_type(fd) == SOCK_SEQPACKET &&
	       identity_is_ours(fd, name);
}

/* The name on the program's own end, which a finished connect left there.
 * Return: whether there is one. errno is kept.
 */
bool identity_own_name(int fd, struct rpc_name *name)
{
	struct sockaddr_un sun;
	socklen_t len = sizeof(sun);
	int saved = errno;
	bool is_named;

	is_named = raw_getsockname(fd, &sun, &len) == 0 &&
	           identity_parse(&sun, len, RPC_END_PROGRAM, name);
	errno = saved;
	return is_named;
}

static int sock_int(int fd, int opt)
{
	int val = 0;
	socklen_t len = sizeof(val);
	int saved = errno;

	if (raw_getsockopt(fd, SOL_SOCKET, opt, &val, &len) < 0)
		val = 0;
	errno = saved;
	return val;
}

/* The kernel's own SO_TYPE, of any descriptor: our TCP is SOCK_STREAM, our UDP
 * SOCK_SEQPACKET. 0: no socket. errno is kept.
 */
int identity_type(int fd)
{
	return sock_int(fd, SO_TYPE);
}

/* The mark that the service left on one of ours: RPC_MARK_*. errno is kept. */
int identity_mark(int fd)
{
	return sock_int(fd, SO_RCVLOWAT);
}
