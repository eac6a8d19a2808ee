/* SPDX-License-Identifier: MIT */
/* Flags and counts of the stream calls: peek, wait for all, queues. */
#include <linux/sockios.h>
#include <sys/uio.h>

#include "tests/oracle/oracle.h"

/* Bytes that are there to read, waited for. */
static void await_bytes(int fd, int count)
{
	int64_t end_ms = now_ms() + ORACLE_WAIT_MS;
	int waiting = 0;

	do {
		poll_once(fd, POLLIN, 20);
		ioctl(fd, FIONREAD, &waiting);
	} while (waiting < count && now_ms() < end_ms);
}

static void peek(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[16] = "";

	say_n(recv(pair.near, buf, sizeof(buf), MSG_DONTWAIT),
	      "DONTWAIT, nothing");
	say_n(recv(pair.near, buf, sizeof(buf), MSG_DONTWAIT | MSG_PEEK),
	      "PEEK DONTWAIT, nothing");
	say_n(recv(pair.near, buf, 0, MSG_DONTWAIT), "0 bytes, nothing");
	write_all(pair.far, "abcdef", 6);
	await_bytes(pair.near, 6);
	say_n(recv(pair.near, buf, 3, MSG_PEEK), "PEEK 3");
	say_n(recv(pair.near, buf, sizeof(buf), MSG_PEEK), "PEEK all");
	say("it is %.6s", buf);
	say_n(recv(pair.near, buf, 0, 0), "0 bytes");
	say_n(recv(pair.near, buf, 2, 0), "2 bytes");
	say_n(recv(pair.near, buf, sizeof(buf), MSG_PEEK), "PEEK the rest");
	say("it is %.4s", buf);
	say_n(recv(pair.near, buf, sizeof(buf), MSG_DONTWAIT), "the rest");
	pair_close(&pair);
}

static void *late_writer(void *arg)
{
	struct pair *pair = arg;
	struct timespec pause = { .tv_nsec = 20000000 };

	/* Apart in time, so that one read cannot find both by chance. */
	nanosleep(&pause, NULL);
	write_all(pair->far, "567890", 6);
	return NULL;
}

static void wait_all(const struct place *place)
{
	struct pair pair = pair_open(place);
	pthread_t thread;
	char buf[16];

	write_all(pair.far, "1234", 4);
	pthread_create(&thread, NULL, late_writer, &pair);
	say_n(recv(pair.near, buf, 10, MSG_WAITALL), "WAITALL 10 of 4 + 6");
	pthread_join(thread, NULL);
	write_all(pair.far, "12", 2);
	shutdown(pair.far, SHUT_WR);
	say_n(recv(pair.near, buf, 10, MSG_WAITALL), "WAITALL 10 of 2 + end");
	pair_close(&pair);
}

/* MSG_TRUNC on TCP throws the bytes away. */
static void discard(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[16] = "......";

	write_all(pair.far, "abcdef", 6);
	await_bytes(pair.near, 6);
	say_n(recv(pair.near, buf, 4, MSG_TRUNC), "TRUNC 4");
	say("buffer %.6s", buf);
	say_n(recv(pair.near, buf, sizeof(buf), 0), "then");
	say("buffer %.2s", buf);
	pair_close(&pair);
}

static void queues(const struct place *place)
{
	struct pair pair = pair_open(place);
	int count = -1;

	say_rc(ioctl(pair.near, FIONREAD, &count), "FIONREAD");
	say("FIONREAD %d", count);
	write_all(pair.far, "abcdef", 6);
	await_bytes(pair.near, 6);
	ioctl(pair.near, FIONREAD, &count);
	say("FIONREAD %d", count);
	shutdown(pair.far, SHUT_WR);
	poll_until(pair.near, POLLRDHUP);
	ioctl(pair.near, FIONREAD, &count);
	say("FIONREAD with the end %d", count);
	read_all(pair.near, (char[8]){ 0 }, 6);
	ioctl(pair.near, FIONREAD, &count);
	say("FIONREAD at the end %d", count);
	say_rc(ioctl(pair.near, SIOCOUTQ, &count), "SIOCOUTQ");
	say("SIOCOUTQ %d", count);
	say_rc(ioctl(pair.near, SIOCATMARK, &count), "SIOCATMARK");
	say("SIOCATMARK %d", count);
	pair_close(&pair);
}

