/* SPDX-License-Identifier: MIT */
/* Is this descriptor ours, and which socket is it? */
#ifndef NETCOND_SHIM_IDENTITY_H
#define NETCOND_SHIM_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shim/proto/rpc.h"

enum identity {
	IDENTITY_INVALID = 0,
	IDENTITY_OURS,
	IDENTITY_FOREIGN, /* no socket, or somebody else's */
	IDENTITY_HIDDEN,  /* the kernel would not say (a sandbox); errno kept */
	IDENTITY_COUNT
};

bool identity_parse(const void *addr, socklen_t len, enum rpc_end end,
                    struct rpc_name *name);
enum identity identity_get(int fd, struct rpc_name *name);
bool identity_is_ours(int fd, struct rpc_name *name);
bool identity_may_be_dgram(int fd, struct rpc_name *name);
bool identity_own_name(int fd, struct rpc_name *name);
int identity_type(int fd);
int identity_mark(int fd);

#endif
