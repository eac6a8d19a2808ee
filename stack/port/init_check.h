/* SPDX-License-Identifier: MIT */
/* Options as lwIP's init.c wants to see them; included before that file only.
 *
 * Its compile-time check refuses more than 12 retransmissions, because the
 * back-off table once was read past its end. tcp.c of 2.1 and 2.2 clamps the
 * index (tcp_slowtmr, backoff_idx), so the limits of lwipopts.h are safe; and
 * init.c uses these two options for nothing but the check.
 */
#ifndef NETCOND_STACK_PORT_INIT_CHECK_H
#define NETCOND_STACK_PORT_INIT_CHECK_H

#include "lwip/opt.h"

#undef TCP_MAXRTX
#define TCP_MAXRTX 12
#undef TCP_SYNMAXRTX
#define TCP_SYNMAXRTX 12

#endif
