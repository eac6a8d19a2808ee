/* SPDX-License-Identifier: MIT */
/* lwIP's network interface over a netdev. */
#ifndef NETCOND_STACK_ETHIF_H
#define NETCOND_STACK_ETHIF_H

#include <lwip/netif.h>
#include <stdbool.h>
#include <stddef.h>

#include "fastpath/netdev.h"
#include "stack/tso.h"

#define ETHIF_WAIT_MAX (1u << 20) /* bytes of frames that wait for the device */

struct ethif_waiting;
struct stack;

struct ethif {
	struct netif netif;         /* lwIP's; first, its state points here */
	struct stack *stack;
	struct netdev *dev;         /* the caller's */
	struct tso tso;             /* being gathered in this turn */
	struct ethif_waiting *wait_head; /* frames the device had no room for, */
	struct ethif_waiting *wait_tail; /* oldest first */
	size_t wait_len;            /* bytes of them */
};

int ethif_init(struct ethif *ethif, struct stack *stack, struct netdev *dev);
void ethif_fini(struct ethif *ethif);
void ethif_input(struct ethif *ethif, struct frame *frame);
bool ethif_flush(struct ethif *ethif);

#endif
