/* SPDX-License-Identifier: MIT */
/* The service and well-behaved clients: each operation, start and end. */
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/unit/service_fixture.h"

static void test_hello(void)
{
	int client = client_connect();
	struct rpc_request req = request(RPC_HELLO, 0);
	struct rpc_reply reply;

	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), 0);
	CU_ASSERT_EQUAL(reply.hello.pid, (uint32_t)getpid());
	CU_ASSERT_NOT_EQUAL(reply.hello.instance, 0);
	close(client);
}

static void test_tcp(void)
{
	int client = client_open(), error = -1;
	uint64_t id;
	int fd = client_socket(client, SOCK_STREAM, &id);
	struct rpc_request req = request(RPC_NAME, id);
	struct rpc_reply reply;
	struct sock *sock = fake_last();
	char buf[8];

	CU_ASSERT_EQUAL(client_connect_to(client, id, fd, 80), EINPROGRESS);
	fake_connected(sock);
	turns(1);
	CU_ASSERT_EQUAL(client_so_error(client, id, fd, &error), 0);
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), 0);
	CU_ASSERT_EQUAL(reply.name.peer.port, htons(80));
	CU_ASSERT_EQUAL(write(fd, "ping", 4), 4);
	turns(2);
	CU_ASSERT_EQUAL(sock->tx_len, 4);
	req = request(RPC_OUTQ, id);
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), 0);
	CU_ASSERT_EQUAL(reply.outq.bytes, 4);
	fake_receive(sock, "pong", 4);
	turns(1);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 4);
	close(client);
	turns(2);
	CU_ASSERT_FALSE(sock->is_closed);
	close(fd);
	turns(2);
	CU_ASSERT_TRUE(sock->is_closed);
}

static void test_connect_fails(void)
{
	int client = client_open(), error = -1;
	uint64_t id;
	int fd = client_socket(client, SOCK_STREAM, &id);

	CU_ASSERT_EQUAL(client_connect_to(client, id, fd, 80), EINPROGRESS);
	fake_die(fake_last(), ECONNREFUSED);
	turns(2);
	CU_ASSERT_EQUAL(client_so_error(client, id, fd, &error), 0);
	CU_ASSERT_EQUAL(error, ECONNREFUSED);
	CU_ASSERT_EQUAL(client_so_error(client, id, fd, &error), 0);
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_EQUAL(client_connect_to(client, id, fd, 80), ECONNABORTED);
	close(fd);
	close(client);
}

static void test_listen(void)
{
	int client = client_open(), mark = 0;
	uint64_t id;
	int fd = client_socket(client, SOCK_STREAM, &id);
	struct rpc_request req = request(RPC_LISTEN, id);
	socklen_t len = sizeof(mark);
	struct rpc_reply reply;
	char byte;

	req.listen.backlog = -1;
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), 0);
	getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len);
	CU_ASSERT_EQUAL(mark, RPC_MARK_LISTENER);
	req = request(RPC_SHUTDOWN, id);
	req.shutdown.how = SHUT_RDWR;
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), 0);
	CU_ASSERT_TRUE(fake_last()->is_closed);
	CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	req = request(RPC_LISTEN, id);
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), EINVAL);
	close(fd);
	close(client);
}

static void test_options(void)
{
	int client = client_open(), val = 77;
	uint64_t id;
	int fd = client_socket(client, SOCK_DGRAM, &id);
	struct rpc_request req = request(RPC_SETSOCKOPT, id);
	struct rpc_reply reply;

	req.opt.level = SOL_SOCKET;
	req.opt.name = SO_RCVLOWAT;
	req.opt.len = sizeof(val);
	memcpy(req.opt.val, &val, sizeof(val));
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), 0);
	req.op = RPC_GETSOCKOPT;
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(reply.opt.val, &val, sizeof(val)), 0);
	req.opt.name = -1;
	CU_ASSERT_EQUAL(ask(client, &req, fd, &reply, NULL), ENOPROTOOPT);
	close(fd);
	close(client);
}

