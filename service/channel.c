/* SPDX-License-Identifier: MIT */
/* Data channels: the set, and the life of one from socketpair to reaper.
 *
 * The slot table is reserved for CHANNEL_MAX at start and touched page by page
 * as it is used. Slots are given again last in, first out, and their generation
 * goes up, so that an old epoll word finds nobody.
 */
#include "service/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/rpc.h"

/* Make an empty set. Return: 0 or -ENOMEM. */
int channels_init(struct channels *set, struct stack *stack,
                  struct poller *poller, uint64_t instance)
{
	memset(set, 0, sizeof(*set));
	set->stack = stack;
	set->poller = poller;
	set->instance = instance;
	set->free_slot = CHANNEL_MAX;
	TAILQ_INIT(&set->hot);
	TAILQ_INIT(&set->touched);
	TAILQ_INIT(&set->starved);
	TAILQ_INIT(&set->orphans);
	TAILQ_INIT(&set->dead);
	set->slots = calloc(CHANNEL_MAX, sizeof(*set->slots));
	return set->slots ? 0 : -ENOMEM;
}

/* Close every channel; connections are reset. */
void channels_fini(struct channels *set)
{
	for (uint32_t i = 0; i < set->used_slots; i++)
		if (set->slots[i].channel)
			channel_finish(set->slots[i].channel, 0, true);
	channels_reap(set);
	free(set->slots);
	set->slots = NULL;
	set->used_slots = 0;
}

static int slot_take(struct channels *set, struct channel *ch)
{
	uint32_t slot = set->free_slot;

	if (slot != CHANNEL_MAX)
		set->free_slot = set->slots[slot].next_free;
	else if (set->used_slots < CHANNEL_MAX)
		slot = set->used_slots++;
	else
		return -ENFILE;
	set->slots[slot].channel = ch;
	set->slots[slot].sock_id = ch->sock_id;
	ch->slot = slot;
	return 0;
}

static void slot_give(struct channels *set, uint32_t slot)
{
	struct channel_slot *entry = &set->slots[slot];

	entry->channel = NULL;
	entry->sock_id = 0;
	entry->generation = (entry->generation + 1) & POLLER_GENERATION_MASK;
	entry->next_free = set->free_slot;
	set->free_slot = slot;
}

static struct poller_ref ref_of(const struct channel *ch)
{
	return (struct poller_ref){
		.kind = POLLER_CHANNEL,
		.generation = ch->set->slots[ch->slot].generation,
		.id = ch->slot,
	};
}

/* A channel without a pair around sock, which stays the caller's on failure and
 * does not call back yet. Phase QUEUED. May be called within a callback of the
 * stack. Return: NULL when out of memory or slots.
 */
struct channel *channel_alloc(struct channels *set, struct sock *sock,
                              const struct channel_owner *owner)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return NULL;
	ch->set = set;
	ch->sock = sock;
	ch->sock_id = sock_id(sock);
	ch->fd = -1;
	ch->program_fd = -1;
	ch->phase = CHANNEL_QUEUED;
	ch->program_rcvlowat = 1;
	ch->owner = *owner;
	if (slot_take(set, ch)) {
		free(ch);
		return NULL;
	}
	set->stats.chan_open++;
	set->stats.chan_opened++;
	return ch;
}

/* SO_PASSCRED on a UDP end tells an empty datagram from the end of the program:
 * both are received as 0 bytes, only the former with credentials (unix(7)).
 */
static int pair_setup(struct channel *ch, int program_fd)
{
	bool is_dgram = sock_type(ch->sock) == SOCK_DGRAM;
	int one = 1, err;

	err = channel_cookie(program_fd, &ch->cookie);
	if (!err)
		err = channel_name_end(ch, ch->fd, RPC_END_SERVICE);
	if (!err && is_dgram &&
	    setsockopt(ch->fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)))
		err = -errno;
	if (err)
		return err;
	channel_size(ch->fd, CHANNEL_SNDBUF);
	return poller_add(ch->set->poller, ch->fd,
	                  EPOLLET | EPOLLIN | EPOLLRDHUP, ref_of(ch));
}

/* Make the pair of a channel that has none: ch->fd, and the program's end in
 * *program_fd, the caller's. Both are close-on-exec and blocking: whether to
 * wait is said in each call, since the program's end is the program's to set.
 * Return: 0, or -EMFILE, -ENFILE, -ENOMEM, ... and ch as it was.
 */
int channel_pair(struct channel *ch, int *program_fd)
{
	int type = sock_type(ch->sock) == SOCK_DGRAM ? SOCK_SEQPACKET :
	                                               SOCK_STREAM;
	int ends[2], err;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends))
		return -errno;
	ch->fd = ends[0];
	err = pair_setup(ch, ends[1]);
	if (err) {
		close(ends[0]);
		close(ends[1]);
		ch->fd = -1;
		return err;
	}
	*program_fd = ends[1];
	return 0;
}

/* A socket for a program: arguments as sock_open. *program_fd is the caller's
 * and must be closed once it was sent. Return: 0 with *out, or -errno as
 * socket(2) gives it.
 */
