/* SPDX-License-Identifier: MIT */
/* The calls that libintercept.so takes in libc's place: the one list.
 *
 * X(type, name, arguments) a call. From it come the pointers to libc's own
 * functions (struct libc_calls, shim/libc.h) and the export of ours (below).
 * Nothing that a descriptor's life hangs on is here: close, dup, fork, poll and
 * the like are the kernel's business.
 */
#ifndef NETCOND_SHIM_CALLS_H
#define NETCOND_SHIM_CALLS_H

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHIM_CALLS(X)                                                         \
	/* sock_calls.c */                                                    \
	X(int, socket, (int, int, int))                                       \
	X(int, bind, (int, const struct sockaddr *, socklen_t))               \
	X(int, listen, (int, int))                                            \
	X(int, shutdown, (int, int))                                          \
	/* connect_calls.c, accept_calls.c */                                 \
	X(int, connect, (int, const struct sockaddr *, socklen_t))            \
	X(int, accept, (int, struct sockaddr *, socklen_t *))                 \
	X(int, accept4, (int, struct sockaddr *, socklen_t *, int))           \
	/* name_calls.c */                                                    \
	X(int, getsockname, (int, struct sockaddr *, socklen_t *))            \
	X(int, getpeername, (int, struct sockaddr *, socklen_t *))            \
	/* opt_calls.c, ioctl_calls.c */                                      \
	X(int, getsockopt, (int, int, int, void *, socklen_t *))              \
	X(int, setsockopt, (int, int, int, const void *, socklen_t))          \
	X(int, ioctl, (int, unsigned long, ...))                              \
	/* send_calls.c */                                                    \
	X(ssize_t, send, (int, const void *, size_t, int))                    \
	X(ssize_t, sendto, (int, const void *, size_t, int,                   \
	                    const struct sockaddr *, socklen_t))              \
	X(ssize_t, sendmsg, (int, const struct msghdr *, int))                \
	X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))              \
	/* recv_calls.c */                                                    \
	X(ssize_t, recv, (int, void *, size_t, int))                          \
	X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *,    \
	                      socklen_t *))                                   \
	X(ssize_t, recvmsg, (int, struct msghdr *, int))                      \
	X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int,               \
	                  struct timespec *))                                 \
	X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))            \
	X(ssize_t, __recvfrom_chk, (int, void *, size_t, size_t, int,         \
	                            struct sockaddr *, socklen_t *))          \
	/* stream_calls.c */                                                  \
	X(ssize_t, read, (int, void *, size_t))                               \
	X(ssize_t, readv, (int, const struct iovec *, int))                   \
	X(ssize_t, __read_chk, (int, void *, size_t, size_t))                 \
	X(ssize_t, write, (int, const void *, size_t))                        \
	X(ssize_t, writev, (int, const struct iovec *, int))                  \
	/* resolve_calls.c */                                                 \
	X(int, getaddrinfo, (const char *, const char *,                      \
	                     const struct addrinfo *, struct addrinfo **))    \
	X(int, getnameinfo, (const struct sockaddr *, socklen_t, char *,      \
	                     socklen_t, char *, socklen_t, int))              \
	/* host_calls.c */                                                    \
	X(struct hostent *, gethostbyname, (const char *))                    \
	X(struct hostent *, gethostbyname2, (const char *, int))              \
	X(struct hostent *, gethostbyaddr, (const void *, socklen_t, int))    \
	X(int, gethostbyname_r, (const char *, struct hostent *, char *,      \
	                         size_t, struct hostent **, int *))           \
	X(int, gethostbyname2_r, (const char *, int, struct hostent *,        \
	                          char *, size_t, struct hostent **, int *))  \
	X(int, gethostbyaddr_r, (const void *, socklen_t, int,                \
	                         struct hostent *, char *, size_t,            \
	                         struct hostent **, int *))                   \
	/* if_calls.c */                                                      \
	X(int, getifaddrs, (struct ifaddrs **))                               \
	X(void, freeifaddrs, (struct ifaddrs *))                              \
	X(unsigned, if_nametoindex, (const char *))                           \
	X(char *, if_indextoname, (unsigned, char *))                         \
	X(struct if_nameindex *, if_nameindex, (void))                        \
	/* exec_calls.c */                                                    \
	X(int, execve, (const char *, char *const *, char *const *))          \
	X(int, execv, (const char *, char *const *))                          \
	X(int, execvp, (const char *, char *const *))                         \
	X(int, execvpe, (const char *, char *const *, char *const *))         \
	X(int, execl, (const char *, const char *, ...))                      \
	X(int, execlp, (const char *, const char *, ...))                     \
	X(int, execle, (const char *, const char *, ...))                     \
	X(int, fexecve, (int, char *const *, char *const *))                  \
	X(int, execveat, (int, const char *, char *const *, char *const *,    \
	                  int))                                               \
	X(int, posix_spawn, (pid_t *, const char *,                           \
	                     const posix_spawn_file_actions_t *,              \
	                     const posix_spawnattr_t *, char *const *,        \
	                     char *const *))                                  \
	X(int, posix_spawnp, (pid_t *, const char *,                          \
	                      const posix_spawn_file_actions_t *,             \
	                      const posix_spawnattr_t *, char *const *,       \
	                      char *const *))                                 \
	/* syscall_call.c */                                                  \
	X(long, syscall, (long, ...))

/* What fortified programs call; no header declares these. */
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                       __SOCKADDR_ARG addr, socklen_t *addr_len);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);

/* The library is compiled with -fvisibility=hidden: only the list gets out. */
#define X(type, name, args)                                                   \
	extern __typeof__(name) name __attribute__((visibility("default")));
SHIM_CALLS(X)
#undef X

#endif
