/* SPDX-License-Identifier: MIT */
/* SO_ERROR of a socket of ours. */
#ifndef NETCOND_SHIM_SOCKERR_H
#define NETCOND_SHIM_SOCKERR_H

#include "shim/proto/rpc.h"

int sockerr_take(int fd, const struct rpc_name *name);
void sockerr_forget(int fd);

#endif
