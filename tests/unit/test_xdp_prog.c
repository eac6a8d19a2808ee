/* SPDX-License-Identifier: MIT */
/* The XDP program's verdicts, by running it in the kernel on frames made here
 * (BPF_PROG_TEST_RUN), and loading it.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/xdp_prog.h"
#include "tests/unit/unit.h"

#define FRAME_LEN_MAX 200
#define OURS4 "10.7.0.2"
#define OURS6 "fd07::1234:5678"
#define OTHER4 "10.7.0.1"
#define OTHER6 "fd07::1"

static struct xdp_prog prog;
static int sock = -1; /* of AF_XDP, as the program redirects to */
static const char *missing; /* why there is no program; NULL: there is */
static unsigned fds_before;

static struct netdev_addr addr_of(const char *text)
{
	struct netdev_addr addr = {
		.family = strchr(text, ':') ? AF_INET6 : AF_INET,
	};

	inet_pton(addr.family, text, &addr.in6);
	return addr;
}

static void prog_setup(void)
{
	struct netdev_addr addrs[2] = { addr_of(OURS4), addr_of(OURS6) };
	char why[NETDEV_WHY_LEN] = "";

	missing = NULL;
	fds_before = unit_fd_count();
	xdp_prog_init(&prog);
	sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock < 0 || geteuid()) {
		missing = "an XDP program needs root and a kernel with AF_XDP";
		return;
	}
	if (xdp_prog_load(&prog, 0, FRAME_LEN_MAX, why)) {
		CU_FAIL_FATAL(why);
	}
	CU_ASSERT_EQUAL(xdp_prog_set_addrs(&prog, addrs, 2), 0);
	CU_ASSERT_EQUAL(xdp_prog_set_socket(&prog, 0, sock), 0);
}

static void prog_teardown(void)
{
	xdp_prog_fini(&prog);
	if (sock >= 0)
		close(sock);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

/* A frame under construction. */
struct made {
	uint8_t bytes[512];
	uint32_t len;
};

static void put(struct made *made, const void *bytes, uint32_t len)
{
	memcpy(made->bytes + made->len, bytes, len);
	made->len += len;
}

static void put_zeros(struct made *made, uint32_t len)
{
	memset(made->bytes + made->len, 0, len);
	made->len += len;
}

static void put_addr(struct made *made, const char *text)
{
	const struct netdev_addr addr = addr_of(text);

	put(made, &addr.in6, addr.family == AF_INET ? 4 : 16);
}

static void start(struct made *made, uint16_t type)
{
	const uint16_t wire = htons(type);

	made->len = 0;
	put_zeros(made, 12);
	put(made, &wire, sizeof(wire));
}

static void make_ipv4(struct made *made, const char *dst, uint16_t fragment)
{
	const uint16_t wire = htons(fragment);

	start(made, 0x0800);
	put(made, "\x45\0\0\x1c\0\0", 6);
	put(made, &wire, sizeof(wire));
	put(made, "\x40\x11\0\0", 4);
	put_addr(made, OTHER4);
	put_addr(made, dst);
	put_zeros(made, 26);
}

static void make_ipv6(struct made *made, const char *dst, uint8_t next)
{
	start(made, 0x86dd);
	put(made, "\x60\0\0\0\0\x18", 6);
	put(made, &next, 1);
	put(made, "\xff", 1);
	put_addr(made, OTHER6);
	put_addr(made, dst);
}

/* A neighbour solicitation (135) or advertisement (136). */
static void make_nd(struct made *made, const char *dst, uint8_t type,
                    const char *target)
{
	make_ipv6(made, dst, IPPROTO_ICMPV6);
	put(made, &type, 1);
	put_zeros(made, 7);
	put_addr(made, target);
}

static void make_arp(struct made *made, const char *sender, const char *target,
                     uint8_t op)
{
	start(made, 0x0806);
	put(made, "\0\1\x08\0\6\4\0", 7);
	put(made, &op, 1);
	put_zeros(made, 6);
	put_addr(made, sender);
	put_zeros(made, 6);
	put_addr(made, target);
	put_zeros(made, 18);
}

/* The program's verdict; -1 when it could not be run. */
static int verdict(const struct made *made)
{
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts),
		.data_in = made->bytes,
		.data_size_in = made->len,
		.repeat = 1,
	};

	return bpf_prog_test_run_opts(prog.fd, &opts) ? -1 : (int)opts.retval;
}

