/* SPDX-License-Identifier: MIT */
/* The word after --impair: what is read from it, and what is said of a bad one.
 */
#include <errno.h>
#include <string.h>

#include "fastpath/impair_spec.h"
#include "fastpath/netdev.h"
#include "tests/unit/unit.h"

static struct impair_conf conf;
static char why[NETDEV_WHY_LEN];

static int parse(const char *text)
{
	why[0] = 0;
	return impair_parse(text, &conf, why);
}

/* The word is refused, and the sentence quotes the item. */
static void refuses(const char *text, const char *item, const char *expected)
{
	CU_ASSERT_EQUAL(parse(text), -EINVAL);
	if (strstr(why, item) && strstr(why, expected))
		return;
	printf("\n'%s' says: %s", text, why);
	CU_FAIL("the sentence");
}

static void test_defaults(void)
{
	CU_ASSERT_EQUAL(parse("loss=1%"), 0);
	CU_ASSERT_EQUAL(conf.seed, IMPAIR_SEED);
	CU_ASSERT_EQUAL(conf.rx.limit, IMPAIR_LIMIT);
	CU_ASSERT_EQUAL(conf.tx.limit, IMPAIR_LIMIT);
	CU_ASSERT_EQUAL(conf.rx.delay_ns, 0);
	CU_ASSERT_EQUAL(conf.rx.rate, 0);
	CU_ASSERT_STRING_EQUAL(conf.text, "loss=1%");
}

static void test_every_name(void)
{
	CU_ASSERT_EQUAL(parse("loss=50%,delay=5ms,jitter=1ms,reorder=25%,"
	                      "duplicate=0.5%,corrupt=100%,rate=100mbit,"
	                      "limit=7,seed=4294967295"), 0);
	CU_ASSERT_EQUAL(conf.rx.loss, IMPAIR_CERTAIN / 2);
	CU_ASSERT_EQUAL(conf.rx.delay_ns, 5000000);
	CU_ASSERT_EQUAL(conf.rx.jitter_ns, 1000000);
	CU_ASSERT_EQUAL(conf.rx.reorder, IMPAIR_CERTAIN / 4);
	CU_ASSERT_EQUAL(conf.rx.duplicate, (IMPAIR_CERTAIN + 100) / 200);
	CU_ASSERT_EQUAL(conf.rx.corrupt, IMPAIR_CERTAIN);
	CU_ASSERT_EQUAL(conf.rx.rate, 100000000);
	CU_ASSERT_EQUAL(conf.rx.limit, 7);
	CU_ASSERT_EQUAL(conf.seed, UINT32_MAX);
	CU_ASSERT_EQUAL(memcmp(&conf.rx, &conf.tx, sizeof(conf.rx)), 0);
}

static void test_units(void)
{
	CU_ASSERT_EQUAL(parse("rx:delay=1.5s,tx:delay=250us"), 0);
	CU_ASSERT_EQUAL(conf.rx.delay_ns, 1500000000);
	CU_ASSERT_EQUAL(conf.tx.delay_ns, 250000);
	CU_ASSERT_EQUAL(parse("rx:rate=8kbit,tx:rate=2.5gbit"), 0);
	CU_ASSERT_EQUAL(conf.rx.rate, 8000);
	CU_ASSERT_EQUAL(conf.tx.rate, 2500000000);
}

static void test_directions(void)
{
	CU_ASSERT_EQUAL(parse("loss=1%,tx:loss=0%,rx:limit=9"), 0);
	CU_ASSERT_NOT_EQUAL(conf.rx.loss, 0);
	CU_ASSERT_EQUAL(conf.tx.loss, 0);
	CU_ASSERT_EQUAL(conf.rx.limit, 9);
	CU_ASSERT_EQUAL(conf.tx.limit, IMPAIR_LIMIT);
}

static void test_bad_words(void)
{
	refuses("", "''", "expected loss, delay");
	refuses("loss", "'loss'", "'=' and a value");
	refuses("los=1%", "'los=1%'", "such as loss=1%");
	refuses("loss=1%,", "''", "expected loss");
	refuses("loss=1", "'loss=1'", "a percentage");
	refuses("loss=101%", "'loss=101%'", "0% to 100%");
	refuses("loss=-1%", "'loss=-1%'", "a percentage");
	refuses("loss=nan%", "'loss=nan%'", "a percentage");
	refuses("loss=0x1%", "'loss=0x1%'", "a percentage");
	refuses("loss=1e1%", "'loss=1e1%'", "a percentage");
	refuses("delay=5", "'delay=5'", "such as 500us");
	refuses("delay=11s", "'delay=11s'", "at most 10s");
	refuses("rate=1mbps", "'rate=1mbps'", "100mbit");
	refuses("rate=0mbit", "'rate=0mbit'", "from 8kbit");
	refuses("limit=0", "'limit=0'", "from 1 to 16384");
	refuses("limit=1.5", "'limit=1.5'", "a number of frames");
	refuses("rx:seed=1", "'rx:seed=1'", "both directions");
	refuses("seed=", "'seed='", "a number");
	refuses("ux:loss=1%", "'ux:loss=1%'", "expected loss");
	refuses("jitter=2ms,delay=1ms", "jitter", "at most the delay");
	/* Longer than any item can be. */
	refuses("loss=0000000000000000000000000000000000000000000000000000000"
	        "00000000000000000000001%", "'loss=000", "expected");
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_defaults),
		UNIT_TEST(test_every_name),
		UNIT_TEST(test_units),
		UNIT_TEST(test_directions),
		UNIT_TEST(test_bad_words),
		{ NULL, NULL }
	};

	return unit_run("impair_spec", NULL, NULL, tests);
}
