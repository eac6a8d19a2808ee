/* SPDX-License-Identifier: MIT */
/* Sessions: one control channel each.
 *
 * A session owns its descriptor and at most one question to the resolver, and
 * nothing else: sockets belong to whoever holds their descriptors, so a session
 * that is dropped takes none with it. A reply is sent at once or not at all: a
 * client that lets its replies pile up until the kernel refuses one is dropped.
 * While a question is under way nothing is read, so there is one request at a
 * time and never a queue of them.
 */
#include "service/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/log.h"
#include "shim/proto/fdpass.h"

static const struct fdpass_io io = {
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.close = close,
};

/* Return: 0, -ENOMEM or -errno of epoll_create1(2). */
int sessions_init(struct sessions *set, struct poller *poller)
{
	int err;

	memset(set, 0, sizeof(*set));
	set->poller = poller;
	set->free_slot = SESSION_MAX;
	TAILQ_INIT(&set->dead);
	err = poller_open(&set->ready);
	if (err)
		return err;
	set->slots = calloc(SESSION_MAX, sizeof(*set->slots));
	return set->slots ? 0 : -ENOMEM;
}

/* Close all; clients see an end of file. */
void sessions_fini(struct sessions *set)
{
	for (uint32_t i = 0; i < set->used_slots; i++)
		if (set->slots[i].session)
			session_drop(set->slots[i].session);
	sessions_reap(set);
	if (set->poller)
		poller_close(&set->ready);
	free(set->slots);
	set->slots = NULL;
	set->used_slots = 0;
}

static struct poller_ref ref_of(const struct session *session)
{
	return (struct poller_ref){
		.kind = POLLER_SESSION,
		.generation = session->set->slots[session->slot].generation,
		.id = session->slot,
	};
}

/* The process's name as it is now, without its newline; empty when it is not
 * to be seen.
 */
static void read_comm(int32_t pid, char *comm)
{
	char path[32];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, comm, RPC_COMM_LEN - 1);
	close(fd);
	comm[len > 0 ? len : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
}

/* SO_PEERCRED tells who connected, or who made the pair of an ATTACH. */
static void identify(struct session *session)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(session->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return;
	session->owner.pid = cred.pid;
	read_comm(cred.pid, session->owner.comm);
}

static int slot_take(struct sessions *set, struct session *session)
{
	uint32_t slot = set->free_slot;

	if (slot != SESSION_MAX)
		set->free_slot = set->slots[slot].next_free;
	else if (set->used_slots < SESSION_MAX)
		slot = set->used_slots++;
	else
		return -EUSERS;
	set->slots[slot].session = session;
	session->slot = slot;
	return 0;
}

static void slot_give(struct sessions *set, uint32_t slot)
{
	struct session_slot *entry = &set->slots[slot];

	entry->session = NULL;
	entry->generation = (entry->generation + 1) & POLLER_GENERATION_MASK;
	entry->next_free = set->free_slot;
	set->free_slot = slot;
}

static int watch(struct session *session)
{
	struct sessions *set = session->set;
	int err = poller_add(set->poller, session->fd, EPOLLIN,
	                     ref_of(session));

	if (err)
		return err;
	err = poller_add(&set->ready, session->fd, EPOLLIN, ref_of(session));
	if (err)
		poller_del(set->poller, session->fd);
	return err;
}

static void watch_change(struct session *session, uint32_t events)
{
	struct sessions *set = session->set;

	poller_mod(set->poller, session->fd, events, ref_of(session));
	poller_mod(&set->ready, session->fd, events, ref_of(session));
}

/* A session on fd, which is the session's in any case. Return: 0, -ENOMEM,
 * -EUSERS (SESSION_MAX) or -errno of epoll_ctl(2).
 */
int session_open(struct sessions *set, int fd)
{
	struct session *session = calloc(1, sizeof(*session));
	int err = session ? slot_take(set, session) : -ENOMEM;

	if (!err) {
		session->set = set;
		session->fd = fd;
		err = watch(session);
		if (err)
			slot_give(set, session->slot);
	}
	if (err) {
		free(session);
		close(fd);
		set->stats.sessions_refused++;
		return err;
	}
	identify(session);
	set->stats.sessions_open++;
	set->stats.sessions_opened++;
	log_info("session %u: %s, pid %d", session->slot, session->owner.comm,
	         session->owner.pid);
	return 0;
}

/* Return: whom an epoll word means, or NULL: somebody of the past. */
struct session *session_by_ref(const struct sessions *set,
                               struct poller_ref ref)
{
	struct session *session;

	if (ref.id >= set->used_slots ||
	    set->slots[ref.id].generation != ref.generation)
		return NULL;
	session = set->slots[ref.id].session;
	return session && session->fd >= 0 ? session : NULL;
}

/* A program that corks is at the other end, until the session ends. */
void session_cork(struct session *session)
{
	session->set->corking += !session->is_corking;
	session->is_corking = true;
}

/* End a session; the struct lives until the end of the turn. An ATTACHed
 * descriptor may have copies elsewhere, so epoll is told.
 */
void session_drop(struct session *session)
{
	if (session->fd < 0)
		return;
	if (session->query)
		stack_resolve_cancel(session->query);
	session->query = NULL;
	session->set->corking -= session->is_corking;
	poller_del(session->set->poller, session->fd);
	poller_del(&session->set->ready, session->fd);
	close(session->fd);
	session->fd = -1;
	TAILQ_INSERT_TAIL(&session->set->dead, session, dead_link);
	log_info("session %u: ended", session->slot);
}

/* Free what ended in this turn. Return: how many. */
unsigned sessions_reap(struct sessions *set)
{
	struct session *session;
	unsigned count = 0;

	while ((session = TAILQ_FIRST(&set->dead))) {
		TAILQ_REMOVE(&set->dead, session, dead_link);
		slot_give(set, session->slot);
		set->stats.sessions_open--;
		free(session);
		count++;
	}
	return count;
}

/* Send one reply, with a copy of fd unless it is -1. A client that cannot take
 * it now is dropped.
 */
void session_reply(struct session *session, const struct rpc_reply *reply,
                   int fd)
{
	int err;

	session->set->stats.requests++;
	if (reply->error)
		session->set->stats.requests_failed++;
	err = fdpass_send(&io, session->fd, reply, sizeof(*reply), fd,
	                  MSG_DONTWAIT);
	if (!err)
		return;
	if (err == -EAGAIN) {
		session->set->stats.sessions_stalled++;
		log_warn("session %u: %s, pid %d, does not read its replies",
		         session->slot, session->owner.comm,
		         session->owner.pid);
	}
	session_drop(session);
}

/* The reply to *req comes when query has ended; read nothing until then. */
void session_wait(struct session *session, struct stack_query *query,
                  const struct rpc_request *req)
{
	session->query = query;
	session->pending = *req;
	watch_change(session, 0);
}

/* query has ended: read again. To be called before the reply. */
void session_wait_over(struct session *session)
{
	session->query = NULL;
	watch_change(session, EPOLLIN);
}
