/* SPDX-License-Identifier: MIT */
/* sockaddr and back.
 *
 * Theory of operation
 *
 * Only here IPv4 wears its v4-mapped form (RFC 4291 section 2.5.5.2): inside
 * the stack ::ffff:10.0.0.1 is an IPADDR_TYPE_V4 address. Scope ids are the
 * stack's interface indices; lwIP's zones are its own numbers, so they are
 * translated both ways.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <lwip/netif.h>

#include "stack/addr.h"
#include "stack/sock_priv.h"

/* What Linux asks of a sockaddr_in6 at least: all but the scope id, as it was
 * in RFC 2133 (SIN6_LEN_RFC2133 in net/ipv6.h of the kernel).
 */
#define SIN6_LEN_MIN 24

static int zone_from_scope(uint32_t scope_id, uint8_t *zone)
{
	struct netif *netif;

	if (!scope_id)
		return -EINVAL;
	NETIF_FOREACH(netif) {
		if (stack_netif_idx(stack_self, netif) == scope_id) {
			*zone = netif_get_index(netif);
			return 0;
		}
	}
	return -ENODEV;
}

static uint32_t scope_from_zone(uint8_t zone)
{
	struct netif *netif = netif_get_by_index(zone);

	return netif && stack_self ? stack_netif_idx(stack_self, netif) : 0;
}

static int from_sin(const struct sockaddr_in *sin, ip_addr_t *ip,
                    uint16_t *port)
{
	ip_addr_set_ip4_u32_val(*ip, sin->sin_addr.s_addr);
	*port = ntohs(sin->sin_port);
	return 0;
}

static int from_sin6(const struct sockaddr_in6 *sin6, uint32_t scope_id,
                     ip_addr_t *ip, uint16_t *port)
{
	uint32_t words[4];
	uint8_t zone;
	int err;

	memcpy(words, &sin6->sin6_addr, sizeof(words));
	*port = ntohs(sin6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		ip_addr_set_ip4_u32_val(*ip, words[3]);
		return 0;
	}
	IP_ADDR6(ip, words[0], words[1], words[2], words[3]);
	if (!ip6_addr_has_scope(ip_2_ip6(ip), IP6_UNKNOWN))
		return 0;
	/* A multicast group of link scope may go without: the option
	 * IPV6_MULTICAST_IF or the default interface says where.
	 */
	if (!scope_id && ip6_addr_ismulticast(ip_2_ip6(ip)))
		return 0;
	err = zone_from_scope(scope_id, &zone);
	if (err)
		return err;
	ip6_addr_set_zone(ip_2_ip6(ip), zone);
	return 0;
}

/**
 * addr_from_sockaddr() - The address of a bind or connect.
 * @domain:	the sock's, AF_INET or AF_INET6
 * @sa:		as the program gave it, any alignment
 * @len:	bytes at @sa
 * @ip:		filled; v4-mapped becomes IPADDR_TYPE_V4
 * @port:	filled, host order
 *
 * An AF_INET sock takes AF_UNSPEC with INADDR_ANY for AF_INET: programs that
 * forget the family bind so, and Linux lets them (inet_bind).
 *
 * Return: 0, -EINVAL when too short or when a link-local address has no scope,
 * -EAFNOSUPPORT for another family, -ENODEV for a scope that is no interface.
 */
int addr_from_sockaddr(int domain, const struct sockaddr *sa, socklen_t len,
                       ip_addr_t *ip, uint16_t *port)
{
	size_t len_min = domain == AF_INET6 ? SIN6_LEN_MIN
	                                    : sizeof(struct sockaddr_in);
	struct sockaddr_in6 sin6 = { .sin6_scope_id = 0 };
	struct sockaddr_in sin;

	if (len < len_min)
		return -EINVAL;
	if (domain == AF_INET6) {
		memcpy(&sin6, sa, len < sizeof(sin6) ? len : sizeof(sin6));
		if (sin6.sin6_family != AF_INET6)
			return -EAFNOSUPPORT;
		return from_sin6(&sin6, sin6.sin6_scope_id, ip, port);
	}
	memcpy(&sin, sa, sizeof(sin));
	if (sin.sin_family != AF_INET &&
	    (sin.sin_family != AF_UNSPEC || sin.sin_addr.s_addr != INADDR_ANY))
		return -EAFNOSUPPORT;
	return from_sin(&sin, ip, port);
}

