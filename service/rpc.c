/* SPDX-License-Identifier: MIT */
/* The control protocol's codec.
 *
 * Theory of operation
 *
 * Bytes of a client go through here before anything acts on them. Two kinds of
 * wrong are told apart. What no version of the shim would send (a wrong size,
 * magic, operation or flag, a reserved field that is not 0, a text without its end)
 * means that the client is broken or hostile: -EPROTO, its channel is dropped.
 * What a program may well ask for (a strange address family) is answered with
 * the errno that Linux gives, and the channel lives.
 */
#include "service/rpc.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static const struct {
	const char *name;
	bool has_sock;
} ops[RPC_COUNT] = {
	[RPC_INVALID] = { "INVALID", false },
#define X(name, has_sock) [RPC_##name] = { #name, has_sock },
	RPC_OPS(X)
#undef X
};

/* For log lines. op may be anything. */
const char *rpc_op_name(unsigned op)
{
	return op < RPC_COUNT ? ops[op].name : "unknown";
}

/* Does op act on a socket and so come with its descriptor? */
bool rpc_op_has_sock(unsigned op)
{
	return op < RPC_COUNT && ops[op].has_sock;
}

static int check_addr(const struct rpc_addr *addr)
{
	if (addr->family == AF_UNSPEC || addr->family == AF_INET ||
	    addr->family == AF_INET6)
		return 0;
	return -EAFNOSUPPORT;
}

static int check_option(const struct rpc_request *req)
{
	if (req->opt.reserved || req->opt.len > RPC_OPTVAL_LEN)
		return -EPROTO;
	return 0;
}

/* A query has either a name or an address. */
static int check_resolve(const struct rpc_request *req)
{
	size_t len = strnlen(req->resolve.name, RPC_HOSTNAME_LEN);
	bool has_addr = req->resolve.addr.family != AF_UNSPEC;

	if (len == RPC_HOSTNAME_LEN || has_addr == (len > 0))
		return -EPROTO;
	if (req->resolve.family != AF_UNSPEC &&
	    req->resolve.family != AF_INET && req->resolve.family != AF_INET6)
		return -EAFNOSUPPORT;
	return check_addr(&req->resolve.addr);
}

static int check_body(const struct rpc_request *req)
{
	switch (req->op) {
	case RPC_BIND:
	case RPC_CONNECT:
		return check_addr(&req->addr);
	case RPC_GETSOCKOPT:
	case RPC_SETSOCKOPT:
		return check_option(req);
	case RPC_SHUTDOWN:
		if (req->shutdown.how < SHUT_RD || req->shutdown.how > SHUT_RDWR)
			return -EINVAL;
		return 0;
	case RPC_RESOLVE:
		return check_resolve(req);
	default:
		return 0;
	}
}

/* Take a message of len bytes at buf apart, into *req, which is filled as far
 * as the bytes go. Return: 0; -EPROTO: drop the client; another -errno: answer
 * with it (-EPROTONOSUPPORT: a version that is not ours).
 */
int rpc_request_check(const void *buf, size_t len, struct rpc_request *req)
{
	memset(req, 0, sizeof(*req));
	if (len != sizeof(*req))
		return -EPROTO;
	memcpy(req, buf, sizeof(*req));
	if (req->magic != RPC_MAGIC)
		return -EPROTO;
	if (req->version != RPC_VERSION)
		return -EPROTONOSUPPORT;
	if (req->op == RPC_INVALID || req->op >= RPC_COUNT)
		return -EPROTO;
	if (req->flags && (!(req->flags & RPC_FLAG_NO_REPLY) ||
	                   req->flags & ~RPC_FLAGS ||
	                   req->op != RPC_SETSOCKOPT))
		return -EPROTO;
	if (!req->sock_id == rpc_op_has_sock(req->op))
		return -EPROTO;
	return check_body(req);
}

/* Start the reply to *req: all zero but the head. */
void rpc_reply_init(struct rpc_reply *reply, const struct rpc_request *req)
{
	memset(reply, 0, sizeof(*reply));
	reply->magic = RPC_MAGIC;
	reply->version = RPC_VERSION;
	reply->op = req->op;
	reply->id = req->id;
}

/* *addr as the kernel's form, with AF_UNSPEC as a bare family. Return: 0 with
 * *out and *len, or -EAFNOSUPPORT.
 */
int rpc_addr_to_sockaddr(const struct rpc_addr *addr,
                         struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = addr->family;
	switch (addr->family) {
	case AF_UNSPEC:
		*len = sizeof(struct sockaddr_in);
		return 0;
	case AF_INET:
		in->sin_port = addr->port;
		memcpy(&in->sin_addr, addr->addr, sizeof(in->sin_addr));
		*len = sizeof(*in);
		return 0;
	case AF_INET6:
		in6->sin6_port = addr->port;
		in6->sin6_scope_id = addr->scope_id;
		memcpy(&in6->sin6_addr, addr->addr, sizeof(in6->sin6_addr));
		*len = sizeof(*in6);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

/* *from as the wire's form; a family that has none becomes AF_UNSPEC. */
void rpc_addr_from_sockaddr(struct rpc_addr *addr,
                            const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

	memset(addr, 0, sizeof(*addr));
	if (from->ss_family == AF_INET) {
		addr->port = in->sin_port;
		memcpy(addr->addr, &in->sin_addr, sizeof(in->sin_addr));
	} else if (from->ss_family == AF_INET6) {
		addr->port = in6->sin6_port;
		addr->scope_id = in6->sin6_scope_id;
		memcpy(addr->addr, &in6->sin6_addr, sizeof(in6->sin6_addr));
	} else {
		return;
	}
	addr->family = from->ss_family;
}

/* The abstract address (unix(7)) that holds *name. Return: its length. */
socklen_t rpc_name_build(const struct rpc_name *name, struct sockaddr_un *un)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path + 1, name, sizeof(*name));
	return offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(*name);
}

/* The reverse, of any address. Return: 0, or -ENOENT: not one of ours. */
int rpc_name_parse(const struct sockaddr_un *un, socklen_t len,
                   struct rpc_name *name)
{
	if (len != offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(*name) ||
	    un->sun_family != AF_UNIX || un->sun_path[0] != '\0')
		return -ENOENT;
	memcpy(name, un->sun_path + 1, sizeof(*name));
	if (memcmp(name->magic, RPC_NAME_MAGIC, sizeof(name->magic)) ||
	    name->end == RPC_END_INVALID || name->end >= RPC_END_COUNT ||
	    check_addr(&name->local) || check_addr(&name->peer))
		return -ENOENT;
	return 0;
}

/* What a message of len bytes from a program starts with. A payload that
 * happens to begin with the instance's number is a program attacking itself:
 * no peer knows the number.
 */
enum rpc_dgram_form rpc_dgram_parse(const void *buf, size_t len,
                                    uint64_t instance, struct rpc_dgram *out)
{
	if (len < sizeof(*out))
		return RPC_DGRAM_FORM_RAW;
	memcpy(out, buf, sizeof(*out));
	if (out->instance != instance || out->magic != RPC_MAGIC)
		return RPC_DGRAM_FORM_RAW;
	if (out->kind != RPC_DGRAM_DATA || out->reserved ||
	    check_addr(&out->peer) || check_addr(&out->local))
		return RPC_DGRAM_FORM_INVALID;
	return RPC_DGRAM_FORM_HEADER;
}
