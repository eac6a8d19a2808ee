/* SPDX-License-Identifier: MIT */
/* Addresses that the network gives: waiting for them, and telling of them. */
#ifndef NETCOND_SERVICE_LEASE_H
#define NETCOND_SERVICE_LEASE_H

#include <stdio.h>

#include "service/loop.h"
#include "stack/stack.h"

#define LEASE_LINE_LEN 1024
#define LEASE_WAIT_US 30000000   /* for any address, before giving up */
#define LEASE_WAIT_V4_US 10000000 /* for IPv4, once there is IPv6 */
#define LEASE_WAIT_V6_US 3000000 /* for IPv6, once there is IPv4: routers are
                                    asked in the first second and answer in
                                    half of one (RFC 4861 section 10) */

/* Who tells of changes, and what was told last. */
struct lease {
	struct stack *stack;
	char told[LEASE_LINE_LEN]; /* all addresses, gateways and servers */
};

int lease_await(struct loop *loop, struct stack *stack, char *why);
void lease_print(const struct stack *stack, FILE *out);
void lease_watch(struct lease *lease, struct stack *stack);

#endif
