/* SPDX-License-Identifier: MIT */
/* The port table without a stack around it: what it asks of the stack is
 * answered here. Included by one file of a test program.
 */
#ifndef NETCOND_TESTS_UNIT_PORTS_FIXTURE_H
#define NETCOND_TESTS_UNIT_PORTS_FIXTURE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/ports.h"
#include "stack/sock_priv.h"
#include "tests/unit/unit.h"

static struct stack stack;
static uint16_t taken_from, taken_to; /* local ports of some connection */
static uint16_t time_wait_port;       /* 0: none */

uint32_t stack_random(void)
{
	return (uint32_t)random();
}

bool sock_tcp_tuple_is_taken(const ip_addr_t *local_ip, uint16_t local_port,
                             const ip_addr_t *peer_ip, uint16_t peer_port)
{
	(void)local_ip;
	(void)peer_ip;
	(void)peer_port;
	return local_port >= taken_from && local_port <= taken_to;
}

bool sock_tcp_port_in_time_wait(uint16_t local_port)
{
	return local_port == time_wait_port;
}

static inline void ports_setup(void)
{
	srandom(7);
	taken_from = 1;
	taken_to = 0;
	time_wait_port = 0;
	CU_ASSERT_EQUAL_FATAL(ports_init(&stack), 0);
}

static inline void ports_teardown(void)
{
	CU_ASSERT_EQUAL(ports_count(&stack), 0);
	ports_fini(&stack);
}

static inline void init_sock(struct sock *sock, sa_family_t domain, int type)
{
	memset(sock, 0, sizeof(*sock));
	sock->stack = &stack;
	sock->domain = domain;
	sock->type = (uint8_t)type;
	sock->state = SOCK_STATE_NEW;
}

#endif
