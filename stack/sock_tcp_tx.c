/* SPDX-License-Identifier: MIT */
/* TCP sockets: bytes out.
 *
 * Theory of operation
 *
 * A buffer that the user filled goes to lwIP without a copy and is freed as
 * the peer acknowledges its last byte; the nodes wait in order, each knowing
 * the count of bytes at its end. Small amounts are copied instead, into lwIP's
 * own segments (where they coalesce), or into a node of their size: 64 KB must
 * not be pinned for 100 bytes. Then the user's buffer is used again.
 *
 * A freed node goes by way of stack->tx_spent, since a frame that is being
 * gathered in this turn may still point into it; sock_tcp_free_spent() runs
 * when nothing is gathered.
 *
 * TCP_CORK: bytes short of a full segment are kept in a node of their own, up
 * to CORK_WAIT_US (tcp(7): 200 ms). lwIP does not see them, so no incoming ACK
 * makes it send them.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <stdlib.h>
#include <string.h>

#include "stack/sock_tcp_priv.h"

#define COPY_LEN_MAX 2048   /* up to here lwIP copies */
#define NODE_LEN_MAX 16384  /* up to here a node of the size is made */
#define CORK_WAIT_US 200000
#define ROOM_MAX 65535      /* tcp_write() counts in 16 bits */
/* Pbufs one sock_tx may add: two a segment of the smallest MSS, 88. */
#define QUEUE_RESERVE (2 * (ROOM_MAX / 88 + 2))

static struct tx_node *node_of(struct sock_tx_buf *buf)
{
	return (struct tx_node *)(void *)((char *)buf -
	                                  offsetof(struct tx_node, buf));
}

static struct tx_node *node_alloc(struct stack *stack, uint32_t room)
{
	struct tx_node *node = malloc(sizeof(*node) + room);

	if (!node) {
		stack->stats.out_of_memory++;
		return NULL;
	}
	node->next = NULL;
	node->buf.refs = 1;
	node->buf.room = room;
	return node;
}

/**
 * sock_tx_buf() - see sock.h
 */
struct sock_tx_buf *sock_tx_buf(struct stack *stack)
{
	if (!stack->tx_spare)
		stack->tx_spare = node_alloc(stack, SOCK_TX_BUF_LEN);
	return stack->tx_spare ? &stack->tx_spare->buf : NULL;
}

static bool is_writable(const struct sock *sock)
{
	const struct tcp_pcb *pcb = sock->tcp.pcb;

	return sock->type == SOCK_STREAM &&
	       sock->state == SOCK_STATE_CONNECTED && pcb &&
	       !sock->tcp.tx_fin &&
	       (pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT);
}

/* lwIP's room, and what SO_SNDBUF leaves of it when the program has set it. */
static size_t buffer_room(const struct sock *sock)
{
	size_t room = sock->tcp.pcb->snd_buf;
	size_t unacked = sock->tcp.tx_given - sock->tcp.tx_acked;
	size_t limit = (size_t)sock->opt.sndbuf;

	if (sock->opt.sndbuf == sock->stack->sndbuf_default)
		return room;
	limit = limit > unacked ? limit - unacked : 0;
	return room < limit ? room : limit;
}

/**
 * sock_tx_room() - see sock.h
 *
 * At most what one tcp_write() takes, in whole segments.
 */
size_t sock_tx_room(const struct sock *sock)
{
	const struct sock_tcp *t = &sock->tcp;
	size_t room;

	if (!is_writable(sock) || t->is_draining ||
	    t->pcb->snd_queuelen > TCP_SND_QUEUELEN - QUEUE_RESERVE)
		return 0;
	room = buffer_room(sock);
	room = room > t->cork_len ? room - t->cork_len : 0;
	if (room > t->room_max)
		room = t->room_max;
	if (t->cork && room > t->cork->buf.room - t->cork_len)
		room = t->cork->buf.room - t->cork_len;
	return room;
}

static void node_append(struct sock_tcp *t, struct tx_node *node)
{
	node->end = t->tx_given;
	node->next = NULL;
	if (t->tx_tail)
		t->tx_tail->next = node;
	else
		t->tx_head = node;
	t->tx_tail = node;
}

static void spend(struct stack *stack, struct tx_node *node)
{
	node->next = stack->tx_spent;
	stack->tx_spent = node;
}

/**
 * sock_tcp_free_spent() - Free the buffers that are done with
 * @stack:	No frame of it is being gathered
 */
void sock_tcp_free_spent(struct stack *stack)
{
	struct tx_node *node;

	while ((node = stack->tx_spent)) {
		stack->tx_spent = node->next;
		free(node);
	}
}

/* Bytes for lwIP to copy. */
static int write_copy(struct sock *sock, const void *data, size_t len)
{
	if (tcp_write(sock->tcp.pcb, data, (u16_t)len, TCP_WRITE_FLAG_COPY) !=
	    ERR_OK)
		return -ENOMEM;
	sock->tcp.tx_given += len;
	return 0;
}

/* Bytes for lwIP to read in place: the node is its from now on. */
static int write_node(struct sock *sock, struct tx_node *node, size_t offset,
                      size_t len)
{
	struct sock_tcp *t = &sock->tcp;

	if (tcp_write(t->pcb, node->buf.data + offset, (u16_t)len, 0) != ERR_OK)
		return -ENOMEM;
	t->tx_given += len;
	node_append(t, node);
	sock->stack->stats.tx_bufs++;
	return 0;
}

