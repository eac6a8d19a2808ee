/* SPDX-License-Identifier: MIT */
/* connect: started by the service, waited for here.
 *
 * Theory of operation
 *
 * The service never waits: it answers EINPROGRESS and keeps the pair's POLLOUT
 * false until the handshake is over. A blocking connect is then a poll on the
 * descriptor, which other threads, signals and SO_SNDTIMEO meet as they would
 * on the kernel's socket (inet_stream_connect in net/ipv4/af_inet.c): the
 * time-out gives EINPROGRESS, a signal whose handler lacks SA_RESTART gives
 * EINTR, and in both cases the handshake goes on. A second blocking connect
 * waits for the first. SO_ERROR, asked once at the end, is the result.
 *
 * After a connect that failed, Linux lets the same socket try again. The pair
 * of a failed one has ended and cannot be mended, so a blocking connect on it
 * puts a new socket on the same descriptor. Options that were set are gone then,
 * and copies of the descriptor stay as they were; a non-blocking socket, which
 * some epoll may know, is left alone and gives ECONNABORTED.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "shim/addr.h"
#include "shim/client.h"
#include "shim/identity.h"
#include "shim/libc.h"
#include "shim/sockerr.h"
#include "shim/stream.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* SO_SNDTIMEO in ms; -1: none. */
static int64_t send_timeout_ms(int fd)
{
	struct timeval tv = { 0 };
	socklen_t len = sizeof(tv);

	if (raw_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, &len) < 0 ||
	    (tv.tv_sec == 0 && tv.tv_usec == 0))
		return -1;
	return (int64_t)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;
}

/* Signals of a fault in the running code: they do not come while it waits. Run
 * times and sanitizers catch them, often without SA_RESTART.
 */
static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE ||
	       sig == SIGILL || sig == SIGTRAP || sig == SIGSYS;
}

/* Would the kernel restart a call that a signal interrupted? Which signal it
 * was is not told, so every handler that may have run must wish it.
 */
static bool is_restarting(void)
{
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction action;

		if (is_fault(sig) || sigaction(sig, NULL, &action) < 0 ||
		    action.sa_handler == SIG_DFL ||
		    action.sa_handler == SIG_IGN)
			continue;
		if (!(action.sa_flags & SA_RESTART))
			return false;
	}
	return true;
}

/* What came of it. A handshake that was shut down in the middle never made the
 * pair writable, and has no other error. Return: 0 or -errno.
 */
static int connect_end(int fd, const struct rpc_name *name, short revents)
{
	int err = sockerr_take(fd, name);

	return err == 0 && !(revents & POLLOUT) ? -ECONNABORTED : -err;
}

/* Wait for the end of the handshake. started: -EINPROGRESS or -EALREADY, the
 * result when the time is up. Return: 0 or -errno.
 */
static int connect_wait(int fd, const struct rpc_name *name, int started)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int64_t limit_ms = send_timeout_ms(fd);
	int64_t deadline_ms = limit_ms < 0 ? 0 : now_ms() + limit_ms;
	int64_t left_ms = -1;
	int rc;

	for (;;) {
		if (limit_ms >= 0)
			left_ms = deadline_ms - now_ms();
		if (limit_ms >= 0 && left_ms <= 0)
			return started;
		rc = poll(&pfd, 1,
		          (int)(left_ms > 3600000 ? 3600000 : left_ms));
		if (rc > 0)
			return connect_end(fd, name, pfd.revents);
		if (rc < 0 && errno != EINTR)
			return -errno;
		if (rc < 0 && (limit_ms >= 0 || !is_restarting()))
			return -EINTR;
	}
}

/* Put a new socket in the place of one whose connect failed. Return: 0 and its
 * name, or -errno.
 */
static int sock_renew(int fd, struct rpc_name *name)
{
	int flags = raw_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC ? O_CLOEXEC : 0;
	struct timeval rcv = { 0 }, snd = { 0 };
	socklen_t len = sizeof(rcv);
	int fresh, rc;

	raw_getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &rcv, &len);
	raw_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &snd, &len);
	fresh = socket(name->domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fresh < 0)
		return -errno;
	raw_setsockopt(fresh, SOL_SOCKET, SO_RCVTIMEO, &rcv, len);
	raw_setsockopt(fresh, SOL_SOCKET, SO_SNDTIMEO, &snd, len);
	rc = identity_is_ours(fresh, name) && dup3(fresh, fd, flags) >= 0
	             ? 0
	             : -ECONNABORTED;
	raw_close(fresh);
	return rc;
}

/* AF_UNSPEC on a stream: a connection is reset, and the descriptor is free for
 * another; without one nothing happens (tcp_disconnect in net/ipv4/tcp.c).
 */
static int stream_dissolve(int fd, struct rpc_name *name)
{
	const struct linger now = { .l_onoff = 1 };
	struct rpc_request req = { 0 };
	struct rpc_addr local, peer;
	struct rpc_reply reply;
	int rc = addr_lookup(fd, name, &local, &peer);

	if (rc < 0 || peer.family == AF_UNSPEC)
		return rc;
	req.opt.level = SOL_SOCKET;
	req.opt.name = SO_LINGER;
	req.opt.len = sizeof(now);
	memcpy(req.opt.val, &now, sizeof(now));
	client_sock_call(RPC_SETSOCKOPT, fd, name, &req, &reply);
	return sock_renew(fd, name);
}

static int sock_connect(int fd, struct rpc_name *name,
                        const struct sockaddr *addr, socklen_t len)
{
	struct rpc_request req = { 0 };
	struct rpc_reply reply;
	int rc = addr_take(&req.addr, addr, len, name);

	if (rc < 0)
		return rc;
	if (name->type == SOCK_STREAM && req.addr.family == AF_UNSPEC)
		return stream_dissolve(fd, name);
	rc = client_sock_call(RPC_CONNECT, fd, name, &req, &reply);
	/* What a first connect left behind is told by this one. */
	if (rc < 0 && rc != -EINPROGRESS && rc != -EALREADY &&
	    stream_has_hung_up(fd))
		sockerr_forget(fd);
	if (name->type != SOCK_STREAM || rc == 0 ||
	    raw_fcntl(fd, F_GETFL, 0) & O_NONBLOCK)
		return rc;
	if (rc == -ECONNABORTED && stream_has_hung_up(fd)) {
		rc = sock_renew(fd, name);
		if (rc == 0)
			rc = client_sock_call(RPC_CONNECT, fd, name, &req,
			                      &reply);
	}
	return rc == -EINPROGRESS || rc == -EALREADY
	               ? connect_wait(fd, name, rc)
	               : rc;
}

int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	struct rpc_name name;
	int saved = errno;
	int rc;

	if (!identity_is_ours(fd, &name))
		return libc()->connect(fd, addr.__sockaddr__, len);
	rc = sock_connect(fd, &name, addr.__sockaddr__, len);
	errno = saved;
	rc = libc_result(rc);
	libc_debug("connect", fd, rc);
	return rc;
}
