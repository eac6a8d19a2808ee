/* SPDX-License-Identifier: MIT */
/* libc's own functions behind ours, and system calls that bypass both.
 *
 * The pointers are filled by the library's constructor, or by the first call
 * when another library's constructor is quicker. Filling twice at once, from
 * two threads, writes the same values: no lock. A system call here goes through
 * libc's syscall(), which is plain assembly: async-signal-safe, and fit for a
 * vfork child.
 */
#include "shim/libc.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

struct libc_calls libc_calls;
bool libc_is_ready;

static bool is_debug;

const struct fdpass_io raw_io = {
	.sendmsg = raw_sendmsg,
	.recvmsg = raw_recvmsg,
	.close = raw_close,
};

/* A call that this libc does not have: execveat before glibc 2.34. */
static long call_missing(void)
{
	return libc_fail(ENOSYS);
}

/* Fill the pointers; errno is kept. */
void libc_init(void)
{
	int err = errno;

#define X(type, name, args)                                                   \
	*(void **)&libc_calls.name = dlsym(RTLD_NEXT, #name);                 \
	if (!libc_calls.name)                                                 \
		*(void **)&libc_calls.name = (void *)call_missing;
	SHIM_CALLS(X)
#undef X
	is_debug = getenv("NETCOND_DEBUG") != NULL;
	__atomic_store_n(&libc_is_ready, true, __ATOMIC_RELEASE);
	errno = err;
}

int raw_socket(int domain, int type, int protocol)
{
	return (int)libc()->syscall(SYS_socket, domain, type, protocol);
}

int raw_socketpair(int domain, int type, int protocol, int fds[2])
{
	return (int)libc()->syscall(SYS_socketpair, domain, type, protocol,
	                            fds);
}

int raw_connect(int fd, const void *addr, socklen_t len)
{
	return (int)libc()->syscall(SYS_connect, fd, addr, len);
}

int raw_getpeername(int fd, void *addr, socklen_t *len)
{
	return (int)libc()->syscall(SYS_getpeername, fd, addr, len);
}

int raw_getsockname(int fd, void *addr, socklen_t *len)
{
	return (int)libc()->syscall(SYS_getsockname, fd, addr, len);
}

int raw_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	return (int)libc()->syscall(SYS_getsockopt, fd, level, name, val, len);
}

int raw_setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	return (int)libc()->syscall(SYS_setsockopt, fd, level, name, val, len);
}

int raw_fcntl(int fd, int cmd, long arg)
{
	return (int)libc()->syscall(SYS_fcntl, fd, cmd, arg);
}

int raw_close(int fd)
{
	return (int)libc()->syscall(SYS_close, fd);
}

ssize_t raw_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return libc()->syscall(SYS_sendmsg, fd, msg, flags);
}

ssize_t raw_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return libc()->syscall(SYS_recvmsg, fd, msg, flags);
}

/* rc is the call's result, a descriptor or -1 with errno set. */
void libc_debug(const char *call, int fd, int rc)
{
	int err = errno;
	char line[160];
	int len;

	if (!is_debug)
		return;
	len = snprintf(line, sizeof(line), "netcond[%d]: %s(%d) = %d%s%s\n",
	               (int)getpid(), call, fd, rc, rc < 0 ? " " : "",
	               rc < 0 ? strerrorname_np(err) : "");
	libc()->syscall(SYS_write, STDERR_FILENO, line, len);
	errno = err;
}
