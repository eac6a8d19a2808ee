/* SPDX-License-Identifier: MIT */
/* Connections in TIME_WAIT: which ports they keep, when they go, how many may
 * be.
 *
 * Theory of operation
 *
 * There may be tens of thousands, so nothing here walks them. Their list is in
 * the order of their ends, since each begins its 2 * MSL anew as it comes to
 * the front: what is over is at the list's other end. lwIP would look at all
 * of them ten times a second; during its timer their list is hidden.
 */
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>

#include "stack/sock_priv.h"
#include "stack/tcp_demux.h"

#define TIME_WAIT_TICKS (2 * TCP_MSL / TCP_SLOW_INTERVAL)

bool sock_tcp_port_in_time_wait(uint16_t local_port)
{
	return tcp_demux.tw_on_port[local_port];
}

/**
 * sock_tcp_drop_time_wait() - Bound the connections in TIME_WAIT
 * @max:	So many of the youngest stay
 */
void sock_tcp_drop_time_wait(unsigned max)
{
	while (tcp_demux.tw_count > max)
		tcp_abandon(tcp_demux.tw_last, 0);
}

/**
 * sock_tcp_make_room() - There shall be a pcb for one more connection
 *
 * At the limit the one that is longest in TIME_WAIT goes; without any, the
 * table of socks is full as well, and says so.
 */
void sock_tcp_make_room(void)
{
	if (lwip_stats.memp[MEMP_TCP_PCB]->used >= STACK_PCB_MAX &&
	    tcp_demux.tw_last)
		tcp_abandon(tcp_demux.tw_last, 0);
}

static bool is_over(const struct tcp_pcb *pcb)
{
	return tcp_ticks - pcb->tmr > TIME_WAIT_TICKS;
}

/**
 * sock_tcp_slow_timer() - lwIP's slow timer, and the end of TIME_WAITs
 */
void sock_tcp_slow_timer(void)
{
	tcp_demux_hide(false, true);
	tcp_slowtmr();
	tcp_demux_unhide();
	while (tcp_demux.tw_last && is_over(tcp_demux.tw_last))
		tcp_abandon(tcp_demux.tw_last, 0);
}
