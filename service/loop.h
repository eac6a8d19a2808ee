/* SPDX-License-Identifier: MIT */
/* The service's one thread: what main sets up, runs and takes down.
 *
 *     netdev_open, stack_open         main
 *     loop_open                       the control socket is there: ready
 *     loop_watch_fd                   signals, the program's pidfd
 *     loop_run                        until loop_stop
 *     loop_close                      programs see resets and ends of file
 *     stack_close, netdev_close       main
 */
#ifndef NETCOND_SERVICE_LOOP_H
#define NETCOND_SERVICE_LOOP_H

#include <stdint.h>

#include "fastpath/netdev.h"
#include "shim/proto/rpc.h"
#include "stack/stack.h"

#define LOOP_SPIN_US 50 /* spin_us where the user gave none */

/* What the loop does when there was nothing to do. */
enum loop_poll_mode {
	LOOP_POLL_INVALID = 0,
	LOOP_POLL_BUSY,     /* never sleep */
	LOOP_POLL_ADAPTIVE, /* spin for spin_us, then sleep */
	LOOP_POLL_SLEEP,    /* sleep at once */
	LOOP_POLL_COUNT
};

/* Strings and pointers stay the caller's; the strings only matter in open,
 * the stack and the netdev until loop_close returned.
 */
struct loop_conf {
	struct stack *stack;
	struct netdev *dev;      /* for its counters, name and state; or NULL */
	const char *socket_path; /* of the control socket */
	enum loop_poll_mode poll_mode;
	unsigned spin_us;        /* LOOP_POLL_ADAPTIVE: after the last work */
	int cpu;                 /* run there only; -1: anywhere */
};

struct loop;

/* fd is readable or hung up. Level-triggered: called each turn while so. */
typedef void loop_watch_fn(struct loop *loop, int fd, void *user);

/* The clock that stack_open's now_us is read from: CLOCK_MONOTONIC. */
uint64_t loop_clock_us(void);

/* Make the loop, listen on the control socket and raise RLIMIT_NOFILE to its
 * hard limit. Programs may connect when this returns. The socket file is made
 * by the caller's identity: drop privileges afterwards. Return: 0 and *out, or
 * -errno and one sentence in why (NETDEV_WHY_LEN bytes): -EADDRINUSE when
 * another service answers on the path.
 */
int loop_open(const struct loop_conf *conf, struct loop **out, char *why);

/* Call on_ready when fd is readable, until loop_unwatch_fd. fd stays the
 * caller's. Return: 0, -ENOSPC (LOOP_WATCH_MAX) or -errno of epoll_ctl.
 */
#define LOOP_WATCH_MAX 8
int loop_watch_fd(struct loop *loop, int fd, loop_watch_fn *on_ready,
                  void *user);
void loop_unwatch_fd(struct loop *loop, int fd);

/* Run until loop_stop; again, if wanted. Return: 0; -ENODEV when the device is
 * gone for good, which netdev.gone says in a sentence; -errno when epoll itself
 * failed.
 */
int loop_run(struct loop *loop);

/* Make loop_run return after this turn; from a loop_watch_fn. */
void loop_stop(struct loop *loop);

/* One turn; may sleep when may_sleep. Return: the work done. For tests. */
unsigned loop_turn(struct loop *loop, int may_sleep);

/* The counters that netcon stat shows, from the idx-th on. Return: how many, at
 * most max; 0 past the end.
 */
unsigned loop_get_counters(const struct loop *loop, uint32_t idx,
                           struct rpc_counter *out, unsigned max);

/* Close every socket and session, remove the control socket if it is still
 * ours. NULL is allowed.
 */
void loop_close(struct loop *loop);

#endif
