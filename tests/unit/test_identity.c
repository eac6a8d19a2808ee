/* SPDX-License-Identifier: MIT */
/* Names on socketpairs, and what is none. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/identity.h"
#include "shim/libc.h"
#include "tests/unit/unit.h"

#define NAME_LEN                                                              \
	(offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(struct rpc_name))

static struct sockaddr_un make(enum rpc_end end, uint64_t id)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct rpc_name name = {
		.instance = (uint64_t)getpid(),
		.sock_id = id,
		.end = (uint8_t)end,
		.domain = AF_INET6,
		.type = SOCK_STREAM,
	};

	memcpy(name.magic, RPC_NAME_MAGIC, sizeof(name.magic));
	memcpy(sun.sun_path + 1, &name, sizeof(name));
	return sun;
}

static void change(struct sockaddr_un *sun, size_t field, uint8_t value)
{
	sun->sun_path[1 + field] = (char)value;
}

static void test_parse(void)
{
	struct sockaddr_un sun = make(RPC_END_SERVICE, 5);
	struct rpc_name name;

	CU_ASSERT(identity_parse(&sun, NAME_LEN, RPC_END_SERVICE, &name));
	CU_ASSERT_EQUAL(name.sock_id, 5);
	CU_ASSERT_FALSE(identity_parse(&sun, NAME_LEN, RPC_END_PROGRAM, &name));
	for (socklen_t len = 0; len < NAME_LEN; len++)
		CU_ASSERT_FALSE(identity_parse(&sun, len, RPC_END_SERVICE,
		                               &name));
	CU_ASSERT_FALSE(identity_parse(&sun, NAME_LEN + 1, RPC_END_SERVICE,
	                               &name));
	sun.sun_path[0] = 'x'; /* a path, not an abstract name */
	CU_ASSERT_FALSE(identity_parse(&sun, NAME_LEN, RPC_END_SERVICE, &name));
}

static void test_parse_refuses(void)
{
	static const struct {
		size_t field;
		uint8_t value;
	} wrong[] = {
		{ offsetof(struct rpc_name, magic) + 7, '2' },
		{ offsetof(struct rpc_name, end), RPC_END_INVALID },
		{ offsetof(struct rpc_name, end), RPC_END_COUNT },
		{ offsetof(struct rpc_name, domain), AF_UNIX },
		{ offsetof(struct rpc_name, type), SOCK_RAW },
	};
	struct rpc_name name;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct sockaddr_un sun = make(RPC_END_SERVICE, 5);

		change(&sun, wrong[i].field, wrong[i].value);
		CU_ASSERT_FALSE(identity_parse(&sun, NAME_LEN, RPC_END_SERVICE,
		                               &name));
	}
}

static void test_of_descriptors(void)
{
	struct sockaddr_un sun = make(RPC_END_SERVICE, 7);
	struct sockaddr_un own = make(RPC_END_PROGRAM, 7);
	struct rpc_name name;
	int fds[2], copy;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	CU_ASSERT_EQUAL(identity_get(fds[0], &name), IDENTITY_FOREIGN);
	CU_ASSERT_EQUAL(bind(fds[1], (struct sockaddr *)&sun, NAME_LEN), 0);
	errno = 77;
	CU_ASSERT_EQUAL(identity_get(fds[0], &name), IDENTITY_OURS);
	CU_ASSERT_EQUAL(identity_get(fds[1], &name), IDENTITY_FOREIGN);
	CU_ASSERT_FALSE(identity_own_name(fds[0], &name));
	CU_ASSERT_EQUAL(bind(fds[0], (struct sockaddr *)&own, NAME_LEN), 0);
	CU_ASSERT(identity_own_name(fds[0], &name));
	/* A copy is as good, also when the service is gone. */
	copy = dup(fds[0]);
	close(fds[1]);
	close(fds[0]);
	CU_ASSERT_EQUAL(identity_get(copy, &name), IDENTITY_OURS);
	CU_ASSERT_EQUAL(name.sock_id, 7);
	CU_ASSERT_EQUAL(identity_type(copy), SOCK_STREAM);
	CU_ASSERT_EQUAL(identity_mark(copy), RPC_MARK_NONE);
	close(copy);
	CU_ASSERT_EQUAL(identity_get(copy, &name), IDENTITY_FOREIGN);
	CU_ASSERT_EQUAL(identity_type(copy), 0);
	CU_ASSERT_EQUAL(errno, 77);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_parse),
		UNIT_TEST(test_parse_refuses),
		UNIT_TEST(test_of_descriptors),
		{ NULL, NULL }
	};

	return unit_run("identity", NULL, NULL, tests);
}
