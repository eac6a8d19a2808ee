/* SPDX-License-Identifier: MIT */
/* Resets: who sends one, and what each end then sees, and how often. */
#include "tests/oracle/oracle.h"

static void far_resets(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	close_reset(pair.far);
	say_poll(pair.near, POLLHUP | POLLRDHUP, "reset");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_n(read(pair.near, buf, sizeof(buf)), "read again");
	say_so_error(pair.near, "after read");
	say_poll(pair.near, POLLHUP | POLLRDHUP, "after read");
	say_n(write(pair.near, "x", 1), "write");
	close(pair.near);

	pair = pair_open(place);
	close_reset(pair.far);
	poll_until(pair.near, POLLHUP);
	say_so_error(pair.near, "first");
	say_so_error(pair.near, "second");
	say_n(read(pair.near, buf, sizeof(buf)), "read after SO_ERROR");
	close(pair.near);

	pair = pair_open(place);
	close_reset(pair.far);
	poll_until(pair.near, POLLHUP);
	say_n(write(pair.near, "x", 1), "write first");
	say_n(write(pair.near, "x", 1), "write second");
	say_n(read(pair.near, buf, sizeof(buf)), "read after writes");
	close(pair.near);
}

/* Bytes of ours that nobody read make a close a reset. */
static void far_closes_unread(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	write_all(pair.near, "unread", 6);
	poll_until(pair.far, POLLIN);
	close(pair.far);
	say_poll(pair.near, POLLHUP | POLLRDHUP, "far closed with bytes unread");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_n(read(pair.near, buf, sizeof(buf)), "read again");
	close(pair.near);
}

static void near_closes_unread(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	write_all(pair.far, "unread", 6);
	poll_until(pair.near, POLLIN);
	close(pair.near);
	say_poll(pair.far, POLLHUP | POLLRDHUP, "closed with bytes unread: far");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	close(pair.far);
}

static void near_linger_0(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	close_reset(pair.near);
	say_poll(pair.far, POLLHUP | POLLRDHUP, "linger 0: far");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads again");
	close(pair.far);
}

/* A reset throws away what waits at the one it hits? Not the received bytes
 * that were already there on Linux: the error comes first.
 */
static void reset_after_bytes(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	write_all(pair.far, "before", 6);
	poll_until(pair.near, POLLIN);
	close_reset(pair.far);
	say_poll(pair.near, POLLHUP | POLLRDHUP, "bytes, then reset");
	say_n(read(pair.near, buf, 3), "read 3");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	close(pair.near);
}

/* Writing to a peer that has closed: the first write goes, a reset comes. */
static void write_to_closed(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	close(pair.far);
	say_poll(pair.near, POLLIN | POLLRDHUP, "far closed");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_n(write(pair.near, "x", 1), "first write");
	say_poll(pair.near, POLLHUP | POLLRDHUP, "the answer");
	say_n(write(pair.near, "x", 1), "second write");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_so_error(pair.near, "then");
	close(pair.near);
}

/* The same with bytes of the far end still unread here. */
static void write_to_closed_unread(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	write_all(pair.far, "bye", 3);
	close(pair.far);
	poll_until(pair.near, POLLIN | POLLRDHUP);
	say_n(write(pair.near, "x", 1), "write before read");
	poll_until(pair.near, POLLHUP);
	say_n(read(pair.near, buf, sizeof(buf)), "read what came");
	say_n(read(pair.near, buf, sizeof(buf)), "read again");
	close(pair.near);
}

/* A blocked reader is woken. */
static void *blocked_read(void *arg)
{
	struct pair *pair = arg;
	char byte;

	return (void *)(read(pair->near, &byte, 1) < 0 ? (long)errno : 0L);
}

static void wakes_reader(const struct place *place)
{
	struct pair pair = pair_open(place);
	pthread_t thread;
	void *error;

	pthread_create(&thread, NULL, blocked_read, &pair);
	close_reset(pair.far);
	pthread_join(thread, &error);
	say("blocked read: %s", error_name((int)(long)error));
	close(pair.near);
}

/* SO_LINGER with time: close waits for the bytes to be taken, or its time. */
static void linger(const struct place *place)
{
	struct linger on = { .l_onoff = 1, .l_linger = 2 }, got;
	socklen_t len = sizeof(got);
	struct pair pair = pair_open(place);
	char buf[8];
	int64_t start_ms = now_ms();

	say_rc(setsockopt(pair.near, SOL_SOCKET, SO_LINGER, &on, sizeof(on)),
	       "SO_LINGER 2 s");
	getsockopt(pair.near, SOL_SOCKET, SO_LINGER, &got, &len);
	say("linger %d %d", got.l_onoff, got.l_linger);
	write_all(pair.near, "x", 1);
	say_rc(close(pair.near), "close");
	say_took(start_ms, 0, 500, "close");
	say_n(read_all(pair.far, buf, sizeof(buf)), "far reads");
	close(pair.far);
}

int main(void)
{
	oracle_start();
	each_place(far_resets);
	each_place(far_closes_unread);
	each_place(near_closes_unread);
	each_place(near_linger_0);
	each_place(reset_after_bytes);
	each_place(write_to_closed);
	each_place(write_to_closed_unread);
	each_place(wakes_reader);
	each_place(linger);
	return 0;
}
