/* SPDX-License-Identifier: MIT */
/* The places where lwIP asks us; included by its sources (LWIP_HOOK_FILENAME).
 */
#ifndef NETCOND_STACK_PORT_HOOKS_H
#define NETCOND_STACK_PORT_HOOKS_H

#include <lwip/err.h>
#include <lwip/ip_addr.h>

struct dhcp_msg;
struct netif;
struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

/* Every segment that found a pcb (a listening one, too), its checksum verified,
 * before lwIP looks at its options: optlen bytes of them, the first opt1len
 * behind the header, the rest at opt2. Return: ERR_OK to go on with it.
 */
err_t hook_tcp_inpacket(struct tcp_pcb *pcb, struct tcp_hdr *hdr,
                        uint16_t optlen, uint16_t opt1len, uint8_t *opt2);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, hdr, optlen, opt1len, opt2, p)        \
	hook_tcp_inpacket(pcb, hdr, optlen, opt1len, opt2)

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

/* A DHCP message is about to leave; *len bytes of options. lwIP's word on its
 * type is wrong when it rebinds.
 */
void hook_dhcp_append(struct dhcp_msg *msg, uint16_t *len);
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, type, len)     \
	hook_dhcp_append(msg, len)

/* A reply has an option that lwIP does not know; len bytes at offset. */
void hook_dhcp_option(uint8_t code, uint8_t len, struct pbuf *p,
                      uint16_t offset);
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, type, code, len, \
                                    p, offset)                                \
	((void)(msg), hook_dhcp_option(code, len, p, offset))

#endif
