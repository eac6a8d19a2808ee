/* SPDX-License-Identifier: MIT */
/* Signals at blocked calls, with and without SA_RESTART. */
#include "tests/oracle/oracle.h"

static volatile sig_atomic_t signal_count;

static void on_signal(int signo)
{
	(void)signo;
	signal_count++;
}

/* A blocked call in a thread, to be hit by a signal. */
struct victim {
	pthread_t thread;
	int (*call)(int fd);
	int fd;
	int result;
	int error;       /* errno, 0 when the call succeeded */
	pid_t tid;       /* written by the thread; 0: not yet */
	bool is_done;
};

static void *victim_run(void *arg)
{
	struct victim *victim = arg;

	__atomic_store_n(&victim->tid, (pid_t)gettid(), __ATOMIC_RELEASE);
	victim->result = victim->call(victim->fd);
	victim->error = victim->result < 0 ? errno : 0;
	__atomic_store_n(&victim->is_done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void victim_start(struct victim *victim, int (*call)(int), int fd)
{
	memset(victim, 0, sizeof(*victim));
	victim->call = call;
	victim->fd = fd;
	pthread_create(&victim->thread, NULL, victim_run, victim);
	while (!__atomic_load_n(&victim->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	wait_asleep(victim->tid);
}

/* Hit it once, and wait until the handler ran and it is blocked or done. */
static void victim_hit(struct victim *victim)
{
	int before = signal_count;

	pthread_kill(victim->thread, SIGUSR1);
	while (signal_count == before)
		sched_yield();
	if (!__atomic_load_n(&victim->is_done, __ATOMIC_ACQUIRE))
		wait_asleep(victim->tid);
}

static void set_handler(bool is_restarting)
{
	struct sigaction action = { .sa_handler = on_signal };

	action.sa_flags = is_restarting ? SA_RESTART : 0;
	sigaction(SIGUSR1, &action, NULL);
}

static int call_read(int fd)
{
	char byte;

	return (int)read(fd, &byte, 1);
}

static int call_recv(int fd)
{
	char byte;

	return (int)recv(fd, &byte, 1, MSG_WAITALL);
}

static int call_recvfrom(int fd)
{
	struct addr from = { .len = sizeof(from.storage) };
	char byte;

	return (int)recvfrom(fd, &byte, 1, 0, &from.sa, &from.len);
}

static int call_accept(int fd)
{
	int conn = accept(fd, NULL, NULL);

	if (conn >= 0)
		close(conn);
	return conn < 0 ? -1 : 1;
}

static int call_poll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, -1);
}

static void at_reader(const struct place *place, int (*call)(int),
                      const char *label, bool is_restarting)
{
	struct pair pair = pair_open(place);
	struct victim victim;

	set_handler(is_restarting);
	victim_start(&victim, call, pair.near);
	victim_hit(&victim);
	write_all(pair.far, "x", 1);
	pthread_join(victim.thread, NULL);
	say("%s%s: %s", label, is_restarting ? ", SA_RESTART" : "",
	    victim.error ? error_name(victim.error) : "ok");
	pair_close(&pair);
}

static void readers(const struct place *place)
{
	for (int restart = 0; restart < 2; restart++) {
		at_reader(place, call_read, "read", restart);
		at_reader(place, call_recv, "recv", restart);
		at_reader(place, call_recvfrom, "recvfrom", restart);
		at_reader(place, call_poll, "poll", restart);
	}
}

static void at_acceptor(const struct place *place, bool is_restarting)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);
	int client = far_socket(place, SOCK_STREAM);
	struct victim victim;

	set_handler(is_restarting);
	victim_start(&victim, call_accept, listener);
	victim_hit(&victim);
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	pthread_join(victim.thread, NULL);
	say("accept%s: %s", is_restarting ? ", SA_RESTART" : "",
	    victim.error ? error_name(victim.error) : "ok");
	close(client);
	close(listener);
}

static void acceptors(const struct place *place)
{
	at_acceptor(place, false);
	at_acceptor(place, true);
}

static void at_datagram(const struct place *place, bool is_restarting)
{
	int near = near_socket(place, SOCK_DGRAM);
	int far = far_socket(place, SOCK_DGRAM);
	struct victim victim;
	struct addr addr;

	bind_to(near, place->near_ip, 0);
	addr = sock_name(near);
	set_handler(is_restarting);
	victim_start(&victim, call_recvfrom, near);
	victim_hit(&victim);
	if (sendto(far, "x", 1, 0, &addr.sa, addr.len) < 0)
		die("sendto");
	pthread_join(victim.thread, NULL);
	say("datagram%s: %s", is_restarting ? ", SA_RESTART" : "",
	    victim.error ? error_name(victim.error) : "ok");
	close(near);
	close(far);
}

static void datagrams(const struct place *place)
{
	at_datagram(place, false);
	at_datagram(place, true);
}

/* A connect that gets no answer is interrupted, and goes on by itself. */
static int call_connect(int fd)
{
	struct addr addr = addr_of("10.107.0.78", 7000);

	return connect(fd, &addr.sa, addr.len);
}

static void connects(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct addr addr = addr_of("10.107.0.78", 7000);
	struct victim victim;

	say_prefix = "connect";
	set_handler(false);
	victim_start(&victim, call_connect, fd);
	victim_hit(&victim);
	pthread_join(victim.thread, NULL);
	say("interrupted: %s", error_name(victim.error));
	set_nonblock(fd, true);
	say_rc(connect(fd, &addr.sa, addr.len), "again");
	close(fd);
}

int main(void)
{
	oracle_start();
	each_place(readers);
	each_source(acceptors);
	each_source(datagrams);
	connects();
	return 0;
}
