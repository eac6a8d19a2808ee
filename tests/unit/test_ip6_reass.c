/* SPDX-License-Identifier: MIT */
/* Datagrams of IPv6 that come in fragments: one that is as long as can be, and
 * those that are longer than a packet with its headers may be.
 */
#include "fastpath/netdev_mem.h"
#include "tests/unit/udp_fixture.h"

#define ETH 14
#define IP6 40
#define FRAG 8
#define UDP 8
#define PIECE 1448           /* payload of all fragments but the last */
#define PORT 7000
#define LEN_MAX (65535 - IP6 - 64) /* with room for extension headers */

static uint8_t payload[65536];  /* behind the IPv6 header, joined */

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void send_piece(unsigned offset, unsigned len, bool is_last)
{
	uint8_t f[ETH + IP6 + FRAG + PIECE] = { 0 };
	uint8_t *ip = f + ETH, *frag = ip + IP6;

	memcpy(f, wire.dev->mac, 6);
	f[6] = 2;
	put16(f + 12, 0x86dd);
	ip[0] = 0x60;
	put16(ip + 4, FRAG + len);
	ip[6] = 44;
	ip[7] = 64;
	inet_pton(AF_INET6, WIRE_PEER6, ip + 8);
	inet_pton(AF_INET6, WIRE_OWN6, ip + 24);
	frag[0] = IPPROTO_UDP;
	put16(frag + 2, offset | !is_last);
	frag[7] = 5;
	memcpy(frag + FRAG, payload + offset, len);
	netdev_mem_inject(wire.dev, f, ETH + IP6 + FRAG + len);
	wire_turn(&wire);
}

/* A UDP datagram of len bytes with its header, without a pattern: its sum
 * counts the pseudo-header alone.
 */
static void make_datagram(unsigned len)
{
	uint8_t addrs[32];
	unsigned sum = IPPROTO_UDP + len + len + 7 + PORT;

	memset(payload, 0, sizeof(payload));
	put16(payload, 7);
	put16(payload + 2, PORT);
	put16(payload + 4, len);
	inet_pton(AF_INET6, WIRE_PEER6, addrs);
	inet_pton(AF_INET6, WIRE_OWN6, addrs + 16);
	for (int i = 0; i < 32; i += 2)
		sum += (unsigned)addrs[i] << 8 | addrs[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(payload + 6, ~sum);
}

static void send_pieces(unsigned len)
{
	unsigned at = 0;

	for (; len - at > PIECE; at += PIECE)
		send_piece(at, PIECE, false);
	send_piece(at, len - at, true);
}

static void expect(struct sock *sock, unsigned len)
{
	struct sock_dgram dgram;

	make_datagram(len);
	send_pieces(len);
	CU_ASSERT_EQUAL_FATAL(sock_dgram_peek(sock, &dgram), 0);
	CU_ASSERT_EQUAL(dgram.len, len - UDP);
	sock_dgram_consume(sock);
}

static void whole(void)
{
	struct sock *sock = bound(AF_INET6, WIRE_OWN6, PORT);

	expect(sock, PIECE + 100);
	expect(sock, 60000);
	expect(sock, LEN_MAX);
	sock_close(sock, false);
}

/* Each length of the last fragment around the limits of 16 bits. */
static void too_long(void)
{
	struct sock *sock = bound(AF_INET6, WIRE_OWN6, PORT);
	struct sock_dgram dgram;

	for (unsigned len = 65535 - IP6 + 1; len <= 65535; len++) {
		make_datagram(len);
		send_pieces(len);
		CU_ASSERT_NOT_EQUAL(sock_dgram_peek(sock, &dgram), 0);
		wire_wait(&wire, 61000000); /* the rest is given up */
	}
	expect(sock, 5000);
	sock_close(sock, false);
}

static const struct unit_test tests[] = {
	UNIT_TEST(whole),
	UNIT_TEST(too_long),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("ip6_reass", udp_setup, udp_teardown, tests);
}
