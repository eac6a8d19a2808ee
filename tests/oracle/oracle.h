/* SPDX-License-Identifier: MIT */
/* What the oracle programs share: places, pairs, waiting.
 *
 * Theory of operation
 *
 * An oracle program makes socket calls and prints what it saw, one line an
 * observation. It runs once on the kernel's stack and once through netcond, and
 * the two transcripts must be equal (say.h: how that can be).
 *
 * A place says where a connection runs: through the loopback or the program's
 * own address, both ends in the program; or to or from the peer. The peer's
 * sockets are real kernel sockets of another network namespace, which a small
 * daemon (peer.c) makes and hands over by SCM_RIGHTS. The program then holds
 * both ends in every place, near under test and far to drive it, and no subject
 * needs a protocol between the two sides.
 *
 * Nothing sleeps for a guess: poll_until() waits for the events that must come,
 * wait_asleep() until a thread or process is blocked in the kernel. An alarm
 * ends a program that hangs.
 */
#ifndef NETCOND_TESTS_ORACLE_ORACLE_H
#define NETCOND_TESTS_ORACLE_ORACLE_H

#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/oracle/say.h"

#define ORACLE_PROGRAM_S 15    /* a program that takes longer hangs */
#define ORACLE_WAIT_MS 3000    /* the longest wait for an event */
#define ORACLE_QUIET_MS 60     /* long enough to believe that none comes */
#define PEER_SOCKET_ENV "ORACLE_PEER"

#define OWN4 "10.107.0.2"
#define OWN6 "fd07:6e65:7463::2"
#define PEER4 "10.107.0.1"
#define PEER6 "fd07:6e65:7463::1"

static inline void oracle_start(void)
{
	signal(SIGPIPE, SIG_IGN);
	alarm(ORACLE_PROGRAM_S);
}

/* ---- Waiting ---- */

static inline int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Say whether the time since start_ms lies within [low_ms, high_ms]. */
static inline void say_took(int64_t start_ms, int low_ms, int high_ms,
                            const char *label)
{
	int64_t took_ms = now_ms() - start_ms;

	if (took_ms >= low_ms && took_ms <= high_ms)
		say("%s: within %d-%d ms", label, low_ms, high_ms);
	else
		say("%s: took %ld ms", label, (long)took_ms);
}

#define POLL_ALL (POLLIN | POLLPRI | POLLOUT | POLLRDHUP)

static inline unsigned poll_once(int fd, short events, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, timeout_ms) < 0 ? 0 : (unsigned)pfd.revents;
}

/* Wait until all of want are set (or the bound passed), and give what is. */
static inline unsigned poll_until(int fd, unsigned want)
{
	int64_t end_ms = now_ms() + ORACLE_WAIT_MS;
	unsigned events = poll_once(fd, POLL_ALL, 0);

	while ((events & want) != want && now_ms() < end_ms) {
		/* Only what is missing may wake us. */
		poll_once(fd, (short)(want & ~events), events ? 1 : 20);
		events = poll_once(fd, POLL_ALL, 0);
	}
	return events;
}

/* Wait for want, then print every event that is set. */
static inline void say_poll(int fd, unsigned want, const char *label)
{
	say("%s: poll %s", label, poll_text(poll_until(fd, want)));
}

/* Wait until a thread or process is blocked in the kernel, or gone. */
static inline void wait_asleep(pid_t tid)
{
	int64_t end_ms = now_ms() + ORACLE_WAIT_MS;
	struct timespec pause = { .tv_nsec = 2000000 };
	int asleep_count = 0;

	while (asleep_count < 4 && now_ms() < end_ms) {
		char path[64], stat[512] = "";
		const char *state;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/stat", tid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (read(fd, stat, sizeof(stat) - 1) < 0)
			stat[0] = '\0';
		close(fd);
		state = strrchr(stat, ')');
		asleep_count = state && state[1] && state[2] == 'S' ?
			asleep_count + 1 : 0;
		nanosleep(&pause, NULL);
	}
}

/* ---- Sockets ---- */

/* A socket of the peer's namespace, handed over by its daemon. */
static inline int peer_socket(int domain, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = getenv(PEER_SOCKET_ENV);
	int request[2] = { domain, type }, fd = -1;
	int chan = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { request, sizeof(request) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	                      .msg_control = control,
	                      .msg_controllen = sizeof(control) };

	if (!path)
		die("%s is not set", PEER_SOCKET_ENV);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (connect(chan, (struct sockaddr *)&un, sizeof(un)) < 0)
		die("the peer's daemon");
	if (send(chan, request, sizeof(request), 0) < 0 ||
	    recvmsg(chan, &msg, MSG_CMSG_CLOEXEC) < 0 || !CMSG_FIRSTHDR(&msg))
		die("a socket of the peer");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	/* Its end says that the daemon's own copy is closed. */
	if (recv(chan, request, sizeof(request), 0) != 0)
		die("the peer's daemon at the end");
	close(chan);
	return fd;
}

