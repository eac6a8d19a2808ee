/* SPDX-License-Identifier: MIT */
/* Messages of neighbour discovery that lwIP must not see.
 *
 * lwIP compares an option's length with the message's, but takes a length of 0
 * for one that fits: it then reads a link-layer address past the message's end.
 * RFC 4861 section 4.6 has nodes discard what holds such an option, and RFC
 * 6980 section 5 what came in fragments.
 */
#include "stack/nd_guard.h"

#include <lwip/icmp6.h>
#include <lwip/prot/nd6.h>

#define OPTION_UNIT 8 /* bytes that an option's length counts */

/* Bytes before the options; 0: lwIP does not know such a message. */
static unsigned header_len(unsigned type)
{
	switch (type) {
	case ICMP6_TYPE_RA:
		return sizeof(struct ra_header);
	case ICMP6_TYPE_NS:
		return sizeof(struct ns_header);
	case ICMP6_TYPE_NA:
		return sizeof(struct na_header);
	case ICMP6_TYPE_RD:
		return sizeof(struct redirect_header);
	default:
		return 0;
	}
}

/**
 * nd_is_sound() - May lwIP's nd6_input() have this message?
 * @p:	From the ICMPv6 header on
 *
 * Return: true when it is whole and its options are as long as they say.
 */
bool nd_is_sound(const struct pbuf *p)
{
	const uint8_t *msg = p->payload;
	unsigned at = header_len(msg[0]);

	if (!at)
		return true;
	if (p->next || p->len < at)
		return false;
	while (at < p->len) {
		if (p->len - at < OPTION_UNIT || !msg[at + 1])
			return false;
		at += msg[at + 1] * OPTION_UNIT;
	}
	return at == p->len;
}
