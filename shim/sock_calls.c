/* SPDX-License-Identifier: MIT */
/* socket, bind, listen and shutdown. */
#include <fcntl.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/client.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/stream.h"

#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define TYPE_MASK 0xf /* the kernel's SOCK_TYPE_MASK, include/linux/net.h */
#define PROTOCOL_MAX 263 /* IPPROTO_MAX, include/uapi/linux/in.h */

/* What Linux tells a program without CAP_NET_RAW: raw sockets and those of ping
 * would be the host's. 0: the service may decide.
 */
static int sock_refuse(int type, int protocol)
{
	int plain = type & TYPE_MASK;

	if (type & ~(TYPE_MASK | TYPE_FLAGS) || plain > SOCK_PACKET ||
	    protocol < 0 || protocol >= PROTOCOL_MAX)
		return -EINVAL;
	switch (plain) {
	case SOCK_STREAM:
		return 0;
	case SOCK_DGRAM:
		return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6
		               ? -EACCES
		               : 0;
	case SOCK_RAW:
	case SOCK_PACKET:
		return -EPERM;
	default:
		return -ESOCKTNOSUPPORT;
	}
}

static int sock_new(int domain, int type, int protocol)
{
	struct rpc_request req = { .op = RPC_SOCKET };
	struct rpc_reply reply;
	struct rpc_name name;
	int rc = sock_refuse(type, protocol);
	int fd;

	if (rc < 0)
		return rc;
	req.socket.domain = domain;
	req.socket.type = type & TYPE_MASK;
	req.socket.protocol = protocol;
	rc = client_call(&req, -1, &reply, &fd);
	if (rc < 0)
		return rc;
	if (fd < 0)
		return -ENETDOWN;
	if (req.socket.type == SOCK_DGRAM)
		identity_is_ours(fd, &name); /* is noted: read and write ask */
	if (type & SOCK_NONBLOCK)
		raw_fcntl(fd, F_SETFL,
		          raw_fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
	if (!(type & SOCK_CLOEXEC))
		raw_fcntl(fd, F_SETFD, 0);
	return fd;
}

int socket(int domain, int type, int protocol)
{
	int fd;

	if (domain != AF_INET && domain != AF_INET6)
		return libc()->socket(domain, type, protocol);
	fd = libc_result(sock_new(domain, type, protocol));
	libc_debug("socket", domain, fd);
	return fd;
}

static int sock_bind(int fd, const struct rpc_name *name,
                     const struct sockaddr *addr, socklen_t len)
{
	struct rpc_request req = { 0 };
	struct rpc_reply reply;
	const uint8_t any[4] = { 0 };
	int rc = addr_take(&req.addr, addr, len, name);

	if (rc < 0)
		return rc;
	/* An old idiom that Linux serves: no family, but the wildcard. */
	if (req.addr.family == AF_UNSPEC && name->domain == AF_INET &&
	    len >= sizeof(struct sockaddr_in) &&
	    memcmp(req.addr.addr, any, sizeof(any)) == 0)
		req.addr.family = AF_INET;
	if (req.addr.family == AF_UNSPEC)
		return len < sizeof(struct sockaddr_in) ? -EINVAL
		                                        : -EAFNOSUPPORT;
	if (name->domain == AF_INET6 && req.addr.family == AF_INET)
		return len < 24 ? -EINVAL : -EAFNOSUPPORT;
	return client_sock_call(RPC_BIND, fd, name, &req, &reply);
}

int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	struct rpc_name name;
	int rc;

	if (!identity_is_ours(fd, &name))
		return libc()->bind(fd, addr.__sockaddr__, len);
	rc = libc_result(sock_bind(fd, &name, addr.__sockaddr__, len));
	libc_debug("bind", fd, rc);
	return rc;
}

int listen(int fd, int backlog)
{
	struct rpc_request req = { .listen.backlog = backlog };
	struct rpc_reply reply;
	struct rpc_name name;
	int rc;

	if (!identity_is_ours(fd, &name))
		return libc()->listen(fd, backlog);
	rc = name.type == SOCK_STREAM
	             ? client_sock_call(RPC_LISTEN, fd, &name, &req, &reply)
	             : -EOPNOTSUPP;
	rc = libc_result(rc);
	libc_debug("listen", fd, rc);
	return rc;
}

/* An open connection's end is the pair's own: the service sees the end of file
 * behind the last byte. All else is the service's to judge, as long as there is
 * one. What has ended in both directions is not connected any more.
 */
static int sock_shutdown(int fd, const struct rpc_name *name, int how)
{
	struct rpc_request req = { .shutdown.how = how };
	struct rpc_reply reply;
	int rc;

	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (name->type == SOCK_STREAM && stream_has_hung_up(fd))
		return -ENOTCONN;
	if (!addr_is_final(fd, name)) {
		rc = client_sock_call(RPC_SHUTDOWN, fd, name, &req, &reply);
		if (rc != -ENETDOWN)
			return rc;
	}
	return libc()->shutdown(fd, how) < 0 ? -errno : 0;
}

int shutdown(int fd, int how)
{
	struct rpc_name name;

	int saved = errno;
	int rc;

	if (!identity_is_ours(fd, &name))
		return libc()->shutdown(fd, how);
	rc = sock_shutdown(fd, &name, how);
	errno = saved;
	return libc_result(rc);
}
