/* SPDX-License-Identifier: MIT */
/* Naming a sock: bind, connect, listen, getsockname, getpeername. */
#include <errno.h>
#include <string.h>

#include "stack/addr.h"
#include "stack/sock_priv.h"

/* May the sock have this local address? May make it one of both families. */
static int check_local(const struct sock *sock, ip_addr_t *ip)
{
	if (sock->domain == AF_INET6 && IP_IS_V4(ip) && sock->opt.v6only)
		return -EINVAL;
	if (ip_addr_isany(ip)) {
		if (IP_IS_V6(ip) && !sock->opt.v6only)
			IP_SET_TYPE(ip, IPADDR_TYPE_ANY);
		return 0;
	}
	if (ip_addr_ismulticast(ip))
		return sock->type == SOCK_DGRAM ? 0 : -EADDRNOTAVAIL;
	if (sock->opt.kept.free_bind || sock->opt.kept.free_bind6)
		return 0;
	return stack_addr_is_own(sock->stack, ip) ? 0 : -EADDRNOTAVAIL;
}

/**
 * sock_bind() - see sock.h; the errors of bind(2)
 */
int sock_bind(struct sock *sock, const struct sockaddr *addr, socklen_t len)
{
	ip_addr_t ip;
	uint16_t port;
	int err;

	err = addr_from_sockaddr(sock->domain, addr, len, &ip, &port);
	if (err)
		return err;
	if (sock->local_port || (sock->state != SOCK_STATE_NEW &&
	                         sock->type == SOCK_STREAM))
		return -EINVAL;
	err = check_local(sock, &ip);
	if (!err)
		err = ports_bind(sock, &ip, port);
	if (err || sock->type == SOCK_STREAM)
		return err;
	err = sock_udp_bind(sock);
	if (err)
		ports_release(sock);
	return err;
}

/* What connect(2) says of a TCP socket that is not new. */
static int check_connect_state(struct sock *sock)
{
	switch (sock->state) {
	case SOCK_STATE_NEW:
		return 0;
	case SOCK_STATE_CONNECTING:
		return -EALREADY;
	case SOCK_STATE_DEAD:
		return sock->error ? -sock_error(sock, true) : -ECONNABORTED;
	default:
		return -EISCONN;
	}
}

/* The peer as TCP's connect means it: any is this host. */
static int check_peer(const struct sock *sock, ip_addr_t *ip)
{
	const bool has_local = !ip_addr_isany(&sock->local_ip);

	addr_any_to_loopback(ip);
	if (sock->domain == AF_INET6 && IP_IS_V4(ip) && sock->opt.v6only)
		return -ENETUNREACH;
	if (has_local && IP_IS_V6(ip) != IP_IS_V6_VAL(sock->local_ip))
		return -EINVAL;
	if (ip_addr_ismulticast(ip) ||
	    ip_addr_isbroadcast(ip, stack_netif_eth(sock->stack)))
		return -ENETUNREACH;
	return 0;
}

/* A local address and port for the connection. */
static int choose_local(struct sock *sock, const ip_addr_t *peer,
                        uint16_t peer_port)
{
	ip_addr_t src;
	int err = stack_addr_source(sock->stack, peer, &src);

	if (err)
		return err;
	if (!ip_addr_isany(&sock->local_ip)) {
		if (ip_addr_isloopback(&sock->local_ip) &&
		    !stack_addr_is_own(sock->stack, peer))
			return -EINVAL;
		ip_addr_copy(src, sock->local_ip);
	}
	if (!sock->local_port)
		return ports_connect(sock, &src, peer, peer_port);
	if (sock_tcp_tuple_is_taken(&src, sock->local_port, peer, peer_port))
		return -EADDRNOTAVAIL;
	ip_addr_copy(sock->local_ip, src);
	return 0;
}

static int connect_tcp(struct sock *sock, const struct sockaddr *addr,
                       socklen_t len)
{
	const bool was_bound = sock->local_port;
	ip_addr_t ip, old_local;
	uint16_t port;
	int err;

	err = check_connect_state(sock);
	if (err)
		return err;
	err = addr_from_sockaddr(sock->domain, addr, len, &ip, &port);
	if (!err)
		err = check_peer(sock, &ip);
	if (err)
		return err;
	ip_addr_copy(old_local, sock->local_ip);
	err = choose_local(sock, &ip, port);
	if (!err)
		err = sock_tcp_connect(sock, &ip, port);
	if (err != -EINPROGRESS) {
		if (!was_bound)
			ports_release(sock);
		ip_addr_copy(sock->local_ip, old_local);
	}
	return err;
}

static int connect_udp(struct sock *sock, const struct sockaddr *addr,
                       socklen_t len)
{
	ip_addr_t ip;
	uint16_t port;
	int err;

	if (len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC)
		return sock_udp_disconnect(sock);
	err = addr_from_dgram_peer(sock->domain, addr, len, &ip, &port);
	return err ? err : sock_udp_connect(sock, &ip, port);
}

/**
 * sock_connect() - see sock.h; the errors of connect(2)
 */
int sock_connect(struct sock *sock, const struct sockaddr *addr, socklen_t len)
{
	return sock->type == SOCK_STREAM ? connect_tcp(sock, addr, len)
	                                 : connect_udp(sock, addr, len);
}

/**
 * sock_listen() - see sock.h; the errors of listen(2)
 */
int sock_listen(struct sock *sock)
{
	ip_addr_t any;
	int err = 0;

	if (sock->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (sock->state == SOCK_STATE_LISTENING)
		return 0;
	if (sock->state != SOCK_STATE_NEW)
		return -EINVAL;
	if (!sock->local_port) {
		ip_addr_copy(any, sock->local_ip);
		if (sock->domain == AF_INET6)
			IP_SET_TYPE_VAL(any, sock->opt.v6only ? IPADDR_TYPE_V6
			                                      : IPADDR_TYPE_ANY);
		err = ports_bind(sock, &any, 0);
	}
	if (!err)
		err = ports_listen(sock);
	return err ? err : sock_tcp_listen(sock);
}

int sock_name(const struct sock *sock, struct sockaddr_storage *addr)
{
	addr_to_sockaddr(sock->domain, &sock->local_ip, sock->local_port, addr);
	return 0;
}

int sock_peer(const struct sock *sock, struct sockaddr_storage *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->ss_family = sock->domain;
	if (!sock->peer_port || sock->state == SOCK_STATE_NEW ||
	    sock->state == SOCK_STATE_LISTENING)
		return -ENOTCONN;
	addr_to_sockaddr(sock->domain, &sock->peer_ip, sock->peer_port, addr);
	return 0;
}
