/* SPDX-License-Identifier: MIT */
/* Data channels of UDP: datagrams between a SOCK_SEQPACKET pair and a sock.
 *
 * Theory of operation
 *
 * A message is a datagram, with a struct rpc_dgram before it or without. To the
 * program it has one unless the sock has a peer and no option asks for more
 * than the payload; so a connected program may read(2) and write(2). From the
 * program, one without a header goes to the peer.
 *
 * Errors that Linux would report at the next call (ICMP, no route) travel to
 * the program as a header alone. One error waits at most, as in Linux.
 *
 * A datagram that the pair has no room for waits in the sock, whose queue is
 * bounded and drops. An empty datagram and the end of the program are both
 * received as 0 bytes; only the former comes with credentials.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "service/channel.h"
#include "service/rpc.h"

/* Options that need what only a header carries. */
static const struct {
	int level, name;
} header_options[] = {
	{ IPPROTO_IP, IP_PKTINFO },
	{ IPPROTO_IP, IP_RECVTTL },
	{ IPPROTO_IP, IP_RECVTOS },
	{ IPPROTO_IP, IP_RECVORIGDSTADDR },
	{ IPPROTO_IP, IP_RECVERR },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS },
	{ IPPROTO_IPV6, IPV6_RECVERR },
};

/* To be called after each option that the program has set. */
void dgram_options_changed(struct channel *ch)
{
	size_t count = sizeof(header_options) / sizeof(header_options[0]);

	ch->has_headers = false;
	for (size_t i = 0; i < count && !ch->has_headers; i++) {
		int val = 0;
		socklen_t len = sizeof(val);

		if (!sock_getopt(ch->sock, header_options[i].level,
		                 header_options[i].name, &val, &len))
			ch->has_headers = val != 0;
	}
}

/* Give ch a peer, or take it away with AF_UNSPEC, and mark the program's end
 * (borrowed). Return: 0 or -errno as connect(2) gives it.
 */
int dgram_connect(struct channel *ch, int program_fd,
                  const struct sockaddr *addr, socklen_t len)
{
	int err = sock_connect(ch->sock, addr, len);

	if (err)
		return err;
	channel_mark(program_fd, sock_state(ch->sock) == SOCK_STATE_CONNECTED ?
	                                 RPC_MARK_UDP_CONNECTED :
	                                 RPC_MARK_NONE);
	return 0;
}

