/* SPDX-License-Identifier: MIT */
/* What any frames must hold true of a stack: it goes on serving, and when all
 * is closed nothing is left.
 *
 * The stack has a TCP listener, an established connection with bytes under way
 * in both directions, and a UDP socket. The input is a list of records: a head
 * of two bytes (see the header) and a frame.
 */
#include "tests/fuzz/frames_target.h"

#include <lwip/memp.h>
#include <lwip/stats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/netdev_mem.h"
#include "tests/fuzz/frames_mend.h"
#include "tests/unit/peer.h"

#define LISTEN_PORT 80
#define UDP_PORT 53
#define CONN_PORT 5000
#define LATE_PORT 40000    /* of connections that are opened afterwards */
#define LATE_TRIES 64      /* a frame may have opened some of them */
#define SOCKS 64
#define WAIT_US 1000000
#define LAST_WAIT_US 70000000 /* reassembly is given up after a minute */

#define CLAIM(what)                                                           \
	do {                                                                  \
		if (!(what)) {                                                \
			fprintf(stderr, "does not hold: %s\n", #what);        \
			abort();                                              \
		}                                                             \
	} while (0)

static struct peer peer;
static struct peer_conn conn;
static struct sock *socks[SOCKS];
static unsigned sock_count;

static int on_accept(struct sock *listener, void *user, struct sock *sock)
{
	(void)listener;
	(void)user;
	if (sock_count == SOCKS)
		return -EMFILE;
	sock_set_user(sock, &peer);
	socks[sock_count++] = sock;
	return 0;
}

static bool can_accept(struct sock *listener, void *user, unsigned pending)
{
	(void)listener;
	(void)user;
	return pending < SOCKS;
}

/* What came is taken at once, and a program of the stack answers. */
static void on_readable(struct sock *sock, void *user)
{
	(void)user;
	if (sock_type(sock) == SOCK_STREAM)
		sock_rx_consume(sock, sock_rx_len(sock));
}

static void on_event(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
}

static const struct sock_events events = {
	.on_connected = on_event,
	.on_accept = on_accept,
	.can_accept = can_accept,
	.on_readable = on_readable,
	.on_writable = on_event,
	.on_error = on_event,
};

static struct sock *open_at(int type, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = peer_addr(false, false, port, &addr);
	struct sock *sock = NULL;

	CLAIM(!sock_open(peer.stack, AF_INET, type, 0, &sock));
	sock_set_user(sock, &peer);
	CLAIM(!sock_bind(sock, (void *)&addr, len));
	if (type == SOCK_STREAM)
		CLAIM(!sock_listen(sock));
	return sock;
}

static void give(struct sock *sock, size_t len)
{
	struct sock_tx_buf *buf = sock_tx_buf(peer.stack);

	CLAIM(buf);
	memset(buf->data, 'x', len);
	sock_tx(sock, buf, 0, len);
}

static void set_up(void)
{
	sock_count = 0;
	CLAIM(!peer_open(&peer, &events));
	open_at(SOCK_STREAM, LISTEN_PORT);
	open_at(SOCK_DGRAM, UDP_PORT);
	CLAIM(peer_connect(&peer, &conn, false, CONN_PORT, LISTEN_PORT));
	CLAIM(sock_count == 1);
	give(socks[0], 6000);
	peer_conn_send(&conn, PEER_ACK | PEER_PSH, "hello", 5);
}

/* A turn, and its segments are taken as a receiver would. */
static void turn(void)
{
	struct peer_seg seg;

	peer_turn(&peer);
	while (peer_conn_take(&conn, &seg))
		;
}

static void run_record(unsigned head, const uint8_t *data, size_t len)
{
	static uint8_t frame[FRAMES_LEN + 1];

	memcpy(frame, data, len);
	if (head & FRAMES_MEND)
		frames_mend(frame, len, &conn);
	netdev_mem_inject(peer.dev, frame, len);
	if (!(head & FRAMES_HOLD))
		turn();
	if (head & FRAMES_WAIT) {
		peer_wait(&peer, WAIT_US);
		turn();
	}
}

/* The stack still takes connections. */
static bool serves(void)
{
	struct peer_conn late;
	unsigned before = sock_count;

	if (sock_count == SOCKS)
		return true;
	for (uint16_t i = 0; i < LATE_TRIES; i++)
		if (peer_connect(&peer, &late, false, LATE_PORT + i,
		                 LISTEN_PORT))
			return sock_count == before + 1;
	return false;
}

static void tear_down(void)
{
	struct peer_seg seg;
	unsigned total, used = 0;

	for (struct sock *s = sock_next(peer.stack, NULL), *n; s; s = n) {
		n = sock_next(peer.stack, s);
		sock_close(s, true);
	}
	peer_turn(&peer);
	peer_wait(&peer, LAST_WAIT_US);
	CLAIM(!peer.bad_sums);
	netdev_rx_room(peer.dev, &total);
	CLAIM(netdev_rx_room(peer.dev, &total) == total);
	while (peer_take(&peer, &seg))
		;
	peer_close(&peer);
	for (int i = 0; i < MEMP_MAX; i++)
		used += (unsigned)lwip_stats.memp[i]->used;
	CLAIM(!used);
}

/**
 * frames_target_one() - Bring the frames to a stack; abort where it breaks a
 * promise
 * @data:	Records; one that is cut short is as long as there are bytes
 * @len:	Bytes at @data
 */
void frames_target_one(const uint8_t *data, size_t len)
{
	size_t frame_len;
	unsigned head;

	set_up();
	while (len > 2) {
		head = (unsigned)data[0] << 8 | data[1];
		frame_len = head & FRAMES_LEN;
		data += 2;
		len -= 2;
		if (frame_len > len)
			frame_len = len;
		run_record(head, data, frame_len);
		data += frame_len;
		len -= frame_len;
	}
	turn();
	CLAIM(serves());
	tear_down();
}
