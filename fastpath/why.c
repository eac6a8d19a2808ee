/* SPDX-License-Identifier: MIT */
/* The sentence that an open path leaves for the user. */
#include "fastpath/why.h"

#include <stdarg.h>
#include <stdio.h>

#include "fastpath/netdev.h"

/* Say why something failed: one sentence without a full stop or a newline,
 * which quotes the bad value. It is cut to NETDEV_WHY_LEN bytes.
 * why: the caller's buffer, or NULL. err: a positive errno.
 * Return: -err, to be returned in turn.
 */
int why_fail(char *why, int err, const char *fmt, ...)
{
	va_list args;

	if (!why)
		return -err;
	va_start(args, fmt);
	vsnprintf(why, NETDEV_WHY_LEN, fmt, args);
	va_end(args);
	return -err;
}
