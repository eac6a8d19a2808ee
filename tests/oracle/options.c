/* SPDX-License-Identifier: MIT */
/* Socket options: the default, a round trip, the errno of each misuse. */
#include <netinet/udp.h>

#include "tests/oracle/oracle.h"

struct option {
	const char *text;
	int level, name;
	int value;        /* to set */
	bool is_sized;    /* values are the stack's own: print their class */
};

#define OPTION(level, name, value) \
	{ #level " " #name, level, name, value, false }
#define SIZED(level, name, value) \
	{ #level " " #name, level, name, value, true }

static const struct option options[] = {
	OPTION(SOL_SOCKET, SO_DEBUG, 0),
	OPTION(SOL_SOCKET, SO_REUSEADDR, 1),
	OPTION(SOL_SOCKET, SO_REUSEPORT, 1),
	OPTION(SOL_SOCKET, SO_KEEPALIVE, 1),
	OPTION(SOL_SOCKET, SO_BROADCAST, 1),
	OPTION(SOL_SOCKET, SO_OOBINLINE, 1),
	OPTION(SOL_SOCKET, SO_DONTROUTE, 1),
	OPTION(SOL_SOCKET, SO_NO_CHECK, 1),
	OPTION(SOL_SOCKET, SO_PRIORITY, 3),
	OPTION(SOL_SOCKET, SO_MARK, 0),
	OPTION(SOL_SOCKET, SO_RCVLOWAT, 5),
	OPTION(SOL_SOCKET, SO_SNDLOWAT, 5),
	OPTION(SOL_SOCKET, SO_PASSCRED, 1),
	OPTION(SOL_SOCKET, SO_TIMESTAMP, 1),
	OPTION(SOL_SOCKET, SO_TIMESTAMPNS, 1),
	OPTION(SOL_SOCKET, SO_PEEK_OFF, 1),
	OPTION(SOL_SOCKET, SO_BUSY_POLL, 0),
	OPTION(SOL_SOCKET, SO_ZEROCOPY, 1),
	SIZED(SOL_SOCKET, SO_RCVBUF, 100000),
	SIZED(SOL_SOCKET, SO_SNDBUF, 100000),
	SIZED(SOL_SOCKET, SO_INCOMING_CPU, 0),
	OPTION(SOL_SOCKET, SO_ERROR, 1),
	OPTION(SOL_SOCKET, SO_TYPE, 1),
	OPTION(SOL_SOCKET, SO_DOMAIN, 1),
	OPTION(SOL_SOCKET, SO_PROTOCOL, 1),
	OPTION(SOL_SOCKET, SO_ACCEPTCONN, 1),
	OPTION(IPPROTO_TCP, TCP_NODELAY, 1),
	OPTION(IPPROTO_TCP, TCP_CORK, 1),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE, 33),
	OPTION(IPPROTO_TCP, TCP_KEEPINTVL, 7),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT, 4),
	OPTION(IPPROTO_TCP, TCP_SYNCNT, 3),
	OPTION(IPPROTO_TCP, TCP_LINGER2, 11),
	OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT, 0),
	OPTION(IPPROTO_TCP, TCP_QUICKACK, 1),
	OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, 5000),
	OPTION(IPPROTO_TCP, TCP_FASTOPEN, 5),
	SIZED(IPPROTO_TCP, TCP_MAXSEG, 1000),
	SIZED(IPPROTO_TCP, TCP_WINDOW_CLAMP, 60000),
	SIZED(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 60000),
	OPTION(IPPROTO_IP, IP_TOS, 0x10),
	OPTION(IPPROTO_IP, IP_TTL, 33),
	OPTION(IPPROTO_IP, IP_PKTINFO, 1),
	OPTION(IPPROTO_IP, IP_RECVTTL, 1),
	OPTION(IPPROTO_IP, IP_RECVTOS, 1),
	OPTION(IPPROTO_IP, IP_RECVERR, 1),
	OPTION(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO),
	OPTION(IPPROTO_IP, IP_MULTICAST_TTL, 3),
	OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, 0),
	OPTION(IPPROTO_IP, IP_FREEBIND, 1),
	OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1),
	OPTION(IPPROTO_IPV6, IPV6_V6ONLY, 1),
	OPTION(IPPROTO_IPV6, IPV6_TCLASS, 0x20),
	OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33),
	OPTION(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
	OPTION(IPPROTO_IPV6, IPV6_RECVTCLASS, 1),
	OPTION(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1),
	OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 3),
	OPTION(IPPROTO_UDP, UDP_CORK, 0),
	OPTION(SOL_SOCKET, 9999, 1),
	OPTION(IPPROTO_TCP, 9999, 1),
	OPTION(IPPROTO_IP, 9999, 1),
	OPTION(IPPROTO_IPV6, 9999, 1),
	OPTION(9999, 1, 1),
};

