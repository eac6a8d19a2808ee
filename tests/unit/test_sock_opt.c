/* SPDX-License-Identifier: MIT */
/* Socket options one by one: what they do and what is refused. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <string.h>

#include "stack/sock_opt.h"
#include "tests/unit/sock_opt_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int get_int(struct sock *sock, int level, int name)
{
	socklen_t len = sizeof(int);
	int n = -12345, err = sock_getopt(sock, level, name, &n, &len);

	CU_ASSERT_EQUAL(err, 0);
	return n;
}

static int set_int(struct sock *sock, int level, int name, int n)
{
	return sock_setopt(sock, level, name, &n, sizeof(n));
}

static void test_no_row_twice(void)
{
	static const struct {
		const struct opt_row *rows;
		const unsigned *count;
	} tables[] = {
		{ opt_rows_sol, &opt_rows_sol_count },
		{ opt_rows_ip, &opt_rows_ip_count },
		{ opt_rows_tcp, &opt_rows_tcp_count },
	};

	for (unsigned t = 0; t < COUNT(tables); t++)
		for (unsigned i = 0; i < *tables[t].count; i++)
			for (unsigned j = 0; j < i; j++)
				CU_ASSERT_FALSE(
					tables[t].rows[i].level ==
					tables[t].rows[j].level &&
					tables[t].rows[i].name ==
					tables[t].rows[j].name);
}

static void test_v6only_after_bind(void)
{
	struct sock *sock = open_sock(AF_INET6, SOCK_STREAM);
	struct sockaddr_storage ss;
	socklen_t len = wire_addr("::", 80, &ss);

	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
	CU_ASSERT_EQUAL(sock_bind(sock, (struct sockaddr *)&ss, len), 0);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_IPV6, IPV6_V6ONLY, 0), -EINVAL);
	CU_ASSERT_EQUAL(get_int(sock, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	sock_close(sock, true);
}

static void test_linger(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	CU_ASSERT_FALSE(sock_lingers_zero(sock));
	CU_ASSERT_EQUAL(sock_setopt(sock, SOL_SOCKET, SO_LINGER, &linger,
	                            sizeof(linger)), 0);
	CU_ASSERT_TRUE(sock_lingers_zero(sock));
	linger.l_linger = 5;
	CU_ASSERT_EQUAL(sock_setopt(sock, SOL_SOCKET, SO_LINGER, &linger,
	                            sizeof(linger)), 0);
	CU_ASSERT_FALSE(sock_lingers_zero(sock));
	sock_close(sock, true);
}

static void test_peercred_is_nobody(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	struct ucred cred = { .pid = 5 };
	socklen_t len = sizeof(cred);

	CU_ASSERT_EQUAL(sock_getopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len),
	                0);
	CU_ASSERT_EQUAL(len, sizeof(cred));
	CU_ASSERT_EQUAL(cred.pid, 0);
	CU_ASSERT_EQUAL(cred.uid, (uid_t)-1);
	CU_ASSERT_EQUAL(cred.gid, (gid_t)-1);
	sock_close(sock, true);
}

static void test_cookie_is_the_id(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	CU_ASSERT_EQUAL(sock_getopt(sock, SOL_SOCKET, SO_COOKIE, &cookie, &len),
	                0);
	CU_ASSERT_EQUAL(cookie, sock_id(sock));
	len = 4;
	CU_ASSERT_EQUAL(sock_getopt(sock, SOL_SOCKET, SO_COOKIE, &cookie, &len),
	                -EINVAL);
	sock_close(sock, true);
}

static void test_device(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);

	CU_ASSERT_EQUAL(sock_setopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "wlan9",
	                            5), -ENODEV);
	CU_ASSERT_EQUAL(sock_setopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "eth0",
	                            4), 0);
	CU_ASSERT_EQUAL(sock_getopt(sock, SOL_SOCKET, SO_BINDTODEVICE, name,
	                            &len), 0);
	CU_ASSERT_EQUAL(len, 5);
	CU_ASSERT_STRING_EQUAL(name, "eth0");
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, 62), 2); /* BINDTOIFINDEX */
	CU_ASSERT_EQUAL(sock_setopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "", 0),
	                0);
	len = sizeof(name);
	CU_ASSERT_EQUAL(sock_getopt(sock, SOL_SOCKET, SO_BINDTODEVICE, name,
	                            &len), 0);
	CU_ASSERT_EQUAL(len, 0);
	sock_close(sock, true);
}

static void test_buffers(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_DGRAM);

	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_RCVBUF, 50000), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVBUF), 100000);
	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_RCVBUF, 1 << 30), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVBUF), 2 * 212992);
	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_RCVBUF, 0), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVBUF), 2304);
	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_SNDBUF, 0), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_SNDBUF), 4608);
	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_RCVBUFFORCE, 5000000), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVBUF), 10000000);
	sock_close(sock, true);
}

