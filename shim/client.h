/* SPDX-License-Identifier: MIT */
/* One request to the service and its reply. */
#ifndef NETCOND_SHIM_CLIENT_H
#define NETCOND_SHIM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/proto/rpc.h"

void client_start(void);
int client_call(struct rpc_request *req, int fd, struct rpc_reply *reply,
                int *out_fd);
bool client_sock_tell(enum rpc_op op, int fd, const struct rpc_name *name,
                      struct rpc_request *req);
int client_sock_call(enum rpc_op op, int fd, const struct rpc_name *name,
                     struct rpc_request *req, struct rpc_reply *reply);
uint64_t client_instance(void);

#endif
