/* SPDX-License-Identifier: MIT */
/* getifaddrs and if_*: the stack's interfaces, never the host's. */
#include <linux/if_link.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/iface.h"
#include "shim/libc.h"

/* One entry with all that it points to: one malloc, one free. */
struct if_node {
	struct ifaddrs ifa;              /* first: free(ifa) frees the node */
	char name[IFNAMSIZ];
	struct sockaddr_storage addr;
	struct sockaddr_storage mask;
	struct sockaddr_storage broadcast;
	struct rtnl_link_stats stats;    /* ifa_data of AF_PACKET; zeros */
};

/* Append an entry for iface. Return: it, or NULL. */
static struct if_node *node_add(const struct iface *iface,
                                struct ifaddrs ***tail)
{
	struct if_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	memcpy(node->name, iface->name, sizeof(node->name));
	node->ifa.ifa_name = node->name;
	node->ifa.ifa_flags = iface->flags;
	node->ifa.ifa_addr = (struct sockaddr *)&node->addr;
	**tail = &node->ifa;
	*tail = &node->ifa.ifa_next;
	return node;
}

/* The entry of the link itself. */
static int add_link(const struct iface *iface, struct ifaddrs ***tail)
{
	struct if_node *node = node_add(iface, tail);
	struct sockaddr_ll *addr, *broadcast;

	if (!node)
		return -ENOMEM;
	addr = (struct sockaddr_ll *)&node->addr;
	addr->sll_family = AF_PACKET;
	addr->sll_ifindex = (int)iface->index;
	addr->sll_hatype = iface->flags & IFF_LOOPBACK ? ARPHRD_LOOPBACK
	                                               : ARPHRD_ETHER;
	addr->sll_halen = sizeof(iface->mac);
	broadcast = (struct sockaddr_ll *)&node->broadcast;
	*broadcast = *addr;
	memcpy(addr->sll_addr, iface->mac, sizeof(iface->mac));
	if (!(iface->flags & IFF_LOOPBACK))
		memset(broadcast->sll_addr, 0xff, sizeof(iface->mac));
	node->ifa.ifa_broadaddr = (struct sockaddr *)broadcast;
	node->ifa.ifa_data = &node->stats;
	return 0;
}

/* The entries of its addresses of one family. */
static int add_addrs(const struct iface *iface, int family,
                     struct ifaddrs ***tail)
{
	for (unsigned i = 0; i < iface->count; i++) {
		struct rpc_addr addr = iface->addrs[i];
		struct if_node *node;

		if (addr.family != family)
			continue;
		node = node_add(iface, tail);
		if (!node)
			return -ENOMEM;
		addr.port = 0;
		addr_to_sockaddr(&addr, family, &node->addr);
		iface_mask(iface, (int)i, &addr);
		addr_to_sockaddr(&addr, family, &node->mask);
		node->ifa.ifa_netmask = (struct sockaddr *)&node->mask;
		if (family != AF_INET || !(iface->flags & IFF_BROADCAST))
			continue;
		iface_broadcast(iface, (int)i, &addr);
		addr.port = 0;
		addr_to_sockaddr(&addr, family, &node->broadcast);
		node->ifa.ifa_broadaddr = (struct sockaddr *)&node->broadcast;
	}
	return 0;
}

/* All interfaces: links, then IPv4, then IPv6, as glibc orders them. */
static int add_all(struct ifaddrs **list)
{
	const int families[] = { AF_PACKET, AF_INET, AF_INET6 };
	struct ifaddrs **tail = list;
	struct iface iface;
	int rc = 0;

	for (int i = 0; i < 3; i++) {
		for (unsigned idx = 0; rc == 0; idx++) {
			rc = iface_get(idx, &iface);
			if (rc < 0)
				break;
			rc = families[i] == AF_PACKET
			             ? add_link(&iface, &tail)
			             : add_addrs(&iface, families[i], &tail);
		}
		if (rc != -ENODEV)
			return rc;
		rc = 0;
	}
	return 0;
}

int getifaddrs(struct ifaddrs **list)
{
	struct ifaddrs *head = NULL;
	int rc = add_all(&head);

	if (rc < 0) {
		freeifaddrs(head);
		return libc_fail(-rc);
	}
	*list = head;
	return 0;
}

/* Of our getifaddrs: glibc's lists never reach the program. */
void freeifaddrs(struct ifaddrs *list)
{
	while (list) {
		struct ifaddrs *next = list->ifa_next;

		free(list);
		list = next;
	}
}

unsigned if_nametoindex(const char *name)
{
	struct iface iface;
	int rc = iface_by_name(name, &iface);

	if (rc == 0)
		return iface.index;
	errno = -rc;
	return 0;
}

char *if_indextoname(unsigned index, char name[IF_NAMESIZE])
{
	struct iface iface;
	int rc = iface_by_index(index, &iface);

	if (rc == 0)
		return memcpy(name, iface.name, IFNAMSIZ);
	errno = rc == -ENODEV ? ENXIO : -rc;
	return NULL;
}

/* glibc's if_freenameindex frees this: an array, each name its own malloc. */
struct if_nameindex *if_nameindex(void)
{
	struct if_nameindex *list = calloc(IFACE_MAX + 1, sizeof(*list));
	struct iface iface;
	int rc = list ? 0 : -ENOMEM;

	for (unsigned idx = 0; rc == 0; idx++) {
		rc = iface_get(idx, &iface);
		if (rc < 0)
			break;
		list[idx].if_index = iface.index;
		list[idx].if_name = strdup(iface.name);
		if (!list[idx].if_name)
			rc = -ENOMEM;
	}
	if (rc == -ENODEV)
		return list;
	if (list)
		if_freenameindex(list);
	errno = rc == -ENOMEM ? ENOBUFS : -rc;
	return NULL;
}
