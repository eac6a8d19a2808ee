/* SPDX-License-Identifier: MIT */
/* Data channels of listeners: accept, backlog, close.
 */
#include "tests/unit/channel_fixture.h"

static struct channel *open_listener(int *fd, int backlog)
{
	struct channel *ch = open_sock(SOCK_STREAM, fd);

	CU_ASSERT_EQUAL(listener_start(ch, *fd, backlog), 0);
	return ch;
}

/* accept(2) as the shim does it. Return: the descriptor or -errno. */
static int take(int fd, struct rpc_accept *message)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { message, sizeof(*message) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		              .msg_control = control.buf,
		              .msg_controllen = sizeof(control.buf) };
	ssize_t got = recvmsg(fd, &msg, MSG_DONTWAIT);
	int conn;

	if (got < 0)
		return -errno;
	if (!got)
		return -EINVAL;
	memcpy(&conn, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(conn));
	return conn;
}

static void test_accept(void)
{
	int fd, conn, mark = 0;
	socklen_t len = sizeof(mark);
	struct channel *ch = open_listener(&fd, 5);
	struct rpc_accept message;
	struct sock *sock;
	char buf[16];

	getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len);
	CU_ASSERT_EQUAL(mark, RPC_MARK_LISTENER);
	sock = fake_accept(ch->sock, 0);
	fake_receive(sock, "first", 5);
	CU_ASSERT_EQUAL(take(fd, &message), -EAGAIN);
	turns(2);
	conn = take(fd, &message);
	CU_ASSERT_TRUE_FATAL(conn >= 0);
	CU_ASSERT_EQUAL(message.magic, RPC_MAGIC);
	CU_ASSERT_EQUAL(message.sock_id, sock->id);
	CU_ASSERT_EQUAL(message.peer.port, htons(50000));
	CU_ASSERT_EQUAL(read(conn, buf, sizeof(buf)), 5);
	CU_ASSERT_EQUAL(write(conn, "reply", 5), 5);
	turns(2);
	CU_ASSERT_EQUAL(sock->tx_len, 5);
	close(conn);
	turns(2);
	CU_ASSERT_TRUE(sock->is_closed && !sock->is_aborted);
	close(fd);
}

static void test_backlog(void)
{
	int fd, conns[3];
	struct channel *ch = open_listener(&fd, 2);
	struct rpc_accept message;

	for (int i = 0; i < 3; i++) {
		CU_ASSERT_PTR_NOT_NULL(fake_accept(ch->sock, 0));
		turns(1);
	}
	CU_ASSERT_PTR_NULL(fake_accept(ch->sock, 0));
	CU_ASSERT_EQUAL(set.stats.chan_backlog_full, 1);
	conns[0] = take(fd, &message);
	CU_ASSERT_PTR_NULL(fake_accept(ch->sock, 1));
	CU_ASSERT_PTR_NOT_NULL(fake_accept(ch->sock, 0));
	conns[1] = take(fd, &message);
	conns[2] = take(fd, &message);
	for (int i = 0; i < 3; i++)
		close(conns[i]);
	close(fd);
	turns(3);
	CU_ASSERT_EQUAL(set.stats.chan_open, 0);
}

/* Connections that nobody accepted are reset with their listener. */
static void test_listener_closes(void)
{
	int fd, conn;
	struct channel *ch = open_listener(&fd, 100);
	struct rpc_accept message;
	struct sock *taken = fake_accept(ch->sock, 0), *sent, *queued;

	turns(1);
	conn = take(fd, &message);
	CU_ASSERT_EQUAL(write(conn, "x", 1), 1);
	sent = fake_accept(ch->sock, 0);
	turns(1);
	queued = fake_accept(ch->sock, 0);
	close(fd);
	turns(3);
	CU_ASSERT_TRUE(sent->is_aborted);
	CU_ASSERT_TRUE(queued->is_aborted);
	CU_ASSERT_FALSE(taken->is_closed);
	close(conn);
	turns(2);
	CU_ASSERT_TRUE(taken->is_closed && !taken->is_aborted);
}

/* A server that ends with idle connections sends FINs, not resets. */
static void test_program_ends(void)
{
	int fd, conn;
	struct channel *ch = open_listener(&fd, 100);
	struct rpc_accept message;
	struct sock *idle = fake_accept(ch->sock, 0), *waiting;

	turns(1);
	waiting = fake_accept(ch->sock, 0);
	turns(1);
	conn = take(fd, &message);
	turns(1);
	CU_ASSERT_EQUAL(ch->listener->sent_count, 1);
	close(fd);
	close(conn);
	turns(3);
	CU_ASSERT_TRUE(idle->is_closed && !idle->is_aborted);
	CU_ASSERT_TRUE(waiting->is_aborted);
}

/* More connections than the listener's pair has room for. */
static void test_accept_pair_full(void)
{
	enum { COUNT = 200 };
	int fd, conn, small = 1, taken = 0;
	struct channel *ch = open_listener(&fd, COUNT);
	struct rpc_accept message;

	setsockopt(ch->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (int i = 0; i < COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(fake_accept(ch->sock, 0));
	turns(5);
	CU_ASSERT_TRUE(ch->is_blocked);
	CU_ASSERT_TRUE(ch->listener->queued > 0);
	for (int i = 0; i < 4 * COUNT && taken < COUNT; i++) {
		conn = take(fd, &message);
		if (conn >= 0) {
			taken++;
			close(conn);
		}
		turns(1);
	}
	CU_ASSERT_EQUAL(taken, COUNT);
	CU_ASSERT_EQUAL(set.stats.chan_accepts, COUNT);
	close(fd);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_accept),
		UNIT_TEST(test_backlog),
		UNIT_TEST(test_listener_closes),
		UNIT_TEST(test_program_ends),
		UNIT_TEST(test_accept_pair_full),
		{ NULL, NULL }
	};

	return unit_run("listener_channel", setup, teardown, tests);
}
