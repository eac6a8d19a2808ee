/* SPDX-License-Identifier: MIT */
/* The stack's IPv4 address by DHCP: obtained, renewed, changed, refused, lost,
 * never got; what is sent and when, to the second.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>

#include "fastpath/netdev_mem.h"
#include "stack/limits.h"
#include "tests/unit/dhcp_server.h"

#define OWN "10.107.0.50"
#define OTHER "10.107.0.60"
#define HOUR 3600

static const struct grant hour = {
	.addr = OWN, .lease_s = HOUR, .dns = { "10.107.0.1", "10.107.0.53" },
};
static const struct grant minute = {
	.addr = OWN, .lease_s = 60, .t1_s = 20, .t2_s = 40,
};

static struct sock *connect_out(void)
{
	struct sockaddr_storage addr;
	socklen_t len = wire_addr(WIRE_PEER4, 7, &addr);
	struct sock *sock = NULL;

	CU_ASSERT_EQUAL_FATAL(sock_open(wire.stack, AF_INET, SOCK_STREAM, 0,
	                                &sock), 0);
	sock_set_user(sock, sock);
	CU_ASSERT_EQUAL(sock_connect(sock, (void *)&addr, len), -EINPROGRESS);
	return sock;
}

static void test_obtained(void)
{
	struct in_addr gw;

	dhcp_setup();
	CU_ASSERT_FALSE(now.has_ipv4);
	CU_ASSERT_EQUAL(ask(), DISCOVER);
	CU_ASSERT_STRING_EQUAL(asked.src, "0.0.0.0");
	CU_ASSERT_STRING_EQUAL(asked.dst, "255.255.255.255");
	CU_ASSERT_TRUE(asked.has_client_id);
	CU_ASSERT_TRUE(asked.asks_dns);
	reply(OFFER, &hour);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	CU_ASSERT_TRUE(asked.has_client_id);
	CU_ASSERT_TRUE(asked.asks_dns);
	reply(ACK, &hour);
	CU_ASSERT_FALSE(has_addr(OWN)); /* is it free? */
	wire_wait(&wire, 2 * SECOND);
	CU_ASSERT_TRUE(has_addr(OWN));
	CU_ASSERT_EQUAL(changes, 1);
	inet_pton(AF_INET, WIRE_PEER4, &gw);
	CU_ASSERT_EQUAL(now.gw4.s_addr, gw.s_addr);
	CU_ASSERT_EQUAL(now.dhcp_server.s_addr, gw.s_addr);
	CU_ASSERT_EQUAL(now.lease_s, HOUR);
	CU_ASSERT_EQUAL(now.dns_count, 2);
	CU_ASSERT_EQUAL(((struct sockaddr_in *)&now.dns[1])->sin_addr.s_addr,
	                htonl(0x0a6b0035));
	dhcp_teardown();
}

/* The address goes back when the stack ends. */
static void test_released(void)
{
	struct netdev *dev;
	struct wire_packet packet;

	dhcp_setup();
	obtain(&hour);
	/* The peer's address is known by now: nothing has to be resolved. */
	wire_send(&wire, SERVER, 9, OWN, 9, "x", 1);
	while (wire_take(&wire, &packet))
		;
	dev = wire.dev;
	stack_close(wire.stack);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dev);
	CU_ASSERT_PTR_NOT_NULL_FATAL(netdev_mem_sent(dev));
	/* Ethernet, IPv4 and UDP headers, then op to cookie, then option 53. */
	CU_ASSERT_EQUAL(netdev_mem_sent(dev)->data[14 + 20 + 8 + 242], RELEASE);
	netdev_mem_sent_clear(dev);
	free(wire.taken);
	netdev_close(dev);
	CU_ASSERT_EQUAL(pools_used(), 0);
}

/* Nothing wakes the stack before half of the lease is over. */
static void test_renewed(void)
{
	uint64_t asked_us, first_end;

	dhcp_setup();
	obtain(&hour);
	asked_us = wire.now_us - 2 * SECOND;
	first_end = now.lease_end_us;
	CU_ASSERT_EQUAL(first_end, asked_us + HOUR * SECOND);
	wire_wait(&wire, 600 * SECOND);
	CU_ASSERT_EQUAL(stack_deadline_us(wire.stack),
	                asked_us + HOUR / 2 * SECOND);
	CU_ASSERT_EQUAL(ask(), 0);
	wire_wait(&wire, asked_us + HOUR / 2 * SECOND - wire.now_us);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	CU_ASSERT_STRING_EQUAL(asked.dst, SERVER);
	CU_ASSERT_STRING_EQUAL(asked.src, OWN);
	CU_ASSERT_STRING_EQUAL(asked.ciaddr, OWN);
	CU_ASSERT_STRING_EQUAL(asked.wants, "");
	CU_ASSERT_TRUE(asked.has_client_id);
	reply(ACK, &hour);
	CU_ASSERT_TRUE(has_addr(OWN));
	CU_ASSERT_EQUAL(now.lease_end_us, wire.now_us + HOUR * SECOND);
	CU_ASSERT_EQUAL(changes, 2);
	dhcp_teardown();
}

