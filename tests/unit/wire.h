/* SPDX-License-Identifier: MIT */
/* The other end of a memory netdev for datagrams: UDP and ICMP, IPv4 and IPv6,
 * and the stack's loop on a clock that the test owns.
 *
 * The other end is 10.107.0.1 and fd07:6e65:7463::1, the stack .2 and ::2. ARP
 * and neighbour solicitations are answered by themselves. Every UDP and ICMP
 * packet that the stack sends waits until the test takes it.
 */
#ifndef NETCOND_TESTS_UNIT_WIRE_H
#define NETCOND_TESTS_UNIT_WIRE_H

#include "fastpath/netdev.h"
#include "stack/sock.h"
#include "stack/stack.h"

#define WIRE_PEER4 "10.107.0.1"
#define WIRE_OWN4 "10.107.0.2"
#define WIRE_PEER6 "fd07:6e65:7463::1"
#define WIRE_OWN6 "fd07:6e65:7463::2"

/* A packet that the stack sent. */
struct wire_packet {
	bool is_v6;
	uint8_t proto;         /* IPPROTO_* */
	uint8_t ttl, tos;
	char src[48], dst[48]; /* as text */
	uint16_t src_port, dst_port; /* UDP */
	uint8_t type, code;    /* ICMP */
	bool is_fragment;
	bool has_bad_sum;      /* UDP */
	const uint8_t *data;   /* UDP's payload; valid until the next is taken */
	size_t len;
	const uint8_t *ip;     /* from the IP header on */
	size_t ip_len;
};

struct wire {
	struct netdev *dev;
	struct stack *stack;
	uint64_t now_us;
	struct wire_frame *head, *tail; /* packets not yet taken */
	struct wire_frame *taken;       /* the one that was lent */
	const char *also4;   /* another address that ARP is answered for */
	unsigned solicits;   /* router solicitations seen */
};

/* conf may be NULL; its dev is filled in, its addresses as well unless it asks
 * the network for them.
 */
int wire_open(struct wire *wire, const struct sock_events *events,
              const struct stack_conf *conf);
void wire_close(struct wire *wire);
void wire_turn(struct wire *wire);
void wire_wait(struct wire *wire, uint64_t us);
bool wire_take(struct wire *wire, struct wire_packet *packet);
/* One UDP datagram; addresses as text, both of one family. */
void wire_send(struct wire *wire, const char *src, uint16_t src_port,
               const char *dst, uint16_t dst_port, const void *data,
               size_t len);
/* An ICMPv6 message to all nodes; its checksum is filled in. */
void wire_send_icmp6(struct wire *wire, const char *src, const void *msg,
                     size_t len);
/* An ICMP error about a packet that the stack sent. */
void wire_send_error(struct wire *wire, const struct wire_packet *about,
                     uint8_t type, uint8_t code, uint32_t rest);
/* A sockaddr of a text address. */
socklen_t wire_addr(const char *text, uint16_t port,
                    struct sockaddr_storage *out);

#endif
