/* SPDX-License-Identifier: MIT */
/* TCP socks against a scripted peer: bytes both ways, windows, ACKs, loss. */
#include "tests/unit/sock_fixture.h"

static void bytes_in_are_lent_and_acked_once(void)
{
	struct sock *sock = accept_one();
	struct iovec iov[SOCK_IOV_MAX];
	uint8_t data[1000];

	memset(data, 'x', sizeof(data));
	peer_conn_send(&conn, PEER_ACK, data, sizeof(data));
	peer_conn_send(&conn, PEER_ACK | PEER_PSH, "tail", 4);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 1004);
	CU_ASSERT_EQUAL_FATAL(sock_rx_peek(sock, iov, SOCK_IOV_MAX), 2);
	CU_ASSERT_EQUAL(iov[0].iov_len, 1000);
	CU_ASSERT_EQUAL(memcmp(iov[1].iov_base, "tail", 4), 0);
	sock_rx_consume(sock, 1001);
	CU_ASSERT_EQUAL_FATAL(sock_rx_peek(sock, iov, SOCK_IOV_MAX), 1);
	CU_ASSERT_EQUAL(memcmp(iov[0].iov_base, "ail", 3), 0);
	sock_rx_consume(sock, 3);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 0);
	while (peer_conn_take(&conn, &seg))
		CU_ASSERT_EQUAL(seg.len, 0);
	CU_ASSERT_EQUAL(seg.ack, conn.snd);
}

static void batch_is_acked_once(void)
{
	uint8_t data[1460] = { 0 };
	struct peer_seg in;
	unsigned acks = 0;

	accept_one();
	while (peer_conn_take(&conn, &seg))
		;
	in = (struct peer_seg){ .src = conn.local, .dst = conn.remote,
	                        .ack = conn.rcv, .flags = PEER_ACK,
	                        .wnd = conn.wnd, .wscale = -1, .data = data,
	                        .len = sizeof(data) };
	peer.hold = true;
	for (int i = 0; i < 10; i++) {
		in.seq = conn.snd;
		conn.snd += in.len;
		peer_send(&peer, &in);
	}
	peer.hold = false;
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		acks++;
	CU_ASSERT_EQUAL(acks, 1);
	CU_ASSERT_EQUAL(seg.ack, conn.snd);
}

static void interactive_answer_carries_the_ack(void)
{
	struct sock *sock = accept_one();

	peer_conn_send(&conn, PEER_ACK | PEER_PSH, "one", 3);
	sock_rx_consume(sock, 3);
	tx(sock, 10);
	peer_turn(&peer);
	drain();
	peer_conn_send(&conn, PEER_ACK | PEER_PSH, "two", 3);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg)); /* it waits */
	sock_rx_consume(sock, 3);
	tx(sock, 10);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.len, 10);
	CU_ASSERT_EQUAL(seg.ack, conn.snd);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	peer_conn_send(&conn, PEER_ACK | PEER_PSH, "three", 5);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	peer_wait(&peer, 25000); /* no answer: the ACK goes alone */
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.ack, conn.snd);
}

static void idle_reader_closes_the_window(void)
{
	struct sock *sock = accept_one();
	static uint8_t data[60000];
	uint32_t wnd = 1, sent = 0;

	while (wnd && sent < 4000000) {
		peer_conn_send(&conn, PEER_ACK, data, 1460);
		sent += 1460;
		while (peer_conn_take(&conn, &seg))
			wnd = seg.wnd;
	}
	CU_ASSERT_EQUAL(wnd, 0);
	CU_ASSERT_TRUE(sock_rx_len(sock) <= SOCK_TCP_WND);
	CU_ASSERT_TRUE(sock_rx_len(sock) > SOCK_TCP_WND - 3000);
	sock_rx_consume(sock, sock_rx_len(sock));
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.wnd > 0);
}

static void rcvbuf_bounds_the_window(void)
{
	struct sock *sock, *listener = listen_at(false, LISTEN_PORT, false);
	static uint8_t data[1460];
	int size = 16384;
	uint32_t wnd = 1, sent = 0;

	CU_ASSERT_EQUAL(sock_setopt(listener, SOL_SOCKET, SO_RCVBUF, &size,
	                            sizeof(size)), 0);
	CU_ASSERT_TRUE_FATAL(peer_connect(&peer, &conn, false, 5000,
	                                  LISTEN_PORT));
	sock = seen.accepted;
	while (wnd && sent < 200000) {
		peer_conn_send(&conn, PEER_ACK, data, sizeof(data));
		sent += sizeof(data);
		while (peer_conn_take(&conn, &seg))
			wnd = seg.wnd;
	}
	CU_ASSERT_TRUE(sock_rx_len(sock) < 70000);
	sock_close(sock, true);
}

