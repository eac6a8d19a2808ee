/* SPDX-License-Identifier: MIT */
/* A network namespace for a test program, and packets made by hand. */
#ifndef NETCOND_TESTS_UNIT_NETNS_H
#define NETCOND_TESTS_UNIT_NETNS_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fastpath/frame.h"

#define KERNEL_IP4 0x0a630001u /* 10.99.0.1, in host order */
#define STACK_IP4 0x0a630002u
#define FRAME_ROOM 66000

/* A frame under construction, with its notes. */
struct made_frame {
	uint8_t data[FRAME_ROOM];
	struct iovec iov;      /* all of it */
	struct frame_out out;  /* refers to iov */
};

/* What a received TCP or UDP frame over IPv4 says. */
struct seen_frame {
	uint8_t protocol;      /* IPPROTO_TCP or IPPROTO_UDP; 0: another frame */
	uint8_t tcp_flags;
	uint16_t src_port;
	uint16_t dst_port;
	uint32_t seq;
	const uint8_t *l4;     /* the TCP or UDP header */
	size_t l4_len;         /* bytes from there on */
	const uint8_t *payload;
	size_t payload_len;
};

const char *netns_enter(void);
bool netns_set_neighbour(const char *ifname, const uint8_t *mac);
int netns_tap_persist(const char *ifname, unsigned extra_flags, int uid,
                      bool is_on);

void made_udp4(struct made_frame *made, const uint8_t *dst_mac,
               const uint8_t *src_mac, uint16_t src_port, uint16_t dst_port,
               size_t payload_len, bool needs_csum);
void made_tcp4(struct made_frame *made, const uint8_t *dst_mac,
               const uint8_t *src_mac, const struct seen_frame *answers,
               uint32_t seq, uint8_t tcp_flags);
void seen_parse(const struct frame *frame, struct seen_frame *seen);
uint16_t l4_sum(uint8_t protocol, uint32_t src, uint32_t dst,
                const uint8_t *l4, size_t len);

#endif
