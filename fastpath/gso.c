/* SPDX-License-Identifier: MIT */
/* A received super-frame cut into the frames of the wire.
 *
 * Theory of operation
 *
 * A sender on this machine hands over one TCP or UDP packet of up to 64 KB and
 * the size by which it is to be cut. Whoever wants the frames that a wire would
 * have carried cuts here: each gets the super-frame's headers with lengths, the
 * IPv4 identification, TCP's sequence number and flags, and both checksums as
 * they would have been (Linux net/ipv4/tcp_offload.c, udp_offload.c: FIN and
 * PSH stand on the last one, CWR on the first).
 *
 * IPv6 extension headers are not followed: no stack puts one before a segment
 * that it leaves to a device.
 */
#include "fastpath/gso.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#define IP4_HDR_LEN 20
#define IP6_HDR_LEN 40
#define TCP_HDR_LEN 20
#define UDP_HDR_LEN 8

#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* RFC 1071: the sum of 16-bit words in the machine's order, not folded. */
static uint64_t sum_words(const uint8_t *data, uint32_t len, uint64_t sum)
{
	uint32_t word32;
	uint16_t word = 0;

	for (; len >= 4; len -= 4, data += 4) {
		memcpy(&word32, data, 4);
		sum += word32;
	}
	for (; len >= 2; len -= 2, data += 2) {
		memcpy(&word, data, 2);
		sum += word;
	}
	if (len) {
		word = 0;
		memcpy(&word, data, 1);
		sum += word;
	}
	return sum;
}