int channel_open(struct channels *set, int domain, int type, int protocol,
                 const struct channel_owner *owner, struct channel **out,
                 int *program_fd)
{
	struct channel *ch;
	struct sock *sock;
	int err = sock_open(set->stack, domain, type, protocol, &sock);

	if (err)
		return err;
	ch = channel_alloc(set, sock, owner);
	if (!ch) {
		set->stats.chan_refused++;
		sock_close(sock, true);
		return -ENFILE;
	}
	err = channel_pair(ch, program_fd);
	if (err) {
		set->stats.chan_refused++;
		channel_finish(ch, 0, true);
		return err;
	}
	ch->phase = type == SOCK_DGRAM ? CHANNEL_DGRAM : CHANNEL_IDLE;
	ch->is_known = true;
	sock_set_user(sock, ch);
	*out = ch;
	return 0;
}

/* The addresses of ch's sock; family 0 where there is none. */
void channel_get_names(const struct channel *ch, struct rpc_addr *local,
                       struct rpc_addr *peer)
{
	struct sockaddr_storage addr;

	memset(local, 0, sizeof(*local));
	memset(peer, 0, sizeof(*peer));
	if (!sock_name(ch->sock, &addr))
		rpc_addr_from_sockaddr(local, &addr);
	if (!sock_peer(ch->sock, &addr))
		rpc_addr_from_sockaddr(peer, &addr);
}

static void remember(struct channel *ch, int error)
{
	struct tombstone tomb = {
		.sock_id = ch->sock_id,
		.cookie = ch->cookie,
		.error = error,
	};

	channel_get_names(ch, &tomb.local, &tomb.peer);
	tombstone_add(&ch->set->tombs, &tomb);
}

static void leave_lists(struct channel *ch)
{
	channel_cool(ch);
	if (ch->is_touched)
		TAILQ_REMOVE(&ch->set->touched, ch, touched_link);
	if (ch->is_orphan)
		TAILQ_REMOVE(&ch->set->orphans, ch, orphan_link);
	ch->is_touched = false;
	ch->is_orphan = false;
}

/* End a channel: its sock is closed (reset if abort) and so is its end of the
 * pair, which the program sees as an end of file, or as a reset when bytes of
 * its are unread. A program that asks later is told error, a positive errno or
 * 0. A channel that is QUEUED must have been taken off its listener's queue.
 * The struct lives until the end of the turn. Not within a stack's callback.
 */
void channel_finish(struct channel *ch, int error, bool abort)
{
	if (ch->phase == CHANNEL_DEAD)
		return;
	if (ch->fd >= 0)
		remember(ch, error);
	leave_lists(ch);
	if (ch->parent)
		listener_forget(ch);
	if (ch->listener)
		listener_free(ch);
	sock_set_user(ch->sock, NULL);
	sock_close(ch->sock, abort);
	ch->sock = NULL;
	if (ch->fd >= 0)
		close(ch->fd);
	if (ch->program_fd >= 0)
		close(ch->program_fd);
	free(ch->held);
	ch->held = NULL;
	ch->fd = -1;
	ch->program_fd = -1;
	ch->phase = CHANNEL_DEAD;
	TAILQ_INSERT_TAIL(&ch->set->dead, ch, queue_link);
}

/* Free what ended in this turn. Return: how many. */
unsigned channels_reap(struct channels *set)
{
	struct channel *ch;
	unsigned count = 0;

	while ((ch = TAILQ_FIRST(&set->dead))) {
		TAILQ_REMOVE(&set->dead, ch, queue_link);
		slot_give(set, ch->slot);
		set->stats.chan_open--;
		free(ch);
		count++;
	}
	return count;
}

/* Return: whom an epoll word means, or NULL: somebody of the past. */
struct channel *channel_by_ref(const struct channels *set,
                               struct poller_ref ref)
{
	const struct channel_slot *slot;

	if (ref.id >= set->used_slots)
		return NULL;
	slot = &set->slots[ref.id];
	if (!slot->channel || slot->generation != ref.generation ||
	    slot->channel->phase == CHANNEL_DEAD)
		return NULL;
	return slot->channel;
}

/* Return: the channel of a living sock, or NULL. */
struct channel *channel_by_sock_id(const struct channels *set,
                                   uint64_t id)
{
	struct sock *sock = sock_by_id(set->stack, id);

	return sock ? sock_user(sock) : NULL;
}

/* The living channels with the smallest ids greater than after, in order.
 * Looks at every slot: for people, not for the data path. Return: how many.
 */
unsigned channels_after(const struct channels *set, uint64_t after,
                        struct channel **out, unsigned max)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < set->used_slots; i++) {
		const struct channel_slot *slot = &set->slots[i];
		unsigned at = count;

		if (slot->sock_id <= after || !slot->channel->sock ||
		    (count == max && slot->sock_id > out[max - 1]->sock_id))
			continue;
		if (count < max)
			at = count++;
		else
			at = max - 1;
		for (; at && out[at - 1]->sock_id > slot->sock_id; at--)
			out[at] = out[at - 1];
		out[at] = slot->channel;
	}
	return count;
}