static const char *value_text(const struct option *option, int value)
{
	size_t room;
	char *buf = text_buf(&room);

	if (!option->is_sized)
		snprintf(buf, room, "%d", value);
	else
		snprintf(buf, room, "%s", value > 0 ? "positive" :
		         value == 0 ? "0" : "negative");
	return buf;
}

static void get_and_say(int fd, const struct option *option, const char *when)
{
	int value = 0x5a5a5a5a;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, option->level, option->name, &value, &len) < 0)
		say("%s %s: %s", option->text, when, error_name(errno));
	else
		say("%s %s: %s, len %u", option->text, when,
		    value_text(option, value), len);
}

static void one_option(int domain, int type, const struct option *option)
{
	int fd = socket(domain, type, 0), value = option->value;
	char buf[64] = "";
	socklen_t len = 1;

	get_and_say(fd, option, "default");
	say_rc(setsockopt(fd, option->level, option->name, &value,
	                  sizeof(value)), "%s set", option->text);
	get_and_say(fd, option, "after set");
	say_rc(setsockopt(fd, option->level, option->name, &value, 0),
	       "%s set, len 0", option->text);
	say_rc(setsockopt(fd, option->level, option->name, &value, 2),
	       "%s set, len 2", option->text);
	say_rc(getsockopt(fd, option->level, option->name, buf, &len),
	       "%s get, len 1", option->text);
	say("%s len %u", option->text, len);
	len = sizeof(buf);
	if (getsockopt(fd, option->level, option->name, buf, &len) == 0)
		say("%s get, len 64: %u", option->text, len);
	close(fd);
}

static void bad_pointers(int domain, int level, int name, const char *label)
{
	int fd = socket(domain, SOCK_STREAM, 0), value = 0;
	socklen_t len = (socklen_t)-1;

	say_prefix = label;
	say_rc(setsockopt(fd, level, name, NULL, sizeof(value)), "set, NULL");
	say_rc(setsockopt(fd, level, name, &value, (socklen_t)-1),
	       "set, len -1");
	say_rc(getsockopt(fd, level, name, &value, &len), "get, len -1");
	len = sizeof(value);
	say_rc(getsockopt(fd, level, name, NULL, &len), "get, NULL");
	close(fd);
}

/* The descriptors that options are refused on. */
static void bad_descriptors(void)
{
	int fds[2], value = 1;
	socklen_t len = sizeof(value);

	say_prefix = "descriptor";
	if (pipe(fds) < 0)
		die("pipe");
	say_rc(setsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &value, len),
	       "set on a pipe");
	say_rc(getsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &value, &len),
	       "get on a pipe");
	close(fds[0]);
	close(fds[1]);
	say_rc(setsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &value, len),
	       "set on a closed one");
	say_rc(getsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &value, &len),
	       "get on a closed one");
	say_rc(setsockopt(-1, IPPROTO_TCP, TCP_NODELAY, &value, len),
	       "set on -1");
}

int main(void)
{
	oracle_start();
	for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
		say_prefix = "tcp4";
		one_option(AF_INET, SOCK_STREAM, &options[i]);
		say_prefix = "tcp6";
		one_option(AF_INET6, SOCK_STREAM, &options[i]);
		say_prefix = "udp4";
		one_option(AF_INET, SOCK_DGRAM, &options[i]);
		say_prefix = "udp6";
		one_option(AF_INET6, SOCK_DGRAM, &options[i]);
	}
	bad_pointers(AF_INET, SOL_SOCKET, SO_KEEPALIVE, "KEEPALIVE");
	bad_pointers(AF_INET, IPPROTO_TCP, TCP_NODELAY, "NODELAY");
	bad_pointers(AF_INET, IPPROTO_IP, IP_TOS, "TOS");
	bad_descriptors();
	return 0;
}
