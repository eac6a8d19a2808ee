/* SPDX-License-Identifier: MIT */
/* Two sockets on one port: the table's word and the kernel's. */
#include <arpa/inet.h>
#include <unistd.h>

#include "tests/unit/ports_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum flags {
	REUSEADDR = 1,
	REUSEPORT = 2,
	V6ONLY = 4,
	THEN_LISTEN = 8, /* after the bind */
};

struct bind_step {
	int domain;
	const char *addr;
	int flags;
};

/* Two socks after each other on the same port. */
struct bind_case {
	int type;
	struct bind_step first, second;
};

#define ANY4 "0.0.0.0"
#define LO4 "127.0.0.1"
#define OTHER4 "127.0.0.2"
#define ANY6 "::"
#define LO6 "::1"
#define MAPPED "::ffff:127.0.0.1"

#define S SOCK_STREAM
#define D SOCK_DGRAM
static const struct bind_case cases[] = {
	{ S, { AF_INET, ANY4, 0 }, { AF_INET, ANY4, 0 } },
	{ S, { AF_INET, ANY4, 0 }, { AF_INET, LO4, 0 } },
	{ S, { AF_INET, LO4, 0 }, { AF_INET, ANY4, 0 } },
	{ S, { AF_INET, LO4, 0 }, { AF_INET, OTHER4, 0 } },
	{ S, { AF_INET, LO4, REUSEADDR }, { AF_INET, LO4, 0 } },
	{ S, { AF_INET, LO4, 0 }, { AF_INET, LO4, REUSEADDR } },
	{ S, { AF_INET, LO4, REUSEADDR }, { AF_INET, LO4, REUSEADDR } },
	{ S, { AF_INET, LO4, REUSEADDR | THEN_LISTEN },
	  { AF_INET, LO4, REUSEADDR } },
	{ S, { AF_INET, LO4, REUSEADDR },
	  { AF_INET, LO4, REUSEADDR | THEN_LISTEN } },
	{ S, { AF_INET, ANY4, REUSEADDR | THEN_LISTEN },
	  { AF_INET, LO4, REUSEADDR } },
	{ S, { AF_INET, LO4, 0 }, { AF_INET, LO4, REUSEPORT } },
	{ S, { AF_INET, LO4, REUSEPORT }, { AF_INET, LO4, 0 } },
	{ S, { AF_INET, LO4, REUSEPORT | THEN_LISTEN },
	  { AF_INET, LO4, REUSEPORT | THEN_LISTEN } },
	{ S, { AF_INET, LO4, REUSEPORT | THEN_LISTEN },
	  { AF_INET, LO4, REUSEADDR | THEN_LISTEN } },
	{ S, { AF_INET, LO4, REUSEPORT | REUSEADDR | THEN_LISTEN },
	  { AF_INET, LO4, REUSEPORT | THEN_LISTEN } },
	{ S, { AF_INET6, ANY6, 0 }, { AF_INET, ANY4, 0 } },
	{ S, { AF_INET6, ANY6, V6ONLY }, { AF_INET, ANY4, 0 } },
	{ S, { AF_INET, ANY4, 0 }, { AF_INET6, ANY6, 0 } },
	{ S, { AF_INET, ANY4, 0 }, { AF_INET6, ANY6, V6ONLY } },
	{ S, { AF_INET6, ANY6, 0 }, { AF_INET, LO4, 0 } },
	{ S, { AF_INET6, ANY6, V6ONLY }, { AF_INET6, ANY6, 0 } },
	{ S, { AF_INET6, LO6, 0 }, { AF_INET, LO4, 0 } },
	{ S, { AF_INET6, LO6, 0 }, { AF_INET6, ANY6, 0 } },
	{ S, { AF_INET6, MAPPED, 0 }, { AF_INET, LO4, 0 } },
	{ S, { AF_INET6, MAPPED, 0 }, { AF_INET, OTHER4, 0 } },
	{ S, { AF_INET6, MAPPED, 0 }, { AF_INET6, LO6, 0 } },
	{ S, { AF_INET6, MAPPED, 0 }, { AF_INET6, ANY6, 0 } },
	{ S, { AF_INET6, MAPPED, 0 }, { AF_INET6, ANY6, V6ONLY } },
	{ D, { AF_INET, ANY4, 0 }, { AF_INET, ANY4, 0 } },
	{ D, { AF_INET, ANY4, REUSEADDR }, { AF_INET, ANY4, 0 } },
	{ D, { AF_INET, ANY4, REUSEADDR }, { AF_INET, ANY4, REUSEADDR } },
	{ D, { AF_INET, ANY4, REUSEPORT }, { AF_INET, ANY4, REUSEPORT } },
	{ D, { AF_INET, ANY4, REUSEPORT }, { AF_INET, ANY4, REUSEADDR } },
	{ D, { AF_INET, ANY4, 0 }, { AF_INET, ANY4, REUSEPORT } },
	{ D, { AF_INET, LO4, 0 }, { AF_INET, OTHER4, 0 } },
	{ D, { AF_INET, LO4, 0 }, { AF_INET, ANY4, 0 } },
	{ D, { AF_INET6, ANY6, 0 }, { AF_INET, LO4, 0 } },
	{ D, { AF_INET6, ANY6, V6ONLY }, { AF_INET, LO4, 0 } },
	{ D, { AF_INET6, ANY6, REUSEADDR }, { AF_INET, LO4, REUSEADDR } },
};
#undef S
#undef D

