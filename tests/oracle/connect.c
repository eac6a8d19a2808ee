/* SPDX-License-Identifier: MIT */
/* connect: what succeeds, blocking and not, and the states around it. */
#include "tests/oracle/oracle.h"

/* A listener for the program to connect to, in the place. */
static int target_open(const struct place *place, struct addr *addr)
{
	int fd = far_socket(place, SOCK_STREAM);

	listen_on(fd, place->far_ip, addr);
	return fd;
}

static void connect_blocking(const struct place *place)
{
	struct addr addr, from;
	int listener = target_open(place, &addr);
	int fd = near_socket(place, SOCK_STREAM), conn;

	say_names(fd, "before");
	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	say_names(fd, "after");
	say_rc(connect(fd, &addr.sa, addr.len), "again");
	from.len = sizeof(from.storage);
	conn = accept(listener, &from.sa, &from.len);
	say("accepted from %s", addr_text(&from, from.len));
	say("the port that getsockname says: %s",
	    addr_port(&from) == ({ struct addr name = sock_name(fd);
	                           addr_port(&name); }) ? "yes" : "no");
	say_so_error(fd, "after connect");
	close(conn);
	close(fd);
	close(listener);
}

static void connect_nonblocking(const struct place *place)
{
	struct addr addr;
	int listener = target_open(place, &addr);
	int fd = near_socket(place, SOCK_STREAM | SOCK_NONBLOCK);

	say_rc(connect(fd, &addr.sa, addr.len), "non-blocking");
	say_poll(fd, POLLOUT, "non-blocking");
	say_so_error(fd, "non-blocking");
	say_rc(connect(fd, &addr.sa, addr.len), "second call");
	say_rc(connect(fd, &addr.sa, addr.len), "third call");
	say_names(fd, "non-blocking");
	say_n(write(fd, "x", 1), "write");
	close(fd);
	close(listener);
}

/* The program chooses the source address and port. */
static void connect_bound(const struct place *place)
{
	struct addr addr, from = { .len = sizeof(from.storage) };
	int listener = target_open(place, &addr);
	int fd = near_socket(place, SOCK_STREAM), conn;
	unsigned port = 7100 + (unsigned)(place - places);

	bind_to(fd, place->near_ip, port);
	say_names(fd, "bound");
	say_rc(connect(fd, &addr.sa, addr.len), "connect when bound");
	say_names(fd, "bound and connected");
	conn = accept(listener, &from.sa, &from.len);
	say("seen from %s", addr_text(&from, from.len));
	/* The peer's side closes first, so that the port is free again. */
	close(conn);
	poll_until(fd, POLLIN);
	close(fd);
	close(listener);
}

/* Half-open names: a wildcard bind takes its address from the route. */
static void connect_bound_wildcard(const struct place *place)
{
	struct addr addr;
	int listener = target_open(place, &addr);
	int fd = near_socket(place, SOCK_STREAM);

	bind_to(fd, place->family == AF_INET ? "0.0.0.0" : "::", 0);
	say_names(fd, "wildcard");
	say_rc(connect(fd, &addr.sa, addr.len), "wildcard connect");
	say_names(fd, "wildcard connected");
	close(fd);
	close(listener);
}

int main(void)
{
	oracle_start();
	each_target(connect_blocking);
	each_target(connect_nonblocking);
	each_target(connect_bound);
	each_target(connect_bound_wildcard);
	return 0;
}
