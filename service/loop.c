/* SPDX-License-Identifier: MIT */
/* The service's one thread.
 *
 * Theory of operation
 *
 * A turn is a list of steps, each with a budget and each returning the work it
 * did. The clock is read once. Waking a sleeping core costs tens of
 * microseconds and an idle turn well under one, so while there is work, and for
 * spin_us after, the loop does not sleep.
 *
 * While channels are hot they are read without asking epoll, which is then
 * asked every LOOP_EPOLL_US only. The netdev's descriptor is not
 * watched while the loop spins: it is armed, one-shot, right before sleeping,
 * which also is the last look for frames, since arming reports what is there
 * already. All else is watched always. So nothing that comes between the last
 * look and the sleep is missed.
 */
#include "service/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "service/channel.h"
#include "service/control.h"
#include "service/log.h"
#include "service/poller.h"
#include "service/process.h"
#include "service/session.h"
#include "service/stats.h"

struct watch {
	int fd; /* -1: free */
	loop_watch_fn *on_ready;
	void *user;
};

struct loop {
	struct stack *stack;
	const struct netdev *dev; /* NULL: nobody looks at its state */
	unsigned notices_told;    /* of dev->notice_count */
	enum loop_poll_mode poll_mode;
	unsigned spin_us;
	uint64_t now_us;          /* of this turn */
	uint64_t last_work_us;    /* when there was work last */
	uint64_t resume_us;       /* when a paused control socket is tried */
	uint64_t last_poll_us;    /* when epoll was asked last */
	int device_fd;            /* -1: none, frames are looked for always */
	int poll_error;           /* -errno of epoll, ends loop_run */
	bool is_stopping;
	bool has_tx_pending;      /* frames wait for room in the device */
	struct poller poller;
	struct channels channels;
	struct sessions sessions;
	struct control control;
	struct loop_stats stats;
	struct watch watches[LOOP_WATCH_MAX];
};

uint64_t loop_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int open_parts(struct loop *loop, const struct loop_conf *conf)
{
	struct poller_ref ref = { .kind = POLLER_DEVICE };
	uint64_t instance;
	int err;

	if (getrandom(&instance, sizeof(instance), 0) != sizeof(instance))
		return -EIO;
	err = poller_open(&loop->poller);
	if (!err)
		err = channels_init(&loop->channels, conf->stack,
		                    &loop->poller, instance);
	if (!err)
		err = sessions_init(&loop->sessions, &loop->poller);
	loop->device_fd = stack_rx_fd(conf->stack);
	if (!err && loop->device_fd >= 0)
		err = poller_add(&loop->poller, loop->device_fd, EPOLLONESHOT,
		                 ref);
	return err;
}

static void connect_parts(struct loop *loop, const struct loop_conf *conf)
{
	loop->control.handlers = (struct handlers){
		.stack = conf->stack,
		.channels = &loop->channels,
		.sessions = &loop->sessions,
		.stats = {
			.stack = conf->stack,
			.dev = conf->dev,
			.channels = &loop->channels,
			.sessions = &loop->sessions,
			.loop = &loop->stats,
		},
	};
	sock_set_events(conf->stack, &channel_sock_events);
}

int loop_open(const struct loop_conf *conf, struct loop **out, char *why)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop) {
		snprintf(why, NETDEV_WHY_LEN, "out of memory");
		return -ENOMEM;
	}
	loop->stack = conf->stack;
	loop->dev = conf->dev;
	loop->poll_mode = conf->poll_mode;
	loop->spin_us = conf->spin_us;
	loop->poller.epoll_fd = -1;
	loop->control.fd = -1;
	for (int i = 0; i < LOOP_WATCH_MAX; i++)
		loop->watches[i].fd = -1;
	process_raise_fd_limit();
	err = process_pin(conf->cpu, why);
	if (err)
		goto fail;
	err = open_parts(loop, conf);
	if (err) {
		snprintf(why, NETDEV_WHY_LEN, "cannot set up the loop: %s",
		         strerror(-err));
		goto fail;
	}
	connect_parts(loop, conf);
	err = control_open(&loop->control, conf->socket_path, &loop->poller,
	                   why);
	if (err)
		goto fail;
	*out = loop;
	return 0;
