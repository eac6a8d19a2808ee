/* SPDX-License-Identifier: MIT */
/* read, readv, write, writev: the kernel's, at the price of two comparisons.
 *
 * They must work without us too (a program may call the kernel itself), and
 * nearly do: what is mended here is the errno of a connection that was reset
 * when nothing waited in the pair, and the datagrams of UDP sockets, which go
 * the way of recvmsg and sendmsg. A UDP socket that this process has not been
 * seen with is only recognised by the header that read returns; then the header
 * takes its room from the program's buffer.
 */
#include <string.h>

#include "shim/client.h"
#include "shim/dgram.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/stream.h"

static bool is_suspect(const void *buf, ssize_t got)
{
	uint64_t number;

	if (got < (ssize_t)sizeof(struct rpc_dgram))
		return false;
	memcpy(&number, buf, sizeof(number));
	return number && number == client_instance();
}

/* 0 or a datagram of ours, perhaps: what the program is to be told. */
static ssize_t look(int fd, const struct iovec *iov, ssize_t got)
{
	int saved = errno;
	ssize_t rc = got == 0 ? stream_end(fd) : dgram_after_read(fd, iov, got);

	errno = rc < 0 ? (int)-rc : saved;
	return rc < 0 ? -1 : rc;
}

static ssize_t result(ssize_t rc)
{
	return rc < 0 ? libc_fail((int)-rc) : rc;
}

/* Can the kernel have no say about iov but what it says? */
static bool is_iov(const struct iovec *iov, int count)
{
	return iov && count >= 0 && count <= UIO_MAXIOV;
}

ssize_t read(int fd, void *buf, size_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct rpc_name name;
	ssize_t got;

	if (identity_may_be_dgram(fd, &name)) {
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

		return result(dgram_recv(fd, &name, &msg, 0));
	}
	got = libc()->read(fd, buf, len);
	if (got < 0 && errno == ECONNRESET)
		return result(stream_reset(fd));
	if (got == 0 ? len == 0 : !is_suspect(buf, got))
		return got;
	return look(fd, &iov, got);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (len > room)
		return libc()->__read_chk(fd, buf, len, room);
	return read(fd, buf, len);
}

static bool has_room(const struct iovec *iov, int count)
{
	for (int i = 0; i < count; i++)
		if (iov[i].iov_len)
			return true;
	return false;
}

ssize_t readv(int fd, const struct iovec *iov, int count)
{
	struct rpc_name name;
	ssize_t got;

	if (is_iov(iov, count) && identity_may_be_dgram(fd, &name)) {
		struct msghdr msg = { .msg_iov = (struct iovec *)iov,
			              .msg_iovlen = (size_t)count };

		return result(dgram_recv(fd, &name, &msg, 0));
	}
	got = libc()->readv(fd, iov, count);
	if (got < 0 && errno == ECONNRESET)
		return result(stream_reset(fd));
	if (got == 0 && has_room(iov, count))
		return look(fd, iov, got);
	if (got > 0 && iov->iov_len >= sizeof(struct rpc_dgram) &&
	    is_suspect(iov->iov_base, got))
		return look(fd, iov, got);
	return got;
}

ssize_t write(int fd, const void *buf, size_t len)
{
	struct rpc_name name;
	ssize_t sent;

	if (identity_may_be_dgram(fd, &name)) {
		struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

		return result(dgram_send(fd, &name, &msg, 0));
	}
	sent = libc()->write(fd, buf, len);
	return sent < 0 && errno == EPIPE ? stream_broken(fd, MSG_NOSIGNAL)
	                                  : sent;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	struct rpc_name name;
	ssize_t sent;

	if (is_iov(iov, count) && identity_may_be_dgram(fd, &name)) {
		struct msghdr msg = { .msg_iov = (struct iovec *)iov,
			              .msg_iovlen = (size_t)count };

		return result(dgram_send(fd, &name, &msg, 0));
	}
	sent = libc()->writev(fd, iov, count);
	return sent < 0 && errno == EPIPE ? stream_broken(fd, MSG_NOSIGNAL)
	                                  : sent;
}
