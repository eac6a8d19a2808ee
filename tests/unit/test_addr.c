/* SPDX-License-Identifier: MIT */
/* sockaddr to lwIP's addresses and back: lengths, families, v4-mapped forms,
 * scope ids. The errors are the kernel's for the same bind.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stack/addr.h"
#include "stack/sock_priv.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#define SIN6_LEN_MIN 24

static struct wire wire;

static void addr_setup(void)
{
	static const struct sock_events events;

	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, NULL), 0);
}

static void addr_teardown(void)
{
	wire_close(&wire);
}

static int from(int domain, const void *sa, socklen_t len)
{
	uint16_t port;
	ip_addr_t ip;

	return addr_from_sockaddr(domain, sa, len, &ip, &port);
}

static int kernel_bind(int domain, const void *sa, socklen_t len)
{
	int fd = socket(domain, SOCK_DGRAM, 0);
	int err = bind(fd, sa, len) ? -errno : 0;

	close(fd);
	return err;
}

/* Every length from none to all, as the kernel answers it. */
static void test_lengths(void)
{
	struct sockaddr_storage in, in6;

	wire_addr("127.0.0.1", 0, &in);
	wire_addr("::1", 0, &in6);
	for (socklen_t len = 0; len <= sizeof(struct sockaddr_in6); len++) {
		if (len <= sizeof(struct sockaddr_in))
			CU_ASSERT_EQUAL(from(AF_INET, &in, len),
			                kernel_bind(AF_INET, &in, len));
		CU_ASSERT_EQUAL(from(AF_INET6, &in6, len),
		                kernel_bind(AF_INET6, &in6, len));
	}
	CU_ASSERT_EQUAL(from(AF_INET6, &in6, SIN6_LEN_MIN), 0);
	CU_ASSERT_EQUAL(from(AF_INET6, &in6, SIN6_LEN_MIN - 1), -EINVAL);
	CU_ASSERT_EQUAL(from(AF_INET, &in, sizeof(in)), 0);
}

