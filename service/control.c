/* SPDX-License-Identifier: MIT */
/* The control socket, and requests from their bytes to their reply.
 *
 * The socket is a file that everybody may connect to. A file that is there
 * already is tried: if somebody answers, the path is taken; if the connection
 * is refused, nobody listens any more and the file is replaced. On close the
 * file is removed only if it is still the one that was made here, since another
 * service may have replaced it meanwhile.
 */
#include "service/control.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/log.h"
#include "service/rpc.h"
#include "shim/proto/fdpass.h"

static const struct fdpass_io io = {
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.close = close,
};

/* Is there a service at the path? Return: 0: no, the path may be used; -EEXIST:
 * something else is there; -EADDRINUSE: yes; another -errno.
 */
static int probe(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ?
	              -errno : 0;
	close(fd);
	if (err == -ECONNREFUSED)
		return unlink(addr->sun_path) ? -errno : 0;
	if (err == -EPROTOTYPE)
		return -EEXIST;
	return err == -EACCES || err == -EPERM ? err : -EADDRINUSE;
}

static int set_path(struct control *control, const char *path, char *why)
{
	control->addr.sun_family = AF_UNIX;
	if (!*path || strlen(path) >= sizeof(control->addr.sun_path)) {
		snprintf(why, NETDEV_WHY_LEN,
		         "the path of the control socket must have 1 to %zu "
		         "characters, not %zu",
		         sizeof(control->addr.sun_path) - 1, strlen(path));
		return -ENAMETOOLONG;
	}
	strcpy(control->addr.sun_path, path);
	return 0;
}

/* Return: 0 or -errno, and the caller closes what was opened. */
static int listen_at(struct control *control)
{
	const struct sockaddr *addr = (struct sockaddr *)&control->addr;
	struct stat st;
	int err = probe(&control->addr);

	if (err)
		return err;
	control->fd = socket(AF_UNIX,
	                     SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0 ||
	    bind(control->fd, addr, sizeof(control->addr)))
		return -errno;
	if (lstat(control->addr.sun_path, &st))
		return -errno;
	control->dev = st.st_dev;
	control->ino = st.st_ino;
	if (chmod(control->addr.sun_path, 0666) ||
	    listen(control->fd, CONTROL_BACKLOG))
		return -errno;
	return poller_add(control->poller, control->fd, EPOLLIN,
	                  (struct poller_ref){ .kind = POLLER_CONTROL });
}

static void explain(const char *path, int err, char *why)
{
	if (err == -EADDRINUSE)
		snprintf(why, NETDEV_WHY_LEN,
		         "another netcond answers on %.108s: stop it, or give "
		         "this one another --socket PATH", path);
	else if (err == -EEXIST)
		snprintf(why, NETDEV_WHY_LEN,
		         "%.108s is there and is no control socket: remove it, "
		         "or give another --socket PATH", path);
	else
		snprintf(why, NETDEV_WHY_LEN,
		         "cannot listen on %.108s: %s", path, strerror(-err));
}

/* Listen at path; control->handlers is the caller's to fill. Return: 0, or
 * -errno and a sentence in why: -EADDRINUSE when another service answers there.
 */
int control_open(struct control *control, const char *path,
                 struct poller *poller, char *why)
{
	int err;

	control->fd = -1;
	control->poller = poller;
	control->ino = 0;
	control->is_paused = false;
	err = set_path(control, path, why);
	if (err)
		return err;
	err = listen_at(control);
	if (err) {
		explain(path, err, why);
		control_close(control);
	}
	return err;
}

/* Stop listening and remove the file if it is ours. Half-open is allowed. */
void control_close(struct control *control)
{
	struct stat st;

	if (control->fd < 0)
		return;
	if (control->ino && !lstat(control->addr.sun_path, &st) &&
	    st.st_dev == control->dev && st.st_ino == control->ino)
		unlink(control->addr.sun_path);
	close(control->fd);
	control->fd = -1;
}

static void watch(struct control *control, uint32_t events)
{
	control->is_paused = !events;
	poller_mod(control->poller, control->fd, events,
	           (struct poller_ref){ .kind = POLLER_CONTROL });
}

/* Programs wait to be let in. With no descriptor left they go on waiting: the
 * loop calls control_resume when some may be free again. Return: the work done.
 */
unsigned control_on_connect(struct control *control)
{
	unsigned work = 0;

	while (work < CONTROL_ACCEPT_BUDGET) {
		int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOMEM || errno == ENOBUFS)
				watch(control, 0);
			break;
		}
		session_open(control->handlers.sessions, fd);
		work++;
	}
	return work;
}

/* Let programs in again. */
void control_resume(struct control *control)
{
	if (control->is_paused)
		watch(control, EPOLLIN);
}

static void drop(struct session *session, const char *reason)
{
	session->set->stats.sessions_dropped++;
	log_warn("session %u: %s, pid %d, dropped: %s", session->slot,
	         session->owner.comm, session->owner.pid, reason);
	session_drop(session);
}

static bool is_cork(const struct rpc_request *req)
{
	return req->op == RPC_SETSOCKOPT && req->opt.level == IPPROTO_TCP &&
	       req->opt.name == TCP_CORK;
}

static unsigned settle(struct control *control);

/* Requests without reply that were sent before one with a reply, on whatever
 * session, go first. This is asked for each: a session that epoll told of may by
 * now hold a request that was sent after others were settled.
 */
