/* SPDX-License-Identifier: MIT */
/* Data channels of TCP: connects that succeed, fail and are given up.
 */
#include "tests/unit/channel_fixture.h"

static void test_connect(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);
	char buf[16];

	CU_ASSERT_EQUAL(write(fd, "junk", 4), 4);
	CU_ASSERT_EQUAL(start_connect(ch, fd), -EINPROGRESS);
	turns(2);
	CU_ASSERT_EQUAL(poll_of(fd), 0);
	CU_ASSERT_EQUAL(start_connect(ch, fd), -EALREADY);
	CU_ASSERT_EQUAL(write(fd, "early", 5), 5);
	fake_connected(ch->sock);
	turns(2);
	CU_ASSERT_EQUAL(poll_of(fd), POLLOUT);
	CU_ASSERT_EQUAL(start_connect(ch, fd), 0);
	CU_ASSERT_EQUAL(start_connect(ch, fd), -EISCONN);
	CU_ASSERT_EQUAL_FATAL(ch->sock->tx_len, 5);
	CU_ASSERT_EQUAL(memcmp(ch->sock->tx, "early", 5), 0);
	fake_receive(ch->sock, "hello", 5);
	turns(1);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 5);
	close(fd);
	turns(2);
	CU_ASSERT_FALSE(fake_last()->is_aborted);
}

static void test_connect_large_buffer(void)
{
	int fd, bytes = 4 << 20;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(start_connect(ch, fd), -EINPROGRESS);
	CU_ASSERT_FALSE(poll_of(fd) & POLLOUT);
	fake_connected(ch->sock);
	turns(1);
	CU_ASSERT_EQUAL(poll_of(fd), POLLOUT);
	channel_grow(ch, fd);
	CU_ASSERT_TRUE(ch->is_grown);
	close(fd);
}

static void test_connect_fails(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);
	uint64_t id = ch->sock_id, cookie = ch->cookie;
	struct tombstone *tomb;
	int error = 0;
	socklen_t len = sizeof(error);

	CU_ASSERT_EQUAL(start_connect(ch, fd), -EINPROGRESS);
	fake_die(ch->sock, ECONNREFUSED);
	turns(1);
	CU_ASSERT_EQUAL(poll_of(fd) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	CU_ASSERT_NOT_EQUAL(error, 0);
	CU_ASSERT_PTR_NULL(tombstone_find(&set.tombs, id, cookie + 1));
	tomb = tombstone_find(&set.tombs, id, cookie);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tomb);
	CU_ASSERT_EQUAL(tomb->error, ECONNREFUSED);
	CU_ASSERT_EQUAL(tomb->peer.port, htons(80));
	CU_ASSERT_EQUAL(set.stats.chan_open, 0);
	close(fd);
}

static void test_connect_refused_at_once(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);

	ch->sock->connect_result = -ENETUNREACH;
	CU_ASSERT_EQUAL(start_connect(ch, fd), -ENETUNREACH);
	CU_ASSERT_EQUAL(poll_of(fd), POLLOUT);
	CU_ASSERT_EQUAL(ch->phase, CHANNEL_IDLE);
	close(fd);
}

static void test_close_while_connecting(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);

	CU_ASSERT_EQUAL(start_connect(ch, fd), -EINPROGRESS);
	close(fd);
	turns(1);
	CU_ASSERT_TRUE(fake_last()->is_closed);
	CU_ASSERT_EQUAL(set.stats.chan_open, 0);
}

/* Connected and reset before the loop looked: what came is still delivered. */
static void test_connected_then_reset(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_STREAM, &fd);
	char buf[16];

	CU_ASSERT_EQUAL(start_connect(ch, fd), -EINPROGRESS);
	fake_connected(ch->sock);
	fake_receive(ch->sock, "bye", 3);
	fake_die(ch->sock, ECONNRESET);
	turns(1);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 3);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 0);
	close(fd);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_connect),
		UNIT_TEST(test_connect_large_buffer),
		UNIT_TEST(test_connect_fails),
		UNIT_TEST(test_connect_refused_at_once),
		UNIT_TEST(test_close_while_connecting),
		UNIT_TEST(test_connected_then_reset),
		{ NULL, NULL }
	};

	return unit_run("stream_connect", setup, teardown, tests);
}
