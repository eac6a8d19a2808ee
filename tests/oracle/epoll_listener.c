/* SPDX-License-Identifier: MIT */
/* epoll on listeners and on connects under way. */
#include "tests/oracle/oracle.h"

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
	return set;
}

static const char *events_of(int set, int timeout_ms)
{
	struct epoll_event event;

	if (epoll_wait(set, &event, 1, timeout_ms) < 1)
		return "-";
	return epoll_text(event.events);
}

static int client_open(const struct place *place, const struct addr *addr)
{
	int fd = far_socket(place, SOCK_STREAM);

	if (connect(fd, &addr->sa, addr->len) < 0)
		die("connect");
	return fd;
}

static void listener_edges(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	int set = watch(listener, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	int clients[3], conn;

	say("quiet: %s", events_of(set, 0));
	clients[0] = client_open(place, &addr);
	say("one: %s", events_of(set, ORACLE_WAIT_MS));
	say("no second edge: %s", events_of(set, 0));
	clients[1] = client_open(place, &addr);
	say("another: %s", events_of(set, ORACLE_WAIT_MS));
	conn = accept(listener, NULL, NULL);
	close(conn);
	say("one taken, one left, no edge: %s", events_of(set, 0));
	say("one left, level: %s", poll_text(poll_once(listener, POLLIN, 0)));
	clients[2] = client_open(place, &addr);
	say("a third: %s", events_of(set, ORACLE_WAIT_MS));
	for (size_t i = 0; i < ARRAY_COUNT(clients); i++)
		close(clients[i]);
	close(set);
	close(listener);
}

/* Registered before bind and listen: what comes later is seen all the same. */
static void registered_early(const struct place *place)
{
	int listener = near_socket(place, SOCK_STREAM), client;
	int set = watch(listener, EPOLLIN);
	struct addr addr;

	say("fresh: %s", events_of(set, 0));
	listen_on(listener, place->near_ip, &addr);
	say("listening: %s", events_of(set, 0));
	client = client_open(place, &addr);
	say("a client: %s", events_of(set, ORACLE_WAIT_MS));
	close(client);
	close(set);
	close(listener);
}

/* Two sets with EPOLLEXCLUSIVE: at least one is told, level stays for both. */
static void exclusive(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr), client;
	int first = watch(listener, EPOLLIN | EPOLLEXCLUSIVE);
	int second = watch(listener, EPOLLIN | EPOLLEXCLUSIVE);

	client = client_open(place, &addr);
	poll_until(listener, POLLIN);
	say("first: %s", events_of(first, 0));
	say("second: %s", events_of(second, 0));
	close(accept(listener, NULL, NULL));
	say("taken, first: %s", events_of(first, 0));
	say("taken, second: %s", events_of(second, 0));
	close(client);
	close(first);
	close(second);
	close(listener);
}

/* A connect watched by edges from before it began. */
static void connect_edges(const struct place *place)
{
	int fd = near_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	int set = watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	int listener = far_socket(place, SOCK_STREAM);
	struct addr addr;

	listen_on(listener, place->far_ip, &addr);
	say("fresh: %s", events_of(set, 0));
	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	say("connected: %s", events_of(set, ORACLE_WAIT_MS));
	say_so_error(fd, "connected");
	close(set);
	close(fd);
	close(listener);
}

static void refused_edges(const struct place *place)
{
	int fd = near_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	int set = watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	int unused = far_socket(place, SOCK_STREAM);
	struct addr addr;

	bind_to(unused, place->far_ip, 0);
	addr = sock_name(unused);
	events_of(set, 0);
	say_rc(connect(fd, &addr.sa, addr.len), "to nobody");
	poll_until(fd, POLLHUP);
	say("refused: %s", events_of(set, ORACLE_WAIT_MS));
	say_so_error(fd, "refused");
	close(set);
	close(fd);
	close(unused);
}

int main(void)
{
	oracle_start();
	each_source(listener_edges);
	each_source(registered_early);
	each_source(exclusive);
	each_target(connect_edges);
	each_target(refused_edges);
	return 0;
}
