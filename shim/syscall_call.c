/* SPDX-License-Identifier: MIT */
/* syscall: the same calls by number.
 *
 * libuv and others call the kernel this way. The numbers of the calls that the
 * library takes go to its functions; all others are forwarded with six
 * arguments, of which the kernel reads as many as it needs.
 */
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>

#include "shim/libc.h"

#define ARGS_COUNT 6

#define PTR(i) ((void *)args[i])
#define INT(i) ((int)args[i])
#define LEN(i) ((socklen_t)args[i])
#define ADDR(i) ((__SOCKADDR_ARG){ .__sockaddr__ = PTR(i) })
#define CONST_ADDR(i) ((__CONST_SOCKADDR_ARG){ .__sockaddr__ = PTR(i) })

/* Number, and the call with its arguments. */
#define REDIRECTED(X)                                                         \
	X(SYS_socket, socket(INT(0), INT(1), INT(2)))                         \
	X(SYS_bind, bind(INT(0), CONST_ADDR(1), LEN(2)))                      \
	X(SYS_listen, listen(INT(0), INT(1)))                                 \
	X(SYS_shutdown, shutdown(INT(0), INT(1)))                             \
	X(SYS_connect, connect(INT(0), CONST_ADDR(1), LEN(2)))                \
	X(SYS_accept, accept(INT(0), ADDR(1), PTR(2)))                        \
	X(SYS_accept4, accept4(INT(0), ADDR(1), PTR(2), INT(3)))              \
	X(SYS_getsockname, getsockname(INT(0), ADDR(1), PTR(2)))              \
	X(SYS_getpeername, getpeername(INT(0), ADDR(1), PTR(2)))              \
	X(SYS_getsockopt,                                                     \
	  getsockopt(INT(0), INT(1), INT(2), PTR(3), PTR(4)))                 \
	X(SYS_setsockopt,                                                     \
	  setsockopt(INT(0), INT(1), INT(2), PTR(3), LEN(4)))                 \
	X(SYS_ioctl, ioctl(INT(0), (unsigned long)args[1], args[2]))          \
	X(SYS_sendto, sendto(INT(0), PTR(1), (size_t)args[2], INT(3),         \
	                     CONST_ADDR(4), LEN(5)))                          \
	X(SYS_sendmsg, sendmsg(INT(0), PTR(1), INT(2)))                       \
	X(SYS_sendmmsg,                                                       \
	  sendmmsg(INT(0), PTR(1), (unsigned)args[2], INT(3)))                \
	X(SYS_recvfrom, recvfrom(INT(0), PTR(1), (size_t)args[2], INT(3),     \
	                         ADDR(4), PTR(5)))                            \
	X(SYS_recvmsg, recvmsg(INT(0), PTR(1), INT(2)))                       \
	X(SYS_recvmmsg,                                                       \
	  recvmmsg(INT(0), PTR(1), (unsigned)args[2], INT(3), PTR(4)))        \
	X(SYS_read, read(INT(0), PTR(1), (size_t)args[2]))                    \
	X(SYS_readv, readv(INT(0), PTR(1), INT(2)))                           \
	X(SYS_write, write(INT(0), PTR(1), (size_t)args[2]))                  \
	X(SYS_writev, writev(INT(0), PTR(1), INT(2)))                         \
	X(SYS_execve, execve(PTR(0), PTR(1), PTR(2)))                         \
	X(SYS_execveat,                                                       \
	  execveat(INT(0), PTR(1), PTR(2), PTR(3), INT(4)))

/* Six arguments are read whatever the number: on the machines we run on they
 * are in registers or on the caller's stack, garbage at worst.
 */
long syscall(long number, ...)
{
	long args[ARGS_COUNT];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < ARGS_COUNT; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	switch (number) {
#define X(nr, call)                                                           \
	case nr:                                                              \
		return call;
		REDIRECTED(X)
#undef X
	default:
		return libc()->syscall(number, args[0], args[1], args[2],
		                       args[3], args[4], args[5]);
	}
}
