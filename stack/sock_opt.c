/* SPDX-License-Identifier: MIT */
/* Socket options: the walk over the tables, and what many rows share. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>

#include "stack/sock_opt.h"
#include "stack/sock_priv.h"

/* Linux's defaults: sock_init_data, inet_create, tcp_init_sock and the
 * sysctls net.core.[rw]mem_default, net.ipv4.tcp_[rw]mem, tcp_keepalive_*,
 * tcp_syn_retries, tcp_fin_timeout.
 */
#define DGRAM_BUF_DEFAULT 212992
#define STREAM_RCVBUF_DEFAULT 131072
#define STREAM_SNDBUF_DEFAULT 16384
#define KEEP_IDLE_S 7200
#define KEEP_INTVL_S 75
#define KEEP_CNT 9
#define SYN_CNT 6
#define FIN_TIMEOUT_S 60

/**
 * sock_opt_init() - The options of a fresh socket, as Linux's.
 * @opt:	filled
 * @domain:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM or SOCK_DGRAM
 */
void sock_opt_init(struct sock_opt *opt, int domain, int type)
{
	bool is_stream = type == SOCK_STREAM;

	memset(opt, 0, sizeof(*opt));
	opt->rcvbuf = is_stream ? STREAM_RCVBUF_DEFAULT : DGRAM_BUF_DEFAULT;
	opt->sndbuf = is_stream ? STREAM_SNDBUF_DEFAULT : DGRAM_BUF_DEFAULT;
	opt->quickack = true;
	opt->keep_idle_s = KEEP_IDLE_S;
	opt->keep_intvl_s = KEEP_INTVL_S;
	opt->keep_cnt = KEEP_CNT;
	opt->syn_cnt = SYN_CNT;
	opt->ttl = opt->hop_limit = -1;
	opt->mcast_ttl = opt->mcast_hops = -1;
	opt->mcast_loop = true;
#define X(table, level, name, field, socks, min, max, initial)                \
	opt->kept.field = (initial);
	SOCK_OPT_KEPT(X)
#undef X
	opt->kept.mtu_discover = IP_PMTUDISC_WANT;
	opt->kept.rcv_lowat = 1;
	opt->kept.linger2_s = FIN_TIMEOUT_S;
	if (domain == AF_INET6)
		opt->kept.mcast_all = 0;
}

/* An int in at most len bytes; an IP-level value that fits goes into a single
 * byte when that is all the room (do_ip_getsockopt).
 */
int opt_put_int(const struct opt_row *row, void *val, socklen_t *len, int n)
{
	uint8_t byte = (uint8_t)n;

	if (row->level == IPPROTO_IP && *len > 0 && *len < sizeof(n) &&
	    n >= 0 && n <= UINT8_MAX)
		return opt_put_bytes(val, len, &byte, sizeof(byte));
	return opt_put_bytes(val, len, &n, sizeof(n));
}

/* A value that is cut to the room, as Linux does for most. */
int opt_put_bytes(void *val, socklen_t *len, const void *bytes, size_t count)
{
	if (*len > count)
		*len = (socklen_t)count;
	memcpy(val, bytes, *len);
	return 0;
}

/* The int that a program gave: four bytes at least, but the IP level takes a
 * single byte too, and nothing for 0 (do_ip_setsockopt).
 */
int opt_take_int(const struct opt_row *row, const void *val, socklen_t len,
                 int *n)
{
	uint8_t byte = 0;

	if (len >= sizeof(*n)) {
		memcpy(n, val, sizeof(*n));
		return 0;
	}
	if (row->level != IPPROTO_IP)
		return -EINVAL;
	if (len)
		memcpy(&byte, val, sizeof(byte));
	*n = byte;
	return 0;
}

/* The value of a field of struct sock_opt. */
int opt_get_field(struct sock *sock, const struct opt_row *row, void *val,
                  socklen_t *len)
{
	const char *at = (const char *)&sock->opt + row->offset;
	uint8_t byte;
	int n;

	if (row->size == sizeof(byte)) {
		memcpy(&byte, at, sizeof(byte));
		n = byte;
	} else {
		memcpy(&n, at, sizeof(n));
	}
	return opt_put_int(row, val, len, n);
}

/* Set a field within the row's bounds. */
int opt_set_field(struct sock *sock, const struct opt_row *row,
                  const void *val, socklen_t len)
{
	char *at = (char *)&sock->opt + row->offset;
	uint8_t byte;
	int n, err;

	err = opt_take_int(row, val, len, &n);
	if (err)
		return err;
	if (row->min > row->max)
		n = n != 0;
	else if (n < row->min || n > row->max)
		return -EINVAL;
	byte = (uint8_t)n;
	if (row->size == sizeof(byte))
		memcpy(at, &byte, sizeof(byte));
	else
		memcpy(at, &n, sizeof(n));
	return 0;
}

