/* SPDX-License-Identifier: MIT */
/* Data channels of TCP: both ends, both directions, full and empty.
 */
#include "tests/unit/channel_fixture.h"

static void test_half_close_by_program(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);
	char buf[16];

	CU_ASSERT_EQUAL(write(fd, "last", 4), 4);
	shutdown(fd, SHUT_WR);
	turns(2);
	CU_ASSERT_EQUAL(ch->sock->tx_len, 4);
	CU_ASSERT_TRUE(ch->sock->is_shut);
	CU_ASSERT_FALSE(ch->sock->is_closed);
	fake_receive(ch->sock, "answer", 6);
	turns(1);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 6);
	fake_receive_fin(ch->sock);
	turns(3);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 0);
	CU_ASSERT_TRUE(fake_last()->is_closed);
	CU_ASSERT_FALSE(fake_last()->is_aborted);
	close(fd);
}

static void test_half_close_by_peer(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);
	char buf[16];

	fake_receive(ch->sock, "x", 1);
	fake_receive_fin(ch->sock);
	turns(1);
	CU_ASSERT_EQUAL(poll_of(fd), POLLIN | POLLOUT | POLLRDHUP);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 1);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 0);
	CU_ASSERT_EQUAL(write(fd, "still", 5), 5);
	turns(1);
	CU_ASSERT_EQUAL(ch->sock->tx_len, 5);
	close(fd);
	turns(2);
	CU_ASSERT_TRUE(fake_last()->is_closed);
	CU_ASSERT_FALSE(fake_last()->is_aborted);
}

/* Everything written before a close is sent, however slowly. */
static void test_close_sends_the_rest(void)
{
	enum { LEN = 150000 };
	static char data[LEN];
	int fd;
	struct channel *ch = open_connected(&fd);
	struct sock *sock = ch->sock;

	for (int i = 0; i < LEN; i++)
		data[i] = i * 7 >> 3;
	sock->tx_room = 1000;
	CU_ASSERT_EQUAL(write(fd, data, LEN), LEN);
	close(fd);
	turns(3);
	CU_ASSERT_EQUAL(sock->tx_len, 1000);
	CU_ASSERT_FALSE(sock->is_closed);
	for (int i = 0; i < 200 && !sock->is_closed; i++) {
		fake_writable(sock, 1000);
		turns(1);
	}
	CU_ASSERT_EQUAL_FATAL(sock->tx_len, LEN);
	CU_ASSERT_EQUAL(memcmp(sock->tx, data, LEN), 0);
	CU_ASSERT_TRUE(sock->is_closed);
	CU_ASSERT_FALSE(sock->is_aborted);
}

static void test_orphan_is_given_up(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);
	struct sock *sock = ch->sock;

	sock->tx_room = 0;
	CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
	close(fd);
	turns(2);
	CU_ASSERT_FALSE(sock->is_closed);
	CU_ASSERT_TRUE(channels_deadline_us(&set) <=
	               set.now_us + CHANNEL_ORPHAN_US);
	set.now_us += CHANNEL_ORPHAN_US;
	turns(1);
	CU_ASSERT_TRUE(sock->is_aborted);
	CU_ASSERT_EQUAL(set.stats.chan_orphans_aborted, 1);
}

static void test_close_unread_resets(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);
	struct sock *sock = ch->sock;

	fake_receive(sock, "unread", 6);
	turns(1);
	close(fd);
	turns(1);
	CU_ASSERT_TRUE(sock->is_aborted);
}

static void test_linger_zero_resets(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);
	struct sock *sock = ch->sock;

	sock->lingers_zero = true;
	close(fd);
	turns(1);
	CU_ASSERT_TRUE(sock->is_aborted);
}

static void test_reset_by_peer(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);
	uint64_t id = ch->sock_id, cookie = ch->cookie;
	char buf[16];

	fake_receive(ch->sock, "data", 4);
	fake_die(ch->sock, ECONNRESET);
	turns(2);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 4);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 0);
	CU_ASSERT_TRUE(poll_of(fd) & POLLHUP);
	CU_ASSERT_EQUAL(tombstone_find(&set.tombs, id, cookie)->error,
	                ECONNRESET);
	close(fd);
}

