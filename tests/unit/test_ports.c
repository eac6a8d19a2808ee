/* SPDX-License-Identifier: MIT */
/* The port table: Linux's rules of bind and listen, the kernel's word for
 * them, and the choice of ephemeral ports. The rest of the stack is not there:
 * what the table asks of it is answered here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stack/ports.h"
#include "stack/sock_priv.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EPHEMERAL \
	(STACK_PORT_EPHEMERAL_LAST - STACK_PORT_EPHEMERAL_FIRST + 1)

static struct stack stack;
static uint16_t taken_from, taken_to; /* local ports of some connection */
static uint16_t time_wait_port;       /* 0: none */

uint32_t stack_random(void)
{
	return (uint32_t)random();
}

bool sock_tcp_tuple_is_taken(const ip_addr_t *local_ip, uint16_t local_port,
                             const ip_addr_t *peer_ip, uint16_t peer_port)
{
	(void)local_ip;
	(void)peer_ip;
	(void)peer_port;
	return local_port >= taken_from && local_port <= taken_to;
}

bool sock_tcp_port_in_time_wait(uint16_t local_port)
{
	return local_port == time_wait_port;
}

static void ports_setup(void)
{
	srandom(7);
	taken_from = 1;
	taken_to = 0;
	time_wait_port = 0;
	CU_ASSERT_EQUAL_FATAL(ports_init(&stack), 0);
}

static void ports_teardown(void)
{
	CU_ASSERT_EQUAL(ports_count(&stack), 0);
	ports_fini(&stack);
}

static void init_sock(struct sock *sock, sa_family_t domain, int type)
{
	memset(sock, 0, sizeof(*sock));
	sock->stack = &stack;
	sock->domain = domain;
	sock->type = (uint8_t)type;
	sock->state = SOCK_STATE_NEW;
}

/* --- the kernel as oracle ----------------------------------------------- */

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

/* --- the rest ----------------------------------------------------------- */

static void test_tcp_and_udp_are_apart(void)
{
	struct sock tcp, udp;
	ip_addr_t any = *IP4_ADDR_ANY;

	init_sock(&tcp, AF_INET, SOCK_STREAM);
	init_sock(&udp, AF_INET, SOCK_DGRAM);
	CU_ASSERT_EQUAL(ports_bind(&tcp, &any, 53), 0);
	CU_ASSERT_EQUAL(ports_bind(&udp, &any, 53), 0);
	CU_ASSERT_EQUAL(ports_bind(&udp, &any, 54), -EINVAL);
	CU_ASSERT_EQUAL(ports_count(&stack), 2);
	ports_release(&tcp);
	ports_release(&tcp);
	CU_ASSERT_EQUAL(ports_count(&stack), 1);
	ports_release(&udp);
}

static void test_wildcard_covers_both(void)
{
	struct sock sock;
	ip_addr_t any = *IP6_ADDR_ANY;

	init_sock(&sock, AF_INET6, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	CU_ASSERT_TRUE(IP_IS_ANY_TYPE_VAL(sock.local_ip));
	ports_release(&sock);
	init_sock(&sock, AF_INET6, SOCK_STREAM);
	sock.opt.v6only = true;
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	CU_ASSERT_TRUE(IP_IS_V6_VAL(sock.local_ip));
	ports_release(&sock);
}

static void test_failed_bind_leaves_nothing(void)
{
	struct sock a, b;
	ip_addr_t any = *IP4_ADDR_ANY, lo;

	ip_addr_set_loopback(false, &lo);
	init_sock(&a, AF_INET, SOCK_STREAM);
	init_sock(&b, AF_INET, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&a, &any, 80), 0);
	CU_ASSERT_EQUAL(ports_bind(&b, &lo, 80), -EADDRINUSE);
	CU_ASSERT_TRUE(ip_addr_isany(&b.local_ip));
	CU_ASSERT_EQUAL(b.local_port, 0);
	CU_ASSERT_FALSE(b.has_port);
	ports_release(&a);
	CU_ASSERT_EQUAL(ports_bind(&b, &lo, 80), 0);
	ports_release(&b);
}

