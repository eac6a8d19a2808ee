/* SPDX-License-Identifier: MIT */
/* The places where lwIP asks us; included by its sources (LWIP_HOOK_FILENAME).
 */
#ifndef NETCOND_STACK_PORT_HOOKS_H
#define NETCOND_STACK_PORT_HOOKS_H

#include <lwip/err.h>

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

/* Every segment that found a pcb, before it is processed. Return: ERR_OK, or
 * another to have it dropped.
 */
err_t hook_tcp_inpacket(struct tcp_pcb *pcb, const struct tcp_hdr *hdr,
                        struct pbuf *p);

#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, hdr, optlen, opt1len, opt2, p)        \
	hook_tcp_inpacket(pcb, hdr, p)

#endif
