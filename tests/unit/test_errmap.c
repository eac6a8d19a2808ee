/* SPDX-License-Identifier: MIT */
/* lwIP's errors and ICMP's messages as errno values. */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <lwip/err.h>

#include "stack/errmap.h"
#include "tests/unit/unit.h"

static void test_every_err_has_an_errno(void)
{
	CU_ASSERT_EQUAL(errmap_call(ERR_OK), 0);
	for (int err = ERR_ARG; err < ERR_OK; err++) {
		CU_ASSERT_TRUE(errmap_call(err) < 0);
		CU_ASSERT_NOT_EQUAL(errmap_call(err), -EIO);
	}
	CU_ASSERT_EQUAL(errmap_call(ERR_ARG - 1), -EIO);
	CU_ASSERT_EQUAL(errmap_call(1), -EIO);
	CU_ASSERT_EQUAL(errmap_call(ERR_RTE), -ENETUNREACH);
	CU_ASSERT_EQUAL(errmap_call(ERR_USE), -EADDRINUSE);
	CU_ASSERT_EQUAL(errmap_call(ERR_MEM), -ENOBUFS);
}

static void test_tcp(void)
{
	CU_ASSERT_EQUAL(errmap_tcp(ERR_RST, true), ECONNREFUSED);
	CU_ASSERT_EQUAL(errmap_tcp(ERR_RST, false), ECONNRESET);
	CU_ASSERT_EQUAL(errmap_tcp(ERR_ABRT, true), ETIMEDOUT);
	CU_ASSERT_EQUAL(errmap_tcp(ERR_ABRT, false), ETIMEDOUT);
	CU_ASSERT_EQUAL(errmap_tcp(ERR_MEM, false), ENOBUFS);
}

static void check4(uint8_t type, uint8_t code, int error, bool is_fatal)
{
	struct errmap_icmp got = errmap_icmp4(type, code);

	CU_ASSERT_EQUAL(got.error, error);
	CU_ASSERT_EQUAL(got.is_fatal, is_fatal);
}

static void test_icmp4(void)
{
	check4(ICMP_DEST_UNREACH, ICMP_NET_UNREACH, ENETUNREACH, false);
	check4(ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, EHOSTUNREACH, false);
	check4(ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, ENOPROTOOPT, true);
	check4(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, ECONNREFUSED, true);
	check4(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, EMSGSIZE, false);
	check4(ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, EHOSTUNREACH, true);
	check4(ICMP_DEST_UNREACH, ICMP_PREC_CUTOFF, EHOSTUNREACH, true);
	check4(ICMP_DEST_UNREACH, 16, 0, false);
	check4(ICMP_DEST_UNREACH, 255, 0, false);
	check4(ICMP_TIME_EXCEEDED, 0, EHOSTUNREACH, false);
	check4(ICMP_PARAMETERPROB, 0, EPROTO, true);
	check4(ICMP_SOURCE_QUENCH, 0, 0, false);
	check4(ICMP_ECHOREPLY, 0, 0, false);
	check4(ICMP_ECHO, 3, 0, false);
}

static void check6(uint8_t type, uint8_t code, int error, bool is_fatal)
{
	struct errmap_icmp got = errmap_icmp6(type, code);

	CU_ASSERT_EQUAL(got.error, error);
	CU_ASSERT_EQUAL(got.is_fatal, is_fatal);
}

static void test_icmp6(void)
{
	check6(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, ENETUNREACH,
	       false);
	check6(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, EACCES, true);
	check6(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, EHOSTUNREACH, false);
	check6(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, ECONNREFUSED,
	       true);
	check6(ICMP6_DST_UNREACH, 6, EACCES, true);
	check6(ICMP6_DST_UNREACH, 7, EPROTO, true);
	check6(ICMP6_PACKET_TOO_BIG, 0, EMSGSIZE, false);
	check6(ICMP6_TIME_EXCEEDED, 0, EHOSTUNREACH, false);
	check6(ICMP6_PARAM_PROB, 0, EPROTO, true);
	check6(ICMP6_ECHO_REQUEST, 0, 0, false);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_every_err_has_an_errno),
	UNIT_TEST(test_tcp),
	UNIT_TEST(test_icmp4),
	UNIT_TEST(test_icmp6),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("errmap", NULL, NULL, tests);
}
