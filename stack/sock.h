/* SPDX-License-Identifier: MIT */
/* A socket of the stack: TCP or UDP, IPv4, IPv6 or both.
 *
 * Theory of operation
 *
 * A sock is opened by the service for a program, belongs to its user until
 * sock_close() and is named by a 64-bit id, index and generation, that never
 * means another sock later. Events are called back from stack_poll_*() and
 * only mark: inside a callback no function of this header may be called but
 * the read-only ones (id, state, rx_len, tx_room). Errors are negative errno
 * values as Linux gives them for the same call.
 *
 *     state       | entered by                   | what works
 *     NEW         | sock_open                    | bind, connect, listen, options
 *     CONNECTING  | sock_connect (TCP)           | close, options, names
 *     CONNECTED   | handshake; UDP with a peer   | rx, tx, shutdown_tx
 *     LISTENING   | sock_listen                  | on_accept
 *     DEAD        | reset, time-out, refused     | rx of what came before,
 *                 |                              | sock_error, names, close
 *
 * A UDP sock without a peer stays NEW; datagrams work there. After
 * sock_close() the user's pointer is gone; the stack keeps the sock until the
 * last byte is acknowledged, or frees it.
 *
 * Bytes in are lent in place (sock_rx_peek, sock_rx_consume): the window opens
 * as they are consumed. Bytes out are given in a sock_tx_buf, which lwIP reads
 * without a copy until they are acknowledged.
 */
#ifndef NETCOND_STACK_SOCK_H
#define NETCOND_STACK_SOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "stack/limits.h"
#include "stack/stack.h"

struct sock;

enum sock_state {
	SOCK_STATE_INVALID = 0,
	SOCK_STATE_NEW,
	SOCK_STATE_CONNECTING,
	SOCK_STATE_CONNECTED,
	SOCK_STATE_LISTENING,
	SOCK_STATE_DEAD,
	SOCK_STATE_COUNT
};

/* Events of one sock, called back with the user pointer of sock_set_user.
 * A user of NULL means nobody listens: then events are only kept.
 */
struct sock_events {
	/* CONNECTING became CONNECTED. */
	void (*on_connected)(struct sock *sock, void *user);
	/* A listener has a connection, already established; it is the
	 * callee's from now on. Return: 0, or -errno to have it reset.
	 */
	int (*on_accept)(struct sock *listener, void *user, struct sock *conn);
	/* A SYN for a listener: may one more connection come into being?
	 * pending counts its handshakes under way. false drops the SYN.
	 */
	bool (*can_accept)(struct sock *listener, void *user, unsigned pending);
	/* Bytes, a datagram, or the peer's FIN came. */
	void (*on_readable)(struct sock *sock, void *user);
	/* Bytes were acknowledged: sock_tx_room grew. */
	void (*on_writable)(struct sock *sock, void *user);
	/* The sock became DEAD; sock_error() tells why. For UDP an ICMP error
	 * came (the state stays); also told by sock_error().
	 */
	void (*on_error)(struct sock *sock, void *user);
};

/* One table for all socks of a stack; set once, before the first sock_open. */
void sock_set_events(struct stack *stack, const struct sock_events *events);

/* domain AF_INET or AF_INET6, type SOCK_STREAM or SOCK_DGRAM (without flags),
 * protocol 0, IPPROTO_TCP or IPPROTO_UDP. Return: 0 and *out, or
 * -EAFNOSUPPORT, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -EINVAL as Linux's
 * socket(2) says, -ENFILE when the table is full, -ENOMEM.
 */
int sock_open(struct stack *stack, int domain, int type, int protocol,
              struct sock **out);

/* Let go. abort: reset the connection (SO_LINGER 0, or the program left bytes
 * unread); else what was given to sock_tx is still sent, then FIN.
 */
void sock_close(struct sock *sock, bool abort);

void sock_set_user(struct sock *sock, void *user);
void *sock_user(const struct sock *sock);
uint64_t sock_id(const struct sock *sock);
struct sock *sock_by_id(struct stack *stack, uint64_t id); /* NULL: no such */
enum sock_state sock_state(const struct sock *sock);
int sock_domain(const struct sock *sock); /* AF_INET or AF_INET6 */
int sock_type(const struct sock *sock);   /* SOCK_STREAM or SOCK_DGRAM */

/* The pending error, a positive errno or 0; the read clears it if clear. */
int sock_error(struct sock *sock, bool clear);

/* Addresses are sockaddr_in or sockaddr_in6 as the sock's domain has it, IPv4
 * peers of an AF_INET6 sock in the v4-mapped form.
 */
