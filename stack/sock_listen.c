/* SPDX-License-Identifier: MIT */
/* TCP sockets: listeners and the handshakes under way.
 *
 * Theory of operation
 *
 * lwIP has one listening pcb for an address and port. Socks that listen there
 * together (SO_REUSEPORT) form a group that owns the pcb; a new connection goes
 * to the one that a hash of its addresses and ports chooses, so that the SYN's
 * repetition finds the same. Closing one leaves the others.
 *
 * A sock is made for each SYN (on_syn, lwIP's ext_args callback for a passive
 * open) and hangs on its listener's list until the handshake is done: so the
 * listener can count them, and can reset them when it is closed. A handshake
 * whose pcb dies is freed by the end of the turn as any other.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <stdlib.h>

#include "stack/errmap.h"
#include "stack/port/port.h"
#include "stack/sock_tcp_priv.h"

#define EXT_ARG_SYN 0 /* the listening pcb's slot with the callback */

struct sock_group {
	struct tcp_pcb *pcb;     /* lwIP's listening pcb */
	struct sock *first;      /* its listeners, by tcp.group_next */
	unsigned count;          /* how many, at least one */
};

static struct sock *group_choose(const struct sock_group *group,
                                 const struct tcp_pcb *pcb)
{
	struct sock *sock = group->first;
	uint64_t hash;

	if (group->count == 1)
		return sock;
	hash = port_hash_tuple(&pcb->local_ip, pcb->local_port, &pcb->remote_ip,
	                       pcb->remote_port);
	for (hash %= group->count; hash; hash--)
		sock = sock->tcp.group_next;
	return sock;
}

static bool can_accept(struct sock *listener)
{
	const struct sock_events *events = listener->stack->events;

	if (!listener->user || !events->on_accept)
		return false;
	return !events->can_accept ||
	       events->can_accept(listener, listener->user,
	                          listener->tcp.pending);
}

static void handshake_enter(struct sock *listener, struct sock *conn)
{
	struct sock_tcp *l = &listener->tcp, *c = &conn->tcp;

	c->listener = listener;
	c->handshake_next = l->handshakes;
	c->handshake_link = &l->handshakes;
	if (l->handshakes)
		l->handshakes->tcp.handshake_link = &c->handshake_next;
	l->handshakes = conn;
	l->pending++;
}

/**
 * tcp_handshake_leave() - No longer under way
 * @conn:	A connection; nothing when it hangs on no listener
 */
void tcp_handshake_leave(struct sock *conn)
{
	struct sock_tcp *c = &conn->tcp;

	if (!c->listener)
		return;
	*c->handshake_link = c->handshake_next;
	if (c->handshake_next)
		c->handshake_next->tcp.handshake_link = c->handshake_link;
	c->listener->tcp.pending--;
	c->listener = NULL;
}

/* A sock for the connection that a SYN begins. */
static struct sock *conn_alloc(struct sock *listener, struct tcp_pcb *pcb)
{
	struct sock *conn;

	if (sock_alloc(listener->stack, listener->domain, SOCK_STREAM, &conn))
		return NULL;
	conn->opt = listener->opt;
	conn->state = SOCK_STATE_CONNECTING;
	ip_addr_copy(conn->local_ip, pcb->local_ip);
	ip_addr_copy(conn->peer_ip, pcb->remote_ip);
	conn->local_port = pcb->local_port;
	conn->peer_port = pcb->remote_port;
	ports_adopt(conn, listener);
	return conn;
}

/* A SYN came. Another answer than ERR_OK makes lwIP forget it silently. */
static err_t on_syn(u8_t id, struct tcp_pcb_listen *lpcb, struct tcp_pcb *pcb)
{
	const struct sock_group *group = lpcb->callback_arg;
	struct sock *listener = group_choose(group, pcb), *conn;

	(void)id;
	pcb->callback_arg = NULL;
	if (!can_accept(listener)) {
		listener->stack->stats.tcp_backlog_dropped++;
		return ERR_MEM;
	}
	conn = conn_alloc(listener, pcb);
	if (!conn)
		return ERR_MEM;
	handshake_enter(listener, conn);
	tcp_attach(conn, pcb);
	return ERR_OK;
}

