/* SPDX-License-Identifier: MIT */
/* struct sock, and what the files of stack/ that make it up call of each
 * other.
 *
 * Theory of operation
 *
 * sock.c owns the table, the state and the public functions that exist for
 * both protocols; it takes sockaddrs apart (addr.h) and calls sock_tcp_*() or
 * sock_udp_*() with lwIP addresses. sock_opt.c keeps the value of each option
 * in sock->opt and then calls sock_apply_opt(), which carries it into the
 * pcb; so an option may be set in any state, and a connection inherits its
 * listener's by assignment. ports.c decides who may bind what; lwIP never
 * does (its pcbs all have SOF_REUSEADDR and get their port stored directly).
 *
 * local_ip is of the type the sock has: IPADDR_TYPE_V4 in an AF_INET sock. An
 * AF_INET6 sock has IPADDR_TYPE_V6, or IPADDR_TYPE_V4 once it is connected or
 * bound to a v4-mapped address, or IPADDR_TYPE_ANY while it is bound to :: (or
 * not at all) and v6only is off. addr.c alone knows the v4-mapped form.
 *
 *     state      | tcp.pcb                | local_port, port | peer_ip
 *     NEW        | NULL                   | when bound       | -
 *     CONNECTING | SYN_SENT               | set              | set
 *     CONNECTED  | until the pcb dies     | set              | set
 *     LISTENING  | NULL; tcp.group is set | set              | -
 *     DEAD       | NULL                   | until closed     | if it had one
 *
 * User callbacks (sock_on_*) run inside lwIP: after them nothing of the sock
 * may have changed, since they only mark.
 */
#ifndef NETCOND_STACK_SOCK_PRIV_H
#define NETCOND_STACK_SOCK_PRIV_H

#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>
#include <sys/socket.h>

#include "stack/sock.h"
#include "stack/sock_opt.h"
#include "stack/stack_priv.h"

/* Options as the program set them, in its units. sock_opt_init() gives the
 * defaults of Linux.
 */
struct sock_opt {
	bool reuse_addr, reuse_port; /* SO_REUSEADDR, SO_REUSEPORT */
	bool v6only;                 /* IPV6_V6ONLY */
	bool broadcast;              /* SO_BROADCAST */
	bool keepalive;              /* SO_KEEPALIVE */
	bool has_linger;             /* SO_LINGER: l_onoff */
	int linger_s;                /* SO_LINGER: l_linger */
	int rcvbuf, sndbuf;          /* bytes as getsockopt shows them */
	bool nodelay, cork, quickack;/* TCP_NODELAY, TCP_CORK, TCP_QUICKACK */
	int keep_idle_s, keep_intvl_s, keep_cnt; /* TCP_KEEPIDLE ... */
	uint32_t user_timeout_ms;    /* TCP_USER_TIMEOUT; 0: none */
	int maxseg;                  /* TCP_MAXSEG as set; 0: not set */
	int syn_cnt;                 /* TCP_SYNCNT; 0: default */
	uint8_t tos, tclass;         /* IP_TOS, IPV6_TCLASS */
	int ttl, hop_limit;          /* IP_TTL, IPV6_UNICAST_HOPS; -1: default */
	int mcast_ttl, mcast_hops;   /* -1: default */
	bool mcast_loop;
	unsigned mcast_if;           /* interface index; 0: default */
	struct sock_opt_kept kept;   /* the others */
};

struct sock_group;

/* What was given to lwIP without a copy, in order; freed as it is
 * acknowledged. Stands in front of the public buffer.
 */
struct tx_node {
	struct tx_node *next;     /* younger; or next to be freed */
	uint64_t end;             /* tcp.tx_given when this was the last one */
	struct sock_tx_buf buf;   /* last: its bytes follow */
};

struct sock_tcp {
	struct tcp_pcb *pcb;      /* NULL: see the table above */
	struct sock_group *group; /* listeners that share a listening pcb */
	struct sock *group_next;  /* the group's next listener */
	struct sock *handshakes;  /* listener: connections not yet accepted */
	unsigned pending;         /* listener: how many those are */
	struct sock *listener;    /* whose SYN made this, while handshaking */
	struct sock *handshake_next, **handshake_link; /* in its list */

	struct pbuf *rx_head;     /* bytes that wait: pbufs linked by next, */
	struct pbuf *rx_tail;     /* their tot_len means nothing */
	size_t rx_len;            /* bytes that wait */
	uint32_t rx_consumed;     /* taken, window not yet opened by them */
	bool rx_fin;              /* the peer's FIN came */
	bool ack_now;             /* an ACK is due at the end of the turn */
	bool is_interactive;      /* the program answers what comes in: an ACK
	                             may wait for the answer to carry it */
	bool has_unanswered;      /* bytes came since the program last sent */

