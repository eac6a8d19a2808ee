/* SPDX-License-Identifier: MIT */
/* The stack's own state, shared by the files of stack/ and by nobody else. */
#ifndef NETCOND_STACK_STACK_PRIV_H
#define NETCOND_STACK_STACK_PRIV_H

#include <lwip/ip_addr.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

#include "stack/cyclic.h"
#include "stack/limits.h"
#include "stack/stack.h"
#include "stack/timer.h"

struct addr_watch;
struct dhcp_client;
struct ethif;
struct ports;
struct resolver;
struct router_adv;
struct sock;
struct sock_events;
struct tx_node;

struct stack {
	uint64_t now_us;           /* the turn's time; lwIP's clock as well */
	struct netdev *dev;        /* the caller's */
	struct ethif *ethif;       /* lwIP's netif "eth0" over dev */
	struct netif *netif_lo;    /* lwIP's loopback interface */
	ip6_addr_t gw6;            /* :: when none is set */
	ip_addr_t dns[STACK_DNS_MAX]; /* name servers */
	uint16_t dns_ports[STACK_DNS_MAX]; /* theirs, host order */
	unsigned dns_count;

	const struct sock_events *events; /* never NULL: see sock_set_events */
	struct sock **socks;       /* by index; NULL: free. STACK_SOCK_MAX */
	uint32_t *sock_gens;       /* generation of each index, from 1 on */
	uint32_t *sock_free;       /* free indices, a stack of them */
	unsigned sock_free_count;
	struct sock *touched;      /* TCP socks with output, ACKs or windows
	                              to settle at the end of the turn */
	struct tx_node *tx_spare;  /* what sock_tx_buf() gives */
	struct tx_node *tx_spent;  /* acknowledged buffers, to be freed when
	                              no frame of this turn points at them */

	int rcvbuf_default;        /* SO_RCVBUF and SO_SNDBUF of a fresh TCP */
	int sndbuf_default;        /* sock: not bounded by them */

	struct timer_heap timers;
	struct cyclic cyclic;      /* lwIP's own timers */
	struct dhcp_client *dhcp;  /* dhcp_client.c; NULL: no DHCP */
	struct router_adv *ra;     /* router_adv.c; NULL: they are ignored */
	struct addr_watch *addr_watch; /* addr_watch.c */
	bool addrs_are_dirty;      /* something to tell may have changed */
	bool dns_is_given;         /* the network's name servers are ignored */
	struct ports *ports;       /* ports.c */
	struct resolver *resolver; /* resolver.c */
	struct stack_stats stats;  /* the past events; present counts are
	                              filled in by stack_get_stats() */
};

/* The one stack of this process, for lwIP's callbacks that carry no pointer;
 * NULL before stack_open() and after stack_close().
 */
extern struct stack *stack_self;

/* The sub-systems. Each init leaves nothing behind when it fails; each fini
 * takes a stack whose init did not run. Order: init as listed, fini reversed.
 * At fini all socks are gone already.
 */
int ports_init(struct stack *stack);
void ports_fini(struct stack *stack);
int icmp_err_init(struct stack *stack);
void icmp_err_fini(struct stack *stack);
int resolver_init(struct stack *stack);
void resolver_fini(struct stack *stack);

/* The stack's interfaces as lwIP has them; index 1 is lo (netif_get_index()
 * is not: lwIP counts in its own order).
 */
struct netif *stack_netif_eth(const struct stack *stack);
unsigned stack_netif_idx(const struct stack *stack, const struct netif *netif);

/* Is addr one of the stack's own addresses (loopback included)? */
bool stack_addr_is_own(const struct stack *stack, const ip_addr_t *addr);

/* The address lwIP would send from to dst. Return: 0 or -ENETUNREACH. */
int stack_addr_source(const struct stack *stack, const ip_addr_t *dst,
                      ip_addr_t *src);

/* A random number that an outsider cannot guess. */
uint32_t stack_random(void);

#endif
