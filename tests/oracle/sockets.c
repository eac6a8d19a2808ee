/* SPDX-License-Identifier: MIT */
/* socket: which families, types and protocols there are, and what they say. */
#include "tests/oracle/oracle.h"

/* By name, for the transcript. */
struct named {
	const char *name;
	int value;
};

static const struct named domains[] = {
	{ "INET", AF_INET }, { "INET6", AF_INET6 }, { "UNIX", AF_UNIX },
	{ "UNSPEC", AF_UNSPEC }, { "-1", -1 }, { "99", 99 },
};

static const struct named types[] = {
	{ "STREAM", SOCK_STREAM }, { "DGRAM", SOCK_DGRAM },
	{ "SEQPACKET", SOCK_SEQPACKET }, { "0", 0 }, { "15", 15 },
};

static const struct named protocols[] = {
	{ "0", 0 }, { "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP },
	{ "99", 99 }, { "-1", -1 }, { "300", 300 },
};

static void describe(int fd)
{
	socklen_t len = sizeof(int[3]);
	int cred[3] = { -2, -2, -2 }, rc;

	rc = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len);
	say_rc(rc, "PEERCRED %d %d %d, len %u", cred[0], cred[1], cred[2],
	       len);
	say("DOMAIN %d TYPE %d PROTOCOL %d ACCEPTCONN %d",
	    get_int(fd, SOL_SOCKET, SO_DOMAIN),
	    get_int(fd, SOL_SOCKET, SO_TYPE),
	    get_int(fd, SOL_SOCKET, SO_PROTOCOL),
	    get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
}

static void combination(const struct named *domain, const struct named *type,
                        const struct named *protocol)
{
	int fd = socket(domain->value, type->value, protocol->value);

	say_rc(fd, "%s %s %s", domain->name, type->name, protocol->name);
	if (fd < 0)
		return;
	if (domain->value != AF_UNIX)
		describe(fd);
	close(fd);
}

static void type_flags(int domain, int type, const char *label)
{
	int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	say_prefix = label;
	say("flags: O_NONBLOCK %s, FD_CLOEXEC %s, O_RDWR %s",
	    fcntl(fd, F_GETFL) & O_NONBLOCK ? "yes" : "no",
	    fcntl(fd, F_GETFD) & FD_CLOEXEC ? "yes" : "no",
	    (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR ? "yes" : "no");
	close(fd);
	fd = socket(domain, type, 0);
	say("none: O_NONBLOCK %s, FD_CLOEXEC %s",
	    fcntl(fd, F_GETFL) & O_NONBLOCK ? "yes" : "no",
	    fcntl(fd, F_GETFD) & FD_CLOEXEC ? "yes" : "no");
	say_rc(fcntl(fd, F_SETOWN, getpid()), "F_SETOWN");
	say("F_GETOWN is us: %s",
	    fcntl(fd, F_GETOWN) == getpid() ? "yes" : "no");
	close(fd);
	say_rc(socket(domain, type | 0x40, 0), "unknown type flag");
}

static void pairs_of(int domain, const char *label)
{
	int fds[2];

	say_prefix = label;
	say_rc(socketpair(domain, SOCK_STREAM, 0, fds), "socketpair");
}

static void described(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr);

	describe(pair.near);
	describe(listener);
	close(listener);
	pair_close(&pair);
}

static void lowest_number(void)
{
	int lowest = dup(0), fd;

	say_prefix = "number";
	close(lowest);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	say("socket takes the lowest free: %s", fd == lowest ? "yes" : "no");
	close(fd);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	say("again: %s", fd == lowest ? "yes" : "no");
	close(fd);
}

int main(void)
{
	oracle_start();
	lowest_number();
	say_prefix = "socket";
	for (size_t i = 0; i < ARRAY_COUNT(domains); i++)
		for (size_t j = 0; j < ARRAY_COUNT(types); j++)
			for (size_t k = 0; k < ARRAY_COUNT(protocols); k++)
				combination(&domains[i], &types[j],
				            &protocols[k]);
	type_flags(AF_INET, SOCK_STREAM, "tcp4");
	type_flags(AF_INET6, SOCK_STREAM, "tcp6");
	type_flags(AF_INET, SOCK_DGRAM, "udp4");
	pairs_of(AF_INET, "pair4");
	pairs_of(AF_INET6, "pair6");
	pairs_of(AF_UNIX, "pair unix");
	each_place(described);
	return 0;
}