static int write_resized(struct sock *sock, const uint8_t *data, size_t len)
{
	struct tx_node *node = node_alloc(sock->stack, (uint32_t)len);
	int err;

	if (!node)
		return -ENOMEM;
	memcpy(node->buf.data, data, len);
	err = write_node(sock, node, 0, len);
	if (err)
		free(node);
	return err;
}

static int write_bytes(struct sock *sock, struct sock_tx_buf *buf,
                       size_t offset, size_t len)
{
	int err;

	if (len <= COPY_LEN_MAX)
		return write_copy(sock, buf->data + offset, len);
	if (len <= NODE_LEN_MAX)
		return write_resized(sock, buf->data + offset, len);
	err = write_node(sock, node_of(buf), offset, len);
	if (!err)
		sock->stack->tx_spare = NULL;
	return err;
}

/* Give lwIP the first len of the bytes held back. */
static void cork_write(struct sock *sock, uint32_t len)
{
	struct sock_tcp *t = &sock->tcp;
	uint8_t *data;

	if (!len || !t->pcb || write_copy(sock, t->cork->buf.data, len))
		return;
	data = t->cork->buf.data;
	t->cork_len -= len;
	memmove(data, data + len, t->cork_len);
}

static int cork_append(struct sock *sock, const uint8_t *data, size_t len)
{
	struct sock_tcp *t = &sock->tcp;

	if (!t->cork)
		t->cork = node_alloc(sock->stack, ROOM_MAX);
	if (!t->cork || len > t->cork->buf.room - t->cork_len)
		return -ENOMEM;
	memcpy(t->cork->buf.data + t->cork_len, data, len);
	t->cork_len += (uint32_t)len;
	cork_write(sock, t->cork_len - t->cork_len % t->pcb->mss);
	if (t->cork_len && !timer_is_running(&t->timer))
		timer_start(&sock->stack->timers, &t->timer,
		            sock->stack->now_us + CORK_WAIT_US);
	return 0;
}

/**
 * tcp_tx_uncork() - Send what is held back
 * @sock:	A TCP sock
 *
 * Where lwIP has no memory the rest stays and is tried again.
 */
void tcp_tx_uncork(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;

	cork_write(sock, t->cork_len);
	if (t->cork_len)
		timer_start(&sock->stack->timers, &t->timer,
		            sock->stack->now_us + CORK_WAIT_US);
}

/**
 * sock_tx() - see sock.h
 */
int sock_tx(struct sock *sock, struct sock_tx_buf *buf, size_t offset,
            size_t len)
{
	struct sock_tcp *t = &sock->tcp;
	int err;

	if (!is_writable(sock))
		return -EPIPE;
	tcp_super_choose(sock);
	if (sock->opt.cork || t->cork_len)
		err = cork_append(sock, buf->data + offset, len);
	else
		err = write_bytes(sock, buf, offset, len);
	if (err)
		return err;
	t->is_interactive = t->has_unanswered || t->is_interactive;
	t->has_unanswered = false;
	sock_tcp_touch(sock);
	return 0;
}

size_t sock_tx_unacked(const struct sock *sock)
{
	if (sock->type != SOCK_STREAM)
		return 0;
	return sock->tcp.tx_given - sock->tcp.tx_acked + sock->tcp.cork_len;
}

/* lwIP grows the window by at most two segments an ACK (RFC 3465), but here one
 * ACK may stand for 64 KB: count all it acknowledges, as Linux does.
 */
static void grow_cwnd(struct tcp_pcb *pcb, uint32_t acked)
{
	const uint32_t counted = 2u * pcb->mss;

	if (acked > counted && pcb->cwnd < pcb->ssthresh &&
	    !(pcb->flags & (TF_RTO | TF_INFR)))
		pcb->cwnd += acked - counted;
}

/**
 * tcp_tx_on_sent() - The peer acknowledged bytes
 */
err_t tcp_tx_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct sock *sock = arg;
	struct sock_tcp *t = &sock->tcp;
	struct tx_node *node;

	grow_cwnd(pcb, len);
	/* After a time-out all segments count as unsent; when they are
	 * acknowledged with the window closed, lwIP would go on to probe it
	 * with nothing to send, and assert.
	 */
	if (!pcb->unsent)
		pcb->persist_backoff = 0;
	t->tx_acked += len;
	while ((node = t->tx_head) && node->end <= t->tx_acked) {
		t->tx_head = node->next;
		if (!t->tx_head)
			t->tx_tail = NULL;
		spend(sock->stack, node);
		sock->stack->stats.tx_bufs--;
	}
	timer_stop(&sock->stack->timers, &t->stall_timer);
	tcp_super_on_sent(sock);
	sock_tcp_touch(sock);
	sock_on_writable(sock);
	return ERR_OK;
}

/**
 * tcp_tx_settle() - What was held back, then the FIN
 * @sock:	CONNECTED, with a pcb
 */
void tcp_tx_settle(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;

	if (t->cork_len && (!sock->opt.cork || t->tx_fin))
		tcp_tx_uncork(sock);
	if (!t->tx_fin || t->tx_fin_queued || t->cork_len)
		return;
	t->tx_fin_queued = true;
	tcp_shutdown(t->pcb, 0, 1);
}

/**
 * tcp_tx_drop() - The buffers of a connection that is over
 * @sock:	Any TCP sock
 */
void tcp_tx_drop(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	struct tx_node *node;

	while ((node = t->tx_head)) {
		t->tx_head = node->next;
		spend(sock->stack, node);
		sock->stack->stats.tx_bufs--;
	}
	t->tx_tail = NULL;
	free(t->cork);
	t->cork = NULL;
	t->cork_len = 0;
}
