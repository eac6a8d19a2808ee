/* SPDX-License-Identifier: MIT */
/* A device that is only memory: a test stands where the wire would be.
 *
 * Theory of operation
 *
 * Open it with netdev_open() and the backend "mem". The test is the peer:
 *
 *     netdev_mem_inject(dev, ...)   the peer sends; netdev_rx_burst() finds it
 *     netdev_mem_sent(dev)          the oldest frame that netdev_tx() took
 *     netdev_mem_sent_pop(dev)      done with it
 *
 * Both directions are bounded and keep their order. What a real device would
 * do to a frame is not done: a super-frame is recorded whole with its notes,
 * and a checksum that was left to the device stays the pseudo-header's sum.
 * The descriptor of netdev_rx_fd() is readable exactly while injected frames
 * wait, so a loop can sleep on it.
 *
 * Boundaries can be made to fail: no receive frames (conf.frame_count), a full
 * device (netdev_mem_set_tx_limit), an error at the n-th frame
 * (netdev_mem_fail_tx).
 */
#ifndef NETCOND_FASTPATH_NETDEV_MEM_H
#define NETCOND_FASTPATH_NETDEV_MEM_H

#include "fastpath/netdev.h"

/* A frame that was sent: flat, with what was asked of the device. */
struct netdev_mem_frame {
	struct netdev_mem_frame *next; /* sent later */
	struct frame_out notes; /* iov and iovcnt are cleared */
	uint8_t data[];         /* notes.len bytes */
};

int netdev_mem_inject(struct netdev *dev, const void *data, size_t len);
int netdev_mem_inject_noted(struct netdev *dev, const void *data, size_t len,
                            enum frame_csum csum, uint16_t gso_size);
unsigned netdev_mem_rx_waiting(const struct netdev *dev);

const struct netdev_mem_frame *netdev_mem_sent(const struct netdev *dev);
unsigned netdev_mem_sent_count(const struct netdev *dev);
void netdev_mem_sent_pop(struct netdev *dev);
void netdev_mem_sent_clear(struct netdev *dev);

void netdev_mem_set_caps(struct netdev *dev, unsigned caps);
void netdev_mem_set_tx_limit(struct netdev *dev, unsigned limit);
void netdev_mem_fail_tx(struct netdev *dev, unsigned nth, int err);

#endif
