/* SPDX-License-Identifier: MIT */
/* The stack's addresses and routes. */
#ifndef NETCOND_STACK_STACK_ADDR_H
#define NETCOND_STACK_STACK_ADDR_H

#include "stack/stack.h"

int stack_addr_init(struct stack *stack, const struct stack_conf *conf,
                    char *why);

#endif
