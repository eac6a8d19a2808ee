/* SPDX-License-Identifier: MIT */
/* getsockopt and setsockopt.
 *
 * Four kinds: the kernel serves the time-outs on the pair itself; what tells
 * AF_UNIX from TCP is answered here; what must succeed is told to the service
 * without waiting for its answer (opt_quiet.c); all else is the service's, which
 * knows what it can serve and refuses the rest as Linux would.
 */
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "shim/client.h"
#include "shim/dgram.h"
#include "shim/dgram_opt.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/opt_quiet.h"
#include "shim/sockerr.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* include/uapi/asm-generic/socket.h, Linux 6.5 */
#endif

/* Options that work on the pair as they would on the socket. */
static bool is_native(int level, int opt)
{
	if (level != SOL_SOCKET)
		return false;
	switch (opt) {
	case SO_RCVTIMEO: /* both layouts of time_t */
	case SO_SNDTIMEO:
	case SO_COOKIE:
#if SO_RCVTIMEO != 66
	case 66: /* SO_RCVTIMEO_NEW */
	case 67: /* SO_SNDTIMEO_NEW */
#endif
		return true;
	default:
		return false;
	}
}

/* Copy a value out as the kernel does: cut to *len, *len the bytes written. */
static int opt_give(const void *from, size_t from_len, void *val,
                    socklen_t *len)
{
	if (*len > from_len)
		*len = (socklen_t)from_len;
	if (*len && !val)
		return -EFAULT;
	memcpy(val, from, *len);
	return 0;
}

/* Options of SOL_SOCKET that need no service. *is_known: this was one. */
static int get_local(int fd, const struct rpc_name *name, int opt, void *val,
                     socklen_t *len, bool *is_known)
{
	const struct ucred none = { .pid = 0, .uid = -1, .gid = -1 };
	int answer;

	*is_known = true;
	switch (opt) {
	case SO_TYPE:
		answer = name->type;
		break;
	case SO_DOMAIN:
		answer = name->domain;
		break;
	case SO_PROTOCOL:
		answer = name->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
		break;
	case SO_ACCEPTCONN:
		answer = name->type == SOCK_STREAM &&
		         identity_mark(fd) == RPC_MARK_LISTENER;
		break;
	case SO_ERROR:
		answer = name->type == SOCK_DGRAM ? dgram_error_take(fd, name)
		                                  : 0;
		if (!answer)
			answer = sockerr_take(fd, name);
		break;
	case SO_PEERCRED:
		return opt_give(&none, sizeof(none), val, len);
	case SO_PEERGROUPS:
	case SO_PEERPIDFD:
		return -ENODATA;
	case SO_PEERSEC:
		return -ENOPROTOOPT;
	default:
		*is_known = false;
		return 0;
	}
	return opt_give(&answer, sizeof(answer), val, len);
}

static int sock_getsockopt(int fd, const struct rpc_name *name, int level,
                           int opt, void *val, socklen_t *len)
{
	struct rpc_request req = { 0 };
	struct rpc_reply reply;
	bool is_known = false;
	int rc;

	if (!len)
		return -EFAULT;
	if ((int)*len < 0)
		return -EINVAL;
	if (level == SOL_SOCKET)
		rc = get_local(fd, name, opt, val, len, &is_known);
	if (is_known)
		return rc;
	req.opt.level = level;
	req.opt.name = opt;
	req.opt.len = *len < RPC_OPTVAL_LEN ? *len : RPC_OPTVAL_LEN;
	rc = client_sock_call(RPC_GETSOCKOPT, fd, name, &req, &reply);
	if (rc < 0)
		return rc;
	if (reply.opt.len > RPC_OPTVAL_LEN)
		return -ENETDOWN;
	return opt_give(reply.opt.val, reply.opt.len, val, len);
}

int getsockopt(int fd, int level, int opt, void *val, socklen_t *len)
{
	struct rpc_name name;

	if (is_native(level, opt) || !identity_is_ours(fd, &name))
		return libc()->getsockopt(fd, level, opt, val, len);
	return libc_result(sock_getsockopt(fd, &name, level, opt, val, len));
}

/* Do bytes that the program wrote wait in the pair, as far as is known? */
static bool has_unread(int fd)
{
	int saved = errno;
	int bytes = 0;
	bool is_clean = libc()->ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes == 0;

	errno = saved;
	return !is_clean;
}

/* Set an option that opt_is_quiet without waiting. Return: false when it must
 * be waited for; see shim/proto/rpc.h.
 */
static bool set_quietly(int fd, const struct rpc_name *name,
                        struct rpc_request *req)
{
	int num;

	req->flags = RPC_FLAG_NO_REPLY;
	if (has_unread(fd)) {
		memcpy(&num, req->opt.val, sizeof(num));
		if (req->opt.level == IPPROTO_TCP &&
		    req->opt.name == TCP_CORK && num)
			return false;
		req->flags |= RPC_FLAG_BYTES;
	}
	return client_sock_tell(RPC_SETSOCKOPT, fd, name, req);
}

static int sock_setsockopt(int fd, const struct rpc_name *name, int level,
                           int opt, const void *val, socklen_t len)
{
	struct rpc_request req = { 0 };
	struct rpc_reply reply;
	bool is_quiet;
	int num = 0;
	int rc;

	if ((int)len < 0 || len > RPC_OPTVAL_LEN)
		return -EINVAL;
	if (len && !val)
		return -EFAULT;
	req.opt.level = level;
	req.opt.name = opt;
	req.opt.len = len;
	if (len)
		memcpy(req.opt.val, val, len);
	is_quiet = opt_is_quiet(name, level, opt, val, len);
	if (is_quiet && set_quietly(fd, name, &req))
		return 0;
	req.flags = 0;
	rc = client_sock_call(RPC_SETSOCKOPT, fd, name, &req, &reply);
	if (is_quiet && (rc == -EINVAL || rc == -EBADF))
		return 0; /* the connection has ended */
	if (rc == 0 && name->type == SOCK_DGRAM) {
		memcpy(&num, val, len < sizeof(num) ? len : sizeof(num));
		dgram_opts_note(fd, level, opt, num);
	}
	return rc;
}

int setsockopt(int fd, int level, int opt, const void *val, socklen_t len)
{
	struct rpc_name name;
	int rc;

	if (is_native(level, opt) || !identity_is_ours(fd, &name))
		return libc()->setsockopt(fd, level, opt, val, len);
	rc = libc_result(sock_setsockopt(fd, &name, level, opt, val, len));
	libc_debug("setsockopt", fd, rc);
	return rc;
}