static void test_times_of_the_server(void)
{
	uint64_t start;

	dhcp_setup();
	obtain(&minute);
	start = wire.now_us - 2 * SECOND;
	wire_wait(&wire, 17 * SECOND);
	CU_ASSERT_EQUAL(ask(), 0);
	wire_wait(&wire, 1 * SECOND);
	CU_ASSERT_EQUAL(wire.now_us, start + 20 * SECOND);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	CU_ASSERT_STRING_EQUAL(asked.dst, SERVER);
	wire_wait(&wire, 20 * SECOND);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	CU_ASSERT_STRING_EQUAL(asked.dst, "255.255.255.255");
	CU_ASSERT_STRING_EQUAL(asked.ciaddr, OWN);
	reply(ACK, &minute);
	CU_ASSERT_EQUAL(now.lease_end_us, wire.now_us + 60 * SECOND);
	CU_ASSERT_TRUE(has_addr(OWN));
	dhcp_teardown();
}

/* No answer any more: renew, rebind, lose it at the very end, start anew. */
static void test_expired(void)
{
	struct stack_stats stats;
	struct sock *sock;

	dhcp_setup();
	obtain(&minute);
	sock = connect_out();
	wire_wait(&wire, 57 * SECOND);
	CU_ASSERT_TRUE(has_addr(OWN));
	CU_ASSERT_EQUAL(failed, 0);
	while (ask())
		CU_ASSERT_EQUAL(asked.type, REQUEST);
	wire_wait(&wire, 1 * SECOND);
	CU_ASSERT_FALSE(has_addr(OWN));
	CU_ASSERT_FALSE(now.has_ipv4);
	CU_ASSERT_EQUAL(now.lease_end_us, 0);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(ask(), DISCOVER);
	stack_get_stats(wire.stack, &stats);
	CU_ASSERT_EQUAL(stats.dhcp_lost, 1);
	sock_close(sock, true);
	dhcp_teardown();
}

/* Refused when it is renewed: connections end at once, another is obtained. */
static void test_refused(void)
{
	const struct grant other = { .addr = OTHER, .lease_s = HOUR };
	struct sock *sock;

	dhcp_setup();
	obtain(&minute);
	sock = connect_out();
	wire_wait(&wire, 18 * SECOND);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	reply(NAK, NULL);
	CU_ASSERT_FALSE(has_addr(OWN));
	CU_ASSERT_EQUAL(failed, 1);
	obtain(&other);
	CU_ASSERT_TRUE(has_addr(OTHER));
	CU_ASSERT_FALSE(has_addr(OWN));
	CU_ASSERT_EQUAL(now.dns_count, 0);
	sock_close(sock, true);
	dhcp_teardown();
}

/* Some servers renew with another address. What listens on the old one stays
 * there, as in Linux; lwIP would move it.
 */
static void test_changed(void)
{
	const struct grant other = { .addr = OTHER, .lease_s = HOUR };
	struct sockaddr_storage addr;
	socklen_t len = wire_addr(OWN, 80, &addr);
	struct sock *conn, *listener = NULL;

	dhcp_setup();
	obtain(&minute);
	conn = connect_out();
	sock_open(wire.stack, AF_INET, SOCK_STREAM, 0, &listener);
	CU_ASSERT_EQUAL(sock_bind(listener, (void *)&addr, len), 0);
	CU_ASSERT_EQUAL(sock_listen(listener), 0);
	wire_wait(&wire, 18 * SECOND);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	changes = 0;
	reply(ACK, &other);
	CU_ASSERT_TRUE(has_addr(OTHER));
	CU_ASSERT_FALSE(has_addr(OWN));
	CU_ASSERT_EQUAL(changes, 1);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tcp_listen_pcbs.listen_pcbs);
	CU_ASSERT_EQUAL(
		ip_2_ip4(&tcp_listen_pcbs.listen_pcbs->local_ip)->addr,
		((struct sockaddr_in *)&addr)->sin_addr.s_addr);
	sock_close(conn, true);
	sock_close(listener, true);
	dhcp_teardown();
}

