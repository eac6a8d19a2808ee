/* SPDX-License-Identifier: MIT */
/* UDP sockets: datagrams in, and who gets one. */
#include "tests/unit/udp_fixture.h"

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
	UNIT_TEST(test_connected_goes_first),
	UNIT_TEST(test_specific_goes_first),
	UNIT_TEST(test_broadcast_goes_to_all),
	UNIT_TEST(test_reuseport_spreads_flows),
	UNIT_TEST(test_queue_is_bounded),
	UNIT_TEST(test_closed_with_datagrams_waiting),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("sock_udp_rx", udp_setup, udp_teardown, tests);
}
