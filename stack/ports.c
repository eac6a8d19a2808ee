/* SPDX-License-Identifier: MIT */
/* Who has which local port, and who may have one.
 *
 * Theory of operation
 *
 * lwIP's own choice and checks walk all its pcbs (milliseconds with many), and
 * their rules are not Linux's. So there is a table of 65536 lists of socks for
 * each of TCP and UDP, linked through struct sock; every sock with a port is
 * in one, accepted connections too.
 *
 * A bind conflicts with a sock on the same port whose address overlaps
 * (addr_overlaps), unless one of these holds (inet_csk_get_port and
 * udp_lib_get_port in the kernel; SO_REUSEPORT asks for the same user there,
 * which a stack of one user's programs does not):
 *
 *     both have SO_REUSEADDR and, for TCP, the older one does not listen
 *     both have SO_REUSEPORT
 *
 * listen() asks again, since it makes the first rule fail for the others.
 *
 * The ephemeral ports that nobody has stand in an array in no order; a port is
 * chosen by a random index (RFC 6056 algorithm 1, without its search) and
 * taken out by a swap: both cost the same with one sock and with 50,000. When
 * none is left a TCP connect shares a port whose socks are all connected, as
 * long as the connection's four parts are unique.
 */
#include <errno.h>
#include <stdlib.h>

#include "stack/addr.h"
#include "stack/ports.h"
#include "stack/sock_priv.h"

#define FIRST STACK_PORT_EPHEMERAL_FIRST
#define LAST STACK_PORT_EPHEMERAL_LAST
#define EPHEMERAL_COUNT (LAST - FIRST + 1)

/* Random choices before a port whose old connections are still in TIME_WAIT
 * is taken all the same.
 */
#define TIME_WAIT_TRIES 16

_Static_assert(FIRST > 1023 && LAST < 65536 && FIRST < LAST,
               "the ephemeral range is of ports that need no privilege");

/* The ports of one protocol. */
struct port_table {
	struct sock *head[65536];            /* by port; NULL: nobody has it */
	uint16_t free[EPHEMERAL_COUNT];      /* ephemeral ports of nobody */
	uint16_t free_at[EPHEMERAL_COUNT];   /* port - FIRST: its index there */
	unsigned free_count;
	unsigned used_count;                 /* ports that somebody has */
};

struct ports {
	struct port_table tcp, udp;
};

static struct port_table *table_of(const struct stack *stack, int type)
{
	return type == SOCK_STREAM ? &stack->ports->tcp : &stack->ports->udp;
}

static bool is_ephemeral(uint16_t port)
{
	return port >= FIRST && port <= LAST;
}

static void free_push(struct port_table *table, uint16_t port)
{
	table->free_at[port - FIRST] = (uint16_t)table->free_count;
	table->free[table->free_count++] = port;
}

static void free_remove(struct port_table *table, uint16_t port)
{
	uint16_t at = table->free_at[port - FIRST];
	uint16_t moved = table->free[--table->free_count];

	table->free[at] = moved;
	table->free_at[moved - FIRST] = at;
}

static void table_init(struct port_table *table)
{
	for (unsigned port = FIRST; port <= LAST; port++)
		free_push(table, (uint16_t)port);
}

/* Put a sock on a port; local_ip is the caller's business. */
static void hold(struct sock *sock, uint16_t port)
{
	struct port_table *table = table_of(sock->stack, sock->type);
	struct sock *head = table->head[port];

	if (!head) {
		table->used_count++;
		if (is_ephemeral(port))
			free_remove(table, port);
	} else {
		head->port_prev = sock;
	}
	sock->port_next = head;
	sock->port_prev = NULL;
	table->head[port] = sock;
	sock->local_port = port;
	sock->has_port = true;
}

/* May both have the same port, though their addresses overlap? */
static bool may_share(const struct sock *sock, const struct sock *other)
{
	if (sock->opt.reuse_port && other->opt.reuse_port)
		return true;
	return sock->opt.reuse_addr && other->opt.reuse_addr &&
	       (sock->type != SOCK_STREAM ||
	        other->state != SOCK_STATE_LISTENING);
}

/* Two that are bound to different interfaces never meet. */
static bool on_same_if(const struct sock *sock, const struct sock *other)
{
	return !sock->opt.kept.bound_if || !other->opt.kept.bound_if ||
	       sock->opt.kept.bound_if == other->opt.kept.bound_if;
}

