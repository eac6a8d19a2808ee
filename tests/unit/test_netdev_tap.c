/* SPDX-License-Identifier: MIT */
/* Opening a tap device: what is obtained, what is left, what is said. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "fastpath/ifconf.h"
#include "fastpath/netdev.h"
#include "tests/unit/netns.h"
#include "tests/unit/unit.h"

#define TAP "taptest0"
#define NOBODY 65534

static const char *missing; /* why there is no namespace; NULL: there is */
static unsigned fds_before;
static bool is_root;

static void fds_setup(void)
{
	fds_before = unit_fd_count();
}

/* Nothing open, nothing left in the kernel. */
static void fds_teardown(void)
{
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
	CU_ASSERT_FALSE(ifconf_exists(TAP));
}

static int tap_open_named(const char *ifname, struct netdev **dev, char *why)
{
	const struct netdev_conf conf = { .backend = "tap", .device = ifname };

	why[0] = 0;
	return netdev_open(&conf, dev, why);
}

static void test_made_and_gone(void)
{
	struct netdev *dev;
	uint8_t kernel_mac[ETHER_ADDR_LEN];
	unsigned total;
	char why[NETDEV_WHY_LEN];

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(tap_open_named(TAP, &dev, why), 0);
	CU_ASSERT_TRUE(ifconf_exists(TAP));
	CU_ASSERT_STRING_EQUAL(dev->name, TAP);
	CU_ASSERT_EQUAL(dev->mtu, 1500);
	CU_ASSERT_EQUAL(dev->mac[0] & 3, 2);
	CU_ASSERT_EQUAL(ifconf_get_mac(TAP, kernel_mac, why), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(dev->mac, kernel_mac, sizeof(dev->mac)), 0);
	CU_ASSERT_TRUE(netdev_rx_fd(dev) >= 0);
	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), total);
	CU_ASSERT_EQUAL(strncmp(dev->mode, "tap, ", 5), 0);
	netdev_close(dev);
	CU_ASSERT_FALSE(ifconf_exists(TAP));
}

static void test_offloads(void)
{
	const unsigned tso = NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4 |
	                     NETDEV_CAP_TX_TSO6 | NETDEV_CAP_RX_SUPER;
	struct netdev_conf conf = { .backend = "tap", .device = TAP };
	struct netdev *dev;
	char why[NETDEV_WHY_LEN];

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &dev, why), 0);
	CU_ASSERT_EQUAL(dev->caps & tso, tso);
	CU_ASSERT_PTR_EQUAL(strstr(dev->mode, "tap, vnet_hdr, csum tso4 tso6"),
	                    dev->mode);
	netdev_close(dev);
	conf.no_offload = true;
	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &dev, why), 0);
	CU_ASSERT_EQUAL(dev->caps, 0);
	CU_ASSERT_STRING_EQUAL(dev->mode, "tap, plain frames");
	netdev_close(dev);
}

static void test_conf_is_kept(void)
{
	static const uint8_t mac[ETHER_ADDR_LEN] = { 2, 1, 2, 3, 4, 5 };
	const struct netdev_conf conf = {
		.backend = "tap", .device = TAP, .mtu = 9000, .mac = mac,
		.frame_count = 3,
	};
	struct netdev *dev;
	unsigned value;
	char why[NETDEV_WHY_LEN];

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &dev, why), 0);
	CU_ASSERT_EQUAL(dev->mtu, 9000);
	CU_ASSERT_EQUAL(ifconf_get_mtu(TAP, &value, why), 0);
	CU_ASSERT_EQUAL(value, 9000);
	CU_ASSERT_EQUAL(memcmp(dev->mac, mac, sizeof(mac)), 0);
	netdev_rx_room(dev, &value);
	CU_ASSERT_EQUAL(value, 3);
	netdev_close(dev);
}

/* A device that was made for us stays, with the same address for the stack;
 * one with several queues will do.
 */
static void test_persistent(void)
{
	static const unsigned flags[] = { 0, IFF_MULTI_QUEUE };
	uint8_t mac[ETHER_ADDR_LEN];
	struct netdev *dev;
	char why[NETDEV_WHY_LEN];

	if (missing)
		UNIT_SKIP(missing);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(netns_tap_persist(TAP, flags[i], -1,
		                                        true), 0);
		CU_ASSERT_EQUAL(ifconf_set_mtu(TAP, 4000, why), 0);
		CU_ASSERT_EQUAL_FATAL(tap_open_named(TAP, &dev, why), 0);
		CU_ASSERT_EQUAL(dev->mtu, 4000);
		memcpy(mac, dev->mac, sizeof(mac));
		netdev_close(dev);
		CU_ASSERT_TRUE(ifconf_exists(TAP));
		CU_ASSERT_EQUAL_FATAL(tap_open_named(TAP, &dev, why), 0);
		CU_ASSERT_EQUAL(memcmp(mac, dev->mac, sizeof(mac)), 0);
		netdev_close(dev);
		CU_ASSERT_EQUAL(netns_tap_persist(TAP, flags[i], -1, false), 0);
	}
}

