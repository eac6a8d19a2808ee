/* SPDX-License-Identifier: MIT */
/* TCP socks against a scripted peer: how connections begin. */
#include "tests/unit/sock_fixture.h"

static void accepts_a_connection(void)
{
	struct sockaddr_storage addr, expected;
	struct sock *sock = accept_one();

	CU_ASSERT_EQUAL(seen.accepts, 1);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	sock_name(sock, &addr);
	peer_addr(false, false, LISTEN_PORT, &expected);
	CU_ASSERT_EQUAL(memcmp(&addr, &expected, sizeof(addr)), 0);
	CU_ASSERT_EQUAL(sock_peer(sock, &addr), 0);
	peer_addr(false, true, 5000, &expected);
	CU_ASSERT_EQUAL(memcmp(&addr, &expected, sizeof(addr)), 0);
	CU_ASSERT_EQUAL(stats_now().tcp_accepted, 1);
	CU_ASSERT_PTR_EQUAL(sock_by_id(peer.stack, sock_id(sock)), sock);
}

static void accepts_over_ipv6(void)
{
	listen_at(true, LISTEN_PORT, false);
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, true, 5000, LISTEN_PORT));
	CU_ASSERT_EQUAL(seen.accepts, 1);
}

static void dual_stack_listener_takes_both(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
	                            .sin6_port = htons(LISTEN_PORT) };
	struct sockaddr_storage addr;
	struct sock *sock;

	CU_ASSERT_EQUAL_FATAL(sock_open(peer.stack, AF_INET6, SOCK_STREAM, 0,
	                                &sock), 0);
	sock_set_user(sock, &seen);
	CU_ASSERT_EQUAL(sock_bind(sock, (void *)&any, sizeof(any)), 0);
	CU_ASSERT_EQUAL(sock_listen(sock), 0);
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, true, 5000, LISTEN_PORT));
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, false, 5001, LISTEN_PORT));
	CU_ASSERT_EQUAL_FATAL(seen.accepts, 2);
	sock_peer(seen.accepted, &addr);
	CU_ASSERT_EQUAL(addr.ss_family, AF_INET6);
	CU_ASSERT_TRUE(IN6_IS_ADDR_V4MAPPED(
		&((struct sockaddr_in6 *)&addr)->sin6_addr));
}

static void v6only_listener_refuses_ipv4(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
	                            .sin6_port = htons(LISTEN_PORT) };
	struct sock *sock;
	int on = 1;

	CU_ASSERT_EQUAL_FATAL(sock_open(peer.stack, AF_INET6, SOCK_STREAM, 0,
	                                &sock), 0);
	sock_set_user(sock, &seen);
	CU_ASSERT_EQUAL(sock_setopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, &on,
	                            sizeof(on)), 0);
	CU_ASSERT_EQUAL(sock_bind(sock, (void *)&any, sizeof(any)), 0);
	CU_ASSERT_EQUAL(sock_listen(sock), 0);
	CU_ASSERT_FALSE(peer_connect(&peer, &conn, false, 5001, LISTEN_PORT));
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, true, 5000, LISTEN_PORT));
}

static void connects(void)
{
	struct sock *sock = connect_one(false);

	CU_ASSERT_EQUAL(seen.connected, 1);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	CU_ASSERT_EQUAL(seg.flags, PEER_ACK);
	CU_ASSERT_EQUAL(stats_now().tcp_connected, 1);
	CU_ASSERT_TRUE(sock_tx_room(sock) > 60000);
}

static void connects_over_ipv6(void)
{
	connect_one(true);
	CU_ASSERT_EQUAL(seen.connected, 1);
}

static void syn_announces_mss_and_scale(void)
{
	start_connect(false, 7);
	CU_ASSERT_TRUE_FATAL(peer_take(&peer, &seg));
	CU_ASSERT_EQUAL(seg.flags, PEER_SYN);
	CU_ASSERT_EQUAL(seg.mss, 1460);
	CU_ASSERT_TRUE(seg.wscale >= 5);
}

static void connect_is_refused(void)
{
	struct sock *sock = start_connect(false, 7);

	CU_ASSERT_TRUE_FATAL(peer_take(&peer, &seg));
	peer_send(&peer, &(struct peer_seg){
		.src = seg.dst, .dst = seg.src, .ack = seg.seq + 1,
		.flags = PEER_RST | PEER_ACK, .wscale = -1 });
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_DEAD);
	CU_ASSERT_EQUAL(seen.errors, 1);
	CU_ASSERT_EQUAL(sock_error(sock, true), ECONNREFUSED);
	CU_ASSERT_EQUAL(sock_error(sock, false), 0);
	CU_ASSERT_EQUAL(stats_now().tcp_connect_failed, 1);
}

/* RFC 6298 and Linux: SYNs after 1, 3, 7, 15, 31 and 63 s, the end at 127 s. */
static void connect_times_out(void)
{
	struct sock *sock = start_connect(false, 7);
	uint64_t start = peer.now_us;
	unsigned syns = 0;

	peer_wait(&peer, 62900000);
	while (peer_take(&peer, &seg))
		syns += seg.flags == PEER_SYN;
	CU_ASSERT_EQUAL(syns, 6);
	peer_wait(&peer, 126900000 - (peer.now_us - start));
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTING);
	peer_wait(&peer, 200000);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_DEAD);
	CU_ASSERT_EQUAL(sock_error(sock, true), ETIMEDOUT);
}

static void connect_survives_a_lost_syn(void)
{
	struct sock *sock = start_connect(false, 7);

	peer_take(&peer, &seg);
	peer_wait(&peer, 1100000);
	CU_ASSERT_TRUE_FATAL(peer_accept(&peer, &conn));
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
}

static void close_while_connecting(void)
{
	struct sock *sock = start_connect(false, 7);

	sock_close(sock, false);
	peer_turn(&peer);
	CU_ASSERT_EQUAL(stats_now().socks_open, 0);
	CU_ASSERT_EQUAL(stats_now().tcp_pcbs, 0);
}

static void unknown_port_is_reset(void)
{
	CU_ASSERT_FALSE(peer_connect(&peer, &conn, false, 5000, 81));
}

static const struct unit_test tests[] = {
	UNIT_TEST(accepts_a_connection),
	UNIT_TEST(accepts_over_ipv6),
	UNIT_TEST(dual_stack_listener_takes_both),
	UNIT_TEST(v6only_listener_refuses_ipv4),
	UNIT_TEST(connects),
	UNIT_TEST(connects_over_ipv6),
	UNIT_TEST(syn_announces_mss_and_scale),
	UNIT_TEST(connect_is_refused),
	UNIT_TEST(connect_times_out),
	UNIT_TEST(connect_survives_a_lost_syn),
	UNIT_TEST(close_while_connecting),
	UNIT_TEST(unknown_port_is_reset),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("sock_tcp", fixture_init, fixture_fini, tests);
}
