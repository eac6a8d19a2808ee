/* SPDX-License-Identifier: MIT */
/* A scripted TCP peer across a memory netdev, and the stack's loop on a clock
 * that the test owns.
 *
 * The peer is 10.107.0.1 and fd07:6e65:7463::1, the stack .2 and ::2. ARP and
 * neighbour solicitations are answered by themselves; every TCP segment that
 * the stack sends has its checksum verified and waits until the test takes it.
 */
#ifndef NETCOND_TESTS_UNIT_PEER_H
#define NETCOND_TESTS_UNIT_PEER_H

#include "fastpath/netdev.h"
#include "stack/sock.h"
#include "stack/stack.h"

#define PEER_FIN 0x01
#define PEER_SYN 0x02
#define PEER_RST 0x04
#define PEER_PSH 0x08
#define PEER_ACK 0x10

/* A TCP segment, in host order. */
struct peer_seg {
	bool is_v6;
	uint16_t src, dst;     /* ports */
	uint32_t seq, ack;
	uint8_t flags;         /* PEER_* */
	uint32_t wnd;          /* as on the wire, unscaled */
	uint16_t mss;          /* option; 0: none */
	int wscale;            /* option; -1: none */
	const uint8_t *data;   /* payload; valid until the next is taken */
	uint32_t len;
	uint16_t gso_size;     /* 0: no super-frame */
};

struct peer {
	struct netdev *dev;
	struct stack *stack;
	uint64_t now_us;
	bool hold;             /* peer_send() runs no turn: a batch is built */
	unsigned bad_sums;     /* segments with a wrong checksum */
	struct peer_frame *head, *tail; /* segments not yet taken */
	struct peer_frame *taken; /* the one whose data was lent */
};

/* A connection as the peer has it. */
struct peer_conn {
	struct peer *peer;
	bool is_v6;
	uint16_t local, remote; /* ports: the peer's, the stack's */
	uint32_t snd, rcv;      /* next sequence numbers */
	uint16_t wnd;           /* what the peer announces, unscaled */
	uint16_t mss;           /* what the peer announced */
};

int peer_open(struct peer *peer, const struct sock_events *events);
void peer_close(struct peer *peer);
bool peer_turn(struct peer *peer);
void peer_wait(struct peer *peer, uint64_t us);
bool peer_take(struct peer *peer, struct peer_seg *seg);
void peer_send(struct peer *peer, const struct peer_seg *seg);

bool peer_connect(struct peer *peer, struct peer_conn *conn, bool is_v6,
                  uint16_t local, uint16_t remote);
void peer_conn_send(struct peer_conn *conn, uint8_t flags, const void *data,
                    uint32_t len);
bool peer_conn_take(struct peer_conn *conn, struct peer_seg *seg);
bool peer_accept(struct peer *peer, struct peer_conn *conn);

/* The stack's and the peer's addresses for the calls of sock.h. */
socklen_t peer_addr(bool is_v6, bool is_peer, uint16_t port,
                    struct sockaddr_storage *out);

#endif
