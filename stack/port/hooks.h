/* SPDX-License-Identifier: MIT */
/* The places where lwIP asks us; included by its sources (LWIP_HOOK_FILENAME).
 */
#ifndef NETCOND_STACK_PORT_HOOKS_H
#define NETCOND_STACK_PORT_HOOKS_H

#include <lwip/ip_addr.h>

struct netif;
struct pbuf;

/* The initial sequence number of a connection (RFC 6528): a secret hash of the
 * four, plus a clock of 4 us, so that a reused tuple goes on ahead.
 */
uint32_t hook_tcp_isn(const ip_addr_t *local_ip, uint16_t local_port,
                      const ip_addr_t *peer_ip, uint16_t peer_port);
#define LWIP_HOOK_TCP_ISN hook_tcp_isn

/* The router to a destination that is not on the link; NULL: lwIP looks among
 * those that advertise themselves.
 */
const ip6_addr_t *hook_nd6_gw(struct netif *netif, const ip6_addr_t *dst);
#define LWIP_HOOK_ND6_GET_GW hook_nd6_gw

/* Every IPv4 packet in, before its destination is looked at. Return: 0 to go
 * on with it.
 */
int hook_ip4_input(struct pbuf *p, struct netif *netif);
#define LWIP_HOOK_IP4_INPUT hook_ip4_input

#endif
