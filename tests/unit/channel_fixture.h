/* SPDX-License-Identifier: MIT */
/* What the tests of data channels share: a set over a scripted stack, real
 * socketpairs, and a clock that the test owns. Each test ends with every
 * descriptor and channel given back.
 */
#ifndef NETCOND_TESTS_UNIT_CHANNEL_FIXTURE_H
#define NETCOND_TESTS_UNIT_CHANNEL_FIXTURE_H

#include <poll.h>
#include <unistd.h>

#include "service/channel.h"
#include "service/rpc.h"
#include "tests/unit/fake_stack.h"
#include "tests/unit/unit.h"

#define INSTANCE 0x1122334455667788ull

static struct channels set;
static struct poller poller;
static unsigned fds_before;
static const struct channel_owner owner = { .pid = 42, .comm = "test" };

static inline void setup(void)
{
	fds_before = unit_fd_count();
	CU_ASSERT_EQUAL_FATAL(poller_open(&poller), 0);
	CU_ASSERT_EQUAL_FATAL(
		channels_init(&set, &fake_stack, &poller, INSTANCE), 0);
	sock_set_events(&fake_stack, &channel_sock_events);
}

static inline void teardown(void)
{
	channels_fini(&set);
	poller_close(&poller);
	CU_ASSERT_EQUAL(set.stats.chan_open, 0);
	CU_ASSERT_EQUAL(fake_open_count(), 0);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
	fake_reset();
}

/* A few turns, as the loop makes them. */
static inline void turns(unsigned count)
{
	while (count--) {
		int events = poller_wait(&poller, 0);

		for (int i = 0; i < events; i++)
			channel_on_event(&set,
			                 poller_decode(
						 poller.events[i].data.u64),
			                 poller.events[i].events);
		set.now_us += 100;
		channels_poll_hot(&set);
		channels_poll_waiting(&set);
		channels_poll_touched(&set);
		channels_reap(&set);
	}
}

static inline short poll_of(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	poll(&pfd, 1, 0);
	return pfd.revents;
}

/* A socket; *fd is the program's end. */
static inline struct channel *open_sock(int type, int *fd)
{
	struct channel *ch = NULL;

	CU_ASSERT_EQUAL_FATAL(channel_open(&set, AF_INET, type, 0, &owner, &ch,
	                                   fd), 0);
	return ch;
}

static inline int start_connect(struct channel *ch, int fd)
{
	struct sockaddr_in to = fake_addr("10.1.0.1", 80);

	return stream_connect(ch, fd, (struct sockaddr *)&to, sizeof(to));
}

static inline struct channel *open_connected(int *fd)
{
	struct channel *ch = open_sock(SOCK_STREAM, fd);

	CU_ASSERT_EQUAL(start_connect(ch, *fd), -EINPROGRESS);
	fake_connected(ch->sock);
	turns(1);
	CU_ASSERT_EQUAL(ch->phase, CHANNEL_OPEN);
	return ch;
}

#endif
