/* SPDX-License-Identifier: MIT */
/* Gathering consecutive TCP segments into one frame that the device cuts.
 *
 * Theory of operation
 *
 * lwIP hands down one frame a segment. A device with TSO takes up to 64 KB in
 * one frame and cuts it again, at a fraction of the cost. So ethif.c offers
 * each segment here:
 *
 *     tso_start     the first one; its headers become those of the frame
 *     tso_append    the next one, if the device would cut it out again just as
 *                   it is: the same headers but for lengths, sums, IP id, PSH
 *                   and FIN, the next sequence number, and all before it full
 *     tso_finish    lengths and the pseudo-header's sum are written
 *     tso_drop      the references are given back
 *
 * lwIP's window and loss behaviour are untouched, since its segments are. A
 * segment may also come larger than the connection's MSS, and is then cut by
 * gso_size as well.
 */
#include "stack/tso.h"

#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/tcp.h>
#include <string.h>

#include "stack/port/arch/cc.h"

#define IP_LEN_MAX 65535 /* of an IP packet, also of one that will be cut */

_Static_assert(SIZEOF_ETH_HDR + IP6_HLEN + 60 <= TSO_HDR_MAX,
               "the longest headers fit");

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Offset of the TCP header, 0 when this is no whole TCP packet. */
static uint16_t l4_offset(const uint8_t *hdr, uint16_t len, bool *is_v6)
{
	const uint8_t *ip = hdr + SIZEOF_ETH_HDR;
	uint16_t type;

	if (len < SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN)
		return 0;
	type = get16(hdr + 12);
	*is_v6 = type == ETHTYPE_IPV6;
	if (type == ETHTYPE_IP && ip[9] == IP_PROTO_TCP &&
	    !(get16(ip + 6) & (IP_MF | IP_OFFMASK)))
		return (uint16_t)(SIZEOF_ETH_HDR + (ip[0] & 0xf) * 4);
	if (*is_v6 && ip[6] == IP6_NEXTH_TCP)
		return SIZEOF_ETH_HDR + IP6_HLEN;
	return 0;
}

/**
 * tso_parse() - Is this frame a TCP segment?
 * @p:		A frame as lwIP sends it, Ethernet header first
 * @seg:	Filled when it is
 *
 * Return: true when it is TCP over IPv4 or IPv6, not fragmented, without
 * extension headers, and all headers are in the first pbuf. lwIP makes no
 * other.
 */
bool tso_parse(struct pbuf *p, struct tso_seg *seg)
{
	const uint8_t *hdr = p->payload, *tcp;

	seg->l4 = l4_offset(hdr, p->len, &seg->is_v6);
	if (!seg->l4 || p->len < seg->l4 + TCP_HLEN)
		return false;
	tcp = hdr + seg->l4;
	seg->hdr_len = (uint16_t)(seg->l4 + (tcp[12] >> 4) * 4);
	if (seg->hdr_len > p->len)
		return false;
	seg->p = p;
	seg->flags = tcp[13];
	seg->seq = get32(tcp + 4);
	seg->payload = p->tot_len - seg->hdr_len;
	return true;
}

/* May these bytes be added? They may be fewer iovecs when they touch. */
static bool add_payload(struct tso *tso, const struct tso_seg *seg)
{
	uint32_t skip = seg->hdr_len;
	int iovcnt = tso->iovcnt;

	if (iovcnt + pbuf_clen(seg->p) > TSO_IOV_MAX)
		return false;
	for (const struct pbuf *q = seg->p; q; q = q->next) {
		uint8_t *data = (uint8_t *)q->payload + skip;
		size_t len = q->len - skip;
		struct iovec *last = &tso->iov[iovcnt - 1];

		skip = 0;
		if (!len)
			continue;
		if (iovcnt > 1 && (uint8_t *)last->iov_base + last->iov_len ==
		                          data) {
			last->iov_len += len;
			continue;
		}
		tso->iov[iovcnt++] = (struct iovec){ data, len };
	}
	tso->iovcnt = iovcnt;
	tso->payload += seg->payload;
	tso->held[tso->held_count++] = seg->p;
	pbuf_ref(seg->p);
	return true;
}

/**
 * tso_start() - Begin a frame
 * @tso:	Empty
 * @seg:	Its first segment; a reference to the pbuf is taken
 * @mss:	The connection's own: what the peer and the path take
 *
 * Return: true; false when it lies in too many pieces, then tso stays empty.
 */
bool tso_start(struct tso *tso, const struct tso_seg *seg, uint16_t mss)
{
	memcpy(tso->hdr, seg->p->payload, seg->hdr_len);
	tso->first = *seg;
	tso->gso_size = seg->payload < mss ? (uint16_t)seg->payload : mss;
	tso->payload = 0;
	tso->iov[0] = (struct iovec){ tso->hdr, seg->hdr_len };
	tso->iovcnt = 1;
	return add_payload(tso, seg);
}