/* An option that can only be read. */
int opt_set_refused(struct sock *sock, const struct opt_row *row,
                    const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	return err ? err : -ENOPROTOOPT;
}

/* An option that is never on. */
int opt_get_zero(struct sock *sock, const struct opt_row *row, void *val,
                 socklen_t *len)
{
	(void)sock;
	return opt_put_int(row, val, len, 0);
}

/* A list that is always empty. */
int opt_get_empty(struct sock *sock, const struct opt_row *row, void *val,
                  socklen_t *len)
{
	(void)sock;
	(void)row;
	(void)val;
	*len = 0;
	return 0;
}

/* Turning off what is never on succeeds; turning it on is not supported. */
int opt_set_zero_only(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	if (err)
		return err;
	return n ? -EOPNOTSUPP : 0;
}

static const struct opt_row *find_in(const struct opt_row *rows, unsigned count,
                                     int level, int name)
{
	for (unsigned i = 0; i < count; i++)
		if (rows[i].level == level && rows[i].name == name)
			return &rows[i];
	return NULL;
}

/* Does a level exist on this sock? An AF_INET6 sock has the IPv4 level too. */
static bool has_level(const struct sock *sock, int level)
{
	switch (level) {
	case SOL_SOCKET:
	case IPPROTO_IP:
		return true;
	case IPPROTO_IPV6:
		return sock->domain == AF_INET6;
	case IPPROTO_TCP:
		return sock->type == SOCK_STREAM;
	case IPPROTO_UDP:
		return sock->type == SOCK_DGRAM;
	}
	return false;
}

static const struct opt_row *find_row(const struct sock *sock, int level,
                                      int name)
{
	uint8_t self = sock->type == SOCK_STREAM ? OPT_TCP : OPT_UDP;
	const struct opt_row *row;

	row = find_in(opt_rows_sol, opt_rows_sol_count, level, name);
	if (!row)
		row = find_in(opt_rows_ip, opt_rows_ip_count, level, name);
	if (!row)
		row = find_in(opt_rows_tcp, opt_rows_tcp_count, level, name);
	return row && (row->socks & self) ? row : NULL;
}

/* Do the unknown names of a level check the length first? (do_tcp_setsockopt,
 * udp_lib_setsockopt and sk_setsockopt do.)
 */
static bool wants_int(int level)
{
	return level != IPPROTO_IP && level != IPPROTO_IPV6;
}

/**
 * sock_getopt() - getsockopt(2).
 * @sock:	any
 * @level:	SOL_SOCKET, IPPROTO_*
 * @name:	of the option
 * @val:	filled
 * @len:	in: room at @val; out: bytes filled
 *
 * A longer value is cut, as Linux does. SO_ERROR is cleared by the read.
 *
 * Return: 0, -ENOPROTOOPT for an option that this socket does not have,
 * -EOPNOTSUPP for a level that an AF_INET socket does not have (so Linux
 * answers), -EINVAL for a length, and what single options add.
 */
int sock_getopt(struct sock *sock, int level, int name, void *val,
                socklen_t *len)
{
	const struct opt_row *row;

	if (*len > INT_MAX)
		return -EINVAL;
	if (!has_level(sock, level))
		return sock->domain == AF_INET ? -EOPNOTSUPP : -ENOPROTOOPT;
	row = find_row(sock, level, name);
	if (!row || !row->get)
		return -ENOPROTOOPT;
	return row->get(sock, row, val, len);
}

/**
 * sock_setopt() - setsockopt(2).
 * @sock:	any
 * @level:	SOL_SOCKET, IPPROTO_*
 * @name:	of the option
 * @val:	@len bytes
 * @len:	bytes at @val
 *
 * Return: 0, -ENOPROTOOPT for an option that this socket does not have,
 * -EINVAL for a value or a length, and what single options add.
 */
int sock_setopt(struct sock *sock, int level, int name, const void *val,
                socklen_t len)
{
	const struct opt_row *row;
	int err;

	if (len > INT_MAX)
		return -EINVAL;
	if (!has_level(sock, level))
		return -ENOPROTOOPT;
	row = find_row(sock, level, name);
	if (!row || !row->set)
		return wants_int(level) && len < sizeof(int) ? -EINVAL
		                                             : -ENOPROTOOPT;
	err = row->set(sock, row, val, len);
	if (!err)
		sock_apply_opt(sock);
	return err;
}

/**
 * sock_lingers_zero() - Must a close reset the connection?
 * @sock:	any
 *
 * Return: whether SO_LINGER is on with a time of 0.
 */
bool sock_lingers_zero(const struct sock *sock)
{
	return sock->opt.has_linger && !sock->opt.linger_s;
}
