/* SPDX-License-Identifier: MIT */
/* The resolver: silent, failing and forging servers, and queries that are given
 * up.
 */
#include "tests/unit/name_server.h"

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

static const struct unit_test tests[] = {
	UNIT_TEST(test_time_outs),
	UNIT_TEST(test_second_server_answers),
	UNIT_TEST(test_failing_server_is_left_at_once),
	UNIT_TEST(test_all_servers_fail),
	UNIT_TEST(test_no_server),
	UNIT_TEST(test_forged_answers),
	UNIT_TEST(test_late_answer_is_dropped),
	UNIT_TEST(test_cancel),
	UNIT_TEST(test_cancel_in_the_callback),
	UNIT_TEST(test_closed_with_queries_under_way),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("resolver_failures", NULL, NULL, tests);
}
