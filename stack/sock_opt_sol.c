/* SPDX-License-Identifier: MIT */
/* Socket options of SOL_SOCKET.
 *
 * SO_RCVTIMEO and SO_SNDTIMEO are not here: they work on the program's own end
 * of the channel. What is missing is refused as an old kernel would.
 */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

#include "stack/sock_opt.h"
#include "stack/sock_priv.h"

/* Of sk_setsockopt: SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF on a 64-bit machine,
 * and net.core.[rw]mem_max as it comes.
 */
#define SNDBUF_MIN 4608
#define RCVBUF_MIN 2304
#define BUF_MAX 212992

/* <asm-generic/socket.h>; older libc headers lack them. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

static int get_type(struct sock *sock, const struct opt_row *row, void *val,
                    socklen_t *len)
{
	return opt_put_int(row, val, len, sock->type);
}

static int get_domain(struct sock *sock, const struct opt_row *row, void *val,
                      socklen_t *len)
{
	return opt_put_int(row, val, len, sock->domain);
}

static int get_protocol(struct sock *sock, const struct opt_row *row,
                        void *val, socklen_t *len)
{
	return opt_put_int(row, val, len, sock->type == SOCK_STREAM
	                                  ? IPPROTO_TCP : IPPROTO_UDP);
}

static int get_error(struct sock *sock, const struct opt_row *row, void *val,
                     socklen_t *len)
{
	return opt_put_int(row, val, len, sock_error(sock, true));
}

static int get_acceptconn(struct sock *sock, const struct opt_row *row,
                          void *val, socklen_t *len)
{
	return opt_put_int(row, val, len,
	                   sock->state == SOCK_STATE_LISTENING);
}

static int get_one(struct sock *sock, const struct opt_row *row, void *val,
                   socklen_t *len)
{
	(void)sock;
	return opt_put_int(row, val, len, 1);
}

/* Linux keeps twice the wish, to have room for its own bookkeeping. */
static int set_buf(struct sock *sock, const struct opt_row *row,
                   const void *val, socklen_t len, int min, int max)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n < 0 || n > max)
		n = max;
	n *= 2;
	if (n < min)
		n = min;
	memcpy((char *)&sock->opt + row->offset, &n, sizeof(n));
	return 0;
}

static int set_sndbuf(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	return set_buf(sock, row, val, len, SNDBUF_MIN, BUF_MAX);
}

static int set_rcvbuf(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	return set_buf(sock, row, val, len, RCVBUF_MIN, BUF_MAX);
}

/* The privileged forms have no upper bound. */
static int set_sndbuf_force(struct sock *sock, const struct opt_row *row,
                            const void *val, socklen_t len)
{
	return set_buf(sock, row, val, len, SNDBUF_MIN, INT_MAX / 2);
}

static int set_rcvbuf_force(struct sock *sock, const struct opt_row *row,
                            const void *val, socklen_t len)
{
	return set_buf(sock, row, val, len, RCVBUF_MIN, INT_MAX / 2);
}

static int get_linger(struct sock *sock, const struct opt_row *row, void *val,
                      socklen_t *len)
{
	struct linger linger = {
		.l_onoff = sock->opt.has_linger,
		.l_linger = sock->opt.linger_s,
	};

	(void)row;
	return opt_put_bytes(val, len, &linger, sizeof(linger));
}

static int set_linger(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	struct linger linger;

	(void)row;
	if (len < sizeof(linger))
		return -EINVAL;
	memcpy(&linger, val, sizeof(linger));
	sock->opt.has_linger = linger.l_onoff != 0;
	if (linger.l_onoff)
		sock->opt.linger_s = linger.l_linger;
	return 0;
}

/* A TCP peer has no credentials: pid 0, ids of nobody (tried on 6.18). */
static int get_peercred(struct sock *sock, const struct opt_row *row,
                        void *val, socklen_t *len)
{
	struct ucred cred = {
		.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1,
	};

	(void)sock;
	(void)row;
	return opt_put_bytes(val, len, &cred, sizeof(cred));
}

