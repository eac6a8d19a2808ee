/* SPDX-License-Identifier: MIT */
/* Messages of neighbour discovery that lwIP must not see. */
#ifndef NETCOND_STACK_ND_GUARD_H
#define NETCOND_STACK_ND_GUARD_H

#include <lwip/pbuf.h>
#include <stdbool.h>

bool nd_is_sound(const struct pbuf *p);

#endif
