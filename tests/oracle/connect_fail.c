/* SPDX-License-Identifier: MIT */
/* connect: each way to fail, and what the socket is worth afterwards. */
#include "tests/oracle/oracle.h"

#define SILENT4 "10.107.0.77" /* nobody has this address */

/* A port of the place's far address on which nobody listens. */
static struct addr closed_port(const struct place *place)
{
	int fd = far_socket(place, SOCK_STREAM);
	struct addr addr;

	bind_to(fd, place->far_ip, 0);
	addr = sock_name(fd);
	close(fd);
	return addr;
}

static void refused(const struct place *place)
{
	struct addr addr = closed_port(place), open_addr;
	int fd = near_socket(place, SOCK_STREAM), listener;
	char byte;

	say_rc(connect(fd, &addr.sa, addr.len), "refused");
	say_so_error(fd, "refused");
	say_poll(fd, POLLHUP, "refused");
	say_n(read(fd, &byte, 1), "read after refused");
	say_n(write(fd, "x", 1), "write after refused");
	say_names(fd, "refused");
	say_rc(connect(fd, &addr.sa, addr.len), "refused again");
	listener = far_socket(place, SOCK_STREAM);
	listen_on(listener, place->far_ip, &open_addr);
	say_rc(connect(fd, &open_addr.sa, open_addr.len),
	       "to an open port after refused");
	close(listener);
	close(fd);
}

static void refused_nonblocking(const struct place *place)
{
	struct addr addr = closed_port(place);
	int fd = near_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	char byte;

	say_rc(connect(fd, &addr.sa, addr.len), "non-blocking refused");
	say_poll(fd, POLLHUP, "non-blocking refused");
	say_so_error(fd, "first");
	say_so_error(fd, "second");
	say_poll(fd, POLLHUP, "after SO_ERROR");
	say_n(read(fd, &byte, 1), "read");
	close(fd);

	fd = near_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	say_rc(connect(fd, &addr.sa, addr.len), "non-blocking refused");
	poll_until(fd, POLLHUP);
	say_n(read(fd, &byte, 1), "read without SO_ERROR");
	say_n(read(fd, &byte, 1), "read again");
	say_so_error(fd, "after read");
	close(fd);

	fd = near_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	say_rc(connect(fd, &addr.sa, addr.len), "non-blocking refused");
	poll_until(fd, POLLHUP);
	say_rc(connect(fd, &addr.sa, addr.len), "second connect tells");
	say_so_error(fd, "after second connect");
	close(fd);
}

static void in_progress(void)
{
	struct addr addr = addr_of(SILENT4, 7000);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct timeval timeout = { .tv_usec = 200000 };
	int64_t start_ms;
	char byte;

	say_prefix = "silent";
	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	say_rc(connect(fd, &addr.sa, addr.len), "again");
	say("poll %s", poll_text(poll_once(fd, POLL_ALL, ORACLE_QUIET_MS)));
	say_names(fd, "in progress");
	say_n(read(fd, &byte, 1), "read");
	say_n(write(fd, "x", 1), "write");
	say_n(send(fd, "x", 1, MSG_DONTWAIT), "send");
	say_so_error(fd, "in progress");
	say_rc(listen(fd, 1), "listen");
	say_rc(shutdown(fd, SHUT_RDWR), "shutdown");
	say_poll(fd, POLLHUP, "after shutdown");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	start_ms = now_ms();
	say_rc(connect(fd, &addr.sa, addr.len), "with SO_SNDTIMEO 200 ms");
	say_took(start_ms, 190, 600, "SO_SNDTIMEO");
	say_rc(connect(fd, &addr.sa, addr.len), "again with SO_SNDTIMEO");
	close(fd);
}