/* One message to the program. Return: 0 or -errno of sendmsg(2). */
static int push(struct channel *ch, const struct iovec *iov, int count)
{
	struct msghdr msg = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = count,
	};

	if (sendmsg(ch->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static int push_error(struct channel *ch, int error)
{
	struct rpc_dgram header = {
		.instance = ch->set->instance,
		.magic = RPC_MAGIC,
		.kind = RPC_DGRAM_ERROR,
		.error = error,
	};
	struct iovec iov = { &header, sizeof(header) };
	struct sockaddr_storage addr;

	if (!sock_peer(ch->sock, &addr))
		rpc_addr_from_sockaddr(&header.peer, &addr);
	return push(ch, &iov, 1);
}

static int push_dgram(struct channel *ch, const struct sock_dgram *dgram)
{
	struct iovec iov[SOCK_IOV_MAX + 1];
	struct rpc_dgram header = {
		.instance = ch->set->instance,
		.magic = RPC_MAGIC,
		.kind = RPC_DGRAM_DATA,
		.if_index = dgram->if_index,
		.ttl = dgram->ttl,
		.tos = dgram->tos,
	};

	if (!ch->has_headers && sock_state(ch->sock) == SOCK_STATE_CONNECTED)
		return push(ch, dgram->iov, dgram->iovcnt);
	rpc_addr_from_sockaddr(&header.peer, &dgram->src);
	rpc_addr_from_sockaddr(&header.local, &dgram->dst);
	iov[0] = (struct iovec){ &header, sizeof(header) };
	memcpy(iov + 1, dgram->iov, dgram->iovcnt * sizeof(iov[0]));
	return push(ch, iov, dgram->iovcnt + 1);
}

/* A try to send to the program came to err. Return: true when it is done with,
 * delivered or beyond hope; false when it is to be tried again later.
 */
static bool is_pushed(struct channel *ch, int err)
{
	if (err == -EAGAIN)
		channel_block(ch);
	else if (err == -ENOBUFS || err == -ENOMEM)
		channel_starve(ch);
	else
		return true;
	return false;
}

static bool deliver_error(struct channel *ch)
{
	int error = ch->error ? ch->error : sock_error(ch->sock, true);

	ch->error = error;
	if (error && !is_pushed(ch, push_error(ch, error)))
		return false;
	ch->error = 0;
	return true;
}

/* Errors and datagrams to the program, to the budget. Return: the work done. */
unsigned dgram_deliver(struct channel *ch)
{
	struct sock_dgram dgram;
	unsigned work = 0;
	int err;

	if (ch->is_blocked || !deliver_error(ch))
		return 0;
	while (!sock_dgram_peek(ch->sock, &dgram)) {
		if (work == CHANNEL_DGRAM_BUDGET) {
			channel_touch(ch);
			break;
		}
		err = push_dgram(ch, &dgram);
		if (!is_pushed(ch, err))
			break;
		if (err)
			ch->set->stats.chan_bytes_discarded += dgram.len;
		else
			ch->set->stats.chan_dgrams_out++;
		sock_dgram_consume(ch->sock);
		work++;
	}
	return work;
}

/* Tell the program at its next call. */
static void refuse(struct channel *ch, int error)
{
	ch->set->stats.chan_dgrams_refused++;
	ch->error = error;
	channel_touch(ch);
}

static int send_addressed(struct channel *ch, const struct rpc_dgram *header,
                          const struct iovec *payload)
{
	struct sockaddr_storage dst, src;
	socklen_t len;

	rpc_addr_to_sockaddr(&header->peer, &dst, &len);
	rpc_addr_to_sockaddr(&header->local, &src, &len);
	return sock_dgram_send(ch->sock, payload, 1,
	                       header->peer.family ? (void *)&dst : NULL,
	                       header->local.family ? (void *)&src : NULL);
}

/* One message of len bytes is in set->scratch. */
static void send_message(struct channel *ch, size_t len)
{
	struct iovec payload = { ch->set->scratch, len };
	struct rpc_dgram header;
	int err;

	switch (rpc_dgram_parse(ch->set->scratch, len, ch->set->instance,
	                        &header)) {
	case RPC_DGRAM_FORM_HEADER:
		payload.iov_base = ch->set->scratch + sizeof(header);
		payload.iov_len = len - sizeof(header);
		err = send_addressed(ch, &header, &payload);
		break;
	case RPC_DGRAM_FORM_RAW:
		err = sock_dgram_send(ch->sock, &payload, 1, NULL, NULL);
		break;
	default:
		err = -EINVAL;
	}
	if (err)
		refuse(ch, -err);
	else
		ch->set->stats.chan_dgrams_in++;
}

/* Return: true when a message was taken, false when there is none; *is_eof
 * tells that none will come.
 */
static bool read_one(struct channel *ch, bool *is_eof)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { ch->set->scratch, sizeof(ch->set->scratch) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t got = recvmsg(ch->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*is_eof = got == 0 && msg.msg_controllen == 0;
	if (got < 0 || *is_eof)
		return false;
	if (msg.msg_flags & MSG_TRUNC)
		refuse(ch, EMSGSIZE);
	else
		send_message(ch, got);
	return true;
}

/* Datagrams from the program to the stack, to the budget. Return: the work
 * done.
 */
unsigned dgram_read(struct channel *ch)
{
	unsigned work = 0;
	bool is_eof = false;

	while (work < CHANNEL_DGRAM_BUDGET && read_one(ch, &is_eof))
		work++;
	if (work) {
		ch->empty_reads = 0;
		return work;
	}
	if (is_eof && ch->is_hup)
		channel_finish(ch, 0, false);
	else if (is_eof || ++ch->empty_reads > CHANNEL_HOT_EMPTY_MAX)
		channel_cool(ch);
	return 0;
}

/* The program's end is gone; what it sent before is read first. */
void dgram_on_hup(struct channel *ch)
{
	ch->is_blocked = false;
	channel_heat(ch);
}
