/* SPDX-License-Identifier: MIT */
/* A DHCP server that says what the test wants; the stack's DHCP on a clock of
 * the test's own. Included by one file of a test program.
 */
#ifndef NETCOND_TESTS_UNIT_DHCP_SERVER_H
#define NETCOND_TESTS_UNIT_DHCP_SERVER_H

#include <arpa/inet.h>
#include <lwip/memp.h>
#include <lwip/stats.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#define SERVER WIRE_PEER4
#define SERVER_PORT 67
#define CLIENT_PORT 68
#define SECOND 1000000ull
#define REPLY_MAX 576

/* RFC 2132 9.6 */
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE };

/* A message of the stack. */
struct asked {
	uint8_t type;
	uint8_t head[236]; /* up to the cookie */
	char ciaddr[INET_ADDRSTRLEN];
	char dst[48], src[48];
	char wants[INET_ADDRSTRLEN]; /* option 50; "" without */
	bool has_hostname, has_client_id;
	bool asks_dns;               /* in option 55 */
};

/* What the server grants; 0: the option is left out. */
struct grant {
	const char *addr;
	uint32_t lease_s, t1_s, t2_s;
	const char *dns[5];
};

static struct wire wire;
static struct asked asked;    /* the last one taken */
static unsigned changes;      /* calls of on_addrs */
static struct stack_addrs now;
static unsigned failed;       /* calls of on_error */

static void on_addrs(void *user)
{
	(void)user;
	changes++;
	stack_get_addrs(wire.stack, &now);
}

static void on_error(struct sock *sock, void *user)
{
	(void)sock;
	(void)user;
	failed++;
}

static const struct sock_events events = { .on_error = on_error };

static unsigned pools_used(void)
{
	unsigned used = 0;

	for (int i = 0; i < MEMP_MAX; i++)
		used += (unsigned)lwip_stats.memp[i]->used;
	return used;
}

static void dhcp_setup(void)
{
	const struct stack_conf conf = { .use_dhcp = true };

	changes = failed = 0;
	memset(&now, 0, sizeof(now));
	CU_ASSERT_EQUAL_FATAL(wire_open(&wire, &events, &conf), 0);
	stack_on_addrs(wire.stack, on_addrs, NULL);
	wire_turn(&wire);
}

static void dhcp_teardown(void)
{
	wire_close(&wire);
	CU_ASSERT_EQUAL(pools_used(), 0);
}

static void read_option(uint8_t code, const uint8_t *value, uint8_t len)
{
	if (code == 53)
		asked.type = value[0];
	if (code == 50 && len == 4)
		inet_ntop(AF_INET, value, asked.wants, sizeof(asked.wants));
	asked.has_hostname |= code == 12 && len;
	asked.has_client_id |= code == 61 && len > 1;
	for (int i = 0; code == 55 && i < len; i++)
		asked.asks_dns |= value[i] == 6;
}

/* The next DHCP message of the stack. Return: its type; 0: there is none. */
static uint8_t ask(void)
{
	struct wire_packet packet;
	size_t at = 240;

	memset(&asked, 0, sizeof(asked));
	do {
		if (!wire_take(&wire, &packet))
			return 0;
	} while (packet.proto != IPPROTO_UDP || packet.dst_port != SERVER_PORT);
	CU_ASSERT_FALSE(packet.has_bad_sum);
	memcpy(asked.head, packet.data, sizeof(asked.head));
	inet_ntop(AF_INET, packet.data + 12, asked.ciaddr,
	          sizeof(asked.ciaddr));
	strcpy(asked.dst, packet.dst);
	strcpy(asked.src, packet.src);
	while (at + 2 < packet.len && packet.data[at] != 255) {
		read_option(packet.data[at], packet.data + at + 2,
		            packet.data[at + 1]);
		at += packet.data[at] ? 2u + packet.data[at + 1] : 1;
	}
	return asked.type;
}

static uint8_t *put(uint8_t *to, uint8_t code, const void *value, uint8_t len)
{
	*to++ = code;
	*to++ = len;
	memcpy(to, value, len);
	return to + len;
}

static uint8_t *put_u32(uint8_t *to, uint8_t code, uint32_t value)
{
	value = htonl(value);
	return value ? put(to, code, &value, sizeof(value)) : to;
}

static uint8_t *put_grant(uint8_t *to, const struct grant *grant)
{
	uint8_t dns[5 * 4];
	uint8_t count = 0;

	to = put(to, 1, "\xff\xff\xff", 4);
	to = put(to, 3, "\x0a\x6b\x00\x01", 4);
	to = put_u32(to, 51, grant->lease_s);
	to = put_u32(to, 58, grant->t1_s);
	to = put_u32(to, 59, grant->t2_s);
	while (count < 5 && grant->dns[count]) {
		inet_pton(AF_INET, grant->dns[count], dns + 4 * count);
		count++;
	}
	return count ? put(to, 6, dns, 4 * count) : to;
}

/* Answer the last message. Return: the bytes of the reply, in out. */
static size_t make_reply(uint8_t *out, uint8_t type, const struct grant *grant)
{
	uint8_t *to = out + 240;

	memset(out, 0, REPLY_MAX);
	memcpy(out, asked.head, sizeof(asked.head));
	out[0] = 2;
	memset(out + 12, 0, 4);
	if (grant)
		inet_pton(AF_INET, grant->addr, out + 16);
	memcpy(out + 236, "\x63\x82\x53\x63", 4);
	to = put(to, 53, &type, 1);
	to = put(to, 54, "\x0a\x6b\x00\x01", 4);
	if (grant)
		to = put_grant(to, grant);
	*to = 255;
	return 300;
}

static void reply(uint8_t type, const struct grant *grant)
{
	uint8_t out[REPLY_MAX];
	size_t len = make_reply(out, type, grant);

	wire_send(&wire, SERVER, SERVER_PORT,
	          grant ? grant->addr : "255.255.255.255", CLIENT_PORT, out,
	          len);
}

/* From DISCOVER to the address in use. */
static void obtain(const struct grant *grant)
{
	CU_ASSERT_EQUAL_FATAL(ask(), DISCOVER);
	reply(OFFER, grant);
	CU_ASSERT_EQUAL_FATAL(ask(), REQUEST);
	CU_ASSERT_STRING_EQUAL(asked.wants, grant->addr);
	reply(ACK, grant);
	wire_wait(&wire, 2 * SECOND);
	CU_ASSERT_TRUE_FATAL(now.has_ipv4);
}

__attribute__((unused)) static bool has_addr(const char *text)
{
	struct in_addr in;

	inet_pton(AF_INET, text, &in);
	stack_get_addrs(wire.stack, &now);
	for (unsigned i = 0; i < now.addr_count; i++)
		if (now.addrs[i].family == AF_INET &&
		    now.addrs[i].in.s_addr == in.s_addr)
			return true;
	return false;
}

#endif
