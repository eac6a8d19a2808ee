/* SPDX-License-Identifier: MIT */
/* Numeric forms, hosts files and search lists; addresses; iovecs. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/addr.h"
#include "shim/hosts.h"
#include "shim/iov.h"
#include "tests/unit/unit.h"

static char path[] = "/tmp/test_hosts.XXXXXX";

static void file_write(const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static void test_numeric(void)
{
	static const char *const bad[] = { "", "host", "1.2.3.4 ", "1.2.3.4x",
		                           "::g", ":::", "fe80::1%", "%",
		                           "256.1.1.1", "1.2.3.4%lo" };
	struct rpc_addr addr;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(hosts_numeric(bad[i], &addr));
	CU_ASSERT(hosts_numeric("10.1", &addr)); /* as inet_aton(3) */
	CU_ASSERT_EQUAL(addr.family, AF_INET);
	CU_ASSERT_EQUAL(memcmp(addr.addr, "\x0a\0\0\x01", 4), 0);
	CU_ASSERT(hosts_numeric("fe80::1%3", &addr));
	CU_ASSERT_EQUAL(addr.family, AF_INET6);
	CU_ASSERT_EQUAL(addr.scope_id, 3);
}

static void test_hosts_file(void)
{
	struct host_answer answer = { .count = 0 };
	struct rpc_addr addr;
	char name[RPC_HOSTNAME_LEN];

	file_write("# comment\n\nbroken line\n192.0.2.1\n"
	           "192.0.2.1\tone.test  alias # two.test\n"
	           "  2001:db8::1 one.test\n"
	           "192.0.2.3 other ONE.TEST\r\n"
	           "192.0.2.1 one.test\n192.0.2.9 last.test");
	CU_ASSERT(hosts_by_name(path, "One.Test", AF_UNSPEC, &answer));
	CU_ASSERT_EQUAL(answer.count, 4); /* each line, as glibc */
	CU_ASSERT_STRING_EQUAL(answer.name, "one.test");
	CU_ASSERT_EQUAL(answer.alias_count, 3);
	CU_ASSERT_STRING_EQUAL(answer.aliases[0], "alias");
	CU_ASSERT_STRING_EQUAL(answer.aliases[1], "other");
	hosts_answer_init(&answer, "");
	CU_ASSERT(hosts_by_name(path, "alias", AF_INET, &answer));
	CU_ASSERT_STRING_EQUAL(answer.name, "one.test");
	answer.count = 0;
	CU_ASSERT_FALSE(hosts_by_name(path, "alias", AF_INET6, &answer));
	CU_ASSERT_FALSE(hosts_by_name(path, "two.test", AF_UNSPEC, &answer));
	CU_ASSERT_FALSE(hosts_by_name(path, "one", AF_UNSPEC, &answer));
	CU_ASSERT(hosts_by_name(path, "last.test", AF_UNSPEC, &answer));
	CU_ASSERT(hosts_numeric("192.0.2.3", &addr));
	CU_ASSERT(hosts_by_addr(path, &addr, name));
	CU_ASSERT_STRING_EQUAL(name, "other");
	CU_ASSERT(hosts_numeric("192.0.2.4", &addr));
	CU_ASSERT_FALSE(hosts_by_addr(path, &addr, name));
	CU_ASSERT_FALSE(hosts_by_name("/nonexistent/hosts", "one.test",
	                              AF_UNSPEC, &answer));
}

static void test_hosts_file_is_full(void)
{
	struct host_answer answer = { .count = 0 };
	char text[4096] = "";

	for (int i = 1; i < 60; i++)
		snprintf(text + strlen(text), 32, "192.0.2.%d many\n", i);
	file_write(text);
	CU_ASSERT(hosts_by_name(path, "many", AF_UNSPEC, &answer));
	CU_ASSERT_EQUAL(answer.count, HOSTS_ADDR_MAX);
}

static void test_localhost(void)
{
	struct host_answer answer = { .count = 0 };

	CU_ASSERT(hosts_localhost("LOCALHOST.", AF_INET, &answer));
	CU_ASSERT_EQUAL(answer.count, 1);
	hosts_answer_init(&answer, "");
	CU_ASSERT(hosts_localhost("a.localhost", AF_UNSPEC, &answer));
	CU_ASSERT_EQUAL(answer.count, 2);
	CU_ASSERT_FALSE(hosts_localhost("notlocalhost", AF_INET, &answer));
	CU_ASSERT_FALSE(hosts_localhost("localhost.org", AF_INET, &answer));
}

