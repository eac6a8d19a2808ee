/* SPDX-License-Identifier: MIT */
/* Socket options of IPPROTO_TCP and IPPROTO_UDP.
 *
 * TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_LINGER2 and TCP_NOTSENT_LOWAT are
 * kept and change nothing: Linux may accept early, too, and the others are
 * hints. UDP_SEGMENT and UDP_GRO do not exist here, so that programs fall back
 * to single datagrams.
 */
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "stack/sock_opt.h"
#include "stack/sock_opt_tcp_info.h"
#include "stack/sock_priv.h"

/* Of include/net/tcp.h in the kernel. */
#define MSS_DEFAULT 536     /* RFC 9293 section 3.7.1 */
#define MSS_MIN 88
#define MSS_MAX 32767
#define KEEP_TIME_MAX_S 32767
#define KEEP_CNT_MAX 127
#define SYN_CNT_MAX 127
#define FIN_TIMEOUT_S 60    /* net.ipv4.tcp_fin_timeout */
#define FIN_TIMEOUT_MAX_S 120
#define RTO_MAX_S 120
#define RTO_INIT_S 1
#define WINDOW_CLAMP_MIN 1152
#define SOMAXCONN_SYSCTL 4096 /* net.core.somaxconn */

/* lwIP's congestion control is RFC 5681's. */
#define CONGESTION_NAME "reno"
#define CONGESTION_NAME_LEN 16 /* TCP_CA_NAME_MAX */

static int get_maxseg(struct sock *sock, const struct opt_row *row, void *val,
                      socklen_t *len)
{
	int n = sock->opt.maxseg ? sock->opt.maxseg : MSS_DEFAULT;

	if (sock->state == SOCK_STATE_CONNECTED && sock->tcp.pcb)
		n = sock->tcp.pcb->mss;
	return opt_put_int(row, val, len, n);
}

static int set_maxseg(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n && (n < MSS_MIN || n > MSS_MAX))
		return -EINVAL;
	sock->opt.maxseg = n;
	return 0;
}

static int set_linger2(struct sock *sock, const struct opt_row *row,
                       const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n < 0)
		n = -1;
	else if (n > FIN_TIMEOUT_MAX_S)
		n = FIN_TIMEOUT_MAX_S;
	sock->opt.kept.linger2_s = n ? n : FIN_TIMEOUT_S;
	return 0;
}

/* Linux keeps the time as a number of SYN-ACKs, so it comes back rounded up to
 * the end of one of their intervals (secs_to_retrans, retrans_to_secs).
 */
static int set_defer(struct sock *sock, const struct opt_row *row,
                     const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);
	int period = RTO_INIT_S, timeout = RTO_INIT_S;

	if (err)
		return err;
	for (int i = 1; n > period && i < 255; i++) {
		timeout = timeout * 2 < RTO_MAX_S ? timeout * 2 : RTO_MAX_S;
		period += timeout;
	}
	sock->opt.kept.defer_accept_s = n > 0 ? period : 0;
	return 0;
}

static int set_clamp(struct sock *sock, const struct opt_row *row,
                     const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (!n && sock->state != SOCK_STATE_NEW)
		return -EINVAL;
	sock->opt.kept.window_clamp = n && n < WINDOW_CLAMP_MIN
		? WINDOW_CLAMP_MIN : n;
	return 0;
}

static int get_info(struct sock *sock, const struct opt_row *row, void *val,
                    socklen_t *len)
{
	struct tcp_info info;

	(void)row;
	sock_opt_tcp_info(sock, &info);
	return opt_put_bytes(val, len, &info, sizeof(info));
}

static int get_congestion(struct sock *sock, const struct opt_row *row,
                          void *val, socklen_t *len)
{
	char name[CONGESTION_NAME_LEN] = CONGESTION_NAME;

	(void)sock;
	(void)row;
	return opt_put_bytes(val, len, name, sizeof(name));
}

/* A name with or without its NUL, as strncpy_from_user takes it. */
static int take_name(const void *val, socklen_t len,
                     char name[CONGESTION_NAME_LEN])
{
	if (!len)
		return -EINVAL;
	memset(name, 0, CONGESTION_NAME_LEN);
	memcpy(name, val, len < CONGESTION_NAME_LEN - 1
	                  ? len : CONGESTION_NAME_LEN - 1);
	return 0;
}

static int set_congestion(struct sock *sock, const struct opt_row *row,
                          const void *val, socklen_t len)
{
	char name[CONGESTION_NAME_LEN];
	int err = take_name(val, len, name);

	(void)sock;
	(void)row;
	if (err)
		return err;
	return strcmp(name, CONGESTION_NAME) ? -ENOENT : 0;
}

/* No upper layer protocol (TLS in the kernel) is there to be had. */
static int set_ulp(struct sock *sock, const struct opt_row *row,
                   const void *val, socklen_t len)
{
	char name[CONGESTION_NAME_LEN];
	int err = take_name(val, len, name);

	(void)sock;
	(void)row;
	return err ? err : -ENOENT;
}

