/* SPDX-License-Identifier: MIT */
/* A small client of the control channel, for the launcher and netcon.
 *
 * Theory of operation
 *
 * One request, one reply, in order, on a connection of its own; no thread, no
 * descriptor passing, and no wait without a bound: neither a service that hangs
 * nor something else behind the path may hang a user's command. Which path is
 * meant is decided here for everybody, so that the service and its clients
 * agree without being told.
 */
#include "shim/proto/ctl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define START_HINT "start one with 'netcond --if tap0'"

/* Copy a path that a socket address can hold, made absolute: the user's
 * programs may change their directory.
 */
static int absolute_path(const char *given, char *path, char *why)
{
	char cwd[4096] = "";
	int len;

	if (*given != '/' && !getcwd(cwd, sizeof(cwd))) {
		snprintf(why, CTL_WHY_LEN, "the current directory is not known:"
		         " %s", strerror(errno));
		return -ENOENT;
	}
	len = snprintf(path, CTL_PATH_LEN, "%s%s%s", cwd, *cwd ? "/" : "",
	               given);
	if (*given && len < (int)CTL_PATH_LEN)
		return 0;
	snprintf(why, CTL_WHY_LEN, "control socket '%.80s%s': expected a path"
	         " of 1 to %zu bytes", given, strlen(given) > 80 ? "..." : "",
	         CTL_PATH_LEN - 1);
	return -EINVAL;
}

/* The path in the user's runtime directory, where there is one. */
static int user_path(char *path)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	int len;

	if (!dir || *dir != '/')
		return -ENOENT;
	len = snprintf(path, CTL_PATH_LEN, "%s/%s", dir, RPC_SOCKET_USER);
	return len < (int)CTL_PATH_LEN ? 0 : -ENAMETOOLONG;
}

static const char *wanted_or_env(const char *wanted)
{
	const char *env = getenv(RPC_SOCKET_ENV);

	if (wanted)
		return wanted;
	return env && *env ? env : NULL;
}

/* Where a service should listen: wanted (NULL: the environment's, then the
 * default), absolute. path has CTL_PATH_LEN bytes, why CTL_WHY_LEN.
 * Return: 0, or -errno and one sentence in why.
 */
int ctl_listen_path(const char *wanted, char *path, char *why)
{
	wanted = wanted_or_env(wanted);
	if (wanted)
		return absolute_path(wanted, path, why);
	if (geteuid() == 0) {
		strcpy(path, RPC_SOCKET_ROOT);
		return 0;
	}
	if (user_path(path) == 0)
		return 0;
	snprintf(why, CTL_WHY_LEN, "no place for the control socket:"
	         " $XDG_RUNTIME_DIR is not set; give --socket PATH");
	return -ENOENT;
}

/* Where a client should connect: as ctl_listen_path, but a user without a
 * service of their own is led to root's.
 */
int ctl_connect_path(const char *wanted, char *path, char *why)
{
	wanted = wanted_or_env(wanted);
	if (wanted)
		return absolute_path(wanted, path, why);
	if (geteuid() != 0 && user_path(path) == 0 && access(path, F_OK) == 0)
		return 0;
	strcpy(path, RPC_SOCKET_ROOT);
	return 0;
}

static int explain_connect(const char *path, int err, char *why)
{
	const char *reason;

	switch (err) {
	case ENOENT:
	case ENOTDIR:
		reason = "no service there; " START_HINT;
		break;
	case ECONNREFUSED:
		reason = "the service that made it is gone; " START_HINT;
		break;
	case EPROTOTYPE:
	case ENOTSOCK:
		reason = "not a control socket of netcond";
		break;
	case EAGAIN:
		reason = "the service does not answer";
		break;
	default:
		reason = strerror(err);
	}
	snprintf(why, CTL_WHY_LEN, "control socket '%s': %s", path, reason);
	return -err;
}

