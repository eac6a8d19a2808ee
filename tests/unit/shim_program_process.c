/* SPDX-License-Identifier: MIT */
/* Forks, execs, threads and a service that fails, under the preloaded library.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/shim_program.h"
#include "tests/unit/unit.h"

#define THREAD_COUNT 12
#define ROUNDS 50

/* Does a socket come from the scripted service, not from the host? */
static int can_work(void)
{
	struct sockaddr_in own = { 0 };
	socklen_t len = sizeof(own);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int rc = getsockname(fd, (struct sockaddr *)&own, &len);

	close(fd);
	return fd >= 0 && rc == 0 &&
	       own.sin_addr.s_addr == inet_addr("192.0.2.2");
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

/* Children of two generations get channels of their own, without the path. */
static int fork_channels(void)
{
	volatile int failures = 0;
	pid_t pid;

	EXPECT(can_work());
	setenv("NETCOND_SOCKET", "/nonexistent/path", 1);
	pid = fork();
	if (pid == 0) {
		pid_t grandchild;

		EXPECT(can_work());
		grandchild = fork();
		if (grandchild == 0)
			_exit(!can_work());
		EXPECT(status_of(grandchild) == 0);
		EXPECT(can_work());
		_exit(failures);
	}
	EXPECT(can_work());
	EXPECT(status_of(pid) == 0);
	pid = vfork();
	if (pid == 0)
		_exit(!can_work());
	EXPECT(status_of(pid) == 0);
	EXPECT(can_work());
	return failures;
}

/* Parent and children at once: nobody takes another's reply, which would leave
 * that one waiting for seconds.
 */
static int fork_at_once(void)
{
	volatile int failures = 0;
	int64_t start = now_ms();
	pid_t pids[4];

	EXPECT(can_work());
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		for (int round = 0; round < ROUNDS; round++)
			EXPECT(can_work());
		_exit(failures);
	}
	for (int round = 0; round < ROUNDS; round++)
		EXPECT(can_work());
	for (int i = 0; i < 4; i++)
		EXPECT(status_of(pids[i]) == 0);
	EXPECT(now_ms() - start < 5000);
	return failures;
}

/* The program closes, and takes, every descriptor that it does not know. */
static int closed_channels(void)
{
	int failures = 0;
	int pair[2];
	char byte;

	EXPECT(can_work());
	closefrom(3);
	EXPECT(can_work());
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
	for (int fd = 9; fd < 1024; fd++)
		dup2(pair[0], fd);
	EXPECT(can_work());
	/* None of them was closed, nothing was sent into them. */
	for (int fd = 9; fd < 1024; fd++)
		EXPECT(fcntl(fd, F_GETFD) == 0);
	EXPECT_ERRNO(recv(pair[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
	return failures;
}

static void *thread_run(void *failed)
{
	for (int i = 0; i < ROUNDS; i++)
		if (!can_work())
			*(bool *)failed = true;
	return NULL;
}

static int threads(void)
{
	int failures = 0;
	unsigned before = unit_fd_count();
	pthread_t ids[THREAD_COUNT];
	bool is_failed = false;

	for (int i = 0; i < THREAD_COUNT; i++)
		pthread_create(&ids[i], NULL, thread_run, &is_failed);
	for (int i = 0; i < THREAD_COUNT; i++)
		pthread_join(ids[i], NULL);
	EXPECT(!is_failed);
	EXPECT(unit_fd_count() <= before + 8);
	return failures;
}

/* A child whose environment was made from nothing is intercepted too. */
static int exec_env(void)
{
	volatile int failures = 0;
	static char self[] = "/proc/self/exe", program[] = "program";
	static char works[] = "works", other[] = "LD_PRELOAD=libm.so.6";
	char *const argv[] = { self, program, works, NULL };
	char *const bare[] = { other, NULL };
	char *const none[] = { NULL };
	pid_t pid;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, none) == 0)
		EXPECT(status_of(pid) == 0);
	pid = vfork();
	if (pid == 0) {
		execve(argv[0], argv, bare);
		_exit(8);
	}
	EXPECT(status_of(pid) == 0);
	pid = fork();
	if (pid == 0) {
		execle(argv[0], argv[0], argv[1], argv[2], NULL, none);
		_exit(8);
	}
	EXPECT(status_of(pid) == 0);
	pid = fork();
	if (pid == 0) {
		clearenv();
		execl(argv[0], argv[0], argv[1], argv[2], NULL);
		_exit(8);
	}
	EXPECT(status_of(pid) == 0);
	return failures;
}

static int works(void)
{
	return !can_work();
}

/* Whatever a service does instead of answering: ENETDOWN, soon, no leak. */
static int broken_service(void)
{
	int failures = 0;
	unsigned before = unit_fd_count();
	struct timeval tv = { .tv_usec = 100000 };
	int64_t start = now_ms();

	/* The library's channels wait for ten seconds; let it be less. */
	for (int fd = 3; fd < 1024; fd++)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM, 0), ENETDOWN);
	EXPECT(now_ms() - start < 12000);
	EXPECT(unit_fd_count() <= before);
	return failures;
}

