/* SPDX-License-Identifier: MIT */
/* Changes of the stack's addresses, told once a turn. */
#ifndef NETCOND_STACK_ADDR_WATCH_H
#define NETCOND_STACK_ADDR_WATCH_H

#include "stack/stack_priv.h"

int addr_watch_init(struct stack *stack);
void addr_watch_fini(struct stack *stack);
void addr_watch_poll(struct stack *stack);

#endif
