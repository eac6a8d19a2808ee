/* SPDX-License-Identifier: MIT */
/* Which control messages a UDP socket's program asked for. */
#ifndef NETCOND_SHIM_DGRAM_OPT_H
#define NETCOND_SHIM_DGRAM_OPT_H

/* Socket options that add control messages: level, name, and a name of ours. */
#define DGRAM_OPTS(X)                                                         \
	X(IPPROTO_IP, IP_PKTINFO, PKTINFO)                                    \
	X(IPPROTO_IP, IP_RECVTTL, TTL)                                        \
	X(IPPROTO_IP, IP_RECVTOS, TOS)                                        \
	X(IPPROTO_IPV6, IPV6_RECVPKTINFO, PKTINFO6)                           \
	X(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, HOPLIMIT)                          \
	X(IPPROTO_IPV6, IPV6_RECVTCLASS, TCLASS)                              \
	X(SOL_SOCKET, SO_TIMESTAMP, STAMP)                                    \
	X(SOL_SOCKET, SO_TIMESTAMPNS, STAMPNS)

enum dgram_opt {
#define X(level, opt, name) DGRAM_OPT_##name,
	DGRAM_OPTS(X)
#undef X
	DGRAM_OPT_COUNT
};

unsigned dgram_opts_get(int fd);
void dgram_opts_note(int fd, int level, int opt, int val);

#endif