static int connect_to(const char *path, char *why)
{
	const struct timeval bound = { .tv_sec = RPC_REPLY_TIMEOUT_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0) {
		err = errno;
		snprintf(why, CTL_WHY_LEN, "cannot make a socket: %s",
		         strerror(err));
		return -err;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	/* Also bounds connect(2) while the listener's queue is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	err = errno;
	close(fd);
	return explain_connect(path, err, why);
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Return: 0 when a message waits, or -errno: -ETIMEDOUT. */
static int wait_reply(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	int64_t deadline_ms = clock_ms() + RPC_REPLY_TIMEOUT_MS;

	for (;;) {
		int64_t left_ms = deadline_ms - clock_ms();
		int count = poll(&entry, 1, left_ms > 0 ? (int)left_ms : 0);

		if (count > 0)
			return 0;
		if (count == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int exchange(struct ctl *ctl, const struct rpc_request *request,
                    struct rpc_reply *reply)
{
	ssize_t got;
	int err;

	memset(reply, 0, sizeof(*reply));
	if (send(ctl->fd, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return -errno;
	err = wait_reply(ctl->fd);
	if (err)
		return err;
	/* MSG_TRUNC: the length the message really had. */
	got = recv(ctl->fd, reply, sizeof(*reply), MSG_TRUNC);
	if (got < 0)
		return -errno;
	if (got == 0)
		return -ECONNRESET;
	if (got != sizeof(*reply) || reply->magic != RPC_MAGIC)
		return -EPROTO;
	if (reply->version != RPC_VERSION)
		return -EPROTONOSUPPORT;
	return reply->op == request->op && reply->id == request->id ?
	       0 : -EPROTO;
}

/* One request: op and its fields are the caller's, the head is filled here.
 * Return: 0 and the reply, or -errno and one sentence in why: what the service
 * answered, -ETIMEDOUT, -ECONNRESET (it ended), -EPROTO (no reply of ours),
 * -EPROTONOSUPPORT (another version). Only after the service's own answer can
 * the connection be used again.
 */
int ctl_request(struct ctl *ctl, struct rpc_request *request,
                struct rpc_reply *reply, char *why)
{
	const char *reason;
	int err;

	request->magic = RPC_MAGIC;
	request->version = RPC_VERSION;
	request->id = ctl->next_id++;
	err = exchange(ctl, request, reply);
	if (!err && !reply->error)
		return 0;
	switch (-err) {
	case 0:
		err = -reply->error;
		reason = strerror(reply->error);
		break;
	case ETIMEDOUT:
		reason = "the service does not answer";
		break;
	case ECONNRESET:
	case EPIPE:
		reason = "the service ended the connection";
		break;
	case EPROTO:
		reason = "what answers there is no netcond";
		break;
	case EPROTONOSUPPORT:
		reason = "the service is of another version; use the programs"
		         " that were installed with it";
		break;
	default:
		reason = strerror(-err);
	}
	snprintf(why, CTL_WHY_LEN, "control socket '%s': %s", ctl->path,
	         reason);
	return err;
}

/* Connect to the service at path and say hello; fill *ctl with who answered.
 * Return: 0, or -errno and one sentence in why; then nothing is open.
 */
int ctl_open(struct ctl *ctl, const char *path, char *why)
{
	struct rpc_request request = { .op = RPC_HELLO };
	struct rpc_reply reply;
	int err;

	memset(ctl, 0, sizeof(*ctl));
	ctl->next_id = 1;
	snprintf(ctl->path, sizeof(ctl->path), "%s", path);
	ctl->fd = connect_to(ctl->path, why);
	if (ctl->fd < 0)
		return ctl->fd;
	err = ctl_request(ctl, &request, &reply, why);
	if (err) {
		ctl_close(ctl);
		return err;
	}
	ctl->instance = reply.hello.instance;
	ctl->pid = reply.hello.pid;
	memcpy(ctl->backend, reply.hello.backend, sizeof(ctl->backend) - 1);
	return 0;
}

/* Close; a closed one is left as it is. */
void ctl_close(struct ctl *ctl)
{
	if (ctl->fd >= 0)
		close(ctl->fd);
	ctl->fd = -1;
}
