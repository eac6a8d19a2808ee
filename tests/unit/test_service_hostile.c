/* SPDX-License-Identifier: MIT */
/* The service and clients that are broken or hostile: each is dropped or gets
 * an errno, nothing is left, and another client notices nothing.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/unit/service_fixture.h"

/* A client beside the hostile one, with a connection, that must go on. */
struct bystander {
	int client, fd;
	uint64_t id;
	struct sock *sock;
};

static struct bystander bystander_open(void)
{
	struct bystander by = { .client = client_open() };

	by.fd = client_socket(by.client, SOCK_STREAM, &by.id);
	by.sock = fake_last();
	CU_ASSERT_EQUAL(client_connect_to(by.client, by.id, by.fd, 80),
	                EINPROGRESS);
	fake_connected(by.sock);
	turns(1);
	return by;
}

static void bystander_close(struct bystander *by)
{
	size_t sent = by->sock->tx_len;
	char byte;

	CU_ASSERT_EQUAL(hello(by->client), 0);
	CU_ASSERT_EQUAL(write(by->fd, "x", 1), 1);
	fake_receive(by->sock, "y", 1);
	turns(2);
	CU_ASSERT_EQUAL(by->sock->tx_len, sent + 1);
	CU_ASSERT_EQUAL(read(by->fd, &byte, 1), 1);
	close(by->fd);
	close(by->client);
	turns(2);
}

static void test_garbage(void)
{
	struct bystander by = bystander_open();
	uint8_t junk[sizeof(struct rpc_request) + 8];
	static const size_t lens[] = { 1, 8, sizeof(struct rpc_request) - 1,
		                       sizeof(struct rpc_request),
		                       sizeof(junk) };

	memset(junk, 0xa5, sizeof(junk));
	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		int client = client_open();

		CU_ASSERT_EQUAL(send(client, junk, lens[i], 0),
		                (ssize_t)lens[i]);
		CU_ASSERT_TRUE(is_dropped(client));
		close(client);
	}
	bystander_close(&by);
}

static void test_out_of_order(void)
{
	struct bystander by = bystander_open();
	struct rpc_request req = request(RPC_SOCKET, 0);
	int client = client_connect();

	CU_ASSERT_EQUAL(send(client, &req, sizeof(req), 0),
	                (ssize_t)sizeof(req));
	CU_ASSERT_TRUE(is_dropped(client));
	close(client);
	bystander_close(&by);
}

static void test_other_version(void)
{
	int client = client_open();
	struct rpc_request req = request(RPC_HELLO, 0);
	struct rpc_reply reply;

	req.version = 99;
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(hello(client), 0);
	close(client);
}

