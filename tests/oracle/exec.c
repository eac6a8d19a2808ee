/* SPDX-License-Identifier: MIT */
/* Connections and listeners inherited over exec, and new sockets after it. */
#include <spawn.h>

#include "tests/oracle/oracle.h"

extern char **environ;

/* The second life of this program: descriptor 5 is a connection, 6 a listener
 * or closed. argv[1] is the place's name.
 */
static int after_exec(const char *name)
{
	char buf[16];
	int fd;

	for (size_t i = 0; i < ARRAY_COUNT(places); i++)
		if (!strcmp(places[i].name, name))
			say_prefix = places[i].name;
	say_names(5, "inherited");
	say("type %d", get_int(5, SOL_SOCKET, SO_TYPE));
	say_rc(set_int(5, IPPROTO_TCP, TCP_NODELAY, 1), "NODELAY");
	say_n(read(5, buf, 4), "read");
	say_n(write(5, "pong", 4), "write");
	say_names(6, "listener");
	fd = accept(6, NULL, NULL);
	say_rc(fd, "accept");
	say_names(fd, "accepted");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	say_rc(fd, "socket");
	bind_to(fd, OWN4, 0);
	say_names(fd, "a new one");
	return 0;
}

enum way {
	WAY_INVALID = 0,
	WAY_EXEC,
	WAY_EXEC_BARE,   /* with an empty environment */
	WAY_VFORK,
	WAY_SPAWN,
};

static pid_t start(enum way way, const char *name)
{
	char *argv[] = { "/proc/self/exe", (char *)(uintptr_t)name, NULL };
	char *bare[] = { NULL };
	pid_t pid = -1;

	switch (way) {
	case WAY_SPAWN:
		if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv,
		                environ))
			return -1;
		return pid;
	case WAY_VFORK:
		pid = vfork();
		if (pid == 0) {
			execv(argv[0], argv);
			_exit(127);
		}
		return pid;
	default:
		pid = fork();
		if (pid == 0) {
			execve(argv[0], argv,
			       way == WAY_EXEC_BARE ? bare : environ);
			_exit(127);
		}
		return pid;
	}
}

static void exec_by(const struct place *place, enum way way)
{
	struct pair pair = pair_open(place);
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	int client = far_socket(place, SOCK_STREAM);
	char buf[8];
	pid_t pid;

	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	write_all(pair.far, "ping", 4);
	dup2(pair.near, 205);
	dup2(listener, 206);
	close(pair.near);
	close(listener);
	/* Only what is at 5 and 6 goes over: the rest is close-on-exec. */
	dup2(205, 5);
	dup2(206, 6);
	close(205);
	close(206);
	pid = start(way, place->name);
	say_exit(pid, "program");
	close(5);
	close(6);
	say_n(recv(pair.far, buf, sizeof(buf), MSG_WAITALL),
	      "far reads to the end");
	say_n(read(client, buf, sizeof(buf)), "the client reads");
	close(client);
	close(pair.far);
}

static void exec_all(const struct place *place)
{
	exec_by(place, WAY_EXEC);
	exec_by(place, WAY_EXEC_BARE);
	exec_by(place, WAY_VFORK);
	exec_by(place, WAY_SPAWN);
}

/* What is close-on-exec is gone, and its far end told. */
static void closed_by_exec(const struct place *place)
{
	struct pair pair = pair_open(place);
	pid_t pid;

	fcntl(pair.far, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		char *argv[] = { "/bin/cat", NULL };
		int gate[2];

		/* cat reads from a pipe that stays open: it does not end. */
		if (pipe(gate) < 0)
			_exit(1);
		dup2(gate[0], 0);
		fcntl(pair.near, F_SETFD, FD_CLOEXEC);
		execv(argv[0], argv);
		_exit(127);
	}
	close(pair.near);
	say_poll(pair.far, POLLRDHUP, "close-on-exec, far");
	kill(pid, SIGKILL);
	say_exit(pid, "cat");
	close(pair.far);
}

int main(int argc, char **argv)
{
	/* 5 and 6 must be free for what is inherited. */
	if (argc > 1)
		return after_exec(argv[1]);
	oracle_start();
	for (int fd = 3; fd < 10; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			dup2(2, fd);
	for (int fd = 3; fd < 10; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	each_place(exec_all);
	each_place(closed_by_exec);
	return 0;
}