/**
 * addr_from_dgram_peer() - The address of a UDP sock's connect.
 * @domain:	the sock's, AF_INET or AF_INET6
 * @sa:		as the program gave it, any alignment
 * @len:	bytes at @sa
 * @ip:		filled, as addr_from_sockaddr()
 * @port:	filled, host order
 *
 * Unlike bind an AF_INET6 sock takes a sockaddr_in too
 * (__ip6_datagram_connect).
 *
 * Return: as addr_from_sockaddr().
 */
int addr_from_dgram_peer(int domain, const struct sockaddr *sa, socklen_t len,
                         ip_addr_t *ip, uint16_t *port)
{
	sa_family_t family;

	if (len < sizeof(family))
		return -EINVAL;
	memcpy(&family, sa, sizeof(family));
	return addr_from_sockaddr(family == AF_INET ? AF_INET : domain, sa, len,
	                          ip, port);
}

/**
 * addr_from_dgram_dst() - The address one datagram is to go to.
 * @domain:	the sock's, AF_INET or AF_INET6
 * @sa:		as the program gave it, any alignment
 * @len:	bytes at @sa
 * @ip:		filled, as addr_from_sockaddr()
 * @port:	filled, host order
 *
 * As a connect's, but an AF_INET sock takes AF_UNSPEC for AF_INET, and an
 * AF_INET6 sock says EINVAL of a wrong family (udp_sendmsg, udpv6_sendmsg).
 *
 * Return: as addr_from_sockaddr(), and -EINVAL for port 0.
 */
int addr_from_dgram_dst(int domain, const struct sockaddr *sa, socklen_t len,
                        ip_addr_t *ip, uint16_t *port)
{
	struct sockaddr_in sin;
	int err;

	if (domain == AF_INET && len >= sizeof(sin)) {
		memcpy(&sin, sa, sizeof(sin));
		if (sin.sin_family == AF_UNSPEC)
			sin.sin_family = AF_INET;
		err = addr_from_sockaddr(domain, (struct sockaddr *)&sin,
		                         sizeof(sin), ip, port);
	} else {
		err = addr_from_dgram_peer(domain, sa, len, ip, port);
	}
	if (err == -EAFNOSUPPORT && domain == AF_INET6)
		return -EINVAL;
	return !err && !*port ? -EINVAL : err;
}

/**
 * addr_to_sockaddr() - An address as a program of that domain expects it.
 * @domain:	AF_INET or AF_INET6
 * @ip:		an IPv4 address in AF_INET6 is written v4-mapped, but
 *		IPADDR_TYPE_ANY is ::
 * @port:	host order
 * @out:	filled; the rest is zero
 */
void addr_to_sockaddr(int domain, const ip_addr_t *ip, uint16_t port,
                      struct sockaddr_storage *out)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *sin = (struct sockaddr_in *)out;
	uint32_t mapped[4] = { 0, 0, htonl(0xffff), 0 };

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)domain;
	if (domain == AF_INET) {
		sin->sin_port = htons(port);
		sin->sin_addr.s_addr = IP_IS_V4(ip) ?
			ip4_addr_get_u32(ip_2_ip4(ip)) : INADDR_ANY;
		return;
	}
	sin6->sin6_port = htons(port);
	if (IP_IS_V4(ip)) {
		mapped[3] = ip4_addr_get_u32(ip_2_ip4(ip));
		memcpy(&sin6->sin6_addr, mapped, sizeof(mapped));
		return;
	}
	memcpy(&sin6->sin6_addr, ip_2_ip6(ip)->addr, sizeof(mapped));
	if (ip6_addr_has_zone(ip_2_ip6(ip)))
		sin6->sin6_scope_id = scope_from_zone(ip6_addr_zone(ip_2_ip6(ip)));
}

/**
 * addr_any_to_loopback() - What a connect to the wildcard means on Linux.
 * @ip:	0.0.0.0 becomes 127.0.0.1 and :: becomes ::1; others stay
 */
void addr_any_to_loopback(ip_addr_t *ip)
{
	if (!ip_addr_isany(ip))
		return;
	if (IP_IS_V4(ip))
		ip_addr_set_loopback(false, ip);
	else
		ip_addr_set_loopback(true, ip);
}