/* Many descriptors in a message, or one where none belongs. */
static void test_descriptor_floods(void)
{
	enum { COUNT = 200 };
	struct bystander by = bystander_open();
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(COUNT * sizeof(int))];
	} control;
	struct rpc_request req = request(RPC_HELLO, 0);
	struct iovec iov = { &req, sizeof(req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		              .msg_control = control.buf,
		              .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int client = client_open();
	unsigned fds = unit_fd_count();

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(COUNT * sizeof(int));
	for (int i = 0; i < COUNT; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &client, sizeof(int));
	CU_ASSERT_EQUAL(sendmsg(client, &msg, 0), (ssize_t)sizeof(req));
	CU_ASSERT_TRUE(is_dropped(client));
	CU_ASSERT_EQUAL(unit_fd_count(), fds - 1);
	close(client);
	client = client_open();
	CU_ASSERT_EQUAL(fdpass_send(&io, client, &req, sizeof(req), client, 0),
	                0);
	CU_ASSERT_TRUE(is_dropped(client));
	close(client);
	bystander_close(&by);
}

/* Naming a socket is no right to it: its descriptor is. */
static void test_wrong_descriptor(void)
{
	struct bystander by = bystander_open();
	int client = client_open(), error = 0, pipes[2];
	uint64_t own_id;
	int own = client_socket(client, SOCK_STREAM, &own_id);
	unsigned fds = unit_fd_count();

	CU_ASSERT_EQUAL(pipe(pipes), 0);
	CU_ASSERT_EQUAL(client_so_error(client, by.id, own, &error), EBADF);
	CU_ASSERT_EQUAL(client_so_error(client, by.id, -1, &error), EBADF);
	CU_ASSERT_EQUAL(client_so_error(client, by.id, pipes[0], &error),
	                ENOTSOCK);
	CU_ASSERT_EQUAL(client_so_error(client, 12345, own, &error), EBADF);
	CU_ASSERT_EQUAL(client_connect_to(client, by.id, own, 1), EBADF);
	CU_ASSERT_EQUAL(client_so_error(client, own_id, own, &error), 0);
	CU_ASSERT_EQUAL(client_so_error(client, by.id, by.fd, &error), 0);
	close(pipes[0]);
	close(pipes[1]);
	CU_ASSERT_EQUAL(unit_fd_count(), fds);
	close(own);
	close(client);
	bystander_close(&by);
}

/* A client that asks and never reads is dropped, not waited for. */
static void test_replies_not_read(void)
{
	struct bystander by = bystander_open();
	struct rpc_request req = request(RPC_HELLO, 0);
	int client = client_open(), sent = 0;

	while (sent < 100000 &&
	       send(client, &req, sizeof(req), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		turns(1);
		sent++;
	}
	CU_ASSERT_TRUE(sent < 100000);
	CU_ASSERT_TRUE(is_dropped(client));
	close(client);
	bystander_close(&by);
}

/* One client's flood takes no more than one request of a turn. */
static void test_request_flood(void)
{
	int client = client_open(), other = client_open(), fd;
	struct rpc_request req = request(RPC_HELLO, 0);
	struct rpc_reply reply;

	for (int i = 0; i < 10 * SESSION_BUDGET; i++)
		CU_ASSERT_EQUAL(send(client, &req, sizeof(req), 0),
		                (ssize_t)sizeof(req));
	CU_ASSERT_EQUAL(send(other, &req, sizeof(req), 0),
	                (ssize_t)sizeof(req));
	turns(1);
	CU_ASSERT_EQUAL(fdpass_recv(&io, other, &reply, sizeof(reply), &fd,
	                            MSG_DONTWAIT), (ssize_t)sizeof(reply));
	CU_ASSERT_EQUAL(fdpass_recv(&io, client, &reply, sizeof(reply), &fd,
	                            MSG_DONTWAIT), (ssize_t)sizeof(reply));
	CU_ASSERT_EQUAL(fdpass_recv(&io, client, &reply, sizeof(reply), &fd,
	                            MSG_DONTWAIT), -EAGAIN);
	close(client);
	close(other);
}

/* What is no channel cannot be attached, least of all a socket of ours. */
static void test_attach_wrong(void)
{
	struct bystander by = bystander_open();
	struct rpc_request req = request(RPC_ATTACH, 0);
	int client, pair[2];
	uint64_t id;

	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	client = client_open();
	CU_ASSERT_EQUAL(fdpass_send(&io, client, &req, sizeof(req), pair[0],
	                            0), 0);
	CU_ASSERT_TRUE(is_dropped(client));
	close(client);
	close(pair[0]);
	close(pair[1]);
	client = client_open();
	pair[0] = client_socket(client, SOCK_DGRAM, &id);
	CU_ASSERT_EQUAL(fdpass_send(&io, client, &req, sizeof(req), pair[0],
	                            0), 0);
	CU_ASSERT_TRUE(is_dropped(client));
	close(client);
	close(pair[0]);
	client = client_open();
	CU_ASSERT_EQUAL(fdpass_send(&io, client, &req, sizeof(req), -1, 0), 0);
	CU_ASSERT_TRUE(is_dropped(client));
	close(client);
	bystander_close(&by);
}

/* The service has no descriptor left: clients wait, requests get an errno, and
 * all goes on when there are some again.
 */
static void test_out_of_descriptors(void)
{
	struct bystander by = bystander_open();
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct rpc_request req = request(RPC_SOCKET, 0);
	struct rlimit old, low;
	struct rpc_reply reply;
	int client, late, next, fd = -1, err = -1;

	strcpy(un.sun_path, path);
	req.socket.domain = AF_INET;
	req.socket.type = SOCK_STREAM;
	client = client_open();
	late = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	next = dup(late);
	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = next;
	setrlimit(RLIMIT_NOFILE, &low);
	CU_ASSERT_EQUAL(connect(late, (struct sockaddr *)&un, sizeof(un)), 0);
	turns(3);
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), EMFILE);
	CU_ASSERT_EQUAL(client_so_error(by.client, by.id, by.fd, &err),
	                ENFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	usleep(2 * CHANNEL_RETRY_US);
	turns(3);
	CU_ASSERT_EQUAL(hello(late), 0);
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, &fd), 0);
	close(fd);
	close(late);
	close(client);
	bystander_close(&by);
}

static void test_many_sessions(void)
{
	static const int count = 300;
	int clients[300];

	for (int i = 0; i < count; i++)
		clients[i] = client_open();
	for (int i = 0; i < count; i++)
		close(clients[i]);
	turns(10);
	clients[0] = client_open();
	close(clients[0]);
	turns(2);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_garbage),
		UNIT_TEST(test_out_of_order),
		UNIT_TEST(test_other_version),
		UNIT_TEST(test_descriptor_floods),
		UNIT_TEST(test_wrong_descriptor),
		UNIT_TEST(test_replies_not_read),
		UNIT_TEST(test_request_flood),
		UNIT_TEST(test_attach_wrong),
		UNIT_TEST(test_out_of_descriptors),
		UNIT_TEST(test_many_sessions),
		{ NULL, NULL }
	};

	return unit_run("service, hostile clients", setup, teardown, tests);
}
