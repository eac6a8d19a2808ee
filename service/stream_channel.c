/* SPDX-License-Identifier: MIT */
/* Data channels of TCP: bytes between a pair and a sock, and their two ends.
 *
 * Theory of operation
 *
 * A program must see on its end of the pair what it would see on a TCP socket:
 *
 *   connect under way  an end that is not writable: see stream_connect.c
 *   the peer's FIN     shutdown(SHUT_WR) on the service's end, after the bytes
 *   the peer's RST     the bytes that came before, which Linux keeps readable
 *                      too, then close; a tombstone tells the errno
 *   a full window      the pair is not read while the stack is full, and the
 *                      sock's bytes are not consumed while the pair is full
 *
 * and the peer must see what Linux would send:
 *
 *   shutdown(SHUT_WR)  end of file on the service's end, after the bytes: FIN
 *   close              hang-up: the rest is read and sent, then FIN
 *   close with bytes   RST: the kernel tells of those that were in the pair by
 *   unread             ECONNRESET, the sock of those that were not there yet
 *   SO_LINGER 0        RST at once
 *
 * A program that shuts its end down both ways cannot be told from one that
 * closed it; the connection is then finished without a reset.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "service/channel.h"

/* What reading a chunk came to, besides a number of bytes. */
enum {
	READ_EOF = 0,
	READ_EMPTY = -1,   /* nothing waits in the pair */
	READ_FULL = -2,    /* the stack takes no more */
	READ_STARVED = -3, /* out of memory */
	READ_RESET = -4,   /* the program closed with bytes unread */
	READ_LATER = -5,   /* what waits came after what may be read */
};

