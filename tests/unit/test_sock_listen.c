/* SPDX-License-Identifier: MIT */
/* Listeners, handshakes under way, TIME_WAIT, and the table of socks. */
#include "tests/unit/sock_fixture.h"

static void reset_of_a_handshake_leaves_nothing(void)
{
	struct sock *listener = listen_at(false, LISTEN_PORT, false);

	conn = (struct peer_conn){ .peer = &peer, .local = 6000,
	                           .remote = LISTEN_PORT, .snd = 5,
	                           .wnd = 1000, .mss = 1460 };
	peer_conn_send(&conn, PEER_SYN, NULL, 0);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(stats_now().socks_open, 2);
	peer_conn_send(&conn, PEER_RST | PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(stats_now().socks_open, 1);
	CU_ASSERT_EQUAL(seen.errors + seen.accepts, 0);
	seen.backlog = 1; /* it is no longer pending */
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, false, 6001, LISTEN_PORT));
	sock_close(listener, false);
}

static void silent_handshake_is_forgotten(void)
{
	listen_at(false, LISTEN_PORT, false);
	conn = (struct peer_conn){ .peer = &peer, .local = 6000,
	                           .remote = LISTEN_PORT, .snd = 5,
	                           .wnd = 1000, .mss = 1460 };
	peer_conn_send(&conn, PEER_SYN, NULL, 0);
	peer_wait(&peer, 30000000);
	CU_ASSERT_EQUAL(stats_now().socks_open, 1);
	CU_ASSERT_EQUAL(stats_now().tcp_pcbs, 0);
}

static void full_backlog_drops_the_syn(void)
{
	listen_at(false, LISTEN_PORT, false);
	seen.backlog = 2;
	for (unsigned i = 0; i < 4; i++) {
		conn = (struct peer_conn){ .peer = &peer,
			.local = (uint16_t)(6000 + i), .remote = LISTEN_PORT,
			.snd = 5, .wnd = 1000, .mss = 1460 };
		peer_conn_send(&conn, PEER_SYN, NULL, 0);
		CU_ASSERT_EQUAL(peer_conn_take(&conn, &seg), i < 2);
	}
	CU_ASSERT_EQUAL(seen.pending_max, 2);
	CU_ASSERT_EQUAL(stats_now().tcp_backlog_dropped, 2);
}

static void refused_accept_resets(void)
{
	listen_at(false, LISTEN_PORT, false);
	seen.refuse = true;
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, false, 5000, LISTEN_PORT));
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.flags & PEER_RST);
	CU_ASSERT_EQUAL(stats_now().socks_open, 1);
}

static void closed_listener_resets_handshakes(void)
{
	struct sock *listener = listen_at(false, LISTEN_PORT, false);

	conn = (struct peer_conn){ .peer = &peer, .local = 6000,
	                           .remote = LISTEN_PORT, .snd = 5,
	                           .wnd = 1000, .mss = 1460 };
	peer_conn_send(&conn, PEER_SYN, NULL, 0);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	sock_close(listener, false);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.flags & PEER_RST);
	CU_ASSERT_EQUAL(stats_now().socks_open, 0);
	CU_ASSERT_EQUAL(stats_now().tcp_listeners, 0);
	CU_ASSERT_EQUAL(stats_now().ports_bound, 0);
}

static void accepted_outlives_its_listener(void)
{
	struct sock *sock = accept_one();

	sock_close(seen.listener, false);
	tx(sock, 10);
	peer_turn(&peer);
	CU_ASSERT_EQUAL(drain(), 10);
}

static void reuseport_spreads_and_survives(void)
{
	struct sock *a = listen_at(false, LISTEN_PORT, true);
	struct sock *b = listen_at(false, LISTEN_PORT, true);
	unsigned of_a = 0, of_b = 0;

	for (uint16_t port = 7000; port < 7064; port++) {
		CU_ASSERT_TRUE(peer_connect(&peer, &conn, false, port,
		                            LISTEN_PORT));
		of_a += seen.listener == a;
		of_b += seen.listener == b;
	}
	CU_ASSERT_EQUAL(of_a + of_b, 64);
	CU_ASSERT_TRUE(of_a > 10 && of_b > 10);
	sock_close(a, false);
	for (uint16_t port = 7100; port < 7110; port++) {
		CU_ASSERT_TRUE(peer_connect(&peer, &conn, false, port,
		                            LISTEN_PORT));
		CU_ASSERT_PTR_EQUAL(seen.listener, b);
	}
	CU_ASSERT_EQUAL(stats_now().tcp_listeners, 1);
}

