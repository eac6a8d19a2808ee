/* SPDX-License-Identifier: MIT */
/* Where a TCP socket's pair needs a second look: its end, and odd flags.
 *
 * Bytes are the kernel's. An end of file is either the peer's FIN, after which
 * the pair is half open, or comes with a hang-up, after which only the service
 * can say whether the connection ended well.
 */
#include "shim/stream.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/sockerr.h"

#define DISCARD_CHUNK_LEN 4096

/* Has the service closed its end, or been closed? errno is kept. */
bool stream_has_hung_up(int fd)
{
	struct pollfd pfd = { .fd = fd };
	int saved = errno;
	int rc = poll(&pfd, 1, 0);

	errno = saved;
	return rc > 0 && pfd.revents & POLLHUP;
}

/* A read on any descriptor gave 0. Return: 0, or -errno of a connection of ours
 * that did not end well, or of a UDP socket whose service is gone. A reset
 * after the peer's FIN is EPIPE, which no read tells (tcp_recvmsg_locked in
 * net/ipv4/tcp.c looks at SOCK_DONE first).
 */
ssize_t stream_end(int fd)
{
	struct rpc_name name;
	int error;

	if (!identity_is_ours(fd, &name) || !stream_has_hung_up(fd))
		return 0;
	if (name.type != SOCK_STREAM)
		return -ENETDOWN;
	error = sockerr_take(fd, &name);
	return error == EPIPE ? 0 : -error;
}

/* A read on any descriptor gave ECONNRESET, the one error that a pair has.
 * Return: -errno of a connection of ours as the service knows it.
 */
ssize_t stream_reset(int fd)
{
	struct rpc_name name;
	int error = 0;

	if (identity_is_ours(fd, &name) && name.type == SOCK_STREAM)
		error = sockerr_take(fd, &name);
	return error ? -error : -ECONNRESET;
}

/* recv(2) with MSG_TRUNC on TCP: drop up to len bytes instead of copying them
 * (tcp(7)). With MSG_PEEK they stay, and at most one chunk is counted. Return:
 * bytes or -errno.
 */
ssize_t stream_discard(int fd, size_t len, int flags)
{
	char chunk[DISCARD_CHUNK_LEN];
	size_t sum = 0;
	ssize_t got;

	do {
		size_t want = len - sum < sizeof(chunk) ? len - sum
		                                        : sizeof(chunk);

		got = libc()->recv(fd, chunk, want, flags & ~MSG_TRUNC);
		if (got < 0)
			return sum ? (ssize_t)sum : -errno;
		sum += (size_t)got;
		if (!(flags & MSG_WAITALL))
			flags |= MSG_DONTWAIT;
	} while (got > 0 && sum < len && !(flags & MSG_PEEK));
	return (ssize_t)sum;
}

/* flags of a send on a stream: those that AF_UNIX knows otherwise than TCP are
 * taken away where fd is ours. Urgent data goes in line: the stack has no
 * urgent pointer. *is_foreign: it was not ours, the flags are as they were.
 * Return: flags or -EOPNOTSUPP.
 */
int stream_send_flags(int fd, int flags, bool *is_foreign)
{
	struct rpc_name name;

	*is_foreign = !identity_is_ours(fd, &name);
	if (*is_foreign)
		return flags;
	if (flags & MSG_FASTOPEN)
		return -EOPNOTSUPP;
	return flags & ~(MSG_OOB | MSG_ZEROCOPY | MSG_MORE);
}

/* A send on a stream failed with EPIPE, silently. Where the connection was
 * reset its error comes first and without a signal, as in TCP; else SIGPIPE,
 * unless flags forbid it. Return: -1 and errno.
 */
ssize_t stream_broken(int fd, int flags)
{
	struct rpc_name name;
	int err = 0;

	if (identity_is_ours(fd, &name) && stream_has_hung_up(fd))
		err = sockerr_take(fd, &name);
	if (err == 0 && !(flags & MSG_NOSIGNAL))
		libc()->syscall(SYS_tgkill, (long)getpid(), (long)gettid(),
		                (long)SIGPIPE);
	return libc_fail(err ? err : EPIPE);
}
