/* SPDX-License-Identifier: MIT */
/* The IPv4 address by DHCP: lwIP's client on the stack's own timers. */
#ifndef NETCOND_STACK_DHCP_CLIENT_H
#define NETCOND_STACK_DHCP_CLIENT_H

#include "stack/stack_priv.h"

/* Each does nothing and gives nothing where stack->dhcp is NULL. */
int dhcp_client_init(struct stack *stack);
void dhcp_client_fini(struct stack *stack);
void dhcp_client_poll(struct stack *stack);
void dhcp_client_get_lease(const struct stack *stack, struct stack_addrs *out);
unsigned dhcp_client_get_dns(const struct stack *stack, ip_addr_t *out,
                             unsigned max);

#endif