static void test_time_wait_blocks_a_bind(void)
{
	struct sock sock;
	ip_addr_t any = *IP4_ADDR_ANY;

	time_wait_port = 80;
	init_sock(&sock, AF_INET, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), -EADDRINUSE);
	sock.opt.reuse_addr = true;
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	ports_release(&sock);
	init_sock(&sock, AF_INET, SOCK_DGRAM);
	CU_ASSERT_EQUAL(ports_bind(&sock, &any, 80), 0);
	ports_release(&sock);
}

/* A restarted server: its old connections are still there. */
static void test_accepted_connections_hold_the_port(void)
{
	struct sock listener, conn, again;
	ip_addr_t any = *IP4_ADDR_ANY;

	init_sock(&listener, AF_INET, SOCK_STREAM);
	listener.opt.reuse_addr = true;
	CU_ASSERT_EQUAL(ports_bind(&listener, &any, 80), 0);
	listener.state = SOCK_STATE_LISTENING;
	init_sock(&conn, AF_INET, SOCK_STREAM);
	conn.opt = listener.opt;
	conn.state = SOCK_STATE_CONNECTED;
	ports_adopt(&conn, &listener);
	CU_ASSERT_EQUAL(conn.local_port, 80);
	CU_ASSERT_TRUE(conn.port_is_shared);
	CU_ASSERT_EQUAL(ports_count(&stack), 1);
	ports_release(&listener);

	init_sock(&again, AF_INET, SOCK_STREAM);
	CU_ASSERT_EQUAL(ports_bind(&again, &any, 80), -EADDRINUSE);
	again.opt.reuse_addr = true;
	CU_ASSERT_EQUAL(ports_bind(&again, &any, 80), 0);
	CU_ASSERT_EQUAL(ports_listen(&again), 0);
	ports_release(&conn);
	ports_release(&again);
}

static struct sock *many;

/* Every ephemeral port once, in an order that cannot be guessed. */
static void test_ephemeral_until_none_is_left(void)
{
	static bool seen[65536];
	unsigned ascending = 0;
	struct sock last;
	ip_addr_t any = *IP4_ADDR_ANY;

	memset(seen, 0, sizeof(seen));
	many = calloc(EPHEMERAL, sizeof(*many));
	for (unsigned i = 0; i < EPHEMERAL; i++) {
		init_sock(&many[i], AF_INET, SOCK_DGRAM);
		if (ports_bind(&many[i], &any, 0) ||
		    many[i].local_port < STACK_PORT_EPHEMERAL_FIRST ||
		    many[i].local_port > STACK_PORT_EPHEMERAL_LAST ||
		    seen[many[i].local_port])
			break;
		seen[many[i].local_port] = true;
		if (i && many[i].local_port > many[i - 1].local_port)
			ascending++;
	}
	CU_ASSERT_EQUAL(ports_count(&stack), EPHEMERAL);
	CU_ASSERT_TRUE(ascending > EPHEMERAL / 3);
	CU_ASSERT_TRUE(ascending < EPHEMERAL * 2 / 3);
	init_sock(&last, AF_INET, SOCK_DGRAM);
	CU_ASSERT_EQUAL(ports_bind(&last, &any, 0), -EADDRINUSE);
	ports_release(&many[17]);
	CU_ASSERT_EQUAL(ports_bind(&last, &any, 0), 0);
	CU_ASSERT_EQUAL(last.local_port, many[17].local_port);
	ports_release(&last);
	for (unsigned i = 0; i < EPHEMERAL; i++)
		ports_release(&many[i]);
	free(many);
}

