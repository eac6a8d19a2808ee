/* SPDX-License-Identifier: MIT */
/* The contract between the shim and the service: names, messages, marks.
 *
 * Theory of operation
 *
 * Three things tie a program's descriptor to a socket of the service.
 *
 * 1. The name. A socketpair's service end is bound to an abstract AF_UNIX
 *    address that holds struct rpc_name, so getpeername(2) on the program's end
 *    says in any process, after dup, fork, exec or SCM_RIGHTS, and after the
 *    service's end is closed, that the descriptor is ours and which socket it
 *    is. The program's end is bound too once a connect fixed the addresses.
 *
 * 2. The control channel: a SOCK_SEQPACKET connection; one struct rpc_request
 *    a message, one struct rpc_reply back with the same id, each with at most
 *    one descriptor. A request on an existing socket carries the program's own
 *    descriptor: its SO_COOKIE proves that the caller holds what it names.
 *    RPC_ATTACH has no reply: it hands over one end of a fresh
 *    SOCK_SEQPACKET pair as a further control channel. So a process that
 *    inherited a channel over fork, whose replies belong to its parent, gets one
 *    of its own without a path, in a chroot or another namespace.
 *
 *    A SETSOCKOPT whose outcome the shim knows beforehand asks for no reply
 *    (RPC_FLAG_NO_REPLY), since servers set options around every answer. What
 *    a program can tell stays as if it had waited:
 *    - Bytes written before the call come before it: RPC_FLAG_BYTES says that
 *      some wait in the pair, which then go to the stack first.
 *    - Before any request that has a reply, the service carries out all that
 *      have none and wait on other channels. Whoever asks after the call, in
 *      whatever thread or process, on whatever channel, so finds the option
 *      set; and a descriptor that is under way keeps no closed socket alive.
 *    - Bytes written after a TCP_CORK that is set do not come before it. That
 *      costs the service a look before each read, so it does that only for
 *      programs that cork: the first request for TCP_CORK on a channel, and
 *      one that finds bytes in the pair, has a reply. Of other options, and of
 *      TCP_CORK cleared, later bytes may have the benefit too early.
 *    It has no errors: what Linux lets succeed on a connection that has ended
 *    is ignored there. A sender whose channel is full waits for room.
 *
 * 3. The mark, SO_RCVLOWAT on the program's end (RPC_MARK_*), set by the
 *    service: state that the shim can read without asking. The program's own
 *    SO_RCVLOWAT is kept in the service.
 *
 * The data channel is a SOCK_STREAM pair for TCP and a SOCK_SEQPACKET pair for
 * UDP (which, unlike SOCK_DGRAM, tells when the last copy of the other end is
 * closed). A listener's pair carries struct rpc_accept messages with the new
 * connection's descriptor. A UDP message is either raw payload, to or from the
 * connected peer, or struct rpc_dgram and then payload; they are told apart by
 * the instance's random number in its first bytes, which no remote peer knows.
 *
 * Every multi-byte field is in host order unless it says otherwise: both ends
 * run on one machine. Only libc headers are used here, since the service and
 * the shim share this file and nothing else.
 */
#ifndef NETCOND_SHIM_PROTO_RPC_H
#define NETCOND_SHIM_PROTO_RPC_H

#include <netinet/in.h>
#include <stdint.h>

#define RPC_MAGIC 0x646e636eu       /* "ncnd" */
#define RPC_VERSION 1u
#define RPC_NAME_MAGIC "netcond1"   /* 8 bytes, no NUL */

/* Where the service is looked for; the environment goes first. */
#define RPC_SOCKET_ENV "NETCOND_SOCKET"
#define RPC_SOCKET_ROOT "/run/netcond.sock"
#define RPC_SOCKET_USER "netcond.sock" /* in $XDG_RUNTIME_DIR, where not root */

#define RPC_REPLY_TIMEOUT_MS 10000   /* the shim's bound on one reply */
#define RPC_RESOLVE_TIMEOUT_MS 30000 /* the same for RPC_RESOLVE */

/* An IPv4 or IPv6 address and port. family 0: none. */
struct rpc_addr {
	uint16_t family;     /* AF_UNSPEC, AF_INET or AF_INET6 */
	uint16_t port;       /* network order */
	uint32_t scope_id;   /* of a link-local IPv6 address */
	uint8_t addr[16];    /* network order; AF_INET uses the first four */
};

/* Which end of a pair bears the name. */
enum rpc_end {
	RPC_END_INVALID = 0,
	RPC_END_SERVICE,
	RPC_END_PROGRAM,
	RPC_END_COUNT
};

