/* SPDX-License-Identifier: MIT */
/* One socket, several threads: closes, shutdowns and takers side by side. */
#include "tests/oracle/oracle.h"

#define THREAD_COUNT 8
#define CONN_COUNT 64

/* A blocked read in a thread of its own. */
struct reader {
	pthread_t thread;
	int fd;
	int result;
	int error;
	pid_t tid;       /* written by the thread; 0: not yet */
};

static void *reader_run(void *arg)
{
	struct reader *reader = arg;
	char byte;

	__atomic_store_n(&reader->tid, (pid_t)gettid(), __ATOMIC_RELEASE);
	reader->result = (int)read(reader->fd, &byte, 1);
	reader->error = reader->result < 0 ? errno : 0;
	return NULL;
}

static void reader_start(struct reader *reader, int fd)
{
	memset(reader, 0, sizeof(*reader));
	reader->fd = fd;
	pthread_create(&reader->thread, NULL, reader_run, reader);
	while (!__atomic_load_n(&reader->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	wait_asleep(reader->tid);
}

static void reader_say(struct reader *reader, const char *label)
{
	pthread_join(reader->thread, NULL);
	if (reader->error)
		say("%s: %s", label, error_name(reader->error));
	else
		say("%s: %d", label, reader->result);
}

/* close does not wake a reader; what comes afterwards does. */
static void closed_under_reader(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct reader reader;

	reader_start(&reader, pair.near);
	close(pair.near);
	say("closed under a reader: far poll %s",
	    poll_text(poll_once(pair.far, POLLIN, ORACLE_QUIET_MS)));
	write_all(pair.far, "x", 1);
	reader_say(&reader, "the reader");
	say_poll(pair.far, POLLIN | POLLRDHUP, "then far");
	close(pair.far);
}

static void shut_under_reader(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct reader reader;

	reader_start(&reader, pair.near);
	say_rc(shutdown(pair.near, SHUT_RDWR), "SHUT_RDWR under a reader");
	reader_say(&reader, "the reader");
	pair_close(&pair);

	pair = pair_open(place);
	reader_start(&reader, pair.near);
	say_rc(shutdown(pair.near, SHUT_RD), "SHUT_RD under a reader");
	reader_say(&reader, "the reader");
	pair_close(&pair);
}

/* dup2 over the descriptor: the way some runtimes wake their threads. */
static void replaced_under_reader(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct reader reader;
	int marker[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, marker) < 0)
		die("socketpair");
	close(marker[1]);
	reader_start(&reader, pair.near);
	dup2(marker[0], pair.near);
	say_n(read(pair.near, (char[1]){ 0 }, 1), "read of the replaced one");
	close(pair.far);
	reader_say(&reader, "the reader");
	close(marker[0]);
	close(pair.near);
}

/* Threads that each serve connections of one listener. */
static void *server(void *arg)
{
	int listener = *(int *)arg;
	long served_count = 0;

	for (;;) {
		int conn = accept(listener, NULL, NULL);
		char byte = 0;

		if (conn < 0)
			return (void *)-1L;
		read_all(conn, &byte, 1);
		write_all(conn, &byte, 1);
		close(conn);
		if (byte == 'q')
			return (void *)served_count;
		served_count++;
	}
}

static bool ask(const struct place *place, const struct addr *addr, char byte)
{
	int fd = far_socket(place, SOCK_STREAM);
	char answer = 0;
	bool is_good = connect(fd, &addr->sa, addr->len) == 0 &&
		write_all(fd, &byte, 1) == 0 &&
		read_all(fd, &answer, 1) == 1 && answer == byte;

	close(fd);
	return is_good;
}

static void one_listener(const struct place *place)
{
	pthread_t threads[THREAD_COUNT];
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr), good_count = 0;
	long served_count = 0;

	for (int i = 0; i < THREAD_COUNT; i++)
		pthread_create(&threads[i], NULL, server, &listener);
	for (int i = 0; i < CONN_COUNT; i++)
		good_count += ask(place, &addr, 'a');
	for (int i = 0; i < THREAD_COUNT; i++)
		good_count += ask(place, &addr, 'q');
	for (int i = 0; i < THREAD_COUNT; i++) {
		void *count;

		pthread_join(threads[i], &count);
		served_count += (long)count;
	}
	say("%d threads served %ld of %d, %d answers right", THREAD_COUNT,
	    served_count, CONN_COUNT, good_count);
	close(listener);
}

/* Sockets made and used in many threads at once. */
static void *maker(void *arg)
{
	const struct place *place = arg;
	long good_count = 0;

	for (int i = 0; i < 10; i++) {
		struct addr addr;
		int listener = listener_open(place->near_ip, &addr);
		int client = far_socket(place, SOCK_STREAM), conn;

		if (connect(client, &addr.sa, addr.len) == 0) {
			conn = accept(listener, NULL, NULL);
			set_int(conn, IPPROTO_TCP, TCP_NODELAY, 1);
			good_count += get_int(conn, IPPROTO_TCP,
			                      TCP_NODELAY) == 1;
			close(conn);
		}
		close(client);
		close(listener);
	}
	return (void *)good_count;
}

static void many_makers(const struct place *place)
{
	pthread_t threads[THREAD_COUNT];
	long good_count = 0;

	for (int i = 0; i < THREAD_COUNT; i++)
		pthread_create(&threads[i], NULL, maker,
		               (void *)(uintptr_t)place);
	for (int i = 0; i < THREAD_COUNT; i++) {
		void *count;

		pthread_join(threads[i], &count);
		good_count += (long)count;
	}
	say("%d threads made %ld connections", THREAD_COUNT, good_count);
}

int main(void)
{
	oracle_start();
	each_place(closed_under_reader);
	each_place(shut_under_reader);
	each_place(replaced_under_reader);
	each_source(one_listener);
	each_source(many_makers);
	return 0;
}