fail:
	loop_close(loop);
	return err;
}

void loop_close(struct loop *loop)
{
	if (!loop)
		return;
	control_close(&loop->control);
	sessions_fini(&loop->sessions);
	channels_fini(&loop->channels);
	poller_close(&loop->poller);
	free(loop);
}

int loop_watch_fd(struct loop *loop, int fd, loop_watch_fn *on_ready,
                  void *user)
{
	struct poller_ref ref = { .kind = POLLER_WATCH };
	int err;

	while (ref.id < LOOP_WATCH_MAX && loop->watches[ref.id].fd >= 0)
		ref.id++;
	if (ref.id == LOOP_WATCH_MAX)
		return -ENOSPC;
	err = poller_add(&loop->poller, fd, EPOLLIN, ref);
	if (!err)
		loop->watches[ref.id] = (struct watch){ fd, on_ready, user };
	return err;
}

void loop_unwatch_fd(struct loop *loop, int fd)
{
	for (int i = 0; i < LOOP_WATCH_MAX; i++) {
		if (loop->watches[i].fd != fd)
			continue;
		poller_del(&loop->poller, fd);
		loop->watches[i].fd = -1;
	}
}

static unsigned on_watch(struct loop *loop, uint32_t id)
{
	struct watch *watch;

	if (id >= LOOP_WATCH_MAX)
		return 0;
	watch = &loop->watches[id];
	if (watch->fd >= 0)
		watch->on_ready(loop, watch->fd, watch->user);
	return 1;
}

static unsigned on_event(struct loop *loop, const struct epoll_event *event)
{
	struct poller_ref ref = poller_decode(event->data.u64);

	switch (ref.kind) {
	case POLLER_CHANNEL:
		channel_on_event(&loop->channels, ref, event->events);
		return 1;
	case POLLER_SESSION:
		return control_on_request(&loop->control, ref,
		                          event->events);
	case POLLER_CONTROL:
		return control_on_connect(&loop->control);
	case POLLER_WATCH:
		return on_watch(loop, ref.id);
	case POLLER_DEVICE:
		return 1;
	default:
		return 0;
	}
}

/* After a sleep: what a program asks for now begins now, and the stack makes up
 * for the time that passed before it does.
 */
static void note_sleep(struct loop *loop)
{
	loop->now_us = loop_clock_us();
	loop->channels.now_us = loop->now_us;
	stack_poll_timers(loop->stack, loop->now_us);
}

/* Ask epoll, for at most timeout_ms. Return: the work done. */
static unsigned take_events(struct loop *loop, int timeout_ms)
{
	unsigned work = 0;
	int count = poller_wait(&loop->poller, timeout_ms);

	if (timeout_ms)
		note_sleep(loop);
	loop->last_poll_us = loop->now_us;
	if (count < 0) {
		loop->poll_error = count;
		return 0;
	}
	for (int i = 0; i < count; i++)
		work += on_event(loop, &loop->poller.events[i]);
	return work;
}

/* Events of channels, sessions, the control socket and main's descriptors. */
static unsigned poll_events(struct loop *loop)
{
	unsigned work = 0, batch, batches = 0;

	if (channels_are_hot(&loop->channels) &&
	    loop->now_us - loop->last_poll_us < LOOP_EPOLL_US)
		return 0;
	do {
		batch = take_events(loop, 0);
		work += batch;
	} while (batch >= POLLER_BATCH && ++batches < CHANNEL_EVENT_BUDGET);
	return work;
}

static unsigned poll_timers(struct loop *loop)
{
	if (loop->now_us < stack_deadline_us(loop->stack))
		return 0;
	return stack_poll_timers(loop->stack, loop->now_us);
}

static unsigned poll_tx(struct loop *loop)
{
	loop->has_tx_pending = stack_poll_tx(loop->stack, loop->now_us);
	return 0;
}

/* Free what ended. A control socket that ran out of descriptors is tried again
 * a while later, when some may have been given back.
 */
