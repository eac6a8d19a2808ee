/* SPDX-License-Identifier: MIT */
/* DNS messages (RFC 1035): a query out, its answer in. No state, no I/O. */
#ifndef NETCOND_STACK_DNS_MSG_H
#define NETCOND_STACK_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stack/stack.h"

#define DNS_NAME_LEN 254     /* bytes of a name as text with its NUL */
#define DNS_UDP_LEN 512      /* bytes of a message over UDP without EDNS */
#define DNS_QUERY_LEN 272    /* bytes of the longest query */
#define DNS_PORT 53

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_AAAA = 28,
};

enum dns_rcode {
	DNS_RCODE_OK = 0,
	DNS_RCODE_NXDOMAIN = 3,
};

/* What was asked; an answer must be to it. */
struct dns_query {
	const char *name;    /* text, with or without a dot at the end */
	uint16_t id;
	uint16_t type;       /* enum dns_type */
};

struct dns_answer {
	uint8_t rcode;       /* enum dns_rcode, or another of RFC 1035 */
	bool is_truncated;   /* more would come over TCP */
	unsigned addr_count;
	struct stack_cidr addrs[STACK_RESOLVE_ADDR_MAX]; /* A, AAAA */
	char name[DNS_NAME_LEN]; /* A, AAAA: where the CNAMEs end; PTR: the
	                            name; "": none that is a host name */
	uint32_t ttl_s;      /* the smallest of the records used */
};

int dns_msg_encode(const struct dns_query *query, uint8_t *buf, size_t room);
int dns_msg_parse(const uint8_t *msg, size_t len,
                  const struct dns_query *query, struct dns_answer *out);
int dns_msg_reverse_name(const struct stack_cidr *addr,
                         char name[DNS_NAME_LEN]);

#endif
