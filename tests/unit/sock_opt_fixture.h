/* SPDX-License-Identifier: MIT */
/* Socks whose options are tried. Included by one file of a test program. */
#ifndef NETCOND_TESTS_UNIT_SOCK_OPT_FIXTURE_H
#define NETCOND_TESTS_UNIT_SOCK_OPT_FIXTURE_H

#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

static struct wire wire;

static inline void opt_setup(void)
{
	static const struct sock_events events;

	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, NULL), 0);
}

static inline void opt_teardown(void)
{
	wire_close(&wire);
}

static inline struct sock *open_sock(int domain, int type)
{
	struct sock *sock = NULL;

	CU_ASSERT_EQUAL_FATAL(sock_open(wire.stack, domain, type, 0, &sock), 0);
	return sock;
}

#endif
