/* SPDX-License-Identifier: MIT */
/* Bytes spread over iovecs: moved behind or before a datagram's header.
 *
 * Both walk once over the bytes with a carry of a header's size, so that a
 * datagram of any shape costs one pass and no memory.
 */
#include "shim/iov.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* The room of all. Return: bytes, or -EINVAL when ssize_t cannot hold it. */
ssize_t iov_len(const struct iovec *iov, size_t count)
{
	ssize_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (__builtin_add_overflow(sum, iov[i].iov_len, &sum))
			return -EINVAL;
	return sum;
}

/* Put the IOV_SHIFT_MAX bytes at head first and what was there behind them,
 * len bytes in all afterwards; what is beyond len is lost.
 */
void iov_insert(const struct iovec *iov, size_t count, const void *head,
                size_t len)
{
	uint8_t carry[IOV_SHIFT_MAX], taken[IOV_SHIFT_MAX];

	memcpy(carry, head, sizeof(carry));
	for (size_t i = 0; i < count && len; i++) {
		uint8_t *at = iov[i].iov_base;
		size_t left = iov[i].iov_len < len ? iov[i].iov_len : len;

		len -= left;
		while (left) {
			size_t n = left < sizeof(carry) ? left : sizeof(carry);

			memcpy(taken, at, n);
			memcpy(at, carry, n);
			memmove(carry, carry + n, sizeof(carry) - n);
			memcpy(carry + sizeof(carry) - n, taken, n);
			at += n;
			left -= n;
		}
	}
}

/* Where a walk over iovecs stands. */
struct cursor {
	const struct iovec *iov;
	size_t offset; /* in *iov */
};

static uint8_t *cursor_at(struct cursor *cursor, size_t *run)
{
	while (cursor->offset == cursor->iov->iov_len) {
		cursor->iov++;
		cursor->offset = 0;
	}
	*run = cursor->iov->iov_len - cursor->offset;
	return (uint8_t *)cursor->iov->iov_base + cursor->offset;
}

/* Copy len bytes from one place to another; to: NULL to skip the copy. */
static void cursor_move(struct cursor *from, struct cursor *to, uint8_t *buf,
                        size_t len)
{
	while (len) {
		size_t from_run, to_run = len;
		uint8_t *src = cursor_at(from, &from_run);
		uint8_t *dst = to ? cursor_at(to, &to_run) : buf;
		size_t n = len < from_run ? len : from_run;

		if (n > to_run)
			n = to_run;
		memmove(dst, src, n);
		from->offset += n;
		if (to)
			to->offset += n;
		else
			buf += n;
		len -= n;
	}
}

/* Take the first IOV_SHIFT_MAX of len bytes out into head, and let the rest
 * move up. len is at least that.
 */
void iov_remove(const struct iovec *iov, void *head, size_t len)
{
	struct cursor from = { .iov = iov }, to = { .iov = iov };

	cursor_move(&from, NULL, head, IOV_SHIFT_MAX);
	cursor_move(&from, &to, NULL, len - IOV_SHIFT_MAX);
}
