/* SPDX-License-Identifier: MIT */
/* Which pcb a segment is for: see tcp_demux.c. */
#ifndef NETCOND_STACK_TCP_DEMUX_H
#define NETCOND_STACK_TCP_DEMUX_H

#include <lwip/tcp.h>
#include <stdbool.h>
#include <stdint.h>

#include "stack/limits.h"

/* A power of two; pcbs at their limit are one to two buckets each. */
#define TCP_DEMUX_BUCKETS (1u << 17)

/* The slots of a pcb's ext_args that are ours; slot 0 is sock_tcp.c's. */
enum tcp_demux_slot {
	TCP_DEMUX_SELF = 1, /* the pcb while it is in a list, else NULL */
	TCP_DEMUX_PREV,     /* the one before it in its list, or NULL */
	TCP_DEMUX_CHAIN,    /* the next one in its bucket, or NULL */
	TCP_DEMUX_PLACE,    /* its bucket's index << 1 | is it in TIME_WAIT */
	TCP_DEMUX_SLOT_COUNT
};

/* lwIP is one stack a process, and so is this. */
struct tcp_demux {
	struct tcp_pcb *bucket[TCP_DEMUX_BUCKETS];
	struct tcp_pcb *tw_last;        /* end of tcp_tw_pcbs: the oldest */
	struct tcp_pcb *hidden_active;  /* the lists while lwIP must not see */
	struct tcp_pcb *hidden_tw;      /* them, else NULL */
	uint32_t tw_on_port[65536];     /* in TIME_WAIT, by local port */
	unsigned active_count, tw_count; /* in each of the lists */
	uint64_t steps;                 /* pcbs ever looked at in buckets */
};

extern struct tcp_demux tcp_demux;

/* TCP_REG and TCP_RMV of lwIP: see port/pcb_lists.h. */
void tcp_demux_enter(struct tcp_pcb **list, struct tcp_pcb *pcb);
void tcp_demux_leave(struct tcp_pcb **list, struct tcp_pcb *pcb);

struct tcp_pcb *tcp_demux_find(const ip_addr_t *local_ip, uint16_t local_port,
                               const ip_addr_t *peer_ip, uint16_t peer_port);
struct tcp_pcb *tcp_demux_find_next(const struct tcp_pcb *pcb);

void tcp_demux_to_front(struct tcp_pcb *pcb);
void tcp_demux_hide(bool active, bool time_wait);
void tcp_demux_unhide(void);

#endif
