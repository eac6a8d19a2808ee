/* SPDX-License-Identifier: MIT */
/* read and readv: a look at what came, at the price of two comparisons.
 *
 * They must work without us too (a program may call the kernel itself), and
 * nearly do: what is mended here is the errno of a connection that was reset
 * when nothing waited in the pair, and the header before a datagram that was
 * received on a UDP socket without a peer. With read the header takes its room
 * from the program's buffer: a datagram that fits only just is cut.
 */
#include <string.h>

#include "shim/client.h"
#include "shim/dgram.h"
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

ssize_t read(int fd, void *buf, size_t len)
{
	const struct iovec iov = { .iov_base = buf, .iov_len = len };
	ssize_t got = libc()->read(fd, buf, len);

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
	ssize_t got = libc()->readv(fd, iov, count);

	if (got == 0 && has_room(iov, count))
		return look(fd, iov, got);
	if (got > 0 && iov->iov_len >= sizeof(struct rpc_dgram) &&
	    is_suspect(iov->iov_base, got))
		return look(fd, iov, got);
	return got;
}
