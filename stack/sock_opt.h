/* SPDX-License-Identifier: MIT */
/* The options of a sock as tables of rows; sock_opt.c walks them.
 *
 * Theory of operation
 *
 * Each level has a table (sock_opt_sol.c, sock_opt_ip.c, sock_opt_tcp.c). A
 * row says where the value lives in struct sock_opt and which values it takes;
 * get and set are functions shared by many rows, or the row's own where the
 * value is a struct or has a rule of its own. After every successful set
 * sock_apply_opt() carries the values into lwIP's pcb.
 *
 * SOCK_OPT_KEPT lists what is stored and shown again but has no effect inside
 * the stack: either the shim acts on it (it builds the control messages), or
 * it is advice that a stack may leave unheeded.
 */
#ifndef NETCOND_STACK_SOCK_OPT_H
#define NETCOND_STACK_SOCK_OPT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct sock;
struct opt_row;

/* Of which socks an option is. */
#define OPT_TCP 1
#define OPT_UDP 2
#define OPT_ALL (OPT_TCP | OPT_UDP)

/* X(table, level, name, field, socks, min, max, initial): table is sol, ip or
 * tcp; min > max: any value, kept as 0 or 1.
 */
#define SOCK_OPT_KEPT(X)                                                      \
	X(sol, SOL_SOCKET, SO_DEBUG, debug, OPT_ALL, 1, 0, 0)                 \
	X(sol, SOL_SOCKET, SO_DONTROUTE, dont_route, OPT_ALL, 1, 0, 0)        \
	X(sol, SOL_SOCKET, SO_OOBINLINE, oob_inline, OPT_ALL, 1, 0, 0)        \
	X(sol, SOL_SOCKET, SO_NO_CHECK, no_check, OPT_ALL, 1, 0, 0)           \
	X(sol, SOL_SOCKET, SO_PRIORITY, priority, OPT_ALL, INT_MIN, INT_MAX, 0)\
	X(sol, SOL_SOCKET, SO_TIMESTAMP, timestamp, OPT_ALL, 1, 0, 0)         \
	X(sol, SOL_SOCKET, SO_TIMESTAMPNS, timestampns, OPT_ALL, 1, 0, 0)     \
	X(sol, SOL_SOCKET, SO_MARK, mark, OPT_ALL, INT_MIN, INT_MAX, 0)       \
	X(sol, SOL_SOCKET, SO_RXQ_OVFL, rxq_ovfl, OPT_ALL, 1, 0, 0)           \
	X(sol, SOL_SOCKET, SO_PEEK_OFF, peek_off, OPT_ALL, INT_MIN, INT_MAX, -1)\
	X(sol, SOL_SOCKET, SO_BUSY_POLL, busy_poll, OPT_ALL, 0, INT_MAX, 0)   \
	X(sol, SOL_SOCKET, SO_INCOMING_CPU, incoming_cpu, OPT_ALL, INT_MIN,   \
	  INT_MAX, -1)                                                        \
	X(sol, SOL_SOCKET, SO_PREFER_BUSY_POLL, prefer_busy_poll, OPT_ALL, 0, \
	  1, 0)                                                               \
	X(ip, IPPROTO_IP, IP_RECVOPTS, recv_opts, OPT_ALL, 1, 0, 0)           \
	X(ip, IPPROTO_IP, IP_RETOPTS, ret_opts, OPT_ALL, 1, 0, 0)             \
	X(ip, IPPROTO_IP, IP_PKTINFO, pktinfo, OPT_ALL, 1, 0, 0)              \
	X(ip, IPPROTO_IP, IP_RECVERR, recv_err, OPT_ALL, 1, 0, 0)             \
	X(ip, IPPROTO_IP, IP_RECVTTL, recv_ttl, OPT_ALL, 1, 0, 0)             \
	X(ip, IPPROTO_IP, IP_RECVTOS, recv_tos, OPT_ALL, 1, 0, 0)             \
	X(ip, IPPROTO_IP, IP_RECVORIGDSTADDR, recv_orig_dst, OPT_ALL, 1, 0, 0)\
	X(ip, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, bind_no_port, OPT_ALL, 1,  \
	  0, 0)                                                               \
	X(ip, IPPROTO_IP, IP_MULTICAST_ALL, mcast_all, OPT_ALL, 0, 1, 1)      \
	X(ip, IPPROTO_IPV6, IPV6_2292PKTINFO, old_pktinfo6, OPT_ALL, 1, 0, 0) \
	X(ip, IPPROTO_IPV6, IPV6_2292HOPLIMIT, old_hoplimit6, OPT_ALL, 1, 0, 0)\
	X(ip, IPPROTO_IPV6, IPV6_MTU_DISCOVER, mtu_discover6, OPT_ALL, 0, 5, 1)\
	X(ip, IPPROTO_IPV6, IPV6_RECVERR, recv_err6, OPT_ALL, 1, 0, 0)        \
	X(ip, IPPROTO_IPV6, IPV6_MULTICAST_ALL, mcast_all6, OPT_ALL, 1, 0, 1) \
	X(ip, IPPROTO_IPV6, IPV6_RECVPKTINFO, pktinfo6, OPT_ALL, 1, 0, 0)     \
	X(ip, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, hoplimit6, OPT_ALL, 1, 0, 0)   \
	X(ip, IPPROTO_IPV6, IPV6_RECVPATHMTU, recv_path_mtu, OPT_ALL, 1, 0, 0)\
	X(ip, IPPROTO_IPV6, IPV6_DONTFRAG, dont_frag6, OPT_ALL, 1, 0, 0)      \
	X(ip, IPPROTO_IPV6, IPV6_RECVTCLASS, recv_tclass, OPT_ALL, 1, 0, 0)   \
	X(ip, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, auto_flow_label, OPT_ALL, 1,  \
	  0, 1)                                                               \
	X(ip, IPPROTO_IPV6, IPV6_FREEBIND, free_bind6, OPT_ALL, 1, 0, 0)      \
	X(tcp, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, thin_timeouts, OPT_TCP, \
	  0, 1, 0)                                                            \
	X(tcp, IPPROTO_TCP, TCP_NOTSENT_LOWAT, notsent_lowat, OPT_TCP,        \
	  INT_MIN, INT_MAX, 0)

