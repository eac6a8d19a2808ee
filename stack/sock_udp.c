/* SPDX-License-Identifier: MIT */
/* UDP sockets: names, and the pcb behind them.
 *
 * Theory of operation
 *
 * A sock has a udp_pcb from open to close. lwIP knows it once it has a port,
 * and is asked only which datagrams are for that port; who of several socks on
 * a port gets one is decided in sock_udp_rx.c by Linux's rules.
 *
 * A connect fixes the local address as on Linux: getsockname tells the address
 * that datagrams leave from, and only those to it come in. What bind did not
 * give, a connect to AF_UNSPEC takes away again.
 */
#include <errno.h>

#include "stack/addr.h"
#include "stack/errmap.h"
#include "stack/ports.h"
#include "stack/sock_udp_priv.h"

/* The wildcard that an unbound sock has. */
static void set_wildcard(const struct sock *sock, ip_addr_t *ip)
{
	if (sock->domain == AF_INET)
		ip_addr_set_any(false, ip);
	else
		ip_addr_set_any(true, ip);
	if (sock->domain == AF_INET6 && !sock->opt.v6only)
		IP_SET_TYPE(ip, IPADDR_TYPE_ANY);
}

static struct udp_pcb *pcb_new(struct sock *sock)
{
	struct udp_pcb *pcb = udp_new_ip_type(
		sock->domain == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);

	if (!pcb)
		return NULL;
	/* ports.c decides who shares a port; lwIP is not to object. */
	ip_set_option(pcb, SOF_REUSEADDR);
	udp_recv(pcb, sock_udp_on_recv, sock);
	return pcb;
}

/**
 * sock_udp_open() - The UDP part of a fresh sock.
 * @sock:	from sock_alloc()
 *
 * Return: 0, or -ENOBUFS when there are too many or no memory.
 */
int sock_udp_open(struct sock *sock)
{
	struct stack_stats *stats = &sock->stack->stats;

	if (stats->udp_pcbs < STACK_UDP_PCB_MAX)
		sock->udp.pcb = pcb_new(sock);
	if (!sock->udp.pcb) {
		stats->out_of_memory++;
		return -ENOBUFS;
	}
	stats->udp_pcbs++;
	sock_udp_apply_opt(sock);
	return 0;
}

/**
 * sock_udp_close() - Undo sock_udp_open(), datagrams that wait included.
 * @sock:	may be half-open; the caller frees it and its port
 */
void sock_udp_close(struct sock *sock)
{
	sock_udp_rx_flush(sock);
	if (!sock->udp.pcb)
		return;
	udp_remove(sock->udp.pcb);
	sock->udp.pcb = NULL;
	sock->stack->stats.udp_pcbs--;
}

/**
 * sock_udp_count() - UDP sockets now.
 * @stack:	the stack
 *
 * Return: those of the resolver are not among them.
 */
unsigned sock_udp_count(const struct stack *stack)
{
	return (unsigned)stack->stats.udp_pcbs;
}

/* Tell lwIP the name that the sock has got. */
static int bind_pcb(struct sock *sock)
{
	return errmap_call(udp_bind(sock->udp.pcb, &sock->local_ip,
	                            sock->local_port));
}

/**
 * sock_udp_bind() - The sock got its address and port by bind.
 * @sock:	ports_bind() has set both; the port may still be 0 with
 *		IP_BIND_ADDRESS_NO_PORT
 *
 * Return: 0 or -errno.
 */
int sock_udp_bind(struct sock *sock)
{
	sock->udp.addr_is_bound = !ip_addr_isany(&sock->local_ip);
	sock->udp.port_is_bound = sock->has_port;
	return sock->has_port ? bind_pcb(sock) : 0;
}

int sock_udp_autobind(struct sock *sock)
{
	ip_addr_t addr;
	int err;

	if (sock->has_port)
		return 0;
	set_wildcard(sock, &addr);
	if (sock->udp.addr_is_bound)
		ip_addr_copy(addr, sock->local_ip);
	err = ports_bind_ephemeral(sock, &addr);
	if (err)
		return err == -EADDRINUSE ? -EAGAIN : err;
	return bind_pcb(sock);
}

