/* SPDX-License-Identifier: MIT */
/* Control channels to the service: opened, kept for the next request, lost.
 *
 * Theory of operation
 *
 * A few idle channels are kept in slots. A slot is one word, descriptor and
 * SO_COOKIE together, that a thread empties and fills by an atomic exchange:
 * no lock, so a signal handler, a cancelled thread or a fork in the middle
 * leaves nothing stuck; at worst one channel is forgotten. The slots' page is
 * MADV_WIPEONFORK: the child of a fork finds it empty, since replies on the
 * parent's channels are the parent's; a vfork child shares page and
 * descriptors and hands them back. Where a slot's descriptor turns out closed,
 * or replaced by the program (its cookie differs), the slot is forgotten.
 *
 * The door is the first channel that a process opened. It stays known over
 * fork, and a child sends one end of a fresh pair through it (RPC_ATTACH, no
 * reply) to get a channel of its own: that works in a chroot, under another
 * uid, in another mount or network namespace, under many a seccomp filter, and
 * where the socket's path is gone. Only where there is no door, or nobody is
 * behind it, the path is tried.
 *
 * Every new channel says HELLO first, so a caller of channel_get() knows that
 * somebody answered on it once.
 */
#include "shim/channel.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/un.h>

#include "shim/libc.h"

#define SLOT_COUNT 8
#define COOKIE_BITS 43 /* of a slot's word; then is_corking; the rest is the
                          descriptor + 1 */
#define CORKING_BIT (UINT64_C(1) << COOKIE_BITS)
#define COOKIE_MASK ((UINT64_C(1) << COOKIE_BITS) - 1)
#define FD_SHIFT (COOKIE_BITS + 1)
#define FD_MAX ((1 << (64 - FD_SHIFT)) - 2)
#define FD_BELOW_LIMIT 32   /* channels start this far below RLIMIT_NOFILE */
#define FD_LIMIT_MAX 1024   /* or below this, the smaller */

static _Atomic uint64_t *slots; /* NULL: none are kept */
static _Atomic uint64_t door;   /* 0: none */
static uint64_t instance;       /* of the service that last said hello */

static uint64_t slot_encode(const struct channel *chan)
{
	if (chan->fd > FD_MAX)
		return 0;
	return ((uint64_t)chan->fd + 1) << FD_SHIFT |
	       (chan->is_corking ? CORKING_BIT : 0) |
	       (chan->cookie & COOKIE_MASK);
}

static int cookie_get(int fd, uint64_t *cookie)
{
	socklen_t len = sizeof(*cookie);

	return raw_getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &len);
}

/* The channel in a slot's word, if its descriptor is still what it was. */
static bool slot_decode(uint64_t word, struct channel *chan)
{
	if (word == 0)
		return false;
	chan->fd = (int)(word >> FD_SHIFT) - 1;
	chan->is_corking = word & CORKING_BIT;
	return cookie_get(chan->fd, &chan->cookie) == 0 &&
	       (chan->cookie & COOKIE_MASK) == (word & COOKIE_MASK);
}

/* A higher number for fd, where select(2) users and daemons that close the
 * first few do not meet it; fd itself where that fails.
 */
static int fd_move_high(int fd)
{
	struct rlimit limit = { .rlim_cur = FD_LIMIT_MAX };
	long from;
	int high;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > FD_LIMIT_MAX)
		limit.rlim_cur = FD_LIMIT_MAX;
	from = (long)limit.rlim_cur - FD_BELOW_LIMIT;
	if (from <= fd)
		return fd;
	high = raw_fcntl(fd, F_DUPFD_CLOEXEC, from);
	if (high < 0)
		return fd;
	raw_close(fd);
	return high;
}

/* Bound the waits on fd: timeout of both directions. */
static void fd_bound(int fd, int timeout_ms)
{
	struct timeval tv = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	raw_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	raw_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* HELLO on a new channel. Return: 0, or -ENETDOWN and the channel is closed. */
static int channel_hello(struct channel *chan)
{
	struct rpc_request req = { .op = RPC_HELLO };
	struct rpc_reply reply;
	bool is_lost;
	int fd;

	if (cookie_get(chan->fd, &chan->cookie) < 0 ||
	    channel_exchange(chan, &req, -1, &reply, &fd, &is_lost) < 0) {
		raw_close(chan->fd);
		return -ENETDOWN;
	}
	if (fd >= 0)
		raw_close(fd);
	instance = reply.hello.instance;
	return 0;
}

/* Try one path. Return: 0, or -errno. */
static int open_path(const char *path, struct channel *chan)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, len);
	fd = raw_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	fd_bound(fd, RPC_REPLY_TIMEOUT_MS);
	if (raw_connect(fd, &sun, sizeof(sun)) < 0) {
		int err = errno;

		raw_close(fd);
		return -err;
	}
	chan->fd = fd_move_high(fd);
	return channel_hello(chan);
}

