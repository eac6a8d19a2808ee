/* SPDX-License-Identifier: MIT */
/* Socket options: the kernel's own sockets are asked the same. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/sock_opt_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct kind {
	const char *name;
	int domain, type;
} kinds[] = {
	{ "tcp4", AF_INET, SOCK_STREAM },
	{ "tcp6", AF_INET6, SOCK_STREAM },
	{ "udp4", AF_INET, SOCK_DGRAM },
	{ "udp6", AF_INET6, SOCK_DGRAM },
};

#define OPT(level, name) { level, name, #name, true }
/* The default depends on sysctls: only errors are compared. */
#define OPT_TUNED(level, name) { level, name, #name, false }

/* Answered alike by all kernels that we know, for root and others, and not
 * bounded by a sysctl: those have tests of their own below.
 */
static const struct known {
	int level, name;
	const char *text;
	bool has_fixed_default;
} known[] = {
	OPT(SOL_SOCKET, SO_REUSEADDR), OPT(SOL_SOCKET, SO_REUSEPORT),
	OPT(SOL_SOCKET, SO_BROADCAST), OPT(SOL_SOCKET, SO_KEEPALIVE),
	OPT(SOL_SOCKET, SO_TYPE), OPT(SOL_SOCKET, SO_DOMAIN),
	OPT(SOL_SOCKET, SO_PROTOCOL), OPT(SOL_SOCKET, SO_ERROR),
	OPT(SOL_SOCKET, SO_ACCEPTCONN), OPT(SOL_SOCKET, SO_SNDLOWAT),
	OPT(SOL_SOCKET, SO_LINGER),
	OPT(SOL_SOCKET, SO_OOBINLINE), OPT(SOL_SOCKET, SO_DONTROUTE),
	OPT(SOL_SOCKET, SO_TIMESTAMP), OPT(SOL_SOCKET, SO_TIMESTAMPNS),
	OPT(SOL_SOCKET, SO_RXQ_OVFL), OPT(SOL_SOCKET, SO_BSDCOMPAT),
	OPT(SOL_SOCKET, SO_NO_CHECK), OPT(SOL_SOCKET, SO_DETACH_FILTER),
	OPT(SOL_SOCKET, SO_PEERNAME),
	OPT(SOL_SOCKET, 9999),
	OPT(IPPROTO_IP, IP_TOS), OPT_TUNED(IPPROTO_IP, IP_TTL),
	OPT(IPPROTO_IP, IP_HDRINCL), OPT(IPPROTO_IP, IP_RECVTTL),
	OPT(IPPROTO_IP, IP_RECVTOS), OPT(IPPROTO_IP, IP_PKTINFO),
	OPT(IPPROTO_IP, IP_RECVERR), OPT(IPPROTO_IP, IP_MTU),
	OPT_TUNED(IPPROTO_IP, IP_MTU_DISCOVER), OPT(IPPROTO_IP, IP_FREEBIND),
	OPT(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
	OPT(IPPROTO_IP, IP_RECVORIGDSTADDR), OPT(IPPROTO_IP, IP_RECVOPTS),
	OPT(IPPROTO_IP, IP_RETOPTS), OPT(IPPROTO_IP, IP_MULTICAST_TTL),
	OPT(IPPROTO_IP, IP_MULTICAST_LOOP), OPT(IPPROTO_IP, IP_PKTOPTIONS),
	OPT(IPPROTO_IP, 9999),
	OPT(IPPROTO_IPV6, IPV6_V6ONLY), OPT(IPPROTO_IPV6, IPV6_TCLASS),
	OPT_TUNED(IPPROTO_IPV6, IPV6_UNICAST_HOPS),
	OPT(IPPROTO_IPV6, IPV6_MULTICAST_HOPS),
	OPT(IPPROTO_IPV6, IPV6_MULTICAST_LOOP),
	OPT(IPPROTO_IPV6, IPV6_RECVPKTINFO),
	OPT(IPPROTO_IPV6, IPV6_RECVHOPLIMIT),
	OPT(IPPROTO_IPV6, IPV6_RECVTCLASS), OPT(IPPROTO_IPV6, IPV6_RECVERR),
	OPT(IPPROTO_IPV6, IPV6_MTU_DISCOVER),
	OPT(IPPROTO_IPV6, IPV6_FREEBIND),
	OPT(IPPROTO_IPV6, 9999),
	OPT(IPPROTO_TCP, TCP_NODELAY), OPT(IPPROTO_TCP, TCP_CORK),
	OPT(IPPROTO_TCP, TCP_QUICKACK), OPT_TUNED(IPPROTO_TCP, TCP_KEEPIDLE),
	OPT_TUNED(IPPROTO_TCP, TCP_KEEPINTVL),
	OPT_TUNED(IPPROTO_TCP, TCP_KEEPCNT), OPT_TUNED(IPPROTO_TCP, TCP_SYNCNT),
	OPT_TUNED(IPPROTO_TCP, TCP_LINGER2), OPT(IPPROTO_TCP, TCP_DEFER_ACCEPT),
	OPT(IPPROTO_TCP, TCP_WINDOW_CLAMP), OPT(IPPROTO_TCP, TCP_USER_TIMEOUT),
	OPT(IPPROTO_TCP, TCP_MAXSEG),
	OPT(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS),
	OPT(IPPROTO_TCP, TCP_THIN_DUPACK),
	OPT(IPPROTO_TCP, 9999),
	OPT(IPPROTO_UDP, 9999), OPT(4711, 1),
};

/* The same questions to a descriptor of the kernel or a sock of ours. */
struct asked {
	int fd;            /* -1: sock */
	struct sock *sock;
};

static int get(const struct asked *who, int level, int name, void *val,
               socklen_t *len)
{
	if (who->fd < 0)
		return -sock_getopt(who->sock, level, name, val, len);
	return getsockopt(who->fd, level, name, val, len) ? errno : 0;
}

static int set(const struct asked *who, int level, int name, const void *val,
               socklen_t len)
{
	if (who->fd < 0)
		return -sock_setopt(who->sock, level, name, val, len);
	return setsockopt(who->fd, level, name, val, len) ? errno : 0;
}

static size_t say(char *out, size_t at, size_t room, const char *what, int err,
                  const uint8_t *val, socklen_t len)
{
	at += (size_t)snprintf(out + at, room - at, " %s=%d", what, err);
	for (socklen_t i = 0; !err && val && i < len && i < 8; i++)
		at += (size_t)snprintf(out + at, room - at, "%s%02x",
		                       i ? "" : ":", val[i]);
	return at;
}

/* Everything that is asked of one option, as text. */
static void transcript(const struct asked *who, const struct known *opt,
                       char *out, size_t room)
{
	static const int values[] = { 1, 0, -1, -5, 200, 300, 40000 };
	struct linger linger = { .l_onoff = 5, .l_linger = 7 };
	uint8_t val[64] = { 0 };
	socklen_t len = sizeof(val);
	size_t at = 0;
	char what[16];
	int err;

	err = get(who, opt->level, opt->name, val, &len);
	at = say(out, at, room, "default", err,
	         opt->has_fixed_default ? val : NULL, len);
	for (unsigned i = 0; i < COUNT(values); i++) {
		snprintf(what, sizeof(what), "%d", values[i]);
		err = set(who, opt->level, opt->name, &values[i], sizeof(int));
		at = say(out, at, room, what, err, NULL, 0);
		if (err)
			continue;
		len = sizeof(val);
		memset(val, 0, sizeof(val));
		err = get(who, opt->level, opt->name, val, &len);
		at = say(out, at, room, "now", err, val, len);
	}
	err = set(who, opt->level, opt->name, &linger, sizeof(linger));
	at = say(out, at, room, "long", err, NULL, 0);
	len = sizeof(val);
	memset(val, 0, sizeof(val));
	err = get(who, opt->level, opt->name, val, &len);
	at = say(out, at, room, "now", err, val, len);
	for (socklen_t n = 0; n < 4; n++) {
		err = set(who, opt->level, opt->name, &values[0], n);
		at = say(out, at, room, "short", err, NULL, 0);
		len = n;
		memset(val, 0, sizeof(val));
		err = get(who, opt->level, opt->name, val, &len);
		at = say(out, at, room, "got", err, val, len);
	}
}

static void compare(const struct kind *kind, const struct known *opt)
{
	struct asked theirs = { .fd = socket(kind->domain, kind->type, 0) };
	struct asked ours = {
		.fd = -1, .sock = open_sock(kind->domain, kind->type),
	};
	char want[2000], got[2000];

	transcript(&theirs, opt, want, sizeof(want));
	transcript(&ours, opt, got, sizeof(got));
	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want))
		printf("%s %s\n kernel%s\n ours  %s\n", kind->name, opt->text,
		       want, got);
	close(theirs.fd);
	sock_close(ours.sock, true);
}

static void test_as_the_kernel(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0)
		UNIT_SKIP("the kernel has no IPv6");
	close(fd);
	for (unsigned i = 0; i < COUNT(known); i++)
		for (unsigned j = 0; j < COUNT(kinds); j++)
			compare(&kinds[j], &known[i]);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_as_the_kernel),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("sock_opt_kernel", opt_setup, opt_teardown, tests);
}
