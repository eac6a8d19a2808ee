/* SPDX-License-Identifier: MIT */
/* epoll with typed words: what goes in comes out. */
#include <errno.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "service/poller.h"
#include "tests/unit/unit.h"

static bool is_kept(struct poller_ref ref)
{
	struct poller_ref back = poller_decode(poller_encode(ref));

	return back.kind == ref.kind && back.generation == ref.generation &&
	       back.id == ref.id;
}

static void test_words(void)
{
	for (unsigned kind = 1; kind < POLLER_COUNT; kind++) {
		struct poller_ref ref = { .kind = kind };

		CU_ASSERT_TRUE(is_kept(ref));
		ref.generation = POLLER_GENERATION_MASK;
		ref.id = UINT32_MAX;
		CU_ASSERT_TRUE(is_kept(ref));
		ref.generation = 1;
		ref.id = 0x80000000;
		CU_ASSERT_TRUE(is_kept(ref));
	}
	CU_ASSERT_EQUAL(poller_decode(0).kind, POLLER_INVALID);
	CU_ASSERT_EQUAL(poller_decode((uint64_t)POLLER_COUNT << 56).kind,
	                POLLER_INVALID);
	CU_ASSERT_EQUAL(poller_decode(UINT64_MAX).kind, POLLER_INVALID);
}

/* Generations wrap without spilling into the kind. */
static void test_generation_wraps(void)
{
	struct poller_ref ref = { .kind = POLLER_CHANNEL,
		                  .generation = POLLER_GENERATION_MASK + 1 };

	ref = poller_decode(poller_encode(ref));
	CU_ASSERT_EQUAL(ref.kind, POLLER_CHANNEL);
	CU_ASSERT_EQUAL(ref.generation, 0);
}

static void test_wait(void)
{
	struct poller_ref ref = { POLLER_SESSION, 3, 4 };
	unsigned fds = unit_fd_count();
	struct poller poller;
	int fd;

	CU_ASSERT_EQUAL_FATAL(poller_open(&poller), 0);
	fd = eventfd(1, EFD_CLOEXEC);
	CU_ASSERT_EQUAL(poller_wait(&poller, 0), 0);
	CU_ASSERT_EQUAL(poller_add(&poller, fd, EPOLLIN | EPOLLONESHOT, ref),
	                0);
	CU_ASSERT_EQUAL(poller_add(&poller, fd, EPOLLIN, ref), -EEXIST);
	CU_ASSERT_EQUAL(poller_wait(&poller, 0), 1);
	CU_ASSERT_EQUAL(poller_decode(poller.events[0].data.u64).id, 4);
	CU_ASSERT_EQUAL(poller_wait(&poller, 0), 0);
	CU_ASSERT_EQUAL(poller_mod(&poller, fd, EPOLLIN, ref), 0);
	CU_ASSERT_EQUAL(poller_wait(&poller, 0), 1);
	poller_del(&poller, fd);
	CU_ASSERT_EQUAL(poller_wait(&poller, 0), 0);
	CU_ASSERT_EQUAL(poller_mod(&poller, fd, EPOLLIN, ref), -ENOENT);
	close(fd);
	poller_close(&poller);
	poller_close(&poller);
	CU_ASSERT_EQUAL(unit_fd_count(), fds);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_words),
		UNIT_TEST(test_generation_wraps),
		UNIT_TEST(test_wait),
		{ NULL, NULL }
	};

	return unit_run("poller", NULL, NULL, tests);
}
