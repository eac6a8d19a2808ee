/* SPDX-License-Identifier: MIT */
/* The stack's interfaces, as the service tells them. */
#include "shim/iface.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "shim/client.h"

/* The idx-th interface, from 0. Return: 0, -ENODEV past the last, or as
 * client_call.
 */
int iface_get(unsigned idx, struct iface *iface)
{
	struct rpc_request req = { .op = RPC_INTERFACE, .page.idx = idx };
	struct rpc_reply reply;
	int rc = idx < IFACE_MAX ? client_call(&req, -1, &reply, NULL)
	                         : -ENODEV;

	if (rc == -ENETDOWN || rc == -EMFILE || rc == -ENFILE)
		return rc;
	if (rc < 0)
		return -ENODEV;
	memset(iface, 0, sizeof(*iface));
	memcpy(iface->name, reply.interface.name, sizeof(iface->name) - 1);
	iface->index = reply.interface.index;
	iface->flags = reply.interface.flags;
	iface->mtu = reply.interface.mtu;
	iface->count = reply.interface.count;
	if (iface->count > RPC_IF_ADDR_MAX)
		iface->count = RPC_IF_ADDR_MAX;
	memcpy(iface->mac, reply.interface.mac, sizeof(iface->mac));
	memcpy(iface->addrs, reply.interface.addrs, sizeof(iface->addrs));
	memcpy(iface->prefix_len, reply.interface.prefix_len,
	       sizeof(iface->prefix_len));
	return 0;
}

/* Return: as iface_get. */
int iface_by_name(const char *name, struct iface *iface)
{
	int rc;

	for (unsigned idx = 0; (rc = iface_get(idx, iface)) == 0; idx++)
		if (strncmp(iface->name, name, IFNAMSIZ) == 0)
			return 0;
	return rc;
}

/* Return: as iface_get. */
int iface_by_index(unsigned index, struct iface *iface)
{
	int rc;

	for (unsigned idx = 0; (rc = iface_get(idx, iface)) == 0; idx++)
		if (iface->index == index)
			return 0;
	return rc;
}

/* The index of the first address of a family in addrs; -1: none. */
int iface_first_addr(const struct iface *iface, int family)
{
	for (unsigned i = 0; i < iface->count; i++)
		if (iface->addrs[i].family == family)
			return (int)i;
	return -1;
}

/* The netmask of the idx-th address, as an address. */
void iface_mask(const struct iface *iface, int idx, struct rpc_addr *mask)
{
	unsigned bits = iface->prefix_len[idx];

	memset(mask, 0, sizeof(*mask));
	mask->family = iface->addrs[idx].family;
	for (unsigned i = 0; i < sizeof(mask->addr) && bits; i++) {
		unsigned take = bits < 8 ? bits : 8;

		mask->addr[i] = (uint8_t)(0xff00 >> take);
		bits -= take;
	}
}

/* The broadcast address of the idx-th address, an IPv4 one. */
void iface_broadcast(const struct iface *iface, int idx, struct rpc_addr *addr)
{
	struct rpc_addr mask;

	iface_mask(iface, idx, &mask);
	*addr = iface->addrs[idx];
	for (int i = 0; i < 4; i++)
		addr->addr[i] |= (uint8_t)~mask.addr[i];
}

static bool is_link_local(const struct rpc_addr *addr)
{
	return addr->family == AF_INET6 && addr->addr[0] == 0xfe &&
	       (addr->addr[1] & 0xc0) == 0x80;
}

/* Has the stack an address of that family that is neither loopback nor
 * link-local (AI_ADDRCONFIG, and which family goes first)?
 */
bool iface_any_has(int family)
{
	struct iface iface;

	for (unsigned idx = 0; iface_get(idx, &iface) == 0; idx++) {
		if (iface.flags & IFF_LOOPBACK)
			continue;
		for (unsigned i = 0; i < iface.count; i++)
			if (iface.addrs[i].family == family &&
			    !is_link_local(&iface.addrs[i]))
				return true;
	}
	return false;
}