static void bad_arguments(int family)
{
	struct addr addr = addr_of(family == AF_INET ? OWN4 : OWN6, 7000);
	struct addr other = addr_of(family == AF_INET ? OWN6 : OWN4, 7000);
	int pipes[2];
	int fd = socket(family, SOCK_STREAM, 0);

	say_prefix = family == AF_INET ? "arguments4" : "arguments6";
	say_rc(connect(fd, &other.sa, other.len), "other family");
	say_rc(connect(fd, &addr.sa, 2), "length 2");
	say_rc(connect(fd, &addr.sa, 1), "length 1");
	say_rc(connect(fd, &addr.sa, 0), "length 0");
	say_rc(connect(fd, &addr.sa, addr.len - 1), "one short");
	say_rc(connect(fd, &addr.sa, (socklen_t)-1), "length -1");
	say_rc(connect(fd, &addr.sa, 4096), "length 4096");
	say_rc(connect(fd, NULL, addr.len), "no address");
	addr.sa.sa_family = 77;
	say_rc(connect(fd, &addr.sa, addr.len), "family 77");
	addr.sa.sa_family = AF_UNSPEC;
	say_rc(connect(fd, &addr.sa, addr.len), "AF_UNSPEC when fresh");
	addr = addr_of(family == AF_INET ? OWN4 : OWN6, 0);
	say_rc(connect(fd, &addr.sa, addr.len), "port 0");
	say_rc(connect(-1, &addr.sa, addr.len), "descriptor -1");
	if (pipe(pipes) < 0)
		die("pipe");
	say_rc(connect(pipes[0], &addr.sa, addr.len), "a pipe");
	close(pipes[0]);
	say_rc(connect(pipes[0], &addr.sa, addr.len), "closed descriptor");
	close(pipes[1]);
	close(fd);
}

static void unreachable(const char *label, const char *ip)
{
	struct addr addr = addr_of(ip, 7000);
	struct timeval timeout = { .tv_usec = 200000 };
	int fd = socket(addr.sa.sa_family, SOCK_STREAM, 0);

	say_prefix = label;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	say_so_error(fd, "after");
	say_names(fd, "after");
	close(fd);
	fd = socket(addr.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say_rc(connect(fd, &addr.sa, addr.len), "non-blocking");
	close(fd);
}

/* connect to the wildcard address reaches the host itself. */
static void to_wildcard(const char *label, const char *ip, const char *any)
{
	struct addr addr, to;
	int listener = listener_open(ip, &addr);
	int fd = socket(addr.sa.sa_family, SOCK_STREAM, 0);

	say_prefix = label;
	to = addr_of(any, addr_port(&addr));
	say_rc(connect(fd, &to.sa, to.len), "connect");
	say_names(fd, "connected");
	close(fd);
	close(listener);
}

static void unspec(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct addr addr = addr_of(place->near_ip, 0);
	char byte;

	addr.sa.sa_family = AF_UNSPEC;
	say_rc(connect(pair.near, &addr.sa, addr.len),
	       "AF_UNSPEC when connected");
	say_rc(getpeername(pair.near, &addr.sa, &addr.len), "peername");
	set_nonblock(pair.near, true);
	say_n(read(pair.near, &byte, 1), "read dissolved");
	say("the other end: poll %s", poll_text(poll_once(pair.far, POLL_ALL &
	    ~POLLOUT, 5 * ORACLE_QUIET_MS)));
	pair_close(&pair);
}

static void on_listener(void)
{
	struct addr addr, other;
	int listener = listener_open("127.0.0.1", &addr);
	int second = listener_open("127.0.0.1", &other);

	say_prefix = "listener";
	say_rc(connect(listener, &other.sa, other.len), "connect");
	say_poll(listener, 0, "still listening");
	close(listener);
	close(second);
}

int main(void)
{
	oracle_start();
	each_target(refused);
	each_target(refused_nonblocking);
	in_progress();
	bad_arguments(AF_INET);
	bad_arguments(AF_INET6);
	unreachable("no route", "192.0.2.1");
	unreachable("no route 6", "2001:db8::1");
	unreachable("broadcast", "255.255.255.255");
	unreachable("multicast", "224.0.0.5");
	unreachable("mapped no route", "::ffff:192.0.2.1");
	to_wildcard("wildcard4", "127.0.0.1", "0.0.0.0");
	to_wildcard("wildcard6", "::1", "::");
	each_place(unspec);
	on_listener();
	return 0;
}
