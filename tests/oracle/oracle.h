/* SPDX-License-Identifier: MIT */
/* What the oracle programs share: printing observations, places, pairs.
 *
 * Theory of operation
 *
 * An oracle program makes socket calls and prints what it saw, one line an
 * observation. It runs once on the kernel's stack and once through netcond, and
 * the two transcripts must be equal. So a line never holds what may differ from
 * run to run: errors are names, ephemeral ports are the word "ephemeral", times
 * are classes, and there are no descriptors and no process ids.
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

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ORACLE_PROGRAM_S 15    /* a program that takes longer hangs */
#define ORACLE_WAIT_MS 3000    /* the longest wait for an event */
#define ORACLE_QUIET_MS 60     /* long enough to believe that none comes */
#define PORT_EPHEMERAL_MIN 32768
#define PEER_SOCKET_ENV "ORACLE_PEER"

#define OWN4 "10.107.0.2"
#define OWN6 "fd07:6e65:7463::2"
#define PEER4 "10.107.0.1"
#define PEER6 "fd07:6e65:7463::1"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What each line starts with: the place or the case at hand; NULL: nothing. */
static const char *say_prefix;

/* ---- Printing ---- */

static inline const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "0";

	return name ? name : "unknown errno";
}

static inline void say_line(const char *tail, const char *fmt, va_list args)
{
	char line[1024];
	int len = 0;

	if (say_prefix)
		len = snprintf(line, sizeof(line), "%s: ", say_prefix);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, fmt, args);
	dprintf(STDOUT_FILENO, "%s%s\n", line, tail);
}

/* One line of the transcript. */
__attribute__((format(printf, 1, 2)))
static inline void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_line("", fmt, args);
	va_end(args);
}

/* A call's result where success has no value of interest. Keeps errno. */
__attribute__((format(printf, 2, 3)))
static inline void say_rc(long rc, const char *fmt, ...)
{
	char tail[64];
	int error = errno;
	va_list args;

	snprintf(tail, sizeof(tail), ": %s", rc < 0 ? error_name(error) : "ok");
	va_start(args, fmt);
	say_line(tail, fmt, args);
	va_end(args);
	errno = error;
}

/* A call's result where success is a count. Keeps errno. */
__attribute__((format(printf, 2, 3)))
static inline void say_n(long n, const char *fmt, ...)
{
	char tail[64];
	int error = errno;
	va_list args;

	if (n < 0)
		snprintf(tail, sizeof(tail), ": %s", error_name(error));
	else
		snprintf(tail, sizeof(tail), ": %ld", n);
	va_start(args, fmt);
	say_line(tail, fmt, args);
	va_end(args);
	errno = error;
}

/* The set-up itself failed: the transcript cannot go on. */
__attribute__((format(printf, 1, 2), noreturn))
static inline void die(const char *fmt, ...)
{
	char tail[64];
	va_list args;

	snprintf(tail, sizeof(tail), ": cannot go on: %s", error_name(errno));
	va_start(args, fmt);
	say_line(tail, fmt, args);
	va_end(args);
	_exit(1);
}

static inline void oracle_start(void)
{
	signal(SIGPIPE, SIG_IGN);
	alarm(ORACLE_PROGRAM_S);
}

/* A buffer for one text, good until eight more are asked for. */
static inline char *text_buf(size_t *len)
{
	static char bufs[8][160];
	static unsigned next;

	*len = sizeof(bufs[0]);
	return bufs[next++ % ARRAY_COUNT(bufs)];
}

/* A set of bits by name, joined with |; "-" for none. */
struct bit_name {
	unsigned bit;     /* 0: the end */
	const char *name;
};

static inline const char *bits_text(const struct bit_name *names, unsigned bits)
{
	size_t room, len = 0;
	char *buf = text_buf(&room);

	buf[0] = '\0';
	for (; names->bit; names++) {
		if (!(bits & names->bit))
			continue;
		len += (size_t)snprintf(buf + len, room - len, "%s%s",
		                        len ? "|" : "", names->name);
		bits &= ~names->bit;
	}
	if (bits)
		snprintf(buf + len, room - len, "|0x%x", bits);
	return buf[0] ? buf : "-";
}

