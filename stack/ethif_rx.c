/* SPDX-License-Identifier: MIT */
/* Received frames to lwIP.
 *
 * Theory of operation
 *
 * A frame becomes a custom pbuf that stands in frame->user and points at the
 * frame's own bytes; freeing the pbuf gives the frame back. So a program that
 * does not read holds frames, which is why
 *
 *   - small frames are copied: an ACK must not hold a buffer of 64 KB, and
 *   - all are copied when few buffers are free: then what an idle reader holds
 *     is memory, bounded by its window, and the device goes on receiving.
 *
 * lwIP verifies a checksum when nobody vouches for it: its flags are set for
 * each frame. A frame of a local sender may carry the pseudo-header's sum only
 * (FRAME_CSUM_PSEUDO_OK), which lwIP would call wrong; it is recognised here.
 */
#include <lwip/inet_chksum.h>
#include <lwip/ip4.h>
#include <lwip/ip6.h>
#include <lwip/pbuf.h>
#include <lwip/prot/etharp.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <string.h>

#include "stack/ethif.h"
#include "stack/port/arch/cc.h"
#include "stack/stack_priv.h"

#define COPY_LEN_MAX 256  /* bytes up to which a frame is copied */
#define LOW_ROOM_DIV 4    /* few are free: less than this part of all */
#define PBUF_LEN_MAX 65535 /* lengths in a pbuf are 16 bits */

#define CHECK_L4 (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

struct rx_pbuf {
	struct pbuf_custom custom; /* first: lwIP's pointer to it is ours */
	struct frame *frame;
};

_Static_assert(sizeof(struct rx_pbuf) <= FRAME_USER_LEN,
               "the pbuf stands in the frame");

static void rx_pbuf_free(struct pbuf *p)
{
	struct rx_pbuf *rx = (struct rx_pbuf *)(void *)p;

	stack_self->stats.rx_frames_held--;
	netdev_rx_release(rx->frame);
}

/* Lend the frame's bytes to lwIP. */
static struct pbuf *lend(struct stack *stack, struct frame *frame,
                         uint8_t *data, uint16_t len)
{
	struct rx_pbuf *rx = (struct rx_pbuf *)(void *)frame->user;

	rx->frame = frame;
	rx->custom.custom_free_function = rx_pbuf_free;
	stack->stats.rx_frames_held++;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &rx->custom, data,
	                           len);
}

/* Copy the bytes; the frame goes back at once. NULL: no memory. */
static struct pbuf *copy(struct stack *stack, struct frame *frame,
                         const uint8_t *data, uint16_t len)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, len, PBUF_RAM);

	if (p)
		memcpy(p->payload, data, len);
	else
		stack->stats.out_of_memory++;
	netdev_rx_release(frame);
	return p;
}

static struct pbuf *to_pbuf(struct ethif *ethif, struct frame *frame,
                            uint8_t *data, uint32_t len)
{
	struct stack *stack = ethif->stack;
	unsigned room, total;

	if (len <= COPY_LEN_MAX)
		return copy(stack, frame, data, (uint16_t)len);
	room = netdev_rx_room(ethif->dev, &total);
	if (room < total / LOW_ROOM_DIV) {
		stack->stats.rx_copied_low++;
		return copy(stack, frame, data, (uint16_t)len);
	}
	return lend(stack, frame, data, (uint16_t)len);
}

/* Where TCP's or UDP's checksum stands, and the pseudo-header's sum that a
 * local sender leaves there. Return: NULL when there is no such checksum.
 */
static const uint8_t *l4_csum(const uint8_t *eth, uint32_t len, uint16_t *sum)
{
	const uint8_t *ip = eth + SIZEOF_ETH_HDR, *l4, *addrs;
	uint32_t l4_len, addrs_len, total;
	uint8_t proto;

	if (len < SIZEOF_ETH_HDR + IP_HLEN)
		return NULL;
	if (eth[12] == 0x08 && eth[13] == 0x00) {
		l4 = ip + (ip[0] & 0xf) * 4;
		l4_len = (uint32_t)(ip[2] << 8 | ip[3]) - (uint32_t)(l4 - ip);
		proto = ip[9];
		addrs = ip + 12;
		addrs_len = 8;
		if (ip[6] & 0x3f || ip[7]) /* a fragment */
			return NULL;
	} else if (eth[12] == 0x86 && eth[13] == 0xdd &&
	           len >= SIZEOF_ETH_HDR + IP6_HLEN) {
		l4 = ip + IP6_HLEN;
		l4_len = (uint32_t)(ip[4] << 8 | ip[5]);
		proto = ip[6];
		addrs = ip + 8;
		addrs_len = 32;
	} else {
		return NULL;
	}
	if (proto != IP_PROTO_TCP && proto != IP_PROTO_UDP)
		return NULL;
	total = port_chksum(addrs, (int)addrs_len) +
	        lwip_htons((uint16_t)l4_len) + lwip_htons(proto);
	total = (total & 0xffff) + (total >> 16);
	*sum = (uint16_t)((total & 0xffff) + (total >> 16));
	l4 += proto == IP_PROTO_TCP ? 16 : 6;
	return l4 + 2 <= eth + len ? l4 : NULL;
}

