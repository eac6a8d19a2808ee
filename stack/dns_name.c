/* SPDX-License-Identifier: MIT */
/* Domain names as they stand in a DNS message (RFC 1035 sections 3.1, 4.1.4).
 */
#include <errno.h>
#include <string.h>

#include "stack/dns_name.h"

#define POINTER_BITS 0xc0

/* Letters, digits and hyphen (RFC 1123 section 2.1), and the underscore that
 * names of services and Windows hosts have.
 */
static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Append a label, or the root where label_len is 0. */
static int append(struct dns_name *name, const uint8_t *label,
                  size_t label_len)
{
	if (name->len + 1 + label_len > sizeof(name->wire) ||
	    label_len > DNS_LABEL_LEN)
		return -EINVAL;
	name->wire[name->len++] = (uint8_t)label_len;
	if (label_len)
		memcpy(name->wire + name->len, label, label_len);
	name->len = (uint8_t)(name->len + label_len);
	return 0;
}

/**
 * dns_name_from_text() - Read "www.example.org" or "www.example.org.".
 * @text:	any bytes but NUL; there is no escape for a dot
 * @out:	filled
 *
 * Return: 0, or -EINVAL for an empty label or a name that is too long.
 */
int dns_name_from_text(const char *text, struct dns_name *out)
{
	const char *dot;
	size_t label_len;

	out->len = 0;
	if (!*text || !strcmp(text, "."))
		return -EINVAL;
	while (*text) {
		dot = strchr(text, '.');
		label_len = dot ? (size_t)(dot - text) : strlen(text);
		/* The root's own byte must fit as well. */
		if (!label_len || out->len + label_len + 2 > DNS_NAME_WIRE_LEN ||
		    append(out, (const uint8_t *)text, label_len))
			return -EINVAL;
		text += label_len + (dot != NULL);
	}
	return append(out, NULL, 0);
}

/**
 * dns_name_to_text() - Write a host name, without a dot at the end.
 * @name:	from another function of this file
 * @buf:	filled; empty when this fails
 * @room:	bytes at @buf, at least one
 *
 * Return: 0, -EINVAL for the root or a name with a byte that no host name
 * has (programs print and compare these), -ENOSPC.
 */
int dns_name_to_text(const struct dns_name *name, char *buf, size_t room)
{
	size_t at = 0, out = 0;
	uint8_t label_len;

	buf[0] = '\0';
	if (!name->len || !name->wire[0])
		return -EINVAL;
	while ((label_len = name->wire[at++])) {
		if (out + label_len + 1 > room) {
			buf[0] = '\0';
			return -ENOSPC;
		}
		for (; label_len; label_len--) {
			if (!is_host_char(name->wire[at])) {
				buf[0] = '\0';
				return -EINVAL;
			}
			buf[out++] = (char)name->wire[at++];
		}
		buf[out++] = '.';
	}
	buf[out - 1] = '\0';
	return 0;
}

/**
 * dns_name_read() - Read a name that may be compressed.
 * @msg:	the whole message
 * @len:	bytes at @msg
 * @at:		in: where the name starts; out: the byte behind it
 * @out:	filled
 *
 * A pointer must point in front of the part it stands in, so that every jump
 * goes backwards and the walk ends.
 *
 * Return: 0 or -EBADMSG.
 */
int dns_name_read(const uint8_t *msg, size_t len, size_t *at,
                  struct dns_name *out)
{
	size_t pos = *at, part = *at, end = 0, target;
	uint8_t head;

	out->len = 0;
	for (;;) {
		if (pos >= len)
			return -EBADMSG;
		head = msg[pos];
		if ((head & POINTER_BITS) == POINTER_BITS) {
			if (pos + 1 >= len)
				return -EBADMSG;
			target = (size_t)(head & ~POINTER_BITS) << 8 |
			         msg[pos + 1];
			if (target >= part)
				return -EBADMSG;
			if (!end)
				end = pos + 2;
			pos = part = target;
			continue;
		}
		if (head & POINTER_BITS || pos + 1 + head > len ||
		    append(out, msg + pos + 1, head))
			return -EBADMSG;
		pos += 1 + (size_t)head;
		if (!head)
			break;
	}
	*at = end ? end : pos;
	return 0;
}

/**
 * dns_name_equal() - Are two names the same, whatever the case of letters?
 * @a:	from dns_name_from_text() or dns_name_read()
 * @b:	likewise
 *
 * Return: whether they are. Length bytes are below 'A', so they may be folded
 * along.
 */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->len != b->len)
		return false;
	for (unsigned i = 0; i < a->len; i++)
		if (lower(a->wire[i]) != lower(b->wire[i]))
			return false;
	return true;
}
