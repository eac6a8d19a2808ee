/* SPDX-License-Identifier: MIT */
/* Many connections: one after the other, and many at once with an echo. */
#include "tests/oracle/oracle.h"

#define CYCLE_COUNT 200
#define PARALLEL_COUNT 50
#define ROUND_COUNT 20

static void cycles(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	int connected_count = 0, accepted_count = 0, ended_count = 0;

	for (int i = 0; i < CYCLE_COUNT; i++) {
		int client = far_socket(place, SOCK_STREAM), conn;
		char byte;

		connected_count += connect(client, &addr.sa, addr.len) == 0;
		conn = accept(listener, NULL, NULL);
		accepted_count += conn >= 0;
		/* The client closes first: the port that waits is its own. */
		close(client);
		ended_count += read(conn, &byte, 1) == 0;
		close(conn);
	}
	say("%d connected, %d accepted, %d ended", connected_count,
	    accepted_count, ended_count);
	close(listener);
}

static void outward(const struct place *place)
{
	struct addr addr;
	int listener = far_socket(place, SOCK_STREAM);
	int connected_count = 0, ended_count = 0;

	listen_on(listener, place->far_ip, &addr);
	for (int i = 0; i < CYCLE_COUNT; i++) {
		int fd = near_socket(place, SOCK_STREAM), conn;
		char byte;

		connected_count += connect(fd, &addr.sa, addr.len) == 0;
		conn = accept(listener, NULL, NULL);
		close(fd);
		ended_count += read(conn, &byte, 1) == 0;
		close(conn);
	}
	say("outward: %d connected, %d ended", connected_count, ended_count);
	close(listener);
}

/* An echo server over one epoll set. */
static void *echo(void *arg)
{
	int listener = *(int *)arg, set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
	int left_count = PARALLEL_COUNT;
	long echoed_len = 0;

	epoll_ctl(set, EPOLL_CTL_ADD, listener, &event);
	while (left_count) {
		struct epoll_event events[16];
		int n = epoll_wait(set, events, ARRAY_COUNT(events), -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			char buf[512];
			ssize_t len;

			if (fd == listener) {
				event.data.fd = accept(listener, NULL, NULL);
				epoll_ctl(set, EPOLL_CTL_ADD, event.data.fd,
				          &event);
				continue;
			}
			len = read(fd, buf, sizeof(buf));
			if (len <= 0) {
				close(fd);
				left_count--;
				continue;
			}
			write_all(fd, buf, (size_t)len);
			echoed_len += len;
		}
	}
	close(set);
	return (void *)echoed_len;
}

static void parallel(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	int fds[PARALLEL_COUNT], right_count = 0;
	pthread_t thread;
	void *echoed_len;

	pthread_create(&thread, NULL, echo, &listener);
	for (int i = 0; i < PARALLEL_COUNT; i++) {
		fds[i] = far_socket(place, SOCK_STREAM);
		if (connect(fds[i], &addr.sa, addr.len) < 0)
			die("connect %d", i);
	}
	for (int round = 0; round < ROUND_COUNT; round++) {
		char out[100], in[100];

		for (int i = 0; i < PARALLEL_COUNT; i++) {
			memset(out, i + round, sizeof(out));
			write_all(fds[i], out, sizeof(out));
		}
		for (int i = 0; i < PARALLEL_COUNT; i++) {
			memset(out, i + round, sizeof(out));
			right_count += read_all(fds[i], in, sizeof(in)) ==
				sizeof(in) && !memcmp(in, out, sizeof(in));
		}
	}
	for (int i = 0; i < PARALLEL_COUNT; i++)
		close(fds[i]);
	pthread_join(thread, &echoed_len);
	say("%d of %d echoes right, %ld bytes", right_count,
	    PARALLEL_COUNT * ROUND_COUNT, (long)echoed_len);
	close(listener);
}

int main(void)
{
	oracle_start();
	each_source(cycles);
	each_target(outward);
	each_source(parallel);
	return 0;
}
