/* SPDX-License-Identifier: MIT */
/* Options whose setting needs no answer from the service. */
#ifndef NETCOND_SHIM_OPT_QUIET_H
#define NETCOND_SHIM_OPT_QUIET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "shim/proto/rpc.h"

bool opt_is_quiet(const struct rpc_name *name, int level, int opt,
                  const void *val, socklen_t len);

#endif
