/* SPDX-License-Identifier: MIT */
/* --stats: the counters at the end of a run. */
#ifndef NETCOND_SERVICE_STATS_PRINT_H
#define NETCOND_SERVICE_STATS_PRINT_H

#include <stdio.h>

#include "service/loop.h"

void stats_print(const struct loop *loop, FILE *out);

#endif
