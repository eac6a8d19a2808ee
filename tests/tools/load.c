/* SPDX-License-Identifier: MIT */
/* A load tool: servers, and clients that measure them.
 *
 * Theory of operation
 *
 * Every server is one thread over epoll. A client works until its time is up
 * and prints "key value" lines: rates in requests a second or Gbit/s, latencies
 * in microseconds. The request/response client keeps exactly one request in
 * flight on each of its connections; with one connection it blocks in recv(2)
 * as a simple program does, with more it waits in epoll_wait(2). Bytes pushed
 * count only when the server has confirmed them, so that a full send buffer
 * does not flatter the rate.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "tests/tools/tool.h"

#define CONNS_MAX 60000
#define SIZE_MAX_BYTES 65536
#define SAMPLES_MAX (1u << 22)   /* latencies kept; later ones overwrite */
#define EVENTS_MAX 256

/* What a server does with a connection. */
enum serve_mode {
	SERVE_INVALID = 0,
	SERVE_ECHO,    /* what comes goes back */
	SERVE_SINK,    /* count; at the end of the stream tell the count */
	SERVE_SOURCE,  /* send until the peer has gone */
};

/* One connection of a server or a client. */
struct conn {
	int fd;
	uint64_t count;      /* bytes moved; of this answer, in a client */
	uint64_t sent_ns;    /* when the request went out */
};

static char buf[1 << 20];
static uint32_t *samples;       /* ns */
static uint64_t samples_count;  /* ever taken */

/* Let us hold as many descriptors as the system permits. */
static void raise_files(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		die("getrlimit");
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim))
		die("setrlimit");
}

static void watch(int ep, struct conn *conn, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = conn};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, conn->fd, &ev))
		die("epoll_ctl");
}

/* Return: false when the connection is finished. */
static bool serve_echo(struct conn *conn)
{
	ssize_t n = recv(conn->fd, buf, SIZE_MAX_BYTES, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	return n > 0 && !send_all(conn->fd, buf, (size_t)n);
}

static bool serve_sink(struct conn *conn)
{
	ssize_t n = recv(conn->fd, buf, SIZE_MAX_BYTES, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0) {
		(void)!send_all(conn->fd, &conn->count, sizeof(conn->count));
		return false;
	}
	conn->count += (uint64_t)n;
	return true;
}

static bool serve_source(struct conn *conn)
{
	ssize_t n = send(conn->fd, buf, SIZE_MAX_BYTES,
	                 MSG_DONTWAIT | MSG_NOSIGNAL);

	return n >= 0 || errno == EAGAIN;
}

static void serve_accept(int ep, int listener, enum serve_mode mode)
{
	int one = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, 0)) >= 0) {
		struct conn *conn = calloc(1, sizeof(*conn));

		if (!conn)
			die("calloc");
		conn->fd = fd;
		if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		               sizeof(one)))
			die("TCP_NODELAY");
		watch(ep, conn, mode == SERVE_SOURCE ? EPOLLOUT : EPOLLIN);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

/* Serve until killed. */
static _Noreturn void serve(char **args, enum serve_mode mode)
{
	static bool (*const handlers[])(struct conn *) = {
		[SERVE_ECHO] = serve_echo,
		[SERVE_SINK] = serve_sink,
		[SERVE_SOURCE] = serve_source,
	};
	struct conn listener = {
		.fd = listen_on(args[0], args[1], SOCK_NONBLOCK)};
	int ep = epoll_create1(0);

	raise_files();
	watch(ep, &listener, EPOLLIN);
	for (;;) {
		struct epoll_event evs[EVENTS_MAX];
		int n = epoll_wait(ep, evs, EVENTS_MAX, -1);

		for (int i = 0; i < n; i++) {
			struct conn *conn = evs[i].data.ptr;

			if (conn == &listener) {
				serve_accept(ep, listener.fd, mode);
			} else if (!handlers[mode](conn)) {
				close(conn->fd);
				free(conn);
			}
		}
	}
}

static int cmd_echo(char **args) { serve(args, SERVE_ECHO); }
static int cmd_sink(char **args) { serve(args, SERVE_SINK); }
static int cmd_source(char **args) { serve(args, SERVE_SOURCE); }