/* Where the service listens: what the environment says, or the usual places.
 * getenv() is read each time: a program may set the variable for itself.
 */
static int open_any_path(struct channel *chan)
{
	const char *path = getenv(RPC_SOCKET_ENV);
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char user[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int rc;

	if (path && *path)
		return open_path(path, chan);
	rc = open_path(RPC_SOCKET_ROOT, chan);
	if (rc == 0 || !dir)
		return rc;
	if ((size_t)snprintf(user, sizeof(user), "%s/%s", dir,
	                     RPC_SOCKET_USER) >= sizeof(user))
		return rc;
	return open_path(user, chan);
}

/* Hand one end of a fresh pair through the door. Return: 0 or -errno. */
static int open_door(struct channel *chan)
{
	struct rpc_request req = { .op = RPC_ATTACH };
	struct channel parent = { .fd = -1 };
	struct rpc_reply reply;
	bool is_lost;
	int fds[2], fd, rc;

	if (!slot_decode(door, &parent))
		return -ENOTCONN;
	if (raw_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	rc = channel_exchange(&parent, &req, fds[1], &reply, &fd, &is_lost);
	raw_close(fds[1]);
	if (is_lost)
		channel_drop(&parent);
	if (rc < 0) {
		raw_close(fds[0]);
		return rc;
	}
	chan->fd = fd_move_high(fds[0]);
	fd_bound(chan->fd, RPC_REPLY_TIMEOUT_MS);
	return channel_hello(chan);
}

/* A new channel, HELLO said. Return: 0, or -EMFILE, -ENFILE or -ENETDOWN. */
int channel_open(struct channel *chan)
{
	int rc;

	chan->is_corking = false;
	rc = open_door(chan);
	chan->is_kept = false;
	if (rc == 0 || rc == -EMFILE || rc == -ENFILE)
		return rc;
	rc = open_any_path(chan);
	if (rc == 0)
		door = slot_encode(chan);
	return rc == 0 || rc == -EMFILE || rc == -ENFILE ? rc : -ENETDOWN;
}

/* A channel that was kept, or a new one. Return: as channel_open. */
int channel_get(struct channel *chan)
{
	for (int i = 0; slots && i < SLOT_COUNT; i++) {
		if (slots[i] == 0)
			continue;
		if (slot_decode(atomic_exchange(&slots[i], 0), chan)) {
			chan->is_kept = true;
			return 0;
		}
	}
	return channel_open(chan);
}

/* The door's word is the channel's as it was opened. */
static bool is_door(uint64_t word)
{
	return (word & ~CORKING_BIT) == door;
}

/* Give back a channel that works. One too many is closed, unless it is the
 * door.
 */
void channel_put(const struct channel *chan)
{
	uint64_t word = slot_encode(chan);

	for (int i = 0; slots && word && i < SLOT_COUNT; i++) {
		uint64_t empty = 0;

		if (atomic_compare_exchange_strong(&slots[i], &empty, word))
			return;
	}
	if (word == 0 || !is_door(word))
		raw_close(chan->fd);
}

/* Close a channel that does not work; the door too, if it is that. */
void channel_drop(const struct channel *chan)
{
	uint64_t word = slot_encode(chan) & ~CORKING_BIT;

	if (word)
		atomic_compare_exchange_strong(&door, &word, 0);
	raw_close(chan->fd);
}

/* The page of slots, and the first channel while the path is in sight: the
 * program may chroot, drop its uid or enter a sandbox later. No service: no
 * word, the calls will say it.
 */
void channel_start(void)
{
	struct channel chan;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED && madvise(page, 4096, MADV_WIPEONFORK) == 0)
		slots = page;
	if (channel_open(&chan) == 0)
		channel_put(&chan);
}

/* The instance of the service that answered last; 0: none did. */
uint64_t channel_instance(void)
{
	return instance;
}
