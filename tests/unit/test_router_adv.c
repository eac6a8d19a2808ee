/* SPDX-License-Identifier: MIT */
/* What routers advertise: addresses, routers, name servers, and their ends,
 * whether the stack is awake or slept meanwhile.
 */
#include <errno.h>

#include "tests/unit/dhcp_server.h"

#define ROUTER "fe80::1"
#define PREFIX "fd07:6e65:7463:1::"
#define SERVER6 "fd07:6e65:7463:1::53"
#define FOREVER UINT32_MAX

/* An advertisement; 0 in prefix_s or dns: no such option. */
struct advert {
	uint16_t router_s;
	const char *prefix;
	uint32_t valid_s, preferred_s;
	const char *dns;
	uint32_t dns_s;
};

static void put32(uint8_t *to, uint32_t value)
{
	value = htonl(value);
	memcpy(to, &value, sizeof(value));
}

static size_t make(uint8_t *out, const struct advert *advert)
{
	uint8_t *to = out + 16;

	memset(out, 0, 256);
	out[0] = 134;
	out[4] = 64;
	out[6] = (uint8_t)(advert->router_s >> 8);
	out[7] = (uint8_t)advert->router_s;
	memcpy(to, "\x01\x01\x02\x00\x00\x00\x00\x01", 8); /* its MAC */
	to += 8;
	if (advert->prefix) {
		memcpy(to, "\x03\x04\x40\xc0", 4); /* on-link, autonomous */
		put32(to + 4, advert->valid_s);
		put32(to + 8, advert->preferred_s);
		inet_pton(AF_INET6, advert->prefix, to + 16);
		to += 32;
	}
	if (advert->dns) {
		memcpy(to, "\x19\x03", 2);
		put32(to + 4, advert->dns_s);
		inet_pton(AF_INET6, advert->dns, to + 8);
		to += 24;
	}
	return (size_t)(to - out);
}

static void advertise(const struct advert *advert)
{
	uint8_t out[256];

	wire_send_icmp6(&wire, ROUTER, out, make(out, advert));
	wire_wait(&wire, 2 * SECOND);
	stack_get_addrs(wire.stack, &now);
}

static void let_pass(uint64_t us)
{
	wire_wait(&wire, us);
	stack_get_addrs(wire.stack, &now);
}

static const struct advert usual = {
	.router_s = 1800, .prefix = PREFIX, .valid_s = 3600,
	.preferred_s = 1800, .dns = SERVER6, .dns_s = 600,
};

/* No DHCP server will answer; its client shall not wake the stack. */
static void obtain_without_end(void)
{
	const struct grant grant = {
		.addr = "10.107.0.50", .lease_s = UINT32_MAX,
	};

	dhcp_setup();
	obtain(&grant);
}

static bool has_router(void)
{
	return !IN6_IS_ADDR_UNSPECIFIED(&now.gw6);
}

static void test_obtained(void)
{
	struct in6_addr own, router;

	dhcp_setup();
	let_pass(2 * SECOND);
	CU_ASSERT_EQUAL(wire.solicits, 1);
	CU_ASSERT_FALSE(now.has_ipv6);
	advertise(&usual);
	CU_ASSERT_TRUE(now.has_ipv6);
	CU_ASSERT_EQUAL_FATAL(now.addr_count, 2);
	/* RFC 4291 appendix A, of the interface's link-local address. */
	inet_pton(AF_INET6, PREFIX, &own);
	memcpy(own.s6_addr + 8, now.addrs[0].in6.s6_addr + 8, 8);
	CU_ASSERT_EQUAL(memcmp(&now.addrs[1].in6, &own, sizeof(own)), 0);
	CU_ASSERT_EQUAL(now.addrs[1].prefix_len, 64);
	inet_pton(AF_INET6, ROUTER, &router);
	CU_ASSERT_EQUAL(memcmp(&now.gw6, &router, sizeof(router)), 0);
	CU_ASSERT_EQUAL(now.dns_count, 1);
	let_pass(20 * SECOND);
	CU_ASSERT_EQUAL(wire.solicits, 1);
	dhcp_teardown();
}

/* What is beyond the link can be reached through the router. */
static void test_routed(void)
{
	struct sockaddr_storage addr;
	socklen_t len = wire_addr("2001:db8::1", 7, &addr);
	struct sock *sock = NULL;

	dhcp_setup();
	sock_open(wire.stack, AF_INET6, SOCK_DGRAM, 0, &sock);
	CU_ASSERT_EQUAL(sock_connect(sock, (void *)&addr, len), -ENETUNREACH);
	advertise(&usual);
	CU_ASSERT_EQUAL(sock_connect(sock, (void *)&addr, len), 0);
	sock_close(sock, true);
	dhcp_teardown();
}

