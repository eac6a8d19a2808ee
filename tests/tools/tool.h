/* SPDX-License-Identifier: MIT */
/* What every test program needs: complaining, the clock, sockets by numeric
 * address. Plain BSD sockets and nothing of this project, so that each program
 * runs alike on the kernel's stack and under intercept.
 */
#ifndef NETCOND_TESTS_TOOLS_TOOL_H
#define NETCOND_TESTS_TOOLS_TOOL_H

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Say what failed and why, and give up. */
static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* Nanoseconds of a clock that never steps. */
static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A number in [min, max] out of an argument, or exit 2. */
static inline unsigned long long arg_number(const char *text,
                                            unsigned long long min,
                                            unsigned long long max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || n < min ||
	    n > max) {
		fprintf(stderr, "'%s': a number from %llu to %llu is wanted\n",
		        text, min, max);
		exit(2);
	}
	return n;
}

/* The first address of host and port; the caller frees nothing. */
static inline socklen_t addr_of(const char *host, const char *port, int type,
                                struct sockaddr_storage *out)
{
	struct addrinfo hints = {.ai_socktype = type}, *list;
	socklen_t len;
	int rc = getaddrinfo(host, port, &hints, &list);

	if (rc) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(rc));
		exit(1);
	}
	len = list->ai_addrlen;
	memcpy(out, list->ai_addr, len);
	freeaddrinfo(list);
	return len;
}

/* A listening TCP socket; flags are those of socket(2). */
static inline int listen_on(const char *host, const char *port, int flags)
{
	struct sockaddr_storage addr;
	socklen_t len = addr_of(host, port, SOCK_STREAM, &addr);
	int one = 1, fd = socket(addr.ss_family, SOCK_STREAM | flags, 0);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("SO_REUSEADDR");
	if (bind(fd, (struct sockaddr *)&addr, len))
		die("bind");
	if (listen(fd, 4096))
		die("listen");
	return fd;
}

/* $LOAD_CC names the sender's congestion control where the machine's default is
 * not to be the measure. It must be chosen before the connect: BBR paces a
 * socket that it has seen established, also after another one took over.
 */
static inline void choose_congestion(int fd)
{
	const char *name = getenv("LOAD_CC");

	if (name && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name,
	                       strlen(name)))
		die("TCP_CONGESTION");
}

/* A connected TCP socket without Nagle's delay. */
static inline int connect_to(const char *host, const char *port)
{
	struct sockaddr_storage addr;
	socklen_t len = addr_of(host, port, SOCK_STREAM, &addr);
	int one = 1, fd = socket(addr.ss_family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	choose_congestion(fd);
	if (connect(fd, (struct sockaddr *)&addr, len))
		die("connect");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("TCP_NODELAY");
	return fd;
}

/* Send all of buf. Return: 0, or -1 and errno. */
static inline int send_all(int fd, const void *buf, size_t len)
{
	const char *at = buf;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Receive len bytes, fewer only at the end of the stream. Return: the bytes
 * received, or -1 and errno.
 */
static inline ssize_t recv_all(int fd, void *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(fd, (char *)buf + got, len - got, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

#endif
