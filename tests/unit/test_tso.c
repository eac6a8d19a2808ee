/* SPDX-License-Identifier: MIT */
/* Super-frames: what is gathered, what is not, and what the frame says. */
#include <lwip/pbuf.h>

#include "stack/port/arch/cc.h"
#include "stack/sock_priv.h"
#include "stack/tso.h"
#include "tests/unit/sock_fixture.h"

#define ETH 14
#define HDR 54 /* Ethernet, IPv4, TCP */

static struct tso tso;
static struct pbuf *made[200];
static unsigned made_count;

/* A frame as lwIP hands it down: headers in one pbuf, payload in a second. */
static struct tso_seg segment(uint32_t seq, const uint8_t *data, uint16_t len,
                              uint8_t flags)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, HDR, PBUF_RAM);
	struct pbuf *q = pbuf_alloc(PBUF_RAW, len, PBUF_ROM);
	uint8_t *h = p->payload;
	struct tso_seg out;

	memset(h, 0, HDR);
	h[12] = 8;
	h[ETH] = 0x45;
	h[ETH + 2] = (uint8_t)((len + 40) >> 8);
	h[ETH + 3] = (uint8_t)(len + 40);
	h[ETH + 5] = (uint8_t)seq; /* the id differs */
	h[ETH + 8] = 64;
	h[ETH + 9] = 6;
	for (int i = 0; i < 4; i++)
		h[ETH + 24 + i] = (uint8_t)(seq >> (24 - 8 * i));
	h[ETH + 32] = 0x50;
	h[ETH + 33] = flags;
	q->payload = (void *)(uintptr_t)data;
	pbuf_cat(p, q);
	made[made_count++] = p;
	CU_ASSERT_TRUE_FATAL(tso_parse(p, &out));
	return out;
}

static void clean_up(void)
{
	tso_drop(&tso);
	while (made_count) {
		made_count--;
		CU_ASSERT_EQUAL(made[made_count]->ref, 1);
		pbuf_free(made[made_count]);
	}
}

static const uint8_t bytes[70000];

static void start(uint32_t seq, uint16_t len, uint8_t flags)
{
	struct tso_seg s = segment(seq, bytes, len, flags);

	CU_ASSERT_TRUE_FATAL(tso_start(&tso, &s, 1460));
}

static bool append(uint32_t seq, const uint8_t *data, uint16_t len,
                   uint8_t flags)
{
	struct tso_seg s = segment(seq, data, len, flags);

	return tso_append(&tso, &s);
}

static void one_segment_is_no_super_frame(void)
{
	struct frame_out out;

	start(1, 1460, PEER_ACK);
	tso_finish(&tso, &out);
	CU_ASSERT_EQUAL(out.gso, FRAME_GSO_NONE);
	CU_ASSERT_TRUE(out.needs_csum);
	CU_ASSERT_EQUAL(out.len, HDR + 1460);
	CU_ASSERT_EQUAL(out.csum_start, 34);
	CU_ASSERT_EQUAL(out.csum_offset, 16);
}

static void contiguous_segments_become_one(void)
{
	struct frame_out out;
	const uint8_t *h;

	start(1000, 1460, PEER_ACK);
	CU_ASSERT_TRUE(append(2460, bytes + 1460, 1460, PEER_ACK));
	CU_ASSERT_TRUE(append(3920, bytes + 2920, 80,
	                      PEER_ACK | PEER_PSH | PEER_FIN));
	CU_ASSERT_FALSE(append(4000, bytes + 3000, 80, PEER_ACK));
	tso_finish(&tso, &out);
	CU_ASSERT_EQUAL(out.gso, FRAME_GSO_TCP4);
	CU_ASSERT_EQUAL(out.gso_size, 1460);
	CU_ASSERT_EQUAL(out.hdr_len, HDR);
	CU_ASSERT_EQUAL(out.len, HDR + 3000);
	CU_ASSERT_EQUAL(out.iovcnt, 2); /* the payload is one run of bytes */
	h = out.iov[0].iov_base;
	CU_ASSERT_EQUAL(h[ETH + 2] << 8 | h[ETH + 3], 3040);
	CU_ASSERT_EQUAL(h[ETH + 33], PEER_ACK | PEER_PSH | PEER_FIN);
	CU_ASSERT_EQUAL(port_chksum(h + ETH, 20), 0xffff);
}

static void payload_in_pieces_stays_in_order(void)
{
	static const uint8_t other[1460] = { 1 };
	struct frame_out out;

	start(1000, 1460, PEER_ACK);
	CU_ASSERT_TRUE(append(2460, other, 1460, PEER_ACK));
	tso_finish(&tso, &out);
	CU_ASSERT_EQUAL(out.iovcnt, 3);
	CU_ASSERT_PTR_EQUAL(out.iov[1].iov_base, bytes);
	CU_ASSERT_PTR_EQUAL(out.iov[2].iov_base, other);
}