/* Each lifetime ends at its second, and the stack sleeps until then. */
static void test_lifetimes(void)
{
	uint64_t start;

	obtain_without_end();
	start = wire.now_us;
	advertise(&usual);
	CU_ASSERT_EQUAL(now.dns_count, 1);
	let_pass(300 * SECOND);
	CU_ASSERT_TRUE(stack_deadline_us(wire.stack) > start + 599 * SECOND);
	let_pass(start + 599 * SECOND - wire.now_us);
	CU_ASSERT_EQUAL(now.dns_count, 1);
	let_pass(2 * SECOND);
	CU_ASSERT_EQUAL(now.dns_count, 0);
	let_pass(start + 1790 * SECOND - wire.now_us);
	CU_ASSERT_TRUE(has_router());
	let_pass(15 * SECOND);
	CU_ASSERT_FALSE(has_router());
	CU_ASSERT_TRUE(now.has_ipv6);
	let_pass(start + 3590 * SECOND - wire.now_us);
	CU_ASSERT_TRUE(now.has_ipv6);
	let_pass(15 * SECOND);
	CU_ASSERT_FALSE(now.has_ipv6);
	let_pass(100 * SECOND);
	CU_ASSERT_EQUAL(stack_deadline_us(wire.stack), UINT64_MAX);
	dhcp_teardown();
}

/* Heard again, a lifetime starts anew; 0 takes routers and servers away. */
static void test_updates(void)
{
	const struct advert gone = { .dns = SERVER6 };

	obtain_without_end();
	advertise(&usual);
	let_pass(500 * SECOND);
	advertise(&usual);
	let_pass(500 * SECOND);
	CU_ASSERT_EQUAL(now.dns_count, 1);
	changes = 0;
	advertise(&gone);
	CU_ASSERT_EQUAL(now.dns_count, 0);
	CU_ASSERT_FALSE(has_router());
	CU_ASSERT_TRUE(now.has_ipv6);
	CU_ASSERT_TRUE(changes > 0);
	dhcp_teardown();
}

static void test_without_end(void)
{
	const struct advert advert = {
		.router_s = 0, .prefix = PREFIX, .valid_s = FOREVER,
		.preferred_s = FOREVER, .dns = SERVER6, .dns_s = FOREVER,
	};

	obtain_without_end();
	advertise(&advert);
	let_pass(100000 * SECOND);
	CU_ASSERT_TRUE(now.has_ipv6);
	CU_ASSERT_EQUAL(now.dns_count, 1);
	dhcp_teardown();
}

/* A stack whose addresses are given hears no router, and asks none. */
static void test_ignored(void)
{
	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, NULL), 0);
	let_pass(20 * SECOND);
	advertise(&usual);
	CU_ASSERT_EQUAL(wire.solicits, 0);
	CU_ASSERT_EQUAL(now.addr_count, 3);
	CU_ASSERT_FALSE(has_router());
	CU_ASSERT_EQUAL(now.dns_count, 0);
	dhcp_teardown();
}

/* Cut at every byte; options without an end; from beyond the link. */
static void test_bad(void)
{
	uint8_t out[256];
	size_t len = make(out, &usual);

	dhcp_setup();
	for (size_t cut = 1; cut < 16 + 8; cut++)
		wire_send_icmp6(&wire, ROUTER, out, cut);
	wire_send_icmp6(&wire, "2001:db8::1", out, len);
	out[17] = 0;
	wire_send_icmp6(&wire, ROUTER, out, len);
	let_pass(2 * SECOND);
	CU_ASSERT_FALSE(now.has_ipv6);
	CU_ASSERT_EQUAL(now.dns_count, 0);
	for (size_t cut = 24; cut < len; cut++)
		wire_send_icmp6(&wire, ROUTER, out, cut);
	advertise(&usual);
	CU_ASSERT_TRUE(now.has_ipv6);
	dhcp_teardown();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_obtained),
	UNIT_TEST(test_routed),
	UNIT_TEST(test_lifetimes),
	UNIT_TEST(test_updates),
	UNIT_TEST(test_without_end),
	UNIT_TEST(test_ignored),
	UNIT_TEST(test_bad),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("router_adv", NULL, NULL, tests);
}
