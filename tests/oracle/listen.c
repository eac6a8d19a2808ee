/* SPDX-License-Identifier: MIT */
/* listen: when it works, what it makes of the socket, dual-stack, backlog. */
#include "tests/oracle/oracle.h"

static void listen_states(int family)
{
	int fd = socket(family, SOCK_STREAM, 0), udp, pipes[2];

	say_prefix = family == AF_INET ? "listen4" : "listen6";
	say("ACCEPTCONN %d", get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
	say_poll(fd, POLLHUP, "fresh");
	say_rc(listen(fd, 4), "without bind");
	say("ACCEPTCONN %d", get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
	say("poll %s", poll_text(poll_once(fd, POLL_ALL, 0)));
	say_names(fd, "autobound");
	say_rc(listen(fd, 8), "a second time");
	say_rc(listen(fd, 0), "backlog 0");
	say_rc(listen(fd, -1), "backlog -1");
	say_rc(listen(fd, 1 << 30), "a huge backlog");
	close(fd);
	udp = socket(family, SOCK_DGRAM, 0);
	say_rc(listen(udp, 4), "UDP");
	close(udp);
	if (pipe(pipes) < 0)
		die("pipe");
	say_rc(listen(pipes[0], 4), "a pipe");
	say_rc(listen(-1, 4), "-1");
	close(pipes[0]);
	close(pipes[1]);
}

static void listen_connected(const struct place *place)
{
	struct pair pair = pair_open(place);

	say_rc(listen(pair.near, 4), "on a connection");
	say_n(write(pair.far, "x", 1), "and the connection");
	say_poll(pair.near, POLLIN, "goes on");
	pair_close(&pair);
}

/* What a listener on ip answers to clients at each address. */
static void reach(const char *ip, int v6only, const char *label)
{
	static const char *const targets[] = {
		"127.0.0.1", "::1", OWN4, OWN6, "::ffff:10.107.0.2",
	};
	struct addr addr = addr_of(ip, 0);
	int listener = socket(addr.sa.sa_family, SOCK_STREAM, 0);

	say_prefix = label;
	if (addr.sa.sa_family == AF_INET6)
		set_int(listener, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
	listen_on(listener, ip, &addr);
	say_names(listener, "listener");
	for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
		struct addr to = addr_of(targets[i], addr_port(&addr));
		struct addr from = { .len = sizeof(from.storage) };
		int fd = socket(to.sa.sa_family, SOCK_STREAM, 0), conn;

		say_rc(connect(fd, &to.sa, to.len), "to %s", targets[i]);
		if (poll_once(listener, POLLIN, ORACLE_QUIET_MS) & POLLIN) {
			conn = accept(listener, &from.sa, &from.len);
			say("accepted from %s", addr_text(&from, from.len));
			say_names(conn, "accepted");
			say_names(fd, "client");
			close(conn);
		}
		close(fd);
	}
	close(listener);
}

static void reach_from_peer(const char *ip, const char *label)
{
	struct addr addr = addr_of(ip, 0);
	int listener = socket(AF_INET6, SOCK_STREAM, 0);

	say_prefix = label;
	listen_on(listener, ip, &addr);
	for (int i = 0; i < 2; i++) {
		struct addr to = addr_of(i ? OWN6 : OWN4, addr_port(&addr));
		struct addr from = { .len = sizeof(from.storage) };
		int fd = peer_socket(to.sa.sa_family, SOCK_STREAM), conn;

		say_rc(connect(fd, &to.sa, to.len), "to %s", i ? OWN6 : OWN4);
		conn = accept(listener, &from.sa, &from.len);
		say("accepted from %s", addr_text(&from, from.len));
		say_names(conn, "accepted");
		close(conn);
		close(fd);
	}
	close(listener);
}

/* With a backlog of 2 three connections wait; a fourth is kept out. */
static void backlog(const struct place *place)
{
	struct addr addr;
	int listener = near_socket(place, SOCK_STREAM);
	int fds[5], connected_count = 0;

	listen_on(listener, place->near_ip, &addr);
	listen(listener, 2);
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
		fds[i] = far_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
		connect(fds[i], &addr.sa, addr.len);
		connected_count += (poll_once(fds[i], POLLOUT,
		                    ORACLE_QUIET_MS) & POLLOUT) != 0;
	}
	say("backlog 2: %d of 5 connected", connected_count);
	for (int i = 0; i < connected_count; i++)
		say_rc(accept4(listener, NULL, NULL, SOCK_NONBLOCK),
		       "accept %d", i);
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
		close(fds[i]);
	close(listener);
}

int main(void)
{
	oracle_start();
	listen_states(AF_INET);
	listen_states(AF_INET6);
	each_place(listen_connected);
	reach("0.0.0.0", 0, "wildcard");
	reach("::", 0, "dual");
	reach("::", 1, "v6only");
	reach(OWN4, 0, "own4");
	reach(OWN6, 0, "own6");
	reach("127.0.0.1", 0, "lo4");
	reach("::ffff:10.107.0.2", 0, "mapped");
	reach_from_peer("::", "dual from the peer");
	each_source(backlog);
	return 0;
}
