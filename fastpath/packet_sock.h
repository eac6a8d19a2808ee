/* SPDX-License-Identifier: MIT */
/* A packet socket that gets what is the stack's of an interface's frames. */
#ifndef NETCOND_FASTPATH_PACKET_SOCK_H
#define NETCOND_FASTPATH_PACKET_SOCK_H

#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct packet_sock {
	int fd;                      /* non-blocking; -1: not open */
	char name[IFNAMSIZ];         /* the interface; the caller's to fill */
	int ifindex;                 /* of it; the caller's to fill */
	uint8_t mac[ETHER_ADDR_LEN]; /* the stack's; the caller's to fill */
	bool has_own_mac;            /* not the interface's; the caller's, too */
	bool is_bypassing;           /* frames out pass no queueing discipline */
};

int packet_sock_open(struct packet_sock *sock, char *why);
void packet_sock_close(struct packet_sock *sock);
unsigned packet_sock_rcvbuf(const struct packet_sock *sock);
unsigned packet_sock_take_drops(const struct packet_sock *sock);
bool packet_sock_is_gone(const struct packet_sock *sock);

#endif
