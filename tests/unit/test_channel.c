/* SPDX-License-Identifier: MIT */
/* Data channels: their life, their table and what is left of them.
 */
#include <sys/resource.h>

#include "tests/unit/channel_fixture.h"

static void test_name(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	struct rpc_name name;

	CU_ASSERT_EQUAL(getpeername(fd, (struct sockaddr *)&un, &len), 0);
	CU_ASSERT_EQUAL_FATAL(rpc_name_parse(&un, len, &name), 0);
	CU_ASSERT_EQUAL(name.instance, INSTANCE);
	CU_ASSERT_EQUAL(name.sock_id, ch->sock_id);
	CU_ASSERT_EQUAL(name.end, RPC_END_SERVICE);
	CU_ASSERT_EQUAL(name.domain, AF_INET);
	CU_ASSERT_EQUAL(name.type, SOCK_STREAM);
	CU_ASSERT_EQUAL(name.is_accepted, 0);
	close(fd);
	turns(1);
	CU_ASSERT_EQUAL(set.stats.chan_open, 0);
}

/* Descriptors run out at every possible place: an errno and nothing left. */
static void test_out_of_descriptors(void)
{
	struct rlimit old, low;
	unsigned used = unit_fd_count();
	struct channel *ch;
	int fd, err = -1, next = dup(STDOUT_FILENO);

	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	for (unsigned spare = 0; err && spare < 8; spare++) {
		low = old;
		low.rlim_cur = next + spare;
		setrlimit(RLIMIT_NOFILE, &low);
		err = channel_open(&set, AF_INET, SOCK_STREAM, 0, &owner, &ch,
		                   &fd);
		setrlimit(RLIMIT_NOFILE, &old);
		channels_reap(&set);
		if (err) {
			CU_ASSERT_EQUAL(err, -EMFILE);
			CU_ASSERT_EQUAL(set.stats.chan_open, 0);
			CU_ASSERT_EQUAL(unit_fd_count(), used);
		}
	}
	CU_ASSERT_EQUAL_FATAL(err, 0);
	CU_ASSERT_TRUE(set.stats.chan_refused > 0);
	close(fd);
}

static void test_stale_events(void)
{
	int fd, other;
	struct channel *ch = open_sock(SOCK_STREAM, &fd), *next;
	struct poller_ref ref = { POLLER_CHANNEL, set.slots[ch->slot].generation,
		                  ch->slot };

	close(fd);
	turns(1);
	next = open_sock(SOCK_STREAM, &other);
	CU_ASSERT_EQUAL(next->slot, ref.id);
	CU_ASSERT_PTR_NULL(channel_by_ref(&set, ref));
	channel_on_event(&set, ref, EPOLLHUP);
	CU_ASSERT_EQUAL(next->phase, CHANNEL_IDLE);
	ref.id = CHANNEL_MAX;
	CU_ASSERT_PTR_NULL(channel_by_ref(&set, ref));
	close(other);
}

static void test_pages(void)
{
	enum { COUNT = 10 };
	int fds[COUNT];
	struct channel *page[4];
	uint64_t after = 0, last = 0;
	unsigned seen = 0, count;

	for (int i = 0; i < COUNT; i++)
		open_sock(SOCK_STREAM, &fds[i]);
	close(fds[3]);
	turns(1);
	while ((count = channels_after(&set, after, page, 4))) {
		for (unsigned i = 0; i < count; i++) {
			CU_ASSERT_TRUE(page[i]->sock_id > last);
			last = page[i]->sock_id;
		}
		seen += count;
		after = last;
	}
	CU_ASSERT_EQUAL(seen, COUNT - 1);
	for (int i = 0; i < COUNT; i++)
		if (i != 3)
			close(fds[i]);
}

static void test_tombstones(void)
{
	static struct tombstones tombs;
	struct tombstone tomb = { .sock_id = 1 };

	for (uint64_t id = 1; id <= TOMBSTONE_MAX + 10; id++) {
		tomb.sock_id = id;
		tomb.cookie = id * 3;
		tombstone_add(&tombs, &tomb);
	}
	for (uint64_t id = 1; id <= TOMBSTONE_MAX + 10; id++) {
		struct tombstone *found = tombstone_find(&tombs, id, id * 3);

		CU_ASSERT_EQUAL(found != NULL, id > 10);
		CU_ASSERT_TRUE(!found || found->sock_id == id);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_name),
		UNIT_TEST(test_out_of_descriptors),
		UNIT_TEST(test_stale_events),
		UNIT_TEST(test_pages),
		UNIT_TEST(test_tombstones),
		{ NULL, NULL }
	};

	return unit_run("channel", setup, teardown, tests);
}
