/* SPDX-License-Identifier: MIT */
/* lwIP's errors and ICMP's messages as errno values. */
#ifndef NETCOND_STACK_ERRMAP_H
#define NETCOND_STACK_ERRMAP_H

#include <stdbool.h>
#include <stdint.h>

/* An ICMP error as Linux sees it. */
struct errmap_icmp {
	int error;     /* positive errno; 0: no error for a socket */
	bool is_fatal; /* tells a connected UDP socket without IP_RECVERR */
};

int errmap_call(int err);
int errmap_tcp(int err, bool was_connecting);
struct errmap_icmp errmap_icmp4(uint8_t type, uint8_t code);
struct errmap_icmp errmap_icmp6(uint8_t type, uint8_t code);

#endif
