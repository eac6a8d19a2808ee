/* SPDX-License-Identifier: MIT */
/* The other end of a memory netdev for datagrams. */
#include "tests/unit/wire.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/netdev_mem.h"

#define ETH_LEN 14
#define IP4_LEN 20
#define IP6_LEN 40
#define UDP_LEN 8
#define FRAME_MAX 2000
#define TURNS_MAX 100
#define TTL 57 /* of what the other end sends; unlike any default */
#define TOS 0x20

struct wire_frame {
	struct wire_frame *next;
	size_t len;
	bool needs_csum;
	uint8_t data[];
};

static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned sum(const uint8_t *p, size_t len, unsigned acc)
{
	for (; len > 1; p += 2, len -= 2)
		acc += get16(p);
	if (len)
		acc += (unsigned)p[0] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

static unsigned pseudo(const uint8_t *ip, bool is_v6, unsigned proto,
                       size_t len)
{
	unsigned acc = is_v6 ? sum(ip + 8, 32, 0) : sum(ip + 12, 8, 0);

	return sum(NULL, 0, acc + proto + (unsigned)len);
}

socklen_t wire_addr(const char *text, uint16_t port,
                    struct sockaddr_storage *out)
{
	struct sockaddr_in6 *in6 = (void *)out;
	struct sockaddr_in *in = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	inet_pton(AF_INET6, text, &in6->sin6_addr);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

int wire_open(struct wire *wire, const struct sock_events *events,
              const struct stack_conf *with)
{
	struct netdev_conf dev_conf = { .backend = "mem", .device = "wire" };
	struct stack_conf conf = { .addr_count = 0 };
	char why[NETDEV_WHY_LEN];
	int err;

	memset(wire, 0, sizeof(*wire));
	wire->now_us = 1000000;
	err = netdev_open(&dev_conf, &wire->dev, why);
	if (err)
		return err;
	if (with)
		conf = *with;
	conf.dev = wire->dev;
	conf.addr_count = conf.use_dhcp ? 0 : 2;
	conf.addrs[0].family = AF_INET;
	conf.addrs[0].prefix_len = 24;
	inet_pton(AF_INET, WIRE_OWN4, &conf.addrs[0].in);
	conf.addrs[1].family = AF_INET6;
	conf.addrs[1].prefix_len = 64;
	inet_pton(AF_INET6, WIRE_OWN6, &conf.addrs[1].in6);
	err = stack_open(&conf, wire->now_us, &wire->stack, why);
	if (err) {
		netdev_close(wire->dev);
		return err;
	}
	sock_set_events(wire->stack, events);
	return 0;
}

void wire_close(struct wire *wire)
{
	struct wire_packet packet;

	stack_close(wire->stack);
	while (wire_take(wire, &packet))
		;
	free(wire->taken);
	netdev_close(wire->dev);
}

static void answer_arp(struct wire *wire, const uint8_t *f)
{
	uint8_t out[42], ip[4];

	inet_pton(AF_INET, WIRE_PEER4, ip);
	if (wire->also4 && memcmp(f + 38, ip, 4))
		inet_pton(AF_INET, wire->also4, ip);
	if (get16(f + 20) != 1 || memcmp(f + 38, ip, 4))
		return;
	memcpy(out, f + 6, 6);
	memcpy(out + 6, peer_mac, 6);
	memcpy(out + 12, f + 12, 8);
	put16(out + 20, 2);
	memcpy(out + 22, peer_mac, 6);
	memcpy(out + 28, ip, 4);
	memcpy(out + 32, f + 22, 10);
	netdev_mem_inject(wire->dev, out, sizeof(out));
}

/* Ethernet and IPv6 headers. Return: where the payload goes. */
static uint8_t *put_ip6(uint8_t *out, const uint8_t *mac, const void *src,
                        const void *dst, uint8_t proto, size_t len)
{
	uint8_t *ip = out + ETH_LEN;

	memcpy(out, mac, 6);
	memcpy(out + 6, peer_mac, 6);
	put16(out + 12, 0x86dd);
	memset(ip, 0, IP6_LEN);
	ip[0] = 0x60 | TOS >> 4;
	put16(ip + 4, (unsigned)len);
	ip[6] = proto;
	ip[7] = proto == IPPROTO_ICMPV6 ? 255 : TTL;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	return ip + IP6_LEN;
}

static uint8_t *put_ip4(uint8_t *out, const uint8_t *mac, const void *src,
                        const void *dst, uint8_t proto, size_t len)
{
	uint8_t *ip = out + ETH_LEN;

	memcpy(out, mac, 6);
	memcpy(out + 6, peer_mac, 6);
	put16(out + 12, 0x0800);
	memset(ip, 0, IP4_LEN);
	ip[0] = 0x45;
	ip[1] = TOS;
	put16(ip + 2, (unsigned)(IP4_LEN + len));
	ip[8] = TTL;
	ip[9] = proto;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	put16(ip + 10, ~sum(ip, IP4_LEN, 0));
	return ip + IP4_LEN;
}

static void answer_solicitation(struct wire *wire, const uint8_t *f)
{
	uint8_t out[ETH_LEN + IP6_LEN + 32] = { 0 }, target[16], *icmp;
	const uint8_t *asked = f + ETH_LEN + IP6_LEN;

	inet_pton(AF_INET6, WIRE_PEER6, target);
	if (memcmp(asked + 8, target, 16))
		return;
	icmp = put_ip6(out, f + 6, target, f + ETH_LEN + 8, IPPROTO_ICMPV6,
	               32);
	icmp[0] = 136;
	icmp[4] = 0x60; /* solicited, override */
	memcpy(icmp + 8, target, 16);
	icmp[24] = 2;
	icmp[25] = 1;
	memcpy(icmp + 26, peer_mac, 6);
	put16(icmp + 2, ~sum(icmp, 32, pseudo(out + ETH_LEN, true,
	                                      IPPROTO_ICMPV6, 32)));
	netdev_mem_inject(wire->dev, out, sizeof(out));
}

/* Answer what is a neighbour's business. Return: true when it was. */
static bool answer(struct wire *wire, const struct netdev_mem_frame *f)
{
	const uint8_t *ip = f->data + ETH_LEN;

	if (get16(f->data + 12) == 0x0806) {
		answer_arp(wire, f->data);
		return true;
	}
	if (get16(f->data + 12) != 0x86dd || ip[6] == IPPROTO_UDP)
		return get16(f->data + 12) != 0x0800 && ip[6] != IPPROTO_UDP;
	if (ip[6] == IPPROTO_ICMPV6 && ip[IP6_LEN] == 135)
		answer_solicitation(wire, f->data);
	wire->solicits += ip[6] == IPPROTO_ICMPV6 && ip[IP6_LEN] == 133;
	/* Solicitations and multicast reports; errors are kept. */
	return ip[6] != 44 && !(ip[6] == IPPROTO_ICMPV6 && ip[IP6_LEN] < 128);
}

static void keep(struct wire *wire, const struct netdev_mem_frame *f)
{
	struct wire_frame *k = malloc(sizeof(*k) + f->notes.len);

	k->next = NULL;
	k->len = f->notes.len;
	k->needs_csum = f->notes.needs_csum;
	memcpy(k->data, f->data, k->len);
	if (wire->tail)
		wire->tail->next = k;
	else
		wire->head = k;
	wire->tail = k;
}

static void turn(struct wire *wire)
{
	const struct netdev_mem_frame *f;

	stack_poll_rx(wire->stack, wire->now_us, 64);
	stack_poll_timers(wire->stack, wire->now_us);
	stack_poll_tx(wire->stack, wire->now_us);
	while ((f = netdev_mem_sent(wire->dev))) {
		if (!answer(wire, f))
			keep(wire, f);
		netdev_mem_sent_pop(wire->dev);
	}
}

/* Turns until nothing is under way; the clock does not move. */
void wire_turn(struct wire *wire)
{
	turn(wire);
	for (int i = 0; i < TURNS_MAX &&
	     (netdev_mem_rx_waiting(wire->dev) ||
	      stack_deadline_us(wire->stack) <= wire->now_us); i++)
		turn(wire);
}

/* Let time pass, from deadline to deadline as the service's loop does. */
void wire_wait(struct wire *wire, uint64_t us)
{
	uint64_t end = wire->now_us + us, due;

	for (;;) {
		due = stack_deadline_us(wire->stack);
		if (due > end)
			break;
		if (due > wire->now_us)
			wire->now_us = due;
		wire_turn(wire);
	}
	wire->now_us = end;
	wire_turn(wire);
}

static void parse_udp(const struct wire_frame *k, const uint8_t *udp,
                      struct wire_packet *packet)
{
	size_t len = get16(udp + 4);
	unsigned expected = pseudo(packet->ip, packet->is_v6, IPPROTO_UDP, len);

	packet->src_port = (uint16_t)get16(udp);
	packet->dst_port = (uint16_t)get16(udp + 2);
	packet->data = udp + UDP_LEN;
	packet->len = len - UDP_LEN;
	if (packet->is_fragment)
		return;
	packet->has_bad_sum = k->needs_csum
		? get16(udp + 6) != expected
		: sum(udp, len, expected) != 0xffff;
}

/* The oldest packet that the stack sent. Return: false when there is none. */
bool wire_take(struct wire *wire, struct wire_packet *packet)
{
	struct wire_frame *k = wire->head;
	const uint8_t *l4;

	free(wire->taken);
	wire->taken = k;
	if (!k)
		return false;
	wire->head = k->next;
	if (!wire->head)
		wire->tail = NULL;
	memset(packet, 0, sizeof(*packet));
	packet->ip = k->data + ETH_LEN;
	packet->ip_len = k->len - ETH_LEN;
	packet->is_v6 = packet->ip[0] >> 4 == 6;
	packet->proto = packet->ip[packet->is_v6 ? 6 : 9];
	packet->ttl = packet->ip[packet->is_v6 ? 7 : 8];
	packet->tos = packet->is_v6 ? (uint8_t)(get16(packet->ip) >> 4)
	                            : packet->ip[1];
	packet->is_fragment = packet->is_v6 ? packet->proto == 44
		: get16(packet->ip + 6) & 0x3fff;
	inet_ntop(packet->is_v6 ? AF_INET6 : AF_INET,
	          packet->ip + (packet->is_v6 ? 8 : 12), packet->src,
	          sizeof(packet->src));
	inet_ntop(packet->is_v6 ? AF_INET6 : AF_INET,
	          packet->ip + (packet->is_v6 ? 24 : 16), packet->dst,
	          sizeof(packet->dst));
	l4 = packet->ip + (packet->is_v6 ? IP6_LEN : IP4_LEN);
	if (packet->proto == IPPROTO_UDP) {
		parse_udp(k, l4, packet);
	} else {
		packet->type = l4[0];
		packet->code = l4[1];
	}
	return true;
}

void wire_send(struct wire *wire, const char *src, uint16_t src_port,
               const char *dst, uint16_t dst_port, const void *data,
               size_t len)
{
	uint8_t out[FRAME_MAX], from[16], to[16], *udp;
	bool is_v6 = strchr(src, ':');
	size_t udp_len = UDP_LEN + len;

	inet_pton(is_v6 ? AF_INET6 : AF_INET, src, from);
	inet_pton(is_v6 ? AF_INET6 : AF_INET, dst, to);
	udp = (is_v6 ? put_ip6 : put_ip4)(out, wire->dev->mac, from, to,
	                                  IPPROTO_UDP, udp_len);
	put16(udp, src_port);
	put16(udp + 2, dst_port);
	put16(udp + 4, (unsigned)udp_len);
	put16(udp + 6, 0);
	if (len)
		memcpy(udp + UDP_LEN, data, len);
	put16(udp + 6, ~sum(udp, udp_len, pseudo(out + ETH_LEN, is_v6,
	                                         IPPROTO_UDP, udp_len)));
	netdev_mem_inject(wire->dev, out, (size_t)(udp - out) + udp_len);
	wire_turn(wire);
}

void wire_send_icmp6(struct wire *wire, const char *src, const void *msg,
                     size_t len)
{
	static const uint8_t mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t out[FRAME_MAX], from[16], to[16], *icmp;

	inet_pton(AF_INET6, src, from);
	inet_pton(AF_INET6, "ff02::1", to);
	icmp = put_ip6(out, mac, from, to, IPPROTO_ICMPV6, len);
	memcpy(icmp, msg, len);
	put16(icmp + 2, 0);
	put16(icmp + 2, ~sum(icmp, len, pseudo(out + ETH_LEN, true,
	                                       IPPROTO_ICMPV6, len)));
	netdev_mem_inject(wire->dev, out, (size_t)(icmp - out) + len);
	wire_turn(wire);
}

void wire_send_error(struct wire *wire, const struct wire_packet *about,
                     uint8_t type, uint8_t code, uint32_t rest)
{
	size_t quoted = about->ip_len < 600 ? about->ip_len : 600;
	uint8_t proto = about->is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	const uint8_t *ip = about->ip;
	uint8_t out[FRAME_MAX], *icmp;

	icmp = about->is_v6
		? put_ip6(out, wire->dev->mac, ip + 24, ip + 8, proto,
		          8 + quoted)
		: put_ip4(out, wire->dev->mac, ip + 16, ip + 12, proto,
		          8 + quoted);
	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + 2, 0);
	put16(icmp + 4, rest >> 16);
	put16(icmp + 6, rest & 0xffff);
	memcpy(icmp + 8, ip, quoted);
	put16(icmp + 2, ~sum(icmp, 8 + quoted, about->is_v6
		? pseudo(out + ETH_LEN, true, proto, 8 + quoted) : 0));
	netdev_mem_inject(wire->dev, out, (size_t)(icmp - out) + 8 + quoted);
	wire_turn(wire);
}
