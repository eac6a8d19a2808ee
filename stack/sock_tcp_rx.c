/* SPDX-License-Identifier: MIT */
/* TCP sockets: bytes in, windows and ACKs.
 *
 * Theory of operation
 *
 * Received pbufs wait in a list by their next pointers, in place; the user
 * reads them by sock_rx_peek() and sock_rx_consume(). The window that lwIP
 * announces shrinks as bytes come and opens by what was consumed, at the end
 * of the turn: a reader that stops closes it.
 *
 * ACKs: lwIP would acknowledge each second segment. Here an ACK that it marks
 * as due waits until the end of the turn, so that a batch is acknowledged once
 * (three times the rate of single frames was measured). A program that answers
 * what it receives saves even that: its answer carries the ACK, so the ACK of
 * a single segment waits up to ACK_WAIT_US. If the answer does not come in
 * time, the connection is no longer taken for such a one.
 */
#include <lwip/priv/tcp_priv.h>
#include <string.h>

#include "stack/sock_tcp_priv.h"

#define ACK_WAIT_US 20000  /* RFC 9293 3.8.6.3 allows 500 ms; Linux has 40 */

static void append(struct sock_tcp *t, struct pbuf *p)
{
	t->rx_len += p->tot_len;
	if (t->rx_tail)
		t->rx_tail->next = p;
	else
		t->rx_head = p;
	while (p->next)
		p = p->next;
	t->rx_tail = p;
}

/* The first pbuf out of the list, alone. */
static struct pbuf *pop(struct sock_tcp *t)
{
	struct pbuf *p = t->rx_head;

	t->rx_head = p->next;
	if (!t->rx_head)
		t->rx_tail = NULL;
	p->next = NULL;
	p->tot_len = p->len;
	return p;
}

/* Leave the ACK that lwIP marked for the end of the turn. */
static void defer_ack(struct sock *sock, struct tcp_pcb *pcb, uint32_t len)
{
	struct sock_tcp *t = &sock->tcp;

	if (pcb->flags & TF_ACK_NOW || len > t->wire_mss ||
	    (!t->is_interactive && sock->opt.quickack))
		t->ack_now = true;
	tcp_clear_flags(pcb, TF_ACK_NOW);
	tcp_set_flags(pcb, TF_ACK_DELAY);
}

/**
 * tcp_rx_on_recv() - lwIP has bytes in order, or the FIN (p is NULL)
 */
err_t tcp_rx_on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct sock *sock = arg;

	(void)err;
	if (p) {
		defer_ack(sock, pcb, p->tot_len);
		sock->tcp.has_unanswered = true;
		append(&sock->tcp, p);
	} else {
		sock->tcp.rx_fin = true;
		tcp_ack_now(pcb); /* its ACK is sent by lwIP, at once */
	}
	sock_tcp_touch(sock);
	sock_on_readable(sock);
	return ERR_OK;
}

/**
 * tcp_rx_window_limit() - Bytes that may be on the way or unread
 * @sock:	CONNECTED
 *
 * SO_RCVBUF bounds the window when the program has set it; half of its value
 * is for the bytes themselves (tcp(7), tcp_adv_win_scale).
 */
uint32_t tcp_rx_window_limit(const struct sock *sock)
{
	const struct tcp_pcb *pcb = sock->tcp.pcb;
	uint32_t max = TCP_WND_MAX(pcb), wish;

	if (sock->opt.rcvbuf == sock->stack->rcvbuf_default)
		return max;
	wish = (uint32_t)sock->opt.rcvbuf / 2;
	if (wish < 2u * pcb->mss)
		wish = 2u * pcb->mss;
	return wish < max ? wish : max;
}

/**
 * tcp_rx_open_window() - Let the peer send as many bytes as were consumed
 * @sock:	CONNECTED, with a pcb
 *
 * tcp_recved() would send an update every 36 KB. Here one goes out at the end of
 * the turn when it at least doubles what the peer may still send, as Linux does
 * (tcp_cleanup_rbuf): a stream in full flow needs none beside its ACKs.
 */
void tcp_rx_open_window(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	struct tcp_pcb *pcb = t->pcb;
	uint32_t limit, offered, more;

	if (!t->rx_consumed)
		return;
	limit = tcp_rx_window_limit(sock);
	if (pcb->rcv_wnd + t->rx_consumed < limit)
		pcb->rcv_wnd += t->rx_consumed;
	else if (pcb->rcv_wnd < limit)
		pcb->rcv_wnd = limit;
	t->rx_consumed = 0;
	offered = pcb->rcv_ann_right_edge - pcb->rcv_nxt;
	more = tcp_update_rcv_ann_wnd(pcb);
	if (more && more >= offered)
		tcp_ack_now(pcb);
}

/**
 * tcp_rx_settle_ack() - Send the ACK that is due, or see that it comes
 * @sock:	CONNECTED, with a pcb; after its output
 */
void tcp_rx_settle_ack(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	const bool is_due = t->ack_now;

	t->ack_now = false;
	if (!(t->pcb->flags & TF_ACK_DELAY))
		return; /* a segment has carried it */
	if (is_due) {
		tcp_clear_flags(t->pcb, TF_ACK_DELAY);
		tcp_ack_now(t->pcb);
		tcp_output(t->pcb);
	} else if (!timer_is_running(&t->ack_timer)) {
		timer_start(&sock->stack->timers, &t->ack_timer,
		            sock->stack->now_us + ACK_WAIT_US);
	}
}

/**
 * tcp_rx_on_ack_timer() - An ACK has waited long enough
 */
void tcp_rx_on_ack_timer(struct timer *timer, uint64_t now_us)
{
	struct sock *sock = sock_of_timer(timer, ack_timer);
	struct sock_tcp *t = &sock->tcp;

	(void)now_us;
	if (!t->pcb || !(t->pcb->flags & TF_ACK_DELAY))
		return;
	t->is_interactive = false;
	t->ack_now = true;
	sock_tcp_touch(sock);
}

/**
 * tcp_rx_drop() - Free what waits
 * @sock:	Any TCP sock
 */
void tcp_rx_drop(struct sock *sock)
{
	while (sock->tcp.rx_head)
		pbuf_free(pop(&sock->tcp));
	sock->tcp.rx_len = 0;
}

/**
 * sock_rx_peek() - see sock.h
 */
int sock_rx_peek(struct sock *sock, struct iovec *iov, int count)
{
	int used = 0;

	if (sock->type != SOCK_STREAM)
		return 0;
	for (const struct pbuf *p = sock->tcp.rx_head; p && used < count;
	     p = p->next)
		if (p->len)
			iov[used++] = (struct iovec){ p->payload, p->len };
	return used;
}

/**
 * sock_rx_consume() - see sock.h
 */
void sock_rx_consume(struct sock *sock, size_t len)
{
	struct sock_tcp *t = &sock->tcp;
	struct pbuf *p;

	if (len > t->rx_len)
		len = t->rx_len;
	t->rx_len -= len;
	t->rx_consumed += (uint32_t)len;
	while ((p = t->rx_head) && len >= p->len) {
		len -= p->len;
		pbuf_free(pop(t));
	}
	if (len)
		pbuf_remove_header(t->rx_head, len);
	sock_tcp_touch(sock);
}

size_t sock_rx_len(const struct sock *sock)
{
	return sock->type == SOCK_STREAM ? sock->tcp.rx_len : 0;
}

bool sock_rx_is_eof(const struct sock *sock)
{
	return sock->type == SOCK_STREAM && sock->tcp.rx_fin &&
	       !sock->tcp.rx_len;
}
