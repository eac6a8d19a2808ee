/* SPDX-License-Identifier: MIT */
/* Counts and sizes of the service's tables and the budgets of a turn. Running
 * out is an errno for whoever asked and a counter, never a crash.
 *
 * Of control sessions there are SESSION_MAX for everybody together: whoever may
 * connect to the socket may use them up, and a machine that wants less sharing
 * narrows the socket's permissions.
 */
#ifndef NETCOND_SERVICE_LIMITS_H
#define NETCOND_SERVICE_LIMITS_H

#include "stack/limits.h"

#define POLLER_BATCH 64          /* events one epoll_wait takes */

#define SESSION_MAX 16384        /* control channels of all programs */
#define SESSION_BUDGET 8         /* requests of one session a turn */
#define SESSION_SETTLE_BUDGET 512 /* requests without reply of one session that
                                    are taken before another's request; more
                                    than a queue holds by default */
#define CONTROL_BACKLOG 1024     /* listen(2) of the control socket */
#define CONTROL_ACCEPT_BUDGET 16 /* new sessions a turn */

#define CHANNEL_MAX STACK_SOCK_MAX
#define CHANNEL_SNDBUF (1 << 20)   /* bytes asked for on each end of a pair */
#define CHANNEL_CONNECT_SNDBUF 106496 /* the kernel's default before doubling:
                                         the most a connect leaves, since a
                                         quarter of it must be filled */
#define CHANNEL_READ_BUDGET (4 * SOCK_TX_BUF_LEN)  /* bytes a channel, turn */
#define CHANNEL_WRITE_BUDGET (1 << 20)             /* bytes a channel, turn */
#define CHANNEL_DGRAM_BUDGET 64    /* datagrams a channel, turn and direction */
#define CHANNEL_EVENT_BUDGET 4     /* epoll_wait batches a turn */
#define CHANNEL_HOT_EMPTY_MAX 4    /* empty reads before a channel cools */
#define CHANNEL_RETRY_US 1000      /* pause after an allocation failed */
#define CHANNEL_ORPHAN_US (300 * 1000000ull) /* bytes of a closed program wait
                                        so long for the peer without progress */
#define LISTENER_BACKLOG_MAX 4096  /* as Linux's somaxconn */
#define LISTENER_BUDGET 64         /* connections handed over a turn */

#define TOMBSTONE_MAX 8192         /* sockets remembered after their end */

#define LOOP_RX_BUDGET 64          /* frames a turn */
#define LOOP_EPOLL_US 16           /* between looks while channels are hot */
#define LOOP_DOWN_US (100 * 1000ull) /* between looks at a link that is down */
#define LOOP_SLEEP_MAX_US (3600 * 1000000ull)

#endif
