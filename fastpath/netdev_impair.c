/* SPDX-License-Identifier: MIT */
/* A netdev that does to the frames of another one what a bad link does.
 *
 * Theory of operation
 *
 * Each direction is an impair_queue. Frames of the device below are copied into
 * the queue's own and go back at once, so that a delay never keeps the device
 * from receiving; frames to send are copied as well. netdev_rx_burst() lends
 * what has arrived, netdev_flush() sends what has.
 *
 * A link loses segments, not super-frames: the device below must have been
 * opened with no_offload, and the wrapper has no abilities.
 *
 * rx_fd is an epoll descriptor over the device's and a timer, which is set to
 * the next arrival in either direction at the end of each turn. So a loop that
 * sleeps wakes when a frame is due.
 *
 * Closing sends what still waits to be sent, late or not: no frame is lost that
 * the rules did not lose.
 */
#include "fastpath/netdev_impair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "fastpath/impair_queue.h"
#include "fastpath/vnet_io.h"
#include "fastpath/why.h"

#define BURST 32           /* frames taken from below at a time */
#define INTAKE_MAX 256     /* and at most in one call */
#define SECOND_NS 1000000000ull

struct netdev_impair {
	struct netdev dev;
	struct netdev *below;   /* ours: closed with the wrapper */
	struct impair_queue rx;
	struct impair_queue tx;
	impair_clock_fn *clock;
	int epoll_fd;           /* over below's rx_fd and timer_fd; -1: none */
	int timer_fd;
	uint64_t armed_ns;      /* what the timer is set to; IMPAIR_NEVER */
	uint64_t rx_no_frame;   /* the pool was empty */
	uint64_t too_long;      /* longer than a receive frame, to be sent */
};

static const struct netdev_ops netdev_impair_ops;

static struct netdev_impair *impair_of(const struct netdev *dev)
{
	return (struct netdev_impair *)dev;
}

static uint64_t clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* The counters are those of the device below, and what happened here. */
static void state_pull(struct netdev_impair *impair)
{
	struct netdev_stats *stats = &impair->dev.stats;
	const struct impair_queue *queues[] = { &impair->rx, &impair->tx };

	netdev_pull_state(&impair->dev, impair->below);
	stats->rx_dropped_no_frame += impair->rx_no_frame;
	stats->tx_dropped_error += impair->too_long;
	for (unsigned i = 0; i < 2; i++) {
		stats->impair_lost += queues[i]->stats.lost;
		stats->impair_duplicated += queues[i]->stats.duplicated;
		stats->impair_corrupted += queues[i]->stats.corrupted;
		stats->impair_reordered += queues[i]->stats.reordered;
		stats->impair_dropped_full += queues[i]->stats.dropped_full;
	}
}

/* Set the timer to the next arrival, unless it is. What waits for room in the
 * device is tried again by the loop and not by the timer.
 */
static void timer_arm(struct netdev_impair *impair, uint64_t now_ns,
                      bool is_tx_full)
{
	uint64_t next = impair_queue_next_ns(&impair->rx);
	uint64_t tx_next = is_tx_full ? IMPAIR_NEVER
	                              : impair_queue_next_ns(&impair->tx);
	struct itimerspec timer = { 0 };
	uint64_t left;

	if (tx_next < next)
		next = tx_next;
	if (next == impair->armed_ns || impair->epoll_fd < 0)
		return;
	impair->armed_ns = next;
	if (next != IMPAIR_NEVER) {
		left = next > now_ns ? next - now_ns : 1;
		timer.it_value.tv_sec = (time_t)(left / SECOND_NS);
		timer.it_value.tv_nsec = (long)(left % SECOND_NS);
	}
	timerfd_settime(impair->timer_fd, 0, &timer, NULL);
}

/* -------------------------------------------------------------- receiving */