static void what_cutting_would_change_is_not_gathered(void)
{
	struct tso_seg s;

	start(1000, 1460, PEER_ACK);
	CU_ASSERT_FALSE(append(2461, bytes, 1460, PEER_ACK)); /* a hole */
	CU_ASSERT_FALSE(append(2460, bytes, 1461, PEER_ACK)); /* longer */
	CU_ASSERT_FALSE(append(2460, bytes, 10, PEER_ACK | PEER_SYN));
	CU_ASSERT_FALSE(append(2460, bytes, 10, PEER_ACK | PEER_RST));
	CU_ASSERT_FALSE(append(2460, bytes, 10, 0));
	s = segment(2460, bytes, 1460, PEER_ACK);
	((uint8_t *)s.p->payload)[ETH + 29] = 1; /* another ACK number */
	CU_ASSERT_FALSE(tso_append(&tso, &s));
	s = segment(2460, bytes, 1460, PEER_ACK);
	((uint8_t *)s.p->payload)[ETH + 35] = 1; /* another window */
	CU_ASSERT_FALSE(tso_append(&tso, &s));
	s = segment(2460, bytes, 1460, PEER_ACK);
	((uint8_t *)s.p->payload)[ETH + 21] = 1; /* another port */
	CU_ASSERT_FALSE(tso_append(&tso, &s));
	s = segment(2460, bytes, 1460, PEER_ACK);
	((uint8_t *)s.p->payload)[ETH + 1] = 4; /* another TOS */
	CU_ASSERT_FALSE(tso_append(&tso, &s));
	CU_ASSERT_TRUE(append(2460, bytes, 1460, PEER_ACK));
}

static void short_segment_is_the_last(void)
{
	start(1000, 1460, PEER_ACK);
	CU_ASSERT_TRUE(append(2460, bytes, 1000, PEER_ACK));
	CU_ASSERT_FALSE(append(3460, bytes, 1000, PEER_ACK));
}

static void frame_stays_within_ip(void)
{
	struct frame_out out;
	unsigned count = 1;

	start(0, 1460, PEER_ACK);
	while (append(count * 1460, bytes + count * 1460, 1460, PEER_ACK))
		count++;
	tso_finish(&tso, &out);
	CU_ASSERT_EQUAL(count, 44);
	CU_ASSERT_TRUE(out.len <= 65535 + ETH);
}

static void large_segment_is_cut_by_the_mss(void)
{
	struct frame_out out;

	start(1000, 14600, PEER_ACK);
	CU_ASSERT_TRUE(append(15600, bytes, 500, PEER_ACK));
	tso_finish(&tso, &out);
	CU_ASSERT_EQUAL(out.gso, FRAME_GSO_TCP4);
	CU_ASSERT_EQUAL(out.gso_size, 1460);
}

/* lwIP's segments through the interface: as many bytes, fewer frames, and the
 * pseudo-header's sum in each (the peer verifies it).
 */
static void stack_sends_super_frames(bool is_v6)
{
	size_t len = 0, frames = 0;
	bool is_super = false;
	struct sock *sock;

	netdev_mem_set_caps(peer.dev, NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4 |
	                              NETDEV_CAP_TX_TSO6);
	sock = connect_one(is_v6);
	tx(sock, 60000);
	while (len < 60000) {
		peer_turn(&peer);
		while (peer_conn_take(&conn, &seg)) {
			for (uint32_t i = 0; i < seg.len; i++)
				if (seg.data[i] != (uint8_t)((len + i) * 7))
					CU_FAIL_FATAL("wrong byte");
			len += seg.len;
			frames++;
			is_super |= seg.gso_size > 0;
			CU_ASSERT_TRUE(seg.gso_size <= 1460);
		}
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	}
	CU_ASSERT_EQUAL(len, 60000);
	CU_ASSERT_TRUE(is_super);
	CU_ASSERT_TRUE(frames < 20);
}

static void stack_sends_super_frames_over_ipv4(void)
{
	stack_sends_super_frames(false);
}

static void stack_sends_super_frames_over_ipv6(void)
{
	stack_sends_super_frames(true);
}

static void device_without_tso_gets_none(void)
{
	struct sock *sock;

	netdev_mem_set_caps(peer.dev, NETDEV_CAP_TX_CSUM);
	sock = connect_one(false);
	tx(sock, 20000);
	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg)) {
		CU_ASSERT_EQUAL(seg.gso_size, 0);
		CU_ASSERT_TRUE(seg.len <= 1460);
	}
}

/* Send until a segment is as long as the device takes. Return: the longest
 * frame.
 */
