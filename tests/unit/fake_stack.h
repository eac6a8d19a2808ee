/* SPDX-License-Identifier: MIT */
/* A stack for tests of the service: socks that do what the test tells them.
 *
 * Included by one file of a test program, in place of libstack.a. The test is
 * the peer: it writes what a sock has received, reads what it was given to
 * send, and calls the events of sock.h as the stack would. A closed sock stays
 * to be looked at.
 */
#ifndef NETCOND_TESTS_UNIT_FAKE_STACK_H
#define NETCOND_TESTS_UNIT_FAKE_STACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "stack/sock.h"

#define FAKE_SOCKS 512
#define FAKE_RX_LEN (8u << 20)
#define FAKE_TX_LEN (8u << 20)
#define FAKE_DGRAMS 256

struct fake_dgram {
	size_t len;
	uint8_t data[2048];
	struct sockaddr_in addr; /* where from, or where to; family 0: the peer */
};

struct sock {
	uint64_t id;
	int domain, type;
	enum sock_state state;
	int error;
	void *user;
	bool is_closed, is_aborted, is_shut, lingers_zero, is_fin;
	uint8_t *rx;
	size_t rx_len, rx_max;
	uint8_t *tx;
	size_t tx_len, tx_room;
	int tx_fail;      /* the next so many sock_tx fail */
	int connect_result, send_result;
	struct sockaddr_in local, peer;
	struct fake_dgram *in, *out;
	unsigned in_count, in_next, out_count;
	int pktinfo, cork; /* IP_PKTINFO, TCP_CORK */
	size_t tx_len_at_opt; /* of tx, when an option was set last */
};

struct stack {
	int unused;
};

struct stack_query {
	stack_resolved_fn *on_resolved;
	void *user;
};

static struct stack fake_stack;
static struct sock *fake_socks[FAKE_SOCKS];
static unsigned fake_count;
static const struct sock_events *fake_events;
static struct sock_tx_buf *fake_buf;
static int fake_open_fails;
static struct stack_query fake_query;
static int fake_query_cancelled;

static inline struct sockaddr_in fake_addr(const char *text, uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_port = htons(port) };

	inet_pton(AF_INET, text, &addr.sin_addr);
	return addr;
}

static inline void fake_reset(void)
{
	for (unsigned i = 0; i < fake_count; i++) {
		free(fake_socks[i]->rx);
		free(fake_socks[i]->tx);
		free(fake_socks[i]->in);
		free(fake_socks[i]->out);
		free(fake_socks[i]);
	}
	fake_count = 0;
	free(fake_buf);
	fake_buf = NULL;
	fake_open_fails = 0;
	fake_query = (struct stack_query){ 0 };
	fake_query_cancelled = 0;
}

/* The last sock that was opened. */
static inline struct sock *fake_last(void)
{
	return fake_count ? fake_socks[fake_count - 1] : NULL;
}

static inline unsigned fake_open_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fake_count; i++)
		count += !fake_socks[i]->is_closed;
	return count;
}

/* The peer sent bytes. */
static inline void fake_receive(struct sock *sock, const void *data, size_t len)
{
	if (!sock->rx)
		sock->rx = malloc(FAKE_RX_LEN);
	memcpy(sock->rx + sock->rx_len, data, len);
	sock->rx_len += len;
	if (sock->user)
		fake_events->on_readable(sock, sock->user);
}

static inline void fake_receive_fin(struct sock *sock)
{
	sock->is_fin = true;
	if (sock->user)
		fake_events->on_readable(sock, sock->user);
}

static inline void fake_die(struct sock *sock, int error)
{
	sock->state = SOCK_STATE_DEAD;
	sock->error = error;
	if (sock->user)
		fake_events->on_error(sock, sock->user);
}

static inline void fake_connected(struct sock *sock)
{
	sock->state = SOCK_STATE_CONNECTED;
	if (sock->user)
		fake_events->on_connected(sock, sock->user);
}

static inline void fake_writable(struct sock *sock, size_t room)
{
	sock->tx_room = room;
	if (sock->user)
		fake_events->on_writable(sock, sock->user);
}

static inline void fake_receive_dgram(struct sock *sock, const void *data,
                                      size_t len, struct sockaddr_in from)
{
	struct fake_dgram *dgram;

	if (!sock->in)
		sock->in = calloc(FAKE_DGRAMS, sizeof(*sock->in));
	dgram = &sock->in[sock->in_count++];
	memcpy(dgram->data, data, len);
	dgram->len = len;
	dgram->addr = from;
	if (sock->user)
		fake_events->on_readable(sock, sock->user);
}

static inline struct sock *fake_new(int domain, int type)
{
	struct sock *sock = calloc(1, sizeof(*sock));

	if (fake_count == FAKE_SOCKS)
		abort();
	fake_socks[fake_count++] = sock;
	sock->id = 0x100000000ull | fake_count;
	sock->domain = domain;
	sock->type = type;
	sock->state = SOCK_STATE_NEW;
	sock->tx_room = 1u << 20;
	sock->connect_result = -EINPROGRESS;
	sock->local = fake_addr("10.1.0.2", 40000);
	return sock;
}

