/* SPDX-License-Identifier: MIT */
/* The program's socket addresses and the contract's.
 *
 * A program sees each address in its socket's own domain: on an AF_INET6
 * socket an IPv4 peer is v4-mapped, whichever way the service wrote it. Length
 * and family checks are those of net/ipv4/af_inet.c and net/ipv6/af_inet6.c.
 */
#include "shim/addr.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "shim/client.h"
#include "shim/identity.h"

#define SIN6_LEN_MIN offsetof(struct sockaddr_in6, sin6_scope_id) /* RFC 2133 */

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* Write an IPv4 address as v4-mapped IPv6. */
void addr_map(struct rpc_addr *addr)
{
	if (addr->family != AF_INET)
		return;
	memcpy(addr->addr + 12, addr->addr, 4);
	memcpy(addr->addr, mapped_prefix, 12);
	addr->family = AF_INET6;
}

/* Write a v4-mapped address as IPv4. */
void addr_unmap(struct rpc_addr *addr)
{
	if (addr->family != AF_INET6 || memcmp(addr->addr, mapped_prefix, 12))
		return;
	memcpy(addr->addr, addr->addr + 12, 4);
	memset(addr->addr + 4, 0, 12);
	addr->family = AF_INET;
}

static int take_inet(struct rpc_addr *out, const struct sockaddr *sa,
                     socklen_t len)
{
	struct sockaddr_in sin;

	if (len < sizeof(sin))
		return -EINVAL;
	memcpy(&sin, sa, sizeof(sin));
	out->family = AF_INET;
	out->port = sin.sin_port;
	memcpy(out->addr, &sin.sin_addr, 4);
	return 0;
}

static int take_inet6(struct rpc_addr *out, const struct sockaddr *sa,
                      socklen_t len)
{
	struct sockaddr_in6 sin6 = { 0 };

	if (len < SIN6_LEN_MIN)
		return -EINVAL;
	memcpy(&sin6, sa, len < sizeof(sin6) ? len : sizeof(sin6));
	out->family = AF_INET6;
	out->port = sin6.sin6_port;
	out->scope_id = sin6.sin6_scope_id;
	memcpy(out->addr, &sin6.sin6_addr, 16);
	return 0;
}

/* What the program passed to bind, connect or sendto on the socket of that
 * name. AF_UNSPEC comes out as family 0, with the address's first word in addr.
 * Return: 0, -EFAULT, -EINVAL or -EAFNOSUPPORT.
 */
int addr_take(struct rpc_addr *out, const struct sockaddr *sa, socklen_t len,
              const struct rpc_name *name)
{
	sa_family_t family;

	memset(out, 0, sizeof(*out));
	if (len > sizeof(struct sockaddr_storage))
		return -EINVAL;
	if (!sa)
		return len ? -EFAULT : -EINVAL;
	if (len < sizeof(family))
		return -EINVAL;
	memcpy(&family, sa, sizeof(family));
	switch (family) {
	case AF_UNSPEC:
		if (len >= sizeof(struct sockaddr_in))
			take_inet(out, sa, len);
		out->family = AF_UNSPEC;
		return 0;
	case AF_INET:
		/* Only UDP over IPv6 takes a plain IPv4 address. */
		if (name->domain == AF_INET6 && name->type == SOCK_STREAM)
			return len < SIN6_LEN_MIN ? -EINVAL : -EAFNOSUPPORT;
		return take_inet(out, sa, len);
	case AF_INET6:
		if (name->domain == AF_INET)
			return -EAFNOSUPPORT;
		return take_inet6(out, sa, len);
	default:
		return len < (name->domain == AF_INET
		                      ? sizeof(struct sockaddr_in)
		                      : SIN6_LEN_MIN)
		               ? -EINVAL
		               : -EAFNOSUPPORT;
	}
}

/* addr as a socket of that domain shows it. Return: the length. */
socklen_t addr_to_sockaddr(const struct rpc_addr *addr, int domain,
                           struct sockaddr_storage *out)
{
	struct rpc_addr own = *addr;

	memset(out, 0, sizeof(*out));
	if (domain == AF_INET) {
		struct sockaddr_in *sin = (struct sockaddr_in *)out;

		addr_unmap(&own);
		sin->sin_family = AF_INET;
		sin->sin_port = own.port;
		memcpy(&sin->sin_addr, own.addr, 4);
		return sizeof(*sin);
	}
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;

	addr_map(&own);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = own.port;
	sin6->sin6_scope_id = own.scope_id;
	memcpy(&sin6->sin6_addr, own.addr, 16);
	return sizeof(*sin6);
}

/* May an address be written to sa and *len? Return: 0, -EFAULT or -EINVAL. */
int addr_can_give(const struct sockaddr *sa, const socklen_t *len)
{
	if (!sa || !len)
		return -EFAULT;
	return (int)*len < 0 ? -EINVAL : 0;
}

/* Write addr as the kernel does: cut to *len, *len becomes the whole length.
 * Return: as addr_can_give.
 */
int addr_give(const struct rpc_addr *addr, int domain, struct sockaddr *sa,
              socklen_t *len)
{
	struct sockaddr_storage full;
	socklen_t full_len = addr_to_sockaddr(addr, domain, &full);
	int rc = addr_can_give(sa, len);

	if (rc < 0)
		return rc;
	memcpy(sa, &full, *len < full_len ? *len : full_len);
	*len = full_len;
	return 0;
}

/* Is fd an open connection, whose addresses the descriptor itself tells?
 * While it is being made its pair is not writable, and once both directions
 * have ended it has hung up: then only the service knows. errno is kept.
 */
bool addr_is_final(int fd, const struct rpc_name *name)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct rpc_name own;
	int saved = errno;
	int rc;

	if (name->type != SOCK_STREAM ||
	    (!name->is_accepted && !identity_own_name(fd, &own)))
		return false;
	rc = poll(&pfd, 1, 0);
	errno = saved;
	return rc > 0 && pfd.revents & POLLOUT && !(pfd.revents & POLLHUP);
}

/* The addresses in the descriptor's own names. Return: whether there are any. */
static bool addr_named(int fd, const struct rpc_name *name,
                       struct rpc_addr *local, struct rpc_addr *peer)
{
	struct rpc_name own = *name;

	if (name->type != SOCK_STREAM ||
	    (!name->is_accepted && !identity_own_name(fd, &own)))
		return false;
	*local = own.local;
	*peer = own.peer;
	return local->family != AF_UNSPEC && peer->family != AF_UNSPEC;
}

/* Both addresses of a socket of ours, from what the descriptor itself tells
 * where that is final or nobody else is left to ask, else from the service.
 * peer->family 0: there is none. Return: 0, or -errno as client_call.
 */
int addr_lookup(int fd, const struct rpc_name *name, struct rpc_addr *local,
                struct rpc_addr *peer)
{
	struct rpc_reply reply;
	int rc;

	if (addr_is_final(fd, name) && addr_named(fd, name, local, peer))
		return 0;
	rc = client_sock_call(RPC_NAME, fd, name, NULL, &reply);
	if (rc == -ENETDOWN && addr_named(fd, name, local, peer))
		return 0;
	if (rc < 0)
		return rc;
	*local = reply.name.local;
	*peer = reply.name.peer;
	return 0;
}