/* Copy a frame of the device below to the link. */
static void take_in(struct netdev_impair *impair, const struct frame *from,
                    uint64_t now_ns)
{
	struct frame *frame = frame_pool_alloc(&impair->rx.pool);

	if (!frame || from->len > frame->room - FRAME_HEADROOM) {
		if (frame)
			frame_pool_free(&impair->rx.pool, frame);
		impair->rx_no_frame++;
		return;
	}
	memcpy(frame->data, from->data, from->len);
	frame->len = from->len;
	frame->csum = from->csum;
	frame->gso_size = from->gso_size;
	impair_queue_put(&impair->rx, frame, now_ns);
}

static void take_in_all(struct netdev_impair *impair, uint64_t now_ns)
{
	struct frame *frames[BURST];
	unsigned count = BURST;

	for (unsigned done = 0; count == BURST && done < INTAKE_MAX;
	     done += count) {
		count = netdev_rx_burst(impair->below, frames, BURST);
		for (unsigned i = 0; i < count; i++) {
			take_in(impair, frames[i], now_ns);
			netdev_rx_release(frames[i]);
		}
	}
}

static unsigned impair_rx_burst(struct netdev *dev, struct frame **frames,
                                unsigned count)
{
	struct netdev_impair *impair = impair_of(dev);
	const uint64_t now_ns = impair->clock();
	unsigned done = 0;

	take_in_all(impair, now_ns);
	while (done < count &&
	       (frames[done] = impair_queue_take(&impair->rx, now_ns)))
		done++;
	state_pull(impair);
	return done;
}

static void impair_rx_release(struct netdev *dev, struct frame *frame)
{
	frame_pool_free(&impair_of(dev)->rx.pool, frame);
}

static unsigned impair_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	const struct netdev_impair *impair = impair_of(dev);

	*rx_total = impair->rx.pool.total;
	return impair->rx.pool.free_count;
}

static int impair_rx_fd(const struct netdev *dev)
{
	return impair_of(dev)->epoll_fd;
}

/* ---------------------------------------------------------------- sending */

static void gather(struct frame *frame, const struct frame_out *out)
{
	frame->len = 0;
	for (int i = 0; i < out->iovcnt; i++) {
		memcpy(frame->data + frame->len, out->iov[i].iov_base,
		       out->iov[i].iov_len);
		frame->len += (uint32_t)out->iov[i].iov_len;
	}
}

static int impair_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_impair *impair = impair_of(dev);
	struct frame *frame;
	int err = 0;

	if (out->needs_csum || out->gso != FRAME_GSO_NONE)
		err = -EINVAL;
	else if (out->len > VNET_FRAME_ROOM - FRAME_HEADROOM)
		err = -EMSGSIZE;
	frame = err ? NULL : frame_pool_alloc(&impair->tx.pool);
	if (frame) {
		gather(frame, out);
		impair_queue_put(&impair->tx, frame, impair->clock());
	} else if (err) {
		impair->too_long++;
	} else {
		impair->tx.stats.dropped_full++;
	}
	state_pull(impair);
	return err;
}

/* Send what has arrived at now_ns. Return: true when the device is full. */
static bool send_due(struct netdev_impair *impair, uint64_t now_ns)
{
	struct frame *frame;

	while ((frame = impair_queue_peek(&impair->tx, now_ns))) {
		const struct iovec iov = { frame->data, frame->len };
		const struct frame_out out = {
			.iov = &iov, .iovcnt = 1, .len = frame->len,
		};

		if (netdev_tx(impair->below, &out) == -EAGAIN)
			return true;
		impair_queue_take(&impair->tx, now_ns);
		frame_pool_free(&impair->tx.pool, frame);
	}
	return false;
}

static bool impair_flush(struct netdev *dev)
{
	struct netdev_impair *impair = impair_of(dev);
	const uint64_t now_ns = impair->clock();
	const bool is_full = send_due(impair, now_ns);
	const bool is_queued = netdev_flush(impair->below);

	timer_arm(impair, now_ns, is_full);
	state_pull(impair);
	return is_queued || is_full;
}

/* ------------------------------------------------------------ the rest */

static int impair_set_addrs(struct netdev *dev,
                            const struct netdev_addr *addrs, unsigned count)
{
	return netdev_set_addrs(impair_of(dev)->below, addrs, count);
}