static inline void bind_to(int fd, const char *ip, unsigned port)
{
	struct addr addr = addr_of(ip, port);

	if (bind(fd, &addr.sa, addr.len) < 0)
		die("bind to %s", ip);
}

/* Make fd a listener on an ephemeral port of ip; *addr is where it listens. */
static inline void listen_on(int fd, const char *ip, struct addr *addr)
{
	bind_to(fd, ip, 0);
	if (listen(fd, 64) < 0)
		die("listen on %s", ip);
	*addr = sock_name(fd);
}

/* A listener of the program on an ephemeral port of ip. */
static inline int listener_open(const char *ip, struct addr *addr)
{
	int fd = socket(strchr(ip, ':') ? AF_INET6 : AF_INET,
	                SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	listen_on(fd, ip, addr);
	return fd;
}

/* Where a connection runs. */
struct place {
	const char *name;
	int family;
	const char *near_ip, *far_ip;
	bool is_peer;    /* the far end is a socket of the peer's namespace */
	bool is_accepted;/* the near end is the accepted one */
};

static const struct place places[] = {
	{ "lo4", AF_INET, "127.0.0.1", "127.0.0.1", false, false },
	{ "lo6", AF_INET6, "::1", "::1", false, true },
	{ "own4", AF_INET, OWN4, OWN4, false, true },
	{ "own6", AF_INET6, OWN6, OWN6, false, false },
	{ "to4", AF_INET, OWN4, PEER4, true, false },
	{ "to6", AF_INET6, OWN6, PEER6, true, false },
	{ "from4", AF_INET, OWN4, PEER4, true, true },
	{ "from6", AF_INET6, OWN6, PEER6, true, true },
};

static inline int near_socket(const struct place *place, int type)
{
	int fd = socket(place->family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

static inline int far_socket(const struct place *place, int type)
{
	return place->is_peer ? peer_socket(place->family, type) :
		near_socket(place, type);
}

/* Two ends of one TCP connection. */
struct pair {
	int near; /* under test */
	int far;  /* drives it */
};

static inline struct pair pair_open(const struct place *place)
{
	struct pair pair;
	struct addr addr;
	int listener, conn;

	listener = place->is_accepted ? near_socket(place, SOCK_STREAM) :
		far_socket(place, SOCK_STREAM);
	conn = place->is_accepted ? far_socket(place, SOCK_STREAM) :
		near_socket(place, SOCK_STREAM);
	listen_on(listener, place->is_accepted ? place->near_ip : place->far_ip,
	          &addr);
	if (connect(conn, &addr.sa, addr.len) < 0)
		die("connect to %s", addr_text(&addr, addr.len));
	pair.near = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	pair.far = conn;
	if (pair.near < 0)
		die("accept");
	close(listener);
	if (!place->is_accepted)
		pair = (struct pair){ .near = pair.far, .far = pair.near };
	return pair;
}

static inline void pair_close(const struct pair *pair)
{
	close(pair->near);
	close(pair->far);
}

/* Run fn in every place, with the place's name before each line. */
static inline void each_place(void (*fn)(const struct place *place))
{
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		say_prefix = places[i].name;
		fn(&places[i]);
	}
	say_prefix = NULL;
}

/* The same for subjects where the near end always connects: once a target. */
static inline void each_target(void (*fn)(const struct place *place))
{
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		if (places[i].is_peer && places[i].is_accepted)
			continue;
		say_prefix = places[i].name;
		fn(&places[i]);
	}
	say_prefix = NULL;
}

/* The same for subjects where the near end always accepts: once a source. */
static inline void each_source(void (*fn)(const struct place *place))
{
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		if (places[i].is_peer && !places[i].is_accepted)
			continue;
		say_prefix = places[i].name;
		fn(&places[i]);
	}
	say_prefix = NULL;
}

static inline void set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static inline int get_int(int fd, int level, int name)
{
	int val = -1;
	socklen_t len = sizeof(val);

	return getsockopt(fd, level, name, &val, &len) < 0 ? -errno : val;
}

static inline int set_int(int fd, int level, int name, int val)
{
	return setsockopt(fd, level, name, &val, sizeof(val));
}

static inline void say_so_error(int fd, const char *label)
{
	int error = get_int(fd, SOL_SOCKET, SO_ERROR);

	say("%s: SO_ERROR %s", label, error < 0 ? error_name(-error) :
	    error_name(error));
}

/* Close with a reset. */
static inline void close_reset(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* Write all of len bytes. Return: 0 or -1 with errno. */
static inline int write_all(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Read until len bytes are there or the stream ends. Return: bytes or -1. */
static inline ssize_t read_all(int fd, void *data, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, (char *)data + got, len - got);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* ---- Children ---- */

static inline void say_exit(pid_t pid, const char *label)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		say("%s: waitpid %s", label, error_name(errno));
	else if (WIFEXITED(status))
		say("%s: exit %d", label, WEXITSTATUS(status));
	else
		say("%s: killed by SIG%s", label,
		    sigabbrev_np(WTERMSIG(status)));
}

#endif
