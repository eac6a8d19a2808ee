/* SPDX-License-Identifier: MIT */
/* One message with at most one descriptor over an AF_UNIX socket. */
#ifndef NETCOND_SHIM_PROTO_FDPASS_H
#define NETCOND_SHIM_PROTO_FDPASS_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The system calls to use: inside the shim the libc names are our own
 * interposers, so each side gives its own. Both return -1 and errno.
 */
struct fdpass_io {
	ssize_t (*sendmsg)(int sock, const struct msghdr *msg, int flags);
	ssize_t (*recvmsg)(int sock, struct msghdr *msg, int flags);
	int (*close)(int fd);
};

int fdpass_send(const struct fdpass_io *io, int sock, const void *buf,
                size_t len, int fd, int flags);
ssize_t fdpass_recv(const struct fdpass_io *io, int sock, void *buf,
                    size_t len, int *fd, int flags);

#endif
