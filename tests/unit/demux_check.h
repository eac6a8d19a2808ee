/* SPDX-License-Identifier: MIT */
/* The invariants of stack/tcp_demux.c, looked at from outside. */
#ifndef NETCOND_TESTS_UNIT_DEMUX_CHECK_H
#define NETCOND_TESTS_UNIT_DEMUX_CHECK_H

const char *demux_check(void);

#endif
