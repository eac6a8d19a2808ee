/* SPDX-License-Identifier: MIT */
/* getsockname and getpeername: on every kind of descriptor and at any time. */
#include "tests/oracle/oracle.h"

static void names_truncated(const struct place *place)
{
	static const socklen_t lens[] = { 0, 1, 2, 8, 16, 28, 128 };
	struct pair pair = pair_open(place);

	for (size_t i = 0; i < 2 * ARRAY_COUNT(lens); i++) {
		bool is_peer = i % 2;
		unsigned char buf[128];
		socklen_t len = lens[i / 2], used = 0;
		int rc;

		memset(buf, 0xee, sizeof(buf));
		rc = is_peer ?
			getpeername(pair.near, (struct sockaddr *)buf, &len) :
			getsockname(pair.near, (struct sockaddr *)buf, &len);
		for (socklen_t at = 0; at < sizeof(buf); at++)
			if (buf[at] != 0xee)
				used = at + 1;
		say_rc(rc, "%s, room %u, len %u, no byte past it: %s",
		       is_peer ? "peer" : "sock", lens[i / 2], len,
		       used <= lens[i / 2] ? "yes" : "no");
	}
	pair_close(&pair);
}

static void names_errors(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct addr addr;
	socklen_t len = (socklen_t)-1;

	say_rc(getsockname(pair.near, &addr.sa, &len), "sock, negative len");
	len = (socklen_t)-1;
	say_rc(getpeername(pair.near, &addr.sa, &len), "peer, negative len");
	len = sizeof(addr.storage);
	say_rc(getsockname(pair.near, NULL, &len), "sock, no address");
	say_rc(getsockname(-1, &addr.sa, &len), "sock of -1");
	say_rc(getpeername(-1, &addr.sa, &len), "peer of -1");
	pair_close(&pair);
	say_rc(getsockname(pair.near, &addr.sa, &len), "sock of closed");
	say_rc(getpeername(pair.near, &addr.sa, &len), "peer of closed");
}

static void names_of_others(void)
{
	struct addr addr = { .len = sizeof(addr.storage) };
	int fds[2];

	if (pipe(fds) < 0)
		die("pipe");
	say_rc(getsockname(fds[0], &addr.sa, &addr.len), "sock of a pipe");
	say_rc(getpeername(fds[0], &addr.sa, &addr.len), "peer of a pipe");
	close(fds[0]);
	close(fds[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		die("socketpair");
	say_names(fds[0], "socketpair");
	close(fds[0]);
	close(fds[1]);
}

/* Where servers started by a super-server have their connection. */
static void names_on_0(const struct place *place)
{
	struct pair pair = pair_open(place);
	int kept = dup(0), fd;

	dup2(pair.near, 0);
	close(pair.near);
	say_names(0, "on descriptor 0");
	say("type %d", get_int(0, SOL_SOCKET, SO_TYPE));
	fd = dup(0);
	say_names(fd, "dup");
	close(fd);
	fd = fcntl(0, F_DUPFD, 700);
	say_names(fd, "F_DUPFD");
	close(fd);
	fd = dup3(0, 900, O_CLOEXEC);
	say_names(fd, "dup3");
	close(fd);
	say_n(write(pair.far, "x", 1), "far writes");
	say_n(read(0, (char[4]){ 0 }, 4), "read from 0");
	dup2(kept, 0);
	close(kept);
	close(pair.far);
}

static void names_at_the_end(const struct place *place)
{
	struct pair pair = pair_open(place);

	shutdown(pair.near, SHUT_WR);
	say_names(pair.near, "after shutdown");
	close(pair.far);
	poll_until(pair.near, POLLHUP);
	say_names(pair.near, "after the far end closed too");
	close(pair.near);

	pair = pair_open(place);
	close(pair.far);
	poll_until(pair.near, POLLRDHUP);
	say_names(pair.near, "after the far end closed");
	close(pair.near);

	pair = pair_open(place);
	close_reset(pair.far);
	poll_until(pair.near, POLLHUP);
	say_names(pair.near, "after a reset");
	say_n(read(pair.near, (char[1]){ 0 }, 1), "read");
	say_names(pair.near, "after a reset was read");
	close(pair.near);
}

/* An IPv4 peer of an AF_INET6 socket. */
static void names_mapped(const char *ip, bool is_peer, const char *label)
{
	struct addr addr, to;
	int listener = is_peer ? peer_socket(AF_INET, SOCK_STREAM) :
		socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	char mapped[64];

	say_prefix = label;
	listen_on(listener, ip, &addr);
	snprintf(mapped, sizeof(mapped), "::ffff:%s", ip);
	to = addr_of(mapped, addr_port(&addr));
	say_rc(connect(fd, &to.sa, to.len), "connect");
	say_names(fd, "mapped");
	say("domain %d", get_int(fd, SOL_SOCKET, SO_DOMAIN));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	say_rc(connect(fd, &to.sa, to.len), "with V6ONLY");
	close(fd);
	close(listener);
}

int main(void)
{
	oracle_start();
	each_place(names_truncated);
	each_place(names_errors);
	names_of_others();
	each_place(names_on_0);
	each_place(names_at_the_end);
	names_mapped("127.0.0.1", false, "mapped loopback");
	names_mapped(OWN4, false, "mapped own");
	names_mapped(PEER4, true, "mapped peer");
	return 0;
}
