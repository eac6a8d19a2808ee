/* SPDX-License-Identifier: MIT */
/* One message with at most one descriptor over an AF_UNIX socket.
 *
 * A hostile sender may attach more descriptors than one, or a message longer
 * than asked for. The kernel installs as many descriptors as the control
 * buffer has room for, so the buffer is given as one that has room for exactly
 * one: CMSG_LEN, since the padding of CMSG_SPACE would hold a second. What did
 * not fit the kernel closes (unix(7), MSG_CTRUNC).
 */
#include "shim/proto/fdpass.h"

#include <errno.h>
#include <string.h>

/* Aligned room for one descriptor. */
union fdpass_control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

/* Send len bytes at buf as one message, with a copy of fd unless fd is -1.
 * flags as sendmsg(2); MSG_NOSIGNAL is added. fd stays the caller's.
 * Return: 0, or -errno; -EMSGSIZE when a stream took only a part.
 */
int fdpass_send(const struct fdpass_io *io, int sock, const void *buf,
                size_t len, int fd, int flags)
{
	union fdpass_control control = { 0 };
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	do
		sent = io->sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? 0 : -EMSGSIZE;
}

/* Receive one message of at most len bytes into buf. *fd becomes the attached
 * descriptor, the caller's from now on, or -1. flags as recvmsg(2);
 * MSG_CMSG_CLOEXEC is the caller's choice. EINTR is returned, not retried: the
 * caller knows whether it waits for a program's sake.
 * Return: bytes, 0 at the end, or -errno: -EMSGSIZE when the message was longer
 * than len, -EMFILE when a descriptor came that this process has no room for.
 */
ssize_t fdpass_recv(const struct fdpass_io *io, int sock, void *buf,
                    size_t len, int *fd, int flags)
{
	union fdpass_control control = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	struct cmsghdr *cmsg;
	ssize_t got;

	*fd = -1;
	got = io->recvmsg(sock, &msg, flags);
	if (got < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET &&
	    cmsg->cmsg_type == SCM_RIGHTS &&
	    cmsg->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(cmsg), sizeof(int));
	if (!(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return got;
	if (*fd >= 0)
		io->close(*fd);
	else if (msg.msg_flags & MSG_CTRUNC)
		got = -EMFILE;
	*fd = -1;
	return got == -EMFILE ? got : -EMSGSIZE;
}
