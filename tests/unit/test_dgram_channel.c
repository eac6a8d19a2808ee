/* SPDX-License-Identifier: MIT */
/* Data channels of UDP: headers, peers, errors, empty datagrams.
 */
#include "tests/unit/channel_fixture.h"

static void test_dgram(void)
{
	int fd, mark = 0;
	socklen_t len = sizeof(mark);
	struct channel *ch = open_sock(SOCK_DGRAM, &fd);
	struct sockaddr_in peer = fake_addr("10.1.0.1", 53);
	struct {
		struct rpc_dgram header;
		char payload[64];
	} message = { .header = { .instance = INSTANCE, .magic = RPC_MAGIC,
		                  .kind = RPC_DGRAM_DATA } };
	char buf[64];

	rpc_addr_from_sockaddr(&message.header.peer,
	                       (struct sockaddr_storage *)&(struct {
		struct sockaddr_in in;
		char rest[sizeof(struct sockaddr_storage)];
	}){ .in = peer });
	strcpy(message.payload, "query");
	CU_ASSERT_EQUAL(send(fd, &message, sizeof(message.header) + 5, 0),
	                (ssize_t)sizeof(message.header) + 5);
	turns(1);
	CU_ASSERT_EQUAL_FATAL(ch->sock->out_count, 1);
	CU_ASSERT_EQUAL(ch->sock->out[0].len, 5);
	CU_ASSERT_EQUAL(ch->sock->out[0].addr.sin_port, htons(53));
	fake_receive_dgram(ch->sock, "reply", 5, peer);
	turns(1);
	CU_ASSERT_EQUAL(recv(fd, &message, sizeof(message), 0),
	                (ssize_t)sizeof(message.header) + 5);
	CU_ASSERT_EQUAL(message.header.instance, INSTANCE);
	CU_ASSERT_EQUAL(message.header.kind, RPC_DGRAM_DATA);
	CU_ASSERT_EQUAL(message.header.peer.port, htons(53));
	CU_ASSERT_EQUAL(message.header.ttl, 63);
	CU_ASSERT_EQUAL(dgram_connect(ch, fd, (struct sockaddr *)&peer,
	                              sizeof(peer)), 0);
	getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len);
	CU_ASSERT_EQUAL(mark, RPC_MARK_UDP_CONNECTED);
	CU_ASSERT_EQUAL(write(fd, "raw", 3), 3);
	fake_receive_dgram(ch->sock, "back", 4, peer);
	turns(1);
	CU_ASSERT_EQUAL(ch->sock->out[1].len, 3);
	CU_ASSERT_EQUAL(read(fd, buf, sizeof(buf)), 4);
	ch->sock->pktinfo = 1;
	dgram_options_changed(ch);
	fake_receive_dgram(ch->sock, "more", 4, peer);
	turns(1);
	CU_ASSERT_EQUAL(recv(fd, &message, sizeof(message), 0),
	                (ssize_t)sizeof(message.header) + 4);
	close(fd);
}

static void test_dgram_errors(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_DGRAM, &fd);
	struct rpc_dgram header;

	CU_ASSERT_EQUAL(write(fd, "nowhere", 7), 7);
	turns(1);
	CU_ASSERT_EQUAL(recv(fd, &header, sizeof(header), MSG_DONTWAIT),
	                (ssize_t)sizeof(header));
	CU_ASSERT_EQUAL(header.kind, RPC_DGRAM_ERROR);
	CU_ASSERT_EQUAL(header.error, EDESTADDRREQ);
	CU_ASSERT_EQUAL(set.stats.chan_dgrams_refused, 1);
	ch->sock->error = ECONNREFUSED;
	channel_sock_events.on_error(ch->sock, ch);
	turns(1);
	CU_ASSERT_EQUAL(recv(fd, &header, sizeof(header), MSG_DONTWAIT),
	                (ssize_t)sizeof(header));
	CU_ASSERT_EQUAL(header.error, ECONNREFUSED);
	CU_ASSERT_EQUAL(ch->sock->error, 0);
	close(fd);
}

/* Empty datagrams are real, also right before a close. */
static void test_dgram_empty(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_DGRAM, &fd);
	struct sockaddr_in peer = fake_addr("10.1.0.1", 53);
	struct sock *sock = ch->sock;

	dgram_connect(ch, fd, (struct sockaddr *)&peer, sizeof(peer));
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(send(fd, "", 0, 0), 0);
	turns(1);
	CU_ASSERT_EQUAL(sock->out_count, 3);
	CU_ASSERT_EQUAL(send(fd, "", 0, 0), 0);
	CU_ASSERT_EQUAL(send(fd, "x", 1, 0), 1);
	CU_ASSERT_EQUAL(send(fd, "", 0, 0), 0);
	close(fd);
	turns(4);
	CU_ASSERT_EQUAL(sock->out_count, 6);
	CU_ASSERT_TRUE(sock->is_closed);
}

static void test_dgram_shutdown(void)
{
	int fd;
	struct channel *ch = open_sock(SOCK_DGRAM, &fd);
	struct sock *sock = ch->sock;

	shutdown(fd, SHUT_WR);
	turns(10);
	CU_ASSERT_EQUAL(sock->out_count, 0);
	CU_ASSERT_FALSE(sock->is_closed);
	CU_ASSERT_FALSE(channels_are_busy(&set));
	close(fd);
	turns(2);
	CU_ASSERT_TRUE(sock->is_closed);
}

static void test_dgram_pair_full(void)
{
	enum { COUNT = 200 };
	int fd, small = 1, got = 0;
	struct channel *ch = open_sock(SOCK_DGRAM, &fd);
	char buf[128];

	setsockopt(ch->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (int i = 0; i < COUNT; i++)
		fake_receive_dgram(ch->sock, "d", 1, fake_addr("10.1.0.1", 9));
	turns(5);
	CU_ASSERT_TRUE(ch->is_blocked);
	for (int i = 0; i < 4 * COUNT && got < COUNT; i++) {
		got += recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0;
		turns(1);
	}
	CU_ASSERT_EQUAL(got, COUNT);
	close(fd);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_dgram),
		UNIT_TEST(test_dgram_errors),
		UNIT_TEST(test_dgram_empty),
		UNIT_TEST(test_dgram_shutdown),
		UNIT_TEST(test_dgram_pair_full),
		{ NULL, NULL }
	};

	return unit_run("dgram_channel", setup, teardown, tests);
}
