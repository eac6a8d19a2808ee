/* SPDX-License-Identifier: MIT */
/* getifaddrs, if_* and the SIOCGIF* requests: addresses as the stack has them.
 * Names other than lo are not compared.
 */
#include <ifaddrs.h>
#include <net/if.h>

#include "tests/oracle/oracle.h"

static const char *find_name(const struct ifaddrs *list, const char *ip)
{
	struct addr want = addr_of(ip, 0);

	for (; list; list = list->ifa_next) {
		const struct sockaddr *sa = list->ifa_addr;

		if (!sa || sa->sa_family != want.sa.sa_family)
			continue;
		if (sa->sa_family == AF_INET ?
		    ((const struct sockaddr_in *)sa)->sin_addr.s_addr ==
		    want.in.sin_addr.s_addr :
		    !memcmp(&((const struct sockaddr_in6 *)sa)->sin6_addr,
		            &want.in6.sin6_addr, 16))
			return list->ifa_name;
	}
	return NULL;
}

static void say_entry(const struct ifaddrs *list, const char *ip)
{
	const char *name = find_name(list, ip);

	for (; name && list; list = list->ifa_next)
		if (list->ifa_addr && !strcmp(list->ifa_name, name) &&
		    find_name((struct ifaddrs[]){ { .ifa_name = list->ifa_name,
		    .ifa_addr = list->ifa_addr } }, ip))
			break;
	if (!name || !list) {
		say("%s: not there", ip);
		return;
	}
	say("%s: there, mask %s, is lo: %s", ip,
	    list->ifa_netmask ? addr_text(list->ifa_netmask,
	    sizeof(struct sockaddr_in6)) : "none",
	    strcmp(name, "lo") ? "no" : "yes");
	say("%s: up %d running %d loopback %d broadcast %d multicast %d", ip,
	    !!(list->ifa_flags & IFF_UP), !!(list->ifa_flags & IFF_RUNNING),
	    !!(list->ifa_flags & IFF_LOOPBACK),
	    !!(list->ifa_flags & IFF_BROADCAST),
	    !!(list->ifa_flags & IFF_MULTICAST));
	if (list->ifa_addr->sa_family == AF_INET &&
	    list->ifa_flags & IFF_BROADCAST)
		say("%s: broadcast %s", ip, list->ifa_broadaddr ?
		    addr_text(list->ifa_broadaddr,
		    sizeof(struct sockaddr_in)) : "none");
}

static void requests(const char *name, const char *label)
{
	struct ifreq req;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	say_prefix = label;
	memset(&req, 0, sizeof(req));
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	say_rc(ioctl(fd, SIOCGIFADDR, &req), "SIOCGIFADDR");
	say("address %s", addr_text(&req.ifr_addr, 16));
	say_rc(ioctl(fd, SIOCGIFNETMASK, &req), "SIOCGIFNETMASK");
	say("mask %s", addr_text(&req.ifr_addr, 16));
	say_rc(ioctl(fd, SIOCGIFFLAGS, &req), "SIOCGIFFLAGS");
	say("up %d loopback %d", !!(req.ifr_flags & IFF_UP),
	    !!(req.ifr_flags & IFF_LOOPBACK));
	say_rc(ioctl(fd, SIOCGIFMTU, &req), "SIOCGIFMTU");
	say("MTU at least 1500: %s", req.ifr_mtu >= 1500 ? "yes" : "no");
	say_rc(ioctl(fd, SIOCGIFHWADDR, &req), "SIOCGIFHWADDR");
	say("hardware type %d", req.ifr_hwaddr.sa_family);
	say_rc(ioctl(fd, SIOCGIFINDEX, &req), "SIOCGIFINDEX");
	say("index as if_nametoindex says: %s",
	    (unsigned)req.ifr_ifindex == if_nametoindex(name) ? "yes" : "no");
	close(fd);
}

static void unknown_interface(void)
{
	struct ifreq req = { .ifr_name = "nonesuch" };
	char name[IF_NAMESIZE];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say_prefix = "nonesuch";
	say_rc(ioctl(fd, SIOCGIFADDR, &req), "SIOCGIFADDR");
	say_rc(ioctl(fd, SIOCGIFFLAGS, &req), "SIOCGIFFLAGS");
	say_rc(ioctl(fd, SIOCGIFINDEX, &req), "SIOCGIFINDEX");
	errno = 0;
	say("if_nametoindex %u %s", if_nametoindex("nonesuch"),
	    error_name(errno));
	say("if_indextoname %s", if_indextoname(9999, name) ? "known" :
	    error_name(errno));
	close(fd);
}

static void configuration(void)
{
	struct ifreq reqs[16];
	struct ifconf conf = { .ifc_len = sizeof(reqs) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say_prefix = "SIOCGIFCONF";
	conf.ifc_req = reqs;
	say_rc(ioctl(fd, SIOCGIFCONF, &conf), "request");
	for (int i = 0; i < conf.ifc_len / (int)sizeof(reqs[0]); i++)
		say("%s", addr_text(&reqs[i].ifr_addr, 16));
	close(fd);
}

static void indexes(void)
{
	struct if_nameindex *list = if_nameindex();
	int count = 0, right_count = 0;
	bool has_lo = false;

	say_prefix = "if_nameindex";
	for (int i = 0; list && list[i].if_index; i++) {
		char name[IF_NAMESIZE] = "";

		count++;
		has_lo |= !strcmp(list[i].if_name, "lo");
		right_count += if_nametoindex(list[i].if_name) ==
			list[i].if_index &&
			if_indextoname(list[i].if_index, name) &&
			!strcmp(name, list[i].if_name);
	}
	say("%d interfaces, lo %s, all agree: %s", count,
	    has_lo ? "there" : "missing", count == right_count ? "yes" : "no");
	if_freenameindex(list);
}

int main(void)
{
	static const char *const ips[] = { "127.0.0.1", "::1", OWN4, OWN6,
	                                   PEER4 };
	struct ifaddrs *list;
	const char *name;

	oracle_start();
	say_prefix = "getifaddrs";
	say_rc(getifaddrs(&list), "call");
	for (size_t i = 0; i < ARRAY_COUNT(ips); i++)
		say_entry(list, ips[i]);
	name = find_name(list, OWN4);
	requests(name ? name : "missing", "own");
	requests("lo", "lo");
	unknown_interface();
	configuration();
	indexes();
	freeifaddrs(list);
	return 0;
}