/* Somebody has the address already. */
static void test_declined(void)
{
	dhcp_setup();
	wire.also4 = OWN;
	ask();
	reply(OFFER, &hour);
	ask();
	reply(ACK, &hour);
	wire_wait(&wire, 2 * SECOND);
	CU_ASSERT_FALSE(has_addr(OWN));
	CU_ASSERT_EQUAL(ask(), DECLINE);
	CU_ASSERT_STRING_EQUAL(asked.wants, OWN);
	wire_wait(&wire, 7 * SECOND);
	CU_ASSERT_EQUAL(ask(), 0);
	wire_wait(&wire, 2 * SECOND);
	wire.also4 = NULL;
	obtain(&hour);
	dhcp_teardown();
}

/* Tries come more and more seldom, and the stack sleeps between them. */
static void test_no_answer(void)
{
	static const unsigned gaps_s[] = { 2, 4, 8, 16, 32 };

	dhcp_setup();
	CU_ASSERT_EQUAL(ask(), DISCOVER);
	for (unsigned i = 0; i < 5; i++) {
		wire_wait(&wire, gaps_s[i] * SECOND - SECOND / 2);
		CU_ASSERT_EQUAL(ask(), 0);
		wire_wait(&wire, SECOND / 2);
		CU_ASSERT_EQUAL(ask(), DISCOVER);
	}
	CU_ASSERT_EQUAL(changes, 0);
	dhcp_teardown();
}

static void test_lease_without_end(void)
{
	const struct grant grant = { .addr = OWN, .lease_s = UINT32_MAX };

	dhcp_setup();
	obtain(&grant);
	CU_ASSERT_EQUAL(now.lease_end_us, UINT64_MAX);
	wire_wait(&wire, 100 * SECOND);
	CU_ASSERT_EQUAL(stack_deadline_us(wire.stack), UINT64_MAX);
	dhcp_teardown();
}

/* T1 after T2, T2 after the end, a lease of a second: still in order. */
static void test_senseless_times(void)
{
	const struct grant grant = {
		.addr = OWN, .lease_s = 1, .t1_s = 100, .t2_s = 50,
	};
	uint64_t start;

	dhcp_setup();
	obtain(&grant);
	start = wire.now_us - 2 * SECOND;
	wire_wait(&wire, 3 * SECOND);
	CU_ASSERT_EQUAL(wire.now_us, start + 5 * SECOND);
	CU_ASSERT_EQUAL(ask(), REQUEST);
	wire_wait(&wire, 4 * SECOND);
	CU_ASSERT_TRUE(has_addr(OWN));
	wire_wait(&wire, 1 * SECOND);
	CU_ASSERT_FALSE(has_addr(OWN));
	dhcp_teardown();
}

/* Not for us, not of this exchange, cut short at every byte. */
static void test_bad_replies(void)
{
	uint8_t out[REPLY_MAX];
	size_t len;

	dhcp_setup();
	CU_ASSERT_EQUAL(ask(), DISCOVER);
	len = make_reply(out, OFFER, &hour);
	out[4] ^= 1;
	wire_send(&wire, SERVER, SERVER_PORT, OWN, CLIENT_PORT, out, len);
	out[4] ^= 1;
	out[28] ^= 1;
	wire_send(&wire, SERVER, SERVER_PORT, OWN, CLIENT_PORT, out, len);
	out[28] ^= 1;
	for (size_t cut = 0; cut < 240 + 9; cut++)
		wire_send(&wire, SERVER, SERVER_PORT, OWN, CLIENT_PORT, out,
		          cut);
	CU_ASSERT_EQUAL(ask(), 0);
	wire_wait(&wire, 2 * SECOND);
	obtain(&hour);
	dhcp_teardown();
}

/* More servers than there is room for. */
static void test_many_servers(void)
{
	const struct grant grant = {
		.addr = OWN, .lease_s = HOUR,
		.dns = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4",
		         "10.0.0.5" },
	};

	dhcp_setup();
	obtain(&grant);
	CU_ASSERT_EQUAL(now.dns_count, STACK_DNS_MAX);
	dhcp_teardown();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_obtained),
	UNIT_TEST(test_released),
	UNIT_TEST(test_renewed),
	UNIT_TEST(test_times_of_the_server),
	UNIT_TEST(test_expired),
	UNIT_TEST(test_refused),
	UNIT_TEST(test_changed),
	UNIT_TEST(test_declined),
	UNIT_TEST(test_no_answer),
	UNIT_TEST(test_lease_without_end),
	UNIT_TEST(test_senseless_times),
	UNIT_TEST(test_bad_replies),
	UNIT_TEST(test_many_servers),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("dhcp", NULL, NULL, tests);
}
