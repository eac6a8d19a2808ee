/* SPDX-License-Identifier: MIT */
/* Data channels: who has work, and the steps of a turn that do it.
 *
 * The stack's callbacks and epoll's events only put channels on lists; see
 * channel.h for the lists. A step works off what was on its list when it began:
 * what comes on meanwhile waits for the next turn, so a step ends. What a step
 * calls may take the channel itself off any list, but no other channel that can
 * be on one.
 */
#include <poll.h>
#include <sys/ioctl.h>

#include "service/channel.h"
#include "service/rpc.h"

/* How each phase reads from its pair, delivers to it and hears of its end.
 * Where nothing stands, there is nothing to do.
 */
static const struct {
	unsigned (*read)(struct channel *ch);
	unsigned (*deliver)(struct channel *ch);
	void (*on_hup)(struct channel *ch);
	void (*on_room)(struct channel *ch); /* the program took something */
} phases[CHANNEL_PHASE_COUNT] = {
	[CHANNEL_IDLE] = { .on_hup = stream_on_hup },
	[CHANNEL_CONNECTING] = { .deliver = stream_deliver,
	                         .on_hup = stream_on_hup },
	[CHANNEL_OPEN] = { .read = stream_read, .deliver = stream_deliver,
	                   .on_hup = stream_on_hup },
	[CHANNEL_LISTENING] = { .deliver = listener_deliver,
	                        .on_hup = listener_on_hup,
	                        .on_room = listener_on_room },
	[CHANNEL_DGRAM] = { .read = dgram_read, .deliver = dgram_deliver,
	                    .on_hup = dgram_on_hup },
};

/* Take ch off the hot or the starved list. */
void channel_cool(struct channel *ch)
{
	if (ch->work_list)
		TAILQ_REMOVE(ch->work_list, ch, work_link);
	ch->work_list = NULL;
}

/* Read from ch in the next turn. */
void channel_heat(struct channel *ch)
{
	ch->empty_reads = 0;
	if (ch->work_list == &ch->set->hot || !phases[ch->phase].read)
		return;
	channel_cool(ch);
	ch->is_noted = false;
	ch->work_list = &ch->set->hot;
	TAILQ_INSERT_TAIL(&ch->set->hot, ch, work_link);
}

/* Memory lacked: try again after a pause. */
void channel_starve(struct channel *ch)
{
	struct channels *set = ch->set;

	if (ch->work_list == &set->starved)
		return;
	channel_cool(ch);
	set->stats.chan_starved++;
	if (TAILQ_EMPTY(&set->starved))
		set->retry_us = set->now_us + CHANNEL_RETRY_US;
	ch->work_list = &set->starved;
	TAILQ_INSERT_TAIL(&set->starved, ch, work_link);
}

/* Look at ch's sock in this turn, or in the next. */
void channel_touch(struct channel *ch)
{
	if (ch->is_touched)
		return;
	ch->is_touched = true;
	TAILQ_INSERT_TAIL(&ch->set->touched, ch, touched_link);
}

/* Have epoll report room in the pair, or no longer. */
void channel_want_write(struct channel *ch, bool is_wanted)
{
	struct poller_ref ref = {
		.kind = POLLER_CHANNEL,
		.generation = ch->set->slots[ch->slot].generation,
		.id = ch->slot,
	};
	uint32_t events = EPOLLET | EPOLLIN | EPOLLRDHUP;

	if (is_wanted)
		events |= EPOLLOUT;
	ch->wants_write = is_wanted;
	poller_mod(ch->set->poller, ch->fd, events, ref);
}

/* The pair is full: deliver again when the program has taken some. A watch
 * that is there already reports the change from now on, and what changed since
 * the full pair was seen is caught by the modification, so that is made always.
 */
void channel_block(struct channel *ch)
{
	ch->is_blocked = true;
	ch->set->stats.chan_full++;
	channel_want_write(ch, true);
}

/* ch's program is gone but bytes of it wait for the peer: the progress of
 * those is watched from here on. Called again with each progress.
 */
void channel_orphan(struct channel *ch)
{
	struct channels *set = ch->set;

	if (ch->is_orphan)
		TAILQ_REMOVE(&set->orphans, ch, orphan_link);
	ch->is_orphan = true;
	ch->orphan_since_us = set->now_us;
	TAILQ_INSERT_TAIL(&set->orphans, ch, orphan_link);
}

static void on_room(struct channel *ch)
{
	if (phases[ch->phase].on_room)
		phases[ch->phase].on_room(ch);
	else if (!ch->is_blocked)
		channel_want_write(ch, false);
	if (!ch->is_blocked)
		return;
	ch->is_blocked = false;
	channel_touch(ch);
}

/* An event of epoll for the channel that ref names, if it lives still. Room in
 * a pair that has hung up is not the program's doing.
 */
void channel_on_event(struct channels *set, struct poller_ref ref,
                      uint32_t events)
{
	struct channel *ch = channel_by_ref(set, ref);

	if (!ch)
		return;
	if (events & EPOLLOUT && !(events & EPOLLHUP) && ch->wants_write)
		on_room(ch);
	if (events & EPOLLHUP && !ch->is_hup) {
		ch->is_hup = true;
		if (phases[ch->phase].on_hup)
			phases[ch->phase].on_hup(ch);
	}
	if (ch->phase != CHANNEL_DEAD && !ch->is_tx_blocked &&
	    events & (EPOLLIN | EPOLLRDHUP))
		channel_heat(ch);
}

