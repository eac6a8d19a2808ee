/* SPDX-License-Identifier: MIT */
/* lwIP's errors and ICMP's messages as errno values. */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>

#include <lwip/err.h>

#include "stack/errmap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the stack's calls answer, by -err_t. */
static const int call_errors[] = {
	[-ERR_OK] = 0,
	[-ERR_MEM] = ENOBUFS,
	[-ERR_BUF] = ENOBUFS,
	[-ERR_TIMEOUT] = ETIMEDOUT,
	[-ERR_RTE] = ENETUNREACH,
	[-ERR_INPROGRESS] = EINPROGRESS,
	[-ERR_VAL] = EINVAL,
	[-ERR_WOULDBLOCK] = EAGAIN,
	[-ERR_USE] = EADDRINUSE,
	[-ERR_ALREADY] = EALREADY,
	[-ERR_ISCONN] = EISCONN,
	[-ERR_CONN] = ENOTCONN,
	[-ERR_IF] = ENETDOWN,
	[-ERR_ABRT] = ECONNABORTED,
	[-ERR_RST] = ECONNRESET,
	[-ERR_CLSD] = ENOTCONN,
	[-ERR_ARG] = EINVAL,
};

/* Destination unreachable by code, RFC 792 and RFC 1122 section 3.2.2.1; which
 * of them end a UDP socket's wait is Linux's choice, icmp_err_convert in
 * net/ipv4/icmp.c.
 */
static const struct errmap_icmp unreach4[] = {
	[ICMP_NET_UNREACH] = { ENETUNREACH, false },
	[ICMP_HOST_UNREACH] = { EHOSTUNREACH, false },
	[ICMP_PROT_UNREACH] = { ENOPROTOOPT, true },
	[ICMP_PORT_UNREACH] = { ECONNREFUSED, true },
	[ICMP_FRAG_NEEDED] = { EMSGSIZE, false },
	[ICMP_SR_FAILED] = { EOPNOTSUPP, false },
	[ICMP_NET_UNKNOWN] = { ENETUNREACH, true },
	[ICMP_HOST_UNKNOWN] = { EHOSTDOWN, true },
	[ICMP_HOST_ISOLATED] = { ENONET, true },
	[ICMP_NET_ANO] = { ENETUNREACH, true },
	[ICMP_HOST_ANO] = { EHOSTUNREACH, true },
	[ICMP_NET_UNR_TOS] = { ENETUNREACH, false },
	[ICMP_HOST_UNR_TOS] = { EHOSTUNREACH, false },
	[ICMP_PKT_FILTERED] = { EHOSTUNREACH, true },
	[ICMP_PREC_VIOLATION] = { EHOSTUNREACH, true },
	[ICMP_PREC_CUTOFF] = { EHOSTUNREACH, true },
};

/* RFC 4443 section 3.1; fatal as tab_unreach in net/ipv6/icmp.c. */
static const struct errmap_icmp unreach6[] = {
	[ICMP6_DST_UNREACH_NOROUTE] = { ENETUNREACH, false },
	[ICMP6_DST_UNREACH_ADMIN] = { EACCES, true },
	[ICMP6_DST_UNREACH_BEYONDSCOPE] = { EHOSTUNREACH, false },
	[ICMP6_DST_UNREACH_ADDR] = { EHOSTUNREACH, false },
	[ICMP6_DST_UNREACH_NOPORT] = { ECONNREFUSED, true },
	[5] = { EACCES, true }, /* source address failed policy */
	[6] = { EACCES, true }, /* reject route */
};

/**
 * errmap_call() - The answer to a call on a socket.
 * @err:	an err_t
 *
 * Return: 0 or -errno; -EIO for a value that lwIP does not define.
 */
int errmap_call(int err)
{
	if (err > 0 || -err >= (int)COUNT(call_errors))
		return -EIO;
	return -call_errors[-err];
}

/**
 * errmap_tcp() - Why lwIP let a TCP connection go, from its error callback.
 * @err:		the err_t of the callback
 * @was_connecting:	the handshake of our connect was not done
 *
 * lwIP says ERR_ABRT when its retransmissions or keep-alive probes ran out,
 * and when somebody called tcp_abort(): who aborts knows that himself.
 *
 * Return: a positive errno, as SO_ERROR gives it.
 */
int errmap_tcp(int err, bool was_connecting)
{
	switch (err) {
	case ERR_RST:
		return was_connecting ? ECONNREFUSED : ECONNRESET;
	case ERR_ABRT:
	case ERR_TIMEOUT:
		return ETIMEDOUT;
	case ERR_CLSD:
		return ECONNRESET;
	default:
		return -errmap_call(err);
	}
}

/**
 * errmap_icmp4() - An ICMPv4 error message.
 * @type:	of the ICMP header
 * @code:	of the ICMP header
 *
 * Return: error 0 for a type that is not an error or that Linux ignores
 * (source quench, redirect).
 */
struct errmap_icmp errmap_icmp4(uint8_t type, uint8_t code)
{
	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code < COUNT(unreach4))
			return unreach4[code];
		break;
	case ICMP_TIME_EXCEEDED:
		return (struct errmap_icmp){ EHOSTUNREACH, false };
	case ICMP_PARAMETERPROB:
		return (struct errmap_icmp){ EPROTO, true };
	}
	return (struct errmap_icmp){ 0, false };
}

/**
 * errmap_icmp6() - An ICMPv6 error message.
 * @type:	of the ICMPv6 header
 * @code:	of the ICMPv6 header
 *
 * Return: error 0 for an informational type.
 */
struct errmap_icmp errmap_icmp6(uint8_t type, uint8_t code)
{
	switch (type) {
	case ICMP6_DST_UNREACH:
		if (code < COUNT(unreach6))
			return unreach6[code];
		return (struct errmap_icmp){ EPROTO, true };
	case ICMP6_PACKET_TOO_BIG:
		return (struct errmap_icmp){ EMSGSIZE, false };
	case ICMP6_TIME_EXCEEDED:
		return (struct errmap_icmp){ EHOSTUNREACH, false };
	case ICMP6_PARAM_PROB:
		return (struct errmap_icmp){ EPROTO, true };
	}
	return (struct errmap_icmp){ 0, false };
}
