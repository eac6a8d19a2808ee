/* SPDX-License-Identifier: MIT */
/* send, sendto, sendmsg, sendmmsg.
 *
 * The kernel's own SO_TYPE tells in 0.2 us whether a descriptor may be UDP of
 * ours (SOCK_SEQPACKET) or TCP (SOCK_STREAM). A plain send on a stream goes
 * straight on; an address or control message on one of ours is dropped, as TCP
 * ignores them: to the pair they would mean something.
 */
#include <string.h>

#include "shim/dgram.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/stream.h"

#define ODD_FLAGS (MSG_OOB | MSG_FASTOPEN | MSG_ZEROCOPY)

/* -errno becomes -1 and errno. */
static ssize_t result(ssize_t rc)
{
	if (rc >= 0)
		return rc;
	errno = (int)-rc;
	return -1;
}

/* Send on a stream, ours or not. */
static ssize_t stream_send(int fd, const struct msghdr *msg, int flags)
{
	ssize_t sent = libc()->sendmsg(fd, msg, flags | MSG_NOSIGNAL);

	return sent < 0 && errno == EPIPE ? stream_broken(fd, flags) : sent;
}

static ssize_t stream_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr plain = {
		.msg_iov = msg->msg_iov,
		.msg_iovlen = msg->msg_iovlen,
	};
	bool is_foreign;

	if (!(flags & ODD_FLAGS) && !msg->msg_name && !msg->msg_control)
		return stream_send(fd, msg, flags);
	flags = stream_send_flags(fd, flags, &is_foreign);
	if (flags < 0)
		return libc_fail(-flags);
	return stream_send(fd, is_foreign ? msg : &plain, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct rpc_name name;
	int type;

	if (!msg)
		return libc()->sendmsg(fd, msg, flags);
	type = identity_type(fd);
	if (type == SOCK_STREAM)
		return stream_sendmsg(fd, msg, flags);
	if (type != SOCK_SEQPACKET || !identity_is_ours(fd, &name))
		return libc()->sendmsg(fd, msg, flags);
	return result(dgram_send(fd, &name, msg, flags));
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
               __CONST_SOCKADDR_ARG addr, socklen_t addr_len)
{
	const struct sockaddr *sa = addr.__sockaddr__;
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = {
		.msg_name = (void *)sa,
		.msg_namelen = sa ? addr_len : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct rpc_name name;
	int type = identity_type(fd);

	if (type == SOCK_STREAM && (sa || flags & ODD_FLAGS))
		return stream_sendmsg(fd, &msg, flags);
	if (type == SOCK_STREAM) {
		ssize_t sent = libc()->send(fd, buf, len, flags | MSG_NOSIGNAL);

		return sent < 0 && errno == EPIPE ? stream_broken(fd, flags)
		                                  : sent;
	}
	if (type != SOCK_SEQPACKET || !identity_is_ours(fd, &name))
		return libc()->sendto(fd, buf, len, flags, sa, addr_len);
	return result(dgram_send(fd, &name, &msg, flags));
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags,
	              (__CONST_SOCKADDR_ARG){ .__sockaddr__ = NULL }, 0);
}

int sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	struct rpc_name name;
	unsigned done;

	if (!identity_is_ours(fd, &name))
		return libc()->sendmmsg(fd, msgs, count, flags);
	if (count > UIO_MAXIOV)
		count = UIO_MAXIOV;
	for (done = 0; done < count; done++) {
		ssize_t sent = name.type == SOCK_DGRAM
		                       ? result(dgram_send(fd, &name,
		                                           &msgs[done].msg_hdr,
		                                           flags))
		                       : stream_sendmsg(fd, &msgs[done].msg_hdr,
		                                        flags);

		if (sent < 0)
			return done ? (int)done : -1;
		msgs[done].msg_len = (unsigned)sent;
	}
	return (int)done;
}
