/* SPDX-License-Identifier: MIT */
/* The same calls by syscall(2), as libuv and others make them. */
#include <sys/syscall.h>

#include "tests/oracle/oracle.h"

static void by_number(const struct place *place)
{
	struct addr addr = addr_of(place->near_ip, 0), from;
	long listener = syscall(SYS_socket, place->family,
	                        SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = far_socket(place, SOCK_STREAM), value = 1;
	socklen_t len = sizeof(value);
	long conn;
	char buf[16];

	say_rc(listener, "socket");
	say_rc(syscall(SYS_bind, listener, &addr.sa, addr.len), "bind");
	say_rc(syscall(SYS_listen, listener, 4), "listen");
	addr.len = sizeof(addr.storage);
	say_rc(syscall(SYS_getsockname, listener, &addr.sa, &addr.len),
	       "getsockname");
	say("listening on %s", addr_text(&addr, addr.len));
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	from.len = sizeof(from.storage);
	conn = syscall(SYS_accept4, listener, &from.sa, &from.len,
	               SOCK_NONBLOCK);
	say_rc(conn, "accept4");
	say("from %s, O_NONBLOCK %s", addr_text(&from, from.len),
	    fcntl((int)conn, F_GETFL) & O_NONBLOCK ? "yes" : "no");
	from.len = sizeof(from.storage);
	say_rc(syscall(SYS_getpeername, conn, &from.sa, &from.len),
	       "getpeername");
	say("peer %s", addr_text(&from, from.len));
	say_rc(syscall(SYS_setsockopt, conn, IPPROTO_TCP, TCP_NODELAY, &value,
	               len), "setsockopt");
	say_rc(syscall(SYS_getsockopt, conn, IPPROTO_TCP, TCP_NODELAY, &value,
	               &len), "getsockopt");
	say("NODELAY %d", value);
	say_n(syscall(SYS_sendto, conn, "abc", 3, 0, NULL, 0), "sendto");
	say_n(read(client, buf, sizeof(buf)), "client reads");
	write_all(client, "defg", 4);
	poll_until((int)conn, POLLIN);
	say_n(syscall(SYS_recvfrom, conn, buf, sizeof(buf), 0, NULL, NULL),
	      "recvfrom");
	say_rc(syscall(SYS_shutdown, conn, SHUT_WR), "shutdown");
	say_n(read(client, buf, sizeof(buf)), "client reads");
	say_rc(syscall(SYS_close, conn), "close");
	syscall(SYS_close, listener);
	close(client);
}

static void connect_by_number(const struct place *place)
{
	struct addr addr;
	int listener = far_socket(place, SOCK_STREAM);
	long fd = syscall(SYS_socket, place->family, SOCK_STREAM, 0);

	listen_on(listener, place->far_ip, &addr);
	say_rc(syscall(SYS_connect, fd, &addr.sa, addr.len), "connect");
	say_names((int)fd, "connected");
	syscall(SYS_close, fd);
	close(listener);
}

static void errors(void)
{
	say_prefix = "errors";
	say_rc(syscall(SYS_socket, 99, SOCK_STREAM, 0), "socket, family 99");
	say_rc(syscall(SYS_accept4, -1, NULL, NULL, 0), "accept4 of -1");
	say_rc(syscall(SYS_listen, 1000, 4), "listen of 1000");
	say_rc(syscall(99999), "no such call");
	errno = 0;
	say("getpid as ever: %s, errno %s",
	    syscall(SYS_getpid) == getpid() ? "yes" : "no",
	    error_name(errno));
}

int main(void)
{
	oracle_start();
	each_source(by_number);
	each_target(connect_by_number);
	errors();
	return 0;
}
