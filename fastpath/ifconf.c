/* SPDX-License-Identifier: MIT */
/* The kernel's side of an interface: what is there, and setting it up.
 *
 * Theory of operation
 *
 * Flags, MTU and hardware address go by ioctl (netdevice(7)), addresses by
 * rtnetlink (rtnetlink(7)), because SIOCSIFADDR knows no second address and no
 * IPv6. Each call opens its own socket: these run a few times at start.
 *
 * Every error is -errno with a sentence that names the interface.
 */
#include "fastpath/ifconf.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/why.h"

/* Can the kernel have an interface of this name? (Linux net/core/dev.c,
 * dev_valid_name)
 */
bool ifconf_name_is_valid(const char *ifname)
{
	size_t len = strlen(ifname);

	if (!len || len >= IFNAMSIZ || strpbrk(ifname, "/: \t\n\v\f\r"))
		return false;
	return strcmp(ifname, ".") && strcmp(ifname, "..");
}

/* Is there an interface of this name in our network namespace? */
bool ifconf_exists(const char *ifname)
{
	return if_nametoindex(ifname) != 0;
}

/* One ioctl about the interface. what: completes "cannot ... of IFNAME". */
static int if_ioctl(const char *ifname, unsigned long request,
                    struct ifreq *ifr, const char *what, char *why)
{
	int fd, err;

	if (!ifconf_name_is_valid(ifname))
		return why_fail(why, EINVAL, "'%.64s' cannot be an interface's "
		                "name", ifname);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return why_fail(why, errno, "no socket to configure %s: %s",
		                ifname, strerror(errno));
	strncpy(ifr->ifr_name, ifname, IFNAMSIZ - 1);
	err = ioctl(fd, request, ifr) < 0 ? errno : 0;
	close(fd);
	if (err == ENODEV)
		return why_fail(why, err, "there is no interface %s", ifname);
	if (err)
		return why_fail(why, err, "cannot %s of %s: %s", what, ifname,
		                strerror(err));
	return 0;
}

static unsigned mask_bits(const void *mask, size_t len)
{
	const uint8_t *byte = mask;
	unsigned bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += __builtin_popcount(byte[i]);
	return bits;
}

/* Take an entry of getifaddrs. Return: false when it is no IP address. */
static bool addr_from_entry(const struct ifaddrs *entry,
                            struct ifconf_addr *addr)
{
	if (!entry->ifa_addr || !entry->ifa_netmask)
		return false;
	memset(addr, 0, sizeof(*addr));
	addr->family = entry->ifa_addr->sa_family;
	if (addr->family == AF_INET) {
		const struct sockaddr_in *sin = (void *)entry->ifa_addr;
		const struct sockaddr_in *mask = (void *)entry->ifa_netmask;

		addr->in = sin->sin_addr;
		addr->prefix_len = mask_bits(&mask->sin_addr, 4);
		return true;
	}
	if (addr->family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (void *)entry->ifa_addr;
		const struct sockaddr_in6 *mask = (void *)entry->ifa_netmask;

		addr->in6 = sin6->sin6_addr;
		addr->prefix_len = mask_bits(&mask->sin6_addr, 16);
		return true;
	}
	return false;
}

/* List the addresses of an interface, link-local ones too.
 * max: entries that addrs has room for. count: set to how many were written;
 * further ones are left out.
 * Return: 0; -ENODEV; -errno of getifaddrs(3).
 */
int ifconf_get_addrs(const char *ifname, struct ifconf_addr *addrs,
                     unsigned max, unsigned *count, char *why)
{
	struct ifaddrs *list, *entry;

	*count = 0;
	if (!ifconf_exists(ifname))
		return why_fail(why, ENODEV, "there is no interface %.64s",
		                ifname);
	if (getifaddrs(&list) < 0)
		return why_fail(why, errno, "cannot list the addresses of %s: "
		                "%s", ifname, strerror(errno));
	for (entry = list; entry && *count < max; entry = entry->ifa_next)
		if (!strcmp(entry->ifa_name, ifname) &&
		    addr_from_entry(entry, &addrs[*count]))
			++*count;
	freeifaddrs(list);
	return 0;
}

/* Has somebody given the interface an address? A link-local one does not
 * count: the kernel makes it by itself.
 */
bool ifconf_has_addr(const char *ifname)
{
	struct ifconf_addr addrs[32];
	unsigned count;

	if (ifconf_get_addrs(ifname, addrs, 32, &count, NULL))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (addrs[i].family == AF_INET ||
		    !IN6_IS_ADDR_LINKLOCAL(&addrs[i].in6))
			return true;
	return false;
}

struct addr_request {
	struct nlmsghdr head;
	struct ifaddrmsg msg;
	uint8_t attrs[2 * (RTA_LENGTH(sizeof(struct in6_addr)))];
};

