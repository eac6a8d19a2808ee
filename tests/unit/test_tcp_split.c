/* SPDX-License-Identifier: MIT */
/* A segment that bears the FIN and is longer than the window: it is cut, and
 * the stream must not seem to end with its first part.
 */
#include "tests/unit/sock_fixture.h"

#define WSCALE 7        /* of the peer's SYN */
#define WND 1024
#define LEN (21 * 1460)  /* full segments, more than the first flight */

static uint8_t got[LEN];
static uint32_t first;   /* sequence number of the stream's first byte */
static unsigned fins;

/* Take what came, as a receiver does that believes a FIN. */
static void take(void)
{
	uint32_t at;

	while (peer_conn_take(&conn, &seg)) {
		at = seg.seq - first;
		CU_ASSERT_FATAL(at + seg.len <= LEN);
		memcpy(got + at, seg.data, seg.len);
		if (!(seg.flags & PEER_FIN))
			continue;
		fins++;
		CU_ASSERT_EQUAL(at + seg.len, LEN);
	}
}

static void fin_behind_window(void)
{
	struct sock *sock;

	memset(got, 0, sizeof(got));
	fins = 0;
	netdev_mem_set_caps(peer.dev, NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4);
	sock = accept_one();
	take();
	first = conn.rcv;
	CU_ASSERT_EQUAL(tx(sock, LEN), 0);
	sock_shutdown_tx(sock);
	peer_turn(&peer);
	take();
	CU_ASSERT_TRUE(conn.rcv - first < LEN);
	conn.wnd = WND >> WSCALE;
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	for (int i = 0; i < 400 && conn.rcv != first + LEN + 1; i++) {
		peer_wait(&peer, 1000000);
		take();
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	}
	take();
	CU_ASSERT_EQUAL(conn.rcv, first + LEN + 1);
	CU_ASSERT_TRUE(fins > 0);
	for (int i = 0; i < LEN; i++)
		if (got[i] != (uint8_t)(i * 7)) {
			CU_FAIL("a byte differs");
			break;
		}
}

static const struct unit_test tests[] = {
	UNIT_TEST(fin_behind_window),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("tcp_split", fixture_init, fixture_fini, tests);
}
