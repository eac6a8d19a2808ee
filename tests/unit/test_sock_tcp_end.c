/* SPDX-License-Identifier: MIT */
/* How TCP socks end, against a scripted peer: FIN both ways, resets in each
 * state, close with bytes unread or unsent; and what their options change.
 */
#include "tests/unit/sock_fixture.h"

static void fin_from_the_peer_is_eof(void)
{
	struct sock *sock = accept_one();

	peer_conn_send(&conn, PEER_ACK | PEER_FIN, "bye", 3);
	CU_ASSERT_FALSE(sock_rx_is_eof(sock)); /* bytes wait before it */
	sock_rx_consume(sock, 3);
	CU_ASSERT_TRUE(sock_rx_is_eof(sock));
	while (peer_conn_take(&conn, &seg))
		;
	CU_ASSERT_EQUAL(seg.ack, conn.snd);
	/* The other direction still works. */
	CU_ASSERT_EQUAL(tx(sock, 100), 0);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.len, 100);
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_shutdown_tx(sock), 0);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.flags & PEER_FIN);
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	CU_ASSERT_EQUAL(stats_now().tcp_pcbs, 0);
	CU_ASSERT_EQUAL(seen.errors, 0);
}

static void shutdown_sends_fin_after_the_bytes(void)
{
	struct sock *sock = accept_one();
	size_t len = 0;

	tx(sock, 5000);
	CU_ASSERT_EQUAL(sock_shutdown_tx(sock), 0);
	CU_ASSERT_EQUAL(sock_tx_room(sock), 0);
	do {
		peer_turn(&peer);
		while (peer_conn_take(&conn, &seg))
			len += seg.len;
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	} while (len < 5000);
	CU_ASSERT_TRUE(seg.flags & PEER_FIN);
	/* The peer may go on. */
	peer_conn_send(&conn, PEER_ACK, "more", 4);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 4);
	sock_rx_consume(sock, 4);
	peer_conn_send(&conn, PEER_ACK | PEER_FIN, NULL, 0);
	CU_ASSERT_TRUE(sock_rx_is_eof(sock));
	CU_ASSERT_EQUAL(stats_now().tcp_time_wait, 1);
	peer_wait(&peer, 11000000);
	CU_ASSERT_EQUAL(stats_now().tcp_time_wait, 0);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
}

static void close_delivers_what_was_given(void)
{
	struct sock *sock = accept_one();
	uint64_t id = sock_id(sock);
	size_t len = 0;

	tx(sock, 60000);
	sock_close(sock, false);
	CU_ASSERT_PTR_NULL(sock_by_id(peer.stack, id));
	CU_ASSERT_EQUAL(stats_now().socks_closing, 1);
	do {
		peer_turn(&peer);
		while (peer_conn_take(&conn, &seg))
			len += seg.len;
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	} while (len < 60000);
	CU_ASSERT_TRUE(seg.flags & PEER_FIN);
	peer_conn_send(&conn, PEER_ACK | PEER_FIN, NULL, 0);
	CU_ASSERT_EQUAL(stats_now().socks_closing, 0);
	CU_ASSERT_EQUAL(stats_now().tx_bufs, 0);
	CU_ASSERT_EQUAL(stats_now().tcp_time_wait, 1);
}

static void closing_sock_waits_for_the_ack(void)
{
	struct sock *sock = accept_one();

	tx(sock, 10);
	sock_close(sock, false);
	peer_turn(&peer);
	peer_conn_take(&conn, &seg);
	peer_wait(&peer, 100000);
	CU_ASSERT_EQUAL(stats_now().socks_closing, 1);
	peer_conn_send(&conn, PEER_RST | PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(stats_now().socks_closing, 0);
	CU_ASSERT_EQUAL(seen.errors, 0);
}

static void close_with_unread_bytes_resets(void)
{
	struct sock *sock = accept_one();

	peer_conn_send(&conn, PEER_ACK, "unread", 6);
	while (peer_conn_take(&conn, &seg))
		;
	sock_close(sock, false);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.flags & PEER_RST);
	CU_ASSERT_EQUAL(stats_now().tcp_pcbs, 0);
	CU_ASSERT_EQUAL(stats_now().tcp_aborted, 1);
}

static void abort_resets(void)
{
	struct sock *sock = accept_one();

	tx(sock, 60000);
	sock_close(sock, true);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		;
	CU_ASSERT_TRUE(seg.flags & PEER_RST);
	CU_ASSERT_EQUAL(stats_now().socks_closing, 0);
	CU_ASSERT_EQUAL(stats_now().tx_bufs, 0);
}

static void bytes_after_close_are_reset(void)
{
	struct sock *sock = accept_one();

	sock_close(sock, false);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		;
	CU_ASSERT_TRUE(seg.flags & PEER_FIN);
	peer_conn_send(&conn, PEER_ACK, "late", 4);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.flags & PEER_RST);
	CU_ASSERT_EQUAL(stats_now().socks_closing, 0);
}

