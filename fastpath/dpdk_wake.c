/* SPDX-License-Identifier: MIT */
/* What wakes a sleeping loop when a DPDK port has received something.
 *
 * Theory of operation
 *
 * DPDK polls. Some drivers can also raise an interrupt for a receive queue;
 * then the loop sleeps on an epoll set that EAL keeps for us. The interrupt is
 * enabled by the first look that finds nothing, and that look is repeated
 * afterwards, so a frame that came in between is not slept over; it is disabled
 * by the first frame, so a busy port raises none.
 *
 * The other drivers have nothing to sleep on. A periodic timer stands in: it
 * bounds the sleep, to 100 us, and to 1 ms when a hundred milliseconds brought
 * nothing. The loop needs to know nothing of it: a tick is a descriptor that
 * becomes readable, and the look that finds nothing takes the tick away.
 * While frames come neither costs a system call.
 */
#include "fastpath/dpdk_wake.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fastpath/why.h"

#define FAST_TICKS_MAX 1000 /* before the timer gets slow */
#define RX_QUEUE 0

static int timer_set(struct dpdk_wake *wake, bool is_slow)
{
	const long period_ns =
		(is_slow ? DPDK_WAKE_SLOW_US : DPDK_WAKE_FAST_US) * 1000L;
	const struct itimerspec spec = {
		.it_interval.tv_nsec = period_ns,
		.it_value.tv_nsec = period_ns,
	};

	wake->is_slow = is_slow;
	wake->ticks = 0;
	return timerfd_settime(wake->fd, 0, &spec, NULL) ? -errno : 0;
}

static int timer_open(struct dpdk_wake *wake)
{
	wake->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return wake->fd < 0 ? -errno : timer_set(wake, false);
}

static int interrupt_enable(struct dpdk_wake *wake)
{
	int err = rte_eth_dev_rx_intr_enable(wake->port, RX_QUEUE);

	/* Of a driver whose descriptor is the queue itself nothing is asked. */
	wake->is_enabled = !err || err == -ENOTSUP;
	return wake->is_enabled ? 0 : err;
}

/* Return: 0, or -errno where the driver has no receive interrupts. */
static int interrupt_open(struct dpdk_wake *wake)
{
	int err;

	wake->fd = epoll_create1(EPOLL_CLOEXEC);
	if (wake->fd < 0)
		return -errno;
	err = rte_eth_dev_rx_intr_ctl_q(wake->port, RX_QUEUE, wake->fd,
	                                RTE_INTR_EVENT_ADD, NULL);
	if (!err)
		err = interrupt_enable(wake);
	if (!err) {
		wake->has_interrupts = true;
		return 0;
	}
	close(wake->fd);
	wake->fd = -1;
	return err;
}

/* Find out what the started port can, with intr_conf.rxq asked for where the
 * driver takes it. Return: 0, or -errno and a sentence in why.
 */
int dpdk_wake_open(struct dpdk_wake *wake, uint16_t port, char *why)
{
	int err;

	memset(wake, 0, sizeof(*wake));
	wake->port = port;
	if (!interrupt_open(wake))
		return 0;
	err = timer_open(wake);
	return err ? why_fail(why, -err, "no timer: %s", strerror(-err)) : 0;
}

/* Give everything back; a wake that is not open (fd -1) is accepted. */
void dpdk_wake_close(struct dpdk_wake *wake)
{
	if (wake->has_interrupts) {
		rte_eth_dev_rx_intr_disable(wake->port, RX_QUEUE);
		rte_eth_dev_rx_intr_ctl_q(wake->port, RX_QUEUE, wake->fd,
		                          RTE_INTR_EVENT_DEL, NULL);
	}
	if (wake->fd >= 0)
		close(wake->fd);
	wake->fd = -1;
	wake->has_interrupts = false;
}

/* The port had no frame. Return: true when it must be looked at once more,
 * since the interrupt was just enabled.
 */
bool dpdk_wake_on_idle(struct dpdk_wake *wake)
{
	struct rte_epoll_event event;
	uint64_t expired;

	if (!wake->has_interrupts) {
		if (read(wake->fd, &expired, sizeof(expired)) > 0 &&
		    ++wake->ticks >= FAST_TICKS_MAX && !wake->is_slow)
			timer_set(wake, true);
		return false;
	}
	if (wake->is_enabled && rte_epoll_wait(wake->fd, &event, 1, 0) <= 0)
		return false;
	return !interrupt_enable(wake);
}

/* The port had frames. */
void dpdk_wake_on_frames(struct dpdk_wake *wake)
{
	wake->ticks = 0;
	if (wake->is_slow)
		timer_set(wake, false);
	if (wake->is_enabled)
		rte_eth_dev_rx_intr_disable(wake->port, RX_QUEUE);
	wake->is_enabled = false;
}