static bool must_verify(const struct frame *frame)
{
	const uint8_t *csum;
	uint16_t pseudo;

	if (frame->csum == FRAME_CSUM_VALID)
		return false;
	if (frame->csum != FRAME_CSUM_PSEUDO_OK)
		return true;
	csum = l4_csum(frame->data, frame->len, &pseudo);
	return !csum || memcmp(csum, &pseudo, sizeof(pseudo));
}

static bool is_type(const struct frame *frame, uint16_t type)
{
	return frame->data[12] == type >> 8 && frame->data[13] == (type & 0xff);
}

/* Too short for its first header; ip6_input() and etharp_input() would read
 * past its end.
 */
static bool is_truncated(const struct frame *frame)
{
	if (frame->len < SIZEOF_ETH_HDR)
		return true;
	if (is_type(frame, ETHTYPE_IPV6))
		return frame->len < SIZEOF_ETH_HDR + IP6_HLEN;
	if (is_type(frame, ETHTYPE_ARP))
		return frame->len < SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR;
	return is_type(frame, ETHTYPE_IP) &&
	       frame->len < SIZEOF_ETH_HDR + IP_HLEN;
}

/* From one of our own addresses, or to or from loopback: no such packet comes
 * over a wire (RFC 1122 3.2.1.3), unless somebody forges it.
 */
static bool is_martian(const struct stack *stack, const struct frame *frame)
{
	const uint8_t *ip = frame->data + SIZEOF_ETH_HDR;
	ip_addr_t src = { 0 }, dst = { 0 };

	if (is_type(frame, ETHTYPE_IP)) {
		IP_SET_TYPE_VAL(src, IPADDR_TYPE_V4);
		IP_SET_TYPE_VAL(dst, IPADDR_TYPE_V4);
		memcpy(ip_2_ip4(&src), ip + 12, sizeof(ip4_addr_t));
		memcpy(ip_2_ip4(&dst), ip + 16, sizeof(ip4_addr_t));
	} else if (is_type(frame, ETHTYPE_IPV6)) {
		IP_SET_TYPE_VAL(src, IPADDR_TYPE_V6);
		IP_SET_TYPE_VAL(dst, IPADDR_TYPE_V6);
		memcpy(ip_2_ip6(&src)->addr, ip + 8, 16);
		memcpy(ip_2_ip6(&dst)->addr, ip + 24, 16);
	} else {
		return false;
	}
	return stack_addr_is_own(stack, &src) || ip_addr_isloopback(&dst);
}

/* An IP packet longer than a pbuf with the Ethernet header could be. */
static void input_long(struct netif *netif, struct pbuf *p, bool is_v6)
{
	if (is_v6)
		ip6_input(p, netif);
	else
		ip4_input(p, netif);
}

/**
 * ethif_input() - One received frame
 * @ethif:	The interface
 * @frame:	As netdev_rx_burst() lent it; it is given back here or when
 *		lwIP has no more use for it
 */
void ethif_input(struct ethif *ethif, struct frame *frame)
{
	struct netif *netif = &ethif->netif;
	const bool is_long = frame->len > PBUF_LEN_MAX;
	const uint32_t skip = is_long ? SIZEOF_ETH_HDR : 0;
	const u16_t flags = netif->chksum_flags;
	struct pbuf *p;
	bool is_v6;

	if (is_truncated(frame) || is_martian(ethif->stack, frame) ||
	    frame->len - skip > PBUF_LEN_MAX) {
		netdev_rx_release(frame);
		return;
	}
	if (must_verify(frame))
		netif->chksum_flags |= CHECK_L4;
	is_v6 = is_type(frame, ETHTYPE_IPV6); /* a copied frame is gone */
	p = to_pbuf(ethif, frame, frame->data + skip, frame->len - skip);
	if (p && is_long)
		input_long(netif, p, is_v6);
	else if (p && netif->input(p, netif) != ERR_OK)
		pbuf_free(p);
	netif->chksum_flags = flags;
}
