/* SPDX-License-Identifier: MIT */
/* UDP sockets across a memory netdev: names, datagrams both ways, who gets
 * one, bounds, errors.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

static struct wire wire;
static unsigned readable, failed;

static void on_readable(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	readable++;
}

static void on_error(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	failed++;
}

static const struct sock_events events = {
	.on_readable = on_readable,
	.on_error = on_error,
};

static void udp_setup(void)
{
	readable = failed = 0;
	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, NULL), 0);
}

static void udp_teardown(void)
{
	struct stack_stats stats;

	stack_get_stats(wire.stack, &stats);
	CU_ASSERT_EQUAL(stats.socks_open, 0);
	CU_ASSERT_EQUAL(stats.udp_pcbs, 0);
	CU_ASSERT_EQUAL(stats.ports_bound, 0);
	CU_ASSERT_EQUAL(stats.rx_frames_held, 0);
	wire_close(&wire);
}

static struct sock *open_udp(int domain)
{
	struct sock *sock = NULL;

	CU_ASSERT_EQUAL_FATAL(sock_open(wire.stack, domain, SOCK_DGRAM, 0,
	                                &sock), 0);
	sock_set_user(sock, sock);
	return sock;
}

static void set_flag(struct sock *sock, int level, int name, int value)
{
	CU_ASSERT_EQUAL(sock_setopt(sock, level, name, &value, sizeof(value)),
	                0);
}

static int bind_to(struct sock *sock, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = wire_addr(addr, port, &ss);

	return sock_bind(sock, (struct sockaddr *)&ss, len);
}

static int connect_to(struct sock *sock, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = wire_addr(addr, port, &ss);

	return sock_connect(sock, (struct sockaddr *)&ss, len);
}

static struct sock *bound(int domain, const char *addr, uint16_t port)
{
	struct sock *sock = open_udp(domain);

	CU_ASSERT_EQUAL_FATAL(bind_to(sock, addr, port), 0);
	return sock;
}

static int send_len(struct sock *sock, size_t len, const char *addr,
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

static bool is_name(const struct sockaddr_storage *ss, const char *addr,
                    uint16_t port)
{
	struct sockaddr_storage want;

	wire_addr(addr, port, &want);
	return !memcmp(ss, &want, sizeof(want));
}

/* The next datagram is the text; it is consumed. */
static bool got(struct sock *sock, const char *text)
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

static void say(const char *text, const char *dst, uint16_t port)
{
	wire_send(&wire, strchr(dst, ':') ? WIRE_PEER6 : WIRE_PEER4, 9999, dst,
	          port, text, strlen(text));
}

static void test_receive(void)
{
	struct sock *sock = bound(AF_INET, "0.0.0.0", 53);
	struct sock_dgram dgram;

	CU_ASSERT_EQUAL(sock_dgram_peek(sock, &dgram), -EAGAIN);
	say("one", WIRE_OWN4, 53);
	say("two", WIRE_OWN4, 53);
	CU_ASSERT_EQUAL(readable, 2);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(sock, &dgram), 0);
	CU_ASSERT_TRUE(is_name(&dgram.src, WIRE_PEER4, 9999));
	CU_ASSERT_TRUE(is_name(&dgram.dst, WIRE_OWN4, 53));
	CU_ASSERT_EQUAL(dgram.ttl, 57);
	CU_ASSERT_EQUAL(dgram.tos, 0x20);
	CU_ASSERT_EQUAL(dgram.if_index, 2);
	CU_ASSERT_TRUE(got(sock, "one"));
	CU_ASSERT_TRUE(got(sock, "two"));
	CU_ASSERT_FALSE(got(sock, "two"));
	sock_dgram_consume(sock);
	sock_close(sock, false);
}

static void test_receive_on_both_families(void)
{
	struct sock *sock = bound(AF_INET6, "::", 53);
	struct sock_dgram dgram;

	say("four", WIRE_OWN4, 53);
	say("six", WIRE_OWN6, 53);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(sock, &dgram), 0);
	CU_ASSERT_TRUE(is_name(&dgram.src, "::ffff:" WIRE_PEER4, 9999));
	CU_ASSERT_TRUE(is_name(&dgram.dst, "::ffff:" WIRE_OWN4, 53));
	CU_ASSERT_TRUE(got(sock, "four"));
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(sock, &dgram), 0);
	CU_ASSERT_TRUE(is_name(&dgram.src, WIRE_PEER6, 9999));
	CU_ASSERT_EQUAL(dgram.ttl, 57);
	CU_ASSERT_EQUAL(dgram.tos, 0x20);
	CU_ASSERT_TRUE(got(sock, "six"));
	sock_close(sock, false);
}

