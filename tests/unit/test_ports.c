/* SPDX-License-Identifier: MIT */
/* The port table: who holds what, ephemeral ports, connections that share. */
#include "tests/unit/ports_fixture.h"

#define EPHEMERAL \
	(STACK_PORT_EPHEMERAL_LAST - STACK_PORT_EPHEMERAL_FIRST + 1)

static void test_tcp_and_udp_are_apart(void)
{
	struct sock tcp, udp;
	ip_addr_t any = *IP4_ADDR_ANY;

	init_sock(&tcp, AF_INET, SOCK_STREAM);
	init_sock(&udp, AF_INET, SOCK_DGRAM);
	CU_ASSERT_EQUAL(ports_bind(&tcp, &any, 53), 0);
	CU_ASSERT_EQUAL(ports_bind(&udp, &any, 53), 0);
	CU_ASSERT_EQUAL(ports_bind(&udp, &any, 54), -EINVAL);
	CU_ASSERT_EQUAL(ports_count(&stack), 2);
	ports_release(&tcp);
	ports_release(&tcp);
	CU_ASSERT_EQUAL(ports_count(&stack), 1);
	ports_release(&udp);
}

static void test_wildcard_covers_both(void)
{
	struct sock sock;
	ip_addr_t any = *IP6_ADDR_ANY;

	init_sock(&sock, AF_INET6, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	CU_ASSERT_TRUE(IP_IS_ANY_TYPE_VAL(sock.local_ip));
	ports_release(&sock);
	init_sock(&sock, AF_INET6, SOCK_STREAM);
	sock.opt.v6only = true;
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	CU_ASSERT_TRUE(IP_IS_V6_VAL(sock.local_ip));
	ports_release(&sock);
}

static void test_failed_bind_leaves_nothing(void)
{
	struct sock a, b;
	ip_addr_t any = *IP4_ADDR_ANY, lo;

	ip_addr_set_loopback(false, &lo);
	init_sock(&a, AF_INET, SOCK_STREAM);
	init_sock(&b, AF_INET, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&a, &any, 80), 0);
	CU_ASSERT_EQUAL(ports_bind(&b, &lo, 80), -EADDRINUSE);
	CU_ASSERT_TRUE(ip_addr_isany(&b.local_ip));
	CU_ASSERT_EQUAL(b.local_port, 0);
	CU_ASSERT_FALSE(b.has_port);
	ports_release(&a);
	CU_ASSERT_EQUAL(ports_bind(&b, &lo, 80), 0);
	ports_release(&b);
}

static void test_time_wait_blocks_a_bind(void)
{
	struct sock sock;
	ip_addr_t any = *IP4_ADDR_ANY;

	time_wait_port = 80;
	init_sock(&sock, AF_INET, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), -EADDRINUSE);
	sock.opt.reuse_addr = true;
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	ports_release(&sock);
	init_sock(&sock, AF_INET, SOCK_DGRAM);
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	ports_release(&sock);
}

/* A restarted server: its old connections are still there. */
static void test_accepted_connections_hold_the_port(void)
{
	struct sock listener, conn, again;
	ip_addr_t any = *IP4_ADDR_ANY;

	init_sock(&listener, AF_INET, SOCK_STREAM);
	listener.opt.reuse_addr = true;
	CU_ASSERT_EQUAL(ports_bind(&listener, &any, 80), 0);
	listener.state = SOCK_STATE_LISTENING;
	init_sock(&conn, AF_INET, SOCK_STREAM);
	conn.opt = listener.opt;
	conn.state = SOCK_STATE_CONNECTED;
	ports_adopt(&conn, &listener);
	CU_ASSERT_EQUAL(conn.local_port, 80);
	CU_ASSERT_TRUE(conn.port_is_shared);
	CU_ASSERT_EQUAL(ports_count(&stack), 1);
	ports_release(&listener);

	init_sock(&again, AF_INET, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&again, &any, 80), -EADDRINUSE);
	again.opt.reuse_addr = true;
	CU_ASSERT_EQUAL(ports_bind(&again, &any, 80), 0);
	CU_ASSERT_EQUAL(ports_listen(&again), 0);
	ports_release(&conn);
	ports_release(&again);
}

static struct sock *many;

/* Every ephemeral port once, in an order that cannot be guessed. */
static void test_ephemeral_until_none_is_left(void)
{
	static bool seen[65536];
	unsigned ascending = 0;
	struct sock last;
	ip_addr_t any = *IP4_ADDR_ANY;

	memset(seen, 0, sizeof(seen));
	many = calloc(EPHEMERAL, sizeof(*many));
	for (unsigned i = 0; i < EPHEMERAL; i++) {
		init_sock(&many[i], AF_INET, SOCK_DGRAM);
		if (ports_bind(&many[i], &any, 0) ||
		    many[i].local_port < STACK_PORT_EPHEMERAL_FIRST ||
		    many[i].local_port > STACK_PORT_EPHEMERAL_LAST ||
		    seen[many[i].local_port])
			break;
		seen[many[i].local_port] = true;
		if (i && many[i].local_port > many[i - 1].local_port)
			ascending++;
	}
	CU_ASSERT_EQUAL(ports_count(&stack), EPHEMERAL);
	CU_ASSERT_TRUE(ascending > EPHEMERAL / 3);
	CU_ASSERT_TRUE(ascending < EPHEMERAL * 2 / 3);
	init_sock(&last, AF_INET, SOCK_DGRAM);
	CU_ASSERT_EQUAL(ports_bind(&last, &any, 0), -EADDRINUSE);
	ports_release(&many[17]);
	CU_ASSERT_EQUAL(ports_bind(&last, &any, 0), 0);
	CU_ASSERT_EQUAL(last.local_port, many[17].local_port);
	ports_release(&last);
	for (unsigned i = 0; i < EPHEMERAL; i++)
		ports_release(&many[i]);
	free(many);
}

