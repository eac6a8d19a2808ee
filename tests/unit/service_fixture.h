/* SPDX-License-Identifier: MIT */
/* What the tests of the service share: a whole loop over a scripted stack, with
 * a real control socket in a folder of its own, and clients that say what they
 * are told to. After each test every descriptor is back.
 */
#ifndef NETCOND_TESTS_UNIT_SERVICE_FIXTURE_H
#define NETCOND_TESTS_UNIT_SERVICE_FIXTURE_H

#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/limits.h"
#include "service/log.h"
#include "service/loop.h"
#include "shim/proto/fdpass.h"
#include "shim/proto/rpc.h"
#include "tests/unit/fake_stack.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static char dir[64], path[96];
static unsigned fds_before;
static uint32_t next_id;

static const struct fdpass_io io = {
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.close = close,
};

static inline struct loop_conf conf(void)
{
	return (struct loop_conf){
		.stack = &fake_stack,
		.socket_path = path,
		.poll_mode = LOOP_POLL_BUSY,
		.cpu = -1,
	};
}

static inline void setup(void)
{
	struct loop_conf loop_conf = conf();
	char why[NETDEV_WHY_LEN] = "";

	log_set_level(LOG_LEVEL_INVALID);
	fds_before = unit_fd_count();
	strcpy(dir, "/tmp/netcond-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	CU_ASSERT_EQUAL_FATAL(loop_open(&loop_conf, &loop, why), 0);
}

static inline void teardown(void)
{
	loop_close(loop);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
	CU_ASSERT_EQUAL(fake_open_count(), 0);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
	fake_reset();
}

/* Each asks epoll, even while channels are hot. */
static inline void turns(unsigned count)
{
	while (count--) {
		usleep(LOOP_EPOLL_US);
		loop_turn(loop, 0);
	}
}

/* A client that has connected. */
static inline int client_connect(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&un, sizeof(un)),
	                      0);
	turns(1);
	return fd;
}

static inline struct rpc_request request(unsigned op, uint64_t sock_id)
{
	struct rpc_request req;

	memset(&req, 0, sizeof(req));
	req.magic = RPC_MAGIC;
	req.version = RPC_VERSION;
	req.op = op;
	req.id = ++next_id;
	req.sock_id = sock_id;
	return req;
}

/* Ask and wait for the answer. Return: 0, the positive errno of the reply, or
 * -1 when the service has dropped the client.
 */
static inline int ask(int client, struct rpc_request *req, int fd,
                      struct rpc_reply *reply, int *reply_fd)
{
	int got_fd = -1;
	ssize_t got;

	if (fdpass_send(&io, client, req, sizeof(*req), fd, 0))
		return -1;
	turns(3);
	got = fdpass_recv(&io, client, reply, sizeof(*reply), &got_fd,
	                  MSG_DONTWAIT);
	if (reply_fd)
		*reply_fd = got_fd;
	else if (got_fd >= 0)
		close(got_fd);
	if (got <= 0)
		return -1;
	CU_ASSERT_EQUAL(got, (ssize_t)sizeof(*reply));
	CU_ASSERT_EQUAL(reply->magic, RPC_MAGIC);
	CU_ASSERT_EQUAL(reply->op, req->op);
	CU_ASSERT_EQUAL(reply->id, req->id);
	return reply->error;
}

static inline int hello(int client)
{
	struct rpc_request req = request(RPC_HELLO, 0);
	struct rpc_reply reply;

	return ask(client, &req, -1, &reply, NULL);
}

/* A client that has said hello. */
static inline int client_open(void)
{
	int client = client_connect();

	CU_ASSERT_EQUAL_FATAL(hello(client), 0);
	return client;
}

static inline bool is_dropped(int client)
{
	struct pollfd pfd = { .fd = client, .events = POLLIN };

	turns(3);
	return poll(&pfd, 1, 0) == 1 && pfd.revents & POLLHUP;
}

/* socket(2). Return: the program's end. */
static inline int client_socket(int client, int type, uint64_t *sock_id)
{
	struct rpc_request req = request(RPC_SOCKET, 0);
	struct rpc_reply reply;
	int fd = -1;

	req.socket.domain = AF_INET;
	req.socket.type = type;
	CU_ASSERT_EQUAL_FATAL(ask(client, &req, -1, &reply, &fd), 0);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	*sock_id = reply.socket.sock_id;
	return fd;
}

static inline int client_so_error(int client, uint64_t id, int fd, int *error)
{
	struct rpc_request req = request(RPC_GETSOCKOPT, id);
	struct rpc_reply reply;
	int err;

	req.opt.level = SOL_SOCKET;
	req.opt.name = SO_ERROR;
	req.opt.len = sizeof(*error);
	err = ask(client, &req, fd, &reply, NULL);
	if (!err)
		memcpy(error, reply.opt.val, sizeof(*error));
	return err;
}

static inline int client_connect_to(int client, uint64_t id, int fd,
                                    uint16_t port)
{
	struct rpc_request req = request(RPC_CONNECT, id);
	struct rpc_reply reply;

	req.addr = (struct rpc_addr){ .family = AF_INET, .port = htons(port),
		                      .addr = { 10, 1, 0, 1 } };
	return ask(client, &req, fd, &reply, NULL);
}

#endif
