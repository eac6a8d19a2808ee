/* SPDX-License-Identifier: MIT */
/* The table of socks, and what TCP and UDP have in common.
 *
 * Theory of operation
 *
 * The table is an array of pointers with a stack of free indices. An id is the
 * index and a generation that grows each time the index is freed, so an id
 * that somebody kept finds nothing instead of another sock. Index 0 is id
 * 1: no id is 0.
 *
 * The functions here check state and arguments in Linux's order, take
 * sockaddrs apart and hand on to sock_tcp*.c and sock_udp.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/addr.h"
#include "stack/sock_priv.h"

static const struct sock_events no_events;

int sock_table_init(struct stack *stack)
{
	struct sock_opt opt;

	sock_opt_init(&opt, AF_INET, SOCK_STREAM);
	stack->rcvbuf_default = opt.rcvbuf;
	stack->sndbuf_default = opt.sndbuf;
	stack->events = &no_events;
	stack->socks = calloc(STACK_SOCK_MAX, sizeof(struct sock *));
	stack->sock_gens = calloc(STACK_SOCK_MAX, sizeof(*stack->sock_gens));
	stack->sock_free = calloc(STACK_SOCK_MAX, sizeof(*stack->sock_free));
	if (!stack->socks || !stack->sock_gens || !stack->sock_free) {
		sock_table_fini(stack);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < STACK_SOCK_MAX; i++)
		stack->sock_free[i] = STACK_SOCK_MAX - 1 - i;
	stack->sock_free_count = STACK_SOCK_MAX;
	return 0;
}

void sock_table_abort(struct stack *stack)
{
	for (uint32_t i = 0; i < STACK_SOCK_MAX; i++)
		if (stack->socks[i])
			sock_close(stack->socks[i], true);
	sock_tcp_poll_touched(stack);
}

void sock_table_fini(struct stack *stack)
{
	sock_tcp_free_spent(stack);
	free(stack->tx_spare);
	free(stack->socks);
	free(stack->sock_gens);
	free(stack->sock_free);
	stack->tx_spare = NULL;
	stack->socks = NULL;
	stack->sock_gens = NULL;
	stack->sock_free = NULL;
}

void sock_count(const struct stack *stack, uint64_t *open, uint64_t *closing)
{
	*open = *closing = 0;
	for (uint32_t i = 0; i < STACK_SOCK_MAX; i++) {
		if (!stack->socks[i])
			continue;
		if (stack->socks[i]->is_detached)
			++*closing;
		else
			++*open;
	}
}

/**
 * sock_alloc() - A sock in state NEW
 * @stack:	The stack
 * @domain:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM or SOCK_DGRAM
 * @out:	The sock, with an id and default options
 *
 * Return: 0, -ENFILE when the table is full, -ENOMEM.
 */
int sock_alloc(struct stack *stack, int domain, int type, struct sock **out)
{
	struct sock *sock;
	uint32_t idx;

	if (!stack->sock_free_count)
		return -ENFILE;
	sock = calloc(1, sizeof(*sock));
	if (!sock) {
		stack->stats.out_of_memory++;
		return -ENOMEM;
	}
	idx = stack->sock_free[--stack->sock_free_count];
	stack->socks[idx] = sock;
	sock->stack = stack;
	sock->id = (uint64_t)stack->sock_gens[idx] << 32 | (idx + 1);
	sock->domain = (sa_family_t)domain;
	sock->type = (uint8_t)type;
	sock->state = SOCK_STATE_NEW;
	sock_opt_init(&sock->opt, domain, type);
	IP_SET_TYPE(&sock->local_ip, domain == AF_INET ? IPADDR_TYPE_V4
	                                               : IPADDR_TYPE_ANY);
	*out = sock;
	return 0;
}

/**
 * sock_free() - Out of the table; the protocol's part is closed already
 * @sock:	Gone afterwards
 */
void sock_free(struct sock *sock)
{
	struct stack *stack = sock->stack;
	uint32_t idx = (uint32_t)sock->id - 1;

	ports_release(sock);
	stack->socks[idx] = NULL;
	stack->sock_gens[idx]++;
	stack->sock_free[stack->sock_free_count++] = idx;
	free(sock);
}

