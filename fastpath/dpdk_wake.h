/* SPDX-License-Identifier: MIT */
/* What wakes a sleeping loop when a DPDK port has received something. */
#ifndef NETCOND_FASTPATH_DPDK_WAKE_H
#define NETCOND_FASTPATH_DPDK_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#define DPDK_WAKE_FAST_US 100  /* between looks at a port without interrupts */
#define DPDK_WAKE_SLOW_US 1000 /* the same when it has been idle for long */

struct dpdk_wake {
	int fd;               /* readable: look at the port; -1: not open */
	uint16_t port;
	bool has_interrupts;  /* fd is an epoll set of EAL's; else a timer */
	bool is_enabled;      /* the interrupt is */
	bool is_slow;         /* the timer is */
	unsigned ticks;       /* of the timer since the last frame */
};

int dpdk_wake_open(struct dpdk_wake *wake, uint16_t port, char *why);
void dpdk_wake_close(struct dpdk_wake *wake);
bool dpdk_wake_on_idle(struct dpdk_wake *wake);
void dpdk_wake_on_frames(struct dpdk_wake *wake);

#endif