static void test_socket_errors(void)
{
	int client = client_open();
	struct rpc_request req = request(RPC_SOCKET, 0);
	struct rpc_reply reply;

	req.socket.domain = AF_APPLETALK;
	req.socket.type = SOCK_STREAM;
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), EAFNOSUPPORT);
	req.socket.domain = AF_INET;
	fake_open_fails = ENFILE;
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), ENFILE);
	CU_ASSERT_EQUAL(hello(client), 0);
	close(client);
}

/* The answer comes when the query ends, and not to a client that is gone. */
static void test_resolve(void)
{
	int client = client_open(), fd;
	struct rpc_request req = request(RPC_RESOLVE, 0);
	struct stack_cidr addr = { .family = AF_INET };
	struct rpc_reply reply;

	strcpy(req.resolve.name, "example.org");
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), -1);
	CU_ASSERT_FALSE(is_dropped(client));
	addr.in.s_addr = htonl(0x0a010001);
	fake_query.on_resolved(fake_query.user, 0, &addr, 1, "www", 60);
	CU_ASSERT_EQUAL(fdpass_recv(&io, client, &reply, sizeof(reply), &fd,
	                            MSG_DONTWAIT), (ssize_t)sizeof(reply));
	CU_ASSERT_EQUAL(reply.id, req.id);
	CU_ASSERT_EQUAL(reply.resolve.count, 1);
	CU_ASSERT_EQUAL(reply.resolve.addrs[0].addr[0], 10);
	CU_ASSERT_STRING_EQUAL(reply.resolve.name, "www");
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), -1);
	fake_query.on_resolved(fake_query.user, -ENOENT, NULL, 0, NULL, 0);
	CU_ASSERT_EQUAL(fdpass_recv(&io, client, &reply, sizeof(reply), &fd,
	                            MSG_DONTWAIT), (ssize_t)sizeof(reply));
	CU_ASSERT_EQUAL(reply.error, ENOENT);
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), -1);
	close(client);
	turns(2);
	CU_ASSERT_EQUAL(fake_query_cancelled, 1);
}

static void test_attach(void)
{
	int client = client_open(), pair[2];
	struct rpc_request req = request(RPC_ATTACH, 0);

	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CU_ASSERT_EQUAL(fdpass_send(&io, client, &req, sizeof(req), pair[0],
	                            0), 0);
	close(pair[0]);
	turns(2);
	CU_ASSERT_EQUAL(hello(pair[1]), 0);
	CU_ASSERT_EQUAL(hello(client), 0);
	close(client);
	CU_ASSERT_EQUAL(hello(pair[1]), 0);
	close(pair[1]);
}

/* Collect every counter; return the one called name, or -1. */
static int64_t counter(int client, const char *name)
{
	struct rpc_request req = request(RPC_STAT, 0);
	struct rpc_reply reply;
	int64_t value = -1;

	do {
		CU_ASSERT_EQUAL_FATAL(ask(client, &req, -1, &reply, NULL), 0);
		for (unsigned i = 0; i < reply.stat.count; i++)
			if (!strcmp(reply.stat.counters[i].name, name))
				value = reply.stat.counters[i].value;
		req.page.idx += reply.stat.count;
	} while (reply.stat.count);
	return value;
}