static void test_ipv4(void)
{
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	make_ipv4(&made, OURS4, 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_ipv4(&made, OURS4, 0x2000); /* the first of fragments */
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_ipv4(&made, OURS4, 185); /* the last one */
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_ipv4(&made, OTHER4, 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_ipv4(&made, "255.255.255.255", 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_ipv4(&made, OURS4, 0);
	made.len = 14 + 19; /* the address is cut */
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
}

static void test_ipv6(void)
{
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	make_ipv6(&made, OURS6, IPPROTO_TCP);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_ipv6(&made, OURS6, IPPROTO_FRAGMENT);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_ipv6(&made, OTHER6, IPPROTO_TCP);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_ipv6(&made, OURS6, IPPROTO_TCP);
	made.len--;
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
}

static void test_neighbour_discovery(void)
{
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	make_nd(&made, "ff02::1:ff34:5678", 135, OURS6);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	made.len--;
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	/* The same group, another address of it. */
	make_nd(&made, "ff02::1:ff34:5678", 135, "fd07::99:1234:5678");
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_nd(&made, OURS6, 136, OTHER6);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_nd(&made, "ff02::1", 136, OURS6);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_nd(&made, "ff02::1", 134, OURS6);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
}

static void test_arp(void)
{
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	make_arp(&made, OTHER4, OURS4, 1);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_arp(&made, OTHER4, OURS4, 2);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_arp(&made, OURS4, OTHER4, 1);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_arp(&made, "10.7.0.9", OTHER4, 2);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_arp(&made, OTHER4, OURS4, 1);
	made.bytes[14 + 4] = 8; /* not the length of Ethernet's addresses */
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
}

static void test_others_are_passed(void)
{
	static const uint8_t tag[4] = { 0x81, 0x00, 0x00, 0x05 };
	struct made plain, tagged = { .len = 0 };

	if (missing)
		UNIT_SKIP(missing);
	make_ipv4(&plain, OURS4, 0);
	put(&tagged, plain.bytes, 12);
	put(&tagged, tag, sizeof(tag));
	put(&tagged, plain.bytes + 12, plain.len - 12);
	CU_ASSERT_EQUAL(verdict(&tagged), XDP_PASS);
	start(&plain, 0x88cc);
	put_zeros(&plain, 46);
	CU_ASSERT_EQUAL(verdict(&plain), XDP_PASS);
	start(&plain, 0x0800); /* nothing behind it */
	CU_ASSERT_EQUAL(verdict(&plain), XDP_PASS);
}

static void test_counts(void)
{
	struct xdp_counts before, after;
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL(xdp_prog_get_counts(&prog, &before), 0);
	make_ipv4(&made, OTHER4, 0);
	verdict(&made);
	make_ipv4(&made, OURS4, 0);
	verdict(&made);
	put_zeros(&made, FRAME_LEN_MAX - made.len);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	put_zeros(&made, 1);
	CU_ASSERT_EQUAL(verdict(&made), XDP_DROP);
	CU_ASSERT_EQUAL(xdp_prog_get_counts(&prog, &after), 0);
	CU_ASSERT_EQUAL(after.frames[xdp_verdict_passed] -
	                before.frames[xdp_verdict_passed], 1);
	CU_ASSERT_EQUAL(after.frames[xdp_verdict_redirected] -
	                before.frames[xdp_verdict_redirected], 2);
	CU_ASSERT_EQUAL(after.frames[xdp_verdict_dropped_long] -
	                before.frames[xdp_verdict_dropped_long], 1);
}

static void test_no_socket(void)
{
	struct xdp_counts counts;
	struct xdp_prog bare;
	struct netdev_addr addr = addr_of(OURS4);
	char why[NETDEV_WHY_LEN];
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	xdp_prog_init(&bare);
	CU_ASSERT_EQUAL_FATAL(xdp_prog_load(&bare, 0, FRAME_LEN_MAX, why), 0);
	CU_ASSERT_EQUAL(xdp_prog_set_addrs(&bare, &addr, 1), 0);
	make_ipv4(&made, OURS4, 0);
	bpf_prog_test_run_opts(bare.fd, &(struct bpf_test_run_opts){
		.sz = sizeof(struct bpf_test_run_opts), .repeat = 1,
		.data_in = made.bytes, .data_size_in = made.len });
	CU_ASSERT_EQUAL(xdp_prog_get_counts(&bare, &counts), 0);
	CU_ASSERT_EQUAL(counts.frames[xdp_verdict_passed_queue], 1);
	CU_ASSERT_EQUAL(counts.frames[xdp_verdict_redirected], 0);
	xdp_prog_fini(&bare);
}

static void test_addrs_change(void)
{
	struct netdev_addr many[XDP_SHARED_ADDR_MAX + 1];
	struct netdev_addr next[2] = { addr_of(OTHER4), addr_of("0.0.0.0") };
	struct made made;

	if (missing)
		UNIT_SKIP(missing);
	CU_ASSERT_EQUAL(xdp_prog_set_addrs(&prog, next, 2), 0);
	make_ipv4(&made, OTHER4, 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	make_ipv4(&made, OURS4, 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_ipv4(&made, "0.0.0.0", 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	make_ipv6(&made, OURS6, IPPROTO_TCP);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
	for (unsigned i = 0; i <= XDP_SHARED_ADDR_MAX; i++) {
		many[i] = addr_of(OURS4);
		many[i].in.s_addr += htonl(i);
	}
	CU_ASSERT_EQUAL(xdp_prog_set_addrs(&prog, many,
	                                   XDP_SHARED_ADDR_MAX + 1), -ENOSPC);
	CU_ASSERT_EQUAL(xdp_prog_set_addrs(&prog, many, XDP_SHARED_ADDR_MAX), 0);
	make_ipv4(&made, OURS4, 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_REDIRECT);
	CU_ASSERT_EQUAL(xdp_prog_set_addrs(&prog, many, 0), 0);
	CU_ASSERT_EQUAL(verdict(&made), XDP_PASS);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_ipv4),
		UNIT_TEST(test_ipv6),
		UNIT_TEST(test_neighbour_discovery),
		UNIT_TEST(test_arp),
		UNIT_TEST(test_others_are_passed),
		UNIT_TEST(test_counts),
		UNIT_TEST(test_no_socket),
		UNIT_TEST(test_addrs_change),
		{ NULL, NULL },
	};

	return unit_run("xdp_prog", prog_setup, prog_teardown, tests);
}