static int get_no_data(struct sock *sock, const struct opt_row *row, void *val,
                       socklen_t *len)
{
	(void)sock;
	(void)row;
	(void)val;
	(void)len;
	return -ENODATA;
}

/* What is for AF_UNIX alone. */
static int get_unix_only(struct sock *sock, const struct opt_row *row,
                         void *val, socklen_t *len)
{
	(void)sock;
	(void)row;
	(void)val;
	(void)len;
	return -EOPNOTSUPP;
}

static int set_unix_only(struct sock *sock, const struct opt_row *row,
                         const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	return err ? err : -EOPNOTSUPP;
}

static int get_peername(struct sock *sock, const struct opt_row *row,
                        void *val, socklen_t *len)
{
	struct sockaddr_storage addr;
	socklen_t addr_len = sock->domain == AF_INET6
		? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int err = sock_peer(sock, &addr);

	(void)row;
	if (err)
		return err;
	if (*len > addr_len)
		*len = addr_len;
	else if (*len < addr_len)
		return -EINVAL;
	memcpy(val, &addr, addr_len);
	return 0;
}

static int get_cookie(struct sock *sock, const struct opt_row *row, void *val,
                      socklen_t *len)
{
	uint64_t id = sock_id(sock);

	(void)row;
	if (*len < sizeof(id))
		return -EINVAL;
	return opt_put_bytes(val, len, &id, sizeof(id));
}

static int set_rcvlowat(struct sock *sock, const struct opt_row *row,
                        const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	sock->opt.kept.rcv_lowat = n < 0 ? INT_MAX : n ? n : 1;
	return 0;
}

/* Obsolete since Linux 2.2: taken and forgotten. */
static int set_ignored(struct sock *sock, const struct opt_row *row,
                       const void *val, socklen_t len)
{
	int n;

	(void)sock;
	return opt_take_int(row, val, len, &n);
}

static int get_timestamping(struct sock *sock, const struct opt_row *row,
                            void *val, socklen_t *len)
{
	int value[2] = { sock->opt.kept.timestamping, 0 };

	(void)row;
	return opt_put_bytes(val, len, value, sizeof(value));
}

/* Only what needs no help of the device: software receive stamps. */
static int set_timestamping(struct sock *sock, const struct opt_row *row,
                            const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n < 0)
		return -EINVAL;
	sock->opt.kept.timestamping = n;
	return 0;
}

/* Return: 0 and *out, or -ENODEV. */
static int find_if(const struct sock *sock, const char *name, unsigned index,
                   struct stack_if *out)
{
	for (unsigned i = 0; !stack_get_if(sock->stack, i, out); i++)
		if (name ? !strcmp(out->name, name) : out->index == index)
			return 0;
	return -ENODEV;
}

static int get_device(struct sock *sock, const struct opt_row *row, void *val,
                      socklen_t *len)
{
	struct stack_if found;

	(void)row;
	if (!sock->opt.kept.bound_if ||
	    find_if(sock, NULL, sock->opt.kept.bound_if, &found)) {
		*len = 0;
		return 0;
	}
	if (*len < IFNAMSIZ)
		return -EINVAL;
	return opt_put_bytes(val, len, found.name, strlen(found.name) + 1);
}

/* A name without its NUL is allowed, and an empty one unbinds. */
static int set_device(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	char name[IFNAMSIZ] = "";
	struct stack_if found = { .index = 0 };

	(void)row;
	memcpy(name, val, len < IFNAMSIZ - 1 ? len : IFNAMSIZ - 1);
	if (*name && find_if(sock, name, 0, &found))
		return -ENODEV;
	sock->opt.kept.bound_if = found.index;
	return 0;
}

static int set_ifindex(struct sock *sock, const struct opt_row *row,
                       const void *val, socklen_t len)
{
	struct stack_if found;
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n < 0)
		return -EINVAL;
	if (n && find_if(sock, NULL, (unsigned)n, &found))
		return -ENODEV;
	sock->opt.kept.bound_if = (unsigned)n;
	return 0;
}

