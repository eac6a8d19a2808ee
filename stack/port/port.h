/* SPDX-License-Identifier: MIT */
/* What stack/port/ gives to the rest of stack/. */
#ifndef NETCOND_STACK_PORT_PORT_H
#define NETCOND_STACK_PORT_PORT_H

#include <lwip/ip_addr.h>
#include <stdint.h>

uint64_t port_hash(const uint64_t *words, unsigned count);
uint64_t port_hash_tuple(const ip_addr_t *local_ip, uint16_t local_port,
                         const ip_addr_t *peer_ip, uint16_t peer_port);

#endif