static void impair_update_stats(struct netdev *dev)
{
	struct netdev_impair *impair = impair_of(dev);

	netdev_update_stats(impair->below);
	state_pull(impair);
}

/* Everything but the device below; a half-open wrapper is accepted. */
static void impair_free(struct netdev_impair *impair)
{
	impair_queue_fini(&impair->rx);
	impair_queue_fini(&impair->tx);
	if (impair->timer_fd >= 0)
		close(impair->timer_fd);
	if (impair->epoll_fd >= 0)
		close(impair->epoll_fd);
	free(impair);
}

static void impair_close(struct netdev *dev)
{
	struct netdev_impair *impair = impair_of(dev);
	struct netdev *below = impair->below;

	send_due(impair, IMPAIR_NEVER);
	netdev_flush(below);
	impair_free(impair);
	netdev_close(below);
}

static int watch(const struct netdev_impair *impair, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(impair->epoll_fd, EPOLL_CTL_ADD, fd, &event) ?
	               -errno : 0;
}

/* A device that is always ready needs no waking. */
static int wake_open(struct netdev_impair *impair)
{
	const int fd = netdev_rx_fd(impair->below);
	int err;

	if (fd < 0)
		return 0;
	impair->timer_fd = timerfd_create(CLOCK_MONOTONIC,
	                                  TFD_NONBLOCK | TFD_CLOEXEC);
	impair->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (impair->timer_fd < 0 || impair->epoll_fd < 0)
		return -errno;
	err = watch(impair, fd);
	return err ? err : watch(impair, impair->timer_fd);
}

static int parts_open(struct netdev_impair *impair,
                      const struct impair_conf *conf)
{
	int err = impair_queue_init(&impair->rx, &impair->dev, &conf->rx,
	                            conf->seed);

	/* Far from the first one's sequence. */
	if (!err)
		err = impair_queue_init(&impair->tx, &impair->dev, &conf->tx,
		                        ~conf->seed);
	return err ? err : wake_open(impair);
}

/* Wrap a device so that its frames, both ways, suffer what conf says.
 * below: opened with no_offload; taken over on success: closing *out closes it.
 * On error it is as it was.
 * out: the wrapper, with the name, mode and address of below.
 * Return: 0; -ENOMEM; -errno with a sentence in why.
 */
int netdev_impair_wrap(const struct impair_conf *conf, struct netdev *below,
                       struct netdev **out, char *why)
{
	struct netdev_impair *impair = calloc(1, sizeof(*impair));
	size_t len;
	int err;

	*out = NULL;
	if (!impair)
		return why_fail(why, ENOMEM, "out of memory");
	impair->dev = *below;
	impair->dev.ops = &netdev_impair_ops;
	impair->dev.caps = 0;
	impair->below = below;
	impair->clock = clock_monotonic_ns;
	impair->timer_fd = -1;
	impair->epoll_fd = -1;
	impair->armed_ns = IMPAIR_NEVER;
	err = parts_open(impair, conf);
	if (err) {
		impair_free(impair);
		return why_fail(why, -err, "cannot set up the impairment: %s",
		                strerror(-err));
	}
	len = strlen(impair->dev.mode);
	snprintf(impair->dev.mode + len, NETDEV_MODE_LEN - len, ", impaired");
	*out = &impair->dev;
	return 0;
}

/* For tests: take the time from clock instead of CLOCK_MONOTONIC. Before the
 * first frame.
 */
void netdev_impair_set_clock(struct netdev *dev, impair_clock_fn *clock)
{
	impair_of(dev)->clock = clock;
}

static const struct netdev_ops netdev_impair_ops = {
	.name = "impair",
	.help = "does to the frames of another device what a bad link does",
	.close = impair_close,
	.rx_burst = impair_rx_burst,
	.rx_release = impair_rx_release,
	.rx_room = impair_rx_room,
	.tx = impair_tx,
	.flush = impair_flush,
	.rx_fd = impair_rx_fd,
	.set_addrs = impair_set_addrs,
	.update_stats = impair_update_stats,
};