static void test_bind_address_no_port(void)
{
	struct sock sock;
	ip_addr_t lo, peer;

	ip_addr_set_loopback(false, &lo);
	ip_addr_copy(peer, lo);
	init_sock(&sock, AF_INET, SOCK_STREAM);
	sock.opt.kept.bind_no_port = 1;
	CU_ASSERT_EQUAL(ports_bind(&sock, &lo, 0), 0);
	CU_ASSERT_FALSE(sock.has_port);
	CU_ASSERT_TRUE(ip_addr_cmp(&sock.local_ip, &lo));
	CU_ASSERT_EQUAL(ports_connect(&sock, &lo, &peer, 80), 0);
	CU_ASSERT_TRUE(sock.has_port);
	CU_ASSERT_EQUAL(ports_connect(&sock, &lo, &peer, 80), -EINVAL);
	ports_release(&sock);
}

static void connect_all(ip_addr_t *lo)
{
	many = calloc(EPHEMERAL, sizeof(*many));
	for (unsigned i = 0; i < EPHEMERAL; i++) {
		init_sock(&many[i], AF_INET, SOCK_STREAM);
		CU_ASSERT_EQUAL_FATAL(ports_connect(&many[i], lo, lo, 80), 0);
		many[i].state = SOCK_STATE_CONNECTED;
	}
}

/* Past the ephemeral ports connections share them, but only with each other
 * and only where the peer differs.
 */
static void test_connect_shares_ports(void)
{
	struct sock more;
	ip_addr_t lo;

	ip_addr_set_loopback(false, &lo);
	connect_all(&lo);
	init_sock(&more, AF_INET, SOCK_STREAM);
	taken_from = STACK_PORT_EPHEMERAL_FIRST;
	taken_to = STACK_PORT_EPHEMERAL_LAST;
	CU_ASSERT_EQUAL(ports_connect(&more, &lo, &lo, 80), -EADDRNOTAVAIL);
	taken_from = STACK_PORT_EPHEMERAL_FIRST + 1;
	CU_ASSERT_EQUAL(ports_connect(&more, &lo, &lo, 81), 0);
	CU_ASSERT_EQUAL(more.local_port, STACK_PORT_EPHEMERAL_FIRST);
	ports_release(&more);
	for (unsigned i = 0; i < EPHEMERAL; i++)
		if (many[i].local_port == STACK_PORT_EPHEMERAL_FIRST)
			many[i].state = SOCK_STATE_LISTENING;
	CU_ASSERT_EQUAL(ports_connect(&more, &lo, &lo, 81), -EADDRNOTAVAIL);
	for (unsigned i = 0; i < EPHEMERAL; i++)
		ports_release(&many[i]);
	free(many);
}

static void test_order_of_a_port(void)
{
	struct sock socks[3];
	ip_addr_t any = *IP4_ADDR_ANY;

	for (unsigned i = 0; i < 3; i++) {
		init_sock(&socks[i], AF_INET, SOCK_DGRAM);
		socks[i].opt.reuse_addr = true;
		CU_ASSERT_EQUAL(ports_bind(&socks[i], &any, 53), 0);
	}
	CU_ASSERT_PTR_EQUAL(ports_first(&stack, SOCK_DGRAM, 53), &socks[2]);
	ports_release(&socks[1]);
	CU_ASSERT_PTR_EQUAL(socks[2].port_next, &socks[0]);
	ports_release(&socks[2]);
	CU_ASSERT_PTR_EQUAL(ports_first(&stack, SOCK_DGRAM, 53), &socks[0]);
	ports_release(&socks[0]);
	CU_ASSERT_PTR_NULL(ports_first(&stack, SOCK_DGRAM, 53));
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_tcp_and_udp_are_apart),
	UNIT_TEST(test_wildcard_covers_both),
	UNIT_TEST(test_failed_bind_leaves_nothing),
	UNIT_TEST(test_time_wait_blocks_a_bind),
	UNIT_TEST(test_accepted_connections_hold_the_port),
	UNIT_TEST(test_ephemeral_until_none_is_left),
	UNIT_TEST(test_bind_address_no_port),
	UNIT_TEST(test_connect_shares_ports),
	UNIT_TEST(test_order_of_a_port),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("ports", ports_setup, ports_teardown, tests);
}