/* What stands in the abstract name after its leading NUL. */
struct rpc_name {
	char magic[8];       /* RPC_NAME_MAGIC */
	uint64_t instance;   /* random, one a run of the service */
	uint64_t sock_id;
	uint8_t end;         /* enum rpc_end */
	uint8_t domain;      /* AF_INET or AF_INET6: the socket's own */
	uint8_t type;        /* SOCK_STREAM or SOCK_DGRAM: the socket's own */
	uint8_t is_accepted; /* 1: both addresses are final */
	struct rpc_addr local; /* family 0: not known when the name was made */
	struct rpc_addr peer;
};

/* Marks: values of SO_RCVLOWAT on a program's end. The kernel's default is 1. */
#define RPC_MARK_NONE 1
#define RPC_MARK_UDP_CONNECTED 2
#define RPC_MARK_LISTENER ((int)sizeof(struct rpc_accept))

/* On a listener's pair: one connection; its descriptor comes by SCM_RIGHTS. */
struct rpc_accept {
	uint32_t magic;      /* RPC_MAGIC */
	uint32_t reserved;   /* 0 */
	uint64_t sock_id;
	struct rpc_addr local;
	struct rpc_addr peer;
};

/* Kinds of datagram header. */
enum rpc_dgram_kind {
	RPC_DGRAM_INVALID = 0,
	RPC_DGRAM_DATA,  /* payload follows */
	RPC_DGRAM_ERROR, /* an ICMP error for the socket: `error`, no payload */
	RPC_DGRAM_COUNT
};

/* Before a datagram's payload when the address matters. To the service, peer is
 * the destination and local the wished source (family 0: as bound); from the
 * service, peer is the source and local the address it was sent to.
 */
struct rpc_dgram {
	uint64_t instance;   /* as in the name: tells header from payload */
	uint32_t magic;      /* RPC_MAGIC */
	uint16_t kind;       /* enum rpc_dgram_kind */
	uint16_t error;      /* errno */
	uint32_t if_index;   /* the stack's, for IP_PKTINFO */
	uint8_t ttl;         /* as received, for IP_RECVTTL */
	uint8_t tos;         /* as received, for IP_RECVTOS */
	uint16_t reserved;   /* 0 */
	struct rpc_addr peer;
	struct rpc_addr local;
};

/* The operations: name, needs a socket and its descriptor (1) or not (0).
 * Enum, names and dispatch are made from this list.
 */
#define RPC_OPS(X)                                                            \
	X(HELLO, 0)       /* who is there: first on every channel */          \
	X(ATTACH, 0)      /* one more channel; no reply */                    \
	X(SOCKET, 0)      /* a socket; the reply carries its descriptor */    \
	X(BIND, 1)                                                            \
	X(CONNECT, 1)     /* never waits: EINPROGRESS for TCP */              \
	X(LISTEN, 1)                                                          \
	X(NAME, 1)        /* local and peer address */                        \
	X(GETSOCKOPT, 1)                                                      \
	X(SETSOCKOPT, 1)                                                      \
	X(SHUTDOWN, 1)    /* listeners; streams use the pair itself */        \
	X(OUTQ, 1)        /* bytes not yet acknowledged */                    \
	X(RESOLVE, 0)     /* a name to addresses, or back; answered late */   \
	X(INTERFACE, 0)   /* the idx-th interface of the stack */             \
	X(STAT, 0)        /* a page of counters */                            \
	X(SOCKS, 0)       /* a page of sockets */

enum rpc_op {
	RPC_INVALID = 0,
#define X(name, has_sock) RPC_##name,
	RPC_OPS(X)
#undef X
	RPC_COUNT
};

#define RPC_OPTVAL_LEN 256    /* bytes of a socket option's value */
#define RPC_HOSTNAME_LEN 256  /* bytes of a host name with its NUL */
#define RPC_RESOLVE_MAX 16    /* addresses in one answer */
#define RPC_IF_ADDR_MAX 9
#define RPC_STAT_MAX 16       /* counters a page */
#define RPC_SOCKS_MAX 4       /* sockets a page */
#define RPC_COMM_LEN 16       /* bytes of a program's name with its NUL */

/* Flags of a request. */
#define RPC_FLAG_NO_REPLY 1u /* SETSOCKOPT only: not answered */
#define RPC_FLAG_BYTES 2u    /* with that: bytes wait in the pair, to go first */
#define RPC_FLAGS (RPC_FLAG_NO_REPLY | RPC_FLAG_BYTES)