/* The peer sends more than the pair holds: nothing is lost, the rest waits in
 * the sock; the loop may sleep meanwhile.
 */
static void test_pair_full(void)
{
	enum { LEN = 6 << 20 };
	uint8_t *data = malloc(LEN), *got = malloc(LEN);
	int fd;
	struct channel *ch = open_connected(&fd);
	size_t len = 0;

	for (int i = 0; i < LEN; i++)
		data[i] = i * 13 >> 5;
	turns(2 + CHANNEL_HOT_EMPTY_MAX);
	fake_receive(ch->sock, data, LEN);
	turns(20);
	CU_ASSERT_TRUE(ch->is_blocked);
	CU_ASSERT_TRUE(ch->sock->rx_len > 0);
	CU_ASSERT_FALSE(channels_are_busy(&set));
	while (len < LEN) {
		ssize_t some = recv(fd, got + len, LEN - len, MSG_DONTWAIT);

		if (some > 0)
			len += some;
		else if (!ch->sock->rx_len)
			break;
		turns(1);
	}
	CU_ASSERT_EQUAL(len, LEN);
	CU_ASSERT_EQUAL(memcmp(data, got, LEN), 0);
	turns(3);
	CU_ASSERT_FALSE(ch->wants_write);
	free(data);
	free(got);
	close(fd);
}

static void test_stack_full(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);

	ch->sock->tx_room = 3;
	CU_ASSERT_EQUAL(write(fd, "abcdef", 6), 6);
	turns(4);
	CU_ASSERT_EQUAL(ch->sock->tx_len, 3);
	CU_ASSERT_FALSE(channels_are_busy(&set));
	fake_writable(ch->sock, 100);
	turns(1);
	CU_ASSERT_EQUAL(ch->sock->tx_len, 6);
	turns(2 * CHANNEL_HOT_EMPTY_MAX);
	CU_ASSERT_FALSE(channels_are_hot(&set));
	CU_ASSERT_EQUAL(write(fd, "ghi", 3), 3);
	turns(1);
	CU_ASSERT_EQUAL(ch->sock->tx_len, 9);
	close(fd);
}

/* The stack has no memory for bytes that were read already: they are kept. */
static void test_stack_out_of_memory(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);

	ch->sock->tx_fail = 3;
	CU_ASSERT_EQUAL(write(fd, "abc", 3), 3);
	turns(1);
	CU_ASSERT_EQUAL(write(fd, "def", 3), 3);
	CU_ASSERT_FALSE(channels_are_hot(&set));
	for (int i = 0; i < 5; i++) {
		set.now_us += CHANNEL_RETRY_US;
		turns(2);
	}
	CU_ASSERT_EQUAL_FATAL(ch->sock->tx_len, 6);
	CU_ASSERT_EQUAL(memcmp(ch->sock->tx, "abcdef", 6), 0);
	close(fd);
}

static void test_program_shuts_reading(void)
{
	int fd;
	struct channel *ch = open_connected(&fd);

	shutdown(fd, SHUT_RD);
	fake_receive(ch->sock, "nobody", 6);
	turns(2);
	CU_ASSERT_EQUAL(ch->sock->rx_len, 0);
	CU_ASSERT_EQUAL(set.stats.chan_bytes_discarded, 6);
	CU_ASSERT_FALSE(ch->sock->is_closed);
	close(fd);
	turns(2);
	CU_ASSERT_TRUE(fake_last()->is_aborted);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_half_close_by_program),
		UNIT_TEST(test_half_close_by_peer),
		UNIT_TEST(test_close_sends_the_rest),
		UNIT_TEST(test_orphan_is_given_up),
		UNIT_TEST(test_close_unread_resets),
		UNIT_TEST(test_linger_zero_resets),
		UNIT_TEST(test_reset_by_peer),
		UNIT_TEST(test_pair_full),
		UNIT_TEST(test_stack_full),
		UNIT_TEST(test_stack_out_of_memory),
		UNIT_TEST(test_program_shuts_reading),
		{ NULL, NULL }
	};

	return unit_run("stream_channel", setup, teardown, tests);
}
