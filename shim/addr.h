/* SPDX-License-Identifier: MIT */
/* The program's socket addresses and the contract's. */
#ifndef NETCOND_SHIM_ADDR_H
#define NETCOND_SHIM_ADDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "shim/proto/rpc.h"

int addr_take(struct rpc_addr *out, const struct sockaddr *sa, socklen_t len,
              const struct rpc_name *name);
socklen_t addr_to_sockaddr(const struct rpc_addr *addr, int domain,
                           struct sockaddr_storage *out);
int addr_give(const struct rpc_addr *addr, int domain, struct sockaddr *sa,
              socklen_t *len);
int addr_can_give(const struct sockaddr *sa, const socklen_t *len);
void addr_map(struct rpc_addr *addr);
void addr_unmap(struct rpc_addr *addr);
bool addr_is_final(int fd, const struct rpc_name *name);
int addr_lookup(int fd, const struct rpc_name *name, struct rpc_addr *local,
                struct rpc_addr *peer);

#endif
