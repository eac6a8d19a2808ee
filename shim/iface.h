/* SPDX-License-Identifier: MIT */
/* The stack's interfaces, as the service tells them. */
#ifndef NETCOND_SHIM_IFACE_H
#define NETCOND_SHIM_IFACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shim/proto/rpc.h"

#define IFACE_MAX 64 /* more than any stack has; bounds the asking */

/* One interface; the fields are those of the reply to RPC_INTERFACE. */
struct iface {
	char name[16];
	uint32_t index;
	uint32_t flags;   /* IFF_* */
	uint32_t mtu;
	uint32_t count;   /* of addrs */
	uint8_t mac[6];
	struct rpc_addr addrs[RPC_IF_ADDR_MAX];
	uint8_t prefix_len[RPC_IF_ADDR_MAX];
};

int iface_get(unsigned idx, struct iface *iface);
int iface_by_name(const char *name, struct iface *iface);
int iface_by_index(unsigned index, struct iface *iface);
int iface_first_addr(const struct iface *iface, int family);
void iface_mask(const struct iface *iface, int idx, struct rpc_addr *mask);
void iface_broadcast(const struct iface *iface, int idx, struct rpc_addr *addr);
bool iface_any_has(int family);

#endif
