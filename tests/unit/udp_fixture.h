/* SPDX-License-Identifier: MIT */
/* UDP socks on the wire. Included by one file of a test program. */
#ifndef NETCOND_TESTS_UNIT_UDP_FIXTURE_H
#define NETCOND_TESTS_UNIT_UDP_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

static struct wire wire;
static unsigned readable, failed;

static inline void on_readable(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	readable++;
}

static inline void on_error(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	failed++;
}

static const struct sock_events events = {
	.on_readable = on_readable,
	.on_error = on_error,
};

static inline void udp_setup(void)
{
	readable = failed = 0;
	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, NULL), 0);
}

static inline void udp_teardown(void)
{
	struct stack_stats stats;

	stack_get_stats(wire.stack, &stats);
	CU_ASSERT_EQUAL(stats.socks_open, 0);
	CU_ASSERT_EQUAL(stats.udp_pcbs, 0);
	CU_ASSERT_EQUAL(stats.ports_bound, 0);
	CU_ASSERT_EQUAL(stats.rx_frames_held, 0);
	wire_close(&wire);
}

static inline struct sock *open_udp(int domain)
{
	struct sock *sock = NULL;

	CU_ASSERT_EQUAL_FATAL(sock_open(wire.stack, domain, SOCK_DGRAM, 0,
	                                &sock), 0);
	sock_set_user(sock, sock);
	return sock;
}

static inline void set_flag(struct sock *sock, int level, int name, int value)
{
	CU_ASSERT_EQUAL(sock_setopt(sock, level, name, &value, sizeof(value)),
	                0);
}

static inline int bind_to(struct sock *sock, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = wire_addr(addr, port, &ss);

	return sock_bind(sock, (struct sockaddr *)&ss, len);
}

static inline int connect_to(struct sock *sock, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = wire_addr(addr, port, &ss);

	return sock_connect(sock, (struct sockaddr *)&ss, len);
}

static inline struct sock *bound(int domain, const char *addr, uint16_t port)
{
	struct sock *sock = open_udp(domain);

	CU_ASSERT_EQUAL_FATAL(bind_to(sock, addr, port), 0);
	return sock;
}

static inline int send_len(struct sock *sock, size_t len, const char *addr,
                    uint16_t port)
{
	static uint8_t data[70000];
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct sockaddr_storage ss;

	if (!addr)
		return sock_dgram_send(sock, &iov, 1, NULL, NULL);
	wire_addr(addr, port, &ss);
	return sock_dgram_send(sock, &iov, 1, (struct sockaddr *)&ss, NULL);
}

static inline bool is_name(const struct sockaddr_storage *ss, const char *addr,
                    uint16_t port)
{
	struct sockaddr_storage want;

	wire_addr(addr, port, &want);
	return !memcmp(ss, &want, sizeof(want));
}

/* The next datagram is the text; it is consumed. */
static inline bool got(struct sock *sock, const char *text)
{
	struct sock_dgram dgram;
	bool is_it;

	if (sock_dgram_peek(sock, &dgram))
		return false;
	is_it = dgram.iovcnt == 1 && dgram.len == strlen(text) &&
	        !memcmp(dgram.iov[0].iov_base, text, dgram.len);
	sock_dgram_consume(sock);
	return is_it;
}

static inline void say(const char *text, const char *dst, uint16_t port)
{
	wire_send(&wire, strchr(dst, ':') ? WIRE_PEER6 : WIRE_PEER4, 9999, dst,
	          port, text, strlen(text));
}

#endif
