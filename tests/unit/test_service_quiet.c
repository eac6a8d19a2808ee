/* SPDX-License-Identifier: MIT */
/* The service and requests without a reply: what a program can tell is as if it
 * had waited. See shim/proto/rpc.h.
 */
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/unit/service_fixture.h"

/* A connection of a client. */
struct conn {
	int client, fd;
	uint64_t id;
	struct sock *sock;
};

static struct conn conn_open(void)
{
	struct conn conn = { .client = client_open() };

	conn.fd = client_socket(conn.client, SOCK_STREAM, &conn.id);
	conn.sock = fake_last();
	CU_ASSERT_EQUAL(client_connect_to(conn.client, conn.id, conn.fd, 80),
	                EINPROGRESS);
	fake_connected(conn.sock);
	turns(1);
	return conn;
}

static void conn_close(struct conn *conn)
{
	char byte;

	CU_ASSERT_EQUAL(recv(conn->client, &byte, 1, MSG_DONTWAIT), -1);
	CU_ASSERT_EQUAL(hello(conn->client), 0);
	close(conn->fd);
	close(conn->client);
	turns(2);
}

static struct rpc_request cork_request(const struct conn *conn, int val)
{
	struct rpc_request req = request(RPC_SETSOCKOPT, conn->id);

	req.opt.level = IPPROTO_TCP;
	req.opt.name = TCP_CORK;
	req.opt.len = sizeof(val);
	memcpy(req.opt.val, &val, sizeof(val));
	return req;
}

static void tell_cork(const struct conn *conn, int val, unsigned flags)
{
	struct rpc_request req = cork_request(conn, val);

	req.flags = RPC_FLAG_NO_REPLY | flags;
	CU_ASSERT_EQUAL(fdpass_send(&io, conn->client, &req, sizeof(req),
	                            conn->fd, 0), 0);
}

static void ask_cork(const struct conn *conn, int val)
{
	struct rpc_request req = cork_request(conn, val);
	struct rpc_reply reply;

	CU_ASSERT_EQUAL(ask(conn->client, &req, conn->fd, &reply, NULL), 0);
}

/* Bytes that were written before go before, with a reply and without. */
static void test_bytes_before(void)
{
	struct conn conn = conn_open();
	static char big[300000]; /* more than a turn reads */
	int size = sizeof(big);

	setsockopt(conn.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	CU_ASSERT_EQUAL(write(conn.fd, "before", 6), 6);
	tell_cork(&conn, 1, RPC_FLAG_BYTES);
	turns(1);
	CU_ASSERT_EQUAL(conn.sock->cork, 1);
	CU_ASSERT_EQUAL(conn.sock->tx_len_at_opt, 6);
	CU_ASSERT_EQUAL(write(conn.fd, "before", 6), 6);
	ask_cork(&conn, 0);
	CU_ASSERT_EQUAL(conn.sock->cork, 0);
	CU_ASSERT_EQUAL(conn.sock->tx_len_at_opt, 12);
	size = send(conn.fd, big, sizeof(big), MSG_DONTWAIT);
	tell_cork(&conn, 1, RPC_FLAG_BYTES);
	turns(1);
	CU_ASSERT_TRUE(conn.sock->tx_len_at_opt > 12);
	CU_ASSERT_EQUAL(conn.sock->tx_len_at_opt,
	                (size_t)size + 12 < FAKE_TX_LEN ? (size_t)size + 12
	                                                : conn.sock->tx_len);
	conn_close(&conn);
}

/* Bytes that were written after setting TCP_CORK come after it, also where the
 * pair is read without asking epoll first.
 */
static void test_bytes_after(void)
{
	struct conn conn = conn_open();

	ask_cork(&conn, 0);
	for (int i = 0; i < 300; i++) {
		size_t sent = conn.sock->tx_len;

		CU_ASSERT_EQUAL(write(conn.fd, "a", 1), 1);
		turns(1);
		CU_ASSERT_EQUAL(conn.sock->tx_len, sent + 1);
		tell_cork(&conn, 1, 0);
		CU_ASSERT_EQUAL(write(conn.fd, "b", 1), 1);
		loop_turn(loop, 0);
		turns(2);
		CU_ASSERT_EQUAL(conn.sock->tx_len_at_opt, sent + 1);
		CU_ASSERT_EQUAL(conn.sock->tx_len, sent + 2);
		CU_ASSERT_EQUAL(conn.sock->cork, 1);
	}
	shutdown(conn.fd, SHUT_WR); /* is seen where nothing may be read */
	turns(2);
	CU_ASSERT_TRUE(conn.sock->is_shut);
	conn_close(&conn);
}

/* A request with a reply comes after all without that were sent before, however
 * many, on whatever session.
 */
static void test_others_see_it(void)
{
	struct conn conn = conn_open();
	int other = client_open(), val = 0;
	struct rpc_request req = request(RPC_GETSOCKOPT, conn.id);
	struct rpc_reply reply;

	req.opt.level = IPPROTO_TCP;
	req.opt.name = TCP_CORK;
	req.opt.len = sizeof(val);
	for (int i = 1; i <= 10 * SESSION_BUDGET; i++)
		tell_cork(&conn, i, 0);
	CU_ASSERT_EQUAL(ask(other, &req, conn.fd, &reply, NULL), 0);
	memcpy(&val, reply.opt.val, sizeof(val));
	CU_ASSERT_EQUAL(val, 10 * SESSION_BUDGET);
	close(other);
	conn_close(&conn);
}

/* What is no socket, or none any more, is ignored; the session lives. */
static void test_no_socket(void)
{
	struct conn conn = conn_open();
	uint64_t id = conn.id;

	conn.id += 1000;
	tell_cork(&conn, 1, 0);
	turns(1);
	conn.id = id;
	fake_die(conn.sock, ECONNRESET);
	turns(2);
	tell_cork(&conn, 1, RPC_FLAG_BYTES);
	turns(1);
	conn_close(&conn);
}

static void test_flags(void)
{
	static const uint32_t wrong[] = {
		RPC_FLAG_BYTES, RPC_FLAGS + 1, UINT32_MAX
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct conn conn = conn_open();
		struct rpc_request req = cork_request(&conn, 1);

		req.flags = wrong[i];
		CU_ASSERT_EQUAL(fdpass_send(&io, conn.client, &req,
		                            sizeof(req), conn.fd, 0), 0);
		CU_ASSERT_TRUE(is_dropped(conn.client));
		CU_ASSERT_EQUAL(conn.sock->cork, 0);
		close(conn.client);
		close(conn.fd);
		turns(2);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_bytes_before),
		UNIT_TEST(test_bytes_after),
		UNIT_TEST(test_others_see_it),
		UNIT_TEST(test_no_socket),
		UNIT_TEST(test_flags),
		{ NULL, NULL }
	};

	return unit_run("service_quiet", setup, teardown, tests);
}