static void test_bounds_of_sysctls(void)
{
	struct sock *sock = open_sock(AF_INET6, SOCK_STREAM);

	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVLOWAT), 1);
	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_RCVLOWAT, 0), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVLOWAT), 1);
	CU_ASSERT_EQUAL(set_int(sock, SOL_SOCKET, SO_RCVLOWAT, 77), 0);
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_RCVLOWAT), 77);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_TCP, TCP_FASTOPEN, 40000), 0);
	CU_ASSERT_EQUAL(get_int(sock, IPPROTO_TCP, TCP_FASTOPEN), 4096);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_TCP, TCP_FASTOPEN, -1), -EINVAL);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_IPV6, IPV6_MTU, 0), 0);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_IPV6, IPV6_MTU, 1279), -EINVAL);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_IPV6, IPV6_MTU, 1400),
	                -EOPNOTSUPP);
	CU_ASSERT_EQUAL(set_int(sock, IPPROTO_IPV6, IPV6_DONTFRAG, 1), 0);
	CU_ASSERT_EQUAL(get_int(sock, IPPROTO_IPV6, IPV6_DONTFRAG), 1);
	sock_close(sock, true);
}

static void test_congestion(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	char name[16] = "";
	socklen_t len = sizeof(name);

	CU_ASSERT_EQUAL(sock_getopt(sock, IPPROTO_TCP, TCP_CONGESTION, name,
	                            &len), 0);
	CU_ASSERT_EQUAL(len, 16);
	CU_ASSERT_STRING_EQUAL(name, "reno");
	CU_ASSERT_EQUAL(sock_setopt(sock, IPPROTO_TCP, TCP_CONGESTION, "reno",
	                            4), 0);
	CU_ASSERT_EQUAL(sock_setopt(sock, IPPROTO_TCP, TCP_CONGESTION, "none",
	                            4), -ENOENT);
	CU_ASSERT_EQUAL(sock_setopt(sock, IPPROTO_TCP, TCP_CONGESTION, "", 0),
	                -EINVAL);
	sock_close(sock, true);
}

static void test_what_cannot_be_served(void)
{
	struct sock *tcp = open_sock(AF_INET, SOCK_STREAM);
	struct sock *udp = open_sock(AF_INET, SOCK_DGRAM);
	struct ip_mreq mreq = { .imr_interface.s_addr = INADDR_ANY };
	struct ipv6_mreq mreq6 = { .ipv6mr_interface = 0 };
	struct sock *udp6 = open_sock(AF_INET6, SOCK_DGRAM);
	socklen_t len = sizeof(int);
	int n;

	CU_ASSERT_EQUAL(set_int(tcp, SOL_SOCKET, SO_ZEROCOPY, 1), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(set_int(tcp, SOL_SOCKET, SO_ZEROCOPY, 0), 0);
	CU_ASSERT_EQUAL(set_int(tcp, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1),
	                -EOPNOTSUPP);
	CU_ASSERT_EQUAL(sock_setopt(tcp, IPPROTO_TCP, TCP_ULP, "tls", 4),
	                -ENOENT);
	CU_ASSERT_EQUAL(set_int(udp, IPPROTO_UDP, UDP_SEGMENT, 1400),
	                -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_getopt(udp, IPPROTO_UDP, UDP_SEGMENT, &n, &len),
	                -ENOPROTOOPT);
	CU_ASSERT_EQUAL(set_int(tcp, IPPROTO_IP, IP_TRANSPARENT, 1), -EPERM);
	inet_pton(AF_INET, "239.1.2.3", &mreq.imr_multiaddr);
	CU_ASSERT_EQUAL(sock_setopt(udp, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
	                            sizeof(mreq)), -ENODEV);
	inet_pton(AF_INET6, "ff02::123", &mreq6.ipv6mr_multiaddr);
	CU_ASSERT_EQUAL(sock_setopt(udp6, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq6,
	                            sizeof(mreq6)), -ENODEV);
	sock_close(tcp, true);
	sock_close(udp, true);
	sock_close(udp6, true);
}

static void test_lengths(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	socklen_t len = (socklen_t)-1;
	int n = 0;

	CU_ASSERT_EQUAL(sock_getopt(sock, SOL_SOCKET, SO_TYPE, &n, &len),
	                -EINVAL);
	CU_ASSERT_EQUAL(sock_setopt(sock, SOL_SOCKET, SO_REUSEADDR, &n,
	                            (socklen_t)-1), -EINVAL);
	sock_close(sock, true);
}

static void test_tcp_info(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_STREAM);
	struct tcp_info info = { .tcpi_state = 0 };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(info);

	CU_ASSERT_EQUAL(sock_getopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len),
	                0);
	CU_ASSERT_EQUAL(len, sizeof(info));
	CU_ASSERT_EQUAL(info.tcpi_state, 7); /* TCP_CLOSE */
	len = 1;
	CU_ASSERT_EQUAL(sock_getopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len),
	                0);
	CU_ASSERT_EQUAL(len, 1);
	len = wire_addr("0.0.0.0", 80, &ss);
	CU_ASSERT_EQUAL(sock_bind(sock, (struct sockaddr *)&ss, len), 0);
	CU_ASSERT_EQUAL(sock_listen(sock), 0);
	len = sizeof(info);
	CU_ASSERT_EQUAL(sock_getopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len),
	                0);
	CU_ASSERT_EQUAL(info.tcpi_state, 10); /* TCP_LISTEN */
	CU_ASSERT_EQUAL(get_int(sock, SOL_SOCKET, SO_ACCEPTCONN), 1);
	sock_close(sock, true);
}