/* A connection comes to a listener. Return: NULL when it was refused. */
static inline struct sock *fake_accept(struct sock *listener, unsigned pending)
{
	struct sock *conn;

	if (!fake_events->can_accept(listener, listener->user, pending))
		return NULL;
	conn = fake_new(listener->domain, SOCK_STREAM);
	conn->state = SOCK_STATE_CONNECTED;
	conn->peer = fake_addr("10.1.0.1", 50000);
	conn->local = listener->local;
	if (fake_events->on_accept(listener, listener->user, conn)) {
		conn->is_closed = conn->is_aborted = true;
		return NULL;
	}
	return conn;
}

void sock_set_events(struct stack *stack, const struct sock_events *events)
{
	(void)stack;
	fake_events = events;
}

int sock_open(struct stack *stack, int domain, int type, int protocol,
              struct sock **out)
{
	(void)stack;
	(void)protocol;
	if (fake_open_fails)
		return -fake_open_fails;
	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	*out = fake_new(domain, type);
	return 0;
}

void sock_close(struct sock *sock, bool abort)
{
	sock->is_closed = true;
	sock->is_aborted = abort;
	sock->user = NULL;
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
	(void)stack;
	for (unsigned i = 0; i < fake_count; i++)
		if (fake_socks[i]->id == id && !fake_socks[i]->is_closed)
			return fake_socks[i];
	return NULL;
}

enum sock_state sock_state(const struct sock *sock)
{
	return sock->state;
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
	int error = sock->error;

	if (clear)
		sock->error = 0;
	return error;
}

int sock_bind(struct sock *sock, const struct sockaddr *addr, socklen_t len)
{
	if (len < sizeof(sock->local) || addr->sa_family != AF_INET)
		return -EAFNOSUPPORT;
	memcpy(&sock->local, addr, sizeof(sock->local));
	return 0;
}

int sock_connect(struct sock *sock, const struct sockaddr *addr, socklen_t len)
{
	if (sock->state == SOCK_STATE_CONNECTED && sock->type == SOCK_STREAM)
		return -EISCONN;
	if (sock->state == SOCK_STATE_CONNECTING)
		return -EALREADY;
	memset(&sock->peer, 0, sizeof(sock->peer));
	if (sock->type == SOCK_DGRAM) {
		sock->state = addr->sa_family ? SOCK_STATE_CONNECTED :
		                                SOCK_STATE_NEW;
		memcpy(&sock->peer, addr, sizeof(sock->peer));
		return 0;
	}
	if (sock->connect_result == -EINPROGRESS) {
		sock->state = SOCK_STATE_CONNECTING;
		memcpy(&sock->peer, addr,
		       len < sizeof(sock->peer) ? len : sizeof(sock->peer));
	}
	return sock->connect_result;
}

int sock_listen(struct sock *sock)
{
	sock->state = SOCK_STATE_LISTENING;
	return 0;
}

int sock_name(const struct sock *sock, struct sockaddr_storage *addr)
{
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, &sock->local, sizeof(sock->local));
	return 0;
}

int sock_peer(const struct sock *sock, struct sockaddr_storage *addr)
{
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, &sock->peer, sizeof(sock->peer));
	return sock->peer.sin_family ? 0 : -ENOTCONN;
}

int sock_shutdown_tx(struct sock *sock)
{
	sock->is_shut = true;
	return 0;
}

int sock_rx_peek(struct sock *sock, struct iovec *iov, int count)
{
	(void)count;
	if (!sock->rx_len)
		return 0;
	iov[0].iov_base = sock->rx;
	iov[0].iov_len = sock->rx_len;
	return 1;
}

void sock_rx_consume(struct sock *sock, size_t len)
{
	if (len > sock->rx_len)
		abort();
	memmove(sock->rx, sock->rx + len, sock->rx_len - len);
	sock->rx_len -= len;
}

size_t sock_rx_len(const struct sock *sock)
{
	return sock->rx_len;
}

bool sock_rx_is_eof(const struct sock *sock)
{
	return sock->is_fin && !sock->rx_len;
}

struct sock_tx_buf *sock_tx_buf(struct stack *stack)
{
	(void)stack;
	if (!fake_buf) {
		fake_buf = malloc(sizeof(*fake_buf) + SOCK_TX_BUF_LEN);
		fake_buf->room = SOCK_TX_BUF_LEN;
	}
	return fake_buf;
}

size_t sock_tx_room(const struct sock *sock)
{
	if (sock->is_shut || sock->state != SOCK_STATE_CONNECTED)
		return 0;
	return sock->tx_room;
}

int sock_tx(struct sock *sock, struct sock_tx_buf *buf, size_t offset,
            size_t len)
{
	if (sock->is_closed || !len || len > sock_tx_room(sock) ||
	    sock->tx_len + len > FAKE_TX_LEN)
		abort();
	if (sock->tx_fail) {
		sock->tx_fail--;
		return -ENOMEM;
	}
	if (!sock->tx)
		sock->tx = malloc(FAKE_TX_LEN);
	memcpy(sock->tx + sock->tx_len, buf->data + offset, len);
	sock->tx_len += len;
	sock->tx_room -= len;
	return 0;
}

