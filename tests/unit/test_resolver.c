/* SPDX-License-Identifier: MIT */
/* The resolver against a scripted name server, on the test's clock. */
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

static void on_resolved(void *user, int err, const struct stack_cidr *addrs,
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

static void open_with(unsigned dns_count)
{
	static const struct sock_events events;
	struct stack_conf conf = { .dns_count = dns_count };

	memset(&result, 0, sizeof(result));
	wire_addr(SERVER1, 53, &conf.dns[0]);
	wire_addr(SERVER2, 5353, &conf.dns[1]);
	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, &conf), 0);
}

static void close_all(void)
{
	wire_close(&wire);
}

static struct stack_query *ask(const char *name, int family)
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

static bool take(struct asked *asked)
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
static size_t begin(const struct asked *asked, uint8_t *out, unsigned flags,
                    unsigned answers)
{
	memcpy(out, asked->msg, asked->len);
	out[2] = (uint8_t)(0x81 | flags >> 8);
	out[3] = (uint8_t)(0x80 | flags);
	out[7] = (uint8_t)answers;
	return asked->len;
}

static size_t put_addr(uint8_t *out, size_t at, const char *addr)
{
	static const uint8_t head[] = { 0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 99, 0 };
	bool is_v6 = strchr(addr, ':');

	memcpy(out + at, head, sizeof(head));
	out[at + 3] = is_v6 ? TYPE_AAAA : TYPE_A;
	out[at + 11] = is_v6 ? 16 : 4;
	inet_pton(is_v6 ? AF_INET6 : AF_INET, addr, out + at + 12);
	return at + 12 + out[at + 11];
}

static void reply(const struct asked *asked, const uint8_t *msg, size_t len)
{
	wire_send(&wire, asked->packet.dst, asked->packet.dst_port,
	          asked->packet.src, asked->packet.src_port, msg, len);
}

static void answer(const struct asked *asked, const char *addr)
{
	uint8_t out[600];
	size_t len = begin(asked, out, 0, 1);

	reply(asked, out, put_addr(out, len, addr));
}

static void answer_code(const struct asked *asked, unsigned flags)
{
	uint8_t out[600];

	reply(asked, out, begin(asked, out, flags, 0));
}

static bool is_addr(unsigned idx, const char *text)
{
	struct stack_cidr want;

	CU_ASSERT_EQUAL_FATAL(cidr_parse_addr(text, &want), 0);
	return idx < result.count && cidr_contains(&want, &result.addrs[idx]);
}

static void test_one_family(void)
{
	struct asked asked;

	open_with(1);
	ask("www.example.org.", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	CU_ASSERT_EQUAL(asked.type, TYPE_A);
	CU_ASSERT_STRING_EQUAL(asked.packet.dst, SERVER1);
	CU_ASSERT_FALSE(take(&(struct asked){ .len = 0 }));
	answer(&asked, "192.0.2.1");
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, 0);
	CU_ASSERT_EQUAL(result.count, 1);
	CU_ASSERT_TRUE(is_addr(0, "192.0.2.1"));
	CU_ASSERT_EQUAL(result.ttl_s, 99);
	CU_ASSERT_STRING_EQUAL(result.name, "www.example.org");
	close_all();
}

static void test_both_families(void)
{
	struct asked first, second;

	open_with(1);
	ask("www.example.org", AF_UNSPEC);
	CU_ASSERT_TRUE_FATAL(take(&first));
	CU_ASSERT_TRUE_FATAL(take(&second));
	CU_ASSERT_EQUAL(first.type + second.type, TYPE_A + TYPE_AAAA);
	CU_ASSERT_NOT_EQUAL(first.packet.src_port, second.packet.src_port);
	answer(&first, first.type == TYPE_A ? "192.0.2.1" : "2001:db8::1");
	CU_ASSERT_EQUAL(result.calls, 0);
	answer(&second, second.type == TYPE_A ? "192.0.2.1" : "2001:db8::1");
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.count, 2);
	CU_ASSERT_TRUE(is_addr(0, "192.0.2.1"));
	CU_ASSERT_TRUE(is_addr(1, "2001:db8::1"));
	close_all();
}

static void test_no_such_name(void)
{
	struct asked asked;

	open_with(2);
	ask("nowhere.example.org", AF_INET6);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	answer_code(&asked, NXDOMAIN);
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, -ENOENT);
	CU_ASSERT_EQUAL(result.count, 0);
	close_all();
}

static void test_no_address(void)
{
	struct asked asked;

	open_with(1);
	ask("mail.example.org", AF_UNSPEC);
	while (take(&asked))
		answer_code(&asked, 0);
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, -ENODATA);
	close_all();
}

