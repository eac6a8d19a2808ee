/* SPDX-License-Identifier: MIT */
/* A scripted service for tests of the shim: the contract without a stack.
 *
 * One process, one poll. A stream echoes what the program sends; a UDP socket
 * sends each datagram back in the form it came in. A listener is given one
 * connection, another echo, as soon as it listens. Options are kept as they
 * were set. Every socket's own address is 192.0.2.2 or 2001:db8::2, port 7.
 */
#include "tests/unit/fake_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/proto/fdpass.h"
#include "shim/proto/rpc.h"

#define CHANNEL_MAX 64
#define SOCK_MAX 64
#define OPT_MAX 32

static const struct fdpass_io io = { sendmsg, recvmsg, close };

struct fake_opt {
	uint64_t sock_id;
	int level, name;
	uint32_t len;
	uint8_t val[RPC_OPTVAL_LEN];
};

struct fake_sock {
	int fd;                /* the service's end; -1: closed */
	uint64_t id;
	struct rpc_name name;
	struct rpc_addr peer;  /* family 0: none */
	int error;             /* for SO_ERROR */
	bool is_listener;
	bool is_mute;          /* echoes nothing */
};

static enum fake_fault fault;
static int channels[CHANNEL_MAX];
static unsigned channel_count;
static struct fake_sock socks[SOCK_MAX];
static unsigned sock_count;
static unsigned answered_opts; /* SETSOCKOPTs that wanted a reply */
static struct fake_opt opts[OPT_MAX];
static unsigned opt_count;

static struct rpc_addr make_addr(int family, int last, int port)
{
	struct rpc_addr addr = { .family = (uint16_t)family };

	inet_pton(family, family == AF_INET ? FAKE_ADDR4 : FAKE_ADDR6,
	          addr.addr);
	addr.addr[family == AF_INET ? 3 : 15] = (uint8_t)last;
	addr.port = htons((uint16_t)port);
	return addr;
}

static void name_bind(int fd, const struct rpc_name *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path + 1, name, sizeof(*name));
	if (bind(fd, (struct sockaddr *)&sun,
	         offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(*name)))
		perror("fake_service: bind");
}

/* An entry that is not in use, or whose socket was closed. */
static struct fake_sock *sock_free(void)
{
	for (unsigned i = 0; i < sock_count; i++)
		if (socks[i].fd < 0 && !socks[i].error)
			return &socks[i];
	return sock_count < SOCK_MAX ? &socks[sock_count++] : NULL;
}

/* A pair; the service's end is kept and named, its id told. Return: the
 * program's.
 */
static int sock_pair(int domain, int type, const struct rpc_addr *peer,
                     uint64_t *id)
{
	static uint64_t last_id;
	struct fake_sock *sock = sock_free();
	int fds[2];

	if (!sock ||
	    socketpair(AF_UNIX, type == SOCK_STREAM ? SOCK_STREAM
	                                            : SOCK_SEQPACKET,
	               0, fds) < 0)
		_exit(9);
	memset(sock, 0, sizeof(*sock));
	sock->fd = fds[0];
	memcpy(sock->name.magic, RPC_NAME_MAGIC, 8);
	sock->name.instance = FAKE_INSTANCE;
	sock->id = (uint64_t)getpid() << 32 | ++last_id;
	sock->name.sock_id = sock->id;
	sock->name.end = RPC_END_SERVICE;
	sock->name.domain = (uint8_t)domain;
	sock->name.type = (uint8_t)type;
	if (peer) {
		sock->name.is_accepted = 1;
		sock->name.local = make_addr(AF_INET, 2, 7);
		sock->name.peer = *peer;
		sock->peer = *peer;
	}
	name_bind(fds[0], &sock->name);
	*id = sock->id;
	return fds[1];
}

static void mark(int fd, int value)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
}

static int do_connect(struct fake_sock *sock, int fd,
                      const struct rpc_addr *addr)
{
	struct rpc_name own = sock->name;

	if (sock->fd < 0)
		return ECONNABORTED;
	if (sock->peer.family && sock->name.type == SOCK_STREAM)
		return EISCONN;
	sock->peer = *addr;
	if (sock->name.type == SOCK_DGRAM) {
		mark(fd, addr->family ? RPC_MARK_UDP_CONNECTED : RPC_MARK_NONE);
		return 0;
	}
	switch (ntohs(addr->port)) {
	case FAKE_PORT_REFUSED:
		sock->error = ECONNREFUSED;
		sock->peer.family = 0;
		close(sock->fd);
		sock->fd = -1;
		return EINPROGRESS;
	case FAKE_PORT_HANGS: {
		/* More than a quarter of the queue: POLLOUT stays false. */
		static char fill[120000];
		int sndbuf = 0;
		socklen_t len = sizeof(sndbuf);

		getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &len);
		send(fd, fill, (size_t)sndbuf / 3, MSG_DONTWAIT);
		sock->is_mute = true;
		sock->peer.family = 0;
		return EINPROGRESS;
	}
	case FAKE_PORT_RESETS:
		sock->error = 0;
		break;
	}
	own.end = RPC_END_PROGRAM;
	own.local = make_addr(addr->family, 2, 7);
	own.peer = *addr;
	name_bind(fd, &own);
	if (ntohs(addr->port) == FAKE_PORT_RESETS) {
		sock->error = ETIMEDOUT;
		close(sock->fd);
		sock->fd = -1;
		return 0;
	}
	return EINPROGRESS;
}

