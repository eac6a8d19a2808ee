/* SPDX-License-Identifier: MIT */
/* bind: which addresses and ports, and who may share them. Uses 7200-7299. */
#include "tests/oracle/oracle.h"

#define PORT 7200

static void bind_say(int fd, const char *ip, unsigned port, const char *label)
{
	struct addr addr = addr_of(ip, port);

	say_rc(bind(fd, &addr.sa, addr.len), "%s", label);
}

static void arguments(int family, int type, const char *prefix)
{
	const char *own = family == AF_INET ? OWN4 : OWN6;
	struct addr addr = addr_of(own, PORT), other = addr_of(OWN4, PORT);
	int fd = socket(family, type, 0);

	say_prefix = prefix;
	say_rc(bind(fd, &addr.sa, 0), "length 0");
	say_rc(bind(fd, &addr.sa, 2), "length 2");
	say_rc(bind(fd, &addr.sa, addr.len - 1), "one short");
	close(fd);
	fd = socket(family, type, 0);
	say_rc(bind(fd, NULL, addr.len), "no address");
	addr.sa.sa_family = 77;
	say_rc(bind(fd, &addr.sa, addr.len), "family 77");
	if (family == AF_INET6)
		say_rc(bind(fd, &other.sa, sizeof(other.in6)), "AF_INET");
	addr = addr_of(family == AF_INET ? "0.0.0.0" : "::", 0);
	addr.sa.sa_family = AF_UNSPEC;
	say_rc(bind(fd, &addr.sa, addr.len), "AF_UNSPEC wildcard");
	close(fd);
	fd = socket(family, type, 0);
	bind_say(fd, family == AF_INET ? PEER4 : PEER6, PORT, "not ours");
	bind_say(fd, family == AF_INET ? "192.0.2.7" : "2001:db8::7", 0,
	         "foreign, port 0");
	bind_say(fd, own, 0, "port 0");
	say_names(fd, "port 0");
	bind_say(fd, own, 0, "a second time");
	bind_say(fd, own, PORT, "a second time with a port");
	close(fd);
	fd = socket(family, type, 0);
	bind_say(fd, own, 721, "a privileged port as root");
	say_names(fd, "privileged");
	close(fd);
}

/* Two binds, a and b: does the second succeed? And may both listen? */
struct sharing {
	const char *label;
	const char *a, *b;
	int option;       /* 0: none, SO_REUSEADDR or SO_REUSEPORT on both */
	bool is_v6only;   /* on the AF_INET6 ones */
};

static const struct sharing sharings[] = {
	{ "same", OWN4, OWN4, 0, false },
	{ "same, REUSEADDR", OWN4, OWN4, SO_REUSEADDR, false },
	{ "same, REUSEPORT", OWN4, OWN4, SO_REUSEPORT, false },
	{ "two addresses", OWN4, "127.0.0.1", 0, false },
	{ "wildcard and own", "0.0.0.0", OWN4, 0, false },
	{ "own and wildcard", OWN4, "0.0.0.0", 0, false },
	{ "wildcard and own, REUSEADDR", "0.0.0.0", OWN4, SO_REUSEADDR, false },
	{ "wildcard and own, REUSEPORT", "0.0.0.0", OWN4, SO_REUSEPORT, false },
	{ "wildcards", "0.0.0.0", "0.0.0.0", 0, false },
	{ "same6", OWN6, OWN6, 0, false },
	{ "same6, REUSEPORT", OWN6, OWN6, SO_REUSEPORT, false },
	{ "wildcard6 and own6", "::", OWN6, 0, false },
	{ "dual wildcard and wildcard", "::", "0.0.0.0", 0, false },
	{ "wildcard and dual wildcard", "0.0.0.0", "::", 0, false },
	{ "v6only wildcard and wildcard", "::", "0.0.0.0", 0, true },
	{ "wildcard and v6only wildcard", "0.0.0.0", "::", 0, true },
	{ "dual wildcard and own", "::", OWN4, 0, false },
	{ "v6only wildcard and own", "::", OWN4, 0, true },
	{ "own6 and own", OWN6, OWN4, 0, false },
	{ "mapped and own", "::ffff:10.107.0.2", OWN4, 0, false },
};