	struct tx_node *tx_head;  /* oldest buffer not yet acknowledged */
	struct tx_node *tx_tail;
	uint64_t tx_given;        /* bytes given to lwIP */
	uint64_t tx_acked;        /* of them, acknowledged */
	struct tx_node *cork;     /* bytes held back by TCP_CORK, or NULL */
	uint32_t cork_len;        /* how many */
	bool tx_fin;              /* shutdown_tx or close asked for a FIN */
	bool tx_fin_queued;       /* lwIP took it */
	bool has_snd_max;         /* snd_max means something */
	uint32_t snd_max;         /* sequence number after the last one sent */
	uint64_t retransmits;     /* segments sent again */

	struct timer timer;       /* CONNECTING: the next SYN; else the cork */
	struct timer ack_timer;   /* an ACK that waited long enough */
	struct timer stall_timer; /* TCP_USER_TIMEOUT */
	uint8_t syn_tries;        /* SYNs sent again */
	uint16_t wire_mss;        /* bytes the peer and the path take; pcb->mss
	                             is this or, for TSO, a multiple of it */
	uint16_t room_max;        /* of sock_tx_room: whole segments */
	bool can_super;           /* the device cuts what goes to this peer */
	bool is_draining;         /* pcb->mss is to be wire_mss: nothing new is
	                             taken until all is acknowledged */
	bool has_first_cwnd;      /* the initial window is set */
	uint64_t super_after_us;  /* a loss: no large segments until then */
	uint64_t super_retransmits; /* retransmits when they were begun */
	int soft_error;           /* of ICMP, told when the connection times out */
	struct sock *touched_next, **touched_link; /* in stack->touched */
};

struct sock_udp {
	struct udp_pcb *pcb;      /* from sock_udp_open() to sock_udp_close() */
	struct sock_udp_dgram *rx_head, *rx_tail; /* waiting, in order */
	size_t rx_len;            /* bytes that the waiting ones take up */
	uint64_t rx_dropped;      /* the queue was full */
	bool addr_is_bound;       /* local_ip came from bind, not connect */
	bool port_is_bound;       /* likewise local_port */
};

struct sock {
	struct stack *stack;
	void *user;               /* NULL: nobody listens to events */
	uint64_t id;              /* generation << 32 | index + 1 */
	uint8_t state;            /* enum sock_state */
	uint8_t type;             /* SOCK_STREAM or SOCK_DGRAM */
	sa_family_t domain;       /* AF_INET or AF_INET6 */
	bool is_detached;         /* closed by its user; draining */
	int error;                /* pending, a positive errno; 0: none */
	struct sock_opt opt;

	ip_addr_t local_ip;       /* any: not bound to one */
	ip_addr_t peer_ip;
	uint16_t local_port;      /* host order; 0: not bound */
	uint16_t peer_port;

	/* ports.c alone: the socks on the same local port. */
	bool has_port;            /* stands in the port table */
	bool port_is_shared;      /* accepted: rides on its listener's */
	struct sock *port_next, *port_prev;

	union {
		struct sock_tcp tcp;
		struct sock_udp udp;
	};
};

/* --- sock.c ----------------------------------------------------------- */

int sock_table_init(struct stack *stack);
void sock_table_abort(struct stack *stack); /* every sock, its peer told */
void sock_table_fini(struct stack *stack);
void sock_count(const struct stack *stack, uint64_t *open, uint64_t *closing);

/* A zeroed sock with an id and default options. Return: 0, -ENFILE, -ENOMEM.
 * sock_free() takes it out of the table and gives its port back; the protocol's
 * part must be closed by then.
 */
int sock_alloc(struct stack *stack, int domain, int type, struct sock **out);
void sock_free(struct sock *sock);

/* Tell the user, if there is one. */
void sock_on_connected(struct sock *sock);
void sock_on_readable(struct sock *sock);
void sock_on_writable(struct sock *sock);
/* Note err (a positive errno) as pending and tell the user. */
void sock_on_error(struct sock *sock, int err);

/* Carry sock->opt into the pcb (sock_tcp_apply_opt or sock_udp_apply_opt). */
void sock_apply_opt(struct sock *sock);

/* --- sock_tcp*.c, sock_listen.c ----------------------------------------- */

