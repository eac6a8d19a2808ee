/* SPDX-License-Identifier: MIT */
/* Datagrams: addresses, connected and not, lengths, peeks. */
#include "tests/oracle/oracle.h"

#define DGRAM_MAX 65507 /* IPv4: 65535 less 20 and 8 */
#define DGRAM6_MAX 65400 /* IPv6 has a little less in netcond */

/* Two bound sockets that do not know each other. */
static struct pair dgram_open(const struct place *place, struct addr *near,
                              struct addr *far)
{
	struct pair pair = { near_socket(place, SOCK_DGRAM),
	                     far_socket(place, SOCK_DGRAM) };

	bind_to(pair.near, place->near_ip, 0);
	bind_to(pair.far, place->far_ip, 0);
	*near = sock_name(pair.near);
	*far = sock_name(pair.far);
	return pair;
}

static void say_from(int fd, int flags, const struct addr *want,
                     const char *label)
{
	struct addr from = { .len = sizeof(from.storage) };
	char buf[2048];
	ssize_t n;

	poll_once(fd, POLLIN, ORACLE_WAIT_MS);
	n = recvfrom(fd, buf, sizeof(buf), flags | MSG_DONTWAIT, &from.sa,
	             &from.len);
	say_n(n, "%s", label);
	if (n >= 0)
		say("%s: from %s, len %u, the expected port: %s", label,
		    addr_text(&from, from.len), from.len,
		    addr_port(&from) == addr_port(want) ? "yes" : "no");
}

static void unconnected(const struct place *place)
{
	struct addr near, far, none = { .len = 0 };
	struct pair pair = dgram_open(place, &near, &far);

	say_poll(pair.near, 0, "fresh");
	say_n(sendto(pair.near, "hello", 5, 0, &far.sa, far.len), "sendto");
	say_from(pair.far, 0, &near, "far receives");
	sendto(pair.far, "answer", 6, 0, &near.sa, near.len);
	say_poll(pair.near, POLLIN, "answer");
	say_from(pair.near, MSG_PEEK, &far, "peek");
	say_from(pair.near, 0, &far, "receive");
	say_n(recv(pair.near, (char[1]){ 0 }, 1, MSG_DONTWAIT), "none left");
	say_n(send(pair.near, "x", 1, 0), "send without a peer");
	say_n(write(pair.near, "x", 1), "write without a peer");
	say_n(sendto(pair.near, "x", 1, 0, &far.sa, 3), "length 3");
	say_n(sendto(pair.near, "x", 1, 0, &none.sa, far.len), "AF_UNSPEC");
	far.sa.sa_family = 77;
	say_n(sendto(pair.near, "x", 1, 0, &far.sa, far.len), "family 77");
	say_names(pair.near, "bound");
	pair_close(&pair);
}

static void autobound(const struct place *place)
{
	struct addr near, far, name;
	struct pair pair = dgram_open(place, &near, &far);
	int fd = near_socket(place, SOCK_DGRAM);

	say_names(fd, "fresh");
	say_n(sendto(fd, "hello", 5, 0, &far.sa, far.len), "sendto");
	say_names(fd, "autobound");
	name = sock_name(fd);
	say_from(pair.far, 0, &name, "far receives");
	close(fd);
	pair_close(&pair);
}

static void connected(const struct place *place)
{
	struct addr near, far, unspec = { .len = sizeof(unspec.in6) };
	struct pair pair = dgram_open(place, &near, &far);
	int stranger = far_socket(place, SOCK_DGRAM);

	bind_to(stranger, place->far_ip, 0);
	say_rc(connect(pair.near, &far.sa, far.len), "connect");
	say_names(pair.near, "connected");
	say_n(write(pair.near, "hello", 5), "write");
	say_from(pair.far, 0, &near, "far receives");
	say_n(send(pair.near, "again", 5, 0), "send");
	say_from(pair.far, 0, &near, "far receives");
	sendto(stranger, "strange", 7, 0, &near.sa, near.len);
	sendto(pair.far, "known", 5, 0, &near.sa, near.len);
	say_from(pair.near, 0, &far, "only the peer's");
	say_n(recv(pair.near, (char[1]){ 0 }, 1, MSG_DONTWAIT), "none left");
	near = sock_name(stranger);
	say_n(sendto(pair.near, "other", 5, 0, &near.sa, near.len),
	      "sendto another");
	near = sock_name(pair.near);
	say_from(stranger, 0, &near, "the other receives");
	far = sock_name(stranger);
	say_rc(connect(pair.near, &far.sa, far.len), "connect to another");
	say_n(write(pair.near, "hello", 5), "write");
	say_from(stranger, 0, &near, "the other receives");
	say_rc(connect(pair.near, &unspec.sa, unspec.len), "AF_UNSPEC");
	say_names(pair.near, "dissolved");
	say_n(write(pair.near, "x", 1), "write");
	close(stranger);
	pair_close(&pair);
}

