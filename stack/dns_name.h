/* SPDX-License-Identifier: MIT */
/* Domain names as they stand in a DNS message. */
#ifndef NETCOND_STACK_DNS_NAME_H
#define NETCOND_STACK_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_WIRE_LEN 255 /* bytes with the root's, RFC 1035 2.3.4 */
#define DNS_LABEL_LEN 63

/* Labels, each after its length, and the root's 0; not compressed. */
struct dns_name {
	uint8_t len;         /* bytes of wire in use; 0: no name */
	uint8_t wire[DNS_NAME_WIRE_LEN];
};

int dns_name_from_text(const char *text, struct dns_name *out);
int dns_name_to_text(const struct dns_name *name, char *buf, size_t room);
int dns_name_read(const uint8_t *msg, size_t len, size_t *at,
                  struct dns_name *out);
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

#endif
