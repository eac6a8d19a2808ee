/* SPDX-License-Identifier: MIT */
/* What lwIP takes from a peer and should not.
 *
 * lwIP believes an MSS option in any segment, not only in a SYN, and any value
 * in it. A later, smaller one breaks what it asserts of the segments it has
 * queued; an MSS of 1 makes 64,000 segments of one write. So the option is
 * blanked where it does not belong and raised where it is too small, before
 * lwIP looks. The segment's checksum has been verified by then.
 */
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>
#include <stdbool.h>
#include <stdint.h>

#include "stack/port/hooks.h"
#include "stack/sock_priv.h"

#define MSS_MIN 88 /* RFC 791: a host takes 68 bytes; as Linux, with options */

struct options {
	uint8_t *first, *rest; /* the option bytes, in two runs */
	unsigned first_len, len; /* bytes at first; of both */
};

static uint8_t *at(const struct options *o, unsigned i)
{
	return i < o->first_len ? &o->first[i] : &o->rest[i - o->first_len];
}

/* An MSS option begins at i and is whole. */
static void fix_mss(const struct options *o, unsigned i, bool is_syn)
{
	unsigned mss = (unsigned)*at(o, i + 2) << 8 | *at(o, i + 3);

	if (!is_syn) {
		for (unsigned j = 0; j < LWIP_TCP_OPT_LEN_MSS; j++)
			*at(o, i + j) = LWIP_TCP_OPT_NOP;
	} else if (mss && mss < MSS_MIN) {
		*at(o, i + 2) = 0;
		*at(o, i + 3) = MSS_MIN;
	}
}

/**
 * hook_tcp_inpacket() - see hooks.h
 */
err_t hook_tcp_inpacket(struct tcp_pcb *pcb, struct tcp_hdr *hdr,
                        uint16_t optlen, uint16_t opt1len, uint8_t *opt2)
{
	const struct options o = { (uint8_t *)(hdr + 1), opt2, opt1len,
	                           optlen };
	const bool is_syn = TCPH_FLAGS(hdr) & TCP_SYN;
	unsigned kind, len;

	/* A window update may let go what waits; lwIP tells nobody of it. */
	if (pcb->state >= ESTABLISHED && pcb->unsent && pcb->callback_arg)
		sock_tcp_touch(pcb->callback_arg);
	for (unsigned i = 0; i + 1 < o.len; i += len) {
		kind = *at(&o, i);
		if (kind == LWIP_TCP_OPT_EOL)
			break;
		len = kind == LWIP_TCP_OPT_NOP ? 1 : *at(&o, i + 1);
		if (!len || i + len > o.len)
			break;
		if (kind == LWIP_TCP_OPT_MSS && len == LWIP_TCP_OPT_LEN_MSS)
			fix_mss(&o, i, is_syn);
	}
	return ERR_OK;
}