/* Are the headers those that cutting would make? */
static bool headers_match(const struct tso *tso, const struct tso_seg *seg)
{
	const uint8_t *a = tso->hdr, *b = seg->p->payload;
	const size_t ip = SIZEOF_ETH_HDR, l4 = seg->l4;

	if (memcmp(a, b, ip + 2))  /* Ethernet, version, class or TOS */
		return false;
	if (seg->is_v6) {
		/* all but the payload length */
		if (memcmp(a + ip + 2, b + ip + 2, 2) ||
		    memcmp(a + ip + 6, b + ip + 6, IP6_HLEN - 6))
			return false;
	} else if (memcmp(a + ip + 6, b + ip + 6, 4) ||
	           memcmp(a + ip + 12, b + ip + 12, l4 - ip - 12)) {
		/* all but length, id and sum */
		return false;
	}
	/* ports; ACK number and header length; window; URG and options */
	return !memcmp(a + l4, b + l4, 4) &&
	       !memcmp(a + l4 + 8, b + l4 + 8, 5) &&
	       !memcmp(a + l4 + 14, b + l4 + 14, 2) &&
	       !memcmp(a + l4 + 18, b + l4 + 18, seg->hdr_len - l4 - 18);
}

/**
 * tso_append() - Add the next segment
 * @tso:	Started
 * @seg:	To be added; a reference to the pbuf is taken when it is
 *
 * Return: true when it was; false when it cannot go into this frame.
 */
bool tso_append(struct tso *tso, const struct tso_seg *seg)
{
	const uint32_t ip_hdr_len = tso->first.hdr_len - SIZEOF_ETH_HDR;
	uint8_t *flags = &tso->hdr[tso->first.l4 + 13];

	if (!seg->payload || !tso->gso_size || tso->held_count == TSO_SEG_MAX ||
	    seg->is_v6 != tso->first.is_v6 || seg->l4 != tso->first.l4 ||
	    seg->hdr_len != tso->first.hdr_len)
		return false;
	if (seg->seq != tso->first.seq + tso->payload ||
	    tso->payload % tso->gso_size || seg->payload > tso->gso_size ||
	    ip_hdr_len + tso->payload + seg->payload > IP_LEN_MAX)
		return false;
	if ((*flags & ~TCP_PSH) != TCP_ACK ||
	    (seg->flags & ~(TCP_PSH | TCP_FIN)) != TCP_ACK)
		return false;
	if (!headers_match(tso, seg) || !add_payload(tso, seg))
		return false;
	*flags |= seg->flags;
	return true;
}

/* The folded sum of the pseudo-header, where the device goes on. */
static uint16_t pseudo_sum(const uint8_t *hdr, bool is_v6, uint32_t l4_len)
{
	const uint8_t *ip = hdr + SIZEOF_ETH_HDR;
	uint8_t tail[4] = { 0, IP_PROTO_TCP, (uint8_t)(l4_len >> 8),
	                    (uint8_t)l4_len };
	uint32_t sum = port_chksum(tail, 4);

	sum += is_v6 ? port_chksum(ip + 8, 32) : port_chksum(ip + 12, 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void write_lengths(struct tso *tso)
{
	const struct tso_seg *first = &tso->first;
	uint8_t *ip = tso->hdr + SIZEOF_ETH_HDR;
	uint32_t l4_len = first->hdr_len - first->l4 + tso->payload;
	uint32_t ip_hdr_len = first->l4 - SIZEOF_ETH_HDR;
	uint16_t sum;

	if (first->is_v6) {
		put16(ip + 4, l4_len);
	} else {
		put16(ip + 2, ip_hdr_len + l4_len);
		put16(ip + 10, 0);
		sum = (uint16_t)~port_chksum(ip, (int)ip_hdr_len);
		memcpy(ip + 10, &sum, 2);
	}
	sum = pseudo_sum(tso->hdr, first->is_v6, l4_len);
	memcpy(tso->hdr + first->l4 + 16, &sum, 2);
}

/**
 * tso_finish() - The frame as the device takes it
 * @tso:	Started; its iovecs are lent to out until tso_drop()
 * @out:	Filled; not a super-frame when one segment is all there is
 */
void tso_finish(struct tso *tso, struct frame_out *out)
{
	write_lengths(tso);
	*out = (struct frame_out){
		.iov = tso->iov,
		.iovcnt = tso->iovcnt,
		.len = tso->first.hdr_len + tso->payload,
		.needs_csum = true,
		.hdr_len = tso->first.hdr_len,
		.csum_start = tso->first.l4,
		.csum_offset = 16,
	};
	if (tso->payload > tso->gso_size) {
		out->gso = tso->first.is_v6 ? FRAME_GSO_TCP6 : FRAME_GSO_TCP4;
		out->gso_size = tso->gso_size;
	}
}

/**
 * tso_drop() - Give the references back and be empty
 * @tso:	Any state
 */
void tso_drop(struct tso *tso)
{
	while (tso->held_count)
		pbuf_free(tso->held[--tso->held_count]);
}
