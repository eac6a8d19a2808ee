/* SPDX-License-Identifier: MIT */
/* lwIP's TCP enters its pcbs into lists, and takes them out, by way of ours;
 * included before its sources that do (see stack/tcp_demux.c).
 *
 * Its own macros also call tcp_timer_needed(), which does nothing where
 * LWIP_TIMERS is off.
 */
#ifndef NETCOND_STACK_PORT_PCB_LISTS_H
#define NETCOND_STACK_PORT_PCB_LISTS_H

#include "lwip/priv/tcp_priv.h"

void tcp_demux_enter(struct tcp_pcb **list, struct tcp_pcb *pcb);
void tcp_demux_leave(struct tcp_pcb **list, struct tcp_pcb *pcb);

#undef TCP_REG
#define TCP_REG(pcbs, npcb) tcp_demux_enter(pcbs, npcb)
#undef TCP_RMV
#define TCP_RMV(pcbs, npcb) tcp_demux_leave(pcbs, npcb)

#endif