void sock_set_events(struct stack *stack, const struct sock_events *events)
{
	stack->events = events ? events : &no_events;
}

void sock_on_connected(struct sock *sock)
{
	if (sock->user && sock->stack->events->on_connected)
		sock->stack->events->on_connected(sock, sock->user);
}

void sock_on_readable(struct sock *sock)
{
	if (sock->user && sock->stack->events->on_readable)
		sock->stack->events->on_readable(sock, sock->user);
}

void sock_on_writable(struct sock *sock)
{
	if (sock->user && sock->stack->events->on_writable)
		sock->stack->events->on_writable(sock, sock->user);
}

void sock_on_error(struct sock *sock, int err)
{
	sock->error = err;
	if (sock->user && sock->stack->events->on_error)
		sock->stack->events->on_error(sock, sock->user);
}

void sock_apply_opt(struct sock *sock)
{
	if (sock->type == SOCK_STREAM)
		sock_tcp_apply_opt(sock);
	else
		sock_udp_apply_opt(sock);
}

/* The checks of socket(2), in its order. */
static int check_kind(int domain, int type, int protocol)
{
	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if (type <= 0 || type > SOCK_PACKET || protocol < 0)
		return -EINVAL;
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol && protocol != (type == SOCK_STREAM ? IPPROTO_TCP
	                                                 : IPPROTO_UDP))
		return -EPROTONOSUPPORT;
	return 0;
}

/**
 * sock_open() - see sock.h
 */
int sock_open(struct stack *stack, int domain, int type, int protocol,
              struct sock **out)
{
	int err = check_kind(domain, type, protocol);

	if (!err)
		err = sock_alloc(stack, domain, type, out);
	if (err || type == SOCK_STREAM)
		return err;
	err = sock_udp_open(*out);
	if (err)
		sock_free(*out);
	return err;
}

/**
 * sock_close() - see sock.h
 */
void sock_close(struct sock *sock, bool abort)
{
	sock->user = NULL;
	if (sock->type == SOCK_STREAM) {
		sock_tcp_close(sock, abort);
	} else {
		sock_udp_close(sock);
		sock_free(sock);
	}
}

void sock_set_user(struct sock *sock, void *user)
{
	sock->user = user;
}

void *sock_user(const struct sock *sock)
{
	return sock->user;
}

uint64_t sock_id(const struct sock *sock)
{
	return sock->id;
}

struct sock *sock_by_id(struct stack *stack, uint64_t id)
{
	uint32_t idx = (uint32_t)id - 1;
	struct sock *sock;

	if (idx >= STACK_SOCK_MAX)
		return NULL;
	sock = stack->socks[idx];
	return sock && sock->id == id && !sock->is_detached ? sock : NULL;
}

enum sock_state sock_state(const struct sock *sock)
{
	return (enum sock_state)sock->state;
}

int sock_domain(const struct sock *sock)
{
	return sock->domain;
}

int sock_type(const struct sock *sock)
{
	return sock->type;
}

int sock_error(struct sock *sock, bool clear)
{
	int err = sock->error;

	if (clear)
		sock->error = 0;
	return err;
}

struct sock *sock_next(struct stack *stack, const struct sock *after)
{
	for (uint32_t i = after ? (uint32_t)after->id : 0; i < STACK_SOCK_MAX;
	     i++)
		if (stack->socks[i] && stack->socks[i]->user)
			return stack->socks[i];
	return NULL;
}

/**
 * sock_get_info() - see sock.h
 */
void sock_get_info(const struct sock *sock, struct sock_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = sock->id;
	info->domain = sock->domain;
	info->type = sock->type;
	info->tcp_state = "UNCONN";
	sock_name(sock, &info->local);
	sock_peer(sock, &info->peer);
	if (sock->type == SOCK_STREAM)
		sock_tcp_get_info(sock, info);
	else
		sock_udp_get_info(sock, info);
}
