/* SPDX-License-Identifier: MIT */
/* Ethernet addresses of our own. */
#include "fastpath/mac.h"

#include <string.h>

/* The stack's address on a link where the kernel has kernel_mac: derived from
 * that, so that neighbours find the stack under the same address after a
 * restart, and never equal to it. RFC 7042 section 2.1: bit 0 of the first byte
 * is multicast, bit 1 local.
 */
void mac_derive(const uint8_t kernel_mac[ETHER_ADDR_LEN],
                uint8_t mac[ETHER_ADDR_LEN])
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */

	for (unsigned i = 0; i < ETHER_ADDR_LEN; i++)
		hash = (hash ^ kernel_mac[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	for (unsigned i = 0; i < ETHER_ADDR_LEN; i++)
		mac[i] = hash >> (8 * i);
	mac[0] = (mac[0] & ~1) | 2;
	if (!memcmp(mac, kernel_mac, ETHER_ADDR_LEN))
		mac[5] ^= 1;
}
