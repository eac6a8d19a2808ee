/* SPDX-License-Identifier: MIT */
/* libc's own functions behind ours, and system calls that bypass both. */
#ifndef NETCOND_SHIM_LIBC_H
#define NETCOND_SHIM_LIBC_H

#include <errno.h>
#include <stdbool.h>

#include "shim/calls.h"
#include "shim/proto/fdpass.h"

struct libc_calls {
#define X(type, name, args) type(*name) args; /* libc's, or a later preload's */
	SHIM_CALLS(X)
#undef X
};

extern struct libc_calls libc_calls;
extern bool libc_is_ready;

void libc_init(void);

/* The real functions; also before any constructor ran. */
static inline const struct libc_calls *libc(void)
{
	if (__builtin_expect(!libc_is_ready, 0))
		libc_init();
	return &libc_calls;
}

/* System calls that are no cancellation points, for the shim's own
 * descriptors; -1 and errno.
 */
int raw_socket(int domain, int type, int protocol);
int raw_socketpair(int domain, int type, int protocol, int fds[2]);
int raw_connect(int fd, const void *addr, socklen_t len);
int raw_getpeername(int fd, void *addr, socklen_t *len);
int raw_getsockname(int fd, void *addr, socklen_t *len);
int raw_getsockopt(int fd, int level, int name, void *val, socklen_t *len);
int raw_setsockopt(int fd, int level, int name, const void *val,
                   socklen_t len);
int raw_fcntl(int fd, int cmd, long arg);
int raw_close(int fd);
ssize_t raw_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t raw_recvmsg(int fd, struct msghdr *msg, int flags);

/* The same as fdpass takes them. */
extern const struct fdpass_io raw_io;

/* -1 and errno, as a call's result. */
static inline int libc_fail(int err)
{
	errno = err;
	return -1;
}

/* 0 or more stays; -errno becomes -1 and errno. */
static inline int libc_result(int rc)
{
	return rc < 0 ? libc_fail(-rc) : rc;
}

/* One line on stderr where NETCOND_DEBUG is set. */
void libc_debug(const char *call, int fd, int rc);

#endif