static void queues_of_others(void)
{
	struct addr addr;
	int listener = listener_open("127.0.0.1", &addr), count = -1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say_prefix = "queues";
	say_rc(ioctl(listener, FIONREAD, &count), "FIONREAD of a listener");
	say_rc(ioctl(listener, SIOCOUTQ, &count), "SIOCOUTQ of a listener");
	say_rc(ioctl(fd, FIONREAD, &count), "FIONREAD fresh");
	say("FIONREAD fresh %d", count);
	say_rc(ioctl(fd, SIOCOUTQ, &count), "SIOCOUTQ fresh");
	say("SIOCOUTQ fresh %d", count);
	say_rc(ioctl(fd, 0x7777, &count), "an unknown request");
	close(fd);
	close(listener);
}

static void vectors(const struct place *place)
{
	struct pair pair = pair_open(place);
	char a[4] = "", b[4] = "", control[64];
	struct iovec out[2] = { { "abc", 3 }, { "defg", 4 } };
	struct iovec in[2] = { { a, 3 }, { b, 4 } };
	struct addr addr;
	struct msghdr msg = { .msg_iov = in, .msg_iovlen = 2,
	                      .msg_name = &addr.storage,
	                      .msg_namelen = sizeof(addr.storage),
	                      .msg_control = control,
	                      .msg_controllen = sizeof(control) };

	say_n(writev(pair.far, out, 2), "writev");
	await_bytes(pair.near, 7);
	say_n(readv(pair.near, in, 2), "readv");
	say("%.3s %.4s", a, b);
	say_n(writev(pair.near, out, 2), "near writev");
	await_bytes(pair.far, 7);
	write_all(pair.far, "ABCDEFG", 7);
	await_bytes(pair.near, 7);
	say_n(recvmsg(pair.near, &msg, 0), "recvmsg");
	say("name len %u, control len %zu, flags %x", msg.msg_namelen,
	    msg.msg_controllen, msg.msg_flags);
	pair_close(&pair);
}

/* An address given to a connected stream is of no account. */
static void addressed(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct addr addr = addr_of(place->far_ip, 9), from;
	char buf[8];

	say_n(sendto(pair.near, "abc", 3, 0, &addr.sa, addr.len),
	      "sendto with an address");
	write_all(pair.far, "xyz", 3);
	await_bytes(pair.near, 3);
	from.len = sizeof(from.storage);
	say_n(recvfrom(pair.near, buf, sizeof(buf), 0, &from.sa, &from.len),
	      "recvfrom");
	say("recvfrom's address len %u", from.len);
	say_n(send(pair.near, "", 0, 0), "send of 0 bytes");
	say_n(write(pair.near, "", 0), "write of 0 bytes");
	say_n(recv(pair.near, buf, sizeof(buf), MSG_DONTWAIT | MSG_ERRQUEUE),
	      "MSG_ERRQUEUE, none");
	say_n(send(pair.near, NULL, 4, 0), "send from nowhere");
	pair_close(&pair);
}

static void unconnected(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);
	struct addr addr = addr_of(family == AF_INET ? OWN4 : OWN6, 9);
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	                      .msg_name = &addr.sa, .msg_namelen = addr.len };

	say_prefix = family == AF_INET ? "unconnected4" : "unconnected6";
	set_nonblock(fd, true);
	say_n(sendto(fd, "x", 1, 0, &addr.sa, addr.len), "sendto");
	say_n(sendmsg(fd, &msg, 0), "sendmsg");
	say_n(send(fd, "x", 1, MSG_OOB), "send OOB");
	say_n(recv(fd, (char[1]){ 0 }, 1, 0), "recv");
	say_n(recv(fd, (char[1]){ 0 }, 1, MSG_PEEK), "peek");
	close(fd);
}

/* What was sent before there was a connection is not part of it. */
static void sent_too_early(const struct place *place)
{
	struct addr addr;
	int listener = far_socket(place, SOCK_STREAM);
	int fd = near_socket(place, SOCK_STREAM), conn;
	char buf[16] = "";
	ssize_t n = send(fd, "early", 5, MSG_DONTWAIT);

	listen_on(listener, place->far_ip, &addr);
	say_rc(connect(fd, &addr.sa, addr.len), "connect");
	conn = accept(listener, NULL, NULL);
	say_n(write(fd, "bytes", 5), "write");
	shutdown(fd, SHUT_WR);
	say_n(read_all(conn, buf, sizeof(buf)), "far reads");
	say("it is %s, early bytes were there: %s", buf,
	    n > 0 && strstr(buf, "early") ? "yes" : "no");
	close(conn);
	close(fd);
	close(listener);
}

int main(void)
{
	oracle_start();
	each_place(peek);
	each_place(wait_all);
	each_place(discard);
	each_place(queues);
	queues_of_others();
	each_place(vectors);
	each_place(addressed);
	unconnected(AF_INET);
	unconnected(AF_INET6);
	each_target(sent_too_early);
	return 0;
}
