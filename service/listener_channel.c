/* SPDX-License-Identifier: MIT */
/* Data channels of listeners: connections on their way to accept(2).
 *
 * Theory of operation
 *
 * The pair that socket(2) returned becomes the listener's queue: each
 * connection is one struct rpc_accept with the new program's end attached, so
 * that poll, several accepting processes and EAGAIN are the kernel's. The
 * stack's callback only makes a QUEUED channel; deliver gives it its pair and
 * sends it. When the listener's pair is full, only the first in the queue holds
 * descriptors.
 *
 * Linux's backlog of N lets N + 1 connections wait (sk_acceptq_is_full). Those
 * that wait in the pair are counted by what the kernel charges for them, all
 * messages costing the same.
 *
 * When the program closes the listener the kernel closes what waits in the pair
 * with it: each of those channels hangs up by itself, as one that was accepted
 * does when it is closed. To tell them apart, what was handed over stays on a
 * list until it was accepted: accept frees a message, which epoll reports as
 * room, and messages are taken in the order they were sent.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "service/channel.h"
#include "shim/proto/fdpass.h"

static const struct fdpass_io io = {
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.close = close,
};

/* Listen, or change the backlog of a listener; negative is the largest, as in
 * Linux. program_fd is borrowed. Return: 0, or -errno as listen(2) gives it.
 */
