/* SPDX-License-Identifier: MIT */
/* The TCP/IP stack over one netdev: what the service's loop calls.
 *
 * Theory of operation
 *
 * A stack has no thread, no clock and no descriptor of its own. The loop reads
 * the clock once a turn and calls, in this order,
 *
 *     stack_poll_rx      frames in: lwIP runs, socket events are called back
 *     stack_poll_timers  what is due
 *     ...                the loop moves bytes between sockets and channels
 *     stack_poll_tx      one window update, one ACK, one output a connection
 *                        touched in this turn; frames out; one wake-up
 *
 * and may sleep until stack_deadline_us() when stack_poll_tx() returned false.
 * Memory comes from pools with the limits of limits.h.
 *
 * lwIP keeps its state in globals, so there is one stack a process, and
 * stack_open() refuses a second with -EBUSY; nothing outside stack/ relies on
 * that.
 */
#ifndef NETCOND_STACK_STACK_H
#define NETCOND_STACK_STACK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fastpath/netdev.h"
#include "stack/limits.h"

struct stack;

/* An address with its prefix; family is AF_INET or AF_INET6. */
struct stack_cidr {
	sa_family_t family;
	uint8_t prefix_len;  /* bits */
	union {
		struct in_addr in;
		struct in6_addr in6;
	};
};

struct stack_conf {
	struct netdev *dev;                        /* stays the caller's */
	struct stack_cidr addrs[STACK_ADDR_MAX];   /* at most one of AF_INET */
	unsigned addr_count;
	struct in_addr gw4;                        /* INADDR_ANY: none */
	struct in6_addr gw6;                       /* :: : none */
	struct sockaddr_storage dns[STACK_DNS_MAX]; /* none, with use_dhcp: those
	                                       that the network gives */
	unsigned dns_count;
	bool use_dhcp;  /* an IPv4 address by DHCP, then none may be given, and
	                   IPv6 by router advertisements beside what is given;
	                   otherwise both are ignored */
};

/* Counters of past events and present counts, for netcon stat. The X-macro is
 * the one list: struct, names and JSON are made from it.
 */
#define STACK_STATS(X)                                                        \
	X(socks_open, "sockets open now")                                     \
	X(socks_closing, "sockets let go, bytes still unacknowledged")        \
	X(tcp_pcbs, "TCP pcbs of all states now")                             \
	X(tcp_time_wait, "TCP pcbs in TIME_WAIT now")                         \
	X(tcp_listeners, "listening pcbs now")                                \
	X(udp_pcbs, "UDP pcbs now")                                           \
	X(tcp_segs, "TCP segments queued now")                                \
	X(pbufs, "pbufs in use now")                                          \
	X(rx_frames_held, "received frames the stack holds now")              \
	X(tx_bufs, "transmit buffers in use now")                             \
	X(ports_bound, "local ports in use now")                              \
	X(tcp_accepted, "connections accepted")                               \
	X(tcp_connected, "connections opened by connect")                     \
	X(tcp_connect_failed, "connects that failed")                         \
	X(tcp_resets_received, "connections reset by the peer")               \
	X(tcp_aborted, "connections reset by us")                             \
	X(tcp_backlog_dropped, "SYNs dropped, the backlog was full")          \
	X(tcp_retransmits, "segments sent again")                             \
	X(udp_received, "datagrams delivered")                                \
	X(udp_sent, "datagrams sent")                                         \
	X(udp_dropped_queue, "datagrams dropped, the socket's queue was full")\
	X(rx_dropped_csum, "frames dropped, bad checksum")                    \
	X(rx_copied_low, "frames copied because few were free")               \
	X(dhcp_leases, "DHCP leases obtained or renewed")                     \
	X(dhcp_lost, "DHCP leases that ended or were taken away")             \
	X(router_advs, "router advertisements received")                      \
	X(addrs_refused, "changes of addresses the device did not take")      \
	X(out_of_memory, "allocations refused")

struct stack_stats {
#define X(name, help) uint64_t name;
	STACK_STATS(X)
#undef X
};

