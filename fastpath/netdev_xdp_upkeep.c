/* SPDX-License-Identifier: MIT */
/* What no ring of an AF_XDP socket tells: the link's state, and the counters of
 * the kernel and of the program.
 */
#include <time.h>

#include "fastpath/netdev_xdp.h"
#include "fastpath/why.h"

#define UPKEEP_MS 100 /* between two looks */

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Have the user told: a sentence. */
void netdev_xdp_notice(struct netdev *dev, const char *text)
{
	why_fail(dev->notice, 0, "%s", text);
	dev->notice_count++;
}

/* Frames that somebody sends in vain: said once, since it does not mend
 * itself.
 */
static void notice_losses(struct netdev_xdp *xdp, const struct xdp_counts *now)
{
	const __u64 *old = xdp->counts.frames;
	char text[NETDEV_WHY_LEN];

	if (now->frames[xdp_verdict_dropped_long] &&
	    !old[xdp_verdict_dropped_long]) {
		why_fail(text, 0, "%s: frames longer than %u bytes come, and "
		         "are dropped: a sender on this machine leaves "
		         "segmentation to its card; switch that off there with "
		         "'ethtool -K INTERFACE tso off gso off'%s",
		         xdp->dev.name, xdp->umem.chunk_len - XDP_SOCK_HEADROOM,
		         xdp->prog.is_native ? "" : ", or use --xdp-mode native");
		netdev_xdp_notice(&xdp->dev, text);
	}
	if (now->frames[xdp_verdict_passed_queue] &&
	    !old[xdp_verdict_passed_queue]) {
		why_fail(text, 0, "%s: frames for the stack come by other "
		         "queues than %u, and are lost: leave the card one with "
		         "'ethtool -L %s combined 1', or steer them with "
		         "'ethtool -N'", xdp->dev.name, xdp->queue,
		         xdp->dev.name);
		netdev_xdp_notice(&xdp->dev, text);
	}
}

/* Bring the counters up to date that the kernel keeps; tell of losses. */
void netdev_xdp_update_stats(struct netdev *dev)
{
	struct netdev_xdp *xdp = xdp_of(dev);
	struct netdev_stats *stats = &dev->stats;
	struct xdp_statistics drops;
	struct xdp_counts now;

	if (!xdp_sock_get_drops(&xdp->sock, &drops)) {
		stats->rx_dropped_no_frame = drops.rx_fill_ring_empty_descs;
		stats->rx_dropped_full = drops.rx_ring_full;
	}
	if (xdp_prog_get_counts(&xdp->prog, &now))
		return;
	stats->xdp_redirected = now.frames[xdp_verdict_redirected];
	stats->xdp_passed = now.frames[xdp_verdict_passed];
	stats->xdp_passed_queue = now.frames[xdp_verdict_passed_queue];
	stats->xdp_dropped_long = now.frames[xdp_verdict_dropped_long];
	notice_losses(xdp, &now);
	xdp->counts = now;
}

/* See how the link is: up, down, or gone. */
void netdev_xdp_check_link(struct netdev_xdp *xdp)
{
	struct netdev *dev = &xdp->dev;
	bool is_up;

	if (!xdp_card_is_there(xdp->card.ifindex, &is_up)) {
		dev->is_down = true;
		if (!dev->gone[0])
			why_fail(dev->gone, 0, "the interface %s is gone: it "
			         "was deleted or moved to another network "
			         "namespace",
			         dev->name);
		return;
	}
	dev->stats.link_downs += !is_up && !dev->is_down;
	dev->is_down = !is_up;
}

/* What no ring tells, ten times a second: called in each turn. */
void netdev_xdp_upkeep(struct netdev_xdp *xdp)
{
	uint64_t now_ms = clock_ms();

	if (now_ms < xdp->upkeep_due_ms)
		return;
	xdp->upkeep_due_ms = now_ms + UPKEEP_MS;
	netdev_xdp_update_stats(&xdp->dev);
	netdev_xdp_check_link(xdp);
}
