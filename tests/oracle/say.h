/* SPDX-License-Identifier: MIT */
/* How an oracle program says what it saw: lines that repeat themselves.
 *
 * A line holds nothing that may differ from run to run: errors are names,
 * ephemeral ports are the word "ephemeral", times are classes, and there are no
 * descriptors and no process ids. Each goes out by one write, so that lines of
 * forked processes never mix.
 */
#ifndef NETCOND_TESTS_ORACLE_SAY_H
#define NETCOND_TESTS_ORACLE_SAY_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_EPHEMERAL_MIN 32768

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What each line starts with: the place or the case at hand; NULL: nothing. */
static const char *say_prefix;

/* ---- Lines ---- */

static inline const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "0";

	return name ? name : "unknown errno";
}

static inline void say_line(const char *tail, const char *fmt, va_list args)
{
	char line[1024];
	int len = 0;

	if (say_prefix)
		len = snprintf(line, sizeof(line), "%s: ", say_prefix);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, fmt, args);
	dprintf(STDOUT_FILENO, "%s%s\n", line, tail);
}

/* One line of the transcript. */
__attribute__((format(printf, 1, 2)))
static inline void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_line("", fmt, args);
	va_end(args);
}

/* A call's result where success has no value of interest. Keeps errno. */
__attribute__((format(printf, 2, 3)))
static inline void say_rc(long rc, const char *fmt, ...)
{
	char tail[64];
	int error = errno;
	va_list args;

	snprintf(tail, sizeof(tail), ": %s", rc < 0 ? error_name(error) : "ok");
	va_start(args, fmt);
	say_line(tail, fmt, args);
	va_end(args);
	errno = error;
}

/* A call's result where success is a count. Keeps errno. */
__attribute__((format(printf, 2, 3)))
static inline void say_n(long n, const char *fmt, ...)
{
	char tail[64];
	int error = errno;
	va_list args;

	if (n < 0)
		snprintf(tail, sizeof(tail), ": %s", error_name(error));
	else
		snprintf(tail, sizeof(tail), ": %ld", n);
	va_start(args, fmt);
	say_line(tail, fmt, args);
	va_end(args);
	errno = error;
}

/* The set-up itself failed: the transcript cannot go on. */
__attribute__((format(printf, 1, 2), noreturn))
static inline void die(const char *fmt, ...)
{
	char tail[64];
	va_list args;

	snprintf(tail, sizeof(tail), ": cannot go on: %s", error_name(errno));
	va_start(args, fmt);
	say_line(tail, fmt, args);
	va_end(args);
	_exit(1);
}

/* ---- Texts ---- */

/* A buffer for one text, good until eight more are asked for. */
static inline char *text_buf(size_t *len)
{
	static char bufs[8][160];
	static unsigned next;

	*len = sizeof(bufs[0]);
	return bufs[next++ % ARRAY_COUNT(bufs)];
}

/* A set of bits by name, joined with |; "-" for none. */
struct bit_name {
	unsigned bit;     /* 0: the end */
	const char *name;
};

static inline const char *bits_text(const struct bit_name *names, unsigned bits)
{
	size_t room, len = 0;
	char *buf = text_buf(&room);

	buf[0] = '\0';
	for (; names->bit; names++) {
		if (!(bits & names->bit))
			continue;
		len += (size_t)snprintf(buf + len, room - len, "%s%s",
		                        len ? "|" : "", names->name);
		bits &= ~names->bit;
	}
	if (bits)
		snprintf(buf + len, room - len, "|0x%x", bits);
	return buf[0] ? buf : "-";
}

static const struct bit_name poll_names[] = {
	{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" },
	{ POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLNVAL, "NVAL" },
	{ POLLRDHUP, "RDHUP" }, { 0, NULL },
};

static inline const char *poll_text(unsigned events)
{
	return bits_text(poll_names, events);
}

static const struct bit_name epoll_names[] = {
	{ EPOLLIN, "IN" }, { EPOLLPRI, "PRI" }, { EPOLLOUT, "OUT" },
	{ EPOLLERR, "ERR" }, { EPOLLHUP, "HUP" }, { EPOLLRDHUP, "RDHUP" },
	{ 0, NULL },
};

static inline const char *epoll_text(unsigned events)
{
	return bits_text(epoll_names, events);
}

static inline const char *port_text(unsigned port)
{
	size_t room;
	char *buf = text_buf(&room);

	if (port >= PORT_EPHEMERAL_MIN)
		return "ephemeral";
	snprintf(buf, room, "%u", port);
	return buf;
}

/* An address of len bytes as the kernel gave it. */
static inline const char *addr_text(const void *addr, socklen_t len)
{
	const struct sockaddr_in *in = addr;
	const struct sockaddr_in6 *in6 = addr;
	char ip[INET6_ADDRSTRLEN];
	size_t room;
	char *buf = text_buf(&room);

	if (len < sizeof(sa_family_t))
		snprintf(buf, room, "none (len %u)", len);
	else if (in->sin_family == AF_INET && len >= sizeof(*in))
		snprintf(buf, room, "%s port %s",
		         inet_ntop(AF_INET, &in->sin_addr, ip, sizeof(ip)),
		         port_text(ntohs(in->sin_port)));
	else if (in->sin_family == AF_INET6 && len >= sizeof(*in6))
		snprintf(buf, room, "[%s] port %s",
		         inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof(ip)),
		         port_text(ntohs(in6->sin6_port)));
	else
		snprintf(buf, room, "family %u len %u", in->sin_family, len);
	return buf;
}

/* ---- Addresses ---- */

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
	socklen_t len; /* bytes used of the union */
};

/* A numeric IPv4 or IPv6 address with a port in host order. */
static inline struct addr addr_of(const char *ip, unsigned port)
{
	struct addr addr = { .len = 0 };

	if (strchr(ip, ':')) {
		addr.in6.sin6_family = AF_INET6;
		addr.in6.sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, ip, &addr.in6.sin6_addr);
		addr.len = sizeof(addr.in6);
	} else {
		addr.in.sin_family = AF_INET;
		addr.in.sin_port = htons((uint16_t)port);
		inet_pton(AF_INET, ip, &addr.in.sin_addr);
		addr.len = sizeof(addr.in);
	}
	return addr;
}

static inline unsigned addr_port(const struct addr *addr)
{
	return ntohs(addr->in.sin_port); /* at the same place in both */
}

static inline void addr_set_port(struct addr *addr, unsigned port)
{
	addr->in.sin_port = htons((uint16_t)port);
}

static inline struct addr sock_name(int fd)
{
	struct addr addr = { .len = sizeof(addr.storage) };

	if (getsockname(fd, &addr.sa, &addr.len) < 0)
		die("getsockname");
	return addr;
}

/* Print what getsockname and getpeername say. */
static inline void say_names(int fd, const char *label)
{
	struct addr addr = { .len = sizeof(addr.storage) };

	if (getsockname(fd, &addr.sa, &addr.len) < 0)
		say("%s: sockname %s", label, error_name(errno));
	else
		say("%s: sockname %s", label, addr_text(&addr, addr.len));
	addr.len = sizeof(addr.storage);
	if (getpeername(fd, &addr.sa, &addr.len) < 0)
		say("%s: peername %s", label, error_name(errno));
	else
		say("%s: peername %s", label, addr_text(&addr, addr.len));
}

#endif