static int sharing_open(const struct sharing *sharing, const char *ip,
                        int type, struct addr *addr)
{
	int fd;

	*addr = addr_of(ip, 0);
	fd = socket(addr->sa.sa_family, type, 0);
	if (sharing->option)
		set_int(fd, SOL_SOCKET, sharing->option, 1);
	if (addr->sa.sa_family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, sharing->is_v6only);
	return fd;
}

static void share(const struct sharing *sharing, int type, unsigned port)
{
	struct addr addr;
	int a = sharing_open(sharing, sharing->a, type, &addr), b, rc;

	say_prefix = type == SOCK_STREAM ? "tcp" : "udp";
	addr_set_port(&addr, port);
	if (bind(a, &addr.sa, addr.len) < 0)
		die("%s: first bind", sharing->label);
	b = sharing_open(sharing, sharing->b, type, &addr);
	addr_set_port(&addr, port);
	rc = bind(b, &addr.sa, addr.len);
	say_rc(rc, "%s", sharing->label);
	if (type == SOCK_STREAM) {
		say_rc(listen(a, 4), "%s: first listens", sharing->label);
		if (rc == 0)
			say_rc(listen(b, 4), "%s: second listens",
			       sharing->label);
	}
	close(a);
	close(b);
}

/* A bound port that does not listen, then one that listens, with REUSEADDR. */
static void reuse_listening(void)
{
	struct addr addr = addr_of(OWN4, PORT + 80);
	int a = socket(AF_INET, SOCK_STREAM, 0);
	int b = socket(AF_INET, SOCK_STREAM, 0);

	say_prefix = "listening";
	set_int(a, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(b, SOL_SOCKET, SO_REUSEADDR, 1);
	say_rc(bind(a, &addr.sa, addr.len), "first");
	say_rc(listen(a, 1), "listen");
	say_rc(bind(b, &addr.sa, addr.len), "second while it listens");
	close(a);
	say_rc(bind(b, &addr.sa, addr.len), "second after it closed");
	close(b);
}

/* A listener's port right after a connection of it was closed by this side. */
static void time_wait_reuse(const struct place *place, int is_reused)
{
	unsigned port = PORT + 82 + (unsigned)(place - places);
	struct addr addr = addr_of(place->near_ip, port + (is_reused ? 8 : 0));
	int listener = near_socket(place, SOCK_STREAM);
	int client = far_socket(place, SOCK_STREAM), conn;

	set_int(listener, SOL_SOCKET, SO_REUSEADDR, is_reused);
	say_rc(bind(listener, &addr.sa, addr.len), "REUSEADDR %d", is_reused);
	listen(listener, 4);
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	conn = accept(listener, NULL, NULL);
	close(conn);
	poll_until(client, POLLIN);
	close(client);
	close(listener);
	listener = near_socket(place, SOCK_STREAM);
	set_int(listener, SOL_SOCKET, SO_REUSEADDR, is_reused);
	say_rc(bind(listener, &addr.sa, addr.len), "rebind");
	if (is_reused)
		say_rc(listen(listener, 4), "listen");
	close(listener);
}

static void time_wait(const struct place *place)
{
	time_wait_reuse(place, 0);
	time_wait_reuse(place, 1);
}

int main(void)
{
	oracle_start();
	arguments(AF_INET, SOCK_STREAM, "tcp4");
	arguments(AF_INET6, SOCK_STREAM, "tcp6");
	arguments(AF_INET, SOCK_DGRAM, "udp4");
	arguments(AF_INET6, SOCK_DGRAM, "udp6");
	for (size_t i = 0; i < ARRAY_COUNT(sharings); i++)
		share(&sharings[i], SOCK_STREAM, PORT + 20 + (unsigned)i);
	for (size_t i = 0; i < ARRAY_COUNT(sharings); i++)
		share(&sharings[i], SOCK_DGRAM, PORT + 20 + (unsigned)i);
	reuse_listening();
	each_source(time_wait);
	return 0;
}