static uint32_t send_until_large(struct sock *sock)
{
	uint32_t longest = 0;

	for (int i = 0; i < 200 && sock->tcp.pcb->mss < 50000; i++) {
		while (sock_tx_room(sock) > 16384)
			tx(sock, sock_tx_room(sock));
		peer_turn(&peer);
		while (peer_conn_take(&conn, &seg)) {
			if (seg.len > longest)
				longest = seg.len;
			CU_ASSERT_TRUE(seg.gso_size <= 1460);
		}
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	}
	return longest;
}

static struct sock *connect_with_tso(void)
{
	netdev_mem_set_caps(peer.dev, NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4);
	return connect_one(false);
}

static void segments_grow_with_the_window(void)
{
	struct sock *sock = connect_with_tso();

	CU_ASSERT_TRUE(send_until_large(sock) >= 50000);
	CU_ASSERT_TRUE(sock->tcp.pcb->mss > 50000);
	sock_close(sock, true);
}

static void large_segment_is_split_to_the_window(void)
{
	struct sock *sock = connect_with_tso();
	uint32_t len = 0, left;

	send_until_large(sock);
	do { /* what is queued goes out */
		left = len;
		peer_turn(&peer);
		len = (uint32_t)drain();
	} while (len || left);
	conn.wnd = 10000 >> 7; /* scaled; it shrinks with an ACK only */
	tx(sock, 100);
	peer_turn(&peer);
	drain();
	tx(sock, 58400);
	peer_turn(&peer);
	for (len = 0; peer_conn_take(&conn, &seg);)
		len += seg.len;
	CU_ASSERT_TRUE(len >= 8760 && len <= 10000);
	conn.wnd = 30000 >> 7; /* an update with an ACK */
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	for (len = 0; peer_conn_take(&conn, &seg);)
		len += seg.len;
	CU_ASSERT_TRUE(len >= 27740 && len <= 30000);
	conn.wnd = 0; /* acknowledged, but closed */
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	conn.wnd = 20000 >> 7; /* and one without */
	peer_conn_send(&conn, PEER_ACK, NULL, 0);
	for (len = 0; peer_conn_take(&conn, &seg);)
		len += seg.len;
	CU_ASSERT_TRUE(len >= 18980 && len <= 20000);
	sock_close(sock, true);
}

static void loss_ends_large_segments(void)
{
	struct sock *sock = connect_with_tso();
	uint32_t lost;

	send_until_large(sock);
	while (sock_tx_room(sock) > 16384)
		tx(sock, sock_tx_room(sock));
	peer_turn(&peer);
	lost = conn.rcv;
	while (peer_conn_take(&conn, &seg))
		;
	conn.rcv = lost;
	for (int i = 0; i < 5; i++)
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	CU_ASSERT_TRUE(stats_now().tcp_retransmits > 0);
	CU_ASSERT_EQUAL(sock_tx_room(sock), 0);
	conn.rcv = seg.seq + seg.len;
	for (int i = 0; i < 100 && !sock_tx_room(sock); i++) {
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
		peer_wait(&peer, 400000);
		while (peer_conn_take(&conn, &seg))
			;
	}
	CU_ASSERT_TRUE(sock_tx_room(sock) > 0);
	CU_ASSERT_EQUAL(sock->tcp.pcb->mss, 1460);
	tx(sock, 60000);
	CU_ASSERT_EQUAL(sock->tcp.pcb->mss, 1460);
	sock_close(sock, true);
}

static void super_frame_waits_for_room(void)
{
	struct sock *sock;
	size_t len = 0;

	netdev_mem_set_caps(peer.dev, NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4);
	sock = connect_one(false);
	netdev_mem_set_tx_limit(peer.dev, 0);
	tx(sock, 60000);
	CU_ASSERT_TRUE(peer_turn(&peer));
	netdev_mem_set_tx_limit(peer.dev, 100);
	CU_ASSERT_FALSE(peer_turn(&peer));
	while (peer_conn_take(&conn, &seg))
		len += seg.len;
	CU_ASSERT_TRUE(len > 1460);
	sock_close(sock, true);
}

static void fini(void)
{
	clean_up();
	fixture_fini();
}

static const struct unit_test tests[] = {
	UNIT_TEST(one_segment_is_no_super_frame),
	UNIT_TEST(contiguous_segments_become_one),
	UNIT_TEST(payload_in_pieces_stays_in_order),
	UNIT_TEST(what_cutting_would_change_is_not_gathered),
	UNIT_TEST(short_segment_is_the_last),
	UNIT_TEST(frame_stays_within_ip),
	UNIT_TEST(large_segment_is_cut_by_the_mss),
	UNIT_TEST(stack_sends_super_frames_over_ipv4),
	UNIT_TEST(stack_sends_super_frames_over_ipv6),
	UNIT_TEST(device_without_tso_gets_none),
	UNIT_TEST(segments_grow_with_the_window),
	UNIT_TEST(large_segment_is_split_to_the_window),
	UNIT_TEST(loss_ends_large_segments),
	UNIT_TEST(super_frame_waits_for_room),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("tso", fixture_init, fini, tests);
}
