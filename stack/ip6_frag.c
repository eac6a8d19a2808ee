/* SPDX-License-Identifier: MIT */
/* Fragments of IPv6 that lwIP must not see.
 *
 * lwIP bounds the payload of what it puts together by 65535 bytes, but counts
 * the headers before it in the same 16 bits: a datagram that is longer with
 * them breaks an assertion in ip6_reass(), and whoever can send to us could end
 * the service. A fragment that lies beyond what is left after the headers is
 * dropped here. Other extension headers may stand before the fragment's (RFC
 * 8200 section 4.5); only the first fragment's stay, so room is kept for them
 * from each.
 */
#include <lwip/ip.h>
#include <lwip/ip6_frag.h>
#include <lwip/prot/ip6.h>

#define EXT_HDRS_MAX 64 /* bytes between the IPv6 header and the fragment's */
#define PAYLOAD_MAX (0xffff - IP6_HLEN - EXT_HDRS_MAX)

struct pbuf *__real_ip6_reass(struct pbuf *p);
struct pbuf *__wrap_ip6_reass(struct pbuf *p);

/**
 * __wrap_ip6_reass() - A fragment came
 * @p:	From its fragment header on, which lies in the first pbuf; ours
 *
 * Return: the whole datagram, or NULL: kept for later, or dropped
 */
struct pbuf *__wrap_ip6_reass(struct pbuf *p)
{
	const struct ip6_frag_hdr *hdr = p->payload;
	const uint8_t *ip6 = (const uint8_t *)ip6_current_header();
	uint32_t ext_len = (uint32_t)((const uint8_t *)hdr - ip6) - IP6_HLEN;
	uint32_t end = (lwip_ntohs(hdr->_fragment_offset) &
	                IP6_FRAG_OFFSET_MASK) + p->tot_len - IP6_FRAG_HLEN;

	if (ext_len <= EXT_HDRS_MAX && end <= PAYLOAD_MAX)
		return __real_ip6_reass(p);
	IP6_FRAG_STATS_INC(ip6_frag.drop);
	pbuf_free(p);
	return NULL;
}
