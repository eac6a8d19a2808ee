/* SPDX-License-Identifier: MIT */
/* Datagrams over a UDP socket's pair. */
#ifndef NETCOND_SHIM_DGRAM_H
#define NETCOND_SHIM_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "shim/proto/rpc.h"

#define DGRAM_PAYLOAD_MAX 65507 /* bytes of UDP over IPv4 */
#define DGRAM_PAUSE_MS 100      /* before an error that would be spun on */

ssize_t dgram_send(int fd, const struct rpc_name *name,
                   const struct msghdr *msg, int flags);
ssize_t dgram_recv(int fd, const struct rpc_name *name, struct msghdr *msg,
                   int flags);
ssize_t dgram_after_read(int fd, const struct iovec *iov, ssize_t got);
int dgram_error_take(int fd, const struct rpc_name *name);
int dgram_next_len(int fd, const struct rpc_name *name, int *len);
bool dgram_is_header(const void *buf, size_t len, uint64_t instance);
void dgram_give_control(int domain, struct msghdr *msg,
                        const struct rpc_dgram *head, unsigned opts);
int dgram_take_control(const struct msghdr *msg, struct rpc_addr *local);

#endif
