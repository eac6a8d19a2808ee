/* SPDX-License-Identifier: MIT */
/* TCP sockets: the sock and its pcb, and how each of them ends.
 *
 * Theory of operation
 *
 * A sock and lwIP's pcb have lives of their own:
 *
 *     the pcb ends first   on a reset, a time-out, or at the end of TIME_WAIT.
 *                          on_pcb_error() tells why, on_pcb_gone() (lwIP's
 *                          ext_args callback, called whenever a pcb is freed)
 *                          that there is none any more
 *     the sock ends first  its user closed it. It stays, detached, until the
 *                          pcb is in TIME_WAIT or gone, so that its buffers
 *                          and its port live long enough
 *
 * Callbacks of lwIP mark: they set fields and put the sock on the touched
 * list. sock_tcp_poll_touched(), at the end of the turn, does what follows
 * from it, once a sock: opens the window, writes what was held back, sends the
 * FIN, the ACK and the data, and frees socks that are done.
 *
 * tcp_abandon() and tcp_close() are called outside of lwIP's callbacks only:
 * from the user's calls, from timers and from the touched list.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <stdlib.h>
#include <string.h>

#include "stack/sock_tcp_priv.h"

#define EXT_ARG_SOCK 0       /* the pcb's ext_args slot that points here */
#define RTO_NEVER 0x7fff     /* slow ticks: lwIP's largest */
#define SYN_RTO_US 1000000   /* RFC 6298 section 2.1 */
#define RTO_FIRST (1000 / TCP_SLOW_INTERVAL) /* likewise; lwIP has 3 s */

#define SV_MIN 3             /* lwIP's variance does not fall below */

static void on_cork_or_syn_timer(struct timer *timer, uint64_t now_us);
static void on_stall_timer(struct timer *timer, uint64_t now_us);

void sock_tcp_touch(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	struct stack *stack = sock->stack;

	if (t->touched_link)
		return;
	t->touched_next = stack->touched;
	if (t->touched_next)
		t->touched_next->tcp.touched_link = &t->touched_next;
	t->touched_link = &stack->touched;
	stack->touched = sock;
}

static void untouch(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;

	if (!t->touched_link)
		return;
	*t->touched_link = t->touched_next;
	if (t->touched_next)
		t->touched_next->tcp.touched_link = t->touched_link;
	t->touched_link = NULL;
}

/* lwIP frees the pcb, for whatever reason. */
static void on_pcb_gone(u8_t id, void *data)
{
	struct sock *sock = data;

	(void)id;
	if (!sock)
		return;
	sock->tcp.pcb = NULL;
	sock_tcp_touch(sock);
}

static const struct tcp_ext_arg_callbacks ext_callbacks = {
	.destroy = on_pcb_gone,
};

static void stop_timers(struct sock *sock)
{
	timer_stop(&sock->stack->timers, &sock->tcp.timer);
	timer_stop(&sock->stack->timers, &sock->tcp.ack_timer);
	timer_stop(&sock->stack->timers, &sock->tcp.stall_timer);
}

/* The connection is over; what came before stays readable. */
static void die(struct sock *sock, int err)
{
	sock->state = SOCK_STATE_DEAD;
	stop_timers(sock);
	tcp_tx_drop(sock);
	sock_on_error(sock, err);
}

/* The errno of a connection that lwIP ends: net/ipv4/tcp_input.c, tcp_reset()
 * and net/ipv4/tcp_timer.c, tcp_write_err().
 */
static int pcb_errno(const struct sock *sock, err_t err)
{
	if (err == ERR_ABRT)
		return sock->tcp.soft_error ? sock->tcp.soft_error : ETIMEDOUT;
	if (sock->state == SOCK_STATE_CONNECTING)
		return ECONNREFUSED;
	return sock->tcp.rx_fin ? EPIPE : ECONNRESET;
}

/* lwIP ends the connection. ERR_CLSD: both FINs are acknowledged, which is no
 * error.
 */
static void on_pcb_error(void *arg, err_t err)
{
	struct sock *sock = arg;

	if (!sock || err == ERR_CLSD)
		return;
	if (sock->state == SOCK_STATE_CONNECTING && !sock->tcp.listener)
		sock->stack->stats.tcp_connect_failed++;
	else if (err == ERR_RST)
		sock->stack->stats.tcp_resets_received++;
	if (!sock->is_detached && !sock->tcp.listener)
		die(sock, pcb_errno(sock, err));
}

/**
 * tcp_attach() - The pcb calls back for this sock from now on
 * @sock:	CONNECTING
 * @pcb:	Its pcb
 */
void tcp_attach(struct sock *sock, struct tcp_pcb *pcb)
{
	struct sock_tcp *t = &sock->tcp;

	t->pcb = pcb;
	pcb->rto = pcb->sv = TCP_RTO_FIRST;
	t->timer.on_due = on_cork_or_syn_timer;
	t->ack_timer.on_due = tcp_rx_on_ack_timer;
	t->stall_timer.on_due = on_stall_timer;
	tcp_arg(pcb, sock);
	tcp_err(pcb, on_pcb_error);
	tcp_recv(pcb, tcp_rx_on_recv);
	tcp_sent(pcb, tcp_tx_on_sent);
	tcp_ext_arg_set_callbacks(pcb, EXT_ARG_SOCK, &ext_callbacks);
	tcp_ext_arg_set(pcb, EXT_ARG_SOCK, sock);
	sock_tcp_apply_opt(sock);
}

/**
 * tcp_detach() - The pcb is lwIP's alone from now on
 * @sock:	Any TCP sock
 */
