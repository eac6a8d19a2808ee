/* SPDX-License-Identifier: MIT */
/* For tests of the impairment wrapper: time of their own. */
#ifndef NETCOND_FASTPATH_NETDEV_IMPAIR_H
#define NETCOND_FASTPATH_NETDEV_IMPAIR_H

#include "fastpath/impair_spec.h"
#include "fastpath/netdev.h"

/* Nanoseconds since any moment, never going back. */
typedef uint64_t impair_clock_fn(void);

void netdev_impair_set_clock(struct netdev *dev, impair_clock_fn *clock);

#endif
