/* SPDX-License-Identifier: MIT */
/* The scripted peer's frames: taking apart what the stack sends, answering ARP
 * and neighbour solicitations, making TCP segments.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/peer_priv.h"

#define ETH_LEN 14
#define IP4_LEN 20
#define IP6_LEN 40
#define TCP_LEN 20
#define FRAME_MAX 70000

static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 1 };
const uint8_t peer_ip4[4] = { 10, 107, 0, 1 };
const uint8_t peer_own_ip4[4] = { 10, 107, 0, 2 };
const uint8_t peer_ip6[16] = { 0xfd, 7, 0x6e, 0x65, 0x74, 0x63, 0, 0,
                               0, 0, 0, 0, 0, 0, 0, 1 };
const uint8_t peer_own_ip6[16] = { 0xfd, 7, 0x6e, 0x65, 0x74, 0x63, 0, 0,
                                   0, 0, 0, 0, 0, 0, 0, 2 };

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

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

static uint32_t pseudo(const uint8_t *ip, bool is_v6, uint8_t proto,
                       uint32_t len)
{
	uint32_t acc = is_v6 ? sum(ip + 8, 32, 0) : sum(ip + 12, 8, 0);

	return acc + proto + len;
}

static void answer_arp(struct peer *peer, const uint8_t *f)
{
	uint8_t out[42];

	if (get16(f + 20) != 1 || memcmp(f + 38, peer_ip4, 4))
		return;
	memcpy(out, f + 6, 6);
	memcpy(out + 6, peer_mac, 6);
	memcpy(out + 12, f + 12, 8);
	put16(out + 20, 2);
	memcpy(out + 22, peer_mac, 6);
	memcpy(out + 28, peer_ip4, 4);
	memcpy(out + 32, f + 22, 10);
	netdev_mem_inject(peer->dev, out, sizeof(out));
}

static void answer_solicitation(struct peer *peer, const uint8_t *f)
{
	uint8_t out[ETH_LEN + IP6_LEN + 32] = { 0 };
	uint8_t *ip = out + ETH_LEN, *icmp = ip + IP6_LEN;

	if (f[ETH_LEN + IP6_LEN] != 135 ||
	    memcmp(f + ETH_LEN + IP6_LEN + 8, peer_ip6, 16))
		return;
	memcpy(out, f + 6, 6);
	memcpy(out + 6, peer_mac, 6);
	put16(out + 12, 0x86dd);
	ip[0] = 0x60;
	put16(ip + 4, 32);
	ip[6] = 58;
	ip[7] = 255;
	memcpy(ip + 8, peer_ip6, 16);
	memcpy(ip + 24, f + ETH_LEN + 8, 16);
	icmp[0] = 136;
	icmp[4] = 0x60; /* solicited, override */
	memcpy(icmp + 8, peer_ip6, 16);
	icmp[24] = 2;
	icmp[25] = 1;
	memcpy(icmp + 26, peer_mac, 6);
	put16(icmp + 2, ~sum(icmp, 32, pseudo(ip, true, 58, 32)));
	netdev_mem_inject(peer->dev, out, sizeof(out));
}

static void parse_options(const uint8_t *opt, uint32_t len,
                          struct peer_seg *seg)
{
	seg->wscale = -1;
	for (uint32_t i = 0; i < len && opt[i]; i += opt[i] == 1 ? 1
	                                                        : opt[i + 1]) {
		if (opt[i] == 2)
			seg->mss = (uint16_t)get16(opt + i + 2);
		else if (opt[i] == 3)
			seg->wscale = opt[i + 2];
	}
}