static int pair_error(const struct channel *ch)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(ch->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

/* Keep what the stack had no memory for. */
static int hold(struct channel *ch, const uint8_t *data, size_t len)
{
	ch->held = malloc(len);
	if (!ch->held)
		return -ENOMEM;
	memcpy(ch->held, data, len);
	ch->held_len = len;
	return 0;
}

/* Give the stack what was kept. Return: false while it has no room for it. */
static bool send_held(struct channel *ch)
{
	struct sock_tx_buf *buf = sock_tx_buf(ch->set->stack);

	if (!buf || sock_tx_room(ch->sock) < ch->held_len)
		return false;
	memcpy(buf->data, ch->held, ch->held_len);
	if (sock_tx(ch->sock, buf, 0, ch->held_len))
		return false;
	free(ch->held);
	ch->held = NULL;
	return true;
}

/* Nothing may be read; has the program ended its stream? Not when the last look
 * found nothing: epoll tells of what comes after it.
 */
static ssize_t look_for_eof(const struct channel *ch)
{
	ssize_t got;
	char byte;

	if (ch->empty_reads)
		return READ_EMPTY;
	got = recv(ch->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK);
	if (got > 0)
		return READ_LATER;
	if (got == 0)
		return READ_EOF;
	return errno == ECONNRESET ? READ_RESET : READ_EMPTY;
}

/* Read up to max bytes straight into a buffer of the stack. Return: bytes, or
 * READ_*; *is_short tells that the pair had less than there was room for.
 */
static ssize_t read_chunk(struct channel *ch, size_t max, bool *is_short)
{
	size_t len = sock_tx_room(ch->sock);
	struct sock_tx_buf *buf;
	ssize_t got;

	if (!max)
		return look_for_eof(ch);
	if (!len)
		return READ_FULL;
	buf = sock_tx_buf(ch->set->stack);
	if (!buf)
		return READ_STARVED;
	if (len > max)
		len = max;
	if (len > buf->room)
		len = buf->room;
	got = recv(ch->fd, buf->data, len, MSG_DONTWAIT);
	if (got < 0)
		return errno == ECONNRESET ? READ_RESET : READ_EMPTY;
	if (got == 0)
		return READ_EOF;
	*is_short = (size_t)got < len;
	ch->set->stats.chan_bytes_in += got;
	if (!sock_tx(ch->sock, buf, 0, got))
		return got;
	if (!hold(ch, buf->data, got))
		return READ_STARVED;
	channel_finish(ch, ECONNABORTED, true);
	return READ_RESET;
}

/* After a hang-up nothing is left to read: let go. Bytes that the program never
 * took are a reason to reset, see tcp_close in Linux's net/ipv4/tcp.c.
 */
static void close_after_hup(struct channel *ch)
{
	channel_finish(ch, 0, ch->has_discarded || sock_rx_len(ch->sock) > 0);
}

/* A read may meet the end of file before epoll tells that it was a hang-up. */
static bool has_hung_up(const struct channel *ch)
{
	struct pollfd pfd = { .fd = ch->fd };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & POLLHUP;
}

static void read_eof(struct channel *ch)
{
	channel_cool(ch);
	if (ch->is_hup) {
		close_after_hup(ch);
	} else if (!ch->is_tx_shut && has_hung_up(ch)) {
		ch->is_hup = true;
		stream_on_hup(ch);
	} else if (!ch->is_tx_shut) {
		ch->is_tx_shut = true;
		sock_shutdown_tx(ch->sock);
	}
}

/* Act on a READ_*; ch may be finished afterwards. */
static void read_stopped(struct channel *ch, ssize_t why)
{
	switch (why) {
	case READ_EOF:
		read_eof(ch);
		break;
	case READ_FULL:
		ch->is_tx_blocked = true;
		channel_cool(ch);
		break;
	case READ_STARVED:
		channel_starve(ch);
		break;
	case READ_RESET:
		channel_finish(ch, 0, true);
		break;
	case READ_LATER:
		break;
	default:
		if (++ch->empty_reads > CHANNEL_HOT_EMPTY_MAX)
			channel_cool(ch);
	}
}

/* Reads are over: the sock is dead, or the end of file was passed on and only
 * the hang-up is waited for.
 */
static bool is_read_over(struct channel *ch)
{
	return sock_state(ch->sock) != SOCK_STATE_CONNECTED ||
	       (ch->is_tx_shut && !ch->is_hup);
}

/* Bytes from the program to the stack, to the budget. A short read empties the
 * pair; what comes later is an edge in epoll, so a look for more can wait for
 * the next turn. Return: the work done.
 */
static unsigned read_some(struct channel *ch, size_t budget)
{
	bool is_short = false;
	unsigned work = 0;
	ssize_t got;

	if (is_read_over(ch)) {
		channel_cool(ch);
		return 0;
	}
	if (ch->is_tx_shut) {
		close_after_hup(ch);
		return 1;
	}
	if (ch->held && !send_held(ch)) {
		channel_starve(ch);
		return 0;
	}
	do {
		got = read_chunk(ch, budget, &is_short);
		if (got <= 0)
			break;
		budget -= got;
		work++;
	} while (budget && (!is_short || ch->is_hup));
	if (work) {
		ch->empty_reads = 0;
		ch->is_known = true;
		if (ch->is_orphan)
			channel_orphan(ch);
	}
	if (got <= 0)
		read_stopped(ch, got);
	return work;
}

/* Step: bytes from the program to the stack, as far as a turn goes. What a
 * program that is gone has left cannot be followed by anything.
 */
unsigned stream_read(struct channel *ch)
{
	size_t budget = CHANNEL_READ_BUDGET;

	if (ch->set->is_noting && !ch->is_hup && ch->noted_len < budget)
		budget = ch->noted_len;
	return read_some(ch, budget);
}

/* All that waits in the pair now goes to the stack, as far as it has room: what
 * it has no room for leaves in full segments anyway. ch may be finished
 * afterwards.
 */
void stream_drain(struct channel *ch)
{
	uint64_t end;
	int bytes = 0;

	if (ch->phase != CHANNEL_OPEN || ioctl(ch->fd, FIONREAD, &bytes) ||
	    bytes <= 0)
		return;
	ch->noted_len = 0;
	end = ch->set->stats.chan_bytes_in + bytes;
	while (ch->phase == CHANNEL_OPEN && ch->set->stats.chan_bytes_in < end)
		if (!read_some(ch, end - ch->set->stats.chan_bytes_in))
			return;
}

/* Nobody will read them: the program has shut its end down, or is gone. */
static void discard(struct channel *ch, size_t len)
{
	sock_rx_consume(ch->sock, len);
	ch->has_discarded = true;
	ch->set->stats.chan_bytes_discarded += len;
}

/* One gathered write. Return: 0 to go on, -1 to stop. */
static int deliver_some(struct channel *ch, size_t *budget)
{
	struct iovec iov[SOCK_IOV_MAX];
	struct msghdr msg = { .msg_iov = iov };
	size_t len = 0;
	ssize_t sent;
	int count = sock_rx_peek(ch->sock, iov, SOCK_IOV_MAX);

	if (count <= 0)
		return -1;
	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	msg.msg_iovlen = count;
	sent = sendmsg(ch->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0) {
		ch->is_known = true;
		sock_rx_consume(ch->sock, sent);
		ch->set->stats.chan_bytes_out += sent;
		*budget -= (size_t)sent < *budget ? (size_t)sent : *budget;
	} else if (errno == EPIPE || errno == ECONNRESET) {
		discard(ch, len);
		return 0;
	} else if (errno != EAGAIN) {
		channel_starve(ch);
		return -1;
	}
	if (sent == (ssize_t)len)
		return 0;
	channel_block(ch);
	return -1;
}

/* Everything that the sock had was delivered: pass its end on. */
static void delivered_all(struct channel *ch)
{
	if (sock_state(ch->sock) == SOCK_STATE_DEAD) {
		channel_finish(ch, sock_error(ch->sock, false), true);
	} else if (sock_rx_is_eof(ch->sock) && !ch->is_rx_shut) {
		ch->is_rx_shut = true;
		shutdown(ch->fd, SHUT_WR);
	}
}

/* What the sock has for the program. Return: the work done. */
unsigned stream_deliver(struct channel *ch)
{
	size_t budget = CHANNEL_WRITE_BUDGET;
	unsigned work = 0;

	if (ch->phase == CHANNEL_CONNECTING && !stream_connect_ended(ch))
		return 1;
	if (ch->is_blocked)
		return 0;
	while (budget && !deliver_some(ch, &budget))
		work++;
	if (!sock_rx_len(ch->sock))
		delivered_all(ch);
	else if (!budget)
		channel_touch(ch);
	return work;
}

/* The program's end is gone. What it sent before is in the pair still. A
 * connection that went with its listener, unaccepted, is reset as Linux does
 * (inet_csk_listen_stop).
 */
void stream_on_hup(struct channel *ch)
{
	if (ch->phase != CHANNEL_OPEN || (ch->is_abandoned && !ch->is_known) ||
	    sock_lingers_zero(ch->sock) || pair_error(ch) == ECONNRESET) {
		channel_finish(ch, 0, true);
		return;
	}
	ch->is_tx_blocked = false;
	ch->is_blocked = false;
	channel_orphan(ch);
	channel_heat(ch);
	channel_touch(ch);
}