static const struct bit_name poll_names[] = {
	{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" },
	{ POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLNVAL, "NVAL" },
	{ POLLRDHUP, "RDHUP" }, { 0, NULL },
};

static inline const char *poll_text(unsigned events)
{
	return bits_text(poll_names, events);
}

static const struct bit_name epoll_names[] = {
	{ EPOLLIN, "IN" }, { EPOLLPRI, "PRI" }, { EPOLLOUT, "OUT" },
	{ EPOLLERR, "ERR" }, { EPOLLHUP, "HUP" }, { EPOLLRDHUP, "RDHUP" },
	{ 0, NULL },
};

static inline const char *epoll_text(unsigned events)
{
	return bits_text(epoll_names, events);
}

static inline const char *port_text(unsigned port)
{
	size_t room;
	char *buf = text_buf(&room);

	if (port >= PORT_EPHEMERAL_MIN)
		return "ephemeral";
	snprintf(buf, room, "%u", port);
	return buf;
}

/* An address of len bytes as the kernel gave it. */
static inline const char *addr_text(const void *addr, socklen_t len)
{
	const struct sockaddr_in *in = addr;
	const struct sockaddr_in6 *in6 = addr;
	char ip[INET6_ADDRSTRLEN];
	size_t room;
	char *buf = text_buf(&room);

	if (len < sizeof(sa_family_t))
		snprintf(buf, room, "none (len %u)", len);
	else if (in->sin_family == AF_INET && len >= sizeof(*in))
		snprintf(buf, room, "%s port %s",
		         inet_ntop(AF_INET, &in->sin_addr, ip, sizeof(ip)),
		         port_text(ntohs(in->sin_port)));
	else if (in->sin_family == AF_INET6 && len >= sizeof(*in6))
		snprintf(buf, room, "[%s] port %s",
		         inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof(ip)),
		         port_text(ntohs(in6->sin6_port)));
	else
		snprintf(buf, room, "family %u len %u", in->sin_family, len);
	return buf;
}

/* ---- Addresses ---- */

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
	socklen_t len; /* bytes used of the union */
};

/* A numeric IPv4 or IPv6 address with a port in host order. */
static inline struct addr addr_of(const char *ip, unsigned port)
{
	struct addr addr = { .len = 0 };

	if (strchr(ip, ':')) {
		addr.in6.sin6_family = AF_INET6;
		addr.in6.sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, ip, &addr.in6.sin6_addr);
		addr.len = sizeof(addr.in6);
	} else {
		addr.in.sin_family = AF_INET;
		addr.in.sin_port = htons((uint16_t)port);
		inet_pton(AF_INET, ip, &addr.in.sin_addr);
		addr.len = sizeof(addr.in);
	}
	return addr;
}

static inline unsigned addr_port(const struct addr *addr)
{
	return ntohs(addr->in.sin_port); /* at the same place in both */
}

static inline void addr_set_port(struct addr *addr, unsigned port)
{
	addr->in.sin_port = htons((uint16_t)port);
}

static inline struct addr sock_name(int fd)
{
	struct addr addr = { .len = sizeof(addr.storage) };

	if (getsockname(fd, &addr.sa, &addr.len) < 0)
		die("getsockname");
	return addr;
}

/* Print what getsockname and getpeername say. */
static inline void say_names(int fd, const char *label)
{
	struct addr addr = { .len = sizeof(addr.storage) };

	if (getsockname(fd, &addr.sa, &addr.len) < 0)
		say("%s: sockname %s", label, error_name(errno));
	else
		say("%s: sockname %s", label, addr_text(&addr, addr.len));
	addr.len = sizeof(addr.storage);
	if (getpeername(fd, &addr.sa, &addr.len) < 0)
		say("%s: peername %s", label, error_name(errno));
	else
		say("%s: peername %s", label, addr_text(&addr, addr.len));
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

/* Wait until a thread or process is blocked in the kernel. */
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
		if (fd >= 0) {
			if (read(fd, stat, sizeof(stat) - 1) < 0)
				stat[0] = '\0';
			close(fd);
		}
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