static void bytes_out_are_segmented(void)
{
	struct sock *sock = connect_one(false);
	size_t room = sock_tx_room(sock), len = 0;

	CU_ASSERT_EQUAL(tx(sock, 10000), 0);
	CU_ASSERT_EQUAL(sock_tx_unacked(sock), 10000);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg)) {
		CU_ASSERT_TRUE(seg.len <= 1460);
		for (uint32_t i = 0; i < seg.len; i++)
			if (seg.data[i] != (uint8_t)((len + i) * 7))
				CU_FAIL("wrong byte");
		len += seg.len;
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	}
	CU_ASSERT_EQUAL(len, 10000);
	CU_ASSERT_TRUE(seen.writable > 0);
	CU_ASSERT_EQUAL(sock_tx_unacked(sock), 0);
	CU_ASSERT_EQUAL(sock_tx_room(sock), room);
}

/* Every size that takes another way: copied, resized, lent. */
static void bytes_out_of_all_sizes(void)
{
	static const size_t sizes[] = { 1, 2048, 2049, 16384, 16385, 64000 };
	struct sock *sock = connect_one(false);
	size_t sent, got;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sent = sizes[i];
		CU_ASSERT_EQUAL(tx(sock, sent), 0);
		for (got = 0; got < sent; ) {
			size_t len;

			peer_turn(&peer);
			len = drain();
			CU_ASSERT_TRUE_FATAL(len > 0);
			got += len;
		}
		CU_ASSERT_EQUAL(got, sent);
		CU_ASSERT_EQUAL(sock_tx_unacked(sock), 0);
	}
	CU_ASSERT_EQUAL(stats_now().tx_bufs, 0);
}

static void full_send_buffer_has_no_room(void)
{
	struct sock *sock = connect_one(false);
	size_t room, given = 0, got = 0, len;

	while ((room = sock_tx_room(sock))) {
		CU_ASSERT_EQUAL_FATAL(tx(sock, room), 0);
		given += room;
	}
	CU_ASSERT_EQUAL(given, SOCK_TCP_WND);
	peer_turn(&peer);
	while ((len = drain())) {
		got += len;
		peer_turn(&peer);
	}
	CU_ASSERT_EQUAL(got, given);
	CU_ASSERT_TRUE(sock_tx_room(sock) > 0);
}

static void closed_window_is_probed(void)
{
	struct sock *sock = connect_one(false);
	size_t len = 0;

	conn.wnd = 0;
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(tx(sock, 500), 0);
	peer_turn(&peer);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	peer_wait(&peer, 2000000);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_TRUE(seg.len <= 1);
	conn.rcv = seg.seq; /* the probe's byte was not taken */
	while (peer_conn_take(&conn, &seg))
		conn.rcv = seg.seq;
	conn.wnd = 0xffff;
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	peer_wait(&peer, 500000);
	while (peer_conn_take(&conn, &seg))
		len += seg.len;
	CU_ASSERT_TRUE(len >= 500);
}

/* An MSS option where none belongs, or too small a one, would have lwIP abort
 * or send single bytes.
 */
static void mss_option_is_guarded(void)
{
	struct sock *sock = connect_one(false);

	tx(sock, 60000);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		;
	peer_send(&peer, &(struct peer_seg){
		.src = conn.local, .dst = conn.remote, .seq = conn.snd,
		.ack = conn.rcv, .flags = PEER_ACK, .wnd = conn.wnd,
		.mss = 1, .wscale = -1 });
	CU_ASSERT_EQUAL(tx(sock, 60000), 0);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.len, 1460);
	while (peer_conn_take(&conn, &seg))
		;
	listen_at(false, LISTEN_PORT, false);
	conn = (struct peer_conn){ .peer = &peer, .local = 6000,
	                           .remote = LISTEN_PORT, .snd = 5,
	                           .wnd = 1000, .mss = 1 };
	peer_conn_send(&conn, PEER_SYN, NULL, 0);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.accepted);
	tx(seen.accepted, 1000);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.len, 88);
}

