/* SPDX-License-Identifier: MIT */
/* IPv6 addresses, routers and name servers that routers advertise. */
#ifndef NETCOND_STACK_ROUTER_ADV_H
#define NETCOND_STACK_ROUTER_ADV_H

#include "stack/stack_priv.h"

/* Each does nothing and gives nothing where stack->ra is NULL. */
int router_adv_init(struct stack *stack);
void router_adv_fini(struct stack *stack);
void router_adv_age(struct stack *stack, uint32_t missed_s);
void router_adv_on_tick(struct stack *stack);
unsigned router_adv_get_dns(const struct stack *stack, ip_addr_t *out,
                            unsigned max);

#endif