/* The checksum of the sum, as its two bytes stand in memory. */
static uint16_t sum_finish(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* IP's header. Return: the offset of what follows it, or -EINVAL. */
static int parse_ip(const struct frame *frame, struct gso_headers *headers)
{
	const uint8_t *ip = frame->data + ETHER_HDR_LEN;
	const uint32_t room = frame->len - ETHER_HDR_LEN;
	uint32_t hdr_len = IP6_HDR_LEN, len;

	headers->ip_at = ETHER_HDR_LEN;
	headers->is_v6 = get16(ip - 2) == ETHERTYPE_IPV6;
	if (headers->is_v6) {
		if (room < IP6_HDR_LEN)
			return -EINVAL;
		headers->protocol = ip[6];
		len = IP6_HDR_LEN + get16(ip + 4);
	} else {
		if (get16(ip - 2) != ETHERTYPE_IP || room < IP4_HDR_LEN)
			return -EINVAL;
		hdr_len = (ip[0] & 0xfu) * 4;
		headers->protocol = ip[9];
		len = get16(ip + 2);
		if (hdr_len < IP4_HDR_LEN || get16(ip + 6) & 0x3fff)
			return -EINVAL; /* a fragment has no header to patch */
	}
	if (len > room || len < hdr_len)
		return -EINVAL;
	headers->end = ETHER_HDR_LEN + len;
	return (int)(ETHER_HDR_LEN + hdr_len);
}

/* Find the headers of a frame.
 * Return: 0; -EINVAL when it is no whole TCP segment or UDP datagram, or when
 * its lengths contradict each other.
 */
int gso_headers_parse(const struct frame *frame, struct gso_headers *headers)
{
	uint32_t hdr_len = UDP_HDR_LEN;
	const uint8_t *l4;
	int at;

	if (frame->len < ETHER_HDR_LEN)
		return -EINVAL;
	at = parse_ip(frame, headers);
	if (at < 0)
		return at;
	headers->l4_at = (uint32_t)at;
	l4 = frame->data + at;
	if (headers->protocol == IPPROTO_TCP) {
		if (headers->l4_at + TCP_HDR_LEN > headers->end)
			return -EINVAL;
		hdr_len = (l4[12] >> 4) * 4u;
		if (hdr_len < TCP_HDR_LEN)
			return -EINVAL;
	} else if (headers->protocol != IPPROTO_UDP) {
		return -EINVAL;
	}
	headers->payload_at = headers->l4_at + hdr_len;
	return headers->payload_at <= headers->end ? 0 : -EINVAL;
}

/* Write the TCP or UDP checksum of a frame anew. */
void gso_csum_fill(struct frame *frame, const struct gso_headers *headers)
{
	const uint8_t *ip = frame->data + headers->ip_at;
	uint8_t *l4 = frame->data + headers->l4_at;
	const uint32_t len = headers->end - headers->l4_at;
	const bool is_tcp = headers->protocol == IPPROTO_TCP;
	uint8_t *field = l4 + (is_tcp ? 16 : 6);
	uint64_t sum = htons(headers->protocol);
	uint16_t csum;

	sum += htonl(len);
	memset(field, 0, 2);
	sum = headers->is_v6 ? sum_words(ip + 8, 32, sum)
	                     : sum_words(ip + 12, 8, sum);
	csum = sum_finish(sum_words(l4, len, sum));
	if (!csum && !is_tcp) /* RFC 768: zero says that there is none */
		csum = 0xffff;
	memcpy(field, &csum, 2);
}

/* Begin to cut a frame with gso_size set, which must stay as it is meanwhile.
 * Return: 0; -EINVAL when it is none that can be cut.
 */
int gso_cut_start(struct gso_cut *cut, const struct frame *super)
{
	int err = gso_headers_parse(super, &cut->headers);

	if (err)
		return err;
	if (!super->gso_size || cut->headers.payload_at == cut->headers.end)
		return -EINVAL;
	cut->super = super;
	cut->at = cut->headers.payload_at;
	cut->count = 0;
	return 0;
}

/* Has every frame been made? */
bool gso_cut_is_done(const struct gso_cut *cut)
{
	return cut->at == cut->headers.end;
}

static void patch_ip(const struct gso_cut *cut, uint8_t *ip, uint32_t len)
{
	uint16_t csum;

	if (cut->headers.is_v6) {
		put16(ip + 4, len - IP6_HDR_LEN);
		return;
	}
	put16(ip + 2, len);
	put16(ip + 4, get16(ip + 4) + (uint32_t)cut->count);
	memset(ip + 10, 0, 2);
	csum = sum_finish(sum_words(ip, (ip[0] & 0xfu) * 4, 0));
	memcpy(ip + 10, &csum, 2);
}

static void patch_l4(const struct gso_cut *cut, uint8_t *l4, uint32_t len,
                     bool is_last)
{
	uint32_t seq;

	if (cut->headers.protocol == IPPROTO_UDP) {
		put16(l4 + 4, len + UDP_HDR_LEN);
		return;
	}
	seq = get32(l4 + 4) + (cut->at - cut->headers.payload_at);
	put16(l4 + 4, seq >> 16);
	put16(l4 + 6, seq);
	if (!is_last)
		l4[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (cut->count)
		l4[13] &= (uint8_t)~TCP_CWR;
}

/* Make the next frame, into a buffer that has room for gso_size bytes and the
 * headers; data is set, len and the notes are written here.
 * Return: true; false when there is no further one, or no room for it.
 */
bool gso_cut_next(struct gso_cut *cut, struct frame *frame)
{
	const struct gso_headers *from = &cut->headers;
	struct gso_headers headers = *from;
	uint32_t len = from->end - cut->at;
	const bool is_last = len <= cut->super->gso_size;
	const uint32_t room = frame->room - (uint32_t)(frame->data - frame->buf);

	if (!is_last)
		len = cut->super->gso_size;
	if (!len || from->payload_at + len > room)
		return false;
	memcpy(frame->data, cut->super->data, from->payload_at);
	memcpy(frame->data + from->payload_at, cut->super->data + cut->at, len);
	frame->len = from->payload_at + len;
	frame->gso_size = 0;
	frame->csum = cut->super->csum;
	headers.end = frame->len;
	patch_ip(cut, frame->data + from->ip_at, frame->len - from->ip_at);
	patch_l4(cut, frame->data + from->l4_at, len, is_last);
	gso_csum_fill(frame, &headers);
	cut->at += len;
	cut->count++;
	return true;
}
