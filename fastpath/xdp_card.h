/* SPDX-License-Identifier: MIT */
/* What a card is, before anything is attached to it. */
#ifndef NETCOND_FASTPATH_XDP_CARD_H
#define NETCOND_FASTPATH_XDP_CARD_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stdint.h>

#include "fastpath/netdev.h"

struct xdp_card {
	unsigned ifindex;
	unsigned mtu;
	unsigned queues;             /* 0: the driver does not say */
	uint8_t mac[ETHER_ADDR_LEN];
};

int xdp_card_read(struct xdp_card *card, const char *ifname, char *why);
int xdp_card_check(const struct xdp_card *card, const struct netdev_conf *conf,
                   char *why);
bool xdp_card_is_there(unsigned ifindex, bool *is_up);

#endif