static void keep_segment(struct peer *peer, const struct netdev_mem_frame *f,
                         const uint8_t *ip, bool is_v6)
{
	const uint8_t *tcp = ip + (is_v6 ? IP6_LEN : (ip[0] & 15) * 4);
	uint32_t l4_len = is_v6 ? get16(ip + 4)
	                        : get16(ip + 2) - (uint32_t)(tcp - ip);
	uint32_t hdr_len = (tcp[12] >> 4) * 4u, expected;
	struct peer_frame *k = calloc(1, sizeof(*k) + l4_len);

	expected = sum(NULL, 0, pseudo(ip, is_v6, 6, l4_len));
	if (f->notes.needs_csum)
		peer->bad_sums += get16(tcp + 16) != expected;
	else
		peer->bad_sums += sum(tcp, l4_len, expected) != 0xffff;
	memcpy(k->data, tcp + hdr_len, l4_len - hdr_len);
	k->seg = (struct peer_seg){
		.is_v6 = is_v6,
		.src = (uint16_t)get16(tcp),
		.dst = (uint16_t)get16(tcp + 2),
		.seq = get32(tcp + 4),
		.ack = get32(tcp + 8),
		.flags = tcp[13],
		.wnd = get16(tcp + 14),
		.data = k->data,
		.len = l4_len - hdr_len,
		.gso_size = f->notes.gso_size,
	};
	parse_options(tcp + TCP_LEN, hdr_len - TCP_LEN, &k->seg);
	if (peer->tail)
		peer->tail->next = k;
	else
		peer->head = k;
	peer->tail = k;
}

void peer_look_at(struct peer *peer, const struct netdev_mem_frame *f)
{
	const uint8_t *ip = f->data + ETH_LEN;

	switch (get16(f->data + 12)) {
	case 0x0806:
		answer_arp(peer, f->data);
		break;
	case 0x0800:
		if (ip[9] == 6)
			keep_segment(peer, f, ip, false);
		break;
	case 0x86dd:
		if (ip[6] == 6)
			keep_segment(peer, f, ip, true);
		else if (ip[6] == 58)
			answer_solicitation(peer, f->data);
		break;
	}
}

static uint8_t *put_ip(uint8_t *ip, bool is_v6, uint32_t l4_len)
{
	if (is_v6) {
		ip[0] = 0x60;
		put16(ip + 4, l4_len);
		ip[6] = 6;
		ip[7] = 64;
		memcpy(ip + 8, peer_ip6, 16);
		memcpy(ip + 24, peer_own_ip6, 16);
		return ip + IP6_LEN;
	}
	ip[0] = 0x45;
	put16(ip + 2, IP4_LEN + l4_len);
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, peer_ip4, 4);
	memcpy(ip + 16, peer_own_ip4, 4);
	put16(ip + 10, ~sum(ip, IP4_LEN, 0));
	return ip + IP4_LEN;
}

void peer_send(struct peer *peer, const struct peer_seg *seg)
{
	static uint8_t out[FRAME_MAX];
	uint32_t opt_len = (seg->mss ? 4u : 0) + (seg->wscale >= 0 ? 4u : 0);
	uint32_t l4_len = TCP_LEN + opt_len + seg->len;
	uint8_t *ip = out + ETH_LEN, *tcp, *opt;

	memset(out, 0, ETH_LEN + IP6_LEN + TCP_LEN + 8);
	memcpy(out, peer->dev->mac, 6);
	memcpy(out + 6, peer_mac, 6);
	put16(out + 12, seg->is_v6 ? 0x86dd : 0x0800);
	tcp = put_ip(ip, seg->is_v6, l4_len);
	put16(tcp, seg->src);
	put16(tcp + 2, seg->dst);
	put32(tcp + 4, seg->seq);
	put32(tcp + 8, seg->ack);
	tcp[12] = (uint8_t)((TCP_LEN + opt_len) / 4 << 4);
	tcp[13] = seg->flags;
	put16(tcp + 14, seg->wnd);
	opt = tcp + TCP_LEN;
	if (seg->mss) {
		put32(opt, 2 << 24 | 4 << 16 | seg->mss);
		opt += 4;
	}
	if (seg->wscale >= 0)
		put32(opt, 1 << 24 | 3 << 16 | 3 << 8 | (uint32_t)seg->wscale);
	if (seg->len)
		memcpy(tcp + TCP_LEN + opt_len, seg->data, seg->len);
	put16(tcp + 16, ~sum(tcp, l4_len, pseudo(ip, seg->is_v6, 6, l4_len)));
	netdev_mem_inject(peer->dev, out, (size_t)(tcp + l4_len - out));
	if (!peer->hold)
		peer_turn(peer);
}
