/* SPDX-License-Identifier: MIT */
/* Addresses as users write them, with a prefix or a port. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stack/cidr.h"

static unsigned width(sa_family_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

/* Digits only, no sign, no space, no more than max. */
static int parse_number(const char *text, unsigned max, unsigned *out)
{
	unsigned value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return -EINVAL;
	}
	*out = value;
	return 0;
}

/* Copy the len bytes at text as a string of at most CIDR_TEXT_LEN bytes. */
static int cut(const char *text, size_t len, char buf[CIDR_TEXT_LEN])
{
	if (len >= CIDR_TEXT_LEN)
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

/**
 * cidr_parse_addr() - Read an address of either family, without a prefix.
 * @text:	"10.107.0.2" or "fd07::2"
 * @out:	the address, its prefix as long as the address
 *
 * Return: 0, or -EINVAL and *out untouched.
 */
int cidr_parse_addr(const char *text, struct stack_cidr *out)
{
	struct stack_cidr cidr = { .family = AF_INET };

	if (inet_pton(AF_INET, text, &cidr.in) != 1) {
		cidr.family = AF_INET6;
		if (inet_pton(AF_INET6, text, &cidr.in6) != 1)
			return -EINVAL;
	}
	cidr.prefix_len = (uint8_t)width(cidr.family);
	*out = cidr;
	return 0;
}

/**
 * cidr_parse() - Read an address with its prefix.
 * @text:	"10.107.0.2/24" or "fd07::2/64"
 * @out:	the address as written (its host bits are kept) and the prefix
 *
 * Return: 0, or -EINVAL and *out untouched; a missing prefix is invalid.
 */
int cidr_parse(const char *text, struct stack_cidr *out)
{
	const char *slash = strchr(text, '/');
	char buf[CIDR_TEXT_LEN];
	struct stack_cidr cidr;
	unsigned prefix_len;

	if (!slash || cut(text, (size_t)(slash - text), buf) ||
	    cidr_parse_addr(buf, &cidr) ||
	    parse_number(slash + 1, width(cidr.family), &prefix_len))
		return -EINVAL;
	cidr.prefix_len = (uint8_t)prefix_len;
	*out = cidr;
	return 0;
}

/* Split "[v6]:port", "[v6]", "v4:port" or a bare address; *port is NULL where
 * none is written. A colon is only a port's where there is exactly one.
 */
static int split_endpoint(const char *text, char addr[CIDR_TEXT_LEN],
                          const char **port)
{
	const char *end, *colon = strchr(text, ':');

	*port = NULL;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		*port = end[1] ? end + 2 : NULL;
		if (cut(text + 1, (size_t)(end - text - 1), addr))
			return -EINVAL;
		return strchr(addr, ':') ? 0 : -EINVAL;
	}
	if (colon && !strchr(colon + 1, ':')) {
		*port = colon + 1;
		return cut(text, (size_t)(colon - text), addr);
	}
	return cut(text, strlen(text), addr);
}

/**
 * cidr_parse_endpoint() - Read an address with a port that may be left out.
 * @text:		"10.0.0.1", "10.0.0.1:53", "fd07::1" or "[fd07::1]:53"
 * @default_port:	host order; taken when @text has none
 * @out:		a sockaddr_in or sockaddr_in6
 *
 * Return: 0, or -EINVAL and *out untouched; port 0 is invalid.
 */
int cidr_parse_endpoint(const char *text, uint16_t default_port,
                        struct sockaddr_storage *out)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *sin = (struct sockaddr_in *)out;
	char addr[CIDR_TEXT_LEN];
	unsigned port = default_port;
	struct stack_cidr cidr;
	const char *port_text;

	if (split_endpoint(text, addr, &port_text) ||
	    cidr_parse_addr(addr, &cidr) ||
	    (port_text && parse_number(port_text, 65535, &port)) || !port)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->ss_family = cidr.family;
	if (cidr.family == AF_INET6) {
		sin6->sin6_addr = cidr.in6;
		sin6->sin6_port = htons((uint16_t)port);
	} else {
		sin->sin_addr = cidr.in;
		sin->sin_port = htons((uint16_t)port);
	}
	return 0;
}

/**
 * cidr_format() - Write an address with its prefix, as cidr_parse() reads it.
 * @cidr:	what to write
 * @buf:	filled with the text and its NUL
 * @len:	bytes at @buf; CIDR_TEXT_LEN is always enough
 *
 * Return: bytes written without the NUL, -EINVAL for an unknown family,
 * -ENOSPC when @buf is too small.
 */
int cidr_format(const struct stack_cidr *cidr, char *buf, size_t len)
{
	char addr[INET6_ADDRSTRLEN];
	int written;

	if (cidr->family != AF_INET && cidr->family != AF_INET6)
		return -EINVAL;
	if (!inet_ntop(cidr->family, &cidr->in6, addr, sizeof(addr)))
		return -EINVAL;
	written = snprintf(buf, len, "%s/%u", addr, cidr->prefix_len);
	return written < 0 || (size_t)written >= len ? -ENOSPC : written;
}

/**
 * cidr_contains() - Is an address inside a network?
 * @cidr:	the network: its first prefix_len bits count
 * @addr:	the address; its own prefix does not matter
 *
 * Return: false also when the families differ.
 */
bool cidr_contains(const struct stack_cidr *cidr, const struct stack_cidr *addr)
{
	const uint8_t *a = (const uint8_t *)&cidr->in6;
	const uint8_t *b = (const uint8_t *)&addr->in6;
	unsigned bytes = cidr->prefix_len / 8, bits = cidr->prefix_len % 8;

	if (cidr->family != addr->family || memcmp(a, b, bytes))
		return false;
	return !bits || !((a[bytes] ^ b[bytes]) >> (8 - bits));
}