static const struct tcp_ext_arg_callbacks syn_callbacks = {
	.passive_open = on_syn,
};

/* The handshake is done, or (pcb is NULL) there was no memory for a SYN. */
static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *conn = arg, *listener;

	(void)err;
	if (!pcb) {
		stack_self->stats.out_of_memory++;
		return ERR_OK;
	}
	listener = conn->tcp.listener;
	tcp_handshake_leave(conn);
	tcp_established(conn);
	if (listener->user && !listener->stack->events->on_accept(
				      listener, listener->user, conn)) {
		conn->stack->stats.tcp_accepted++;
		return ERR_OK;
	}
	conn->stack->stats.tcp_aborted++;
	tcp_detach(conn);
	tcp_release(conn);
	return ERR_VAL; /* lwIP resets it */
}

/* The group that listens at the sock's address already, or NULL. */
static struct sock_group *group_find(const struct sock *sock)
{
	struct tcp_pcb_listen *l;

	for (l = tcp_listen_pcbs.listen_pcbs; l; l = l->next)
		if (l->local_port == sock->local_port &&
		    IP_GET_TYPE(&l->local_ip) == IP_GET_TYPE(&sock->local_ip) &&
		    ip_addr_cmp(&l->local_ip, &sock->local_ip))
			return l->callback_arg;
	return NULL;
}

/* lwIP's listening pcb for the group. Return: 0 or -errno. */
static int group_listen(struct sock_group *group, const struct sock *sock)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&sock->local_ip));
	err_t err = ERR_MEM;

	if (!pcb)
		return -ENOBUFS;
	ip_addr_copy(pcb->local_ip, sock->local_ip);
	pcb->local_port = sock->local_port;
	tcp_arg(pcb, group);
	tcp_ext_arg_set_callbacks(pcb, EXT_ARG_SYN, &syn_callbacks);
	group->pcb = tcp_listen_with_backlog_and_err(pcb, 0, &err);
	if (!group->pcb) {
		pcb->local_port = 0; /* never in lwIP's list of bound pcbs */
		tcp_abandon(pcb, 0);
		return errmap_call(err);
	}
	tcp_accept(group->pcb, on_accept);
	return 0;
}

static struct sock_group *group_make(const struct sock *sock, int *err)
{
	struct sock_group *group = calloc(1, sizeof(*group));

	*err = group ? group_listen(group, sock) : -ENOMEM;
	if (!*err)
		return group;
	sock->stack->stats.out_of_memory++;
	free(group);
	return NULL;
}

/**
 * sock_tcp_listen() - Take connections
 * @sock:	NEW and bound; ports_listen() has allowed it
 *
 * Return: 0, -ENOBUFS or -ENOMEM.
 */
int sock_tcp_listen(struct sock *sock)
{
	struct sock_group *group = group_find(sock);
	int err = 0;

	if (!group)
		group = group_make(sock, &err);
	if (!group)
		return err;
	sock->tcp.group = group;
	sock->tcp.group_next = group->first;
	group->first = sock;
	group->count++;
	sock->state = SOCK_STATE_LISTENING;
	sock_tcp_apply_opt(sock);
	return 0;
}

/* Reset what has not been handed over. */
static void reset_handshakes(struct sock *listener)
{
	struct sock *conn;
	struct tcp_pcb *pcb;

	while ((conn = listener->tcp.handshakes)) {
		pcb = conn->tcp.pcb;
		tcp_detach(conn);
		if (pcb)
			tcp_abort(pcb);
		tcp_release(conn);
	}
}

/**
 * tcp_listener_close() - Leave the group; the last one ends the listening pcb
 * @sock:	LISTENING
 */
void tcp_listener_close(struct sock *sock)
{
	struct sock_group *group = sock->tcp.group;
	struct sock **link = &group->first;

	reset_handshakes(sock);
	while (*link != sock)
		link = &(*link)->tcp.group_next;
	*link = sock->tcp.group_next;
	sock->tcp.group = NULL;
	if (--group->count)
		return;
	tcp_close(group->pcb);
	free(group);
}

/**
 * tcp_listener_pcb() - lwIP's listening pcb
 * @sock:	LISTENING
 */
struct tcp_pcb *tcp_listener_pcb(const struct sock *sock)
{
	return sock->tcp.group->pcb;
}