int listener_start(struct channel *ch, int program_fd, int backlog)
{
	struct listener *listener = ch->listener;
	int err;

	if (!listener)
		listener = calloc(1, sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	err = sock_listen(ch->sock);
	if (err) {
		if (!ch->listener)
			free(listener);
		return err;
	}
	if (!ch->listener) {
		TAILQ_INIT(&listener->queue);
		TAILQ_INIT(&listener->sent);
		ch->listener = listener;
		ch->phase = CHANNEL_LISTENING;
		channel_mark(program_fd, RPC_MARK_LISTENER);
		channel_want_write(ch, true);
	}
	listener->backlog = (unsigned)backlog > LISTENER_BACKLOG_MAX ?
	                            LISTENER_BACKLOG_MAX :
	                            (unsigned)backlog;
	return 0;
}

/* How many messages wait in the pair for the program? What the kernel charges
 * for one is seen when the first waits.
 */
static unsigned count_waiting(struct channel *ch)
{
	struct listener *listener = ch->listener;
	int bytes = 0;

	ioctl(ch->fd, SIOCOUTQ, &bytes);
	if (bytes <= 0)
		return 0;
	if (!listener->message_cost)
		listener->message_cost = bytes;
	return (unsigned)bytes / listener->message_cost;
}

/* conn was accepted, or has ended: its listener need not know it any longer. */
void listener_forget(struct channel *conn)
{
	struct listener *listener = conn->parent->listener;

	TAILQ_REMOVE(&listener->sent, conn, queue_link);
	listener->sent_count--;
	conn->parent = NULL;
}

/* The program has taken messages: the oldest were accepted. */
void listener_on_room(struct channel *ch)
{
	struct listener *listener = ch->listener;
	unsigned waiting = count_waiting(ch);

	while (listener->sent_count > waiting)
		listener_forget(TAILQ_FIRST(&listener->sent));
}

/* A SYN came, pending handshakes are under way. Return: false to drop it. */
bool listener_can_accept(struct channel *ch, unsigned pending)
{
	struct listener *listener = ch->listener;
	unsigned waiting;

	if (!listener)
		return false;
	waiting = listener->queued + pending + count_waiting(ch);
	if (waiting <= listener->backlog)
		return true;
	ch->set->stats.chan_backlog_full++;
	return false;
}

/* A connection is established; conn is ours on success. Within a callback of
 * the stack. Return: 0 or -ENOMEM: it is reset.
 */
int listener_on_accept(struct channel *ch, struct sock *conn)
{
	struct channel *accepted;

	if (!ch->listener)
		return -ECONNABORTED;
	accepted = channel_alloc(ch->set, conn, &ch->owner);
	if (!accepted) {
		ch->set->stats.chan_accepts_failed++;
		return -ENOMEM;
	}
	accepted->is_incoming = true;
	TAILQ_INSERT_TAIL(&ch->listener->queue, accepted, queue_link);
	ch->listener->queued++;
	channel_touch(ch);
	return 0;
}

/* Send conn's descriptor, made now or at the last try. Return: 0, -EAGAIN when
 * the pair is full, or another -errno: conn cannot be handed over.
 */
static int hand_over(struct channel *ch, struct channel *conn)
{
	struct rpc_accept message = {
		.magic = RPC_MAGIC,
		.sock_id = conn->sock_id,
	};
	int err = 0;

	if (conn->fd < 0) {
		err = channel_pair(conn, &conn->program_fd);
		if (err)
			return err;
		conn->is_grown = true;
		channel_size(conn->program_fd, CHANNEL_SNDBUF);
	}
	channel_get_names(conn, &message.local, &message.peer);
	err = fdpass_send(&io, ch->fd, &message, sizeof(message),
	                  conn->program_fd, MSG_DONTWAIT);
	if (err)
		return err;
	close(conn->program_fd);
	conn->program_fd = -1;
	return 0;
}

/* conn is the program's: bytes may wait already. */
static void start(struct channel *ch, struct channel *conn)
{
	ch->set->stats.chan_accepts++;
	conn->parent = ch;
	TAILQ_INSERT_TAIL(&ch->listener->sent, conn, queue_link);
	ch->listener->sent_count++;
	if (!ch->listener->message_cost)
		count_waiting(ch);
	conn->phase = CHANNEL_OPEN;
	conn->is_told = true;
	sock_set_user(conn->sock, conn);
	channel_touch(conn);
}

static struct channel *dequeue(struct listener *listener)
{
	struct channel *conn = TAILQ_FIRST(&listener->queue);

	if (!conn)
		return NULL;
	TAILQ_REMOVE(&listener->queue, conn, queue_link);
	listener->queued--;
	return conn;
}

/* Hand over what is established. A connection that cannot be (no descriptor
 * left, too many under way: ETOOMANYREFS, see unix(7)) is reset. Return: the
 * work done.
 */
unsigned listener_deliver(struct channel *ch)
{
	struct listener *listener = ch->listener;
	struct channel *conn;
	unsigned work = 0;
	int err;

	while (!ch->is_blocked && (conn = TAILQ_FIRST(&listener->queue))) {
		if (work == LISTENER_BUDGET) {
			channel_touch(ch);
			break;
		}
		err = hand_over(ch, conn);
		if (err == -EAGAIN) {
			channel_block(ch);
			break;
		}
		dequeue(listener);
		if (err) {
			ch->set->stats.chan_accepts_failed++;
			channel_finish(conn, 0, true);
		} else {
			start(ch, conn);
		}
		work++;
	}
	return work;
}

/* The program closed its listener. Where no message was left unread, which the
 * kernel tells by ECONNRESET, all of them were accepted: the room that the last
 * ones made may not have been seen yet.
 */
void listener_on_hup(struct channel *ch)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(ch->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	while (!error && ch->listener->sent_count)
		listener_forget(TAILQ_FIRST(&ch->listener->sent));
	channel_finish(ch, 0, true);
}

/* Reset what waits in the queue; ch is about to end. What was handed over and
 * not accepted has ended too, and will hang up.
 */
void listener_free(struct channel *ch)
{
	struct channel *conn;

	while ((conn = TAILQ_FIRST(&ch->listener->sent))) {
		listener_forget(conn);
		conn->is_abandoned = true;
	}
	while ((conn = dequeue(ch->listener)))
		channel_finish(conn, 0, true);
	free(ch->listener);
	ch->listener = NULL;
}
