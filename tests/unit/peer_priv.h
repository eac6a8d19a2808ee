/* SPDX-License-Identifier: MIT */
/* What the two files of the scripted peer share. */
#ifndef NETCOND_TESTS_UNIT_PEER_PRIV_H
#define NETCOND_TESTS_UNIT_PEER_PRIV_H

#include "fastpath/netdev_mem.h"
#include "tests/unit/peer.h"

struct peer_frame {
	struct peer_frame *next;
	struct peer_seg seg;   /* its data points below */
	uint8_t data[];
};

extern const uint8_t peer_ip4[4], peer_own_ip4[4];
extern const uint8_t peer_ip6[16], peer_own_ip6[16];

void peer_look_at(struct peer *peer, const struct netdev_mem_frame *f);

#endif