/* Silence: the other server, then both once more, each for two seconds. */
static void test_time_outs(void)
{
	static const char *const servers[] = {
		SERVER1, SERVER2, SERVER1, SERVER2,
	};
	struct asked asked, before = { .len = 0 };

	open_with(2);
	ask("www.example.org", AF_INET);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_TRUE_FATAL(take(&asked));
		CU_ASSERT_STRING_EQUAL(asked.packet.dst, servers[i]);
		if (i)
			CU_ASSERT_NOT_EQUAL(memcmp(asked.msg, before.msg, 2),
			                    0);
		before = asked;
		wire_wait(&wire, TRY_US - 1);
		CU_ASSERT_FALSE(take(&asked));
		CU_ASSERT_EQUAL(result.calls, 0);
		wire_wait(&wire, 1);
	}
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, -EAGAIN);
	wire_wait(&wire, 10 * TRY_US);
	CU_ASSERT_EQUAL(result.calls, 1);
	close_all();
}

static void test_second_server_answers(void)
{
	struct asked asked;

	open_with(2);
	ask("www.example.org", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	wire_wait(&wire, TRY_US);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	CU_ASSERT_STRING_EQUAL(asked.packet.dst, SERVER2);
	answer(&asked, "192.0.2.1");
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, 0);
	close_all();
}

/* A server that says it cannot: no need to wait for the next. */
static void test_failing_server_is_left_at_once(void)
{
	struct asked asked;

	open_with(2);
	ask("www.example.org", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	answer_code(&asked, SERVFAIL);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	CU_ASSERT_STRING_EQUAL(asked.packet.dst, SERVER2);
	answer(&asked, "192.0.2.1");
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, 0);
	close_all();
}

static void test_all_servers_fail(void)
{
	struct asked asked;
	unsigned count = 0;

	open_with(2);
	ask("www.example.org", AF_INET);
	for (; take(&asked); count++)
		answer_code(&asked, SERVFAIL);
	CU_ASSERT_EQUAL(count, 4);
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, -EAGAIN);
	close_all();
}

static void test_no_server(void)
{
	open_with(0);
	ask("www.example.org", AF_UNSPEC);
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, -EAGAIN);
	close_all();
}

/* One family answers, the other stays silent: what is known is told. */
static void test_half_an_answer(void)
{
	struct asked asked;

	open_with(1);
	ask("www.example.org", AF_UNSPEC);
	while (take(&asked))
		if (asked.type == TYPE_A)
			answer(&asked, "192.0.2.1");
	CU_ASSERT_EQUAL(result.calls, 0);
	wire_wait(&wire, 2 * TRY_US);
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, 0);
	CU_ASSERT_EQUAL(result.count, 1);
	close_all();
}

/* Wrong id, wrong question, wrong sender, wrong port: the wait goes on. */
static void test_forged_answers(void)
{
	struct asked asked, forged;

	open_with(1);
	ask("www.example.org", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	forged = asked;
	forged.msg[0] ^= 1;
	answer(&forged, "192.0.2.66");
	forged = asked;
	forged.msg[13] ^= 2;
	answer(&forged, "192.0.2.66");
	forged = asked;
	forged.packet.src_port ^= 1;
	answer(&forged, "192.0.2.66");
	forged = asked;
	strcpy(forged.packet.dst, "10.107.0.9");
	answer(&forged, "192.0.2.66");
	reply(&asked, asked.msg, 7);
	reply(&asked, asked.msg, asked.len);
	CU_ASSERT_EQUAL(result.calls, 0);
	answer(&asked, "192.0.2.1");
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_TRUE(is_addr(0, "192.0.2.1"));
	close_all();
}

static void test_late_answer_is_dropped(void)
{
	struct asked first, second;

	open_with(1);
	ask("www.example.org", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&first));
	wire_wait(&wire, TRY_US);
	CU_ASSERT_TRUE_FATAL(take(&second));
	answer(&first, "192.0.2.66");
	CU_ASSERT_EQUAL(result.calls, 0);
	answer(&second, "192.0.2.1");
	CU_ASSERT_TRUE(is_addr(0, "192.0.2.1"));
	close_all();
}

static void test_truncated(void)
{
	struct asked asked;
	uint8_t out[600];
	size_t len;

	open_with(1);
	ask("www.example.org", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	len = begin(&asked, out, TRUNCATED, 2);
	reply(&asked, out, put_addr(out, len, "192.0.2.1"));
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, 0);
	CU_ASSERT_EQUAL(result.count, 1);
	close_all();
}

