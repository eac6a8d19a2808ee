/* SPDX-License-Identifier: MIT */
/* The kernel's side of an interface, tried on an lo and a tap of our own. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fastpath/ifconf.h"
#include "tests/unit/netns.h"
#include "tests/unit/unit.h"

#define TAP "iftest0"

static const char *missing; /* why there is no namespace; NULL: there is */
static unsigned fds_before;

static void fds_setup(void)
{
	fds_before = unit_fd_count();
}

static void fds_teardown(void)
{
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static struct ifconf_addr cidr(const char *text, uint8_t prefix_len)
{
	struct ifconf_addr addr = {
		.family = strchr(text, ':') ? AF_INET6 : AF_INET,
		.prefix_len = prefix_len,
	};

	CU_ASSERT_EQUAL(inet_pton(addr.family, text, &addr.in), 1);
	return addr;
}

static void test_names(void)
{
	CU_ASSERT_TRUE(ifconf_name_is_valid("tap0"));
	CU_ASSERT_TRUE(ifconf_name_is_valid("fifteen-letters"));
	CU_ASSERT_FALSE(ifconf_name_is_valid("sixteen--letters"));
	CU_ASSERT_FALSE(ifconf_name_is_valid(""));
	CU_ASSERT_FALSE(ifconf_name_is_valid("."));
	CU_ASSERT_FALSE(ifconf_name_is_valid(".."));
	CU_ASSERT_FALSE(ifconf_name_is_valid("a/b"));
	CU_ASSERT_FALSE(ifconf_name_is_valid("a b"));
	CU_ASSERT_FALSE(ifconf_name_is_valid("eth0:1"));
}

static void test_absent(void)
{
	const struct ifconf_addr addr = cidr("10.98.0.1", 24);
	struct ifconf_addr addrs[1];
	uint8_t mac[ETHER_ADDR_LEN];
	unsigned value;
	char why[256] = "";

	CU_ASSERT_FALSE(ifconf_exists("nosuch0"));
	CU_ASSERT_FALSE(ifconf_has_addr("nosuch0"));
	CU_ASSERT_FALSE(ifconf_is_up("nosuch0"));
	CU_ASSERT_EQUAL(ifconf_get_mtu("nosuch0", &value, why), -ENODEV);
	CU_ASSERT_STRING_EQUAL(why, "there is no interface nosuch0");
	CU_ASSERT_EQUAL(ifconf_set_mtu("nosuch0", 1500, why), -ENODEV);
	CU_ASSERT_EQUAL(ifconf_set_up("nosuch0", why), -ENODEV);
	CU_ASSERT_EQUAL(ifconf_get_mac("nosuch0", mac, why), -ENODEV);
	CU_ASSERT_EQUAL(ifconf_add_addr("nosuch0", &addr, why), -ENODEV);
	CU_ASSERT_EQUAL(ifconf_get_addrs("nosuch0", addrs, 1, &value, why),
	                -ENODEV);
	CU_ASSERT_EQUAL(ifconf_get_mtu("a name that cannot be", &value, why),
	                -EINVAL);
	CU_ASSERT_EQUAL(ifconf_get_mtu("nosuch0", &value, NULL), -ENODEV);
}

static void test_loopback_is_no_ethernet(void)
{
	uint8_t mac[ETHER_ADDR_LEN];
	char why[256] = "";

	CU_ASSERT_TRUE(ifconf_exists("lo"));
	CU_ASSERT_EQUAL(ifconf_get_mac("lo", mac, why), -EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "lo is no Ethernet interface");
}

static void test_addresses(void)
{
	const struct ifconf_addr v4 = cidr("10.98.0.1", 24);
	const struct ifconf_addr v4_second = cidr("10.98.1.1", 25);
	const struct ifconf_addr v6 = cidr("fd07:98::1", 64);
	const struct ifconf_addr bad = cidr("10.98.2.1", 99);
	struct ifconf_addr addrs[8];
	unsigned count;
	char why[256] = "";

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(netns_tap_persist(TAP, 0, -1, true), 0);
	CU_ASSERT_FALSE(ifconf_has_addr(TAP));
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &v4, why), 0);
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &v4, why), 0);
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &v4_second, why), 0);
	CU_ASSERT_TRUE(ifconf_has_addr(TAP));
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &v6, why), 0);
	CU_ASSERT_EQUAL(ifconf_get_addrs(TAP, addrs, 8, &count, why), 0);
	CU_ASSERT_EQUAL_FATAL(count, 3);
	CU_ASSERT_EQUAL(memcmp(&addrs[0], &v4, 8), 0);
	CU_ASSERT_EQUAL(memcmp(&addrs[1], &v4_second, 8), 0);
	CU_ASSERT_EQUAL(addrs[2].prefix_len, 64);
	CU_ASSERT_EQUAL(memcmp(&addrs[2].in6, &v6.in6, 16), 0);
	CU_ASSERT_EQUAL(ifconf_get_addrs(TAP, addrs, 1, &count, why), 0);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &bad, why), -EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "cannot give " TAP " the address "
	                       "10.98.2.1/99: Invalid argument");
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, false), 0);
}

