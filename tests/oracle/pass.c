/* SPDX-License-Identifier: MIT */
/* SCM_RIGHTS: descriptors handed to another process. */
#include "tests/oracle/oracle.h"

static void hand_over(int chan, int fd)
{
	char byte = 0;
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; }
		control = { .bytes = "" };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	                      .msg_control = control.bytes,
	                      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(chan, &msg, 0) < 0)
		die("sendmsg");
}

static int take_over(int chan)
{
	char byte;
	int fd = -1;
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; }
		control;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	                      .msg_control = control.bytes,
	                      .msg_controllen = sizeof(control.bytes) };

	if (recvmsg(chan, &msg, MSG_CMSG_CLOEXEC) < 0 || !CMSG_FIRSTHDR(&msg))
		_exit(1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* The receiver existed before the descriptor did. */
static void use_connection(int chan)
{
	int fd = take_over(chan);
	char buf[8];

	say_names(fd, "handed over");
	say("type %d, domain is 4 or 6: %s", get_int(fd, SOL_SOCKET, SO_TYPE),
	    get_int(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET ||
	    get_int(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6 ? "yes" : "no");
	say_rc(set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1), "KEEPALIVE");
	say("KEEPALIVE %d", get_int(fd, SOL_SOCKET, SO_KEEPALIVE));
	say_n(read(fd, buf, 4), "read");
	say_n(write(fd, "pong", 4), "write");
	_exit(0);
}

static void connection(const struct place *place)
{
	struct pair pair;
	int chan[2];
	char buf[16];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan) < 0)
		die("socketpair");
	pid = fork();
	if (pid == 0)
		use_connection(chan[1]);
	pair = pair_open(place);
	write_all(pair.far, "ping", 4);
	hand_over(chan[0], pair.near);
	close(pair.near);
	say_exit(pid, "receiver");
	say_n(recv(pair.far, buf, sizeof(buf), MSG_WAITALL),
	      "far reads to the end");
	close(pair.far);
	close(chan[0]);
	close(chan[1]);
}

/* A connection that is in the message alone, then nobody's. */
static void dropped(const struct place *place)
{
	struct pair pair = pair_open(place);
	int chan[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan) < 0)
		die("socketpair");
	hand_over(chan[0], pair.near);
	close(pair.near);
	say("in flight, far poll %s",
	    poll_text(poll_once(pair.far, POLLIN, ORACLE_QUIET_MS)));
	close(chan[0]);
	close(chan[1]);
	say_poll(pair.far, POLLIN | POLLRDHUP, "lost, far");
	close(pair.far);
}

static void use_listener(int chan)
{
	struct addr from = { .len = sizeof(from.storage) };
	int listener = take_over(chan), conn;

	say("ACCEPTCONN %d", get_int(listener, SOL_SOCKET, SO_ACCEPTCONN));
	say_names(listener, "listener");
	conn = accept(listener, &from.sa, &from.len);
	say("accepted from %s", addr_text(&from, from.len));
	write_all(conn, "welcome", 7);
	_exit(0);
}

/* A privileged helper binds, the other process listens and accepts. */
static void listener(const struct place *place)
{
	int chan[2], fd, client;
	struct addr addr;
	char buf[16];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan) < 0)
		die("socketpair");
	pid = fork();
	if (pid == 0)
		use_listener(chan[1]);
	fd = listener_open(place->near_ip, &addr);
	client = far_socket(place, SOCK_STREAM);
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	hand_over(chan[0], fd);
	close(fd);
	say_n(recv(client, buf, sizeof(buf), MSG_WAITALL), "client reads");
	say_exit(pid, "receiver");
	close(client);
	close(chan[0]);
	close(chan[1]);
}

int main(void)
{
	oracle_start();
	each_place(connection);
	each_place(dropped);
	each_source(listener);
	return 0;
}