static bool has_conflict(const struct sock *sock, const ip_addr_t *addr,
                         uint16_t port)
{
	struct sock *other = ports_first(sock->stack, sock->type, port);

	for (; other; other = other->port_next)
		if (other != sock && on_same_if(sock, other) &&
		    addr_overlaps(addr, &other->local_ip) &&
		    !may_share(sock, other))
			return true;
	return false;
}

/* The sock's form of an address to bind to: :: covers IPv4 too, unless told
 * otherwise.
 */
static void set_local_ip(struct sock *sock, const ip_addr_t *addr)
{
	ip_addr_copy(sock->local_ip, *addr);
	if (sock->domain == AF_INET6 && !sock->opt.v6only &&
	    !IP_IS_V4(addr) && ip_addr_isany(addr))
		IP_SET_TYPE_VAL(sock->local_ip, IPADDR_TYPE_ANY);
}

static uint16_t random_free(const struct port_table *table)
{
	return table->free[stack_random() % table->free_count];
}

/* Return: a port that nobody has, or 0. */
static uint16_t choose_for_bind(const struct sock *sock)
{
	const struct port_table *table = table_of(sock->stack, sock->type);
	uint16_t port = 0;

	for (int tries = 0; tries < TIME_WAIT_TRIES; tries++) {
		if (!table->free_count)
			return 0;
		port = random_free(table);
		if (sock->type != SOCK_STREAM || sock->opt.reuse_addr ||
		    !sock_tcp_port_in_time_wait(port))
			break;
	}
	return port;
}

/* Take addr and, where port is 0, a port of our choice. */
static int bind_to(struct sock *sock, const ip_addr_t *addr, uint16_t port)
{
	ip_addr_t before;

	ip_addr_copy(before, sock->local_ip);
	set_local_ip(sock, addr);
	if (!port)
		port = choose_for_bind(sock);
	else if (has_conflict(sock, &sock->local_ip, port) ||
	         (sock->type == SOCK_STREAM && !sock->opt.reuse_addr &&
	          sock_tcp_port_in_time_wait(port)))
		port = 0;
	if (!port) {
		ip_addr_copy(sock->local_ip, before);
		return -EADDRINUSE;
	}
	hold(sock, port);
	sock->port_is_shared = false;
	return 0;
}

/**
 * ports_bind() - Give a sock an address and a port.
 * @sock:	without a port; its options decide on sharing
 * @addr:	any address or wildcard that the sock's domain allows
 * @port:	host order; 0: an ephemeral one, or none yet when
 *		IP_BIND_ADDRESS_NO_PORT is set
 *
 * Return: 0, -EADDRINUSE, or -EINVAL when the sock has a port.
 */
int ports_bind(struct sock *sock, const ip_addr_t *addr, uint16_t port)
{
	if (sock->has_port)
		return -EINVAL;
	if (!port && sock->opt.kept.bind_no_port) {
		set_local_ip(sock, addr);
		return 0;
	}
	return bind_to(sock, addr, port);
}

/**
 * ports_bind_ephemeral() - Give a sock that must have one now a port.
 * @sock:	without a port
 * @addr:	its address, a wildcard where it has none
 *
 * Return: 0, -EADDRINUSE, or -EINVAL when the sock has a port.
 */
int ports_bind_ephemeral(struct sock *sock, const ip_addr_t *addr)
{
	return sock->has_port ? -EINVAL : bind_to(sock, addr, 0);
}

/* Are all socks of this port connected, so that another may join them? */
static bool is_joinable(const struct port_table *table, uint16_t port)
{
	for (const struct sock *sock = table->head[port]; sock;
	     sock = sock->port_next)
		if (sock->state != SOCK_STATE_CONNECTING &&
		    sock->state != SOCK_STATE_CONNECTED)
			return false;
	return true;
}

