/* SPDX-License-Identifier: MIT */
/* recv, recvfrom, recvmsg, recvmmsg.
 *
 * As with sending, the kernel's SO_TYPE decides first. A stream of ours is the
 * kernel's, except that the other end's AF_UNIX name is no address, that a few
 * flags mean something else there, and that a 0 is looked at (stream_end).
 */
#include <string.h>
#include <time.h>

#include "shim/dgram.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/stream.h"

#define ODD_FLAGS (MSG_TRUNC | MSG_ERRQUEUE | MSG_OOB)

static ssize_t result(ssize_t rc)
{
	if (rc >= 0)
		return rc;
	errno = (int)-rc;
	return -1;
}

/* A stream whose descriptor is ours, with flags that the pair takes otherwise.
 * Return: as recvmsg(2), or -errno.
 */
static ssize_t stream_recv_odd(int fd, const struct iovec *iov, size_t count,
                               int flags)
{
	size_t len = 0;

	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	if (flags & MSG_OOB)
		return -EINVAL; /* no urgent data: tcp_recv_urg() */
	for (size_t i = 0; i < count; i++)
		len += iov[i].iov_len;
	return stream_discard(fd, len, flags);
}

static bool is_empty(const struct msghdr *msg)
{
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		if (msg->msg_iov[i].iov_len)
			return false;
	return true;
}

static ssize_t stream_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct rpc_name name;
	void *addr = msg->msg_name;
	ssize_t got;

	if ((addr || flags & ODD_FLAGS) && identity_is_ours(fd, &name)) {
		if (flags & ODD_FLAGS) {
			got = result(stream_recv_odd(fd, msg->msg_iov,
			                             msg->msg_iovlen, flags));
			if (got >= 0)
				msg->msg_controllen = 0;
			if (got >= 0)
				msg->msg_flags = 0;
		} else {
			msg->msg_name = NULL;
			got = libc()->recvmsg(fd, msg, flags);
			msg->msg_name = addr;
		}
		if (got >= 0)
			msg->msg_namelen = 0;
	} else {
		got = libc()->recvmsg(fd, msg, flags);
	}
	if (got < 0 && errno == ECONNRESET)
		return result(stream_reset(fd));
	if (got != 0 || is_empty(msg))
		return got;
	return result(stream_end(fd));
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct rpc_name name;
	int type;

	if (!msg)
		return libc()->recvmsg(fd, msg, flags);
	type = identity_type(fd);
	if (type == SOCK_STREAM)
		return stream_recvmsg(fd, msg, flags);
	if (type != SOCK_SEQPACKET || !identity_is_ours(fd, &name))
		return libc()->recvmsg(fd, msg, flags);
	return result(dgram_recv(fd, &name, msg, flags));
}

/* recvfrom on a stream: the fast path has no address and no odd flag. */
static ssize_t stream_recvfrom(int fd, void *buf, size_t len, int flags,
                               struct sockaddr *addr, socklen_t *addr_len)
{
	const struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct rpc_name name;
	ssize_t got;

	if ((addr || flags & ODD_FLAGS) && identity_is_ours(fd, &name)) {
		if (flags & ODD_FLAGS)
			got = result(stream_recv_odd(fd, &iov, 1, flags));
		else
			got = libc()->recvfrom(fd, buf, len, flags, NULL, NULL);
		if (got >= 0 && addr && addr_len)
			*addr_len = 0;
	} else {
		got = libc()->recvfrom(fd, buf, len, flags, addr, addr_len);
	}
	if (got < 0 && errno == ECONNRESET)
		return result(stream_reset(fd));
	if (got != 0 || len == 0)
		return got;
	return result(stream_end(fd));
}

ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
                 __SOCKADDR_ARG addr, socklen_t *addr_len)
{
	struct sockaddr *sa = addr.__sockaddr__;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct rpc_name name;
	int type = identity_type(fd);
	ssize_t got;

	if (type == SOCK_STREAM)
		return stream_recvfrom(fd, buf, len, flags, sa, addr_len);
	if (type != SOCK_SEQPACKET || !identity_is_ours(fd, &name))
		return libc()->recvfrom(fd, buf, len, flags, sa, addr_len);
	if (sa && !addr_len)
		return libc_fail(EFAULT);
	if (sa && (int)*addr_len < 0)
		return libc_fail(EINVAL);
	msg.msg_name = sa;
	msg.msg_namelen = sa ? *addr_len : 0;
	got = result(dgram_recv(fd, &name, &msg, flags));
	if (got >= 0 && sa)
		*addr_len = msg.msg_namelen;
	return got;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return recvfrom(fd, buf, len, flags,
	                (__SOCKADDR_ARG){ .__sockaddr__ = NULL }, NULL);
}

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	if (len > room)
		return libc()->__recv_chk(fd, buf, len, room, flags);
	return recv(fd, buf, len, flags);
}

ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                       __SOCKADDR_ARG addr, socklen_t *addr_len)
{
	if (len > room)
		return libc()->__recvfrom_chk(fd, buf, len, room, flags,
		                              addr.__sockaddr__, addr_len);
	return recvfrom(fd, buf, len, flags, addr, addr_len);
}

static bool has_passed(const struct timespec *deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > deadline->tv_sec ||
	       (now.tv_sec == deadline->tv_sec &&
	        now.tv_nsec >= deadline->tv_nsec);
}

static int recv_many(int fd, struct mmsghdr *msgs, unsigned count, int flags,
                     const struct timespec *deadline)
{
	unsigned done;

	for (done = 0; done < count; done++) {
		ssize_t got = recvmsg(fd, &msgs[done].msg_hdr,
		                      flags & ~MSG_WAITFORONE);

		if (got < 0)
			return done ? (int)done : -1;
		msgs[done].msg_len = (unsigned)got;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline && has_passed(deadline))
			return (int)done + 1;
	}
	return (int)done;
}

/* The time-out is looked at after each message, as the kernel does
 * (recvmmsg(2), BUGS).
 */
int recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags,
             struct timespec *timeout)
{
	struct timespec deadline;
	struct rpc_name name;

	if (!identity_is_ours(fd, &name))
		return libc()->recvmmsg(fd, msgs, count, flags, timeout);
	if (!timeout)
		return recv_many(fd, msgs, count, flags, NULL);
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
	    timeout->tv_nsec > 999999999)
		return libc_fail(EINVAL);
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += timeout->tv_sec;
	deadline.tv_nsec += timeout->tv_nsec;
	if (deadline.tv_nsec > 999999999) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	return recv_many(fd, msgs, count, flags, &deadline);
}