static void test_pages(void)
{
	int client = client_open(), fds[6];
	uint64_t ids[6];
	struct rpc_request req = request(RPC_SOCKS, 0);
	struct rpc_reply reply;
	char comm[RPC_COMM_LEN] = "";
	unsigned seen = 0;

	prctl(PR_GET_NAME, comm);
	for (int i = 0; i < 6; i++)
		fds[i] = client_socket(client, SOCK_STREAM, &ids[i]);
	CU_ASSERT_EQUAL(write(fds[0], "xy", 2), 2);
	CU_ASSERT_EQUAL(counter(client, "chan_open"), 6);
	CU_ASSERT_EQUAL(counter(client, "socks_open"), 6);
	CU_ASSERT_EQUAL(counter(client, "sessions_open"), 1);
	CU_ASSERT_TRUE(counter(client, "loop_turns") > 0);
	CU_ASSERT_EQUAL(counter(client, "nonsense"), -1);
	do {
		CU_ASSERT_EQUAL_FATAL(ask(client, &req, -1, &reply, NULL), 0);
		for (unsigned i = 0; i < reply.socks.count; i++) {
			struct rpc_sock_row *row = &reply.socks.rows[i];

			CU_ASSERT_EQUAL(row->id, ids[seen]);
			CU_ASSERT_EQUAL(row->pid, getpid());
			CU_ASSERT_STRING_EQUAL(row->comm, comm);
			CU_ASSERT_EQUAL(row->chan_tx, seen ? 0 : 2);
			seen++;
			req.page.from = row->id;
		}
	} while (reply.socks.count);
	CU_ASSERT_EQUAL(seen, 6);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	turns(2);
	CU_ASSERT_EQUAL(counter(client, "chan_open"), 0);
	close(client);
}

static void test_interface(void)
{
	int client = client_open();
	struct rpc_request req = request(RPC_INTERFACE, 0);
	struct rpc_reply reply;

	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), 0);
	CU_ASSERT_STRING_EQUAL(reply.interface.name, "lo");
	CU_ASSERT_EQUAL(reply.interface.addrs[0].addr[0], 127);
	CU_ASSERT_EQUAL(reply.interface.prefix_len[0], 8);
	req.page.idx = 1;
	CU_ASSERT_EQUAL(ask(client, &req, -1, &reply, NULL), ENOENT);
	close(client);
}

/* A second service on the path, a stale file, a file that is no socket. */
static void test_path(void)
{
	struct loop_conf loop_conf = conf();
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char why[NETDEV_WHY_LEN] = "", other[128];
	struct loop *second = NULL;
	struct stat st;
	int fd;

	CU_ASSERT_EQUAL(loop_open(&loop_conf, &second, why), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
	turns(1);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0666);
	snprintf(other, sizeof(other), "%s.other", path);
	loop_conf.socket_path = other;
	strcpy(un.sun_path, other);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	CU_ASSERT_EQUAL(loop_open(&loop_conf, &second, why), 0);
	unlink(other);
	fclose(fopen(other, "w"));
	loop_close(second);
	CU_ASSERT_EQUAL(access(other, F_OK), 0);
	CU_ASSERT_EQUAL(loop_open(&loop_conf, &second, why), -EEXIST);
	unlink(other);
	loop_conf.socket_path = "";
	CU_ASSERT_EQUAL(loop_open(&loop_conf, &second, why), -ENAMETOOLONG);
}

static void on_ready(struct loop *ready_loop, int fd, void *user)
{
	++*(int *)user;
	loop_unwatch_fd(ready_loop, fd);
	loop_stop(ready_loop);
}

static void test_watch(void)
{
	int fd = eventfd(0, EFD_CLOEXEC), count = 0;

	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(loop_watch_fd(loop, fd, on_ready, &count), 0);
		loop_unwatch_fd(loop, fd);
	}
	CU_ASSERT_EQUAL(loop_watch_fd(loop, fd, on_ready, &count), 0);
	turns(2);
	CU_ASSERT_EQUAL(count, 0);
	eventfd_write(fd, 1);
	CU_ASSERT_EQUAL(loop_run(loop), 0);
	CU_ASSERT_EQUAL(count, 1);
	close(fd);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_hello),
		UNIT_TEST(test_tcp),
		UNIT_TEST(test_connect_fails),
		UNIT_TEST(test_listen),
		UNIT_TEST(test_options),
		UNIT_TEST(test_socket_errors),
		UNIT_TEST(test_resolve),
		UNIT_TEST(test_attach),
		UNIT_TEST(test_pages),
		UNIT_TEST(test_interface),
		UNIT_TEST(test_path),
		UNIT_TEST(test_watch),
		{ NULL, NULL }
	};

	return unit_run("service", setup, teardown, tests);
}
