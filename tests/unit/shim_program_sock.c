/* SPDX-License-Identifier: MIT */
/* TCP through the preloaded library, against the scripted service. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "tests/unit/shim_program.h"

struct sockaddr_in program_addr(const char *text, int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, text, &sin.sin_addr);
	return sin;
}

static int connect_to(int fd, int port)
{
	struct sockaddr_in sin = program_addr("192.0.2.9", port);

	return connect(fd, (struct sockaddr *)&sin, sizeof(sin));
}

static int stream(void)
{
	int failures = 0;
	struct sockaddr_storage addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)&addr;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[16] = "";

	errno = 77;
	EXPECT(fd >= 0 && fd < 10);
	EXPECT(getpeername(fd, (struct sockaddr *)&addr, &len) == -1 &&
	       errno == ENOTCONN);
	errno = 77;
	EXPECT(connect_to(fd, 80) == 0 && errno == 77);
	EXPECT_ERRNO(connect_to(fd, 80), EISCONN);
	len = sizeof(addr);
	EXPECT(getpeername(fd, (struct sockaddr *)&addr, &len) == 0);
	EXPECT(len == sizeof(*sin) && sin->sin_family == AF_INET &&
	       sin->sin_port == htons(80));
	len = 2; /* cut, and the whole length told */
	memset(&addr, 0xee, sizeof(addr));
	EXPECT(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
	EXPECT(len == sizeof(*sin) && sin->sin_family == AF_INET &&
	       sin->sin_port == 0xeeee);
	EXPECT(send(fd, "hello", 5, 0) == 5);
	len = sizeof(addr);
	EXPECT(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&addr,
	                &len) == 5 && len == 0);
	EXPECT(memcmp(buf, "hello", 5) == 0);
	EXPECT(sendto(fd, "again", 5, MSG_OOB | MSG_MORE,
	              (struct sockaddr *)&addr, sizeof(*sin)) == 5);
	EXPECT(recv(fd, NULL, 5, MSG_TRUNC) == 5);
	EXPECT_ERRNO(recv(fd, buf, 5, MSG_ERRQUEUE), EAGAIN);
	EXPECT_ERRNO(recv(fd, buf, 5, MSG_OOB), EINVAL);
	EXPECT_ERRNO(send(fd, "x", 1, MSG_FASTOPEN), EOPNOTSUPP);
	EXPECT_ERRNO(getpeername(fd, NULL, &len), EFAULT);
	EXPECT(shutdown(fd, SHUT_WR) == 0);
	EXPECT(read(fd, buf, sizeof(buf)) == 0);
	close(fd);
	return failures;
}

