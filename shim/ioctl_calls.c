/* SPDX-License-Identifier: MIT */
/* ioctl: what a socket answers about its queues and the interfaces. */
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/client.h"
#include "shim/dgram.h"
#include "shim/iface.h"
#include "shim/identity.h"
#include "shim/libc.h"

/* Could the request concern a socket? Others cost one comparison. */
static bool is_sock_request(unsigned long request)
{
	return request == FIONREAD || request == SIOCOUTQ ||
	       (request & ~0xfful) == 0x8900;
}

static int queue_in(int fd, const struct rpc_name *name, int *out)
{
	if (!out)
		return -EFAULT;
	if (name->type == SOCK_DGRAM)
		return dgram_next_len(fd, name, out);
	if (identity_mark(fd) == RPC_MARK_LISTENER)
		return -EINVAL;
	return libc()->ioctl(fd, FIONREAD, out) < 0 ? -errno : 0;
}

static int queue_out(int fd, const struct rpc_name *name, int *out)
{
	struct rpc_reply reply;
	int rc = client_sock_call(RPC_OUTQ, fd, name, NULL, &reply);

	if (rc < 0)
		return rc;
	if (!out)
		return -EFAULT;
	*out = (int)reply.outq.bytes;
	return 0;
}

/* SIOCGIFCONF: every IPv4 address, as many as fit; the length when there is no
 * buffer (netdevice(7)).
 */
static int if_conf(struct ifconf *conf)
{
	struct iface iface;
	int used = 0;
	int rc;

	if (!conf)
		return -EFAULT;
	for (unsigned idx = 0; (rc = iface_get(idx, &iface)) == 0; idx++) {
		for (unsigned i = 0; i < iface.count; i++) {
			struct ifreq req = { 0 };
			struct sockaddr_storage addr;

			if (iface.addrs[i].family != AF_INET)
				continue;
			memcpy(req.ifr_name, iface.name, IFNAMSIZ);
			addr_to_sockaddr(&iface.addrs[i], AF_INET, &addr);
			memcpy(&req.ifr_addr, &addr, sizeof(req.ifr_addr));
			if (conf->ifc_buf) {
				if (used + (int)sizeof(req) > conf->ifc_len)
					continue;
				memcpy(conf->ifc_buf + used, &req, sizeof(req));
			}
			used += (int)sizeof(req);
		}
	}
	if (rc != -ENODEV)
		return rc;
	conf->ifc_len = used;
	return 0;
}

/* The requests that give an IPv4 address. */
static int if_addr(unsigned long request, const struct iface *iface,
                   struct ifreq *req)
{
	int idx = iface_first_addr(iface, AF_INET);
	struct sockaddr_storage full;
	struct rpc_addr addr;

	if (idx < 0)
		return -EADDRNOTAVAIL;
	addr = iface->addrs[idx];
	if (request == SIOCGIFNETMASK)
		iface_mask(iface, idx, &addr);
	if (request == SIOCGIFBRDADDR)
		iface_broadcast(iface, idx, &addr);
	addr.port = 0;
	addr_to_sockaddr(&addr, AF_INET, &full);
	memcpy(&req->ifr_addr, &full, sizeof(req->ifr_addr));
	return 0;
}

/* One interface, named in req. */
static int if_request(unsigned long request, struct ifreq *req)
{
	struct iface iface;
	int rc;

	if (!req)
		return -EFAULT;
	rc = request == SIOCGIFNAME
	             ? iface_by_index((unsigned)req->ifr_ifindex, &iface)
	             : iface_by_name(req->ifr_name, &iface);
	if (rc < 0)
		return rc;
	switch (request) {
	case SIOCGIFNAME:
		memcpy(req->ifr_name, iface.name, IFNAMSIZ);
		return 0;
	case SIOCGIFINDEX:
		req->ifr_ifindex = (int)iface.index;
		return 0;
	case SIOCGIFFLAGS:
		req->ifr_flags = (short)iface.flags;
		return 0;
	case SIOCGIFMTU:
		req->ifr_mtu = (int)iface.mtu;
		return 0;
	case SIOCGIFMETRIC:
		req->ifr_metric = 0;
		return 0;
	case SIOCGIFHWADDR:
		memset(&req->ifr_hwaddr, 0, sizeof(req->ifr_hwaddr));
		req->ifr_hwaddr.sa_family = iface.flags & IFF_LOOPBACK
		                                    ? ARPHRD_LOOPBACK
		                                    : ARPHRD_ETHER;
		memcpy(req->ifr_hwaddr.sa_data, iface.mac, sizeof(iface.mac));
		return 0;
	default:
		return if_addr(request, &iface, req);
	}
}

static int sock_ioctl(int fd, const struct rpc_name *name,
                      unsigned long request, void *arg)
{
	switch (request) {
	case FIONREAD:
		return queue_in(fd, name, arg);
	case SIOCOUTQ:
		return queue_out(fd, name, arg);
	case SIOCATMARK:
		if (!arg)
			return -EFAULT;
		*(int *)arg = 0;
		return 0;
	case FIOSETOWN:
	case SIOCSPGRP:
	case FIOGETOWN:
	case SIOCGPGRP:
		return libc()->ioctl(fd, request, arg) < 0 ? -errno : 0;
	case SIOCGSTAMP_OLD:
	case SIOCGSTAMPNS_OLD:
		return -ENOENT; /* no packet was stamped */
	case SIOCGIFCONF:
		return if_conf(arg);
	case SIOCETHTOOL:
		return -EOPNOTSUPP;
	case SIOCADDRT:
	case SIOCDELRT:
	case SIOCSIFADDR:
	case SIOCSIFFLAGS:
	case SIOCSIFNETMASK:
	case SIOCSIFBRDADDR:
	case SIOCSIFMTU:
	case SIOCSIFHWADDR:
	case SIOCSIFNAME:
		return -EPERM;
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFHWADDR:
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
		return if_request(request, arg);
	default:
		return -ENOTTY;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	struct rpc_name name;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!is_sock_request(request) || !identity_is_ours(fd, &name))
		return libc()->ioctl(fd, request, arg);
	return libc_result(sock_ioctl(fd, &name, request, arg));
}