static void request_add_attr(struct addr_request *request, unsigned short type,
                             const void *data, size_t len)
{
	struct rtattr *attr = (void *)((uint8_t *)request +
	                               NLMSG_ALIGN(request->head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) +
	                          RTA_ALIGN(attr->rta_len);
}

/* Send a request that asks for an acknowledgement, and read it.
 * Return: 0 or the kernel's -errno.
 */
static int netlink_transact(const struct nlmsghdr *request)
{
	const struct nlmsghdr *reply;
	const struct nlmsgerr *result;
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = 0;
	ssize_t len;

	if (fd < 0)
		return -errno;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		err = -errno;
	len = err ? 0 : recv(fd, buf, sizeof(buf), 0);
	if (len < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	reply = (void *)buf;
	result = NLMSG_DATA(reply);
	if (!NLMSG_OK(reply, (size_t)len) ||
	    reply->nlmsg_type != NLMSG_ERROR ||
	    (size_t)len < NLMSG_LENGTH(sizeof(*result)))
		return -EPROTO;
	return result->error;
}

/* Give the interface an address that works at once: IPv6 does not wait for
 * duplicate address detection (RFC 4862 section 5.4), since the only other
 * station on the link is ours.
 * Return: 0, also when it has this very address already; -ENODEV; -EINVAL;
 * -EPERM; another -errno of the kernel.
 */
int ifconf_add_addr(const char *ifname, const struct ifconf_addr *addr,
                    char *why)
{
	size_t len = addr->family == AF_INET6 ? sizeof(addr->in6)
	                                      : sizeof(addr->in);
	struct addr_request request = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
		.head.nlmsg_type = RTM_NEWADDR,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
		                    NLM_F_EXCL,
		.msg.ifa_family = addr->family,
		.msg.ifa_prefixlen = addr->prefix_len,
		.msg.ifa_index = if_nametoindex(ifname),
	};
	char text[INET6_ADDRSTRLEN] = "?";
	int err;

	if (!request.msg.ifa_index)
		return why_fail(why, ENODEV, "there is no interface %.64s",
		                ifname);
	if (addr->family == AF_INET6)
		request.msg.ifa_flags = IFA_F_NODAD;
	request_add_attr(&request, IFA_LOCAL, &addr->in, len);
	request_add_attr(&request, IFA_ADDRESS, &addr->in, len);
	err = netlink_transact(&request.head);
	if (!err || err == -EEXIST)
		return 0;
	inet_ntop(addr->family, &addr->in, text, sizeof(text));
	return why_fail(why, -err, "cannot give %s the address %s/%u: %s",
	                ifname, text, addr->prefix_len, strerror(-err));
}

/* Is it administratively up? False also when it does not exist. */
bool ifconf_is_up(const char *ifname)
{
	struct ifreq ifr = { 0 };

	return !if_ioctl(ifname, SIOCGIFFLAGS, &ifr, "read the flags", NULL) &&
	       ifr.ifr_flags & IFF_UP;
}

/* Bring it up. Return: 0, also when it was up, or -errno with why. */
int ifconf_set_up(const char *ifname, char *why)
{
	struct ifreq ifr = { 0 };
	int err = if_ioctl(ifname, SIOCGIFFLAGS, &ifr, "read the flags", why);

	if (err || ifr.ifr_flags & IFF_UP)
		return err;
	ifr.ifr_flags |= IFF_UP;
	return if_ioctl(ifname, SIOCSIFFLAGS, &ifr, "set the flags", why);
}

/* mtu: bytes of an IP packet. Return: 0 or -errno with why. */
int ifconf_get_mtu(const char *ifname, unsigned *mtu, char *why)
{
	struct ifreq ifr = { 0 };
	int err = if_ioctl(ifname, SIOCGIFMTU, &ifr, "read the MTU", why);

	if (!err)
		*mtu = ifr.ifr_mtu;
	return err;
}

/* mtu: bytes of an IP packet; the one it has needs no privilege.
 * Return: 0; -EPERM; -EINVAL when the device cannot; -errno; all with why.
 */
int ifconf_set_mtu(const char *ifname, unsigned mtu, char *why)
{
	struct ifreq ifr = { 0 };
	unsigned present = 0;
	int err = ifconf_get_mtu(ifname, &present, why);

	if (err || present == mtu)
		return err;
	ifr.ifr_mtu = mtu;
	return if_ioctl(ifname, SIOCSIFMTU, &ifr, "change the MTU", why);
}

/* mac: the kernel's own address on the link. Return: 0; -EINVAL when the
 * interface is not Ethernet-like; -errno; all with why.
 */
int ifconf_get_mac(const char *ifname, uint8_t mac[ETHER_ADDR_LEN], char *why)
{
	struct ifreq ifr = { 0 };
	int err = if_ioctl(ifname, SIOCGIFHWADDR, &ifr,
	                   "read the hardware address", why);

	if (err)
		return err;
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return why_fail(why, EINVAL, "%s is no Ethernet interface",
		                ifname);
	memcpy(mac, ifr.ifr_hwaddr.sa_data, ETHER_ADDR_LEN);
	return 0;
}
