/* SPDX-License-Identifier: MIT */
/* The resolver: what it asks, and what it makes of the answers. */
#include "tests/unit/name_server.h"

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
	UNIT_TEST(test_half_an_answer),
	UNIT_TEST(test_truncated),
	UNIT_TEST(test_reverse),
	UNIT_TEST(test_limits),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("resolver", NULL, NULL, tests);
}
