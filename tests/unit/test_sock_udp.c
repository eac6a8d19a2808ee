/* SPDX-License-Identifier: MIT */
/* UDP sockets: names, and datagrams out. */
#include "tests/unit/udp_fixture.h"

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

static const struct unit_test tests[] = {
	UNIT_TEST(test_send),
	UNIT_TEST(test_send_both_families_from_one),
	UNIT_TEST(test_send_refuses),
	UNIT_TEST(test_mixed_families),
	UNIT_TEST(test_chosen_source),
	UNIT_TEST(test_connect),
	UNIT_TEST(test_disconnect),
	UNIT_TEST(test_loopback),
	UNIT_TEST(test_loopback_v6),
	UNIT_TEST(test_large_datagrams_are_cut),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("sock_udp", udp_setup, udp_teardown, tests);
}