static int do_listen(struct fake_sock *sock, int fd)
{
	struct rpc_accept msg = { .magic = RPC_MAGIC };
	struct rpc_addr peer = make_addr(AF_INET, 1, FAKE_PEER_PORT);
	int conn;

	mark(fd, RPC_MARK_LISTENER);
	if (sock->is_listener)
		return 0;
	sock->is_listener = true;
	msg.peer = peer;
	msg.local = make_addr(AF_INET, 2, 7);
	conn = sock_pair(sock->name.domain, SOCK_STREAM, &peer,
	                 &msg.sock_id);
	fdpass_send(&io, sock->fd, &msg, sizeof(msg), conn, 0);
	close(conn);
	return 0;
}

static struct fake_opt *opt_find(const struct fake_sock *sock,
                                 const struct rpc_request *req)
{
	for (unsigned i = 0; i < opt_count; i++)
		if (opts[i].sock_id == sock->id &&
		    opts[i].level == req->opt.level &&
		    opts[i].name == req->opt.name)
			return &opts[i];
	return NULL;
}

static int do_getsockopt(struct fake_sock *sock, const struct rpc_request *req,
                         struct rpc_reply *reply)
{
	struct fake_opt *opt;

	if (req->opt.level == SOL_SOCKET && req->opt.name == SO_ERROR) {
		reply->opt.len = sizeof(sock->error);
		memcpy(reply->opt.val, &sock->error, sizeof(sock->error));
		sock->error = 0;
		return 0;
	}
	opt = opt_find(sock, req);
	if (!opt)
		return ENOPROTOOPT;
	reply->opt.len = opt->len;
	memcpy(reply->opt.val, opt->val, opt->len);
	return 0;
}

static int do_setsockopt(struct fake_sock *sock, const struct rpc_request *req)
{
	struct fake_opt *opt = opt_find(sock, req);

	if (!opt && opt_count == OPT_MAX)
		_exit(9);
	if (!opt)
		opt = &opts[opt_count++];
	if (req->opt.level == SOL_SOCKET && req->opt.name == SO_ZEROCOPY)
		return EOPNOTSUPP;
	opt->sock_id = sock->id;
	opt->level = req->opt.level;
	opt->name = req->opt.name;
	opt->len = req->opt.len;
	memcpy(opt->val, req->opt.val, req->opt.len);
	return 0;
}

static int do_resolve(const struct rpc_request *req, struct rpc_reply *reply)
{
	if (req->resolve.addr.family) {
		strcpy(reply->resolve.name, FAKE_NAME);
		return 0;
	}
	if (strcmp(req->resolve.name, "slow.test") == 0)
		return EAGAIN;
	if (strcmp(req->resolve.name, FAKE_NAME) != 0)
		return ENOENT;
	strcpy(reply->resolve.name, FAKE_NAME);
	if (req->resolve.family != AF_INET6)
		reply->resolve.addrs[reply->resolve.count++] =
			make_addr(AF_INET, 1, 0);
	if (req->resolve.family != AF_INET)
		reply->resolve.addrs[reply->resolve.count++] =
			make_addr(AF_INET6, 1, 0);
	return 0;
}

static int do_interface(uint32_t idx, struct rpc_reply *reply)
{
	if (idx > 1)
		return ENOENT;
	strcpy(reply->interface.name, idx ? "eth0" : "lo");
	reply->interface.index = idx + 1;
	reply->interface.mtu = idx ? 1500 : 65536;
	/* IFF_UP, IFF_RUNNING, and IFF_BROADCAST or IFF_LOOPBACK */
	reply->interface.flags = idx ? 0x43 : 0x49;
	reply->interface.count = 2;
	reply->interface.mac[5] = (uint8_t)idx;
	reply->interface.addrs[0] = make_addr(AF_INET, 2, 0);
	reply->interface.addrs[1] = make_addr(AF_INET6, 2, 0);
	reply->interface.prefix_len[0] = 22;
	reply->interface.prefix_len[1] = 64;
	return 0;
}

static struct fake_sock *sock_find(uint64_t id)
{
	for (unsigned i = 0; i < sock_count; i++)
		if (socks[i].id == id)
			return &socks[i];
	return NULL;
}

static int do_sock_request(const struct rpc_request *req, int fd,
                           struct rpc_reply *reply)
{
	struct fake_sock *sock = sock_find(req->sock_id);

