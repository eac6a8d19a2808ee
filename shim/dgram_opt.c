/* SPDX-License-Identifier: MIT */
/* Which control messages a UDP socket's program asked for.
 *
 * The service knows, but asking it for every datagram would cost more than the
 * datagram. The shim keeps no state, so the kernel does: SO_INCOMING_CPU is an
 * int that anybody may set (Linux 4.4), that means nothing on an AF_UNIX socket
 * (net/core/sock.c), and that travels with the descriptor. It holds one bit an
 * option; -1, the kernel's default, stands for none.
 */
#include "shim/dgram_opt.h"

#include "shim/libc.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Bits 1 << enum dgram_opt. errno is kept. */
unsigned dgram_opts_get(int fd)
{
	int bits = 0;
	socklen_t len = sizeof(bits);
	int saved = errno;

	if (raw_getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &bits, &len) < 0)
		bits = 0;
	errno = saved;
	return bits < 0 ? 0 : (unsigned)bits;
}

/* The service has set level, opt of fd to val: remember it if it is one of
 * these. errno is kept.
 */
void dgram_opts_note(int fd, int level, int opt, int val)
{
	static const struct {
		int level, opt;
	} opts[DGRAM_OPT_COUNT] = {
#define X(level, opt, name) [DGRAM_OPT_##name] = { level, opt },
		DGRAM_OPTS(X)
#undef X
	};
	unsigned bits = dgram_opts_get(fd);
	int saved = errno;

	for (int i = 0; i < DGRAM_OPT_COUNT; i++) {
		if (opts[i].level != level || opts[i].opt != opt)
			continue;
		bits = val ? bits | 1u << i : bits & ~(1u << i);
		raw_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &bits,
		               sizeof(bits));
	}
	errno = saved;
}