static void lost_segment_is_sent_again(void)
{
	struct sock *sock = connect_one(false);

	tx(sock, 1000);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	conn.rcv -= seg.len; /* it is lost */
	peer_wait(&peer, 450000);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(seg.len, 1000);
	CU_ASSERT_EQUAL(stats_now().tcp_retransmits, 1);
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_tx_unacked(sock), 0);
}

/* The retransmission meets a closed window, then its ACK comes after all. */
static void late_ack_with_closed_window(void)
{
	struct sock *sock = connect_one(false);

	tx(sock, 1000);
	peer_turn(&peer);
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	conn.rcv -= seg.len;
	conn.wnd = 0;
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	peer_wait(&peer, 1000000);
	conn.rcv = seg.seq + seg.len;
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_EQUAL(sock_tx_unacked(sock), 0);
	peer_wait(&peer, 1000000);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
}

static void silent_peer_times_out(void)
{
	struct sock *sock = connect_one(false);
	int ms = 5000;

	CU_ASSERT_EQUAL(sock_setopt(sock, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
	                            sizeof(ms)), 0);
	tx(sock, 100);
	peer_wait(&peer, 4900000);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	peer_wait(&peer, 200000);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_DEAD);
	CU_ASSERT_EQUAL(sock_error(sock, true), ETIMEDOUT);
}

static void retransmissions_end(void)
{
	struct sock *sock = connect_one(false);

	tx(sock, 100);
	for (int i = 0; i < 40 && sock_state(sock) != SOCK_STATE_DEAD; i++) {
		peer_wait(&peer, 60000000);
		while (peer_take(&peer, &seg))
			;
	}
	CU_ASSERT_EQUAL(sock_error(sock, true), ETIMEDOUT);
}

static void keepalive_times_out(void)
{
	struct sock *sock = connect_one(false);
	int on = 1, idle = 10, intvl = 1, cnt = 3;

	sock_setopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	sock_setopt(sock, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	sock_setopt(sock, IPPROTO_TCP, TCP_KEEPINTVL, &intvl, sizeof(intvl));
	sock_setopt(sock, IPPROTO_TCP, TCP_KEEPCNT, &cnt, sizeof(cnt));
	peer_wait(&peer, 9500000);
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	peer_wait(&peer, 5000000);
	CU_ASSERT_TRUE(peer_conn_take(&conn, &seg));
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_DEAD);
	CU_ASSERT_EQUAL(sock_error(sock, true), ETIMEDOUT);
}

static void device_without_room_loses_nothing(void)
{
	struct sock *sock = connect_one(false);
	size_t len = 0;

	netdev_mem_set_tx_limit(peer.dev, 0);
	tx(sock, 5000);
	CU_ASSERT_TRUE(peer_turn(&peer));
	CU_ASSERT_FALSE(peer_conn_take(&conn, &seg));
	netdev_mem_set_tx_limit(peer.dev, 100);
	CU_ASSERT_FALSE(peer_turn(&peer));
	while (peer_conn_take(&conn, &seg))
		len += seg.len;
	CU_ASSERT_TRUE(len >= 1460);
}

static const struct unit_test tests[] = {
	UNIT_TEST(bytes_in_are_lent_and_acked_once),
	UNIT_TEST(batch_is_acked_once),
	UNIT_TEST(interactive_answer_carries_the_ack),
	UNIT_TEST(idle_reader_closes_the_window),
	UNIT_TEST(rcvbuf_bounds_the_window),
	UNIT_TEST(bytes_out_are_segmented),
	UNIT_TEST(bytes_out_of_all_sizes),
	UNIT_TEST(full_send_buffer_has_no_room),
	UNIT_TEST(closed_window_is_probed),
	UNIT_TEST(mss_option_is_guarded),
	UNIT_TEST(lost_segment_is_sent_again),
	UNIT_TEST(late_ack_with_closed_window),
	UNIT_TEST(silent_peer_times_out),
	UNIT_TEST(retransmissions_end),
	UNIT_TEST(keepalive_times_out),
	UNIT_TEST(device_without_room_loses_nothing),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("sock_tcp_flow", fixture_init, fixture_fini, tests);
}