	if (!sock || fd < 0)
		return EBADF;
	switch (req->op) {
	case RPC_BIND:
		return req->addr.port == htons(FAKE_PORT_REFUSED) ? EADDRINUSE
		                                                  : 0;
	case RPC_CONNECT:
		return do_connect(sock, fd, &req->addr);
	case RPC_LISTEN:
		return do_listen(sock, fd);
	case RPC_NAME:
		reply->name.local = make_addr(sock->name.domain, 2, 7);
		reply->name.peer = sock->peer;
		return 0;
	case RPC_GETSOCKOPT:
		return do_getsockopt(sock, req, reply);
	case RPC_SETSOCKOPT:
		return do_setsockopt(sock, req);
	case RPC_SHUTDOWN:
		shutdown(sock->fd, SHUT_RDWR);
		return 0;
	case RPC_OUTQ:
		reply->outq.bytes = fault == FAKE_FAULT_QUIET ? answered_opts
		                                              : 77;
		return 0;
	default:
		return EINVAL;
	}
}

static int do_request(const struct rpc_request *req, int fd,
                      struct rpc_reply *reply, int *out_fd)
{
	switch (req->op) {
	case RPC_HELLO:
		reply->hello.instance = FAKE_INSTANCE;
		return 0;
	case RPC_SOCKET:
		if (req->socket.type == SOCK_SEQPACKET)
			return ESOCKTNOSUPPORT;
		*out_fd = sock_pair(req->socket.domain, req->socket.type, NULL,
		                    &reply->socket.sock_id);
		return 0;
	case RPC_RESOLVE:
		return do_resolve(req, reply);
	case RPC_INTERFACE:
		return do_interface(req->page.idx, reply);
	default:
		return do_sock_request(req, fd, reply);
	}
}

/* Spoil a reply. Return: the bytes to send. */
static size_t spoil(struct rpc_reply *reply)
{
	switch (fault) {
	case FAKE_FAULT_DIES:
		_exit(0);
	case FAKE_FAULT_SILENT:
		return 0;
	case FAKE_FAULT_GARBAGE:
		memset(reply, 0xa5, sizeof(*reply));
		return sizeof(*reply);
	case FAKE_FAULT_WRONG_ID:
		reply->id--;
		return sizeof(*reply);
	case FAKE_FAULT_SHORT:
		return sizeof(*reply) / 2;
	default:
		return sizeof(*reply);
	}
}

static void handle_channel(unsigned idx)
{
	struct rpc_request req;
	struct rpc_reply reply = { .magic = RPC_MAGIC, .version = RPC_VERSION };
	size_t len = sizeof(reply);
	int out_fd = -1;
	int fd;

	if (fdpass_recv(&io, channels[idx], &req, sizeof(req), &fd, 0) !=
	    sizeof(req)) {
		close(channels[idx]);
		channels[idx] = channels[--channel_count];
		return;
	}
	if (req.op == RPC_ATTACH) {
		channels[channel_count++] = fd;
		return;
	}
	if (fault == FAKE_FAULT_QUIET && req.op == RPC_SETSOCKOPT &&
	    !(req.flags & RPC_FLAG_NO_REPLY))
		answered_opts++;
	reply.op = req.op;
	reply.id = req.id;
	reply.error = do_request(&req, fd, &reply, &out_fd);
	if (req.op != RPC_HELLO)
		len = spoil(&reply);
	if (len && !(req.flags & RPC_FLAG_NO_REPLY))
		fdpass_send(&io, channels[idx], &reply, len, out_fd, 0);
	if (out_fd >= 0)
		close(out_fd);
	if (fd >= 0)
		close(fd);
}

static void handle_sock(struct fake_sock *sock)
{
	static char buf[70000];
	ssize_t got = recv(sock->fd, buf, sizeof(buf), 0);

	if (got > 0) {
		send(sock->fd, buf, (size_t)got, MSG_NOSIGNAL);
		return;
	}
	if (sock->name.type == SOCK_DGRAM && got == 0) {
		struct pollfd pfd = { .fd = sock->fd };

		if (poll(&pfd, 1, 0) == 0)
			return;
	}
	close(sock->fd);
	sock->fd = -1;
}

static void serve(int listener)
{
	struct pollfd pfds[1 + CHANNEL_MAX + SOCK_MAX];
	unsigned known = channel_count;

	pfds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (unsigned i = 0; i < known; i++)
		pfds[1 + i] = (struct pollfd){ channels[i], POLLIN, 0 };
	for (unsigned i = 0; i < sock_count; i++)
		pfds[1 + known + i] = (struct pollfd){
			socks[i].is_mute ? -1 : socks[i].fd, POLLIN, 0
		};
	if (poll(pfds, 1 + known + sock_count, -1) < 0)
		return;
	for (unsigned i = sock_count; i-- > 0;)
		if (pfds[1 + known + i].revents && socks[i].fd >= 0)
			handle_sock(&socks[i]);
	for (unsigned i = known; i-- > 0;)
		if (pfds[1 + i].revents) {
			handle_channel(i);
			return; /* the lists may have changed */
		}
	if (pfds[0].revents && channel_count < CHANNEL_MAX)
		channels[channel_count++] = accept(listener, NULL, NULL);
}

/* Start a service that listens at path. Return: its pid; it is ready. */
pid_t fake_service_start(const char *path, enum fake_fault with)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	pid_t pid;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	unlink(path);
	if (bind(listener, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
	    listen(listener, 16) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fault = with;
		for (;;)
			serve(listener);
	}
	close(listener);
	return pid;
}

void fake_service_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
