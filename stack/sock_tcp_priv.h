/* SPDX-License-Identifier: MIT */
/* What the files of TCP sockets call of each other. */
#ifndef NETCOND_STACK_SOCK_TCP_PRIV_H
#define NETCOND_STACK_SOCK_TCP_PRIV_H

#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include "stack/sock_priv.h"

/* sock_tcp.c */
void tcp_attach(struct sock *sock, struct tcp_pcb *pcb);
void tcp_detach(struct sock *sock);
void tcp_kill(struct sock *sock, int err);
void tcp_release(struct sock *sock);

/* sock_tcp_connect.c */
#define TCP_RTO_FIRST (1000 / TCP_SLOW_INTERVAL) /* RFC 6298 2.1; lwIP: 3 s */
void tcp_established(struct sock *sock);
void tcp_on_syn_timer(struct sock *sock, uint64_t now_us);

/* sock_tcp_rx.c */
err_t tcp_rx_on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err);
void tcp_rx_open_window(struct sock *sock);
void tcp_rx_settle_ack(struct sock *sock);
void tcp_rx_on_ack_timer(struct timer *timer, uint64_t now_us);
void tcp_rx_drop(struct sock *sock);
uint32_t tcp_rx_window_limit(const struct sock *sock);

/* sock_tcp_tx.c */
err_t tcp_tx_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len);
void tcp_tx_settle(struct sock *sock);
void tcp_tx_uncork(struct sock *sock);
void tcp_tx_drop(struct sock *sock);

/* sock_tcp_super.c */
void tcp_super_init(struct sock *sock);
void tcp_super_choose(struct sock *sock);
void tcp_super_drain(struct sock *sock);
void tcp_super_on_sent(struct sock *sock);
void tcp_super_settle(struct sock *sock);

/* sock_listen.c */
void tcp_listener_close(struct sock *sock);
void tcp_handshake_leave(struct sock *conn);
struct tcp_pcb *tcp_listener_pcb(const struct sock *sock);

/* The sock that a timer stands in. */
#define sock_of_timer(ptr, field)                                             \
	((struct sock *)(void *)((char *)(ptr) -                              \
	                         offsetof(struct sock, tcp.field)))

#endif