static int refusals(void)
{
	int failures = 0;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct sockaddr_in sin = program_addr("0.0.0.0", FAKE_PORT_REFUSED);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT_ERRNO(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	EXPECT_ERRNO(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EACCES);
	EXPECT_ERRNO(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM | 0x100, 0), EINVAL);
	EXPECT_ERRNO(bind(fd, (struct sockaddr *)&sin, sizeof(sin)),
	             EADDRINUSE);
	EXPECT_ERRNO(bind(fd, (struct sockaddr *)&sin, 7), EINVAL);
	EXPECT_ERRNO(bind(fd, NULL, sizeof(sin)), EFAULT);
	EXPECT_ERRNO(connect(fd, (struct sockaddr *)&sun, sizeof(sun)),
	             EAFNOSUPPORT);
	EXPECT_ERRNO(connect_to(fd, FAKE_PORT_REFUSED), ECONNREFUSED);
	/* As on Linux, the same socket may try again. */
	EXPECT_ERRNO(connect_to(fd, FAKE_PORT_REFUSED), ECONNREFUSED);
	EXPECT(connect_to(fd, 80) == 0 && send(fd, "x", 1, 0) == 1);
	EXPECT(fcntl(fd, F_GETFD) == 0);
	close(fd);
	/* What is not ours stays as it was. */
	EXPECT_ERRNO(getsockname(0, (struct sockaddr *)&sun,
	                         &(socklen_t){ sizeof(sun) }), ENOTSOCK);
	EXPECT_ERRNO(listen(0, 5), ENOTSOCK);
	EXPECT_ERRNO(connect_to(999, 80), EBADF);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "/nonexistent/x");
	EXPECT_ERRNO(connect(fd, (struct sockaddr *)&sun, sizeof(sun)),
	             ENOENT);
	close(fd);
	return failures;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarm_in_ms(int ms, int flags)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	struct itimerval timer = { .it_value.tv_usec = ms * 1000 };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int connect_waits(void)
{
	int failures = 0;
	struct timeval tv = { .tv_usec = 50000 };
	struct pollfd pfd = { .events = POLLOUT };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	EXPECT(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_ERRNO(connect_to(fd, FAKE_PORT_HANGS), EINPROGRESS);
	pfd.fd = fd;
	EXPECT(poll(&pfd, 1, 20) == 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == 0);
	EXPECT_ERRNO(connect_to(fd, FAKE_PORT_HANGS), EINPROGRESS);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_in_ms(50, 0);
	EXPECT_ERRNO(connect_to(fd, FAKE_PORT_HANGS), EINTR);
	close(fd);
	/* A handler with SA_RESTART does not end the wait; the limit does. */
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	alarm_in_ms(30, SA_RESTART);
	if (fork() == 0) {
		usleep(150000);
		shutdown(fd, SHUT_RDWR); /* ends it for both */
		_exit(0);
	}
	EXPECT(connect_to(fd, FAKE_PORT_HANGS) <= 0 && errno != EINTR);
	close(fd);
	return failures;
}

static int listener(void)
{
	int failures = 0;
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[8];
	int conn, on = 0;

	EXPECT_ERRNO(accept(fd, NULL, NULL), EINVAL);
	EXPECT(listen(fd, 5) == 0);
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on,
	                  &(socklen_t){ sizeof(on) }) == 0 && on == 1);
	EXPECT_ERRNO(ioctl(fd, FIONREAD, &on), EINVAL);
	EXPECT_ERRNO(accept4(fd, NULL, NULL, 0x40), EINVAL);
	/* No descriptor free: the connection goes on waiting. */
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4, 1024 });
	EXPECT_ERRNO(accept(fd, NULL, NULL), EMFILE);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1024, 1024 });
	conn = accept4(fd, (struct sockaddr *)&peer, &len,
	               SOCK_NONBLOCK | SOCK_CLOEXEC);
	EXPECT(conn >= 0 && len == sizeof(peer));
	EXPECT(peer.sin_family == AF_INET &&
	       peer.sin_port == htons(FAKE_PEER_PORT));
	EXPECT(fcntl(conn, F_GETFD) == FD_CLOEXEC);
	EXPECT(fcntl(conn, F_GETFL) & O_NONBLOCK);
	EXPECT(fcntl(fd, F_GETFD) == 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	EXPECT_ERRNO(read(conn, buf, sizeof(buf)), EAGAIN);
	/* The connection's names need no service, on any number. */
	dup2(conn, 0);
	len = sizeof(peer);
	EXPECT(getpeername(0, (struct sockaddr *)&peer, &len) == 0 &&
	       peer.sin_port == htons(FAKE_PEER_PORT));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(accept(fd, NULL, NULL), EAGAIN);
	EXPECT(shutdown(fd, SHUT_RDWR) == 0);
	EXPECT_ERRNO(accept(fd, NULL, NULL), EINVAL);
	return failures;
}

static int options(void)
{
	int failures = 0;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct linger linger = { 1, 5 };
	struct { pid_t pid; uid_t uid; gid_t gid; } cred;
	socklen_t len = sizeof(int);
	char one;
	int val = 1;

	EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &val, sizeof(val)) == 0);
	val = 0;
	EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &val, &len) == 0);
	EXPECT(val == 1 && len == sizeof(int));
	EXPECT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
	                  sizeof(linger)) == 0);
	EXPECT_ERRNO(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &val,
	                        sizeof(val)), EOPNOTSUPP);
	EXPECT_ERRNO(getsockopt(fd, IPPROTO_TCP, 199, &val, &len),
	             ENOPROTOOPT);
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &val, &len) == 0 &&
	       val == AF_INET6);
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_TYPE, &val, &len) == 0 &&
	       val == SOCK_STREAM);
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &val, &len) == 0 &&
	       val == IPPROTO_TCP);
	len = 1;
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &one, &len) == 0 &&
	       one == IPPROTO_TCP && len == 1);
	len = sizeof(cred);
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       cred.pid == 0 && cred.uid == (uid_t)-1);
	EXPECT_ERRNO(getsockopt(fd, SOL_SOCKET, SO_TYPE, &val, NULL), EFAULT);
	EXPECT_ERRNO(setsockopt(fd, SOL_SOCKET, SO_LINGER, NULL, 8), EFAULT);
	EXPECT(ioctl(fd, SIOCOUTQ, &val) == 0 && val == 77);
	EXPECT(ioctl(fd, SIOCATMARK, &val) == 0 && val == 0);
	return failures;
}

static int answered(int fd)
{
	int count = -1;

	ioctl(fd, SIOCOUTQ, &count);
	return count;
}

static int set_int(int fd, int level, int opt, int val)
{
	return setsockopt(fd, level, opt, &val, sizeof(val));
}

