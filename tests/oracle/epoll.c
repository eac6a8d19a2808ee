/* SPDX-License-Identifier: MIT */
/* epoll, select and poll: levels, edges and each flag along a connection. */
#include <sys/select.h>

#include "tests/oracle/oracle.h"

#define EPOLL_ALL (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP)

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
	return set;
}

/* What epoll_wait gives within the time; "-" for nothing. */
static const char *events_of(int set, int timeout_ms)
{
	struct epoll_event event;

	if (epoll_wait(set, &event, 1, timeout_ms) < 1)
		return "-";
	return epoll_text(event.events);
}

/* Wait until a level-triggered look at fd shows want: then edges are due, or a
 * moment later, since who brings the news queues it before it wakes the sets.
 */
static void settle(int fd, unsigned want)
{
	poll_until(fd, want);
}

static void edges(const struct place *place)
{
	struct pair pair = pair_open(place);
	int set = watch(pair.near, EPOLL_ALL | EPOLLET);
	char buf[8];

	say("added: %s", events_of(set, 0));
	say("nothing new: %s", events_of(set, 0));
	write_all(pair.far, "a", 1);
	settle(pair.near, POLLIN);
	say("a byte: %s", events_of(set, ORACLE_WAIT_MS));
	say("not read, no edge: %s", events_of(set, 0));
	write_all(pair.far, "b", 1);
	say("another byte: %s", events_of(set, ORACLE_WAIT_MS));
	while (recv(pair.near, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	say("read: %s", events_of(set, 0));
	shutdown(pair.far, SHUT_WR);
	settle(pair.near, POLLRDHUP);
	say("far ended: %s", events_of(set, ORACLE_WAIT_MS));
	shutdown(pair.near, SHUT_WR);
	settle(pair.near, POLLHUP | POLLRDHUP);
	say("both ended: %s", events_of(set, ORACLE_WAIT_MS));
	close(set);
	pair_close(&pair);
}

static void edge_reset(const struct place *place)
{
	struct pair pair = pair_open(place);
	int set = watch(pair.near, EPOLL_ALL | EPOLLET);

	events_of(set, 0);
	close_reset(pair.far);
	settle(pair.near, POLLHUP | POLLRDHUP);
	say("reset, edge: %s", events_of(set, ORACLE_WAIT_MS));
	say("no second edge: %s", events_of(set, 0));
	close(set);
	close(pair.near);
}

static void levels(const struct place *place)
{
	struct pair pair = pair_open(place);
	int set = watch(pair.near, EPOLL_ALL);

	say("level, fresh: %s", events_of(set, 0));
	write_all(pair.far, "a", 1);
	settle(pair.near, POLLIN);
	say("a byte: %s", events_of(set, ORACLE_WAIT_MS));
	say("still: %s", events_of(set, 0));
	shutdown(pair.far, SHUT_WR);
	settle(pair.near, POLLRDHUP);
	say("far ended: %s", events_of(set, ORACLE_WAIT_MS));
	read_all(pair.near, (char[4]){ 0 }, 4);
	say("all read: %s", events_of(set, 0));
	close(set);
	/* No interest: only ERR and HUP come unasked. */
	set = watch(pair.near, 0);
	say("no interest: %s", events_of(set, 0));
	shutdown(pair.near, SHUT_WR);
	settle(pair.near, POLLHUP | POLLRDHUP);
	say("no interest, both ended: %s", events_of(set, 0));
	close(set);
	pair_close(&pair);
}

static void oneshot(const struct place *place)
{
	struct pair pair = pair_open(place);
	int set = watch(pair.near, EPOLLIN | EPOLLONESHOT);
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };

	write_all(pair.far, "a", 1);
	say("oneshot: %s", events_of(set, ORACLE_WAIT_MS));
	say("disarmed: %s", events_of(set, 0));
	write_all(pair.far, "b", 1);
	say("still disarmed: %s", events_of(set, 10));
	epoll_ctl(set, EPOLL_CTL_MOD, pair.near, &event);
	say("armed again: %s", events_of(set, ORACLE_WAIT_MS));
	close(set);
	pair_close(&pair);
}

/* A set in a set, and in a poll. */
static void nested(const struct place *place)
{
	struct pair pair = pair_open(place);
	int inner = watch(pair.near, EPOLLIN);
	int outer = watch(inner, EPOLLIN);

	say("nested, quiet: %s", events_of(outer, 0));
	write_all(pair.far, "a", 1);
	say("nested: %s", events_of(outer, ORACLE_WAIT_MS));
	say("inner by poll: %s", poll_text(poll_once(inner, POLLIN, 0)));
	say("inner: %s", events_of(inner, 0));
	read_all(pair.near, (char[1]){ 0 }, 1);
	say("nested, read: %s", events_of(outer, 0));
	close(outer);
	close(inner);
	pair_close(&pair);
}

/* POLLOUT goes when the path is full, and comes back when it drains. */
static void writable(const struct place *place)
{
	static char block[65536];
	struct pair pair = pair_open(place);
	int set = watch(pair.near, EPOLLOUT | EPOLLET);
	long total = 0, drained = 0;
	ssize_t n;

	events_of(set, 0);
	set_nonblock(pair.near, true);
	/* Full for good: nothing goes for a while, although the far end's
	 * queue may take its time to fill.
	 */
	do {
		while ((n = write(pair.near, block, sizeof(block))) > 0)
			total += n;
	} while (poll_once(pair.near, POLLOUT, 2 * ORACLE_QUIET_MS));
	say("full: %s, more than 64 KB went: %s", error_name(errno),
	    total > 65536 ? "yes" : "no");
	events_of(set, 0);
	say("full: %s", events_of(set, 0));
	while (drained < total) {
		n = read(pair.far, block, sizeof(block));
		if (n <= 0)
			break;
		drained += n;
	}
	say("all came: %s", drained == total ? "yes" : "no");
	say("drained: %s", events_of(set, ORACLE_WAIT_MS));
	close(set);
	pair_close(&pair);
}

static void by_select(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct timeval timeout = { .tv_sec = 3 };
	fd_set in, out, except;
	int n;

	write_all(pair.far, "a", 1);
	settle(pair.near, POLLIN);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(pair.near, &in);
	FD_SET(pair.near, &out);
	FD_SET(pair.near, &except);
	n = select(pair.near + 1, &in, &out, &except, &timeout);
	say("select %d: in %d out %d except %d", n,
	    FD_ISSET(pair.near, &in) != 0, FD_ISSET(pair.near, &out) != 0,
	    FD_ISSET(pair.near, &except) != 0);
	pair_close(&pair);
}

int main(void)
{
	oracle_start();
	each_place(edges);
	each_place(edge_reset);
	each_place(levels);
	each_place(oneshot);
	each_place(nested);
	each_place(writable);
	each_place(by_select);
	return 0;
}
