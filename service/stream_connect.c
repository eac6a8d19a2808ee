/* SPDX-License-Identifier: MIT */
/* Data channels of TCP: a connect from its start to its end.
 *
 * Theory of operation
 *
 * While a connect is under way the program's end must not be writable. A unix
 * socket is writable while four times what it has queued fits its send buffer,
 * so a quarter of the buffer and one byte, zeros, are sent to the service
 * through the program's own descriptor, which came with the request. Nothing of
 * it is kept: a copy would hide that the program closes meanwhile.
 *
 * When the handshake is done exactly those bytes are read and dropped, and the
 * program's poll reports POLLOUT, edge-triggered too. When it fails the
 * service's end is closed with them unread, and poll reports POLLERR and
 * POLLHUP; the tombstone has the errno. That pair is spent: a program that tries
 * connect again on the same descriptor, which Linux allows, is told
 * ECONNABORTED.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "service/channel.h"

/* Bytes that wait in the pair for the service; also those of a fill. */
static uint32_t pair_waiting(const struct channel *ch)
{
	int bytes = 0;

	ioctl(ch->fd, FIONREAD, &bytes);
	return bytes;
}

/* Make the program's end unwritable. Junk that the program wrote before it was
 * connected is dropped together with the fill. A program's end that was shut
 * down for writing takes no fill: there the fill is what FIONREAD says.
 */
static void fill(struct channel *ch, int program_fd)
{
	static const uint8_t zeros[CHANNEL_CONNECT_SNDBUF / 2 + 1];
	socklen_t len = sizeof(int);
	int sndbuf = 0;

	getsockopt(program_fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &len);
	if (sndbuf / 4 >= (int)sizeof(zeros)) {
		sndbuf = CHANNEL_CONNECT_SNDBUF;
		setsockopt(program_fd, SOL_SOCKET, SO_SNDBUF, &sndbuf,
		           sizeof(sndbuf));
		getsockopt(program_fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &len);
	}
	(void)!send(program_fd, zeros, sndbuf / 4 + 1,
	            MSG_DONTWAIT | MSG_NOSIGNAL);
	ch->fill_len = pair_waiting(ch);
}

/* Drop the fill: the program's end becomes writable. Return: false when the
 * kernel refuses what it said was there.
 */
static bool drop_fill(struct channel *ch)
{
	while (ch->fill_len) {
		size_t len = ch->fill_len;
		ssize_t got;

		if (len > sizeof(ch->set->scratch))
			len = sizeof(ch->set->scratch);
		got = recv(ch->fd, ch->set->scratch, len, MSG_DONTWAIT);
		if (got <= 0)
			return false;
		ch->fill_len -= got;
	}
	return true;
}

/* Linux answers the first connect(2) after one that was left in progress with
 * 0, and only the next with EISCONN (__inet_stream_connect).
 */
static int connect_again(struct channel *ch, int err)
{
	if (err != -EISCONN || ch->phase != CHANNEL_OPEN || ch->is_told)
		return err;
	ch->is_told = true;
	return 0;
}

/* Start a connect of ch, whose program's end is program_fd (borrowed). Return:
 * -EINPROGRESS when it was started, 0 when it is connected already, or -errno
 * as connect(2) gives it and nothing has changed.
 */
int stream_connect(struct channel *ch, int program_fd,
                   const struct sockaddr *addr, socklen_t len)
{
	int err = sock_connect(ch->sock, addr, len);

	if ((err && err != -EINPROGRESS) || ch->phase != CHANNEL_IDLE)
		return connect_again(ch, err);
	channel_name_end(ch, program_fd, RPC_END_PROGRAM);
	fill(ch, program_fd);
	ch->phase = CHANNEL_CONNECTING;
	channel_touch(ch);
	return err;
}

/* The handshake ended, well or not. Return: true when ch is OPEN now. */
bool stream_connect_ended(struct channel *ch)
{
	enum sock_state state = sock_state(ch->sock);

	if (state == SOCK_STATE_CONNECTING)
		return false;
	if (state == SOCK_STATE_DEAD && !ch->was_connected) {
		channel_finish(ch, sock_error(ch->sock, false), true);
		return false;
	}
	if (!drop_fill(ch)) {
		channel_finish(ch, ECONNABORTED, true);
		return false;
	}
	ch->phase = CHANNEL_OPEN;
	channel_heat(ch);
	return true;
}