/* As Linux with net.ipv4.tcp_fastopen off. */
static int set_fastopen_connect(struct sock *sock, const struct opt_row *row,
                                const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	if (err)
		return err;
	if (n < 0 || n > 1)
		return -EINVAL;
	return -EOPNOTSUPP;
}

static int set_fastopen(struct sock *sock, const struct opt_row *row,
                        const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	if (err)
		return err;
	if (n < 0 || (sock->state != SOCK_STATE_NEW &&
	              sock->state != SOCK_STATE_LISTENING))
		return -EINVAL;
	sock->opt.kept.fast_open = n < SOMAXCONN_SYSCTL ? n : SOMAXCONN_SYSCTL;
	return 0;
}

/* Thin-stream dupack was taken out of Linux: a flag that stays 0. */
static int set_thin_dupack(struct sock *sock, const struct opt_row *row,
                           const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	if (err)
		return err;
	return n < 0 || n > 1 ? -EINVAL : 0;
}

static int set_repair(struct sock *sock, const struct opt_row *row,
                      const void *val, socklen_t len)
{
	int n, err = opt_take_int(row, val, len, &n);

	(void)sock;
	return err ? err : -EPERM;
}

#define TCP_OWN(opt, getter, setter)                                          \
	OPT_OWN_ROW(IPPROTO_TCP, opt, OPT_TCP, getter, setter)
#define TCP_FIELD(opt, field, lo, hi)                                         \
	OPT_FIELD_ROW(IPPROTO_TCP, opt, field, OPT_TCP, lo, hi)
#define UDP_OWN(opt, getter, setter)                                          \
	OPT_OWN_ROW(IPPROTO_UDP, opt, OPT_UDP, getter, setter)
/* Shown like a field, set by a function. */
#define TCP_SET(opt, fld, setter)                                             \
	{ .level = IPPROTO_TCP, .name = (opt), .socks = OPT_TCP,              \
	  .offset = offsetof(struct sock_opt, fld),                           \
	  .size = sizeof(((struct sock_opt *)0)->fld),                        \
	  .get = opt_get_field, .set = (setter) }

const struct opt_row opt_rows_tcp[] = {
	TCP_FIELD(TCP_NODELAY, nodelay, 1, 0),
	TCP_FIELD(TCP_CORK, cork, 1, 0),
	TCP_FIELD(TCP_QUICKACK, quickack, 1, 0),
	TCP_FIELD(TCP_KEEPIDLE, keep_idle_s, 1, KEEP_TIME_MAX_S),
	TCP_FIELD(TCP_KEEPINTVL, keep_intvl_s, 1, KEEP_TIME_MAX_S),
	TCP_FIELD(TCP_KEEPCNT, keep_cnt, 1, KEEP_CNT_MAX),
	TCP_FIELD(TCP_SYNCNT, syn_cnt, 1, SYN_CNT_MAX),
	TCP_FIELD(TCP_USER_TIMEOUT, user_timeout_ms, 0, INT_MAX),
	TCP_OWN(TCP_MAXSEG, get_maxseg, set_maxseg),
	TCP_SET(TCP_LINGER2, kept.linger2_s, set_linger2),
	TCP_SET(TCP_DEFER_ACCEPT, kept.defer_accept_s, set_defer),
	TCP_SET(TCP_WINDOW_CLAMP, kept.window_clamp, set_clamp),
	TCP_OWN(TCP_INFO, get_info, opt_set_refused),
	TCP_OWN(TCP_CONGESTION, get_congestion, set_congestion),
	TCP_OWN(TCP_CC_INFO, opt_get_empty, opt_set_refused),
	TCP_OWN(TCP_ULP, opt_get_empty, set_ulp),
	TCP_SET(TCP_FASTOPEN, kept.fast_open, set_fastopen),
	TCP_OWN(TCP_FASTOPEN_CONNECT, opt_get_zero, set_fastopen_connect),
	TCP_OWN(TCP_FASTOPEN_NO_COOKIE, opt_get_zero, opt_set_zero_only),
	TCP_OWN(TCP_THIN_DUPACK, opt_get_zero, set_thin_dupack),
	TCP_OWN(TCP_REPAIR, opt_get_zero, set_repair),
	TCP_OWN(TCP_INQ, opt_get_zero, opt_set_zero_only),
	UDP_OWN(UDP_CORK, opt_get_zero, opt_set_zero_only),
	UDP_OWN(UDP_NO_CHECK6_TX, opt_get_zero, opt_set_zero_only),
	UDP_OWN(UDP_NO_CHECK6_RX, opt_get_zero, opt_set_zero_only),
#define KEPT_tcp(level, name, field, socks, min, max)                         \
	OPT_KEPT_ROW(level, name, field, socks, min, max),
#define KEPT_sol(...)
#define KEPT_ip(...)
#define X(table, level, name, field, socks, min, max, initial)                \
	KEPT_##table(level, name, field, socks, min, max)
	SOCK_OPT_KEPT(X)
#undef X
};
const unsigned opt_rows_tcp_count =
	sizeof(opt_rows_tcp) / sizeof(opt_rows_tcp[0]);
