/* SPDX-License-Identifier: MIT */
/* The pool of receive frames: exhaustion, order, double frees, bounds. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastpath/frame_pool.h"
#include "tests/unit/unit.h"

#define COUNT 8
#define ROOM 2000

static struct frame_pool pool;

static void pool_setup(void)
{
	CU_ASSERT_EQUAL_FATAL(frame_pool_init(&pool, NULL, COUNT, ROOM), 0);
}

static void pool_teardown(void)
{
	CU_ASSERT_EQUAL(pool.free_count, pool.total);
	frame_pool_fini(&pool);
	CU_ASSERT_PTR_NULL(pool.area);
}

static void test_exhaustion(void)
{
	struct frame *frames[COUNT];

	for (unsigned i = 0; i < COUNT; i++) {
		frames[i] = frame_pool_alloc(&pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(frames[i]);
		CU_ASSERT_EQUAL(pool.free_count, COUNT - 1 - i);
	}
	CU_ASSERT_PTR_NULL(frame_pool_alloc(&pool));
	CU_ASSERT_PTR_NULL(frame_pool_alloc(&pool));
	frame_pool_free(&pool, frames[3]);
	CU_ASSERT_PTR_EQUAL(frame_pool_alloc(&pool), frames[3]);
	CU_ASSERT_PTR_NULL(frame_pool_alloc(&pool));
	for (unsigned i = 0; i < COUNT; i++)
		frame_pool_free(&pool, frames[i]);
}

static void test_buffers_do_not_overlap(void)
{
	struct frame *frames[COUNT];

	for (unsigned i = 0; i < COUNT; i++) {
		frames[i] = frame_pool_alloc(&pool);
		memset(frames[i]->buf, i, frames[i]->room);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		CU_ASSERT_EQUAL(frames[i]->room, ROOM);
		CU_ASSERT_EQUAL((uintptr_t)frames[i]->buf % 64, 0);
		CU_ASSERT_EQUAL((uintptr_t)(frames[i]->data + 14) % 4, 0);
		for (unsigned at = 0; at < ROOM; at++)
			if (frames[i]->buf[at] != i)
				CU_FAIL_FATAL("a buffer was overwritten");
	}
	for (unsigned i = 0; i < COUNT; i++)
		frame_pool_free(&pool, frames[i]);
}

static void test_alloc_clears_notes(void)
{
	struct frame *frame = frame_pool_alloc(&pool);

	frame->len = 99;
	frame->gso_size = 1460;
	frame->csum = FRAME_CSUM_VALID;
	frame->data += 14;
	frame_pool_free(&pool, frame);
	CU_ASSERT_PTR_EQUAL(frame_pool_alloc(&pool), frame);
	CU_ASSERT_EQUAL(frame->len, 0);
	CU_ASSERT_EQUAL(frame->gso_size, 0);
	CU_ASSERT_EQUAL(frame->csum, FRAME_CSUM_INVALID);
	CU_ASSERT_PTR_EQUAL(frame->data, frame->buf + FRAME_HEADROOM);
	frame_pool_free(&pool, frame);
}

/* Ignored where users are; where tests run with sanitizers it stops the
 * process, so it happens in a child.
 */
static void test_double_free(void)
{
	struct frame *frame = frame_pool_alloc(&pool);
	int status = 0;
	pid_t pid = fork();

	CU_ASSERT_NOT_EQUAL_FATAL(pid, -1);
	if (!pid) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		frame_pool_free(&pool, frame);
		frame_pool_free(&pool, frame);
		_exit(pool.free_count == COUNT ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
#ifdef NETCOND_SAN
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	CU_ASSERT_EQUAL(WTERMSIG(status), SIGABRT);
#else
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
#endif
	frame_pool_free(&pool, frame);
}

static void test_init_refuses_nonsense(void)
{
	struct frame_pool other;

	CU_ASSERT_EQUAL(frame_pool_init(&other, NULL, 0, ROOM), -EINVAL);
	CU_ASSERT_EQUAL(frame_pool_init(&other, NULL,
	                                FRAME_POOL_COUNT_MAX + 1, ROOM),
	                -EINVAL);
	CU_ASSERT_EQUAL(frame_pool_init(&other, NULL, 1, FRAME_HEADROOM),
	                -EINVAL);
	CU_ASSERT_EQUAL(frame_pool_init(&other, NULL, 1, UINT32_MAX), -EINVAL);
	CU_ASSERT_PTR_NULL(other.area);
	frame_pool_fini(&other);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_exhaustion),
		UNIT_TEST(test_buffers_do_not_overlap),
		UNIT_TEST(test_alloc_clears_notes),
		UNIT_TEST(test_double_free),
		UNIT_TEST(test_init_refuses_nonsense),
		{ NULL, NULL }
	};

	return unit_run("frame_pool", pool_setup, pool_teardown, tests);
}
