/* SPDX-License-Identifier: MIT */
/* Copies of a descriptor: by dup, over fork, and who keeps what open. */
#include "tests/oracle/oracle.h"

static void copies(const struct place *place)
{
	struct pair pair = pair_open(place);
	int copy = dup(pair.near);
	int high = fcntl(pair.near, F_DUPFD_CLOEXEC, 300);
	char buf[8];

	say("F_DUPFD_CLOEXEC has FD_CLOEXEC: %s",
	    fcntl(high, F_GETFD) & FD_CLOEXEC ? "yes" : "no");
	close(pair.near);
	say("one closed, far poll %s",
	    poll_text(poll_once(pair.far, POLLIN, ORACLE_QUIET_MS)));
	say_n(write(copy, "abc", 3), "write on the copy");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	set_nonblock(high, true);
	say_n(read(copy, buf, sizeof(buf)), "O_NONBLOCK is shared");
	say_names(high, "high copy");
	close(copy);
	say_n(write(pair.far, "de", 2), "far writes");
	say_poll(high, POLLIN, "high copy");
	close(high);
	say_poll(pair.far, POLLHUP | POLLRDHUP, "all closed with bytes unread, far");
	close(pair.far);
}

static void dup2_over(const struct place *place)
{
	struct pair one = pair_open(place), two = pair_open(place);
	char buf[8];

	say_rc(dup2(one.near, two.near), "dup2 over another connection");
	say_poll(two.far, POLLRDHUP, "its far end");
	say_n(write(two.near, "abc", 3), "write through it");
	say_n(read(one.far, buf, sizeof(buf)), "the first's far end reads");
	say_names(two.near, "replaced");
	pair_close(&one);
	pair_close(&two);
}

static void over_fork(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		/* The child's copy works in both directions. */
		ssize_t n = read(pair.near, buf, 3);

		_exit(n == 3 && write(pair.near, "from child", 10) == 10 ?
		      0 : 1);
	}
	write_all(pair.far, "abc", 3);
	say_exit(pid, "child");
	say_n(recv(pair.far, buf, sizeof(buf), MSG_WAITALL), "far reads 8");
	say("far poll %s", poll_text(poll_once(pair.far, POLLRDHUP,
	    ORACLE_QUIET_MS)));
	say_n(write(pair.near, "parent", 6), "the parent writes on");
	close(pair.near);
	say_n(recv(pair.far, (char[64]){ 0 }, 64, MSG_WAITALL),
	      "far reads to the end");
	close(pair.far);
}

/* The child keeps the connection open after the parent closed it. */
static void child_keeps(const struct place *place)
{
	struct pair pair = pair_open(place);
	int gate[2];
	char buf[8];
	pid_t pid;

	if (pipe(gate) < 0)
		die("pipe");
	pid = fork();
	if (pid == 0) {
		close(pair.far);
		close(gate[1]);
		read_all(gate[0], buf, 1);
		_exit(write(pair.near, "child", 5) == 5 ? 0 : 1);
	}
	close(pair.near);
	close(gate[0]);
	say("parent closed, far poll %s",
	    poll_text(poll_once(pair.far, POLLIN, ORACLE_QUIET_MS)));
	close(gate[1]);
	say_exit(pid, "child");
	say_n(recv(pair.far, (char[64]){ 0 }, 64, MSG_WAITALL),
	      "far reads to the end");
	close(pair.far);
}

/* New sockets in a child, and what the parent made before it. */
static void child_opens(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	pid_t pid = fork();

	if (pid == 0) {
		struct pair pair = pair_open(place);
		int conn = accept(listener, NULL, NULL);

		say_names(pair.near, "child's own");
		say_names(conn, "child's accepted");
		say("child sets: %d", set_int(conn, IPPROTO_TCP, TCP_NODELAY,
		                              1));
		_exit(0);
	}
	int client = far_socket(place, SOCK_STREAM);

	say_exit(connect(client, &addr.sa, addr.len) < 0 ? -1 : pid, "child");
	say_n(read(client, (char[1]){ 0 }, 1), "client reads");
	close(client);
	/* The parent's listener still works. */
	client = far_socket(place, SOCK_STREAM);
	say_rc(connect(client, &addr.sa, addr.len), "another client");
	say_rc(accept4(listener, NULL, NULL, SOCK_CLOEXEC),
	       "the parent accepts");
	close(client);
	close(listener);
}

/* A child killed with its connection: the far end sees the end. */
static void child_killed(const struct place *place)
{
	struct pair pair = pair_open(place);
	pid_t pid = fork();

	if (pid == 0) {
		close(pair.far);
		for (;;)
			pause();
	}
	close(pair.near);
	kill(pid, SIGKILL);
	say_exit(pid, "child");
	say_poll(pair.far, POLLIN | POLLRDHUP, "far");
	say_n(read(pair.far, (char[1]){ 0 }, 1), "far reads");
	close(pair.far);
}

int main(void)
{
	oracle_start();
	each_place(copies);
	each_place(dup2_over);
	each_place(over_fork);
	each_place(child_keeps);
	each_source(child_opens);
	each_place(child_killed);
	return 0;
}