/* No filter was ever attached, so there is none to detach. */
static int set_detach(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	return err ? err : -ENOENT;
}

#define SOL(opt, getter, setter)                                              \
	OPT_OWN_ROW(SOL_SOCKET, opt, OPT_ALL, getter, setter)
#define SOL_FLAG(opt, field)                                                  \
	OPT_FIELD_ROW(SOL_SOCKET, opt, field, OPT_ALL, 1, 0)
/* Shown like a field, set by a function. */
#define SOL_SET(opt, fld, setter)                                             \
	{ .level = SOL_SOCKET, .name = (opt), .socks = OPT_ALL,               \
	  .offset = offsetof(struct sock_opt, fld),                           \
	  .size = sizeof(((struct sock_opt *)0)->fld),                        \
	  .get = opt_get_field, .set = (setter) }

const struct opt_row opt_rows_sol[] = {
	SOL_FLAG(SO_REUSEADDR, reuse_addr),
	SOL_FLAG(SO_REUSEPORT, reuse_port),
	SOL_FLAG(SO_BROADCAST, broadcast),
	SOL_FLAG(SO_KEEPALIVE, keepalive),
	SOL(SO_TYPE, get_type, opt_set_refused),
	SOL(SO_DOMAIN, get_domain, opt_set_refused),
	SOL(SO_PROTOCOL, get_protocol, opt_set_refused),
	SOL(SO_ERROR, get_error, opt_set_refused),
	SOL(SO_ACCEPTCONN, get_acceptconn, opt_set_refused),
	SOL(SO_SNDLOWAT, get_one, opt_set_refused),
	SOL_SET(SO_SNDBUF, sndbuf, set_sndbuf),
	SOL_SET(SO_RCVBUF, rcvbuf, set_rcvbuf),
	{ .level = SOL_SOCKET, .name = SO_SNDBUFFORCE, .socks = OPT_ALL,
	  .offset = offsetof(struct sock_opt, sndbuf),
	  .set = set_sndbuf_force },
	{ .level = SOL_SOCKET, .name = SO_RCVBUFFORCE, .socks = OPT_ALL,
	  .offset = offsetof(struct sock_opt, rcvbuf),
	  .set = set_rcvbuf_force },
	SOL(SO_LINGER, get_linger, set_linger),
	SOL(SO_PEERCRED, get_peercred, opt_set_refused),
	SOL(SO_PEERNAME, get_peername, opt_set_refused),
	SOL(SO_PEERGROUPS, get_no_data, opt_set_refused),
	SOL(SO_PEERPIDFD, get_no_data, opt_set_refused),
	SOL(SO_PASSCRED, get_unix_only, set_unix_only),
	SOL(SO_PASSSEC, get_unix_only, set_unix_only),
	SOL(SO_PASSPIDFD, get_unix_only, set_unix_only),
	SOL(SO_COOKIE, get_cookie, opt_set_refused),
	SOL(SO_INCOMING_NAPI_ID, opt_get_zero, opt_set_refused),
	SOL_SET(SO_RCVLOWAT, kept.rcv_lowat, set_rcvlowat),
	SOL(SO_BSDCOMPAT, opt_get_zero, set_ignored),
	SOL(SO_TIMESTAMPING, get_timestamping, set_timestamping),
	SOL(SO_BINDTODEVICE, get_device, set_device),
	SOL_SET(SO_BINDTOIFINDEX, kept.bound_if, set_ifindex),
	SOL(SO_DETACH_FILTER, NULL, set_detach),
	SOL(SO_ZEROCOPY, opt_get_zero, opt_set_zero_only),
#define KEPT_sol(level, name, field, socks, min, max)                         \
	OPT_KEPT_ROW(level, name, field, socks, min, max),
#define KEPT_ip(...)
#define KEPT_tcp(...)
#define X(table, level, name, field, socks, min, max, initial)                \
	KEPT_##table(level, name, field, socks, min, max)
	SOCK_OPT_KEPT(X)
#undef X
};
const unsigned opt_rows_sol_count =
	sizeof(opt_rows_sol) / sizeof(opt_rows_sol[0]);