void tcp_detach(struct sock *sock)
{
	struct tcp_pcb *pcb = sock->tcp.pcb;

	sock->tcp.pcb = NULL;
	if (!pcb)
		return;
	tcp_arg(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_ext_arg_set(pcb, EXT_ARG_SOCK, NULL);
}

/* The pcb goes now; reset: the peer is told. */
static void abandon(struct sock *sock, bool reset)
{
	struct tcp_pcb *pcb = sock->tcp.pcb;

	tcp_detach(sock);
	if (!pcb)
		return;
	if (reset)
		sock->stack->stats.tcp_aborted++;
	tcp_abandon(pcb, reset);
}

/**
 * tcp_kill() - End a connection for a reason of our own
 * @sock:	CONNECTING or CONNECTED; not inside of one of its callbacks
 * @err:	Positive errno that its user is told
 */
void tcp_kill(struct sock *sock, int err)
{
	if (sock->state == SOCK_STATE_CONNECTING)
		sock->stack->stats.tcp_connect_failed++;
	abandon(sock, sock->state == SOCK_STATE_CONNECTED);
	if (sock->is_detached)
		sock_tcp_touch(sock);
	else
		die(sock, err);
}

/**
 * tcp_release() - Free everything of a sock, and the sock
 * @sock:	Without a pcb; gone afterwards
 */
void tcp_release(struct sock *sock)
{
	stop_timers(sock);
	untouch(sock);
	tcp_handshake_leave(sock);
	tcp_rx_drop(sock);
	tcp_tx_drop(sock);
	sock_free(sock);
}

static void on_cork_or_syn_timer(struct timer *timer, uint64_t now_us)
{
	struct sock *sock = sock_of_timer(timer, timer);

	if (sock->state == SOCK_STATE_CONNECTING) {
		tcp_on_syn_timer(sock, now_us);
		return;
	}
	tcp_tx_uncork(sock);
	sock_tcp_touch(sock);
}

/* Bytes stayed unacknowledged for TCP_USER_TIMEOUT (RFC 5482). */
static void on_stall_timer(struct timer *timer, uint64_t now_us)
{
	(void)now_us;
	tcp_kill(sock_of_timer(timer, stall_timer), ETIMEDOUT);
}

/* FIN after what was given; the peer's bytes are no longer wanted. */
static void close_gracefully(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;

	sock->is_detached = true;
	tcp_tx_uncork(sock);
	timer_stop(&sock->stack->timers, &t->timer);
	timer_stop(&sock->stack->timers, &t->ack_timer);
	/* A window that is not whole means unread bytes to tcp_close(). */
	t->pcb->rcv_wnd = TCP_WND_MAX(t->pcb);
	t->tx_fin = t->tx_fin_queued = true;
	tcp_close(t->pcb);
	sock_tcp_touch(sock);
}

/**
 * sock_tcp_close() - The user lets go
 * @sock:	Freed now, or when its last byte is acknowledged
 * @abort:	Reset the connection. Bytes that were not read do so as well
 *		(RFC 2525 section 2.17), as in Linux
 */
void sock_tcp_close(struct sock *sock, bool abort)
{
	struct sock_tcp *t = &sock->tcp;

	if (sock->state == SOCK_STATE_LISTENING)
		tcp_listener_close(sock);
	if (sock->state == SOCK_STATE_CONNECTED && t->pcb && !abort &&
	    !t->rx_len) {
		close_gracefully(sock);
		return;
	}
	abandon(sock, sock->state == SOCK_STATE_CONNECTED);
	tcp_release(sock);
}

/**
 * sock_shutdown_tx() - see sock.h
 */
int sock_shutdown_tx(struct sock *sock)
{
	if (sock->type != SOCK_STREAM)
		return sock->state == SOCK_STATE_CONNECTED ? 0 : -ENOTCONN;
	if (sock->state != SOCK_STATE_CONNECTED)
		return -ENOTCONN;
	sock->tcp.tx_fin = true;
	sock_tcp_touch(sock);
	return 0;
}

static void watch_stall(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	uint64_t timeout_us = (uint64_t)sock->opt.user_timeout_ms * 1000;

	if (!timeout_us || t->tx_given == t->tx_acked)
		timer_stop(&sock->stack->timers, &t->stall_timer);
	else if (!timer_is_running(&t->stall_timer))
		timer_start(&sock->stack->timers, &t->stall_timer,
		            sock->stack->now_us + timeout_us);
}

/* Do what follows from what was marked. Return: true to come back. */
static bool settle(struct sock *sock)
{
	struct sock_tcp *t = &sock->tcp;
	err_t err;

	if (sock->is_detached && t->pcb && t->pcb->state == TIME_WAIT)
		tcp_detach(sock);
	if (!t->pcb) {
		if (sock->is_detached || t->listener)
			tcp_release(sock);
		return false;
	}
	if (sock->state != SOCK_STATE_CONNECTED || t->pcb->state == TIME_WAIT)
		return false;
	tcp_rx_open_window(sock);
	tcp_tx_settle(sock);
	tcp_super_settle(sock);
	err = tcp_output(t->pcb);
	tcp_rx_settle_ack(sock);
	watch_stall(sock);
	return err == ERR_MEM || err == ERR_BUF;
}

/**
 * sock_tcp_poll_touched() - The end of a turn, for every sock that was marked
 * @stack:	The stack
 *
 * A sock whose segments the device did not take stays marked.
 */
void sock_tcp_poll_touched(struct stack *stack)
{
	struct sock *sock, *again = NULL, *next;

	while ((sock = stack->touched)) {
		untouch(sock);
		if (settle(sock)) {
			sock->tcp.touched_next = again;
			again = sock;
		}
	}
	for (sock = again; sock; sock = next) {
		next = sock->tcp.touched_next;
		sock_tcp_touch(sock);
	}
}