struct rpc_request {
	uint32_t magic;      /* RPC_MAGIC */
	uint16_t version;    /* RPC_VERSION */
	uint16_t op;         /* enum rpc_op */
	uint32_t id;         /* the caller's; comes back in the reply */
	uint32_t flags;      /* RPC_FLAG_* */
	uint64_t sock_id;    /* from the name; 0 where the op has none */
	union {
		struct {
			int32_t domain, type, protocol; /* type without flags */
		} socket;
		struct rpc_addr addr;           /* BIND, CONNECT */
		struct {
			int32_t backlog;
		} listen;
		struct {
			int32_t level, name;
			uint32_t len;           /* GET: room; SET: used */
			uint32_t reserved;
			uint8_t val[RPC_OPTVAL_LEN];
		} opt;
		struct {
			int32_t how;            /* SHUT_RD, SHUT_WR, SHUT_RDWR */
		} shutdown;
		struct {
			struct rpc_addr addr;   /* a family here: the name of it */
			int32_t family;         /* AF_UNSPEC, AF_INET, AF_INET6 */
			char name[RPC_HOSTNAME_LEN];
		} resolve;
		struct {
			uint64_t from;          /* SOCKS: the id to go on after */
			uint32_t idx;           /* STAT, INTERFACE: the first */
		} page;
		uint8_t raw[288];               /* fixes the size */
	};
};

/* One counter, as netcon stat prints it. */
struct rpc_counter {
	char name[32];
	uint64_t value;
};

/* One socket, as netcon ss prints it. */
struct rpc_sock_row {
	uint64_t id;
	int32_t pid;                /* who made it, as the service sees it */
	char comm[RPC_COMM_LEN];
	char state[16];             /* "ESTAB" ... as ss(8) */
	uint16_t domain, type;
	uint32_t rx_queue, tx_queue;/* bytes */
	uint32_t chan_rx, chan_tx;  /* bytes waiting in the pair, each way */
	uint32_t rtt_us, cwnd, mss;
	uint64_t retransmits;
	struct rpc_addr local, peer;
};

struct rpc_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t id;
	int32_t error;       /* 0, or a positive errno */
	union {
		struct {
			uint64_t instance;
			uint32_t pid;           /* the service's */
			uint32_t reserved;
			char backend[64];       /* "tap0: tap, vnet_hdr ..." */
		} hello;
		struct {
			uint64_t sock_id;       /* SOCKET */
		} socket;
		struct {
			struct rpc_addr local, peer; /* peer family 0: none */
		} name;                         /* NAME, BIND, CONNECT, LISTEN */
		struct {
			uint32_t len;
			uint32_t reserved;
			uint8_t val[RPC_OPTVAL_LEN];
		} opt;
		struct {
			uint32_t bytes;
		} outq;
		struct {
			uint32_t count;
			uint32_t ttl_s;
			char name[RPC_HOSTNAME_LEN]; /* canonical, or of PTR */
			struct rpc_addr addrs[RPC_RESOLVE_MAX];
		} resolve;
		struct {
			char name[16];
			uint32_t index, flags, mtu, count;
			uint8_t mac[8];         /* the first six */
			struct rpc_addr addrs[RPC_IF_ADDR_MAX];
			uint8_t prefix_len[RPC_IF_ADDR_MAX + 7];
		} interface;
		struct {
			uint32_t count;         /* 0: the end */
			uint32_t reserved;
			struct rpc_counter counters[RPC_STAT_MAX];
		} stat;
		struct {
			uint32_t count;         /* 0: the end */
			uint32_t reserved;
			struct rpc_sock_row rows[RPC_SOCKS_MAX];
		} socks;
		uint8_t raw[688];               /* fixes the size */
	};
};

_Static_assert(sizeof(struct rpc_addr) == 24, "rpc_addr is wire format");
_Static_assert(sizeof(struct rpc_name) == 76 + 4, "rpc_name is wire format");
_Static_assert(sizeof(struct rpc_name) + 1 < 108, "a name fits sun_path");
_Static_assert(sizeof(struct rpc_accept) == 64, "rpc_accept is wire format");
_Static_assert(sizeof(struct rpc_dgram) == 72, "rpc_dgram is wire format");
_Static_assert(sizeof(struct rpc_request) == 312, "rpc_request is wire format");
_Static_assert(sizeof(struct rpc_reply) == 704, "rpc_reply is wire format");

#endif
