/* SPDX-License-Identifier: MIT */
/* Splitting a segment that bears a FIN.
 *
 * tcp_split_unsent_seg() of lwIP 2.1 means to move FIN and PSH to the second
 * part, but only ever sets flags on the first: both bear the FIN, and the peer
 * takes the stream to end with the first. What follows is lost.
 */
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>

err_t __real_tcp_split_unsent_seg(struct tcp_pcb *pcb, u16_t split);
err_t __wrap_tcp_split_unsent_seg(struct tcp_pcb *pcb, u16_t split);

/**
 * __wrap_tcp_split_unsent_seg() - Make two of the first unsent segment
 * @pcb:	Any
 * @split:	Bytes of the first part
 *
 * Return: ERR_OK also where it is short enough already, or ERR_MEM.
 */
err_t __wrap_tcp_split_unsent_seg(struct tcp_pcb *pcb, u16_t split)
{
	struct tcp_seg *seg = pcb->unsent;
	const struct tcp_seg *next = seg ? seg->next : NULL;
	err_t err = __real_tcp_split_unsent_seg(pcb, split);

	if (seg && seg->next != next)
		TCPH_UNSET_FLAG(seg->tcphdr, TCP_FIN | TCP_PSH);
	return err;
}
