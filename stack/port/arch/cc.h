/* SPDX-License-Identifier: MIT */
/* The compiler and the C library as lwIP wants them described. */
#ifndef NETCOND_STACK_PORT_ARCH_CC_H
#define NETCOND_STACK_PORT_ARCH_CC_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define LWIP_ERRNO_STDINCLUDE 1

/* A broken invariant: say which and abort; never run on with it. */
_Noreturn void port_assert(const char *msg, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(msg) port_assert(msg, __FILE__, __LINE__)

/* A diagnosis costs nothing when it is off (LWIP_DEBUG is). */
#define LWIP_PLATFORM_DIAG(args)                                              \
	do {                                                                  \
	} while (0)

/* Initial sequence numbers, ports, fragment ids: none may be guessed. */
uint32_t port_random(void);
#define LWIP_RAND() port_random()

/* lwIP's checksum is in stack/port/chksum.c, compiled for this processor. */
uint16_t port_chksum(const void *data, int len);
#define LWIP_CHKSUM port_chksum

#endif
