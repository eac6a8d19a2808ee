/* SPDX-License-Identifier: MIT */
/* Datagrams over a UDP socket's pair.
 *
 * Theory of operation
 *
 * A message on the pair is raw payload of or for the connected peer, or a
 * struct rpc_dgram with payload behind it. Which of the two waits is not known
 * before it is received, so it is received into {a header, the program's own
 * buffers}: after a header the payload already lies where it belongs, and raw
 * payload is moved up by the header's size. One system call either way. The
 * kernel cuts, peeks, waits and times out; only the numbers are put right.
 *
 * A read(2) or write(2) that does not come by here sends raw payload, and what
 * it returned is looked at afterwards (dgram_after_read).
 */
#include "shim/dgram.h"

#include <alloca.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/dgram_opt.h"
#include "shim/identity.h"
#include "shim/iov.h"
#include "shim/libc.h"

_Static_assert(sizeof(struct rpc_dgram) == IOV_SHIFT_MAX, "what iov.c moves");

/* Does a message start with a header of the service with that number? */
bool dgram_is_header(const void *buf, size_t len, uint64_t instance)
{
	struct rpc_dgram head;

	if (len < sizeof(head))
		return false;
	memcpy(&head, buf, sizeof(head));
	return head.instance == instance && head.magic == RPC_MAGIC &&
	       head.kind > RPC_DGRAM_INVALID && head.kind < RPC_DGRAM_COUNT;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Receive into head and then msg's buffers. Return: as recvmsg(2) with
 * MSG_TRUNC, or -errno.
 */
static ssize_t recv_after(int fd, struct rpc_dgram *head,
                          const struct msghdr *msg, int flags)
{
	/* At most UIO_MAXIOV, as the caller saw to. */
	struct iovec *iov = alloca((msg->msg_iovlen + 1) * sizeof(*iov));
	struct msghdr inner = { .msg_iov = iov };
	ssize_t got;

	iov[0].iov_base = head;
	iov[0].iov_len = sizeof(*head);
	if (msg->msg_iovlen)
		memcpy(iov + 1, msg->msg_iov,
		       msg->msg_iovlen * sizeof(iov[0]));
	inner.msg_iovlen = msg->msg_iovlen + 1;
	got = libc()->recvmsg(fd, &inner,
	                      (flags & (MSG_DONTWAIT | MSG_PEEK)) | MSG_TRUNC);
	return got < 0 ? -errno : got;
}

/* An empty message is a datagram without payload, unless the program shut the
 * socket for reading, where Linux ends only a wait, or the service is gone; then
 * the pause keeps a program that tries again from spinning.
 */
static int recv_empty(int fd, int flags)
{
	struct pollfd pfd = { .fd = fd, .events = POLLRDHUP };

	poll(&pfd, 1, 0);
	if (pfd.revents & POLLHUP) {
		poll(NULL, 0, DGRAM_PAUSE_MS);
		return -ENETDOWN;
	}
	if (pfd.revents & POLLRDHUP &&
	    (flags & MSG_DONTWAIT || raw_fcntl(fd, F_GETFL, 0) & O_NONBLOCK))
		return -EAGAIN;
	return 0;
}

static void give_name(struct msghdr *msg, const struct rpc_name *name,
                      const struct rpc_dgram *head)
{
	socklen_t len = msg->msg_namelen;

	msg->msg_namelen = 0;
	if (!msg->msg_name || head->peer.family == AF_UNSPEC)
		return;
	if (addr_give(&head->peer, name->domain, msg->msg_name, &len) == 0)
		msg->msg_namelen = len;
}

/* recvmsg(2) on one of ours. msg is filled as the kernel fills it for UDP.
 * Return: bytes or -errno.
 */
ssize_t dgram_recv(int fd, const struct rpc_name *name, struct msghdr *msg,
                   int flags)
{
	struct rpc_dgram head = { 0 };
	unsigned opts = 0;
	ssize_t room, got;

	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	if (msg->msg_iovlen >= UIO_MAXIOV)
		return -EMSGSIZE;
	room = iov_len(msg->msg_iov, msg->msg_iovlen);
	if (room < 0)
		return room;
	got = recv_after(fd, &head, msg, flags);
	if (got == 0)
		got = recv_empty(fd, flags);
	if (got < 0)
		return got;
	if (msg->msg_control && msg->msg_controllen)
		opts = dgram_opts_get(fd);
	if (dgram_is_header(&head, (size_t)got, name->instance)) {
		if (head.kind == RPC_DGRAM_ERROR)
			return -head.error;
		got -= (ssize_t)sizeof(head);
	} else {
		iov_insert(msg->msg_iov, msg->msg_iovlen, &head,
		           smaller((size_t)got, (size_t)room));
		memset(&head, 0, sizeof(head));
		if (msg->msg_name || opts)
			addr_lookup(fd, name, &head.local, &head.peer);
	}
	give_name(msg, name, &head);
	msg->msg_flags = (flags & MSG_CMSG_CLOEXEC) |
	                 (got > room ? MSG_TRUNC : 0);
	dgram_give_control(name->domain, msg, &head, opts);
	return flags & MSG_TRUNC ? got
	                         : (ssize_t)smaller((size_t)got, (size_t)room);
}

/* The destination: the program's, or where the header must name the connected
 * peer. head->peer.family stays 0 for raw payload. Return: 0 or -errno.
 */
static int send_where(int fd, const struct rpc_name *name,
                      const struct msghdr *msg, size_t len,
                      struct rpc_dgram *head)
{
	struct rpc_addr local;
	int rc;

	if (msg->msg_name && msg->msg_namelen) {
		rc = addr_take(&head->peer, msg->msg_name, msg->msg_namelen,
		               name);
		/* udpv6_sendmsg (net/ipv6/udp.c) says it otherwise. */
		if (rc == -EAFNOSUPPORT && name->domain == AF_INET6)
			return -EINVAL;
		if (rc < 0)
			return rc;
		if (head->peer.family == AF_UNSPEC && name->domain == AF_INET)
			head->peer.family = AF_INET;
		if (head->peer.family != AF_UNSPEC)
			return head->peer.port == 0 ? -EINVAL : 0;
	}
	if (identity_mark(fd) != RPC_MARK_UDP_CONNECTED)
		return -EDESTADDRREQ;
	/* An empty raw message would look like the end of the socket. */
	if (len == 0 || head->local.family != AF_UNSPEC)
		return addr_lookup(fd, name, &local, &head->peer);
	return 0;
}

/* Send msg's payload, behind head where that names a peer. */
static ssize_t send_after(int fd, struct rpc_dgram *head,
                          const struct msghdr *msg, int flags)
{
	/* At most UIO_MAXIOV, as the caller saw to. */
	struct iovec *iov = alloca((msg->msg_iovlen + 1) * sizeof(*iov));
	struct msghdr inner = { .msg_iov = iov };

	if (head->peer.family != AF_UNSPEC) {
		iov[0].iov_base = head;
		iov[0].iov_len = sizeof(*head);
		inner.msg_iovlen = 1;
	}
	if (msg->msg_iovlen)
		memcpy(iov + inner.msg_iovlen, msg->msg_iov,
		       msg->msg_iovlen * sizeof(iov[0]));
	inner.msg_iovlen += msg->msg_iovlen;
	return libc()->sendmsg(fd, &inner,
	                       (flags & MSG_DONTWAIT) | MSG_NOSIGNAL);
}

/* Who ended the pair, the program by a shutdown or the service? */
static int send_broken(int fd, const struct rpc_name *name)
{
	struct rpc_addr local, peer;

	return addr_lookup(fd, name, &local, &peer) == -ENETDOWN ? -ENETDOWN
	                                                         : -EPIPE;
}

/* sendmsg(2) on one of ours. Return: bytes of payload, or -errno; never a
 * SIGPIPE, as with UDP.
 */
ssize_t dgram_send(int fd, const struct rpc_name *name,
                   const struct msghdr *msg, int flags)
{
	struct rpc_dgram head = {
		.instance = name->instance,
		.magic = RPC_MAGIC,
		.kind = RPC_DGRAM_DATA,
	};
	ssize_t len;
	int rc;

	if (flags & MSG_MORE || (flags & MSG_OOB && name->domain == AF_INET))
		return -EOPNOTSUPP;
	if (msg->msg_iovlen >= UIO_MAXIOV)
		return -EMSGSIZE;
	len = iov_len(msg->msg_iov, msg->msg_iovlen);
	if (len < 0)
		return len;
	if (len > DGRAM_PAYLOAD_MAX)
		return -EMSGSIZE;
	rc = dgram_take_control(msg, &head.local);
	if (rc == 0)
		rc = send_where(fd, name, msg, (size_t)len, &head);
	if (rc < 0)
		return rc;
	if (send_after(fd, &head, msg, flags) < 0)
		return errno == EPIPE ? send_broken(fd, name) : -errno;
	return len;
}

/* What read(2) or readv(2) returned starts with the service's number: take the
 * header out. Return: the bytes left, or -errno for an error that it carries;
 * got where it is no datagram of ours.
 */
ssize_t dgram_after_read(int fd, const struct iovec *iov, ssize_t got)
{
	struct rpc_dgram head;
	struct rpc_name name;

	if (!identity_is_ours(fd, &name) || name.type != SOCK_DGRAM ||
	    !dgram_is_header(iov->iov_base, iov->iov_len, name.instance))
		return got;
	iov_remove(iov, &head, (size_t)got);
	return head.kind == RPC_DGRAM_ERROR ? -head.error
	                                    : got - (ssize_t)sizeof(head);
}

/* SO_ERROR: the error that waits before the next datagram, taken off. Return: a
 * positive errno, or 0. errno is kept.
 */
int dgram_error_take(int fd, const struct rpc_name *name)
{
	struct rpc_dgram head = { 0 };
	int saved = errno;
	ssize_t got = libc()->recv(fd, &head, sizeof(head),
	                           MSG_PEEK | MSG_DONTWAIT);
	int error = 0;

	if (got == sizeof(head) &&
	    dgram_is_header(&head, sizeof(head), name->instance) &&
	    head.kind == RPC_DGRAM_ERROR) {
		error = head.error;
		libc()->recv(fd, &head, sizeof(head), MSG_DONTWAIT);
	}
	errno = saved;
	return error;
}

/* FIONREAD: the payload of the next datagram, 0 where none waits. Return: 0 or
 * -errno.
 */
int dgram_next_len(int fd, const struct rpc_name *name, int *len)
{
	struct rpc_dgram head = { 0 };
	struct iovec iov = { .iov_base = &head, .iov_len = sizeof(head) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int saved = errno;
	ssize_t got;

	got = raw_recvmsg(fd, &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	if (got < 0)
		got = 0;
	if (dgram_is_header(&head, (size_t)got, name->instance))
		got -= (ssize_t)sizeof(head);
	*len = (int)got;
	errno = saved;
	return 0;
}
