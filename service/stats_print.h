/* SPDX-License-Identifier: MIT */
/* --stats: the counters at the end of a run. */
#ifndef NETCOND_SERVICE_STATS_PRINT_H
#define NETCOND_SERVICE_STATS_PRINT_H

#include <stdio.h>

#include "stack/stack.h"

void stats_print(const struct stack *stack, const struct netdev *dev,
                 FILE *out);

#endif
