/* SPDX-License-Identifier: MIT */
/* accept: addresses, flags, readiness, several connections waiting. */
#include "tests/oracle/oracle.h"

static int client_open(const struct place *place, const struct addr *addr)
{
	int fd = far_socket(place, SOCK_STREAM);

	if (connect(fd, &addr->sa, addr->len) < 0)
		die("connect");
	return fd;
}

static void say_flags(int fd, const char *label)
{
	say("%s: O_NONBLOCK %s, FD_CLOEXEC %s", label,
	    fcntl(fd, F_GETFL) & O_NONBLOCK ? "yes" : "no",
	    fcntl(fd, F_GETFD) & FD_CLOEXEC ? "yes" : "no");
}

static void accept_one(const struct place *place)
{
	struct addr addr, from = { .len = sizeof(from.storage) }, name;
	int listener = listener_open(place->near_ip, &addr);
	int client, conn;

	say("nobody: poll %s", poll_text(poll_once(listener, POLL_ALL, 0)));
	client = client_open(place, &addr);
	say_poll(listener, POLLIN, "one waits");
	conn = accept(listener, &from.sa, &from.len);
	say_rc(conn, "accept");
	say("from %s, len %u", addr_text(&from, from.len), from.len);
	name = sock_name(client);
	say("its port is the client's: %s",
	    addr_port(&name) == addr_port(&from) ? "yes" : "no");
	say_names(conn, "accepted");
	say_names(listener, "listener");
	say("taken: poll %s", poll_text(poll_once(listener, POLL_ALL, 0)));
	say_flags(conn, "accept");
	say_n(write(client, "hello", 5), "client writes");
	say_poll(conn, POLLIN, "accepted");
	close(conn);
	close(client);
	close(listener);
}

static void accept_flags(const struct place *place)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC,
	                             SOCK_NONBLOCK | SOCK_CLOEXEC };
	static const char *const names[] = { "none", "NONBLOCK", "CLOEXEC",
	                                     "both" };
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		int client = client_open(place, &addr);
		int conn = accept4(listener, NULL, NULL, flags[i]);

		say_flags(conn, names[i]);
		close(conn);
		close(client);
	}
	say_flags(listener, "listener");
	set_nonblock(listener, true);
	say_rc(accept(listener, NULL, NULL), "non-blocking, nobody");
	say_rc(accept4(listener, NULL, NULL, 0x40000000), "unknown flag");
	/* An accepted descriptor does not inherit O_NONBLOCK on Linux. */
	int client = client_open(place, &addr), conn;

	poll_until(listener, POLLIN);
	conn = accept(listener, NULL, NULL);
	say_flags(conn, "from a non-blocking listener");
	close(conn);
	close(client);
	close(listener);
}

static void accept_addrlen(const struct place *place)
{
	static const socklen_t lens[] = { 0, 1, 2, 4, 8, 15, 16, 28, 128 };
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);

	for (size_t i = 0; i < ARRAY_COUNT(lens); i++) {
		unsigned char buf[128];
		socklen_t len = lens[i], used = 0;
		int client = client_open(place, &addr), conn;

		memset(buf, 0xee, sizeof(buf));
		conn = accept(listener, (struct sockaddr *)buf, &len);
		for (socklen_t at = 0; at < sizeof(buf); at++)
			if (buf[at] != 0xee)
				used = at + 1;
		say("room %u: %s, len %u, no byte past it: %s", lens[i],
		    conn < 0 ? error_name(errno) : "ok", len,
		    used <= lens[i] ? "yes" : "no");
		close(conn);
		close(client);
	}
	close(listener);
}

/* Connections wait with their bytes and their end until they are accepted. */
static void accept_waiting(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	char buf[8];

	for (int i = 0; i < 3; i++) {
		int client = client_open(place, &addr);

		buf[0] = (char)('a' + i);
		write_all(client, buf, 1);
		close(client);
	}
	for (int i = 0; i < 3; i++) {
		int conn;

		poll_until(listener, POLLIN);
		conn = accept(listener, NULL, NULL);
		say_rc(conn, "waiting %d", i);
		say_n(read(conn, buf, sizeof(buf)), "read");
		say("it is %c", buf[0]);
		say_n(read(conn, buf, sizeof(buf)), "then");
		close(conn);
	}
	close(listener);
}

/* A connection reset before it is accepted is handed over all the same. */
static void accept_reset(const struct place *place)
{
	struct addr addr, from = { .len = sizeof(from.storage) };
	int listener = listener_open(place->near_ip, &addr);
	int client = client_open(place, &addr), conn;
	char byte;

	poll_until(listener, POLLIN);
	close_reset(client);
	conn = accept(listener, &from.sa, &from.len);
	say_rc(conn, "reset before accept");
	say("from %s", addr_text(&from, from.len));
	say_n(read(conn, &byte, 1), "read");
	close(conn);
	close(listener);
}

/* The listener goes while connections wait: their clients are reset. */
static void accept_never(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	int client = client_open(place, &addr);
	char byte;

	poll_until(listener, POLLIN);
	close(listener);
	say_poll(client, POLLHUP | POLLRDHUP, "listener closed");
	say_n(read(client, &byte, 1), "client reads");
	say_n(read(client, &byte, 1), "client reads again");
	close(client);
	client = far_socket(place, SOCK_STREAM);
	say_rc(connect(client, &addr.sa, addr.len), "a client too late");
	close(client);
}

int main(void)
{
	oracle_start();
	each_source(accept_one);
	each_source(accept_flags);
	each_source(accept_addrlen);
	each_source(accept_waiting);
	each_source(accept_reset);
	each_source(accept_never);
	return 0;
}