static socklen_t make_addr(const struct bind_step *step, uint16_t port,
                           struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)step->domain;
	if (step->domain == AF_INET) {
		inet_pton(AF_INET, step->addr, &sin->sin_addr);
		sin->sin_port = htons(port);
		return sizeof(*sin);
	}
	inet_pton(AF_INET6, step->addr, &sin6->sin6_addr);
	sin6->sin6_port = htons(port);
	return sizeof(*sin6);
}

/* Return: the errno of the first call that fails, or 0. */
static int kernel_step(int fd, const struct bind_step *step, uint16_t port)
{
	int reuse_addr = step->flags & REUSEADDR, v6only = step->flags & V6ONLY;
	int reuse_port = step->flags & REUSEPORT;
	struct sockaddr_storage ss;
	socklen_t len = make_addr(step, port, &ss);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_addr, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuse_port, sizeof(int));
	if (step->domain == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(int));
	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		return errno;
	return step->flags & THEN_LISTEN && listen(fd, 1) < 0 ? errno : 0;
}

static int stack_step(struct sock *sock, const struct bind_step *step,
                      uint16_t port)
{
	struct in6_addr in6;
	struct in_addr in;
	uint32_t words[4];
	ip_addr_t ip;
	int err;

	sock->opt.reuse_addr = step->flags & REUSEADDR;
	sock->opt.reuse_port = step->flags & REUSEPORT;
	sock->opt.v6only = step->flags & V6ONLY;
	if (inet_pton(AF_INET, step->addr, &in) == 1) {
		ip_addr_set_ip4_u32_val(ip, in.s_addr);
	} else {
		inet_pton(AF_INET6, step->addr, &in6);
		memcpy(words, &in6, sizeof(words));
		if (IN6_IS_ADDR_V4MAPPED(&in6))
			ip_addr_set_ip4_u32_val(ip, words[3]);
		else
			IP_ADDR6(&ip, words[0], words[1], words[2], words[3]);
	}
	err = ports_bind(sock, &ip, port);
	if (!err && step->flags & THEN_LISTEN) {
		err = ports_listen(sock);
		if (!err)
			sock->state = SOCK_STATE_LISTENING;
	}
	return -err;
}

/* A port that the kernel has free on all addresses. */
static uint16_t free_kernel_port(int type)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(sin6);
	int fd = socket(AF_INET6, type, 0);

	bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
	getsockname(fd, (struct sockaddr *)&sin6, &len);
	close(fd);
	return ntohs(sin6.sin6_port);
}

static int kernel_case(const struct bind_case *c)
{
	uint16_t port = free_kernel_port(c->type);
	int a = socket(c->first.domain, c->type, 0);
	int b = socket(c->second.domain, c->type, 0);
	int err;

	CU_ASSERT_EQUAL(kernel_step(a, &c->first, port), 0);
	err = kernel_step(b, &c->second, port);
	close(a);
	close(b);
	return err;
}

static int stack_case(const struct bind_case *c)
{
	struct sock a, b;
	int err;

	init_sock(&a, (sa_family_t)c->first.domain, c->type);
	init_sock(&b, (sa_family_t)c->second.domain, c->type);
	CU_ASSERT_EQUAL(stack_step(&a, &c->first, 80), 0);
	err = stack_step(&b, &c->second, 80);
	ports_release(&a);
	ports_release(&b);
	return err;
}

static void test_as_the_kernel(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int theirs, ours;

	if (fd < 0)
		UNIT_SKIP("the kernel has no IPv6");
	close(fd);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		theirs = kernel_case(&cases[i]);
		ours = stack_case(&cases[i]);
		CU_ASSERT_EQUAL(ours, theirs);
		if (ours != theirs)
			printf("case %u: %s %d, then %s %d: %s, kernel %s\n",
			       i, cases[i].first.addr, cases[i].first.flags,
			       cases[i].second.addr, cases[i].second.flags,
			       strerror(ours), strerror(theirs));
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_as_the_kernel),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("ports_kernel", ports_setup, ports_teardown, tests);
}
