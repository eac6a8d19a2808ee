/* SPDX-License-Identifier: MIT */
/* A scripted TCP peer across a memory netdev. */
#include "tests/unit/peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/netdev_mem.h"

#define ETH_LEN 14
#define IP4_LEN 20
#define IP6_LEN 40
#define TCP_LEN 20
#define FRAME_MAX 70000

struct peer_frame {
	struct peer_frame *next;
	struct peer_seg seg;   /* its data points below */
	uint8_t data[];
};

static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t peer_ip4[4] = { 10, 107, 0, 1 };
static const uint8_t own_ip4[4] = { 10, 107, 0, 2 };
static const uint8_t peer_ip6[16] = { 0xfd, 7, 0x6e, 0x65, 0x74, 0x63, 0, 0,
                                      0, 0, 0, 0, 0, 0, 0, 1 };
static const uint8_t own_ip6[16] = { 0xfd, 7, 0x6e, 0x65, 0x74, 0x63, 0, 0,
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

socklen_t peer_addr(bool is_v6, bool is_peer, uint16_t port,
                    struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (void *)out;
	struct sockaddr_in6 *in6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (is_v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, is_peer ? peer_ip6 : own_ip6, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, is_peer ? peer_ip4 : own_ip4, 4);
	return sizeof(*in);
}

int peer_open(struct peer *peer, const struct sock_events *events)
{
	struct netdev_conf dev_conf = { .backend = "mem", .device = "" };
	struct stack_conf conf = { .addr_count = 2 };
	char why[NETDEV_WHY_LEN];
	int err;

	memset(peer, 0, sizeof(*peer));
	peer->now_us = 1000000;
	err = netdev_open(&dev_conf, &peer->dev, why);
	if (err)
		return err;
	conf.dev = peer->dev;
	conf.addrs[0].family = AF_INET;
	conf.addrs[0].prefix_len = 24;
	memcpy(&conf.addrs[0].in, own_ip4, 4);
	conf.addrs[1].family = AF_INET6;
	conf.addrs[1].prefix_len = 64;
	memcpy(&conf.addrs[1].in6, own_ip6, 16);
	err = stack_open(&conf, peer->now_us, &peer->stack, why);
	if (err) {
		netdev_close(peer->dev);
		return err;
	}
	sock_set_events(peer->stack, events);
	return 0;
}

void peer_close(struct peer *peer)
{
	struct peer_seg seg;

	while (peer_take(peer, &seg))
		;
	free(peer->taken);
	stack_close(peer->stack);
	netdev_close(peer->dev);
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

static void look_at(struct peer *peer, const struct netdev_mem_frame *f)
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

/* One turn of the loop. Return: true while the stack has more to send. */
static bool turn(struct peer *peer)
{
	const struct netdev_mem_frame *f;
	bool is_waiting;

	stack_poll_rx(peer->stack, peer->now_us, 64);
	stack_poll_timers(peer->stack, peer->now_us);
	is_waiting = stack_poll_tx(peer->stack, peer->now_us);
	while ((f = netdev_mem_sent(peer->dev))) {
		look_at(peer, f);
		netdev_mem_sent_pop(peer->dev);
	}
	return is_waiting;
}

/* Turns until nothing is under way; the clock does not move. Return: true
 * while frames wait for the device.
 */
bool peer_turn(struct peer *peer)
{
	bool is_waiting = turn(peer);

	for (int i = 0; i < 100 && (netdev_mem_rx_waiting(peer->dev) ||
	                            stack_deadline_us(peer->stack) <=
	                                    peer->now_us); i++)
		is_waiting = turn(peer);
	return is_waiting;
}

/* Let time pass, from deadline to deadline as the service's loop does. */
void peer_wait(struct peer *peer, uint64_t us)
{
	uint64_t end = peer->now_us + us, due;

	for (;;) {
		due = stack_deadline_us(peer->stack);
		if (due > end)
			break;
		if (due > peer->now_us)
			peer->now_us = due;
		peer_turn(peer);
	}
	peer->now_us = end;
	peer_turn(peer);
}

bool peer_take(struct peer *peer, struct peer_seg *seg)
{
	struct peer_frame *k = peer->head;

	free(peer->taken);
	peer->taken = k;
	if (!k)
		return false;
	peer->head = k->next;
	if (!peer->head)
		peer->tail = NULL;
	*seg = k->seg;
	return true;
}

static uint8_t *put_ip(uint8_t *ip, bool is_v6, uint32_t l4_len)
{
	if (is_v6) {
		ip[0] = 0x60;
		put16(ip + 4, l4_len);
		ip[6] = 6;
		ip[7] = 64;
		memcpy(ip + 8, peer_ip6, 16);
		memcpy(ip + 24, own_ip6, 16);
		return ip + IP6_LEN;
	}
	ip[0] = 0x45;
	put16(ip + 2, IP4_LEN + l4_len);
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, peer_ip4, 4);
	memcpy(ip + 16, own_ip4, 4);
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

void peer_conn_send(struct peer_conn *conn, uint8_t flags, const void *data,
                    uint32_t len)
{
	struct peer_seg seg = {
		.is_v6 = conn->is_v6,
		.src = conn->local,
		.dst = conn->remote,
		.seq = conn->snd,
		.ack = flags & PEER_ACK ? conn->rcv : 0,
		.flags = flags,
		.wnd = conn->wnd,
		.mss = flags & PEER_SYN ? conn->mss : 0,
		.wscale = flags & PEER_SYN ? 7 : -1,
		.data = data,
		.len = len,
	};

	conn->snd += len + !!(flags & PEER_SYN) + !!(flags & PEER_FIN);
	peer_send(conn->peer, &seg);
}

/* The next segment for this connection; others are dropped. What it carries
 * counts as received when it is in order.
 */
bool peer_conn_take(struct peer_conn *conn, struct peer_seg *seg)
{
	while (peer_take(conn->peer, seg)) {
		if (seg->dst != conn->local || seg->src != conn->remote)
			continue;
		if (seg->flags & PEER_SYN)
			conn->rcv = seg->seq;
		if (seg->seq == conn->rcv)
			conn->rcv += seg->len + !!(seg->flags & PEER_SYN) +
			             !!(seg->flags & PEER_FIN);
		return true;
	}
	return false;
}

static void conn_init(struct peer *peer, struct peer_conn *conn, bool is_v6,
                      uint16_t local, uint16_t remote)
{
	*conn = (struct peer_conn){
		.peer = peer,
		.is_v6 = is_v6,
		.local = local,
		.remote = remote,
		.snd = 0x10000000,
		.wnd = 0xffff,
		.mss = 1460,
	};
}

/* Open a connection to the stack. Return: true when it was accepted. */
bool peer_connect(struct peer *peer, struct peer_conn *conn, bool is_v6,
                  uint16_t local, uint16_t remote)
{
	struct peer_seg seg;

	conn_init(peer, conn, is_v6, local, remote);
	peer_conn_send(conn, PEER_SYN, NULL, 0);
	if (!peer_conn_take(conn, &seg) ||
	    seg.flags != (PEER_SYN | PEER_ACK) || seg.ack != conn->snd)
		return false;
	peer_conn_send(conn, PEER_ACK, NULL, 0);
	return true;
}

/* Answer the SYN that the stack has sent. Return: true when there was one. */
bool peer_accept(struct peer *peer, struct peer_conn *conn)
{
	struct peer_seg seg;

	if (!peer_take(peer, &seg) || seg.flags != PEER_SYN)
		return false;
	conn_init(peer, conn, seg.is_v6, seg.dst, seg.src);
	conn->rcv = seg.seq + 1;
	peer_conn_send(conn, PEER_SYN | PEER_ACK, NULL, 0);
	return true;
}