static void sample(uint64_t ns)
{
	samples[samples_count++ % SAMPLES_MAX] =
		ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Print the rate and the percentiles of what was sampled in elapsed_ns. */
static void print_samples(const char *rate, uint64_t elapsed_ns)
{
	static const struct {
		const char *name;
		double share;
	} points[] = {{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99},
	              {"p999_us", 0.999}};
	uint64_t kept = samples_count < SAMPLES_MAX ? samples_count
	                                            : SAMPLES_MAX;

	printf("%s %.1f\n", rate, (double)samples_count * 1e9 /
	       (double)elapsed_ns);
	if (!kept)
		return;
	qsort(samples, kept, sizeof(*samples), by_value);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		printf("%s %.2f\n", points[i].name,
		       samples[(uint64_t)(points[i].share *
		                          (double)(kept - 1))] / 1e3);
}

static void request(struct conn *conn, size_t size)
{
	conn->count = 0;
	conn->sent_ns = now_ns();
	if (send_all(conn->fd, buf, size))
		die("send");
}

/* One connection, one request in flight, blocking. */
static void rr_one(struct conn *conn, size_t size, uint64_t end_ns)
{
	while (now_ns() < end_ns) {
		request(conn, size);
		if (recv_all(conn->fd, buf, size) != (ssize_t)size)
			die("recv");
		sample(now_ns() - conn->sent_ns);
	}
}

/* Take what came; a whole answer is sampled. Return: true then. */
static bool rr_answer(struct conn *conn, size_t size)
{
	ssize_t n = recv(conn->fd, buf, size - conn->count, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		die("recv");
	if (n > 0)
		conn->count += (uint64_t)n;
	if (conn->count < size)
		return false;
	sample(now_ns() - conn->sent_ns);
	return true;
}

static void rr_many(struct conn *conns, unsigned count, size_t size,
                    uint64_t end_ns)
{
	int ep = epoll_create1(0);

	for (unsigned i = 0; i < count; i++) {
		watch(ep, &conns[i], EPOLLIN);
		request(&conns[i], size);
	}
	while (now_ns() < end_ns) {
		struct epoll_event evs[EVENTS_MAX];
		int n = epoll_wait(ep, evs, EVENTS_MAX, 100);

		for (int i = 0; i < n; i++)
			if (rr_answer(evs[i].data.ptr, size))
				request(evs[i].data.ptr, size);
	}
}

static struct conn *connect_many(char **args, unsigned count)
{
	struct conn *conns = calloc(count, sizeof(*conns));

	if (!conns)
		die("calloc");
	raise_files();
	for (unsigned i = 0; i < count; i++)
		conns[i].fd = connect_to(args[0], args[1]);
	return conns;
}

static int cmd_rr(char **args)
{
	size_t size = arg_number(args[2], 1, SIZE_MAX_BYTES);
	uint64_t ms = arg_number(args[3], 1, 3600000), start, end;
	unsigned count = (unsigned)arg_number(args[4], 1, CONNS_MAX);
	struct conn *conns = connect_many(args, count);

	start = now_ns();
	end = start + ms * 1000000;
	if (count == 1)
		rr_one(conns, size, end);
	else
		rr_many(conns, count, size, end);
	print_samples("tps", now_ns() - start);
	free(conns);
	return 0;
}

/* Connect, one byte there, one back, close; one after the other. */
static int cmd_crr(char **args)
{
	uint64_t ms = arg_number(args[2], 1, 3600000), start = now_ns();

	while (now_ns() < start + ms * 1000000) {
		uint64_t begin = now_ns();
		int fd = connect_to(args[0], args[1]);

		if (send_all(fd, buf, 1) || recv_all(fd, buf, 1) != 1)
			die("exchange");
		close(fd);
		sample(now_ns() - begin);
	}
	print_samples("cps", now_ns() - start);
	return 0;
}

static int cmd_push(char **args)
{
	size_t size = arg_number(args[2], 1, sizeof(buf));
	uint64_t ms = arg_number(args[3], 1, 3600000), sent = 0, seen, start;
	int fd = connect_to(args[0], args[1]);

	start = now_ns();
	while (now_ns() < start + ms * 1000000) {
		if (send_all(fd, buf, size))
			die("send");
		sent += size;
	}
	shutdown(fd, SHUT_WR);
	if (recv_all(fd, &seen, sizeof(seen)) != sizeof(seen))
		die("no count from the sink");
	if (seen != sent) {
		fprintf(stderr, "sent %llu bytes, %llu arrived\n",
		        (unsigned long long)sent, (unsigned long long)seen);
		return 1;
	}
	printf("gbps %.3f\n", (double)sent * 8 / (double)(now_ns() - start));
	return 0;
}

static int cmd_pull(char **args)
{
	size_t size = arg_number(args[2], 1, sizeof(buf));
	uint64_t ms = arg_number(args[3], 1, 3600000), got = 0, start;
	int fd = connect_to(args[0], args[1]);

	start = now_ns();
	while (now_ns() < start + ms * 1000000) {
		ssize_t n = recv(fd, buf, size, 0);

		if (n <= 0)
			die("recv");
		got += (uint64_t)n;
	}
	printf("gbps %.3f\n", (double)got * 8 / (double)(now_ns() - start));
	return 0;
}

/* Open connections and say so; at a line on stdin exchange one byte on every
 * one of them; at the end of stdin leave.
 */
static int cmd_idle(char **args)
{
	unsigned count = (unsigned)arg_number(args[2], 1, CONNS_MAX);
	struct conn *conns = connect_many(args, count);
	char line[64];

	printf("open %u\n", count);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		for (unsigned i = 0; i < count; i++)
			if (send_all(conns[i].fd, "?", 1))
				die("send");
		for (unsigned i = 0; i < count; i++)
			if (recv_all(conns[i].fd, line, 1) != 1)
				die("recv");
		printf("spoke %u\n", count);
		fflush(stdout);
	}
	free(conns);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *help;
		int (*run)(char **args);
		int args;
	} cmds[] = {
		{"echo", "HOST PORT", cmd_echo, 2},
		{"sink", "HOST PORT", cmd_sink, 2},
		{"source", "HOST PORT", cmd_source, 2},
		{"rr", "HOST PORT SIZE MS CONNS", cmd_rr, 5},
		{"crr", "HOST PORT MS", cmd_crr, 3},
		{"push", "HOST PORT SIZE MS", cmd_push, 4},
		{"pull", "HOST PORT SIZE MS", cmd_pull, 4},
		{"idle", "HOST PORT CONNS", cmd_idle, 3},
	};

	signal(SIGPIPE, SIG_IGN);
	memset(buf, 'x', sizeof(buf)); /* pages of its own, not the zero page */
	samples = malloc(SAMPLES_MAX * sizeof(*samples));
	if (!samples)
		die("malloc");
	for (size_t i = 0; argc > 1 && i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (!strcmp(argv[1], cmds[i].name) && argc - 2 == cmds[i].args)
			return cmds[i].run(argv + 2);
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		fprintf(stderr, "usage: load %s %s\n", cmds[i].name,
		        cmds[i].help);
	return 2;
}
