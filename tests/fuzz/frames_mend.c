/* SPDX-License-Identifier: MIT */
/* Making a frame of any bytes pass the first checks of a stack.
 *
 * A random change of a frame ends at a checksum, or at a sequence number that
 * is a billion away: what lies behind them would never be tried. So the frame
 * is given the stack's MAC unless it goes to a group, IPv4's and the
 * transport's sums are made right, and a TCP segment of the connection counts
 * its numbers from where that connection stands. Lengths, versions, offsets
 * and options stay as they are, and so do the sums of what has no length that
 * could be summed.
 */
#include "tests/fuzz/frames_mend.h"

#include <netinet/in.h>
#include <string.h>

#define ETH_LEN 14
#define IP4_LEN 20
#define IP6_LEN 40
#define TCP_LEN 20
#define EXT_HDRS_MAX 16

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void add32(uint8_t *p, uint32_t v)
{
	v += get16(p) << 16 | get16(p + 2);
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* RFC 1071. */
static uint32_t sum(const uint8_t *p, size_t len, uint32_t acc)
{
	for (; len > 1; p += 2, len -= 2)
		acc += get16(p);
	if (len)
		acc += (uint32_t)p[0] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

static void put_sum(uint8_t *at, const uint8_t *p, size_t len, uint32_t acc)
{
	put16(at, 0);
	put16(at, ~sum(p, len, acc));
}

static void mend_l4(uint8_t proto, uint8_t *p, size_t len, uint32_t pseudo,
                    const struct peer_conn *conn)
{
	pseudo += proto + (uint32_t)len;
	if (proto == IPPROTO_TCP && len >= TCP_LEN) {
		if (get16(p) == conn->local && get16(p + 2) == conn->remote) {
			add32(p + 4, conn->snd);
			add32(p + 8, conn->rcv);
		}
		put_sum(p + 16, p, len, pseudo);
	} else if (proto == IPPROTO_UDP && len >= 8) {
		put_sum(p + 6, p, len, pseudo);
	} else if (proto == IPPROTO_ICMP && len >= 4) {
		put_sum(p + 2, p, len, 0);
	} else if (proto == IPPROTO_ICMPV6 && len >= 4) {
		put_sum(p + 2, p, len, pseudo);
	}
}

static void mend_ip4(uint8_t *ip, size_t room, const struct peer_conn *conn)
{
	size_t hdr_len, len;

	if (room < IP4_LEN)
		return;
	hdr_len = (ip[0] & 15) * 4u;
	len = get16(ip + 2);
	if (hdr_len < IP4_LEN || hdr_len > room)
		return;
	put_sum(ip + 10, ip, hdr_len, 0);
	if (len > room)
		len = room;
	if (len > hdr_len && !(get16(ip + 6) & 0x3fff))
		mend_l4(ip[9], ip + hdr_len, len - hdr_len,
		        sum(ip + 12, 8, 0), conn);
}

static bool is_ext(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_DSTOPTS;
}

static void mend_ip6(uint8_t *ip, size_t room, const struct peer_conn *conn)
{
	size_t at = IP6_LEN, len;
	uint8_t proto;

	if (room < IP6_LEN)
		return;
	len = IP6_LEN + get16(ip + 4);
	if (len > room)
		len = room;
	proto = ip[6];
	for (int i = 0; i < EXT_HDRS_MAX && is_ext(proto) && at + 8 <= len;
	     i++) {
		proto = ip[at];
		at += (ip[at + 1] + 1u) * 8;
	}
	if (at < len)
		mend_l4(proto, ip + at, len - at, sum(ip + 8, 32, 0), conn);
}

/**
 * frames_mend() - Make a frame's sums and sequence numbers right
 * @frame:	From its Ethernet header on; changed
 * @len:	Bytes at @frame, any count
 * @conn:	The connection that TCP numbers are relative to
 */
void frames_mend(uint8_t *frame, size_t len, const struct peer_conn *conn)
{
	if (len < ETH_LEN)
		return;
	if (!(frame[0] & 1))
		memcpy(frame, conn->peer->dev->mac, 6);
	if (get16(frame + 12) == 0x0800)
		mend_ip4(frame + ETH_LEN, len - ETH_LEN, conn);
	else if (get16(frame + 12) == 0x86dd)
		mend_ip6(frame + ETH_LEN, len - ETH_LEN, conn);
}