static void test_v6only(void)
{
	struct sock *six = open_udp(AF_INET6), *four;

	set_flag(six, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	CU_ASSERT_EQUAL(bind_to(six, "::", 53), 0);
	four = bound(AF_INET, "0.0.0.0", 53);
	say("four", WIRE_OWN4, 53);
	say("six", WIRE_OWN6, 53);
	CU_ASSERT_TRUE(got(four, "four"));
	CU_ASSERT_FALSE(got(four, "six"));
	CU_ASSERT_TRUE(got(six, "six"));
	CU_ASSERT_EQUAL(send_len(six, 1, "::ffff:" WIRE_PEER4, 7),
	                -ENETUNREACH);
	CU_ASSERT_EQUAL(connect_to(six, "::ffff:" WIRE_PEER4, 7),
	                -ENETUNREACH);
	sock_close(six, false);
	sock_close(four, false);
}

static void test_nobody_is_told_by_icmp(void)
{
	struct wire_packet packet;

	say("x", WIRE_OWN4, 53);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_EQUAL(packet.proto, IPPROTO_ICMP);
	CU_ASSERT_EQUAL(packet.type, 3);
	CU_ASSERT_EQUAL(packet.code, 3);
	say("x", WIRE_OWN6, 53);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_EQUAL(packet.proto, IPPROTO_ICMPV6);
	CU_ASSERT_EQUAL(packet.type, 1);
	CU_ASSERT_EQUAL(packet.code, 4);
	say("x", "10.107.0.255", 53);
	CU_ASSERT_FALSE(wire_take(&wire, &packet));
}

static void test_send(void)
{
	struct sock *sock = open_udp(AF_INET);
	struct sockaddr_storage name;
	struct wire_packet packet;

	set_flag(sock, IPPROTO_IP, IP_TOS, 0x10);
	set_flag(sock, IPPROTO_IP, IP_TTL, 33);
	CU_ASSERT_EQUAL(send_len(sock, 5, WIRE_PEER4, 7), 0);
	sock_name(sock, &name);
	CU_ASSERT_NOT_EQUAL(((struct sockaddr_in *)&name)->sin_port, 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_STRING_EQUAL(packet.src, WIRE_OWN4);
	CU_ASSERT_STRING_EQUAL(packet.dst, WIRE_PEER4);
	CU_ASSERT_EQUAL(packet.dst_port, 7);
	CU_ASSERT_EQUAL(packet.src_port,
	                ntohs(((struct sockaddr_in *)&name)->sin_port));
	CU_ASSERT_EQUAL(packet.len, 5);
	CU_ASSERT_EQUAL(packet.ttl, 33);
	CU_ASSERT_EQUAL(packet.tos, 0x10);
	CU_ASSERT_FALSE(packet.has_bad_sum);
	CU_ASSERT_EQUAL(send_len(sock, 0, WIRE_PEER4, 7), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_EQUAL(packet.len, 0);
	sock_close(sock, false);
}

static void test_send_both_families_from_one(void)
{
	struct sock *sock = bound(AF_INET6, "::", 53);
	struct wire_packet packet;

	set_flag(sock, IPPROTO_IPV6, IPV6_TCLASS, 0x60);
	set_flag(sock, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
	CU_ASSERT_EQUAL(send_len(sock, 3, "::ffff:" WIRE_PEER4, 7), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_STRING_EQUAL(packet.dst, WIRE_PEER4);
	CU_ASSERT_EQUAL(packet.src_port, 53);
	CU_ASSERT_EQUAL(packet.ttl, 64);
	CU_ASSERT_EQUAL(send_len(sock, 3, WIRE_PEER6, 7), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_STRING_EQUAL(packet.dst, WIRE_PEER6);
	CU_ASSERT_STRING_EQUAL(packet.src, WIRE_OWN6);
	CU_ASSERT_EQUAL(packet.ttl, 9);
	CU_ASSERT_EQUAL(packet.tos, 0x60);
	CU_ASSERT_FALSE(packet.has_bad_sum);
	CU_ASSERT_EQUAL(send_len(sock, 3, WIRE_PEER4, 7), 0); /* sockaddr_in */
	sock_close(sock, false);
}

static void test_send_refuses(void)
{
	struct sock *sock = open_udp(AF_INET);

	CU_ASSERT_EQUAL(send_len(sock, 1, NULL, 0), -EDESTADDRREQ);
	CU_ASSERT_EQUAL(send_len(sock, 1, WIRE_PEER4, 0), -EINVAL);
	CU_ASSERT_EQUAL(send_len(sock, 1, WIRE_PEER6, 7), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(send_len(sock, 65508, WIRE_PEER4, 7), -EMSGSIZE);
	CU_ASSERT_EQUAL(send_len(sock, 1, "192.0.2.1", 7), -ENETUNREACH);
	CU_ASSERT_EQUAL(send_len(sock, 1, "10.107.0.255", 7), -EACCES);
	CU_ASSERT_EQUAL(send_len(sock, 1, "255.255.255.255", 7), -EACCES);
	CU_ASSERT_EQUAL(connect_to(sock, "10.107.0.255", 7), -EACCES);
	set_flag(sock, SOL_SOCKET, SO_BROADCAST, 1);
	CU_ASSERT_EQUAL(send_len(sock, 1, "10.107.0.255", 7), 0);
	set_flag(sock, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	CU_ASSERT_EQUAL(send_len(sock, 1473, WIRE_PEER4, 7), -EMSGSIZE);
	CU_ASSERT_EQUAL(send_len(sock, 1472, WIRE_PEER4, 7), 0);
	sock_close(sock, false);
}

/* What a sock that has an address of one family says of the other. */
static void test_mixed_families(void)
{
	struct sock *six = bound(AF_INET6, WIRE_OWN6, 53);
	struct sock *mapped = bound(AF_INET6, "::ffff:" WIRE_OWN4, 53);
	struct sock *any = open_udp(AF_INET6);

	CU_ASSERT_EQUAL(send_len(six, 1, "::ffff:" WIRE_PEER4, 7),
	                -ENETUNREACH);
	CU_ASSERT_EQUAL(connect_to(six, "::ffff:" WIRE_PEER4, 7), -ENETUNREACH);
	CU_ASSERT_EQUAL(send_len(mapped, 1, WIRE_PEER6, 7), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(connect_to(mapped, WIRE_PEER6, 7), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(connect_to(any, WIRE_PEER6, 7), 0);
	CU_ASSERT_EQUAL(send_len(any, 1, "::ffff:" WIRE_PEER4, 7), 0);
	CU_ASSERT_EQUAL(connect_to(any, WIRE_PEER4, 7), 0); /* sockaddr_in */
	CU_ASSERT_EQUAL(connect_to(any, WIRE_PEER6, 7), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(connect_to(any, WIRE_PEER4, 0), 0);
	CU_ASSERT_EQUAL(send_len(any, 1, NULL, 0), 0);
	sock_close(six, false);
	sock_close(mapped, false);
	sock_close(any, false);
}

static void test_chosen_source(void)
{
	struct sock *sock = bound(AF_INET, "0.0.0.0", 53);
	struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct sockaddr_storage dst, src;
	struct wire_packet packet;

	wire_addr(WIRE_PEER4, 7, &dst);
	wire_addr(WIRE_OWN4, 0, &src);
	CU_ASSERT_EQUAL(sock_dgram_send(sock, &iov, 1, (void *)&dst,
	                                (void *)&src), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_STRING_EQUAL(packet.src, WIRE_OWN4);
	wire_addr("192.0.2.9", 0, &src);
	CU_ASSERT_EQUAL(sock_dgram_send(sock, &iov, 1, (void *)&dst,
	                                (void *)&src), -EINVAL);
	sock_close(sock, false);
}

static void test_connect(void)
{
	struct sock *sock = open_udp(AF_INET);
	struct sockaddr_storage name;
	uint16_t port;

	CU_ASSERT_EQUAL(connect_to(sock, WIRE_PEER4, 9999), 0);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	sock_name(sock, &name);
	port = ntohs(((struct sockaddr_in *)&name)->sin_port);
	CU_ASSERT_TRUE(is_name(&name, WIRE_OWN4, port));
	CU_ASSERT_EQUAL(sock_peer(sock, &name), 0);
	CU_ASSERT_TRUE(is_name(&name, WIRE_PEER4, 9999));
	CU_ASSERT_EQUAL(send_len(sock, 1, NULL, 0), 0);
	say("yes", WIRE_OWN4, port);
	wire_send(&wire, WIRE_PEER4, 8888, WIRE_OWN4, port, "no", 2);
	CU_ASSERT_TRUE(got(sock, "yes"));
	CU_ASSERT_FALSE(got(sock, "no"));
	CU_ASSERT_EQUAL(connect_to(sock, WIRE_PEER4, 8888), 0);
	wire_send(&wire, WIRE_PEER4, 8888, WIRE_OWN4, port, "now", 3);
	CU_ASSERT_TRUE(got(sock, "now"));
	sock_close(sock, false);
}

static void disconnect(struct sock *sock)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	CU_ASSERT_EQUAL(sock_connect(sock, &sa, sizeof(sa)), 0);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_NEW);
}

static void test_disconnect(void)
{
	struct sock *sock = open_udp(AF_INET);
	struct sockaddr_storage name;

	disconnect(sock);
	CU_ASSERT_EQUAL(connect_to(sock, WIRE_PEER4, 9999), 0);
	disconnect(sock);
	sock_name(sock, &name);
	CU_ASSERT_TRUE(is_name(&name, "0.0.0.0", 0));
	CU_ASSERT_EQUAL(sock_peer(sock, &name), -ENOTCONN);
	CU_ASSERT_EQUAL(send_len(sock, 1, NULL, 0), -EDESTADDRREQ);
	CU_ASSERT_EQUAL(bind_to(sock, "0.0.0.0", 53), 0);
	CU_ASSERT_EQUAL(connect_to(sock, WIRE_PEER4, 9999), 0);
	disconnect(sock);
	sock_name(sock, &name);
	CU_ASSERT_TRUE(is_name(&name, "0.0.0.0", 53));
	wire_send(&wire, WIRE_PEER4, 1, WIRE_OWN4, 53, "any", 3);
	CU_ASSERT_TRUE(got(sock, "any"));
	sock_close(sock, false);
}

static void test_connected_goes_first(void)
{
	struct sock *conn = open_udp(AF_INET), *other = open_udp(AF_INET);

	set_flag(conn, SOL_SOCKET, SO_REUSEADDR, 1);
	set_flag(other, SOL_SOCKET, SO_REUSEADDR, 1);
	CU_ASSERT_EQUAL(bind_to(conn, WIRE_OWN4, 53), 0);
	CU_ASSERT_EQUAL(bind_to(other, WIRE_OWN4, 53), 0);
	CU_ASSERT_EQUAL(connect_to(conn, WIRE_PEER4, 9999), 0);
	say("peer", WIRE_OWN4, 53);
	wire_send(&wire, WIRE_PEER4, 1, WIRE_OWN4, 53, "stranger", 8);
	CU_ASSERT_TRUE(got(conn, "peer"));
	CU_ASSERT_TRUE(got(other, "stranger"));
	sock_close(conn, false);
	sock_close(other, false);
}

static void test_specific_goes_first(void)
{
	struct sock *any = open_udp(AF_INET), *own = open_udp(AF_INET);

	set_flag(any, SOL_SOCKET, SO_REUSEADDR, 1);
	set_flag(own, SOL_SOCKET, SO_REUSEADDR, 1);
	CU_ASSERT_EQUAL(bind_to(own, WIRE_OWN4, 53), 0);
	CU_ASSERT_EQUAL(bind_to(any, "0.0.0.0", 53), 0);
	say("own", WIRE_OWN4, 53);
	CU_ASSERT_TRUE(got(own, "own"));
	CU_ASSERT_FALSE(got(any, "own"));
	sock_close(own, false);
	say("rest", WIRE_OWN4, 53);
	CU_ASSERT_TRUE(got(any, "rest"));
	sock_close(any, false);
}

static void test_broadcast_goes_to_all(void)
{
	struct sock *socks[3];

	for (int i = 0; i < 3; i++) {
		socks[i] = open_udp(AF_INET);
		set_flag(socks[i], SOL_SOCKET, SO_REUSEADDR, 1);
		CU_ASSERT_EQUAL(bind_to(socks[i], "0.0.0.0", 53), 0);
	}
	say("all", "10.107.0.255", 53);
	say("all", "255.255.255.255", 53);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(got(socks[i], "all"));
		CU_ASSERT_TRUE(got(socks[i], "all"));
		CU_ASSERT_FALSE(got(socks[i], "all"));
		sock_close(socks[i], false);
	}
}

/* Each flow stays with one sock, and every sock has some. */
static void test_reuseport_spreads_flows(void)
{
	unsigned counts[4] = { 0 }, hits;
	struct sock *socks[4];

	for (int i = 0; i < 4; i++) {
		socks[i] = open_udp(AF_INET);
		set_flag(socks[i], SOL_SOCKET, SO_REUSEPORT, 1);
		CU_ASSERT_EQUAL(bind_to(socks[i], "0.0.0.0", 53), 0);
	}
	for (uint16_t port = 1000; port < 1100; port++) {
		wire_send(&wire, WIRE_PEER4, port, WIRE_OWN4, 53, "x", 1);
		wire_send(&wire, WIRE_PEER4, port, WIRE_OWN4, 53, "x", 1);
		hits = 0;
		for (int i = 0; i < 4; i++) {
			if (!got(socks[i], "x"))
				continue;
			CU_ASSERT_TRUE(got(socks[i], "x"));
			counts[i]++;
			hits++;
		}
		CU_ASSERT_EQUAL(hits, 1);
	}
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(counts[i] > 5);
		sock_close(socks[i], false);
	}
}

static void test_queue_is_bounded(void)
{
	struct sock *sock = bound(AF_INET, "0.0.0.0", 53);
	struct stack_stats stats;
	unsigned count = 0;

	set_flag(sock, SOL_SOCKET, SO_RCVBUF, 4096);
	for (int i = 0; i < 1000; i++)
		wire_send(&wire, WIRE_PEER4, 9999, WIRE_OWN4, 53, NULL, 0);
	while (got(sock, ""))
		count++;
	CU_ASSERT_TRUE(count > 10);
	CU_ASSERT_TRUE(count < 200);
	stack_get_stats(wire.stack, &stats);
	CU_ASSERT_EQUAL(stats.udp_dropped_queue, 1000 - count);
	CU_ASSERT_EQUAL(stats.udp_received, count);
	say("again", WIRE_OWN4, 53);
	CU_ASSERT_TRUE(got(sock, "again"));
	sock_close(sock, false);
}

static void test_loopback(void)
{
	struct sock *a = bound(AF_INET6, "::", 53), *b = open_udp(AF_INET);
	struct sock_dgram dgram;

	CU_ASSERT_EQUAL(send_len(b, 65507, "127.0.0.1", 53), 0);
	CU_ASSERT_EQUAL(send_len(b, 4, "0.0.0.0", 53), 0);
	wire_turn(&wire);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(a, &dgram), 0);
	CU_ASSERT_EQUAL(dgram.len, 65507);
	sock_dgram_consume(a);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(a, &dgram), 0);
	CU_ASSERT_EQUAL(dgram.len, 4);
	sock_dgram_consume(a);
	CU_ASSERT_EQUAL(send_len(b, 3, WIRE_OWN4, 53), 0);
	wire_turn(&wire);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(a, &dgram), 0);
	CU_ASSERT_EQUAL(dgram.len, 3);
	CU_ASSERT_EQUAL(((struct sockaddr_in6 *)&dgram.src)->sin6_addr
	                .s6_addr[15], 2);
	sock_close(a, false);
	sock_close(b, false);
}

static void test_loopback_v6(void)
{
	struct sock *a = bound(AF_INET6, "::1", 53), *b = open_udp(AF_INET6);
	struct sock_dgram dgram;

	CU_ASSERT_EQUAL(connect_to(b, "::", 53), 0);
	CU_ASSERT_EQUAL(send_len(b, 5, NULL, 0), 0);
	wire_turn(&wire);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(a, &dgram), 0);
	CU_ASSERT_EQUAL(dgram.len, 5);
	sock_close(a, false);
	sock_close(b, false);
}

static void test_large_datagrams_are_cut(void)
{
	struct sock *sock = open_udp(AF_INET6);
	struct wire_packet packet;
	unsigned count = 0;

	/* Know the neighbour: few packets may wait for an answer to ARP. */
	CU_ASSERT_EQUAL(send_len(sock, 1, "::ffff:" WIRE_PEER4, 7), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE(wire_take(&wire, &packet));
	CU_ASSERT_EQUAL(send_len(sock, 65507, "::ffff:" WIRE_PEER4, 7), 0);
	wire_turn(&wire);
	for (; wire_take(&wire, &packet); count++)
		CU_ASSERT_TRUE(packet.is_fragment);
	CU_ASSERT_EQUAL(count, 45);
	CU_ASSERT_EQUAL(send_len(sock, 4000, WIRE_PEER6, 7), 0);
	wire_turn(&wire);
	for (count = 0; wire_take(&wire, &packet); count++)
		CU_ASSERT_TRUE(packet.is_fragment);
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(send_len(sock, 65488, WIRE_PEER6, 7), -EMSGSIZE);
	sock_close(sock, false);
}

/* Connect, send, get an ICMP error about it. Return: SO_ERROR. */
static int error_of(struct sock *sock, const char *dst, uint8_t type,
                    uint8_t code, uint32_t rest)
{
	struct wire_packet packet;

	CU_ASSERT_EQUAL(connect_to(sock, dst, 7), 0);
	CU_ASSERT_EQUAL(send_len(sock, 10, NULL, 0), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	wire_send_error(&wire, &packet, type, code, rest);
	return sock_error(sock, true);
}

static void test_icmp_errors(void)
{
	struct sock *sock = open_udp(AF_INET);

	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 3, 0), ECONNREFUSED);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 1, 0), 0);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 13, 0), EHOSTUNREACH);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 4, 1400), EMSGSIZE);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 11, 0, 0), 0);
	set_flag(sock, IPPROTO_IP, IP_RECVERR, 1);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 1, 0), EHOSTUNREACH);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 11, 0, 0), EHOSTUNREACH);
	sock_close(sock, false);
}