static void test_reverse(void)
{
	static const uint8_t record[] = {
		0xc0, 12, 0, TYPE_PTR, 0, 1, 0, 0, 0, 5, 0, 10,
		4, 'h', 'o', 's', 't', 3, 'o', 'r', 'g', 0,
	};
	struct stack_query *query;
	struct stack_cidr addr;
	struct asked asked;
	uint8_t out[600];
	size_t len;

	open_with(1);
	CU_ASSERT_EQUAL_FATAL(cidr_parse_addr("192.0.2.7", &addr), 0);
	CU_ASSERT_EQUAL(stack_resolve_addr(wire.stack, &addr, on_resolved,
	                                   &result, &query), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	CU_ASSERT_EQUAL(asked.type, TYPE_PTR);
	CU_ASSERT_EQUAL(memcmp(asked.msg + 12, "\0017\0012\0010\003192", 10),
	                0);
	len = begin(&asked, out, 0, 1);
	memcpy(out + len, record, sizeof(record));
	reply(&asked, out, len + sizeof(record));
	CU_ASSERT_EQUAL(result.calls, 1);
	CU_ASSERT_EQUAL(result.err, 0);
	CU_ASSERT_EQUAL(result.count, 0);
	CU_ASSERT_STRING_EQUAL(result.name, "host.org");
	addr.family = AF_UNIX;
	CU_ASSERT_EQUAL(stack_resolve_addr(wire.stack, &addr, on_resolved,
	                                   &result, &query), -EAFNOSUPPORT);
	close_all();
}

static void test_cancel(void)
{
	struct stack_query *query;
	struct asked asked;

	open_with(1);
	query = ask("www.example.org", AF_UNSPEC);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	stack_resolve_cancel(query);
	answer(&asked, "192.0.2.1");
	wire_wait(&wire, 10 * TRY_US);
	CU_ASSERT_EQUAL(result.calls, 0);
	CU_ASSERT_EQUAL_FATAL(stack_resolve(wire.stack, "a.org", AF_INET,
	                                    on_resolved, &result, &query), 0);
	stack_resolve_cancel(query); /* before anything was sent */
	wire_wait(&wire, TRY_US);
	CU_ASSERT_EQUAL(result.calls, 0);
	close_all();
}

static void test_cancel_in_the_callback(void)
{
	struct asked asked;

	open_with(1);
	result.cancel = ask("www.example.org", AF_INET);
	CU_ASSERT_TRUE_FATAL(take(&asked));
	answer(&asked, "192.0.2.1");
	CU_ASSERT_EQUAL(result.calls, 1);
	close_all();
}

static void test_closed_with_queries_under_way(void)
{
	open_with(2);
	ask("www.example.org", AF_UNSPEC);
	ask("www.example.com", AF_UNSPEC);
	close_all();
	CU_ASSERT_EQUAL(result.calls, 0);
}

static void test_limits(void)
{
	struct stack_query *queries[1000];
	unsigned count = 0;
	char name[300];
	int err;

	open_with(1);
	memset(name, 'a', sizeof(name));
	name[299] = '\0';
	CU_ASSERT_EQUAL(stack_resolve(wire.stack, name, AF_INET, on_resolved,
	                              &result, queries), -EINVAL);
	CU_ASSERT_EQUAL(stack_resolve(wire.stack, "", AF_INET, on_resolved,
	                              &result, queries), -EINVAL);
	CU_ASSERT_EQUAL(stack_resolve(wire.stack, "a..b", AF_INET, on_resolved,
	                              &result, queries), -EINVAL);
	CU_ASSERT_EQUAL(stack_resolve(wire.stack, "a", AF_UNIX, on_resolved,
	                              &result, queries), -EAFNOSUPPORT);
	do
		err = stack_resolve(wire.stack, "a.org", AF_INET, on_resolved,
		                    &result, &queries[count]);
	while (!err && ++count < 1000);
	CU_ASSERT_EQUAL(err, -ENOBUFS);
	CU_ASSERT_TRUE(count >= 64);
	for (unsigned i = 0; i < count; i += 2)
		stack_resolve_cancel(queries[i]);
	wire_wait(&wire, 10 * TRY_US);
	CU_ASSERT_EQUAL(result.calls, count / 2);
	close_all();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_one_family),
	UNIT_TEST(test_both_families),
	UNIT_TEST(test_no_such_name),
	UNIT_TEST(test_no_address),
	UNIT_TEST(test_time_outs),
	UNIT_TEST(test_second_server_answers),
	UNIT_TEST(test_failing_server_is_left_at_once),
	UNIT_TEST(test_all_servers_fail),
	UNIT_TEST(test_no_server),
	UNIT_TEST(test_half_an_answer),
	UNIT_TEST(test_forged_answers),
	UNIT_TEST(test_late_answer_is_dropped),
	UNIT_TEST(test_truncated),
	UNIT_TEST(test_reverse),
	UNIT_TEST(test_cancel),
	UNIT_TEST(test_cancel_in_the_callback),
	UNIT_TEST(test_closed_with_queries_under_way),
	UNIT_TEST(test_limits),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("resolver", NULL, NULL, tests);
}
