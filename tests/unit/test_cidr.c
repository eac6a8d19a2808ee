/* SPDX-License-Identifier: MIT */
/* Addresses as users write them. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "stack/cidr.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_parse(void)
{
	struct stack_cidr cidr;

	CU_ASSERT_EQUAL(cidr_parse("10.107.0.2/24", &cidr), 0);
	CU_ASSERT_EQUAL(cidr.family, AF_INET);
	CU_ASSERT_EQUAL(cidr.prefix_len, 24);
	CU_ASSERT_EQUAL(ntohl(cidr.in.s_addr), 0x0a6b0002);
	CU_ASSERT_EQUAL(cidr_parse("fd07:6e65::2/64", &cidr), 0);
	CU_ASSERT_EQUAL(cidr.family, AF_INET6);
	CU_ASSERT_EQUAL(cidr.prefix_len, 64);
	CU_ASSERT_EQUAL(cidr.in6.s6_addr[15], 2);
	CU_ASSERT_EQUAL(cidr_parse("0.0.0.0/0", &cidr), 0);
	CU_ASSERT_EQUAL(cidr_parse("::/128", &cidr), 0);
}

static void test_parse_rejects(void)
{
	static const char *const bad[] = {
		"", "/", "/24", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33",
		"10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/ 8", "10.0.0.1/8 ",
		"10.0.0.1/8/8", "10.0.0/8", "10.0.0.256/8", "fd07::/129",
		"fd07::/4294967297", "fd07:::/64", "eth0/24",
		"10.0.0.1/99999999999999999999",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1",
	};
	struct stack_cidr cidr;

	for (unsigned i = 0; i < COUNT(bad); i++) {
		memset(&cidr, 0x5a, sizeof(cidr));
		CU_ASSERT_EQUAL(cidr_parse(bad[i], &cidr), -EINVAL);
		CU_ASSERT_EQUAL(cidr.prefix_len, 0x5a);
	}
}

static void test_format_is_inverse(void)
{
	static const char *const texts[] = {
		"10.107.0.2/24", "0.0.0.0/0", "255.255.255.255/32",
		"fd07:6e65:7463::2/64", "::/0", "fe80::1/10",
	};
	char buf[CIDR_TEXT_LEN];
	struct stack_cidr cidr;

	for (unsigned i = 0; i < COUNT(texts); i++) {
		CU_ASSERT_EQUAL_FATAL(cidr_parse(texts[i], &cidr), 0);
		CU_ASSERT_EQUAL(cidr_format(&cidr, buf, sizeof(buf)),
		                (int)strlen(texts[i]));
		CU_ASSERT_STRING_EQUAL(buf, texts[i]);
		CU_ASSERT_EQUAL(cidr_format(&cidr, buf, strlen(texts[i])),
		                -ENOSPC);
	}
	cidr.family = AF_UNIX;
	CU_ASSERT_EQUAL(cidr_format(&cidr, buf, sizeof(buf)), -EINVAL);
}

static void test_longest_text_fits(void)
{
	const char *text = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128";
	char buf[CIDR_TEXT_LEN];
	struct stack_cidr cidr;

	CU_ASSERT_EQUAL(cidr_parse(text, &cidr), 0);
	CU_ASSERT_EQUAL(cidr_format(&cidr, buf, sizeof(buf)), 43);
}

static void check_endpoint(const char *text, int family, uint16_t port)
{
	struct sockaddr_storage ss;
	uint16_t got;

	CU_ASSERT_EQUAL(cidr_parse_endpoint(text, 53, &ss), 0);
	CU_ASSERT_EQUAL(ss.ss_family, family);
	got = family == AF_INET ? ((struct sockaddr_in *)&ss)->sin_port
	                        : ((struct sockaddr_in6 *)&ss)->sin6_port;
	CU_ASSERT_EQUAL(ntohs(got), port);
}

static void test_endpoint(void)
{
	check_endpoint("10.0.0.1", AF_INET, 53);
	check_endpoint("10.0.0.1:5353", AF_INET, 5353);
	check_endpoint("fd07::1", AF_INET6, 53);
	check_endpoint("[fd07::1]", AF_INET6, 53);
	check_endpoint("[fd07::1]:5353", AF_INET6, 5353);
	check_endpoint("::1", AF_INET6, 53);
}

static void test_endpoint_rejects(void)
{
	static const char *const bad[] = {
		"", ":", ":53", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536",
		"10.0.0.1:+53", "[10.0.0.1]:53", "[fd07::1", "fd07::1]",
		"[fd07::1]53", "[fd07::1]:", "[]:53", "[:53", "localhost",
	};
	struct sockaddr_storage ss;

	for (unsigned i = 0; i < COUNT(bad); i++) {
		memset(&ss, 0x5a, sizeof(ss));
		CU_ASSERT_EQUAL(cidr_parse_endpoint(bad[i], 53, &ss), -EINVAL);
		CU_ASSERT_EQUAL(ss.ss_family, 0x5a5a);
	}
	CU_ASSERT_EQUAL(cidr_parse_endpoint("10.0.0.1", 0, &ss), -EINVAL);
}

static bool contains(const char *net, const char *addr)
{
	struct stack_cidr a, b;

	CU_ASSERT_EQUAL_FATAL(cidr_parse(net, &a), 0);
	CU_ASSERT_EQUAL_FATAL(cidr_parse_addr(addr, &b), 0);
	return cidr_contains(&a, &b);
}

static void test_contains(void)
{
	CU_ASSERT_TRUE(contains("10.107.0.2/24", "10.107.0.255"));
	CU_ASSERT_FALSE(contains("10.107.0.2/24", "10.107.1.0"));
	CU_ASSERT_TRUE(contains("10.107.0.2/23", "10.107.1.0"));
	CU_ASSERT_TRUE(contains("0.0.0.0/0", "192.0.2.1"));
	CU_ASSERT_FALSE(contains("10.0.0.1/32", "10.0.0.0"));
	CU_ASSERT_TRUE(contains("10.0.0.1/32", "10.0.0.1"));
	CU_ASSERT_TRUE(contains("fd07::/65", "fd07::7fff:0:0:1"));
	CU_ASSERT_FALSE(contains("fd07::/65", "fd07::8000:0:0:1"));
	CU_ASSERT_FALSE(contains("::/0", "10.0.0.1"));
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_parse),
	UNIT_TEST(test_parse_rejects),
	UNIT_TEST(test_format_is_inverse),
	UNIT_TEST(test_longest_text_fits),
	UNIT_TEST(test_endpoint),
	UNIT_TEST(test_endpoint_rejects),
	UNIT_TEST(test_contains),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("cidr", NULL, NULL, tests);
}
