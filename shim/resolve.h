/* SPDX-License-Identifier: MIT */
/* A name to addresses and back: the files first, then the stack's resolver. */
#ifndef NETCOND_SHIM_RESOLVE_H
#define NETCOND_SHIM_RESOLVE_H

#include "shim/hosts.h"

int resolve_name(const char *name, int family, struct host_answer *answer);
int resolve_addr(const struct rpc_addr *addr, char name[RPC_HOSTNAME_LEN]);

#endif