/* The service exits when asked for a socket: then at once, each time. */
static int dead_service(void)
{
	int failures = 0;
	int64_t start = now_ms();

	EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM, 0), ENETDOWN);
	EXPECT_ERRNO(socket(AF_INET6, SOCK_DGRAM, 0), ENETDOWN);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	EXPECT(now_ms() - start < 500);
	return failures;
}

/* Sockets of a service that was killed. argv of the test: its pid. */
static int orphans(void)
{
	int failures = 0;
	struct sockaddr_in sin = program_addr("192.0.2.9", 80);
	socklen_t len = sizeof(sin);
	pid_t service = atoi(getenv("TEST_SERVICE_PID"));
	int conn = socket(AF_INET, SOCK_STREAM, 0);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int dgram = socket(AF_INET, SOCK_DGRAM, 0);
	char buf[8];
	int err = 0;

	EXPECT(connect(conn, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	EXPECT(listen(listener, 5) == 0);
	close(accept(listener, NULL, NULL));
	kill(service, SIGKILL);
	poll(&(struct pollfd){ conn, POLLIN, 0 }, 1, 1000);
	EXPECT_ERRNO(read(conn, buf, sizeof(buf)), ECONNRESET);
	EXPECT_ERRNO(accept(listener, NULL, NULL), ENETDOWN);
	EXPECT_ERRNO(sendto(dgram, "x", 1, 0, (struct sockaddr *)&sin,
	                    sizeof(sin)), ENETDOWN);
	EXPECT_ERRNO(recv(dgram, buf, sizeof(buf), 0), ENETDOWN);
	EXPECT_ERRNO(getpeername(conn, (struct sockaddr *)&sin, &len),
	             ENOTCONN);
	EXPECT(getsockname(conn, (struct sockaddr *)&sin, &len) == 0 &&
	       sin.sin_family == AF_INET);
	len = sizeof(sin);
	EXPECT_ERRNO(getsockname(dgram, (struct sockaddr *)&sin, &len),
	             ENETDOWN);
	len = sizeof(err);
	EXPECT(getsockopt(conn, SOL_SOCKET, SO_ERROR, &err, &len) == 0);
	EXPECT(err == ECONNRESET);
	return failures;
}

const struct shim_program shim_programs_process[] = {
	{ "fork_channels", FAKE_FAULT_NONE, fork_channels },
	{ "fork_at_once", FAKE_FAULT_NONE, fork_at_once },
	{ "closed_channels", FAKE_FAULT_NONE, closed_channels },
	{ "threads", FAKE_FAULT_NONE, threads },
	{ "exec_env", FAKE_FAULT_NONE, exec_env },
	{ "works", FAKE_FAULT_NONE, works },
	{ "dead_service", FAKE_FAULT_DIES, dead_service },
	{ "silent_service", FAKE_FAULT_SILENT, broken_service },
	{ "garbage_reply", FAKE_FAULT_GARBAGE, broken_service },
	{ "wrong_id", FAKE_FAULT_WRONG_ID, broken_service },
	{ "short_reply", FAKE_FAULT_SHORT, broken_service },
	{ "orphans", FAKE_FAULT_NONE, orphans },
	{ NULL, 0, NULL }
};
