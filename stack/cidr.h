/* SPDX-License-Identifier: MIT */
/* Addresses as users write them, with a prefix or a port. libc only: the
 * command line reads its options with it.
 */
#ifndef NETCOND_STACK_CIDR_H
#define NETCOND_STACK_CIDR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "stack/stack.h"

/* Bytes of the longest text with its NUL: an IPv6 address, '/' and 3 digits. */
#define CIDR_TEXT_LEN 51

int cidr_parse(const char *text, struct stack_cidr *out);
int cidr_parse_addr(const char *text, struct stack_cidr *out);
int cidr_parse_endpoint(const char *text, uint16_t default_port,
                        struct sockaddr_storage *out);
int cidr_format(const struct stack_cidr *cidr, char *buf, size_t len);
bool cidr_contains(const struct stack_cidr *cidr,
                   const struct stack_cidr *addr);

#endif
