/* SPDX-License-Identifier: MIT */
/* Which addresses the stack, its gateways and the kernel's side take. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "service/setup.h"
#include "stack/cidr.h"
#include "tests/unit/unit.h"

static struct netdev dev = { .name = "tapX" };
static struct setup setup;
static struct cli_conf conf;
static char why[CLI_WHY_LEN];

static void start(void)
{
	memset(&setup, 0, sizeof(setup));
	memset(&conf, 0, sizeof(conf));
	setup.dev = &dev;
	why[0] = 0;
}

static void present(const char *text)
{
	struct stack_cidr *cidr = &setup.present[setup.present_count++];

	CU_ASSERT_EQUAL_FATAL(cidr_parse(text, cidr), 0);
}

static void add(struct cli_cidrs *list, const char *text)
{
	struct stack_cidr *cidr = &list->items[list->count++];

	CU_ASSERT_EQUAL_FATAL(strchr(text, '/') ? cidr_parse(text, cidr) :
	                      cidr_parse_addr(text, cidr), 0);
}

/* The list must have exactly these addresses, blank-separated; prefixes do not
 * count.
 */
static void is_list(const struct cli_cidrs *list, const char *wanted)
{
	char text[512] = "", one[CIDR_TEXT_LEN];

	for (unsigned i = 0; i < list->count; i++) {
		cidr_format(&list->items[i], one, sizeof(one));
		*strchr(one, '/') = 0;
		strcat(strcat(text, i ? " " : ""), one);
	}
	CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void test_fresh_device(void)
{
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.addrs, "10.107.0.2 fd07:6e65:7463::2");
	is_list(&setup.host_addrs, "10.107.0.1 fd07:6e65:7463::1");
	is_list(&setup.gateways, "10.107.0.1 fd07:6e65:7463::1");
	CU_ASSERT_EQUAL(setup.addrs.items[0].prefix_len, 24);
	CU_ASSERT_EQUAL(setup.addrs.items[1].prefix_len, 64);
}

static void test_given_addrs(void)
{
	add(&conf.addrs, "10.1.2.3/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.addrs, "10.1.2.3");
	is_list(&setup.host_addrs, "");
	is_list(&setup.gateways, "");
	add(&conf.gateways, "10.1.2.1");
	add(&conf.host_addrs, "10.1.2.1/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.host_addrs, "10.1.2.1");
	is_list(&setup.gateways, "10.1.2.1");
}

static void test_given_gateway_replaces_the_default_one(void)
{
	add(&conf.gateways, "10.107.0.9");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.gateways, "10.107.0.9");
}

static void test_default_network_is_there(void)
{
	present("10.107.0.77/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.addrs, "10.107.0.2");
	is_list(&setup.host_addrs, "");
	is_list(&setup.gateways, "10.107.0.77");
}

static void test_foreign_network(void)
{
	present("192.168.7.1/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "192.168.7.1/24"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "--addr"));
	add(&conf.addrs, "192.168.7.2/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.host_addrs, "");
}

static void test_taken_address(void)
{
	present("192.168.7.1/24");
	add(&conf.addrs, "192.168.7.1/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "'192.168.7.1/24'"));
	start();
	add(&conf.host_addrs, "10.107.0.2/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), -EADDRINUSE);
}

static void test_gateway_off_the_link(void)
{
	add(&conf.addrs, "10.1.2.3/24");
	add(&conf.gateways, "10.1.3.1");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "'10.1.3.1'"));
	conf.gateways.count = 0;
	add(&conf.gateways, "fe80::1");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
}

static void test_host_addr_with_default_addrs(void)
{
	add(&conf.host_addrs, "10.107.0.5/24");
	CU_ASSERT_EQUAL(setup_choose_addrs(&setup, &conf, why), 0);
	is_list(&setup.host_addrs, "10.107.0.5");
	is_list(&setup.gateways, "10.107.0.5");
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_fresh_device),
		UNIT_TEST(test_given_addrs),
		UNIT_TEST(test_given_gateway_replaces_the_default_one),
		UNIT_TEST(test_default_network_is_there),
		UNIT_TEST(test_foreign_network),
		UNIT_TEST(test_taken_address),
		UNIT_TEST(test_gateway_off_the_link),
		UNIT_TEST(test_host_addr_with_default_addrs),
		{ 0 }
	};

	return unit_run("setup_addrs", start, NULL, tests);
}
