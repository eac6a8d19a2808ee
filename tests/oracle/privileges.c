/* SPDX-License-Identifier: MIT */
/* chroot, another user, no more descriptors: what a daemon does to itself. */
#include <grp.h>
#include <sys/resource.h>

#include "tests/oracle/oracle.h"

#define NOBODY 65534

static char root[] = "/tmp/oracle-root.XXXXXX"; /* an empty directory */

static void use_sockets(int conn)
{
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	say_rc(accept(listener, NULL, NULL), "accept");
	say_names(conn, "kept");
	say_rc(set_int(conn, IPPROTO_TCP, TCP_NODELAY, 1), "NODELAY");
	say("NODELAY %d", get_int(conn, IPPROTO_TCP, TCP_NODELAY));
	say_n(write(conn, "on", 2), "write");
}

static void in_child(const struct place *place, void (*fn)(int conn),
                     const char *label)
{
	struct pair pair = pair_open(place);
	pid_t pid = fork();
	char buf[16];

	if (pid == 0) {
		close(pair.far);
		fn(pair.near);
		_exit(0);
	}
	close(pair.near);
	say_exit(pid, label);
	say_n(recv(pair.far, buf, sizeof(buf), MSG_WAITALL),
	      "far reads to the end");
	close(pair.far);
}

static void in_chroot(int conn)
{
	if (chroot(root) < 0 || chdir("/") < 0)
		die("chroot");
	use_sockets(conn);
}

static void as_nobody(int conn)
{
	struct addr addr = addr_of(OWN4, 722);
	int fd;

	if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		die("setuid");
	use_sockets(conn);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	say_rc(bind(fd, &addr.sa, addr.len), "a privileged port as nobody");
}

static void in_chroot_as_nobody(int conn)
{
	if (chroot(root) < 0 || chdir("/") < 0)
		die("chroot");
	as_nobody(conn);
}

/* Out of descriptors: EMFILE, and afterwards all is well. */
static void out_of_descriptors(int conn)
{
	struct rlimit limit, few = { 12, 0 };
	int fds[16], count = 0, listener;
	struct addr addr;
	int client = socket(AF_INET, SOCK_STREAM, 0);

	listener = listener_open("127.0.0.1", &addr);
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	getrlimit(RLIMIT_NOFILE, &limit);
	few.rlim_max = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	while (count < 16 && (fds[count] = dup(0)) >= 0)
		count++;
	say_rc(socket(AF_INET, SOCK_STREAM, 0), "socket at the limit");
	poll_until(listener, POLLIN);
	say_rc(accept(listener, NULL, NULL), "accept at the limit");
	say_poll(listener, POLLIN, "still waiting");
	say_names(conn, "kept");
	say_rc(set_int(conn, IPPROTO_TCP, TCP_NODELAY, 1), "NODELAY");
	while (count)
		close(fds[--count]);
	say_rc(accept(listener, NULL, NULL), "accept afterwards");
	setrlimit(RLIMIT_NOFILE, &limit);
	say_rc(socket(AF_INET, SOCK_STREAM, 0), "socket afterwards");
	say_n(write(conn, "on", 2), "write");
}

static void all_ways(const struct place *place)
{
	in_child(place, in_chroot, "chroot");
	in_child(place, as_nobody, "nobody");
	in_child(place, in_chroot_as_nobody, "chroot and nobody");
	in_child(place, out_of_descriptors, "out of descriptors");
}

int main(void)
{
	oracle_start();
	if (!mkdtemp(root))
		die("%s", root);
	each_place(all_ways);
	return rmdir(root) != 0;
}