static void reset_leaves_what_came_before(void)
{
	struct sock *sock = accept_one();
	struct iovec iov[4];

	peer_conn_send(&conn, PEER_ACK, "last", 4);
	tx(sock, 60000);
	peer_turn(&peer);
	peer_conn_send(&conn, PEER_RST | PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_DEAD);
	CU_ASSERT_EQUAL(seen.errors, 1);
	CU_ASSERT_EQUAL(sock_error(sock, false), ECONNRESET);
	CU_ASSERT_EQUAL(sock_rx_peek(sock, iov, 4), 1);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 4);
	CU_ASSERT_EQUAL(sock_tx_room(sock), 0);
	sock_rx_consume(sock, 4);
	CU_ASSERT_EQUAL(stats_now().tcp_resets_received, 1);
	CU_ASSERT_EQUAL(stats_now().tx_bufs, 0);
	sock_close(sock, false);
	peer_turn(&peer);
}

static void reset_after_fin_is_epipe(void)
{
	struct sock *sock = accept_one();

	peer_conn_send(&conn, PEER_FIN | PEER_ACK, NULL, 0);
	peer_conn_send(&conn, PEER_RST | PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_error(sock, false), EPIPE);
}

static void reset_out_of_window_is_ignored(void)
{
	struct sock *sock = accept_one();

	conn.snd += 100000000;
	peer_conn_send(&conn, PEER_RST | PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
}

static void cork_holds_a_partial_segment(void)
{
	struct sock *sock = connect_one(false);
	int on = 1, off = 0;

	sock_setopt(sock, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
	tx(sock, 100);
	peer_turn(&peer);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(sock_tx_unacked(sock), 100);
	tx(sock, 2000); /* one full segment goes, the rest stays */
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.len, 1460);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	sock_setopt(sock, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
	peer_turn(&peer);
	CU_ASSERT_EQUAL(drain(), 640);
	sock_setopt(sock, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
	tx(sock, 50);
	peer_wait(&peer, 190000);
	CU_ASSERT_EQUAL(drain(), 0);
	peer_wait(&peer, 20000);
	CU_ASSERT_EQUAL(drain(), 50);
	tx(sock, 60);
	sock_close(sock, false); /* a close flushes */
	peer_turn(&peer);
	CU_ASSERT_EQUAL(drain(), 60);
}

static void nagle_unless_nodelay(void)
{
	struct sock *sock = connect_one(false);
	int on = 1;

	tx(sock, 100);
	peer_turn(&peer);
	tx(sock, 100);
	peer_turn(&peer);
	CU_ASSERT_TRUE(peer_conn_take(&conn, &seg));
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	sock_setopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	peer_turn(&peer);
	CU_ASSERT_TRUE(peer_conn_take(&conn, &seg));
	tx(sock, 100);
	peer_turn(&peer);
	CU_ASSERT_TRUE(peer_conn_take(&conn, &seg));
}

static void stack_to_itself(void)
{
	static const char *const hosts[] = { "127.0.0.1", "127.9.8.7",
	                                     "10.107.0.2" };
	struct sockaddr_in addr = { .sin_family = AF_INET,
	                            .sin_port = htons(LISTEN_PORT) };
	struct sock *listener, *sock;

	sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &listener);
	sock_set_user(listener, &seen);
	CU_ASSERT_EQUAL(sock_bind(listener, (void *)&addr, sizeof(addr)), 0);
	CU_ASSERT_EQUAL(sock_listen(listener), 0);
	for (unsigned i = 0; i < 3; i++) {
		inet_pton(AF_INET, hosts[i], &addr.sin_addr);
		sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &sock);
		sock_set_user(sock, &seen);
		CU_ASSERT_EQUAL(sock_connect(sock, (void *)&addr, sizeof(addr)),
		                -EINPROGRESS);
		peer_turn(&peer);
		CU_ASSERT_EQUAL_FATAL(seen.accepts, i + 1);
		CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
		tx(sock, 60000);
		peer_turn(&peer);
		CU_ASSERT_EQUAL(sock_rx_len(seen.accepted), 60000);
		sock_rx_consume(seen.accepted, 60000);
		peer_turn(&peer);
	}
}

static void idle_stack_sleeps(void)
{
	struct sock *sock = accept_one();

	CU_ASSERT_TRUE(stack_deadline_us(peer.stack) != UINT64_MAX);
	sock_close(sock, true);
	peer_wait(&peer, 90000000);
	CU_ASSERT_EQUAL(stack_deadline_us(peer.stack), UINT64_MAX);
}

static void second_stack_is_refused(void)
{
	struct stack_conf conf = { .dev = peer.dev };
	struct stack *stack;
	char why[NETDEV_WHY_LEN] = "";

	CU_ASSERT_EQUAL(stack_open(&conf, 0, &stack, why), -EBUSY);
	CU_ASSERT_TRUE(strlen(why) > 0);
}

static const struct unit_test tests[] = {
	UNIT_TEST(fin_from_the_peer_is_eof),
	UNIT_TEST(shutdown_sends_fin_after_the_bytes),
	UNIT_TEST(close_delivers_what_was_given),
	UNIT_TEST(closing_sock_waits_for_the_ack),
	UNIT_TEST(close_with_unread_bytes_resets),
	UNIT_TEST(abort_resets),
	UNIT_TEST(bytes_after_close_are_reset),
	UNIT_TEST(reset_leaves_what_came_before),
	UNIT_TEST(reset_after_fin_is_epipe),
	UNIT_TEST(reset_out_of_window_is_ignored),
	UNIT_TEST(cork_holds_a_partial_segment),
	UNIT_TEST(nagle_unless_nodelay),
	UNIT_TEST(stack_to_itself),
	UNIT_TEST(idle_stack_sleeps),
	UNIT_TEST(second_stack_is_refused),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("sock_tcp_end", fixture_init, fixture_fini, tests);
}