/* A new address can be used at once, and one that is link-local does not count,
 * because the kernel makes such by itself.
 */
static void test_address_works_at_once(void)
{
	const struct ifconf_addr local = cidr("fe80::1234", 64);
	const struct ifconf_addr v6 = cidr("fd07:98::1", 64);
	const struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_addr = v6.in6,
	};
	char why[256] = "";
	int fd;

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(netns_tap_persist(TAP, 0, -1, true), 0);
	CU_ASSERT_EQUAL(ifconf_set_up(TAP, why), 0);
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &local, why), 0);
	CU_ASSERT_FALSE(ifconf_has_addr(TAP));
	CU_ASSERT_EQUAL(ifconf_add_addr(TAP, &v6, why), 0);
	CU_ASSERT_TRUE(ifconf_has_addr(TAP));
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(bind(fd, (const void *)&sin6, sizeof(sin6)), 0);
	close(fd);
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, false), 0);
}

static void test_up_and_mtu(void)
{
	uint8_t mac[ETHER_ADDR_LEN];
	unsigned mtu = 0;
	char why[256] = "";

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(netns_tap_persist(TAP, 0, -1, true), 0);
	CU_ASSERT_FALSE(ifconf_is_up(TAP));
	CU_ASSERT_EQUAL(ifconf_set_up(TAP, why), 0);
	CU_ASSERT_EQUAL(ifconf_set_up(TAP, why), 0);
	CU_ASSERT_TRUE(ifconf_is_up(TAP));
	CU_ASSERT_FALSE(ifconf_has_addr(TAP));
	CU_ASSERT_EQUAL(ifconf_get_mtu(TAP, &mtu, why), 0);
	CU_ASSERT_EQUAL(mtu, 1500);
	CU_ASSERT_EQUAL(ifconf_set_mtu(TAP, 9000, why), 0);
	CU_ASSERT_EQUAL(ifconf_get_mtu(TAP, &mtu, why), 0);
	CU_ASSERT_EQUAL(mtu, 9000);
	CU_ASSERT_EQUAL(ifconf_set_mtu(TAP, 1000000, why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, TAP));
	CU_ASSERT_EQUAL(ifconf_get_mac(TAP, mac, why), 0);
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, false), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_names),
		UNIT_TEST(test_absent),
		UNIT_TEST(test_loopback_is_no_ethernet),
		UNIT_TEST(test_addresses),
		UNIT_TEST(test_address_works_at_once),
		UNIT_TEST(test_up_and_mtu),
		{ NULL, NULL }
	};

	missing = netns_enter();
	return unit_run("ifconf", fds_setup, fds_teardown, tests);
}