static void lengths(const struct place *place)
{
	static char big[66000], buf[66000];
	const size_t lens[] = { 0, 1, 1400, 1473, 9000, 40000,
	                        place->family == AF_INET ? DGRAM_MAX :
	                        DGRAM6_MAX };
	struct addr near, far;
	struct pair pair = dgram_open(place, &near, &far);
	int size = 1 << 20;

	set_int(pair.near, SOL_SOCKET, SO_RCVBUF, size);
	set_int(pair.far, SOL_SOCKET, SO_RCVBUF, size);
	for (size_t i = 0; i < ARRAY_COUNT(lens); i++) {
		memset(big, (int)('a' + i), sizeof(big));
		say_n(sendto(pair.near, big, lens[i], 0, &far.sa, far.len),
		      "send %zu", lens[i]);
		poll_once(pair.far, POLLIN, ORACLE_WAIT_MS);
		say_n(recv(pair.far, buf, sizeof(buf), MSG_DONTWAIT),
		      "far receives");
		say("as sent: %s", memcmp(big, buf, lens[i]) ? "no" : "yes");
		sendto(pair.far, big, lens[i], 0, &near.sa, near.len);
		poll_once(pair.near, POLLIN, ORACLE_WAIT_MS);
		say_n(recv(pair.near, buf, sizeof(buf), MSG_DONTWAIT),
		      "receive");
		say("as sent: %s", memcmp(big, buf, lens[i]) ? "no" : "yes");
	}
	say_n(sendto(pair.near, big, 65536, 0, &far.sa, far.len),
	      "send 65536");
	connect(pair.near, &far.sa, far.len);
	say_n(send(pair.near, big, 65536, 0), "connected, send 65536");
	say_n(write(pair.near, "", 0), "connected, write 0");
	poll_once(pair.far, POLLIN, ORACLE_WAIT_MS);
	say_n(recv(pair.far, buf, sizeof(buf), MSG_DONTWAIT), "far receives");
	pair_close(&pair);
}

static void truncated(const struct place *place, bool is_connected)
{
	struct addr near, far;
	struct pair pair = dgram_open(place, &near, &far);
	char buf[16] = "";
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int count = -1;

	if (is_connected)
		connect(pair.near, &far.sa, far.len);
	for (int i = 0; i < 6; i++)
		sendto(pair.far, "0123456789", 10, 0, &near.sa, near.len);
	poll_until(pair.near, POLLIN);
	say_rc(ioctl(pair.near, FIONREAD, &count), "FIONREAD");
	say("FIONREAD %d", count);
	say_n(recv(pair.near, buf, 4, 0), "4 of 10");
	say_n(recv(pair.near, buf, 4, MSG_TRUNC), "4 of 10, TRUNC");
	say_n(recv(pair.near, buf, 4, MSG_PEEK | MSG_TRUNC), "PEEK TRUNC");
	say_n(recvmsg(pair.near, &msg, 0), "recvmsg 4");
	say("flags %x", msg.msg_flags);
	say_n(recv(pair.near, buf, 0, 0), "0 of 10");
	say_n(read(pair.near, buf, 4), "read 4");
	say("it is %.4s", buf);
	say_n(read(pair.near, buf, 16), "the last");
	say("it is %.10s", buf);
	say_n(recv(pair.near, buf, 16, MSG_DONTWAIT), "none left");
	sendto(pair.far, "", 0, 0, &near.sa, near.len);
	poll_until(pair.near, POLLIN);
	ioctl(pair.near, FIONREAD, &count);
	say("FIONREAD of a datagram of 0 bytes: %d", count);
	say_n(recv(pair.near, buf, 16, MSG_DONTWAIT), "0 bytes");
	say_n(recv(pair.near, buf, 16, MSG_DONTWAIT), "none left");
	pair_close(&pair);
}

static void truncated_both(const struct place *place)
{
	truncated(place, false);
	truncated(place, true);
}

int main(void)
{
	oracle_start();
	each_target(unconnected);
	each_target(autobound);
	each_target(connected);
	each_target(lengths);
	each_target(truncated_both);
	return 0;
}
