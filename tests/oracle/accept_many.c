/* SPDX-License-Identifier: MIT */
/* accept: several takers at one listener, and one that is disturbed. */
#include <sys/syscall.h>

#include "tests/oracle/oracle.h"

#define TAKER_COUNT 4
#define CONN_COUNT 40

/* A blocked call in a thread of its own. */
struct blocked {
	pthread_t thread;
	int fd;
	int error;       /* errno of the call, 0 when it succeeded */
	int result;
	pid_t tid;       /* written by the thread; 0: not yet */
};

static void *blocked_accept(void *arg)
{
	struct blocked *blocked = arg;

	__atomic_store_n(&blocked->tid, (pid_t)gettid(), __ATOMIC_RELEASE);
	blocked->result = accept(blocked->fd, NULL, NULL);
	blocked->error = blocked->result < 0 ? errno : 0;
	return NULL;
}

static void blocked_start(struct blocked *blocked, int fd)
{
	blocked->fd = fd;
	blocked->tid = 0;
	pthread_create(&blocked->thread, NULL, blocked_accept, blocked);
	while (!__atomic_load_n(&blocked->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	wait_asleep(blocked->tid);
}

static int client_open(const struct place *place, const struct addr *addr)
{
	int fd = far_socket(place, SOCK_STREAM);

	if (connect(fd, &addr->sa, addr->len) < 0)
		die("connect");
	return fd;
}

/* Each child takes until it reads the word to stop; answers what it got. */
static void taker(int listener)
{
	for (;;) {
		int conn = accept(listener, NULL, NULL);
		char byte = 0;

		if (conn < 0 || read(conn, &byte, 1) != 1)
			_exit(1);
		if (byte == 'q')
			_exit(0);
		byte = (char)(byte + 1);
		if (write(conn, &byte, 1) != 1)
			_exit(2);
		close(conn);
	}
}

static void forked_takers(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	pid_t pids[TAKER_COUNT];
	int good_count = 0;

	for (int i = 0; i < TAKER_COUNT; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			alarm(ORACLE_PROGRAM_S);
			taker(listener);
		}
	}
	for (int i = 0; i < CONN_COUNT; i++) {
		int fd = client_open(place, &addr);
		char byte = 'a';

		if (write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1)
			good_count += byte == 'b';
		close(fd);
	}
	say("%d of %d answered by %d takers", good_count, CONN_COUNT,
	    TAKER_COUNT);
	for (int i = 0; i < TAKER_COUNT; i++) {
		int fd = client_open(place, &addr);

		write_all(fd, "q", 1);
		read_all(fd, (char[1]){ 0 }, 1);
		close(fd);
	}
	for (int i = 0; i < TAKER_COUNT; i++)
		say_exit(pids[i], "taker");
	close(listener);
}

static void woken_by_client(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr), client;
	struct blocked blocked;

	blocked_start(&blocked, listener);
	client = client_open(place, &addr);
	pthread_join(blocked.thread, NULL);
	say("blocked accept, a client comes: %s", error_name(blocked.error));
	close(blocked.result);
	close(client);
	close(listener);
}

static void woken_by_shutdown(int how, const char *label)
{
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr);
	struct blocked blocked;

	blocked_start(&blocked, listener);
	say_rc(shutdown(listener, how), "%s at a blocked accept", label);
	pthread_join(blocked.thread, NULL);
	say("blocked accept, %s: %s", label, error_name(blocked.error));
	close(listener);
}

/* The end of a listener may be noticed a little late. */
static bool is_refused(const struct addr *addr)
{
	int64_t end_ms = now_ms() + ORACLE_WAIT_MS;
	bool is_good = false;

	while (!is_good && now_ms() < end_ms) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		is_good = connect(fd, &addr->sa, addr->len) < 0 &&
			errno == ECONNREFUSED;
		close(fd);
	}
	return is_good;
}

/* A close does not wake the thread: it takes one more connection. */
static void closed_meanwhile(void)
{
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct blocked blocked;

	blocked_start(&blocked, listener);
	close(listener);
	say_rc(connect(client, &addr.sa, addr.len), "a client after close");
	pthread_join(blocked.thread, NULL);
	say("blocked accept, closed meanwhile: %s", error_name(blocked.error));
	close(blocked.result);
	close(client);
	say("a client after that: %s", is_refused(&addr) ? "refused" :
	    "still connected");
}

/* SO_RCVTIMEO bounds an accept. */
static void timed(void)
{
	struct timeval timeout = { .tv_usec = 100000 };
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr);
	int64_t start_ms = now_ms();

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	           sizeof(timeout));
	say_rc(accept(listener, NULL, NULL), "accept with SO_RCVTIMEO 100 ms");
	say_took(start_ms, 95, 400, "it");
	close(listener);
}

int main(void)
{
	oracle_start();
	each_source(forked_takers);
	each_source(woken_by_client);
	woken_by_shutdown(SHUT_RD, "SHUT_RD");
	woken_by_shutdown(SHUT_RDWR, "SHUT_RDWR");
	closed_meanwhile();
	timed();
	return 0;
}
