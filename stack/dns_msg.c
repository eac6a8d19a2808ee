/* SPDX-License-Identifier: MIT */
/* DNS messages (RFC 1035): a query out, its answer in.
 *
 * Theory of operation
 *
 * Every byte of an answer is hostile. It is walked with one cursor that knows
 * the end; a message that is malformed anywhere in its answer section is
 * rejected as a whole. It must repeat our question, so that a forger has to
 * guess the id, the port and the name.
 *
 * Records of other owners than the name (through CNAMEs) are passed over. The
 * CNAMEs usually stand in order, so one pass finds the end of the chain; a
 * server may order them otherwise, so passes are made until one finds nothing
 * new, CHAIN_MAX at most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stack/dns_msg.h"
#include "stack/dns_name.h"

#define HEADER_LEN 12
#define CLASS_IN 1
#define CHAIN_MAX 16

#define FLAG_RESPONSE 0x8000
#define FLAG_OPCODE 0x7800
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION_DESIRED 0x0100
#define FLAG_RCODE 0x000f

/* A message while it is read. */
struct cursor {
	const uint8_t *msg;
	size_t len, at;
};

struct record {
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl_s;
	size_t data_at, data_len; /* in the message */
};

static bool take16(struct cursor *cur, uint16_t *out)
{
	if (cur->len - cur->at < 2)
		return false;
	*out = (uint16_t)(cur->msg[cur->at] << 8 | cur->msg[cur->at + 1]);
	cur->at += 2;
	return true;
}

static bool take_name(struct cursor *cur, struct dns_name *out)
{
	return !dns_name_read(cur->msg, cur->len, &cur->at, out);
}