static void settle_others(struct control *control)
{
	if (control->handlers.sessions->stats.sessions_open > 1)
		settle(control);
}

/* Answer one request of got bytes at req, or without any when got is -errno of
 * the reception. fd came with it and is closed here.
 */
static void answer(struct control *control, struct session *session,
                   const struct rpc_request *raw, ssize_t got, int fd)
{
	struct rpc_request req;
	struct rpc_reply reply;
	struct call call = {
		.handlers = &control->handlers,
		.session = session,
		.req = &req,
		.reply = &reply,
		.fd = fd,
		.reply_fd = -1,
	};
	size_t len = got == -EMFILE ? sizeof(*raw) : (size_t)got;
	int err = rpc_request_check(raw, len, &req);

	rpc_reply_init(&reply, &req);
	if (!err && got == -EMFILE)
		err = -ENFILE;
	if (!err && is_cork(&req))
		session_cork(session);
	if (!(req.flags & RPC_FLAG_NO_REPLY))
		settle_others(control);
	if (!err)
		err = handlers_dispatch(&call);
	/* Before the reply: a program that closes its last descriptor after it
	 * must not find the file still open here, and so still in its epoll.
	 */
	if (call.fd >= 0)
		close(call.fd);
	log_debug("session %u: %s sock %llx: %d", session->slot,
	          rpc_op_name(req.op), (unsigned long long)req.sock_id, err);
	if (err == -EPROTO) {
		drop(session, "a request that makes no sense");
	} else if (req.flags & RPC_FLAG_NO_REPLY) {
		session->set->stats.requests_quiet++;
	} else if (err <= 0) {
		reply.error = -err;
		session_reply(session, &reply, call.reply_fd);
	}
	if (call.reply_fd >= 0)
		close(call.reply_fd);
}

/* Take one message off a session and act on it. Return: false when there was
 * none; *raw has what came.
 */
static bool take_request(struct control *control, struct session *session,
                         struct rpc_request *raw)
{
	int fd;
	ssize_t got;

	raw->magic = 0;
	raw->flags = 0;
	got = fdpass_recv(&io, session->fd, raw, sizeof(*raw), &fd,
	                  MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got == -EAGAIN || got == -EINTR)
		return false;
	if (got == 0 || got == -ECONNRESET)
		session_drop(session);
	else if (got < 0 && got != -EMFILE)
		drop(session, "a message that is too long, or too many "
		              "descriptors");
	else
		answer(control, session, raw, got, fd);
	return true;
}

/* Does a request wait that wants no reply? */
static bool is_next_quiet(const struct session *session)
{
	struct rpc_request raw;
	ssize_t got = recv(session->fd, &raw, sizeof(raw),
	                   MSG_DONTWAIT | MSG_PEEK);

	return got == sizeof(raw) && raw.flags & RPC_FLAG_NO_REPLY;
}

static unsigned settle_one(struct control *control, struct poller_ref ref)
{
	struct sessions *set = control->handlers.sessions;
	struct rpc_request raw;
	struct session *session;
	unsigned work = 0;

	while (work < SESSION_SETTLE_BUDGET &&
	       (session = session_by_ref(set, ref)) && !session->query &&
	       is_next_quiet(session) && take_request(control, session, &raw))
		work++;
	return work;
}

/* Carry out the requests without reply that wait on any session, so that what
 * the callers do next comes after them; see shim/proto/rpc.h. Sessions that
 * wait with other requests stay in the way of epoll's batches, hence the
 * rounds. Return: the work done.
 */
static unsigned settle(struct control *control)
{
	struct sessions *set = control->handlers.sessions;
	unsigned rounds = 1 + set->stats.sessions_open / POLLER_BATCH;
	unsigned work = 0;
	int count;

	do {
		count = poller_wait(&set->ready, 0);
		for (int i = 0; i < count; i++)
			work += settle_one(control, poller_decode(
				set->ready.events[i].data.u64));
	} while (count == POLLER_BATCH && --rounds);
	return work;
}

/* Hot channels are about to be read. Where some program corks, none of its bytes
 * may overtake the requests that it sent before them. Return: the work done.
 */
unsigned control_before_bytes(struct control *control)
{
	struct handlers *handlers = &control->handlers;

	if (!handlers->sessions->corking ||
	    !channels_are_hot(handlers->channels))
		return 0;
	channels_note_waiting(handlers->channels);
	return settle(control);
}

/* The session that ref names, if it lives still, has something to read. What
 * exceeds the budget is reported again: sessions are level-triggered. One that
 * waits for an answer is not read, but its end is seen. After a request with a
 * reply no other is taken (the shim would not send one before it has the
 * reply). Return: the work done.
 */
unsigned control_on_request(struct control *control, struct poller_ref ref,
                            uint32_t events)
{
	struct sessions *set = control->handlers.sessions;
	struct session *session = session_by_ref(set, ref);
	struct rpc_request raw = { .flags = RPC_FLAG_NO_REPLY };
	unsigned work = 0;

	if (session && session->query && events & (EPOLLHUP | EPOLLERR))
		session_drop(session);
	while (work < SESSION_BUDGET && raw.flags & RPC_FLAG_NO_REPLY &&
	       (session = session_by_ref(set, ref)) && !session->query &&
	       take_request(control, session, &raw))
		work++;
	return work;
}
