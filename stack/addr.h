/* SPDX-License-Identifier: MIT */
/* sockaddr and back; addr_from_sockaddr() and addr_to_sockaddr() stand in
 * sock_priv.h.
 */
#ifndef NETCOND_STACK_ADDR_H
#define NETCOND_STACK_ADDR_H

#include <lwip/ip_addr.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

int addr_from_dgram_dst(int domain, const struct sockaddr *sa, socklen_t len,
                        ip_addr_t *ip, uint16_t *port);
bool addr_overlaps(const ip_addr_t *a, const ip_addr_t *b);
void addr_any_to_loopback(ip_addr_t *ip);

#endif