static bool has_hung_up_at(const struct channel *ch, uint16_t port)
{
	struct pollfd pfd = { .fd = ch->fd };
	struct sockaddr_storage addr;
	struct rpc_addr local;

	if (ch->is_hup || sock_name(ch->sock, &addr))
		return false;
	rpc_addr_from_sockaddr(&local, &addr);
	if (local.port != port)
		return false;
	return poll(&pfd, 1, 0) > 0 && pfd.revents & POLLHUP;
}

/* Act on the hang-ups at a port (network order) that epoll has not told of yet:
 * a program that has closed a socket may use its port again at once, and
 * requests overtake events.
 */
void channels_look_at_port(struct channels *set, uint16_t port)
{
	struct sock *sock = NULL;

	while ((sock = sock_next(set->stack, sock))) {
		struct channel *ch = sock_user(sock);

		if (!has_hung_up_at(ch, port))
			continue;
		ch->is_hup = true;
		if (phases[ch->phase].on_hup)
			phases[ch->phase].on_hup(ch);
		sock = NULL; /* it may be gone */
	}
}

/* Limit the reads of the next channels_poll_hot to what waits now, and to the
 * channels that are hot now; requests are to be taken in between.
 */
void channels_note_waiting(struct channels *set)
{
	struct channel *ch;

	set->is_noting = true;
	TAILQ_FOREACH(ch, &set->hot, work_link) {
		int bytes = 0;

		ioctl(ch->fd, FIONREAD, &bytes);
		ch->noted_len = bytes;
		ch->is_noted = true;
	}
}

/* Step: bytes from programs to the stack. Return: the work done. */
unsigned channels_poll_hot(struct channels *set)
{
	struct channel *last = TAILQ_LAST(&set->hot, channel_list);
	struct channel *ch, *next = TAILQ_FIRST(&set->hot);
	unsigned work = 0;

	while ((ch = next)) {
		next = ch == last ? NULL : TAILQ_NEXT(ch, work_link);
		if (set->is_noting && !ch->is_noted)
			continue;
		work += phases[ch->phase].read(ch);
		ch->is_noted = false;
	}
	set->is_noting = false;
	return work;
}

/* Step: what the stack has for programs. Return: the work done. */
unsigned channels_poll_touched(struct channels *set)
{
	struct channel *last = TAILQ_LAST(&set->touched, channel_list);
	struct channel *ch = NULL;
	unsigned work = 0;

	while (ch != last && (ch = TAILQ_FIRST(&set->touched))) {
		TAILQ_REMOVE(&set->touched, ch, touched_link);
		ch->is_touched = false;
		if (phases[ch->phase].deliver)
			work += phases[ch->phase].deliver(ch);
	}
	return work;
}

static void abort_old_orphans(struct channels *set)
{
	struct channel *ch;

	while ((ch = TAILQ_FIRST(&set->orphans)) &&
	       set->now_us - ch->orphan_since_us >= CHANNEL_ORPHAN_US) {
		set->stats.chan_orphans_aborted++;
		channel_finish(ch, 0, true);
	}
}

/* Step: those that wait for time to pass. Return: the work done. */
unsigned channels_poll_waiting(struct channels *set)
{
	struct channel *ch;
	unsigned work = 0;

	abort_old_orphans(set);
	if (TAILQ_EMPTY(&set->starved) || set->now_us < set->retry_us)
		return 0;
	while ((ch = TAILQ_FIRST(&set->starved))) {
		channel_cool(ch);
		channel_heat(ch);
		channel_touch(ch);
		work++;
	}
	return work;
}

/* Are there channels to be read in any case? */
bool channels_are_hot(const struct channels *set)
{
	return !TAILQ_EMPTY(&set->hot);
}

/* Is there work that waits for nobody? Then the loop must not sleep. */
bool channels_are_busy(const struct channels *set)
{
	return !TAILQ_EMPTY(&set->hot) || !TAILQ_EMPTY(&set->touched);
}

/* When channels_poll_waiting has something to do; UINT64_MAX: never. */
uint64_t channels_deadline_us(const struct channels *set)
{
	uint64_t deadline = UINT64_MAX;

	if (!TAILQ_EMPTY(&set->orphans))
		deadline = TAILQ_FIRST(&set->orphans)->orphan_since_us +
		           CHANNEL_ORPHAN_US;
	if (!TAILQ_EMPTY(&set->starved) && set->retry_us < deadline)
		deadline = set->retry_us;
	return deadline;
}

static void on_connected(struct sock *sock, void *user)
{
	struct channel *ch = user;

	(void)sock;
	ch->was_connected = true;
	channel_touch(ch);
}

static int on_accept(struct sock *listener, void *user, struct sock *conn)
{
	(void)listener;
	return listener_on_accept(user, conn);
}

static bool can_accept(struct sock *listener, void *user, unsigned pending)
{
	(void)listener;
	return listener_can_accept(user, pending);
}

/* Bytes, the peer's end, an error: deliver finds out which. */
static void on_news(struct sock *sock, void *user)
{
	(void)sock;
	channel_touch(user);
}

static void on_writable(struct sock *sock, void *user)
{
	struct channel *ch = user;

	(void)sock;
	if (!ch->is_tx_blocked)
		return;
	ch->is_tx_blocked = false;
	channel_heat(ch);
}

const struct sock_events channel_sock_events = {
	.on_connected = on_connected,
	.on_accept = on_accept,
	.can_accept = can_accept,
	.on_readable = on_news,
	.on_writable = on_writable,
	.on_error = on_news,
};
