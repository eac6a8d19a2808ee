/* SPDX-License-Identifier: MIT */
/* The control protocol's codec: no descriptor, no state, no allocation. */
#ifndef NETCOND_SERVICE_RPC_H
#define NETCOND_SERVICE_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "shim/proto/rpc.h"

/* What the first bytes of a message on a UDP pair are. */
enum rpc_dgram_form {
	RPC_DGRAM_FORM_INVALID = 0, /* the nonce, then nonsense */
	RPC_DGRAM_FORM_RAW,         /* payload */
	RPC_DGRAM_FORM_HEADER,      /* struct rpc_dgram, then payload */
};

const char *rpc_op_name(unsigned op);
bool rpc_op_has_sock(unsigned op);
int rpc_request_check(const void *buf, size_t len, struct rpc_request *req);
void rpc_reply_init(struct rpc_reply *reply, const struct rpc_request *req);

int rpc_addr_to_sockaddr(const struct rpc_addr *addr,
                         struct sockaddr_storage *out, socklen_t *len);
void rpc_addr_from_sockaddr(struct rpc_addr *addr,
                            const struct sockaddr_storage *from);

socklen_t rpc_name_build(const struct rpc_name *name, struct sockaddr_un *un);
int rpc_name_parse(const struct sockaddr_un *un, socklen_t len,
                   struct rpc_name *name);

enum rpc_dgram_form rpc_dgram_parse(const void *buf, size_t len,
                                    uint64_t instance, struct rpc_dgram *out);

#endif