void sock_tcp_close(struct sock *sock, bool abort); /* may free the sock */
/* Bound to the sock's local_ip and local_port already, or not at all. */
int sock_tcp_connect(struct sock *sock, const ip_addr_t *addr, uint16_t port);
int sock_tcp_listen(struct sock *sock);
void sock_tcp_apply_opt(struct sock *sock);
void sock_tcp_get_info(const struct sock *sock, struct sock_info *info);
/* The end of a turn: windows, ACKs, output of every touched sock. */
void sock_tcp_poll_touched(struct stack *stack);
void sock_tcp_touch(struct sock *sock);
/* Free the buffers that lwIP is done with; only when no frame is gathered. */
void sock_tcp_free_spent(struct stack *stack);
/* Let the oldest connections in TIME_WAIT go until at most max are left. */
void sock_tcp_drop_time_wait(unsigned max);
/* One of them, when the pcbs are at their limit and another is wanted. */
void sock_tcp_make_room(void);
/* What is to be done each TCP_SLOW_INTERVAL. */
void sock_tcp_slow_timer(void);

/* A segment leaves by the Ethernet interface; hints are its netif's, NULL when
 * it belongs to no pcb. Return: the MSS of its connection on the wire, 0 when
 * that is not known.
 */
uint16_t sock_tcp_on_output(const struct netif_hint *hints, uint32_t seq,
                            uint32_t len);

/* Is this 4-tuple one of a connection, or of one in TIME_WAIT? For the choice
 * of an ephemeral port. And: does any connection in TIME_WAIT, whose sock is
 * gone, hold this local port? For bind(2) without SO_REUSEADDR.
 */
bool sock_tcp_tuple_is_taken(const ip_addr_t *local_ip, uint16_t local_port,
                             const ip_addr_t *peer_ip, uint16_t peer_port);
bool sock_tcp_port_in_time_wait(uint16_t local_port);

/* An ICMP error (a positive errno) came for a segment of this connection:
 * ends a connect that is under way, is kept as a soft error otherwise (RFC
 * 1122 4.2.3.9). seq: the sequence number quoted, to be checked against the
 * window. mtu: of the next hop, for "too big" and "fragmentation needed"; else
 * 0.
 */
void sock_tcp_on_icmp(struct stack *stack, const ip_addr_t *local_ip,
                      uint16_t local_port, const ip_addr_t *peer_ip,
                      uint16_t peer_port, uint32_t seq, int err, unsigned mtu);

/* --- sock_udp.c --------------------------------------------------------- */

int sock_udp_open(struct sock *sock);
void sock_udp_close(struct sock *sock); /* the caller frees the sock */
/* ports_bind() has set local_ip and local_port. */
int sock_udp_bind(struct sock *sock);
int sock_udp_connect(struct sock *sock, const ip_addr_t *addr, uint16_t port);
int sock_udp_disconnect(struct sock *sock); /* AF_UNSPEC */
void sock_udp_apply_opt(struct sock *sock);
void sock_udp_get_info(const struct sock *sock, struct sock_info *info);
unsigned sock_udp_count(const struct stack *stack); /* pcbs now */

/* --- ports.c ------------------------------------------------------------ */

/* Give the sock addr and port (0: an ephemeral one) by Linux's rules of
 * bind(2), with the options it has now: sets local_ip, local_port, has_port.
 * Return: 0, -EADDRINUSE, -EINVAL when bound already.
 */
int ports_bind(struct sock *sock, const ip_addr_t *addr, uint16_t port);
/* An ephemeral port for a connect of an unbound TCP sock, or of one bound to
 * an address with port 0: no connection from local to peer has it. Sets
 * local_ip, local_port, has_port. Return: 0 or -EADDRNOTAVAIL.
 */
int ports_connect(struct sock *sock, const ip_addr_t *local,
                  const ip_addr_t *peer, uint16_t peer_port);
/* May this bound sock listen? Two socks with SO_REUSEADDR may share a port,
 * but only one of them may listen, unless SO_REUSEPORT. Return: 0 or
 * -EADDRINUSE.
 */
int ports_listen(struct sock *sock);
/* An accepted connection lives on its listener's port. */
void ports_adopt(struct sock *conn, const struct sock *listener);
void ports_release(struct sock *sock); /* nothing when it has none */
unsigned ports_count(const struct stack *stack);

/* --- addr.c ------------------------------------------------------------- */

/* sa as the sock's domain has it to lwIP's form: v4-mapped becomes
 * IPADDR_TYPE_V4, :: stays IPADDR_TYPE_V6. Return: 0, -EINVAL when too short,
 * -EAFNOSUPPORT.
 */
int addr_from_sockaddr(int domain, const struct sockaddr *sa, socklen_t len,
                       ip_addr_t *ip, uint16_t *port);
/* And back; the rest of *out is zero. */
void addr_to_sockaddr(int domain, const ip_addr_t *ip, uint16_t port,
                      struct sockaddr_storage *out);

/* --- sock_opt.c --------------------------------------------------------- */

void sock_opt_init(struct sock_opt *opt, int domain, int type);

#endif
