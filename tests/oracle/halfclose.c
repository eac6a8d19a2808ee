/* SPDX-License-Identifier: MIT */
/* shutdown and close: each direction ends by itself, bytes come first. */
#include "tests/oracle/oracle.h"

#define BULK_LEN 200000

static char bulk[BULK_LEN];

/* We end our direction, the far end answers, and ends its own. */
static void near_first(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[64];

	say_poll(pair.near, 0, "fresh");
	say_n(write(pair.near, "ask", 3), "write");
	say_rc(shutdown(pair.near, SHUT_WR), "SHUT_WR");
	say_poll(pair.near, 0, "after SHUT_WR");
	say_n(write(pair.near, "x", 1), "write after SHUT_WR");
	say_n(send(pair.near, "x", 1, MSG_NOSIGNAL), "send after SHUT_WR");
	say_n(read_all(pair.far, buf, sizeof(buf)), "far reads to the end");
	say_poll(pair.far, POLLRDHUP, "far");
	say_n(write(pair.far, "answer", 6), "far answers");
	say_poll(pair.near, POLLIN, "answer came");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_poll(pair.near, 0, "answer read");
	close(pair.far);
	say_poll(pair.near, POLLIN | POLLHUP, "far closed");
	say_n(read(pair.near, buf, sizeof(buf)), "read at the end");
	say_n(read(pair.near, buf, sizeof(buf)), "read again");
	say_so_error(pair.near, "at the end");
	say_rc(shutdown(pair.near, SHUT_RDWR), "shutdown at the end");
	close(pair.near);
}

/* The far end ends its direction; ours goes on. */
static void far_first(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[64];

	write_all(pair.far, "last words", 10);
	shutdown(pair.far, SHUT_WR);
	say_poll(pair.near, POLLIN | POLLRDHUP, "far ended");
	say_n(recv(pair.near, buf, sizeof(buf), MSG_PEEK), "peek");
	say_n(read(pair.near, buf, 4), "read 4");
	say_poll(pair.near, POLLIN | POLLRDHUP, "some left");
	say_n(read(pair.near, buf, sizeof(buf)), "read the rest");
	say_n(read(pair.near, buf, sizeof(buf)), "read the end");
	say_poll(pair.near, POLLIN | POLLRDHUP, "end read");
	say_n(write(pair.near, "still here", 10), "write");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	say_rc(shutdown(pair.near, SHUT_WR), "SHUT_WR");
	say_poll(pair.near, POLLHUP, "both ended");
	say_n(read_all(pair.far, buf, sizeof(buf)), "far reads the end");
	pair_close(&pair);
}

/* Everything written before the end arrives before the end. */
static void *drain(void *arg)
{
	static char buf[4096];
	struct pair *pair = arg;
	long total = 0;
	ssize_t n;

	while ((n = read(pair->far, buf, sizeof(buf))) > 0)
		total += n;
	return (void *)(n < 0 ? -1L : total);
}

static void bulk_then(const struct place *place, bool is_close)
{
	struct pair pair = pair_open(place);
	pthread_t thread;
	void *total;

	pthread_create(&thread, NULL, drain, &pair);
	say_rc(write_all(pair.near, bulk, sizeof(bulk)), "bulk");
	if (is_close)
		close(pair.near);
	else
		shutdown(pair.near, SHUT_WR);
	pthread_join(thread, &total);
	say("bulk then %s: far read %ld", is_close ? "close" : "SHUT_WR",
	    (long)total);
	if (!is_close)
		close(pair.near);
	close(pair.far);
}

static void bulk_before_end(const struct place *place)
{
	bulk_then(place, false);
	bulk_then(place, true);
}

static void shut_rd(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	say_rc(shutdown(pair.near, SHUT_RD), "SHUT_RD");
	say_poll(pair.near, POLLIN, "after SHUT_RD");
	say_n(read(pair.near, buf, sizeof(buf)), "read after SHUT_RD");
	say_n(write(pair.near, "x", 1), "write after SHUT_RD");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	pair_close(&pair);

	pair = pair_open(place);
	write_all(pair.far, "early", 5);
	poll_until(pair.near, POLLIN);
	shutdown(pair.near, SHUT_RD);
	say_n(read(pair.near, buf, sizeof(buf)), "what came before SHUT_RD");
	say_n(read(pair.near, buf, sizeof(buf)), "then");
	pair_close(&pair);
}

static void shut_rdwr(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	say_rc(shutdown(pair.near, SHUT_RDWR), "SHUT_RDWR");
	say_poll(pair.near, POLLHUP, "after SHUT_RDWR");
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_n(write(pair.near, "x", 1), "write");
	say_rc(shutdown(pair.near, SHUT_WR), "SHUT_WR again");
	say_rc(shutdown(pair.near, SHUT_RDWR), "SHUT_RDWR again");
	say_poll(pair.far, POLLRDHUP, "far");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	pair_close(&pair);
}

static void shut_errors(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	say_prefix = family == AF_INET ? "errors4" : "errors6";
	say_rc(shutdown(fd, SHUT_WR), "fresh, SHUT_WR");
	say_rc(shutdown(fd, SHUT_RD), "fresh, SHUT_RD");
	say_rc(shutdown(fd, SHUT_RDWR), "fresh, SHUT_RDWR");
	say_rc(shutdown(fd, 3), "fresh, how 3");
	say_rc(shutdown(fd, -1), "fresh, how -1");
	set_nonblock(fd, true);
	say_n(read(fd, (char[1]){ 0 }, 1), "read fresh");
	say_n(write(fd, "x", 1), "write fresh");
	say_n(send(fd, "x", 1, 0), "send fresh");
	say_n(recv(fd, (char[1]){ 0 }, 1, MSG_DONTWAIT), "recv fresh");
	say_poll(fd, POLLHUP, "fresh");
	close(fd);
	say_rc(shutdown(fd, SHUT_WR), "closed");
	say_rc(shutdown(1000, SHUT_WR), "never open");
}

static void shut_bad_how(const struct place *place)
{
	struct pair pair = pair_open(place);

	say_rc(shutdown(pair.near, 3), "how 3");
	say_rc(shutdown(pair.near, -1), "how -1");
	say_poll(pair.near, POLLOUT, "not harmed");
	pair_close(&pair);
}

static void on_signal(int signo)
{
	say("signal SIG%s", sigabbrev_np(signo));
}

static void broken_pipe(const struct place *place)
{
	struct pair pair = pair_open(place);

	shutdown(pair.near, SHUT_WR);
	signal(SIGPIPE, on_signal);
	say_n(send(pair.near, "x", 1, MSG_NOSIGNAL), "MSG_NOSIGNAL");
	say_n(write(pair.near, "x", 1), "write");
	signal(SIGPIPE, SIG_IGN);
	pair_close(&pair);
}

int main(void)
{
	oracle_start();
	each_place(near_first);
	each_place(far_first);
	each_place(bulk_before_end);
	each_place(shut_rd);
	each_place(shut_rdwr);
	shut_errors(AF_INET);
	shut_errors(AF_INET6);
	each_place(shut_bad_how);
	each_place(broken_pipe);
	return 0;
}
