/* SPDX-License-Identifier: MIT */
/* A stack with a scripted peer, what its socks called back, and the leak check
 * at the end; for the tests of TCP socks.
 */
#ifndef NETCOND_TESTS_UNIT_SOCK_FIXTURE_H
#define NETCOND_TESTS_UNIT_SOCK_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <lwip/memp.h>
#include <lwip/stats.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/netdev_mem.h"
#include "tests/unit/peer.h"
#include "tests/unit/unit.h"

#define LISTEN_PORT 80

static struct peer peer;
static struct peer_conn conn;   /* the peer's side */
static struct peer_seg seg;     /* the last one taken */

/* What was called back. */
static struct seen {
	unsigned connected, readable, writable, errors, accepts, pending_max;
	struct sock *accepted, *listener;
	bool refuse;                /* on_accept says no */
	unsigned backlog;           /* can_accept allows so many pending */
} seen;

static void on_connected(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	seen.connected++;
}

static void on_readable(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	seen.readable++;
}

static void on_writable(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	seen.writable++;
}

static void on_error(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	seen.errors++;
}

static int on_accept(struct sock *listener, void *user, struct sock *sock)
{
	(void)user;
	if (seen.refuse)
		return -EMFILE;
	seen.accepts++;
	seen.listener = listener;
	seen.accepted = sock;
	sock_set_user(sock, &seen);
	return 0;
}

static bool can_accept(struct sock *listener, void *user, unsigned pending)
{
	(void)listener;
	(void)user;
	if (pending > seen.pending_max)
		seen.pending_max = pending;
	return pending < seen.backlog;
}

static const struct sock_events events = {
	.on_connected = on_connected,
	.on_accept = on_accept,
	.can_accept = can_accept,
	.on_readable = on_readable,
	.on_writable = on_writable,
	.on_error = on_error,
};

static unsigned pool_used(void)
{
	unsigned used = 0;

	for (int i = 0; i < MEMP_MAX; i++)
		used += (unsigned)lwip_stats.memp[i]->used;
	return used;
}

static void fixture_init(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.backlog = 100;
	if (peer_open(&peer, &events))
		abort();
}

/* Everything that a test left is closed by the stack; nothing may remain. */
static void fixture_fini(void)
{
	struct stack_stats stats;
	unsigned total, left = peer.bad_sums;

	peer_turn(&peer);
	peer.bad_sums = 0;
	CU_ASSERT_EQUAL(left, 0);
	stack_get_stats(peer.stack, &stats);
	while (netdev_mem_rx_waiting(peer.dev))
		peer_turn(&peer);
	for (struct sock *s = sock_next(peer.stack, NULL), *n; s; s = n) {
		n = sock_next(peer.stack, s);
		sock_close(s, true);
	}
	peer_turn(&peer);
	CU_ASSERT_EQUAL(netdev_mem_rx_waiting(peer.dev), 0);
	stack_get_stats(peer.stack, &stats);
	if (!stats.socks_closing) { /* those hold what the peer keeps back */
		CU_ASSERT_EQUAL(stats.tx_bufs, 0);
		CU_ASSERT_EQUAL(stats.rx_frames_held, 0);
		netdev_rx_room(peer.dev, &total);
		CU_ASSERT_EQUAL(netdev_rx_room(peer.dev, &total), total);
	}
	peer_close(&peer);
	CU_ASSERT_EQUAL(pool_used(), 0);
}

__attribute__((unused))
static struct sock *listen_at(bool is_v6, uint16_t port, bool reuse_port)
{
	struct sockaddr_storage addr;
	socklen_t len = peer_addr(is_v6, false, port, &addr);
	struct sock *sock = NULL;
	int on = 1;

	CU_ASSERT_EQUAL_FATAL(sock_open(peer.stack, addr.ss_family, SOCK_STREAM,
	                                0, &sock), 0);
	sock_set_user(sock, &seen);
	if (reuse_port)
		sock_setopt(sock, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	CU_ASSERT_EQUAL_FATAL(sock_bind(sock, (void *)&addr, len), 0);
	CU_ASSERT_EQUAL_FATAL(sock_listen(sock), 0);
	return sock;
}

/* A connection that the peer opened. */
__attribute__((unused)) static struct sock *accept_one(void)
{
	listen_at(false, LISTEN_PORT, false);
	CU_ASSERT_TRUE_FATAL(peer_connect(&peer, &conn, false, 5000,
	                                  LISTEN_PORT));
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.accepted);
	return seen.accepted;
}

__attribute__((unused))
static struct sock *start_connect(bool is_v6, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = peer_addr(is_v6, true, port, &addr);
	struct sock *sock = NULL;

	CU_ASSERT_EQUAL_FATAL(sock_open(peer.stack, addr.ss_family, SOCK_STREAM,
	                                0, &sock), 0);
	sock_set_user(sock, &seen);
	CU_ASSERT_EQUAL_FATAL(sock_connect(sock, (void *)&addr, len),
	                      -EINPROGRESS);
	peer_turn(&peer);
	return sock;
}

/* A connection that the stack opened. */
__attribute__((unused)) static struct sock *connect_one(bool is_v6)
{
	struct sock *sock = start_connect(is_v6, 7);

	CU_ASSERT_TRUE_FATAL(peer_accept(&peer, &conn));
	CU_ASSERT_TRUE_FATAL(peer_conn_take(&conn, &seg));
	return sock;
}

/* Give len bytes of a pattern to the sock. Return: sock_tx()'s. */
__attribute__((unused)) static int tx(struct sock *sock, size_t len)
{
	struct sock_tx_buf *buf = sock_tx_buf(peer.stack);

	CU_ASSERT_PTR_NOT_NULL_FATAL(buf);
	for (size_t i = 0; i < len; i++)
		buf->data[i] = (uint8_t)(i * 7);
	return sock_tx(sock, buf, 0, len);
}

/* Take all that the stack has sent on the connection and acknowledge it.
 * Return: payload bytes.
 */
__attribute__((unused)) static size_t drain(void)
{
	size_t len = 0;

	while (peer_conn_take(&conn, &seg))
		len += seg.len;
	if (len)
		peer_conn_send(&conn, PEER_ACK, NULL, 0);
	return len;
}

__attribute__((unused)) static struct stack_stats stats_now(void)
{
	struct stack_stats stats;

	stack_get_stats(peer.stack, &stats);
	return stats;
}

#endif