static void test_mtu_of_a_connected_sock(void)
{
	struct sock *sock = open_sock(AF_INET, SOCK_DGRAM);
	struct sockaddr_storage ss;
	socklen_t len = wire_addr(WIRE_PEER4, 7, &ss);

	CU_ASSERT_EQUAL(sock_connect(sock, (struct sockaddr *)&ss, len), 0);
	CU_ASSERT_EQUAL(get_int(sock, IPPROTO_IP, IP_MTU), 1500);
	wire_addr("127.0.0.1", 7, &ss);
	CU_ASSERT_EQUAL(sock_connect(sock, (struct sockaddr *)&ss, len), 0);
	CU_ASSERT_EQUAL(get_int(sock, IPPROTO_IP, IP_MTU), 65536);
	sock_close(sock, true);
}

static void test_interfaces(void)
{
	struct stack_if lo, eth, none;
	bool has_own4 = false, has_own6 = false;

	CU_ASSERT_EQUAL(stack_get_if(wire.stack, 0, &lo), 0);
	CU_ASSERT_EQUAL(stack_get_if(wire.stack, 1, &eth), 0);
	CU_ASSERT_EQUAL(stack_get_if(wire.stack, 2, &none), -ENOENT);
	CU_ASSERT_STRING_EQUAL(lo.name, "lo");
	CU_ASSERT_EQUAL(lo.index, 1);
	CU_ASSERT_EQUAL(lo.flags, IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
	CU_ASSERT_EQUAL(lo.addr_count, 2);
	CU_ASSERT_EQUAL(ntohl(lo.addrs[0].in.s_addr), INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(lo.addrs[0].prefix_len, 8);
	CU_ASSERT_TRUE(IN6_IS_ADDR_LOOPBACK(&lo.addrs[1].in6));
	CU_ASSERT_EQUAL(lo.addrs[1].prefix_len, 128);
	CU_ASSERT_STRING_EQUAL(eth.name, "eth0");
	CU_ASSERT_EQUAL(eth.index, 2);
	CU_ASSERT_EQUAL(eth.flags, IFF_UP | IFF_RUNNING | IFF_BROADCAST |
	                IFF_MULTICAST);
	CU_ASSERT_EQUAL(eth.mtu, 1500);
	CU_ASSERT_EQUAL(memcmp(eth.mac, wire.dev->mac, 6), 0);
	CU_ASSERT_EQUAL(eth.addr_count, 3);
	for (unsigned i = 0; i < eth.addr_count; i++) {
		if (eth.addrs[i].family == AF_INET)
			has_own4 = eth.addrs[i].in.s_addr ==
			           inet_addr(WIRE_OWN4) &&
			           eth.addrs[i].prefix_len == 24;
		else if (eth.addrs[i].in6.s6_addr[0] == 0xfd)
			has_own6 = eth.addrs[i].prefix_len == 64;
	}
	CU_ASSERT_TRUE(has_own4);
	CU_ASSERT_TRUE(has_own6);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_no_row_twice),
	UNIT_TEST(test_v6only_after_bind),
	UNIT_TEST(test_linger),
	UNIT_TEST(test_peercred_is_nobody),
	UNIT_TEST(test_cookie_is_the_id),
	UNIT_TEST(test_device),
	UNIT_TEST(test_buffers),
	UNIT_TEST(test_bounds_of_sysctls),
	UNIT_TEST(test_congestion),
	UNIT_TEST(test_what_cannot_be_served),
	UNIT_TEST(test_lengths),
	UNIT_TEST(test_tcp_info),
	UNIT_TEST(test_mtu_of_a_connected_sock),
	UNIT_TEST(test_interfaces),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("sock_opt", opt_setup, opt_teardown, tests);
}
