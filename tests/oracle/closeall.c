/* SPDX-License-Identifier: MIT */
/* Programs that close everything above 2, or shuffle descriptors, and go on. */
#include "tests/oracle/oracle.h"

/* In a child, so that each way starts afresh. */
static void in_child(const struct place *place, void (*fn)(int conn),
                     const char *label)
{
	struct pair pair = pair_open(place);
	pid_t pid = fork();
	char buf[16];

	if (pid == 0) {
		/* Only the near end lives on, at 0, as a server has it. */
		dup2(pair.near, 0);
		close(pair.far);
		fn(0);
		_exit(0);
	}
	close(pair.near);
	say_exit(pid, label);
	say_n(recv(pair.far, buf, sizeof(buf), MSG_WAITALL),
	      "far reads to the end");
	close(pair.far);
}

static void go_on(int conn)
{
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say("a new socket takes the lowest number: %s",
	    listener == 3 && fd == 4 ? "yes" : "no");
	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	say_rc(accept(listener, NULL, NULL), "accept");
	say_rc(set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1), "NODELAY");
	say_names(conn, "kept");
	say_rc(set_int(conn, SOL_SOCKET, SO_KEEPALIVE, 1), "KEEPALIVE");
	say_n(write(conn, "on", 2), "write");
}

static void by_close(int conn)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	go_on(conn);
}

static void by_closefrom(int conn)
{
	closefrom(3);
	go_on(conn);
}

static void by_close_range(int conn)
{
	say_rc(close_range(3, ~0u, 0), "close_range");
	go_on(conn);
}

/* Every number above is somebody else's file afterwards. */
static void by_dup2(int conn)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dup2(null, fd);
	say_rc(socket(AF_INET, SOCK_STREAM, 0), "socket after dup2 over all");
	say_names(conn, "kept");
	say_rc(set_int(conn, SOL_SOCKET, SO_KEEPALIVE, 1), "KEEPALIVE");
	say_n(write(conn, "on", 2), "write");
}

static void all_ways(const struct place *place)
{
	in_child(place, by_close, "close of all");
	in_child(place, by_closefrom, "closefrom");
	in_child(place, by_close_range, "close_range");
	in_child(place, by_dup2, "dup2 over all");
}

int main(void)
{
	oracle_start();
	dup2(2, 0);
	closefrom(3);
	each_place(all_ways);
	return 0;
}
