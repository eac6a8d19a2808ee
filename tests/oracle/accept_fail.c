/* SPDX-License-Identifier: MIT */
/* accept: each way to fail, and what a listener refuses to do. */
#include "tests/oracle/oracle.h"

static void accept_not_listening(int family)
{
	struct addr addr = { .len = sizeof(addr.storage) };
	int fd = socket(family, SOCK_STREAM, 0), pipes[2], file;

	say_prefix = family == AF_INET ? "accept4" : "accept6";
	say_rc(accept(fd, NULL, NULL), "fresh");
	bind_to(fd, family == AF_INET ? "127.0.0.1" : "::1", 0);
	say_rc(accept(fd, &addr.sa, &addr.len), "bound");
	close(fd);
	say_rc(accept(fd, NULL, NULL), "closed");
	say_rc(accept(-1, NULL, NULL), "-1");
	fd = socket(family, SOCK_DGRAM, 0);
	say_rc(accept(fd, NULL, NULL), "UDP");
	close(fd);
	if (pipe(pipes) < 0)
		die("pipe");
	say_rc(accept(pipes[0], NULL, NULL), "pipe");
	close(pipes[0]);
	close(pipes[1]);
	file = open("/etc/passwd", O_RDONLY);
	say_rc(accept(file, NULL, NULL), "file");
	close(file);
}

static void accept_on_connection(const struct place *place)
{
	struct pair pair = pair_open(place);

	say_rc(accept(pair.near, NULL, NULL), "on a connection");
	say_n(write(pair.far, "x", 1), "and the connection");
	say_poll(pair.near, POLLIN, "goes on");
	pair_close(&pair);
}

static void accept_bad_address(void)
{
	struct addr addr;
	socklen_t len = (socklen_t)-1;
	int listener = listener_open("127.0.0.1", &addr);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char buf[128];

	say_prefix = "bad address";
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	say_rc(accept(listener, (struct sockaddr *)buf, &len), "negative len");
	close(client);
	close(listener);
}

/* Stream calls on a listener. */
static void listener_as_stream(int family)
{
	struct addr addr;
	int listener = listener_open(family == AF_INET ? "127.0.0.1" : "::1",
	                             &addr);
	char byte;

	say_prefix = family == AF_INET ? "listener4" : "listener6";
	set_nonblock(listener, true);
	say_n(read(listener, &byte, 1), "read");
	say_n(recv(listener, &byte, 1, 0), "recv");
	say_n(recv(listener, &byte, 1, MSG_DONTWAIT | MSG_PEEK), "peek");
	say_n(write(listener, "x", 1), "write");
	say_n(send(listener, "x", 1, MSG_NOSIGNAL), "send");
	say_rc(connect(listener, &addr.sa, addr.len), "connect");
	say_rc(bind(listener, &addr.sa, addr.len), "bind");
	say_names(listener, "listener");
	say_so_error(listener, "listener");
	close(listener);
}

static void wake_by_shutdown(int how, const char *label)
{
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	say_prefix = label;
	say_rc(shutdown(listener, how), "shutdown");
	say("poll %s", poll_text(poll_until(listener,
	    how == SHUT_WR ? 0 : POLLHUP)));
	say_rc(connect(client, &addr.sa, addr.len), "a client");
	set_nonblock(listener, true);
	if (how == SHUT_WR)
		poll_until(listener, POLLIN);
	say_rc(accept(listener, NULL, NULL), "accept");
	say_names(listener, "listener");
	say_rc(listen(listener, 4), "listen again");
	close(client);
	close(listener);
}

int main(void)
{
	oracle_start();
	accept_not_listening(AF_INET);
	accept_not_listening(AF_INET6);
	each_place(accept_on_connection);
	accept_bad_address();
	listener_as_stream(AF_INET);
	listener_as_stream(AF_INET6);
	wake_by_shutdown(SHUT_RD, "SHUT_RD");
	wake_by_shutdown(SHUT_WR, "SHUT_WR");
	wake_by_shutdown(SHUT_RDWR, "SHUT_RDWR");
	return 0;
}