/**
 * sock_udp_connect() - Give a sock a peer, or another one.
 * @sock:	NEW or CONNECTED
 * @addr:	the peer; a wildcard means this host
 * @port:	host order
 *
 * Return: 0, -ENETUNREACH, -EACCES for a broadcast address without
 * SO_BROADCAST, -EAGAIN when no port is left.
 */
int sock_udp_connect(struct sock *sock, const ip_addr_t *addr, uint16_t port)
{
	struct udp_pcb *pcb = sock->udp.pcb;
	ip_addr_t peer, local;
	int err;

	ip_addr_copy(peer, *addr);
	addr_any_to_loopback(&peer);
	err = sock_udp_check_dst(sock, &peer);
	if (err)
		return err;
	if (sock->udp.addr_is_bound) {
		ip_addr_copy(local, sock->local_ip);
	} else {
		err = stack_addr_source(sock->stack, &peer, &local);
		if (err)
			return err;
	}
	err = sock_udp_autobind(sock);
	if (!err)
		err = errmap_call(udp_connect(pcb, &peer, port));
	if (err)
		return err;
	ip_addr_copy(pcb->local_ip, local);
	ip_addr_copy(sock->local_ip, local);
	ip_addr_copy(sock->peer_ip, peer);
	sock->peer_port = port;
	sock->state = SOCK_STATE_CONNECTED;
	return 0;
}

/* A pcb that lwIP does not know any more: it cannot be unbound. */
static int replace_pcb(struct sock *sock)
{
	struct udp_pcb *pcb = pcb_new(sock);

	if (!pcb)
		return -ENOBUFS;
	udp_remove(sock->udp.pcb);
	sock->udp.pcb = pcb;
	sock_udp_apply_opt(sock);
	return 0;
}

/**
 * sock_udp_disconnect() - connect to AF_UNSPEC: take the peer away.
 * @sock:	NEW or CONNECTED
 *
 * Return: 0, or -ENOBUFS when out of memory; then nothing changed.
 */
int sock_udp_disconnect(struct sock *sock)
{
	if (sock->state != SOCK_STATE_CONNECTED)
		return 0;
	if (!sock->udp.port_is_bound && replace_pcb(sock))
		return -ENOBUFS;
	udp_disconnect(sock->udp.pcb);
	if (!sock->udp.addr_is_bound) {
		set_wildcard(sock, &sock->local_ip);
		ip_addr_copy(sock->udp.pcb->local_ip, sock->local_ip);
	}
	if (!sock->udp.port_is_bound) {
		ports_release(sock);
		sock->local_port = 0;
	}
	ip_addr_set_zero(&sock->peer_ip);
	sock->peer_port = 0;
	sock->state = SOCK_STATE_NEW;
	return 0;
}

/**
 * sock_udp_apply_opt() - Carry options into the pcb.
 * @sock:	with a pcb; the lifetime and traffic class of each datagram are
 *		set as it is sent
 */
void sock_udp_apply_opt(struct sock *sock)
{
	struct udp_pcb *pcb = sock->udp.pcb;

	if (!pcb)
		return;
	if (sock->opt.mcast_loop)
		udp_set_flags(pcb, UDP_FLAGS_MULTICAST_LOOP);
	else
		udp_clear_flags(pcb, UDP_FLAGS_MULTICAST_LOOP);
}

/**
 * sock_udp_get_info() - The UDP part of what netcon ss prints.
 * @sock:	the sock
 * @info:	the state's name and the queues are filled in
 */
void sock_udp_get_info(const struct sock *sock, struct sock_info *info)
{
	info->tcp_state = sock->state == SOCK_STATE_CONNECTED ? "ESTAB"
	                                                      : "UNCONN";
	info->rx_queue = (uint32_t)sock->udp.rx_len;
	info->tx_queue = 0;
}