/* Values that are kept, and those with a rule of their own. */
struct sock_opt_kept {
#define X(table, level, name, field, socks, min, max, initial) int field;
	SOCK_OPT_KEPT(X)
#undef X
	int mtu_discover;     /* IP_MTU_DISCOVER */
	int free_bind;        /* IP_FREEBIND */
	int rcv_lowat;        /* SO_RCVLOWAT */
	int linger2_s;        /* TCP_LINGER2 */
	int defer_accept_s;   /* TCP_DEFER_ACCEPT, rounded up as Linux does */
	int window_clamp;     /* TCP_WINDOW_CLAMP */
	int fast_open;        /* TCP_FASTOPEN: a backlog that stays unused */
	int timestamping;     /* SO_TIMESTAMPING */
	unsigned bound_if;    /* SO_BINDTODEVICE, SO_BINDTOIFINDEX; 0: none */
};

struct opt_row {
	int level, name;
	uint8_t socks;        /* OPT_TCP, OPT_UDP */
	uint8_t size;         /* bytes of the field: 1 or 4 */
	uint16_t offset;      /* of the field in struct sock_opt */
	int min, max;         /* min > max: any value, kept as 0 or 1 */
	int (*get)(struct sock *sock, const struct opt_row *row, void *val,
	           socklen_t *len);
	int (*set)(struct sock *sock, const struct opt_row *row,
	           const void *val, socklen_t len);
};

extern const struct opt_row opt_rows_sol[], opt_rows_ip[], opt_rows_tcp[];
extern const unsigned opt_rows_sol_count, opt_rows_ip_count,
	opt_rows_tcp_count;

int opt_get_field(struct sock *sock, const struct opt_row *row, void *val,
                  socklen_t *len);
int opt_set_field(struct sock *sock, const struct opt_row *row,
                  const void *val, socklen_t len);
int opt_set_refused(struct sock *sock, const struct opt_row *row,
                    const void *val, socklen_t len);
int opt_get_zero(struct sock *sock, const struct opt_row *row, void *val,
                 socklen_t *len);
int opt_get_empty(struct sock *sock, const struct opt_row *row, void *val,
                  socklen_t *len);
int opt_set_zero_only(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len);
int opt_put_int(const struct opt_row *row, void *val, socklen_t *len, int n);
int opt_put_bytes(void *val, socklen_t *len, const void *bytes, size_t count);
int opt_take_int(const struct opt_row *row, const void *val, socklen_t len,
                 int *n);

/* A row over a field of struct sock_opt. */
#define OPT_FIELD_ROW(lvl, opt, fld, who, lo, hi)                             \
	{ .level = (lvl), .name = (opt), .socks = (who), .min = (lo),         \
	  .max = (hi), .offset = offsetof(struct sock_opt, fld),              \
	  .size = sizeof(((struct sock_opt *)0)->fld),                        \
	  .get = opt_get_field, .set = opt_set_field }
#define OPT_KEPT_ROW(lvl, opt, fld, who, lo, hi)                              \
	OPT_FIELD_ROW(lvl, opt, kept.fld, who, lo, hi)
/* A row with functions of its own. */
#define OPT_OWN_ROW(lvl, opt, who, getter, setter)                            \
	{ .level = (lvl), .name = (opt), .socks = (who), .get = (getter),     \
	  .set = (setter) }

#endif
