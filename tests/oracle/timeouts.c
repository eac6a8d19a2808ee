/* SPDX-License-Identifier: MIT */
/* SO_RCVTIMEO and SO_SNDTIMEO: they end a wait, and can be read back. */
#include "tests/oracle/oracle.h"

static void set_timeout(int fd, int name, long ms)
{
	struct timeval timeout = { ms / 1000, ms % 1000 * 1000 }, got;
	socklen_t len = sizeof(got);
	const char *label = name == SO_RCVTIMEO ? "RCVTIMEO" : "SNDTIMEO";

	say_rc(setsockopt(fd, SOL_SOCKET, name, &timeout, sizeof(timeout)),
	       "%s %ld ms", label, ms);
	memset(&got, 0xee, sizeof(got));
	say_rc(getsockopt(fd, SOL_SOCKET, name, &got, &len), "%s", label);
	say("%s: %ld.%06ld, len %u", label, (long)got.tv_sec,
	    (long)got.tv_usec, len);
}

static void receive(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];
	int64_t start_ms;

	set_timeout(pair.near, SO_RCVTIMEO, 80);
	start_ms = now_ms();
	say_n(read(pair.near, buf, sizeof(buf)), "read");
	say_took(start_ms, 76, 300, "read");
	start_ms = now_ms();
	say_n(recv(pair.near, buf, sizeof(buf), MSG_PEEK), "peek");
	say_took(start_ms, 76, 300, "peek");
	write_all(pair.far, "ab", 2);
	say_n(read(pair.near, buf, sizeof(buf)), "read what came");
	write_all(pair.far, "ab", 2);
	say_n(recv(pair.near, buf, 4, MSG_WAITALL), "WAITALL 4 of 2");
	set_timeout(pair.near, SO_RCVTIMEO, 0);
	write_all(pair.far, "ab", 2);
	say_n(read(pair.near, buf, sizeof(buf)), "without");
	pair_close(&pair);
}

static void transmit(const struct place *place)
{
	static char block[65536];
	struct pair pair = pair_open(place);
	int64_t start_ms;
	ssize_t n;

	set_timeout(pair.near, SO_SNDTIMEO, 150);
	do {
		start_ms = now_ms();
		n = write(pair.near, block, sizeof(block));
	} while (n > 0);
	say_n(n, "write into a full path");
	say_took(start_ms, 140, 600, "write");
	pair_close(&pair);
}

static void values(void)
{
	struct timeval timeout = { 1, 2000000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say_prefix = "values";
	say_rc(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	                  sizeof(timeout)), "2000000 us");
	timeout = (struct timeval){ -1, 0 };
	say_rc(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	                  sizeof(timeout)), "-1 s");
	say_rc(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, 4),
	       "a short length");
	close(fd);
}

static void datagram(const struct place *place)
{
	int fd = near_socket(place, SOCK_DGRAM);
	int64_t start_ms;

	bind_to(fd, place->near_ip, 0);
	set_timeout(fd, SO_RCVTIMEO, 80);
	start_ms = now_ms();
	say_n(recv(fd, (char[4]){ 0 }, 4, 0), "recv of a datagram");
	say_took(start_ms, 76, 300, "recv");
	close(fd);
}

int main(void)
{
	oracle_start();
	each_place(receive);
	each_place(transmit);
	values();
	each_source(datagram);
	return 0;
}