/* Bring the stack up on conf->dev with its addresses. The addresses work when
 * this returns (no duplicate address detection wait). Return: 0 and *out, or
 * -errno and one sentence in why (NETDEV_WHY_LEN bytes): -EBUSY for a second
 * stack, -EINVAL for addresses that cannot be, -ENOMEM.
 */
int stack_open(const struct stack_conf *conf, uint64_t now_us,
               struct stack **out, char *why);

/* Abort every connection (the peers are told), free everything. */
void stack_close(struct stack *stack);

/* The steps of a turn; budget is in frames. Return: the work done. */
unsigned stack_poll_rx(struct stack *stack, uint64_t now_us, unsigned budget);
unsigned stack_poll_timers(struct stack *stack, uint64_t now_us);
/* Return: true while frames or segments wait for room in the device: then the
 * caller must not sleep for long.
 */
bool stack_poll_tx(struct stack *stack, uint64_t now_us);

/* When stack_poll_timers has something to do next; UINT64_MAX: never. */
uint64_t stack_deadline_us(const struct stack *stack);

/* The descriptor that becomes readable when frames wait. */
int stack_rx_fd(const struct stack *stack);

void stack_get_stats(const struct stack *stack, struct stack_stats *stats);

/* One interface of the stack, for getifaddrs and SIOCGIF*. */
struct stack_if {
	char name[16];            /* "lo" or "eth0", as programs expect them */
	unsigned index;           /* from 1 on; 1 is lo */
	unsigned flags;           /* IFF_* of <net/if.h> */
	unsigned mtu;
	uint8_t mac[ETHER_ADDR_LEN];
	struct stack_cidr addrs[STACK_ADDR_MAX + 1];
	unsigned addr_count;
};

/* Return: 0, or -ENOENT when there is no idx-th interface (from 0 on). */
int stack_get_if(const struct stack *stack, unsigned idx, struct stack_if *out);

/* What the stack is configured with now: given, or obtained. */
struct stack_addrs {
	struct stack_cidr addrs[STACK_ADDR_MAX + 1]; /* of eth0, link-local too */
	unsigned addr_count;
	bool has_ipv4;
	bool has_ipv6;                /* beyond the link */
	struct in_addr gw4;           /* INADDR_ANY: none */
	struct in6_addr gw6;          /* :: : none */
	struct sockaddr_storage dns[STACK_DNS_MAX];
	unsigned dns_count;
	struct in_addr dhcp_server;   /* INADDR_ANY: no lease */
	uint32_t lease_s;             /* as granted; UINT32_MAX: without end */
	uint64_t lease_end_us;        /* the stack's clock; UINT64_MAX: never */
};
void stack_get_addrs(const struct stack *stack, struct stack_addrs *out);

/* Have on_changed called when stack_get_addrs() has another answer; a renewed
 * lease is one. From stack_poll_*, which may not be called from there.
 */
typedef void stack_addrs_fn(void *user);
void stack_on_addrs(struct stack *stack, stack_addrs_fn *on_changed,
                    void *user);

/* Names. One query is answered once, later, from stack_poll_*: err is 0, or
 * -ENOENT (no such name), -ENODATA (the name has no such address), -EAGAIN
 * (no server answered, or none is configured). addrs are only valid in the
 * call. A family of AF_UNSPEC asks for both. Numeric names and /etc/hosts are
 * not looked at here. Return: 0 and *query, or -errno: -EINVAL for a name that
 * no DNS message can hold, -ENOBUFS when too many are under way.
 */
#define STACK_RESOLVE_ADDR_MAX 16
struct stack_query;
typedef void stack_resolved_fn(void *user, int err,
                               const struct stack_cidr *addrs, unsigned count,
                               const char *canonical_name, uint32_t ttl_s);
int stack_resolve(struct stack *stack, const char *name, int family,
                  stack_resolved_fn *on_resolved, void *user,
                  struct stack_query **query);
/* The address's name (PTR); canonical_name is the answer, count is 0. */
int stack_resolve_addr(struct stack *stack, const struct stack_cidr *addr,
                       stack_resolved_fn *on_resolved, void *user,
                       struct stack_query **query);
/* Forget a query: on_resolved will not be called. */
void stack_resolve_cancel(struct stack_query *query);

#endif