int sock_bind(struct sock *sock, const struct sockaddr *addr, socklen_t len);
/* TCP: -EINPROGRESS when started (also -EALREADY, -EISCONN, -ECONNREFUSED,
 * -ENETUNREACH, -EADDRNOTAVAIL ...). UDP: 0; AF_UNSPEC takes the peer away.
 */
int sock_connect(struct sock *sock, const struct sockaddr *addr, socklen_t len);
/* Binds to an ephemeral port when not bound. A second call is allowed. */
int sock_listen(struct sock *sock);
int sock_name(const struct sock *sock, struct sockaddr_storage *addr);
int sock_peer(const struct sock *sock, struct sockaddr_storage *addr); /* -ENOTCONN */

/* FIN after everything given so far. Return: 0 or -ENOTCONN. */
int sock_shutdown_tx(struct sock *sock);

/* Bytes in (TCP). Fill iov with up to count (at most SOCK_IOV_MAX) runs of the
 * bytes that wait, in order. Return: their number; 0 when none wait.
 */
int sock_rx_peek(struct sock *sock, struct iovec *iov, int count);
/* Take len bytes, at most what peek showed, off the front. */
void sock_rx_consume(struct sock *sock, size_t len);
size_t sock_rx_len(const struct sock *sock); /* bytes that wait */
bool sock_rx_is_eof(const struct sock *sock);/* FIN came and nothing waits */

/* Bytes out (TCP). */
struct sock_tx_buf {
	uint32_t refs;  /* the stack's */
	uint32_t room;  /* bytes at data */
	uint8_t data[];
};

/* An empty buffer of SOCK_TX_BUF_LEN bytes to receive into; the same one until
 * sock_tx() took it. NULL: out of memory.
 */
struct sock_tx_buf *sock_tx_buf(struct stack *stack);
/* Bytes that sock_tx takes now; 0 after shutdown_tx and in other states. */
size_t sock_tx_room(const struct sock *sock);
/* Send the first len bytes (1 to sock_tx_room) of the buffer that
 * sock_tx_buf() gave last, from offset on. The buffer is the stack's
 * afterwards, on success. Return: 0, or -ENOMEM: nothing was taken, the buffer
 * is still the one that sock_tx_buf() gives, try again when on_writable comes.
 */
int sock_tx(struct sock *sock, struct sock_tx_buf *buf, size_t offset,
            size_t len);
/* Bytes given but not yet acknowledged by the peer (SIOCOUTQ). */
size_t sock_tx_unacked(const struct sock *sock);

/* Datagrams (UDP). */
struct sock_dgram {
	struct iovec iov[SOCK_IOV_MAX]; /* the payload, in place */
	int iovcnt;
	size_t len;
	struct sockaddr_storage src;    /* as sock_name's form */
	struct sockaddr_storage dst;    /* the address it was sent to */
	unsigned if_index;
	uint8_t ttl, tos;
};

/* Show the first datagram that waits. Return: 0 or -EAGAIN. */
int sock_dgram_peek(struct sock *sock, struct sock_dgram *dgram);
void sock_dgram_consume(struct sock *sock);
/* Send one; dst NULL: to the peer. src NULL: as bound. Binds when unbound.
 * Return: 0, or -EDESTADDRREQ, -EMSGSIZE, -ENETUNREACH, -ENOBUFS, ...
 */
int sock_dgram_send(struct sock *sock, const struct iovec *iov, int iovcnt,
                    const struct sockaddr *dst, const struct sockaddr *src);

/* Options, as getsockopt(2) and setsockopt(2). *len in: room, out: used.
 * Return: 0, -ENOPROTOOPT, -EINVAL, -EOPNOTSUPP, ... as Linux does.
 */
int sock_getopt(struct sock *sock, int level, int name, void *val,
                socklen_t *len);
int sock_setopt(struct sock *sock, int level, int name, const void *val,
                socklen_t len);
/* SO_LINGER with time 0: a close must reset. */
bool sock_lingers_zero(const struct sock *sock);

/* What netcon ss prints of one sock. */
struct sock_info {
	uint64_t id;
	int domain, type;
	const char *tcp_state; /* "ESTAB", "SYN-SENT" ... as ss(8); "UNCONN" */
	struct sockaddr_storage local, peer;
	uint32_t rx_queue, tx_queue; /* bytes: unread; unacknowledged */
	uint32_t rtt_us, cwnd, mss;  /* 0 where unknown */
	uint64_t retransmits;
};
void sock_get_info(const struct sock *sock, struct sock_info *info);
/* Iterate over all socks that have a user: NULL gives the first. */
struct sock *sock_next(struct stack *stack, const struct sock *after);

#endif