static void test_bind_address_no_port(void)
{
	struct sock sock;
	ip_addr_t lo, peer;

	ip_addr_set_loopback(false, &lo);
	ip_addr_copy(peer, lo);
	init_sock(&sock, AF_INET, SOCK_STREAM);
	sock.opt.kept.bind_no_port = 1;
	CU_ASSERT_EQUAL(ports_bind(&sock, &lo, 0), 0);
	CU_ASSERT_FALSE(sock.has_port);
	CU_ASSERT_TRUE(ip_addr_cmp(&sock.local_ip, &lo));
	CU_ASSERT_EQUAL(ports_connect(&sock, &lo, &peer, 80), 0);
	CU_ASSERT_TRUE(sock.has_port);
	CU_ASSERT_EQUAL(ports_connect(&sock, &lo, &peer, 80), -EINVAL);
	ports_release(&sock);
}

static void connect_all(ip_addr_t *lo)
{
	many = calloc(EPHEMERAL, sizeof(*many));
	for (unsigned i = 0; i < EPHEMERAL; i++) {
		init_sock(&many[i], AF_INET, SOCK_STREAM);
		CU_ASSERT_EQUAL_FATAL(ports_connect(&many[i], lo, lo, 80), 0);
		many[i].state = SOCK_STATE_CONNECTED;
	}
}

/* Past the ephemeral ports connections share them, but only with each other
 * and only where the peer differs.
 */
static void test_connect_shares_ports(void)
{
	struct sock more;
	ip_addr_t lo;

	ip_addr_set_loopback(false, &lo);
	connect_all(&lo);
	init_sock(&more, AF_INET, SOCK_STREAM);
	taken_from = STACK_PORT_EPHEMERAL_FIRST;
	taken_to = STACK_PORT_EPHEMERAL_LAST;
	CU_ASSERT_EQUAL(ports_connect(&more, &lo, &lo, 80), -EADDRNOTAVAIL);
	taken_from = STACK_PORT_EPHEMERAL_FIRST + 1;
	CU_ASSERT_EQUAL(ports_connect(&more, &lo, &lo, 81), 0);
	CU_ASSERT_EQUAL(more.local_port, STACK_PORT_EPHEMERAL_FIRST);
	ports_release(&more);
	for (unsigned i = 0; i < EPHEMERAL; i++)
		if (many[i].local_port == STACK_PORT_EPHEMERAL_FIRST)
			many[i].state = SOCK_STATE_LISTENING;
	CU_ASSERT_EQUAL(ports_connect(&more, &lo, &lo, 81), -EADDRNOTAVAIL);
	for (unsigned i = 0; i < EPHEMERAL; i++)
		ports_release(&many[i]);
	free(many);
}

static void test_order_of_a_port(void)
{
	struct sock socks[3];
	ip_addr_t any = *IP4_ADDR_ANY;

	for (unsigned i = 0; i < 3; i++) {
		init_sock(&socks[i], AF_INET, SOCK_DGRAM);
		socks[i].opt.reuse_addr = true;
		CU_ASSERT_EQUAL(ports_bind(&socks[i], &any, 53), 0);
	}
	CU_ASSERT_PTR_EQUAL(ports_first(&stack, SOCK_DGRAM, 53), &socks[2]);
	ports_release(&socks[1]);
	CU_ASSERT_PTR_EQUAL(socks[2].port_next, &socks[0]);
	ports_release(&socks[2]);
	CU_ASSERT_PTR_EQUAL(ports_first(&stack, SOCK_DGRAM, 53), &socks[0]);
	ports_release(&socks[0]);
	CU_ASSERT_PTR_NULL(ports_first(&stack, SOCK_DGRAM, 53));
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_as_the_kernel),
	UNIT_TEST(test_tcp_and_udp_are_apart),
	UNIT_TEST(test_wildcard_covers_both),
	UNIT_TEST(test_failed_bind_leaves_nothing),
	UNIT_TEST(test_time_wait_blocks_a_bind),
	UNIT_TEST(test_accepted_connections_hold_the_port),
	UNIT_TEST(test_ephemeral_until_none_is_left),
	UNIT_TEST(test_bind_address_no_port),
	UNIT_TEST(test_connect_shares_ports),
	UNIT_TEST(test_order_of_a_port),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("ports", ports_setup, ports_teardown, tests);
}
