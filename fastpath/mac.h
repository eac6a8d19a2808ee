/* SPDX-License-Identifier: MIT */
/* Ethernet addresses of our own. */
#ifndef NETCOND_FASTPATH_MAC_H
#define NETCOND_FASTPATH_MAC_H

#include <net/ethernet.h>
#include <stdint.h>

void mac_derive(const uint8_t kernel_mac[ETHER_ADDR_LEN],
                uint8_t mac[ETHER_ADDR_LEN]);

#endif