static void test_icmp_errors_v6(void)
{
	struct sock *sock = open_udp(AF_INET6);

	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 4, 0), ECONNREFUSED);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 1, 0), EACCES);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 3, 0), 0);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 2, 0, 1280), EMSGSIZE);
	set_flag(sock, IPPROTO_IPV6, IPV6_RECVERR, 1);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 3, 0), EHOSTUNREACH);
	sock_close(sock, false);
}

static void test_icmp_errors_about_others(void)
{
	struct sock *sock = open_udp(AF_INET), *other = open_udp(AF_INET);
	struct wire_packet packet;

	CU_ASSERT_EQUAL(connect_to(other, WIRE_PEER4, 8), 0);
	CU_ASSERT_EQUAL(send_len(sock, 10, WIRE_PEER4, 7), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	wire_send_error(&wire, &packet, 3, 3, 0);
	CU_ASSERT_EQUAL(sock_error(sock, true), 0); /* not connected */
	CU_ASSERT_EQUAL(sock_error(other, true), 0);
	CU_ASSERT_EQUAL(failed, 0);
	sock_close(sock, false);
	sock_close(other, false);
}

static void test_closed_with_datagrams_waiting(void)
{
	struct sock *sock = bound(AF_INET, "0.0.0.0", 53);

	say("never read", WIRE_OWN4, 53);
	sock_close(sock, false);
	sock = bound(AF_INET, "0.0.0.0", 53);
	sock_close(sock, true);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_receive),
	UNIT_TEST(test_receive_on_both_families),
	UNIT_TEST(test_v6only),
	UNIT_TEST(test_nobody_is_told_by_icmp),
	UNIT_TEST(test_send),
	UNIT_TEST(test_send_both_families_from_one),
	UNIT_TEST(test_send_refuses),
	UNIT_TEST(test_mixed_families),
	UNIT_TEST(test_chosen_source),
	UNIT_TEST(test_connect),
	UNIT_TEST(test_disconnect),
	UNIT_TEST(test_connected_goes_first),
	UNIT_TEST(test_specific_goes_first),
	UNIT_TEST(test_broadcast_goes_to_all),
	UNIT_TEST(test_reuseport_spreads_flows),
	UNIT_TEST(test_queue_is_bounded),
	UNIT_TEST(test_loopback),
	UNIT_TEST(test_loopback_v6),
	UNIT_TEST(test_large_datagrams_are_cut),
	UNIT_TEST(test_icmp_errors),
	UNIT_TEST(test_icmp_errors_v6),
	UNIT_TEST(test_icmp_errors_about_others),
	UNIT_TEST(test_closed_with_datagrams_waiting),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("sock_udp", udp_setup, udp_teardown, tests);
}
