/* SPDX-License-Identifier: MIT */
/* ICMP errors in both directions. */
#include "tests/unit/udp_fixture.h"

static void test_nobody_is_told_by_icmp(void)
{
	struct wire_packet packet;

	say("x", WIRE_OWN4, 53);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_EQUAL(packet.proto, IPPROTO_ICMP);
	CU_ASSERT_EQUAL(packet.type, 3);
	CU_ASSERT_EQUAL(packet.code, 3);
	say("x", WIRE_OWN6, 53);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	CU_ASSERT_EQUAL(packet.proto, IPPROTO_ICMPV6);
	CU_ASSERT_EQUAL(packet.type, 1);
	CU_ASSERT_EQUAL(packet.code, 4);
	say("x", "10.107.0.255", 53);
	CU_ASSERT_FALSE(wire_take(&wire, &packet));
}

/* Connect, send, get an ICMP error about it. Return: SO_ERROR. */
static int error_of(struct sock *sock, const char *dst, uint8_t type,
                    uint8_t code, uint32_t rest)
{
	struct wire_packet packet;

	CU_ASSERT_EQUAL(connect_to(sock, dst, 7), 0);
	CU_ASSERT_EQUAL(send_len(sock, 10, NULL, 0), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	wire_send_error(&wire, &packet, type, code, rest);
	return sock_error(sock, true);
}

static void test_icmp_errors(void)
{
	struct sock *sock = open_udp(AF_INET);

	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 3, 0), ECONNREFUSED);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(sock_state(sock), SOCK_STATE_CONNECTED);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 1, 0), 0);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 13, 0), EHOSTUNREACH);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 4, 1400), EMSGSIZE);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 11, 0, 0), 0);
	set_flag(sock, IPPROTO_IP, IP_RECVERR, 1);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 3, 1, 0), EHOSTUNREACH);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER4, 11, 0, 0), EHOSTUNREACH);
	sock_close(sock, false);
}

static void test_icmp_errors_v6(void)
{
	struct sock *sock = open_udp(AF_INET6);

	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 4, 0), ECONNREFUSED);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 1, 0), EACCES);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 3, 0), 0);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 2, 0, 1280), EMSGSIZE);
	set_flag(sock, IPPROTO_IPV6, IPV6_RECVERR, 1);
	CU_ASSERT_EQUAL(error_of(sock, WIRE_PEER6, 1, 3, 0), EHOSTUNREACH);
	sock_close(sock, false);
}

static void test_icmp_errors_about_others(void)
{
	struct sock *sock = open_udp(AF_INET), *other = open_udp(AF_INET);
	struct wire_packet packet;

	CU_ASSERT_EQUAL(connect_to(other, WIRE_PEER4, 8), 0);
	CU_ASSERT_EQUAL(send_len(sock, 10, WIRE_PEER4, 7), 0);
	wire_turn(&wire);
	CU_ASSERT_TRUE_FATAL(wire_take(&wire, &packet));
	wire_send_error(&wire, &packet, 3, 3, 0);
	CU_ASSERT_EQUAL(sock_error(sock, true), 0); /* not connected */
	CU_ASSERT_EQUAL(sock_error(other, true), 0);
	CU_ASSERT_EQUAL(failed, 0);
	sock_close(sock, false);
	sock_close(other, false);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_nobody_is_told_by_icmp),
	UNIT_TEST(test_icmp_errors),
	UNIT_TEST(test_icmp_errors_v6),
	UNIT_TEST(test_icmp_errors_about_others),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("icmp_err", udp_setup, udp_teardown, tests);
}