static void test_search(void)
{
	struct host_search search;

	file_write("nameserver 192.0.2.1\ndomain old.test\n"
	           "search a.test b.test c d e f g h\noptions rotate ndots:3\n");
	hosts_search_read(path, &search);
	CU_ASSERT_EQUAL(search.count, HOSTS_DOMAIN_MAX);
	CU_ASSERT_STRING_EQUAL(search.domains[1], "b.test");
	CU_ASSERT_EQUAL(search.ndots, 3);
	hosts_search_read("/nonexistent/resolv.conf", &search);
	CU_ASSERT_EQUAL(search.count, 0);
	CU_ASSERT_EQUAL(search.ndots, 1);
}

/* Lengths and families as the kernel judges them. */
static void test_addr_take(void)
{
	struct rpc_name v4 = { .domain = AF_INET, .type = SOCK_STREAM };
	struct rpc_name v6 = { .domain = AF_INET6, .type = SOCK_STREAM };
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&ss;
	struct rpc_addr addr;

	CU_ASSERT_EQUAL(addr_take(&addr, sa, 16, &v4), 0);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, sizeof(ss), &v4), 0);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, sizeof(ss) + 1, &v4), -EINVAL);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 15, &v4), -EINVAL);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 1, &v4), -EINVAL);
	CU_ASSERT_EQUAL(addr_take(&addr, NULL, 16, &v4), -EFAULT);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 16, &v6), -EINVAL);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 28, &v6), -EAFNOSUPPORT);
	ss.ss_family = AF_INET6;
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 28, &v4), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 24, &v6), 0); /* RFC 2133 */
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 23, &v6), -EINVAL);
	ss.ss_family = AF_UNIX;
	CU_ASSERT_EQUAL(addr_take(&addr, sa, 110, &v4), -EAFNOSUPPORT);
}

/* Each domain is shown its own form. */
static void test_addr_give(void)
{
	struct rpc_addr v4, mapped;
	struct sockaddr_storage a, b;
	char text[INET6_ADDRSTRLEN];

	CU_ASSERT(hosts_numeric("192.0.2.1", &v4));
	CU_ASSERT(hosts_numeric("::ffff:192.0.2.1", &mapped));
	CU_ASSERT_EQUAL(addr_to_sockaddr(&v4, AF_INET6, &a), 28);
	CU_ASSERT_EQUAL(addr_to_sockaddr(&mapped, AF_INET6, &b), 28);
	CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, text,
	          sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "::ffff:192.0.2.1");
	CU_ASSERT_EQUAL(addr_to_sockaddr(&mapped, AF_INET, &a), 16);
	CU_ASSERT_EQUAL(addr_to_sockaddr(&v4, AF_INET, &b), 16);
	CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
}

/* What iov_insert puts in, iov_remove takes out, for any split. */
static void test_iov(void)
{
	unsigned char head[IOV_SHIFT_MAX], out[IOV_SHIFT_MAX];
	unsigned char buf[700], want[700];

	for (unsigned i = 0; i < sizeof(head); i++)
		head[i] = (unsigned char)(200 - i);
	for (size_t split = 0; split <= 600; split += 7) {
		struct iovec iov[3] = { { buf, split }, { buf, 0 },
			                { buf + split, 600 - split } };

		for (unsigned i = 0; i < sizeof(buf); i++)
			buf[i] = (unsigned char)(i * 13);
		memcpy(want, head, sizeof(head));
		memcpy(want + sizeof(head), buf, 600 - sizeof(head));
		iov_insert(iov, 3, head, 600);
		CU_ASSERT_EQUAL(memcmp(buf, want, 600), 0);
		iov_remove(iov, out, 600);
		CU_ASSERT_EQUAL(memcmp(out, head, sizeof(head)), 0);
		CU_ASSERT_EQUAL(memcmp(buf, want + sizeof(head),
		                       600 - sizeof(head)), 0);
		CU_ASSERT_EQUAL(buf[600], (unsigned char)(600 * 13));
		CU_ASSERT_EQUAL(iov_len(iov, 3), 600);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_numeric),
		UNIT_TEST(test_hosts_file),
		UNIT_TEST(test_hosts_file_is_full),
		UNIT_TEST(test_localhost),
		UNIT_TEST(test_search),
		UNIT_TEST(test_addr_take),
		UNIT_TEST(test_addr_give),
		UNIT_TEST(test_iov),
		{ NULL, NULL }
	};
	int fd = mkstemp(path);
	int rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = unit_run("hosts", NULL, NULL, tests);
	unlink(path);
	return rc;
}
