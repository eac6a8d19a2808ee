/* SPDX-License-Identifier: MIT */
/* What the files of the UDP socket share. */
#ifndef NETCOND_STACK_SOCK_UDP_PRIV_H
#define NETCOND_STACK_SOCK_UDP_PRIV_H

#include <stdint.h>

#include "stack/sock_priv.h"

/* A datagram that waits: a copy of its own, so that a program that does not
 * read holds no frame of the device.
 */
struct sock_udp_dgram {
	struct sock_udp_dgram *next;
	ip_addr_t src, dst;       /* as in the IP header */
	uint16_t src_port;        /* host order */
	uint8_t ttl, tos;         /* as in the IP header */
	unsigned if_index;        /* the stack's */
	size_t len;
	uint8_t data[];
};

/* sock_udp_rx.c */
void sock_udp_on_recv(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                      const ip_addr_t *src, u16_t src_port);
void sock_udp_rx_flush(struct sock *sock);

/* sock_udp.c: for sends and connects of a sock that has no port yet. Return: 0
 * or -EAGAIN.
 */
int sock_udp_autobind(struct sock *sock);

/* sock_udp_tx.c: may this sock, with its local address, options and domain,
 * send to addr? Return: 0, -ENETUNREACH, -EAFNOSUPPORT,
 * -EACCES.
 */
int sock_udp_check_dst(const struct sock *sock, const ip_addr_t *addr);

#endif
