/* SPDX-License-Identifier: MIT */
/* Datagrams: errors that come back, and calls that are refused. */
#include "tests/oracle/oracle.h"

/* An address on which nobody receives. */
static struct addr closed_port(const struct place *place)
{
	int fd = far_socket(place, SOCK_DGRAM);
	struct addr addr;

	bind_to(fd, place->far_ip, 0);
	addr = sock_name(fd);
	close(fd);
	return addr;
}

/* POLLERR need not be asked for; where it does not come, waiting ends soon. */
static unsigned await_refusal(int fd)
{
	return poll_once(fd, POLLIN, 1000);
}

static void refused(const struct place *place)
{
	struct addr addr = closed_port(place);
	int fd = near_socket(place, SOCK_DGRAM);
	char buf[8];

	connect(fd, &addr.sa, addr.len);
	say_n(write(fd, "x", 1), "connected, write");
	say("refused: poll %s", poll_text(await_refusal(fd)));
	set_nonblock(fd, true);
	say_n(read(fd, buf, sizeof(buf)), "read");
	say_n(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), "recv again");
	say_n(write(fd, "x", 1), "write");
	await_refusal(fd);
	say_so_error(fd, "first");
	say_so_error(fd, "second");
	say_n(write(fd, "x", 1), "write");
	await_refusal(fd);
	say_n(write(fd, "x", 1), "write tells");
	close(fd);

	fd = near_socket(place, SOCK_DGRAM);
	say_n(sendto(fd, "x", 1, 0, &addr.sa, addr.len), "unconnected, sendto");
	say("unconnected: poll %s",
	    poll_text(poll_once(fd, POLLIN, ORACLE_QUIET_MS)));
	say_so_error(fd, "unconnected");
	close(fd);
}

/* A reader that is already waiting is told. */
static void refused_blocked(const struct place *place)
{
	struct addr addr = closed_port(place);
	struct timeval timeout = { .tv_sec = 3 };
	int fd = near_socket(place, SOCK_DGRAM);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	connect(fd, &addr.sa, addr.len);
	write(fd, "x", 1) < 0 ? die("write") : (void)0;
	say_n(read(fd, (char[8]){ 0 }, 8), "blocked read");
	close(fd);
}

static void refused_calls(int family)
{
	const char *own = family == AF_INET ? OWN4 : OWN6;
	struct addr addr = addr_of(own, 0), net;
	int fd = socket(family, SOCK_DGRAM, 0);

	say_prefix = family == AF_INET ? "udp4" : "udp6";
	say_n(sendto(fd, "x", 1, 0, &addr.sa, addr.len), "sendto port 0");
	say_rc(connect(fd, &addr.sa, addr.len), "connect to port 0");
	say_names(fd, "connected to port 0");
	close(fd);
	fd = socket(family, SOCK_DGRAM, 0);
	net = addr_of(family == AF_INET ? "192.0.2.1" : "2001:db8::1", 9);
	say_n(sendto(fd, "x", 1, 0, &net.sa, net.len), "sendto, no route");
	say_rc(connect(fd, &net.sa, net.len), "connect, no route");
	close(fd);
	fd = socket(family, SOCK_DGRAM, 0);
	say_n(send(fd, "x", 1, 0), "send without a peer");
	if (family == AF_INET)
		say_n(send(fd, "x", 1, MSG_OOB), "send OOB");
	say_n(recv(fd, (char[1]){ 0 }, 1, MSG_DONTWAIT), "recv, none");
	say_n(recv(fd, (char[1]){ 0 }, 1, MSG_DONTWAIT | MSG_OOB),
	      "recv OOB");
	say_n(recv(fd, (char[1]){ 0 }, 1, MSG_DONTWAIT | MSG_ERRQUEUE),
	      "recv ERRQUEUE");
	say_rc(listen(fd, 1), "listen");
	say_rc(shutdown(fd, SHUT_WR), "shutdown");
	close(fd);
	if (family == AF_INET6)
		return;
	fd = socket(family, SOCK_DGRAM, 0);
	net = addr_of("10.107.0.255", 9);
	say_n(sendto(fd, "x", 1, 0, &net.sa, net.len), "broadcast");
	say_rc(connect(fd, &net.sa, net.len), "connect to broadcast");
	close(fd);
	fd = socket(family, SOCK_DGRAM, 0);
	set_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
	say_n(sendto(fd, "x", 1, 0, &net.sa, net.len),
	      "broadcast, SO_BROADCAST");
	say_rc(connect(fd, &net.sa, net.len),
	       "connect to broadcast, SO_BROADCAST");
	close(fd);
}

static void shut(const struct place *place)
{
	struct addr addr;
	int near = near_socket(place, SOCK_DGRAM);
	int far = far_socket(place, SOCK_DGRAM);

	bind_to(far, place->far_ip, 0);
	addr = sock_name(far);
	connect(near, &addr.sa, addr.len);
	say_rc(shutdown(near, SHUT_RD), "SHUT_RD");
	say_poll(near, POLLIN, "SHUT_RD");
	say_n(read(near, (char[4]){ 0 }, 4), "read");
	say_n(write(near, "x", 1), "write");
	say_rc(shutdown(near, SHUT_WR), "SHUT_WR");
	say_n(write(near, "x", 1), "write after SHUT_WR");
	close(near);
	close(far);
}

/* The peer's namespace answers a broadcast. */
static void broadcast(void)
{
	struct addr to = addr_of("10.107.0.255", 7400);
	struct addr from = { .len = sizeof(from.storage) };
	int near = socket(AF_INET, SOCK_DGRAM, 0);
	int far = peer_socket(AF_INET, SOCK_DGRAM);
	char buf[8];

	say_prefix = "broadcast";
	bind_to(far, "0.0.0.0", 7400);
	set_int(near, SOL_SOCKET, SO_BROADCAST, 1);
	say_n(sendto(near, "to all", 6, 0, &to.sa, to.len), "sendto");
	poll_once(far, POLLIN, ORACLE_WAIT_MS);
	say_n(recvfrom(far, buf, sizeof(buf), MSG_DONTWAIT, &from.sa,
	               &from.len), "far receives");
	say("from %s", addr_text(&from, from.len));
	close(near);
	close(far);
}

int main(void)
{
	oracle_start();
	each_target(refused);
	each_target(refused_blocked);
	refused_calls(AF_INET);
	refused_calls(AF_INET6);
	each_target(shut);
	broadcast();
	return 0;
}