static void test_families(void)
{
	static const sa_family_t families[] = {
		AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK,
	};
	struct sockaddr_storage any, lo;

	for (unsigned i = 0; i < 5; i++) {
		memset(&any, 0, sizeof(any));
		any.ss_family = families[i];
		CU_ASSERT_EQUAL(from(AF_INET, &any, sizeof(any)),
		                kernel_bind(AF_INET, &any, sizeof(any)));
		CU_ASSERT_EQUAL(from(AF_INET6, &any, sizeof(any)),
		                kernel_bind(AF_INET6, &any, sizeof(any)));
	}
	wire_addr("127.0.0.1", 0, &lo);
	lo.ss_family = AF_UNSPEC;
	CU_ASSERT_EQUAL(from(AF_INET, &lo, sizeof(lo)), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(kernel_bind(AF_INET, &lo, sizeof(lo)), -EAFNOSUPPORT);
}

static void check_round_trip(int domain, const char *text, u8_t type)
{
	struct sockaddr_storage in, out;
	uint16_t port = 0;
	ip_addr_t ip;

	wire_addr(text, 4711, &in);
	CU_ASSERT_EQUAL(addr_from_sockaddr(domain, (struct sockaddr *)&in,
	                                   sizeof(in), &ip, &port), 0);
	CU_ASSERT_EQUAL(port, 4711);
	CU_ASSERT_EQUAL(IP_GET_TYPE(&ip), type);
	memset(&out, 0x5a, sizeof(out));
	addr_to_sockaddr(domain, &ip, port, &out);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
}

static void test_round_trips(void)
{
	check_round_trip(AF_INET, "10.107.0.2", IPADDR_TYPE_V4);
	check_round_trip(AF_INET, "0.0.0.0", IPADDR_TYPE_V4);
	check_round_trip(AF_INET6, "fd07::1", IPADDR_TYPE_V6);
	check_round_trip(AF_INET6, "::", IPADDR_TYPE_V6);
	check_round_trip(AF_INET6, "::1", IPADDR_TYPE_V6);
	check_round_trip(AF_INET6, "::ffff:10.107.0.2", IPADDR_TYPE_V4);
	check_round_trip(AF_INET6, "::ffff:0.0.0.0", IPADDR_TYPE_V4);
	check_round_trip(AF_INET6, "::10.107.0.2", IPADDR_TYPE_V6);
	check_round_trip(AF_INET6, "ff02::1", IPADDR_TYPE_V6);
}

static void test_any_type_is_unspecified(void)
{
	struct sockaddr_storage want, out;
	ip_addr_t any = *IP_ANY_TYPE;

	addr_to_sockaddr(AF_INET6, &any, 80, &out);
	wire_addr("::", 80, &want);
	CU_ASSERT_EQUAL(memcmp(&out, &want, sizeof(want)), 0);
	addr_to_sockaddr(AF_INET, &any, 80, &out);
	wire_addr("0.0.0.0", 80, &want);
	CU_ASSERT_EQUAL(memcmp(&out, &want, sizeof(want)), 0);
}

static void test_scopes(void)
{
	struct sockaddr_storage in, out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&in;
	uint16_t port;
	ip_addr_t ip;

	wire_addr("fe80::1", 80, &in);
	CU_ASSERT_EQUAL(from(AF_INET6, &in, sizeof(*in6)), -EINVAL);
	in6->sin6_scope_id = 77;
	CU_ASSERT_EQUAL(from(AF_INET6, &in, sizeof(*in6)), -ENODEV);
	in6->sin6_scope_id = 2;
	CU_ASSERT_EQUAL(from(AF_INET6, &in, SIN6_LEN_MIN), -EINVAL);
	CU_ASSERT_EQUAL(addr_from_sockaddr(AF_INET6, (struct sockaddr *)&in,
	                                   sizeof(*in6), &ip, &port), 0);
	CU_ASSERT_EQUAL(ip6_addr_zone(ip_2_ip6(&ip)),
	                netif_get_index(stack_netif_eth(wire.stack)));
	addr_to_sockaddr(AF_INET6, &ip, port, &out);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
	wire_addr("fd07::1", 80, &in);
	in6->sin6_scope_id = 77; /* of no matter to a global address */
	CU_ASSERT_EQUAL(from(AF_INET6, &in, sizeof(*in6)), 0);
}

static int dst(int domain, const struct sockaddr_storage *ss, socklen_t len)
{
	uint16_t port;
	ip_addr_t ip;

	return addr_from_dgram_dst(domain, (const struct sockaddr *)ss, len,
	                           &ip, &port);
}

static void test_datagram_destinations(void)
{
	struct sockaddr_storage ss;
	socklen_t len = wire_addr("10.107.0.1", 7, &ss);

	CU_ASSERT_EQUAL(dst(AF_INET, &ss, len), 0);
	CU_ASSERT_EQUAL(dst(AF_INET6, &ss, len), 0);
	CU_ASSERT_EQUAL(dst(AF_INET, &ss, len - 1), -EINVAL);
	CU_ASSERT_EQUAL(dst(AF_INET, &ss, 1), -EINVAL);
	ss.ss_family = AF_UNSPEC;
	CU_ASSERT_EQUAL(dst(AF_INET, &ss, len), 0);
	CU_ASSERT_EQUAL(dst(AF_INET6, &ss, sizeof(ss)), -EINVAL);
	ss.ss_family = AF_UNIX;
	CU_ASSERT_EQUAL(dst(AF_INET, &ss, sizeof(ss)), -EAFNOSUPPORT);
	len = wire_addr("fd07::1", 7, &ss);
	CU_ASSERT_EQUAL(dst(AF_INET6, &ss, len), 0);
	CU_ASSERT_EQUAL(dst(AF_INET, &ss, len), -EAFNOSUPPORT);
	len = wire_addr("fd07::1", 0, &ss);
	CU_ASSERT_EQUAL(dst(AF_INET6, &ss, len), -EINVAL);
}

static void test_overlaps(void)
{
	ip_addr_t any = *IP_ANY_TYPE, any4 = *IP4_ADDR_ANY;
	ip_addr_t any6 = *IP6_ADDR_ANY, lo4, lo6;

	ip_addr_set_loopback(false, &lo4);
	ip_addr_set_loopback(true, &lo6);
	CU_ASSERT_TRUE(addr_overlaps(&any, &lo4));
	CU_ASSERT_TRUE(addr_overlaps(&lo6, &any));
	CU_ASSERT_TRUE(addr_overlaps(&any, &any4));
	CU_ASSERT_TRUE(addr_overlaps(&any4, &lo4));
	CU_ASSERT_TRUE(addr_overlaps(&lo6, &any6));
	CU_ASSERT_FALSE(addr_overlaps(&any4, &any6));
	CU_ASSERT_FALSE(addr_overlaps(&any4, &lo6));
	CU_ASSERT_FALSE(addr_overlaps(&lo4, &lo6));
	CU_ASSERT_TRUE(addr_overlaps(&lo4, &lo4));
	ip_addr_copy(any6, lo4);
	ip_2_ip4(&any6)->addr ^= htonl(1);
	CU_ASSERT_FALSE(addr_overlaps(&lo4, &any6));
}

static void test_any_means_this_host(void)
{
	ip_addr_t ip = *IP4_ADDR_ANY;

	addr_any_to_loopback(&ip);
	CU_ASSERT_TRUE(IP_IS_V4_VAL(ip) && ip_addr_isloopback(&ip));
	ip_addr_copy(ip, *IP6_ADDR_ANY);
	addr_any_to_loopback(&ip);
	CU_ASSERT_TRUE(IP_IS_V6_VAL(ip) && ip_addr_isloopback(&ip));
	ip_addr_set_ip4_u32_val(ip, htonl(0x0a6b0001));
	addr_any_to_loopback(&ip);
	CU_ASSERT_EQUAL(ip4_addr_get_u32(ip_2_ip4(&ip)), htonl(0x0a6b0001));
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_lengths),
	UNIT_TEST(test_families),
	UNIT_TEST(test_round_trips),
	UNIT_TEST(test_any_type_is_unspecified),
	UNIT_TEST(test_scopes),
	UNIT_TEST(test_datagram_destinations),
	UNIT_TEST(test_overlaps),
	UNIT_TEST(test_any_means_this_host),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("addr", addr_setup, addr_teardown, tests);
}
