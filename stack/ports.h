/* SPDX-License-Identifier: MIT */
/* The table of local ports; what sock.c and sock_tcp.c call of it stands in
 * sock_priv.h.
 */
#ifndef NETCOND_STACK_PORTS_H
#define NETCOND_STACK_PORTS_H

#include <lwip/ip_addr.h>
#include <stdint.h>

struct sock;
struct stack;

int ports_bind_ephemeral(struct sock *sock, const ip_addr_t *addr);
struct sock *ports_first(const struct stack *stack, int type, uint16_t port);

#endif
