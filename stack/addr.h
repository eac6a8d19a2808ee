/* SPDX-License-Identifier: MIT */
/* sockaddr and back; addr_from_sockaddr() and addr_to_sockaddr() stand in
 * sock_priv.h.
 */
#ifndef NETCOND_STACK_ADDR_H
#define NETCOND_STACK_ADDR_H

#include <lwip/ip_addr.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

int addr_from_dgram_peer(int domain, const struct sockaddr *sa, socklen_t len,
                         ip_addr_t *ip, uint16_t *port);
int addr_from_dgram_dst(int domain, const struct sockaddr *sa, socklen_t len,
                        ip_addr_t *ip, uint16_t *port);
void addr_any_to_loopback(ip_addr_t *ip);

/* May one packet be for both of two local addresses? Each is a wildcard of its
 * family (zero), of both (IPADDR_TYPE_ANY), or an address.
 */
static inline bool addr_overlaps(const ip_addr_t *a, const ip_addr_t *b)
{
	if (IP_IS_ANY_TYPE_VAL(*a) || IP_IS_ANY_TYPE_VAL(*b))
		return true;
	if (IP_GET_TYPE(a) != IP_GET_TYPE(b))
		return false;
	return ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b);
}

#endif