static void test_busy(void)
{
	struct netdev *dev, *second;
	char why[NETDEV_WHY_LEN];

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL_FATAL(tap_open_named(TAP, &dev, why), 0);
	CU_ASSERT_EQUAL(tap_open_named(TAP, &second, why), -EBUSY);
	CU_ASSERT_STRING_EQUAL(why, "'" TAP "' is in use by another process");
	CU_ASSERT_PTR_NULL(second);
	netdev_close(dev);
}

static void test_refused_names(void)
{
	static const char *const names[] = {
		"", "a/b", "sixteen--letters", "..", "a b", NULL
	};
	struct netdev *dev;
	char why[NETDEV_WHY_LEN];

	for (unsigned i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(tap_open_named(names[i], &dev, why), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot be an interface's "
		                              "name: expected 1 to 15"));
	}
	CU_ASSERT_EQUAL(tap_open_named("a/b", &dev, why), -EINVAL);
	CU_ASSERT_EQUAL(strncmp(why, "'a/b' ", 6), 0);
}

static void test_no_tap(void)
{
	struct netdev *dev;
	char why[NETDEV_WHY_LEN];

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL(tap_open_named("lo", &dev, why), -EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "'lo' exists and is no tap device");
}

/* What fails after the device was made takes the device away again. */
static void test_late_failures(void)
{
	uint8_t kernel_mac[ETHER_ADDR_LEN];
	struct netdev_conf conf = {
		.backend = "tap", .device = TAP, .mtu = 65535,
	};
	struct netdev *dev;
	char why[NETDEV_WHY_LEN] = "";

	if (missing)
		UNIT_SKIP(missing);
	/* Linux drivers/net/tun.c: 65521 bytes at most. */
	CU_ASSERT_EQUAL(netdev_open(&conf, &dev, why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "MTU of " TAP));
	CU_ASSERT_FALSE(ifconf_exists(TAP));

	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, true), 0);
	CU_ASSERT_EQUAL(ifconf_get_mac(TAP, kernel_mac, why), 0);
	conf.mtu = 0;
	conf.mac = kernel_mac;
	CU_ASSERT_EQUAL(netdev_open(&conf, &dev, why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "hardware address"));
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, -1, false), 0);
}

/* Put a device node that everybody may open in the place of the machine's, in
 * a mount namespace of our own, as udev makes it. Return: 0 or -1.
 */
static int node_open_to_all(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev/net", "tmpfs", 0, "mode=755") ||
	    mknod("/dev/net/tun", S_IFCHR, makedev(10, 200)))
		return -1;
	return chmod("/dev/net/tun", 0666);
}

/* In a child as nobody. Return: its exit status: 0 when it opened TAP, 1 when
 * it was told what is expected, 2 when something else, 3 when nothing was tried.
 */
static int open_as_nobody(const char *expected_in_why)
{
	struct netdev *dev;
	char why[NETDEV_WHY_LEN];
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (node_open_to_all() ||
		    setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(3);
		if (!tap_open_named(TAP, &dev, why)) {
			netdev_close(dev);
			_exit(0);
		}
		_exit(expected_in_why && strstr(why, expected_in_why) ? 1 : 2);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_no_permission(void)
{
	if (missing)
		UNIT_SKIP(missing);
	if (!is_root)
		UNIT_SKIP("only root can become somebody without permission");
	CU_ASSERT_EQUAL(open_as_nobody("no permission for /dev/net/tun: run "
	                               "as root or have an administrator make "
	                               TAP " with"), 1);
}

static void test_made_for_a_user(void)
{
	if (missing)
		UNIT_SKIP(missing);
	if (!is_root)
		UNIT_SKIP("only root can become another user");
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, NOBODY, true), 0);
	CU_ASSERT_EQUAL(open_as_nobody(NULL), 0);
	CU_ASSERT_EQUAL(netns_tap_persist(TAP, 0, NOBODY, false), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_made_and_gone),
		UNIT_TEST(test_offloads),
		UNIT_TEST(test_conf_is_kept),
		UNIT_TEST(test_persistent),
		UNIT_TEST(test_busy),
		UNIT_TEST(test_refused_names),
		UNIT_TEST(test_no_tap),
		UNIT_TEST(test_late_failures),
		UNIT_TEST(test_no_permission),
		UNIT_TEST(test_made_for_a_user),
		{ NULL, NULL }
	};

	is_root = geteuid() == 0;
	missing = netns_enter();
	return unit_run("netdev_tap", fds_setup, fds_teardown, tests);
}
