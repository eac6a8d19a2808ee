/* SPDX-License-Identifier: MIT */
/* The kernel's side of an interface: what is there, and setting it up. */
#ifndef NETCOND_FASTPATH_IFCONF_H
#define NETCOND_FASTPATH_IFCONF_H

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* An address of an interface; family is AF_INET or AF_INET6. */
struct ifconf_addr {
	sa_family_t family;
	uint8_t prefix_len; /* bits */
	union {
		struct in_addr in;
		struct in6_addr in6;
	};
};

bool ifconf_name_is_valid(const char *ifname);
bool ifconf_exists(const char *ifname);
int ifconf_get_addrs(const char *ifname, struct ifconf_addr *addrs,
                     unsigned max, unsigned *count, char *why);
bool ifconf_has_addr(const char *ifname);
int ifconf_add_addr(const char *ifname, const struct ifconf_addr *addr,
                    char *why);
bool ifconf_is_up(const char *ifname);
int ifconf_set_up(const char *ifname, char *why);
int ifconf_get_mtu(const char *ifname, unsigned *mtu, char *why);
int ifconf_set_mtu(const char *ifname, unsigned mtu, char *why);
int ifconf_get_mac(const char *ifname, uint8_t mac[ETHER_ADDR_LEN], char *why);

#endif
