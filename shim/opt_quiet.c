/* SPDX-License-Identifier: MIT */
/* Options whose setting needs no answer from the service.
 *
 * Servers set a few options on each connection, some around each answer, and
 * nothing but the value decides whether that succeeds: on a connection in any
 * state, and on one that has ended (do_tcp_setsockopt and sk_setsockopt in
 * Linux 6.12). Those stand here with their bounds. Options whose effect on the
 * next packet depends on the order of bytes and request, other than TCP_CORK,
 * for which the service sees to that, do not.
 */
#include "shim/opt_quiet.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#define KEEP_TIME_MAX_S 32767 /* MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL */
#define KEEP_COUNT_MAX 127    /* MAX_TCP_KEEPCNT, include/net/tcp.h */

/* Ints of TCP sockets. */
static const struct {
	int level, opt;
	int min, max;
} quiet[] = {
	{ IPPROTO_TCP, TCP_NODELAY, INT_MIN, INT_MAX },
	{ IPPROTO_TCP, TCP_CORK, INT_MIN, INT_MAX },
	{ IPPROTO_TCP, TCP_QUICKACK, INT_MIN, INT_MAX },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 1, KEEP_TIME_MAX_S },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 1, KEEP_TIME_MAX_S },
	{ IPPROTO_TCP, TCP_KEEPCNT, 1, KEEP_COUNT_MAX },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 0, INT_MAX },
	{ SOL_SOCKET, SO_KEEPALIVE, INT_MIN, INT_MAX },
};

/* Will setting opt to the len bytes at val succeed, whatever state the socket
 * is in?
 */
bool opt_is_quiet(const struct rpc_name *name, int level, int opt,
                  const void *val, socklen_t len)
{
	int num;

	if (name->type != SOCK_STREAM || len < sizeof(num))
		return false;
	memcpy(&num, val, sizeof(num));
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		if (quiet[i].level == level && quiet[i].opt == opt)
			return num >= quiet[i].min && num <= quiet[i].max;
	return false;
}