static bool take_record(struct cursor *cur, struct record *out)
{
	uint16_t ttl_high, ttl_low, data_len;

	if (!take_name(cur, &out->owner) || !take16(cur, &out->type) ||
	    !take16(cur, &out->class) || !take16(cur, &ttl_high) ||
	    !take16(cur, &ttl_low) || !take16(cur, &data_len) ||
	    cur->len - cur->at < data_len)
		return false;
	/* A negative time counts as 0, RFC 2181 section 8. */
	out->ttl_s = ttl_high & 0x8000 ? 0 : (uint32_t)ttl_high << 16 | ttl_low;
	out->data_at = cur->at;
	out->data_len = data_len;
	cur->at += data_len;
	return true;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

/**
 * dns_msg_encode() - Write a query.
 * @query:	name, id, type
 * @buf:	filled
 * @room:	bytes at @buf; DNS_QUERY_LEN is always enough
 *
 * Return: its length, -EINVAL for a name that no message can hold, -ENOSPC.
 */
int dns_msg_encode(const struct dns_query *query, uint8_t *buf, size_t room)
{
	struct dns_name name;
	uint8_t *at = buf;

	if (dns_name_from_text(query->name, &name))
		return -EINVAL;
	if (room < HEADER_LEN + name.len + 4u)
		return -ENOSPC;
	at = put16(at, query->id);
	at = put16(at, FLAG_RECURSION_DESIRED);
	at = put16(at, 1); /* questions */
	memset(at, 0, 6);
	at += 6;
	memcpy(at, name.wire, name.len);
	at = put16(at + name.len, query->type);
	at = put16(at, CLASS_IN);
	return (int)(at - buf);
}

/* The header and the question. Return: the number of answers, -EBADMSG. */
static int parse_head(struct cursor *cur, const struct dns_query *query,
                      struct dns_name *asked, struct dns_answer *out)
{
	uint16_t id, flags, counts[4], type, class;
	struct dns_name name;

	if (!take16(cur, &id) || !take16(cur, &flags))
		return -EBADMSG;
	for (int i = 0; i < 4; i++)
		if (!take16(cur, &counts[i]))
			return -EBADMSG;
	if (id != query->id || !(flags & FLAG_RESPONSE) ||
	    flags & FLAG_OPCODE || counts[0] != 1)
		return -EBADMSG;
	if (!take_name(cur, &name) || !take16(cur, &type) ||
	    !take16(cur, &class) || type != query->type || class != CLASS_IN ||
	    !dns_name_equal(&name, asked))
		return -EBADMSG;
	out->rcode = flags & FLAG_RCODE;
	out->is_truncated = flags & FLAG_TRUNCATED;
	return counts[1];
}

static void note_ttl(struct dns_answer *out, uint32_t ttl_s)
{
	if (ttl_s < out->ttl_s)
		out->ttl_s = ttl_s;
}

/* One pass over the records for CNAMEs of *name. Return: true when one was
 * found; false also when the section is malformed, with *is_bad set.
 */
static bool follow_cnames(struct cursor cur, int count, struct dns_name *name,
                          struct dns_answer *out, bool *is_bad)
{
	bool has_moved = false;
	struct record rec;
	size_t at;

	for (; count > 0; count--) {
		if (!take_record(&cur, &rec)) {
			*is_bad = !out->is_truncated;
			break;
		}
		if (rec.type != DNS_TYPE_CNAME || rec.class != CLASS_IN ||
		    !dns_name_equal(&rec.owner, name))
			continue;
		at = rec.data_at;
		if (dns_name_read(cur.msg, cur.len, &at, name)) {
			*is_bad = true;
			break;
		}
		note_ttl(out, rec.ttl_s);
		has_moved = true;
	}
	return has_moved && !*is_bad;
}

static void add_address(const struct cursor *cur, const struct record *rec,
                        struct dns_answer *out)
{
	struct stack_cidr *addr = &out->addrs[out->addr_count];
	bool is_v6 = rec->type == DNS_TYPE_AAAA;
	size_t want = is_v6 ? sizeof(addr->in6) : sizeof(addr->in);

	if (rec->data_len != want ||
	    out->addr_count == STACK_RESOLVE_ADDR_MAX)
		return;
	memset(addr, 0, sizeof(*addr));
	addr->family = is_v6 ? AF_INET6 : AF_INET;
	addr->prefix_len = is_v6 ? 128 : 32;
	memcpy(&addr->in6, cur->msg + rec->data_at, want);
	out->addr_count++;
	note_ttl(out, rec->ttl_s);
}

static void add_pointer(const struct cursor *cur, const struct record *rec,
                        struct dns_answer *out)
{
	struct dns_name target;
	size_t at = rec->data_at;

	if (out->name[0] || dns_name_read(cur->msg, cur->len, &at, &target) ||
	    dns_name_to_text(&target, out->name, sizeof(out->name))) {
		return;
	}
	note_ttl(out, rec->ttl_s);
}

static void collect(struct cursor cur, int count, uint16_t type,
                    const struct dns_name *name, struct dns_answer *out)
{
	struct record rec;

	for (; count > 0 && take_record(&cur, &rec); count--) {
		if (rec.type != type || rec.class != CLASS_IN ||
		    !dns_name_equal(&rec.owner, name))
			continue;
		if (type == DNS_TYPE_PTR)
			add_pointer(&cur, &rec, out);
		else
			add_address(&cur, &rec, out);
	}
}

/**
 * dns_msg_parse() - Read the answer to a query.
 * @msg:	as received, hostile
 * @len:	bytes at @msg
 * @query:	what was asked
 * @out:	filled when this returns 0
 *
 * A truncated message gives the records that are whole.
 *
 * Return: 0, whatever the answer says (see rcode, addr_count), or -EBADMSG for
 * a message that is malformed or not the answer to @query: to be ignored.
 */
int dns_msg_parse(const uint8_t *msg, size_t len,
                  const struct dns_query *query, struct dns_answer *out)
{
	struct cursor cur = { .msg = msg, .len = len };
	struct dns_name name;
	bool is_bad = false;
	int count;

	memset(out, 0, sizeof(*out));
	out->ttl_s = UINT32_MAX;
	if (dns_name_from_text(query->name, &name))
		return -EBADMSG;
	count = parse_head(&cur, query, &name, out);
	if (count < 0)
		return count;
	for (int i = 0; i < CHAIN_MAX; i++)
		if (!follow_cnames(cur, count, &name, out, &is_bad))
			break;
	if (is_bad)
		return -EBADMSG;
	collect(cur, count, query->type, &name, out);
	if (query->type != DNS_TYPE_PTR &&
	    dns_name_to_text(&name, out->name, sizeof(out->name)))
		out->name[0] = '\0';
	if (out->ttl_s == UINT32_MAX)
		out->ttl_s = 0;
	return 0;
}

/**
 * dns_msg_reverse_name() - The name whose PTR record names an address.
 * @addr:	its prefix does not matter
 * @name:	filled: "1.0.0.127.in-addr.arpa" (RFC 1035 section 3.5) or
 *		32 digits and "ip6.arpa" (RFC 3596 section 2.5)
 *
 * Return: 0, or -EINVAL for another family.
 */
int dns_msg_reverse_name(const struct stack_cidr *addr,
                         char name[DNS_NAME_LEN])
{
	const uint8_t *b = (const uint8_t *)&addr->in6;
	char *at = name;

	if (addr->family == AF_INET) {
		snprintf(name, DNS_NAME_LEN, "%u.%u.%u.%u.in-addr.arpa",
		         b[3], b[2], b[1], b[0]);
		return 0;
	}
	if (addr->family != AF_INET6)
		return -EINVAL;
	for (int i = 15; i >= 0; i--)
		at += snprintf(at, 5, "%x.%x.", b[i] & 15, b[i] >> 4);
	strcpy(at, "ip6.arpa");
	return 0;
}