static unsigned poll_reap(struct loop *loop)
{
	channels_reap(&loop->channels);
	sessions_reap(&loop->sessions);
	if (!loop->control.is_paused) {
		loop->resume_us = 0;
	} else if (!loop->resume_us) {
		loop->resume_us = loop->now_us + CHANNEL_RETRY_US;
	} else if (loop->now_us >= loop->resume_us) {
		control_resume(&loop->control);
		loop->resume_us = 0;
	}
	return 0;
}

/* How long may the loop sleep, in ms, rounded up? 0: not at all. */
static int sleep_ms(const struct loop *loop, uint64_t now_us)
{
	uint64_t deadline = stack_deadline_us(loop->stack);
	uint64_t waiting = channels_deadline_us(&loop->channels);

	if (waiting < deadline)
		deadline = waiting;
	if (loop->resume_us && loop->resume_us < deadline)
		deadline = loop->resume_us;
	if (deadline <= now_us)
		return 0;
	deadline -= now_us;
	if (loop->has_tx_pending && deadline > 1000)
		deadline = 1000;
	if (loop->dev && loop->dev->is_down && deadline > LOOP_DOWN_US)
		deadline = LOOP_DOWN_US;
	if (deadline > LOOP_SLEEP_MAX_US)
		return deadline == UINT64_MAX - now_us ? -1 :
		       (int)(LOOP_SLEEP_MAX_US / 1000);
	return (deadline + 999) / 1000;
}

static bool may_sleep_now(struct loop *loop)
{
	if (loop->poll_mode == LOOP_POLL_BUSY || loop->device_fd < 0 ||
	    loop->is_stopping || channels_are_busy(&loop->channels))
		return false;
	return loop->poll_mode == LOOP_POLL_SLEEP ||
	       loop->now_us - loop->last_work_us >= loop->spin_us;
}

/* The idle rule. Return: the work that woke the loop. */
static unsigned poll_idle(struct loop *loop)
{
	struct poller_ref ref = { .kind = POLLER_DEVICE };
	int timeout_ms;

	if (!may_sleep_now(loop))
		return 0;
	timeout_ms = sleep_ms(loop, loop->now_us);
	if (!timeout_ms)
		return 0;
	loop->poll_error = poller_mod(&loop->poller, loop->device_fd,
	                              EPOLLIN | EPOLLONESHOT, ref);
	if (loop->poll_error)
		return 0;
	loop->stats.loop_sleeps++;
	return take_events(loop, timeout_ms);
}

unsigned loop_turn(struct loop *loop, int may_sleep)
{
	unsigned work = 0;

	loop->now_us = loop_clock_us();
	loop->channels.now_us = loop->now_us;
	work += stack_poll_rx(loop->stack, loop->now_us, LOOP_RX_BUDGET);
	work += poll_timers(loop);
	work += poll_events(loop);
	work += control_before_bytes(&loop->control);
	work += channels_poll_hot(&loop->channels);
	work += channels_poll_waiting(&loop->channels);
	work += channels_poll_touched(&loop->channels);
	work += poll_tx(loop);
	work += poll_reap(loop);
	loop->stats.loop_turns++;
	if (work)
		loop->last_work_us = loop->now_us;
	else
		loop->stats.loop_turns_idle++;
	if (!work && may_sleep)
		work += poll_idle(loop);
	return work;
}

/* What the device found out while running, each once. */
static void tell_notice(struct loop *loop)
{
	if (!loop->dev || loop->dev->notice_count == loop->notices_told)
		return;
	loop->notices_told = loop->dev->notice_count;
	log_warn("%s", loop->dev->notice);
}

int loop_run(struct loop *loop)
{
	loop->is_stopping = false;
	while (!loop->is_stopping && !loop->poll_error) {
		loop_turn(loop, 1);
		tell_notice(loop);
		if (loop->dev && loop->dev->gone[0])
			return -ENODEV;
	}
	return loop->poll_error;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

unsigned loop_get_counters(const struct loop *loop, uint32_t idx,
                           struct rpc_counter *out, unsigned max)
{
	return stats_page(&loop->control.handlers.stats, idx, out, max);
}