static void syn_reopens_a_time_wait(void)
{
	struct sock *sock = accept_one();

	sock_close(sock, false);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		;
	peer_conn_send(&conn, PEER_ACK | PEER_FIN, NULL, 0);
	CU_ASSERT_EQUAL(stats_now().tcp_time_wait, 1);
	while (peer_conn_take(&conn, &seg))
		;
	conn.snd += 1000;
	peer_conn_send(&conn, PEER_SYN, NULL, 0);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.flags, PEER_SYN | PEER_ACK);
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(seen.accepts, 2);
	CU_ASSERT_EQUAL(stats_now().tcp_time_wait, 0);
}

static void port_in_time_wait_needs_reuseaddr(void)
{
	struct sock *sock = accept_one(), *again;
	struct sockaddr_storage addr;
	socklen_t len = peer_addr(false, false, LISTEN_PORT, &addr);
	int on = 1;

	sock_close(seen.listener, false);
	sock_close(sock, false);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		;
	peer_conn_send(&conn, PEER_ACK | PEER_FIN, NULL, 0);
	CU_ASSERT_EQUAL(stats_now().tcp_time_wait, 1);
	CU_ASSERT_EQUAL(sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &again),
	                0);
	sock_set_user(again, &seen);
	CU_ASSERT_EQUAL(sock_bind(again, (void *)&addr, len), -EADDRINUSE);
	sock_setopt(again, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	CU_ASSERT_EQUAL(sock_bind(again, (void *)&addr, len), 0);
}

static void table_is_full(void)
{
	struct sock *sock, *last = NULL;
	unsigned count = 0;
	int err;

	while (!(err = sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &sock))) {
		sock_set_user(sock, &seen);
		last = sock;
		count++;
	}
	CU_ASSERT_EQUAL(err, -ENFILE);
	CU_ASSERT_EQUAL(count, STACK_SOCK_MAX);
	sock_close(last, false);
	CU_ASSERT_EQUAL(sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &sock),
	                0);
	sock_set_user(sock, &seen);
}

static void ids_never_mean_another(void)
{
	struct sock *sock;
	uint64_t id;

	CU_ASSERT_EQUAL(sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &sock),
	                0);
	id = sock_id(sock);
	sock_close(sock, false);
	CU_ASSERT_PTR_NULL(sock_by_id(peer.stack, id));
	CU_ASSERT_EQUAL(sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &sock),
	                0);
	CU_ASSERT_PTR_NULL(sock_by_id(peer.stack, id));
	CU_ASSERT_PTR_EQUAL(sock_by_id(peer.stack, sock_id(sock)), sock);
	CU_ASSERT_PTR_NULL(sock_by_id(peer.stack, 0));
	CU_ASSERT_PTR_NULL(sock_by_id(peer.stack, UINT64_MAX));
	sock_close(sock, false);
}

static const struct unit_test tests[] = {
	UNIT_TEST(reset_of_a_handshake_leaves_nothing),
	UNIT_TEST(silent_handshake_is_forgotten),
	UNIT_TEST(full_backlog_drops_the_syn),
	UNIT_TEST(refused_accept_resets),
	UNIT_TEST(closed_listener_resets_handshakes),
	UNIT_TEST(accepted_outlives_its_listener),
	UNIT_TEST(reuseport_spreads_and_survives),
	UNIT_TEST(syn_reopens_a_time_wait),
	UNIT_TEST(port_in_time_wait_needs_reuseaddr),
	UNIT_TEST(table_is_full),
	UNIT_TEST(ids_never_mean_another),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("sock_listen", fixture_init, fixture_fini, tests);
}