/* Which options are waited for, and which are set by then in any case. */
static int quiet_options(void)
{
	int failures = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int dgram = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(int);
	int val = 0;

	EXPECT(connect_to(fd, 80) == 0);
	errno = 77;
	EXPECT(set_int(fd, IPPROTO_TCP, TCP_NODELAY, 7) == 0);
	EXPECT(set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1) == 0);
	EXPECT(set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 32767) == 0);
	EXPECT(errno == 77 && answered(fd) == 0);
	EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &val, &len) == 0 &&
	       val == 7);
	EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &val, &len) == 0 &&
	       val == 32767);
	/* The service may refuse these. */
	EXPECT(set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 32768) == 0);
	EXPECT(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
	EXPECT(set_int(dgram, SOL_SOCKET, SO_KEEPALIVE, 1) == 0);
	EXPECT(answered(fd) == 3);
	/* The first on a channel, then none: nothing waits in the pair. */
	for (int i = 0; i < 100; i++) {
		EXPECT(set_int(fd, IPPROTO_TCP, TCP_CORK, 1) == 0);
		EXPECT(set_int(fd, IPPROTO_TCP, TCP_CORK, 0) == 0);
	}
	EXPECT(answered(fd) == 4);
	/* Bytes under way: setting waits, clearing does not. */
	EXPECT(connect_to(dgram, 80) == 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	EXPECT_ERRNO(connect_to(fd, FAKE_PORT_HANGS), EINPROGRESS);
	EXPECT(set_int(fd, IPPROTO_TCP, TCP_CORK, 0) == 0);
	EXPECT(answered(fd) == 4);
	EXPECT(set_int(fd, IPPROTO_TCP, TCP_CORK, 1) == 0);
	EXPECT(answered(fd) == 5);
	/* More than a channel holds. */
	for (int i = 0; i < 3000; i++)
		EXPECT(set_int(fd, IPPROTO_TCP, TCP_QUICKACK, i) == 0);
	EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &val, &len) == 0 &&
	       val == 2999);
	/* A connection that has ended takes them as Linux's does. */
	EXPECT_ERRNO(connect_to(dgram = socket(AF_INET, SOCK_STREAM, 0),
	                        FAKE_PORT_REFUSED), ECONNREFUSED);
	EXPECT(set_int(dgram, IPPROTO_TCP, TCP_NODELAY, 1) == 0);
	return failures;
}

static volatile int signal_count;

static void on_pipe(int sig)
{
	(void)sig;
	signal_count++;
}

/* A connection that ended badly with nothing left to read. */
static int reset_is_told(void)
{
	int failures = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[8];

	signal(SIGPIPE, on_pipe);
	EXPECT(connect_to(fd, FAKE_PORT_RESETS) == 0);
	EXPECT_ERRNO(read(fd, buf, sizeof(buf)), ETIMEDOUT);
	EXPECT(read(fd, buf, 0) == 0);
	EXPECT(read(fd, buf, sizeof(buf)) == 0);
	close(fd);
	/* A send tells it too, before EPIPE and without a signal. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(connect_to(fd, FAKE_PORT_RESETS) == 0);
	EXPECT_ERRNO(send(fd, "x", 1, 0), ETIMEDOUT);
	EXPECT_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	EXPECT(signal_count == 0);
	EXPECT_ERRNO(send(fd, "x", 1, 0), EPIPE);
	EXPECT(signal_count == 1);
	close(fd);
	return failures;
}

static int by_number(void)
{
	int failures = 0;
	struct sockaddr_in sin = program_addr("192.0.2.9", 80);
	socklen_t len = sizeof(sin);
	char buf[4];
	int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	EXPECT(syscall(SYS_connect, fd, &sin, sizeof(sin)) == 0);
	EXPECT(syscall(SYS_getpeername, fd, &sin, &len) == 0 &&
	       sin.sin_family == AF_INET);
	EXPECT(syscall(SYS_sendto, fd, "abc", 3, 0, NULL, 0) == 3);
	EXPECT(syscall(SYS_recvfrom, fd, buf, 4, 0, NULL, NULL) == 3);
	EXPECT(syscall(SYS_getpid) == getpid());
	EXPECT_ERRNO(syscall(SYS_close, 999), EBADF);
	EXPECT_ERRNO(syscall(100000), ENOSYS);
	return failures;
}

const struct shim_program shim_programs_sock[] = {
	{ "stream", FAKE_FAULT_NONE, stream },
	{ "refusals", FAKE_FAULT_NONE, refusals },
	{ "connect_waits", FAKE_FAULT_NONE, connect_waits },
	{ "listener", FAKE_FAULT_NONE, listener },
	{ "options", FAKE_FAULT_NONE, options },
	{ "quiet_options", FAKE_FAULT_QUIET, quiet_options },
	{ "reset_is_told", FAKE_FAULT_NONE, reset_is_told },
	{ "by_number", FAKE_FAULT_NONE, by_number },
	{ NULL, 0, NULL }
};
