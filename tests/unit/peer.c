/* SPDX-License-Identifier: MIT */
/* A scripted TCP peer across a memory netdev. */
#include "tests/unit/peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/peer_priv.h"

socklen_t peer_addr(bool is_v6, bool is_peer, uint16_t port,
                    struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (void *)out;
	struct sockaddr_in6 *in6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (is_v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, is_peer ? peer_ip6 : peer_own_ip6, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, is_peer ? peer_ip4 : peer_own_ip4, 4);
	return sizeof(*in);
}

int peer_open(struct peer *peer, const struct sock_events *events)
{
	struct netdev_conf dev_conf = { .backend = "mem", .device = "" };
	struct stack_conf conf = { .addr_count = 2 };
	char why[NETDEV_WHY_LEN];
	int err;

	memset(peer, 0, sizeof(*peer));
	peer->now_us = 1000000;
	err = netdev_open(&dev_conf, &peer->dev, why);
	if (err)
		return err;
	conf.dev = peer->dev;
	conf.addrs[0].family = AF_INET;
	conf.addrs[0].prefix_len = 24;
	memcpy(&conf.addrs[0].in, peer_own_ip4, 4);
	conf.addrs[1].family = AF_INET6;
	conf.addrs[1].prefix_len = 64;
	memcpy(&conf.addrs[1].in6, peer_own_ip6, 16);
	err = stack_open(&conf, peer->now_us, &peer->stack, why);
	if (err) {
		netdev_close(peer->dev);
		return err;
	}
	sock_set_events(peer->stack, events);
	return 0;
}

void peer_close(struct peer *peer)
{
	struct peer_seg seg;

	while (peer_take(peer, &seg))
		;
	free(peer->taken);
	stack_close(peer->stack);
	netdev_close(peer->dev);
}

/* One turn of the loop. Return: true while the stack has more to send. */
static bool turn(struct peer *peer)
{
	const struct netdev_mem_frame *f;
	bool is_waiting;

	stack_poll_rx(peer->stack, peer->now_us, 64);
	stack_poll_timers(peer->stack, peer->now_us);
	is_waiting = stack_poll_tx(peer->stack, peer->now_us);
	while ((f = netdev_mem_sent(peer->dev))) {
		peer_look_at(peer, f);
		netdev_mem_sent_pop(peer->dev);
	}
	return is_waiting;
}

/* Turns until nothing is under way; the clock does not move. Return: true
 * while frames wait for the device.
 */
bool peer_turn(struct peer *peer)
{
	bool is_waiting = turn(peer);

	for (int i = 0; i < 100 && (netdev_mem_rx_waiting(peer->dev) ||
	                            stack_deadline_us(peer->stack) <=
	                                    peer->now_us); i++)
		is_waiting = turn(peer);
	return is_waiting;
}

/* Let time pass, from deadline to deadline as the service's loop does. */
void peer_wait(struct peer *peer, uint64_t us)
{
	uint64_t end = peer->now_us + us, due;

	for (;;) {
		due = stack_deadline_us(peer->stack);
		if (due > end)
			break;
		if (due > peer->now_us)
			peer->now_us = due;
		peer_turn(peer);
	}
	peer->now_us = end;
	peer_turn(peer);
}

bool peer_take(struct peer *peer, struct peer_seg *seg)
{
	struct peer_frame *k = peer->head;

	free(peer->taken);
	peer->taken = k;
	if (!k)
		return false;
	peer->head = k->next;
	if (!peer->head)
		peer->tail = NULL;
	*seg = k->seg;
	return true;
}

void peer_conn_send(struct peer_conn *conn, uint8_t flags, const void *data,
                    uint32_t len)
{
	struct peer_seg seg = {
		.is_v6 = conn->is_v6,
		.src = conn->local,
		.dst = conn->remote,
		.seq = conn->snd,
		.ack = flags & PEER_ACK ? conn->rcv : 0,
		.flags = flags,
		.wnd = conn->wnd,
		.mss = flags & PEER_SYN ? conn->mss : 0,
		.wscale = flags & PEER_SYN ? 7 : -1,
		.data = data,
		.len = len,
	};

	conn->snd += len + !!(flags & PEER_SYN) + !!(flags & PEER_FIN);
	peer_send(conn->peer, &seg);
}

/* The next segment for this connection; others are dropped. What it carries
 * counts as received when it is in order.
 */
bool peer_conn_take(struct peer_conn *conn, struct peer_seg *seg)
{
	while (peer_take(conn->peer, seg)) {
		if (seg->dst != conn->local || seg->src != conn->remote)
			continue;
		if (seg->flags & PEER_SYN)
			conn->rcv = seg->seq;
		if (seg->seq == conn->rcv)
			conn->rcv += seg->len + !!(seg->flags & PEER_SYN) +
			             !!(seg->flags & PEER_FIN);
		return true;
	}
	return false;
}

static void conn_init(struct peer *peer, struct peer_conn *conn, bool is_v6,
                      uint16_t local, uint16_t remote)
{
	*conn = (struct peer_conn){
		.peer = peer,
		.is_v6 = is_v6,
		.local = local,
		.remote = remote,
		.snd = 0x10000000,
		.wnd = 0xffff,
		.mss = 1460,
	};
}

/* Open a connection to the stack. Return: true when it was accepted. */
bool peer_connect(struct peer *peer, struct peer_conn *conn, bool is_v6,
                  uint16_t local, uint16_t remote)
{
	struct peer_seg seg;

	conn_init(peer, conn, is_v6, local, remote);
	peer_conn_send(conn, PEER_SYN, NULL, 0);
	if (!peer_conn_take(conn, &seg) ||
	    seg.flags != (PEER_SYN | PEER_ACK) || seg.ack != conn->snd)
		return false;
	peer_conn_send(conn, PEER_ACK, NULL, 0);
	return true;
}

/* Answer the SYN that the stack has sent. Return: true when there was one. */
bool peer_accept(struct peer *peer, struct peer_conn *conn)
{
	struct peer_seg seg;

	if (!peer_take(peer, &seg) || seg.flags != PEER_SYN)
		return false;
	conn_init(peer, conn, seg.is_v6, seg.dst, seg.src);
	conn->rcv = seg.seq + 1;
	peer_conn_send(conn, PEER_SYN | PEER_ACK, NULL, 0);
	return true;
}