size_t sock_tx_unacked(const struct sock *sock)
{
	return sock->tx_len;
}

int sock_dgram_peek(struct sock *sock, struct sock_dgram *dgram)
{
	struct fake_dgram *from;

	if (sock->in_next == sock->in_count)
		return -EAGAIN;
	from = &sock->in[sock->in_next];
	memset(dgram, 0, sizeof(*dgram));
	dgram->iov[0] = (struct iovec){ from->data, from->len };
	dgram->iovcnt = 1;
	dgram->len = from->len;
	dgram->ttl = 63;
	memcpy(&dgram->src, &from->addr, sizeof(from->addr));
	memcpy(&dgram->dst, &sock->local, sizeof(sock->local));
	return 0;
}

void sock_dgram_consume(struct sock *sock)
{
	sock->in_next++;
}

int sock_dgram_send(struct sock *sock, const struct iovec *iov, int iovcnt,
                    const struct sockaddr *dst, const struct sockaddr *src)
{
	struct fake_dgram *to;

	(void)src;
	if (sock->send_result)
		return sock->send_result;
	if (!dst && !sock->peer.sin_family)
		return -EDESTADDRREQ;
	if (!sock->out)
		sock->out = calloc(FAKE_DGRAMS, sizeof(*sock->out));
	to = &sock->out[sock->out_count++];
	for (int i = 0; i < iovcnt; i++) {
		memcpy(to->data + to->len, iov[i].iov_base, iov[i].iov_len);
		to->len += iov[i].iov_len;
	}
	if (dst)
		memcpy(&to->addr, dst, sizeof(to->addr));
	return 0;
}

static inline int *fake_opt(struct sock *sock, int level, int name)
{
	if (level == IPPROTO_IP && name == IP_PKTINFO)
		return &sock->pktinfo;
	if (level == IPPROTO_TCP && name == TCP_CORK)
		return &sock->cork;
	return NULL;
}

int sock_getopt(struct sock *sock, int level, int name, void *val,
                socklen_t *len)
{
	int *opt = fake_opt(sock, level, name);

	if (!opt)
		return -ENOPROTOOPT;
	memcpy(val, opt, sizeof(int));
	*len = sizeof(int);
	return 0;
}

int sock_setopt(struct sock *sock, int level, int name, const void *val,
                socklen_t len)
{
	int *opt = fake_opt(sock, level, name);

	if (!opt || len != sizeof(int))
		return -ENOPROTOOPT;
	memcpy(opt, val, sizeof(int));
	sock->tx_len_at_opt = sock->tx_len;
	return 0;
}

bool sock_lingers_zero(const struct sock *sock)
{
	return sock->lingers_zero;
}

void sock_get_info(const struct sock *sock, struct sock_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = sock->id;
	info->domain = sock->domain;
	info->type = sock->type;
	info->tcp_state = "ESTAB";
	sock_name(sock, &info->local);
	sock_peer(sock, &info->peer);
}

unsigned stack_poll_rx(struct stack *stack, uint64_t now_us, unsigned budget)
{
	(void)stack;
	(void)now_us;
	(void)budget;
	return 0;
}

unsigned stack_poll_timers(struct stack *stack, uint64_t now_us)
{
	(void)stack;
	(void)now_us;
	return 0;
}

bool stack_poll_tx(struct stack *stack, uint64_t now_us)
{
	(void)stack;
	(void)now_us;
	return false;
}

uint64_t stack_deadline_us(const struct stack *stack)
{
	(void)stack;
	return UINT64_MAX;
}

int stack_rx_fd(const struct stack *stack)
{
	(void)stack;
	return -1;
}

void stack_get_stats(const struct stack *stack, struct stack_stats *stats)
{
	(void)stack;
	memset(stats, 0, sizeof(*stats));
	stats->socks_open = fake_open_count();
}

int stack_get_if(const struct stack *stack, unsigned idx, struct stack_if *out)
{
	(void)stack;
	if (idx)
		return -ENOENT;
	memset(out, 0, sizeof(*out));
	strcpy(out->name, "lo");
	out->index = 1;
	out->addr_count = 1;
	out->addrs[0] = (struct stack_cidr){ .family = AF_INET,
		                             .prefix_len = 8 };
	out->addrs[0].in.s_addr = htonl(INADDR_LOOPBACK);
	return 0;
}

int stack_resolve(struct stack *stack, const char *name, int family,
                  stack_resolved_fn *on_resolved, void *user,
                  struct stack_query **query)
{
	(void)stack;
	(void)name;
	(void)family;
	fake_query = (struct stack_query){ on_resolved, user };
	*query = &fake_query;
	return 0;
}

int stack_resolve_addr(struct stack *stack, const struct stack_cidr *addr,
                       stack_resolved_fn *on_resolved, void *user,
                       struct stack_query **query)
{
	(void)addr;
	return stack_resolve(stack, "", 0, on_resolved, user, query);
}

void stack_resolve_cancel(struct stack_query *query)
{
	fake_query_cancelled++;
	query->on_resolved = NULL;
}

#endif