/* Return: a port for a connection from local to peer, or 0. */
static uint16_t choose_for_connect(const struct port_table *table,
                                   const ip_addr_t *local,
                                   const ip_addr_t *peer, uint16_t peer_port)
{
	unsigned offset = stack_random() % EPHEMERAL_COUNT;
	uint16_t port;

	for (int tries = 0; table->free_count && tries < TIME_WAIT_TRIES;
	     tries++) {
		port = random_free(table);
		if (!sock_tcp_tuple_is_taken(local, port, peer, peer_port))
			return port;
	}
	for (unsigned i = 0; i < EPHEMERAL_COUNT; i++) {
		port = (uint16_t)(FIRST + (offset + i) % EPHEMERAL_COUNT);
		if (is_joinable(table, port) &&
		    !sock_tcp_tuple_is_taken(local, port, peer, peer_port))
			return port;
	}
	return 0;
}

/**
 * ports_connect() - Give a connecting TCP sock an ephemeral port.
 * @sock:	without a port
 * @local:	the address that the connection will have
 * @peer:	where it goes
 * @peer_port:	host order
 *
 * Return: 0, -EADDRNOTAVAIL when every port is taken towards that peer,
 * -EINVAL when the sock has a port.
 */
int ports_connect(struct sock *sock, const ip_addr_t *local,
                  const ip_addr_t *peer, uint16_t peer_port)
{
	uint16_t port;

	if (sock->has_port)
		return -EINVAL;
	port = choose_for_connect(table_of(sock->stack, sock->type), local,
	                          peer, peer_port);
	if (!port)
		return -EADDRNOTAVAIL;
	ip_addr_copy(sock->local_ip, *local);
	hold(sock, port);
	sock->port_is_shared = false;
	return 0;
}

/**
 * ports_listen() - May this bound TCP sock listen on its port?
 * @sock:	with a port, not yet LISTENING
 *
 * Return: 0, or -EADDRINUSE when another one that shares the port listens, or
 * never agreed to share.
 */
int ports_listen(struct sock *sock)
{
	if (sock->state == SOCK_STATE_LISTENING)
		return 0;
	return has_conflict(sock, &sock->local_ip, sock->local_port)
		? -EADDRINUSE : 0;
}

/**
 * ports_adopt() - Put an accepted connection on its listener's port.
 * @conn:	without a port; local_ip is the caller's to set
 * @listener:	with a port
 */
void ports_adopt(struct sock *conn, const struct sock *listener)
{
	hold(conn, listener->local_port);
	conn->port_is_shared = true;
}

/**
 * ports_release() - Give the port back.
 * @sock:	may have none; local_port stays, for its name
 */
void ports_release(struct sock *sock)
{
	struct port_table *table;

	if (!sock->has_port)
		return;
	table = table_of(sock->stack, sock->type);
	if (sock->port_prev)
		sock->port_prev->port_next = sock->port_next;
	else
		table->head[sock->local_port] = sock->port_next;
	if (sock->port_next)
		sock->port_next->port_prev = sock->port_prev;
	sock->port_next = sock->port_prev = NULL;
	sock->has_port = false;
	if (table->head[sock->local_port])
		return;
	table->used_count--;
	if (is_ephemeral(sock->local_port))
		free_push(table, sock->local_port);
}

/**
 * ports_first() - The socks of a port, to be followed by port_next.
 * @stack:	the stack
 * @type:	SOCK_STREAM or SOCK_DGRAM
 * @port:	host order
 *
 * Return: the one that got the port last, or NULL.
 */
struct sock *ports_first(const struct stack *stack, int type, uint16_t port)
{
	return table_of(stack, type)->head[port];
}

/**
 * ports_count() - Local ports in use now, TCP's and UDP's added up.
 * @stack:	the stack
 *
 * Return: a port with many socks counts once.
 */
unsigned ports_count(const struct stack *stack)
{
	return stack->ports->tcp.used_count + stack->ports->udp.used_count;
}

/**
 * ports_init() - Make the table.
 * @stack:	gets it in stack->ports
 *
 * Return: 0 or -ENOMEM.
 */
int ports_init(struct stack *stack)
{
	stack->ports = calloc(1, sizeof(*stack->ports));
	if (!stack->ports)
		return -ENOMEM;
	table_init(&stack->ports->tcp);
	table_init(&stack->ports->udp);
	return 0;
}

/**
 * ports_fini() - Free the table; all socks are gone.
 * @stack:	its ports may be NULL
 */
void ports_fini(struct stack *stack)
{
	free(stack->ports);
	stack->ports = NULL;
}
