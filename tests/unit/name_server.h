/* SPDX-License-Identifier: MIT */
/* A scripted name server on the wire, and what the resolver calls back. Included
 * by one file of a test program.
 */
#ifndef NETCOND_TESTS_UNIT_NAME_SERVER_H
#define NETCOND_TESTS_UNIT_NAME_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/cidr.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#define SERVER1 WIRE_PEER4
#define SERVER2 WIRE_PEER6
#define TRY_US 2000000
#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_PTR 12
#define TYPE_AAAA 28
#define NXDOMAIN 3
#define SERVFAIL 2
#define TRUNCATED 0x0200

static struct wire wire;

/* What the callback was told. */
static struct result {
	unsigned calls;
	int err;
	unsigned count;
	struct stack_cidr addrs[STACK_RESOLVE_ADDR_MAX];
	char name[256];
	uint32_t ttl_s;
	struct stack_query *cancel; /* in the callback */
} result;

static inline void on_resolved(void *user, int err, const struct stack_cidr *addrs,
                        unsigned count, const char *name, uint32_t ttl_s)
{
	struct result *r = user;

	r->calls++;
	r->err = err;
	r->count = count;
	memcpy(r->addrs, addrs, count * sizeof(*addrs));
	snprintf(r->name, sizeof(r->name), "%s", name ? name : "");
	r->ttl_s = ttl_s;
	if (r->cancel)
		stack_resolve_cancel(r->cancel);
}

static inline void open_with(unsigned dns_count)
{
	static const struct sock_events events;
	struct stack_conf conf = { .dns_count = dns_count };

	memset(&result, 0, sizeof(result));
	wire_addr(SERVER1, 53, &conf.dns[0]);
	wire_addr(SERVER2, 5353, &conf.dns[1]);
	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, &conf), 0);
}

static inline void close_all(void)
{
	wire_close(&wire);
}

static inline struct stack_query *ask(const char *name, int family)
{
	struct stack_query *query = NULL;

	CU_ASSERT_EQUAL_FATAL(stack_resolve(wire.stack, name, family,
	                                    on_resolved, &result, &query), 0);
	CU_ASSERT_EQUAL(result.calls, 0);
	wire_turn(&wire);
	return query;
}

/* A query as the server got it. */
struct asked {
	struct wire_packet packet;
	uint8_t msg[512];
	size_t len;
	unsigned type;
};

static inline bool take(struct asked *asked)
{
	const uint8_t *at = asked->msg + 12;

	if (!wire_take(&wire, &asked->packet))
		return false;
	CU_ASSERT_EQUAL(asked->packet.dst_port,
	                strcmp(asked->packet.dst, SERVER2) ? 53 : 5353);
	CU_ASSERT_FALSE(asked->packet.has_bad_sum);
	asked->len = asked->packet.len;
	CU_ASSERT_TRUE_FATAL(asked->len <= sizeof(asked->msg));
	memcpy(asked->msg, asked->packet.data, asked->len);
	while (*at)
		at += *at + 1;
	asked->type = at[2];
	return true;
}

/* The start of an answer: the question, flags and a number of records. */
static inline size_t begin(const struct asked *asked, uint8_t *out, unsigned flags,
                    unsigned answers)
{
	memcpy(out, asked->msg, asked->len);
	out[2] = (uint8_t)(0x81 | flags >> 8);
	out[3] = (uint8_t)(0x80 | flags);
	out[7] = (uint8_t)answers;
	return asked->len;
}

static inline size_t put_addr(uint8_t *out, size_t at, const char *addr)
{
	static const uint8_t head[] = { 0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 99, 0 };
	bool is_v6 = strchr(addr, ':');

	memcpy(out + at, head, sizeof(head));
	out[at + 3] = is_v6 ? TYPE_AAAA : TYPE_A;
	out[at + 11] = is_v6 ? 16 : 4;
	inet_pton(is_v6 ? AF_INET6 : AF_INET, addr, out + at + 12);
	return at + 12 + out[at + 11];
}

static inline void reply(const struct asked *asked, const uint8_t *msg, size_t len)
{
	wire_send(&wire, asked->packet.dst, asked->packet.dst_port,
	          asked->packet.src, asked->packet.src_port, msg, len);
}

static inline void answer(const struct asked *asked, const char *addr)
{
	uint8_t out[600];
	size_t len = begin(asked, out, 0, 1);

	reply(asked, out, put_addr(out, len, addr));
}

static inline void answer_code(const struct asked *asked, unsigned flags)
{
	uint8_t out[600];

	reply(asked, out, begin(asked, out, flags, 0));
}

static inline bool is_addr(unsigned idx, const char *text)
{
	struct stack_cidr want;

	CU_ASSERT_EQUAL_FATAL(cidr_parse_addr(text, &want), 0);
	return idx < result.count && cidr_contains(&want, &result.addrs[idx]);
}

#endif
