/* SPDX-License-Identifier: MIT */
/* Throws garbage at a control socket: what no well-meaning client sends.
 *
 * usage: garbage SOCKET ROUNDS SEED
 *
 * Each round opens a channel and does one of the things listed below; a round
 * of the same seed does the same. That the service drops the channel is right,
 * so no error of ours is reported but one: a service that does not accept.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/un.h>

#include "shim/proto/rpc.h"
#include "tests/tools/tool.h"

#define FDS_MAX 253u         /* the most one message can carry: unix(7) */
#define FLOOD_MESSAGES 2000
#define CHANNELS 64

static uint64_t state;

/* xorshift64 (Marsaglia 2003): the same sequence for the same seed. */
static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void any_bytes(void *buf, size_t len)
{
	unsigned char *at = buf;

	for (size_t i = 0; i < len; i++)
		at[i] = (unsigned char)any();
}

static struct sockaddr_un service;

static int channel_open(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&service, sizeof(service)))
		die(service.sun_path);
	return fd;
}

/* Send len bytes with the same descriptor count times. */
static void send_fds(int sock, const void *buf, size_t len, int fd,
                     unsigned count)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf,
	                    .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[FDS_MAX];

	if (count) {
		for (unsigned i = 0; i < count; i++)
			fds[i] = fd;
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	(void)!sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A request that begins as it should. */
static struct rpc_request request(unsigned op)
{
	struct rpc_request req = {.magic = RPC_MAGIC, .version = RPC_VERSION,
	                          .op = (uint16_t)op, .id = (uint32_t)any()};

	return req;
}

static void hello(int sock)
{
	struct rpc_request req = request(RPC_HELLO);

	send_fds(sock, &req, sizeof(req), -1, 0);
}

static void throw_bytes(int sock)
{
	static char buf[100000];
	size_t len = any() % 4 ? any() % 1024 : any() % sizeof(buf);

	any_bytes(buf, len);
	send_fds(sock, buf, len, -1, 0);
}

static void throw_truncated(int sock)
{
	struct rpc_request req = request((unsigned)(any() % RPC_COUNT));

	send_fds(sock, &req, any() % sizeof(req), -1, 0);
}

static void throw_oversized(int sock)
{
	struct {
		struct rpc_request req;
		char more[70000];
	} big = {.req = request(RPC_HELLO)};

	send_fds(sock, &big, sizeof(big.req) + 1 + any() % sizeof(big.more),
	         -1, 0);
}

/* Right in form; any operation, any content, any socket, before any hello. */
static void throw_requests(int sock)
{
	for (unsigned i = 0; i < 32; i++) {
		struct rpc_request req = request((unsigned)(any() %
		                                 (RPC_COUNT + 3)));
		unsigned with_fd = any() % 3 == 0;

		req.sock_id = any() % 5 ? any() % 100 : any();
		if (any() % 2)
			any_bytes(req.raw, sizeof(req.raw));
		if (any() % 4 == 0)
			hello(sock);
		send_fds(sock, &req, sizeof(req), sock, with_fd);
	}
}

static void throw_wrong_version(int sock)
{
	struct rpc_request req = request(RPC_HELLO);

	req.version = (uint16_t)(RPC_VERSION + 1 + any() % 1000);
	send_fds(sock, &req, sizeof(req), -1, 0);
}

static void throw_descriptors(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (unsigned i = 0; i < 20; i++) {
		struct rpc_request req = request((unsigned)(any() % RPC_COUNT));

		send_fds(sock, &req, sizeof(req), any() % 2 ? null : sock,
		         (unsigned)(any() % (FDS_MAX + 1)));
	}
	close(null);
}

/* Ask without end and read no answer. */
static void throw_flood(int sock)
{
	hello(sock);
	for (unsigned i = 0; i < FLOOD_MESSAGES; i++) {
		struct rpc_request req = request(RPC_STAT);

		send_fds(sock, &req, sizeof(req), -1, 0);
	}
}

/* Sockets without end, kept until the channel closes. */
static void throw_sockets(int sock)
{
	hello(sock);
	for (unsigned i = 0; i < 300; i++) {
		struct rpc_request req = request(RPC_SOCKET);

		req.socket.domain = any() % 2 ? AF_INET : AF_INET6;
		req.socket.type = any() % 2 ? SOCK_STREAM : SOCK_DGRAM;
		send_fds(sock, &req, sizeof(req), -1, 0);
	}
}

/* Channels that say nothing, many at a time. */
static void throw_channels(int sock)
{
	int fds[CHANNELS];

	(void)sock;
	for (unsigned i = 0; i < CHANNELS; i++)
		fds[i] = channel_open();
	for (unsigned i = 0; i < CHANNELS; i++)
		close(fds[i]);
}

/* Attach what is no channel, and a channel to itself. */
static void throw_attach(int sock)
{
	struct rpc_request req = request(RPC_ATTACH);
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("attach");
	hello(sock);
	send_fds(sock, &req, sizeof(req), null, 1);
	send_fds(sock, &req, sizeof(req), pair[0], 1);
	send_fds(sock, &req, sizeof(req), sock, 1);
	send_fds(sock, &req, sizeof(req), -1, 0);
	close(null);
	close(pair[0]);
	close(pair[1]);
}

int main(int argc, char **argv)
{
	static void (*const throws[])(int) = {
		throw_bytes, throw_truncated, throw_oversized, throw_requests,
		throw_wrong_version, throw_descriptors, throw_flood,
		throw_sockets, throw_channels, throw_attach,
	};
	unsigned long long rounds;

	if (argc != 4) {
		fprintf(stderr, "usage: garbage SOCKET ROUNDS SEED\n");
		return 2;
	}
	rounds = arg_number(argv[2], 1, 1000000000);
	state = arg_number(argv[3], 1, UINT64_MAX);
	service.sun_family = AF_UNIX;
	snprintf(service.sun_path, sizeof(service.sun_path), "%s", argv[1]);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned long long i = 0; i < rounds; i++) {
		int sock = channel_open();

		throws[any() % (sizeof(throws) / sizeof(throws[0]))](sock);
		close(sock);
	}
	printf("%llu rounds\n", rounds);
	return 0;
}
