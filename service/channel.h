/* SPDX-License-Identifier: MIT */
/* Data channels: a socketpair on one side, a sock of the stack on the other.
 *
 * Theory of operation
 *
 * A channel holds the service's end of one pair and the sock behind it. The
 * program's end is never kept: when the last copy of it is closed, in whatever
 * process, the service's end hangs up, and that is the only close signal.
 *
 *     phase       | entered by            | moved on by
 *     IDLE        | channel_open (TCP)    | connect, listen, hang-up
 *     CONNECTING  | stream_connect        | touched: sock connected or dead
 *     OPEN        | connected, accepted   | hang-up, sock dead
 *     LISTENING   | listener_start        | hang-up, RPC_SHUTDOWN
 *     QUEUED      | listener_on_accept    | handed to the program: OPEN
 *     DGRAM       | channel_open (UDP)    | hang-up
 *     DEAD        | channel_finish        | freed by channels_reap
 *
 * Only QUEUED may have fd -1, only DEAD has no sock. Nothing but the reaper, at
 * the end of a turn, frees a channel, so a pointer to one is good for a turn.
 *
 * Who asks for work puts a channel on a list; a step of the loop works the list
 * off:
 *
 *     hot     bytes may wait in the pair: read (program to stack). Stays here
 *             while bytes come, so that the next turn reads without epoll.
 *     touched the sock has news: bytes, FIN, connected, dead, a connection
 *     starved an allocation failed: both are tried again after a pause
 *
 * Where a program's requests must not be overtaken by the bytes that it wrote
 * after them (see shim/proto/rpc.h), the loop first notes how many bytes wait in
 * each hot pair, then takes requests, then reads what was noted: whatever was
 * written before those bytes was taken.
 *
 * Descriptors are watched edge-triggered, once for all: an edge makes a channel
 * hot. A full pair alone changes the watch, to see when it drains.
 */
#ifndef NETCOND_SERVICE_CHANNEL_H
#define NETCOND_SERVICE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "service/limits.h"
#include "service/poller.h"
#include "service/tombstone.h"
#include "shim/proto/rpc.h"
#include "stack/sock.h"

enum channel_phase {
	CHANNEL_INVALID = 0,
	CHANNEL_IDLE,
	CHANNEL_CONNECTING,
	CHANNEL_OPEN,
	CHANNEL_LISTENING,
	CHANNEL_QUEUED,
	CHANNEL_DGRAM,
	CHANNEL_DEAD,
	CHANNEL_PHASE_COUNT
};

/* Counters of past events and present counts, for netcon stat. */
#define CHANNEL_STATS(X)                                                      \
	X(chan_open, "data channels open now")                                \
	X(chan_opened, "data channels opened")                                \
	X(chan_refused, "sockets refused: no descriptor, memory or place")    \
	X(chan_bytes_in, "bytes from programs to the stack")                  \
	X(chan_bytes_out, "bytes from the stack to programs")                 \
	X(chan_bytes_discarded, "bytes that no program could read any more")  \
	X(chan_dgrams_in, "datagrams from programs to the stack")             \
	X(chan_dgrams_out, "datagrams from the stack to programs")            \
	X(chan_dgrams_refused, "datagrams from programs that were no good")   \
	X(chan_full, "times that a program's end was full")                   \
	X(chan_starved, "times that memory for a channel lacked")             \
	X(chan_accepts, "connections handed to programs")                     \
	X(chan_accepts_failed, "connections reset, they could not be handed") \
	X(chan_backlog_full, "SYNs refused, the program does not accept")     \
	X(chan_orphans_aborted, "closed by the program, given up on the peer")

struct channel_stats {
#define X(name, help) uint64_t name;
	CHANNEL_STATS(X)
#undef X
};

/* Which program a channel was made for, as the service sees it. */
struct channel_owner {
	int32_t pid;
	char comm[RPC_COMM_LEN];
};

struct channel;
TAILQ_HEAD(channel_list, channel);

/* Of a listener only. */
struct listener {
	struct channel_list queue; /* established, QUEUED, not yet handed over */
	unsigned queued;           /* their number */
	struct channel_list sent;  /* handed over, not known to be accepted */
	unsigned sent_count;       /* their number */
	unsigned backlog;          /* the program's, clamped */
	unsigned message_cost;     /* what SIOCOUTQ counts for one; 0: unknown */
};

struct channel {
	struct channels *set;
	struct sock *sock;       /* NULL: let go */
	uint64_t sock_id;        /* stays after sock is gone */
	uint64_t cookie;         /* SO_COOKIE of the program's end */
	int fd;                  /* the service's end; -1: none yet, or closed */
	int program_fd;          /* QUEUED: the other end, not yet sent; else -1 */
	uint32_t slot;           /* place in set->slots */
	enum channel_phase phase;

	struct channel_list *work_list;     /* hot, starved or NULL */
	TAILQ_ENTRY(channel) work_link;     /* of work_list */
	TAILQ_ENTRY(channel) touched_link;  /* while is_touched */
	TAILQ_ENTRY(channel) queue_link;    /* QUEUED, or while parent is set:
	                                       the listener's; DEAD: the
	                                       reaper's */
	TAILQ_ENTRY(channel) orphan_link;   /* while is_orphan */
	uint64_t orphan_since_us;           /* last progress of an orphan */
	uint64_t uncorked_us;      /* turn in which TCP_CORK was cleared last */

	struct listener *listener; /* LISTENING */
	struct channel *parent;    /* the listener, while on its list of sent */
	uint8_t *held;             /* bytes read that sock_tx did not take, or
	                              NULL */
	uint32_t held_len;
	uint32_t noted_len;        /* while is_noted: bytes to read, at most */
	uint32_t fill_len;         /* CONNECTING: bytes to drop when done */
	uint8_t empty_reads;       /* in a row, while hot */
	bool is_touched;
	bool is_noted;          /* hot when channels_note_waiting looked */
	bool is_orphan;         /* on set->orphans: hung up, bytes still to send */
	bool is_blocked;        /* the pair is full: wait for room */
	bool wants_write;       /* epoll reports EPOLLOUT */
	bool is_tx_blocked;     /* the stack is full: wait for on_writable */
	bool is_hup;            /* no copy of the program's end is left, or it
	                           was shut down both ways */
	bool is_tx_shut;        /* the program's end of file was passed on */
	bool is_rx_shut;        /* the peer's end of file was passed on */
	bool was_connected;     /* CONNECTING: the handshake was done */
	bool has_discarded;     /* bytes the program did not read were dropped */
	bool is_grown;          /* the program's end has its larger buffer */
	bool is_told;           /* the program knows that it is connected */
	bool is_incoming;       /* came by a listener */
	bool is_abandoned;       /* its listener ended before it was accepted */
	bool is_known;          /* bytes or a request show that a program has it */
	bool has_headers;       /* DGRAM: options ask for a header always */
	int32_t error;          /* DGRAM: positive errno to tell the program */
	int32_t program_rcvlowat; /* SO_RCVLOWAT as the program set it */
	struct channel_owner owner;
};

/* id: for a search without touching the channel. */
struct channel_slot {
	struct channel *channel; /* NULL: free */
	uint64_t sock_id;
	uint32_t generation;     /* 24 bits, as in the epoll word */
	uint32_t next_free;      /* slot; CHANNEL_MAX: the last */
};

struct channels {
	struct stack *stack;
	struct poller *poller;
	uint64_t instance;           /* random, in every name */
	uint64_t now_us;             /* of this turn */
	bool is_noting;              /* from channels_note_waiting until the hot
	                                ones were read */
	uint64_t retry_us;           /* when the starved are tried again */
	struct channel_list hot, touched, starved, orphans, dead;
	struct channel_slot *slots;  /* CHANNEL_MAX of them */
	uint32_t free_slot;          /* first of the free; CHANNEL_MAX: none */
	uint32_t used_slots;         /* slots[] beyond were never used */
	struct channel_stats stats;
	struct tombstones tombs;
	uint8_t scratch[sizeof(struct rpc_dgram) + 65536]; /* within one call */
};

/* channel.c: the set and the life of one. */
int channels_init(struct channels *set, struct stack *stack,
                  struct poller *poller, uint64_t instance);
void channels_fini(struct channels *set);
int channel_open(struct channels *set, int domain, int type, int protocol,
                 const struct channel_owner *owner, struct channel **out,
                 int *program_fd);
struct channel *channel_alloc(struct channels *set, struct sock *sock,
                              const struct channel_owner *owner);
int channel_pair(struct channel *ch, int *program_fd);
void channel_finish(struct channel *ch, int error, bool abort);
unsigned channels_reap(struct channels *set);
struct channel *channel_by_ref(const struct channels *set,
                               struct poller_ref ref);
struct channel *channel_by_sock_id(const struct channels *set,
                                   uint64_t sock_id);
unsigned channels_after(const struct channels *set, uint64_t after,
                        struct channel **out, unsigned max);
void channel_get_names(const struct channel *ch, struct rpc_addr *local,
                       struct rpc_addr *peer);

/* channel_work.c: the lists, the events, the steps of a turn. */
extern const struct sock_events channel_sock_events;
void channel_heat(struct channel *ch);
void channel_cool(struct channel *ch);
void channel_starve(struct channel *ch);
void channel_touch(struct channel *ch);
void channel_want_write(struct channel *ch, bool is_wanted);
void channel_block(struct channel *ch);
void channel_orphan(struct channel *ch);
void channel_on_event(struct channels *set, struct poller_ref ref,
                      uint32_t events);
void channels_look_at_port(struct channels *set, uint16_t port);
unsigned channels_poll_hot(struct channels *set);
unsigned channels_poll_touched(struct channels *set);
unsigned channels_poll_waiting(struct channels *set);
void channels_note_waiting(struct channels *set);
bool channels_are_hot(const struct channels *set);
bool channels_are_busy(const struct channels *set);
uint64_t channels_deadline_us(const struct channels *set);

/* channel_mark.c: what is set on a descriptor of the pair. */
int channel_cookie(int fd, uint64_t *cookie);
void channel_mark(int program_fd, int mark);
void channel_size(int fd, int bytes);
void channel_grow(struct channel *ch, int program_fd);
int channel_name_end(const struct channel *ch, int fd, enum rpc_end end);

/* stream_connect.c, stream_channel.c: TCP. */
int stream_connect(struct channel *ch, int program_fd,
                   const struct sockaddr *addr, socklen_t len);
bool stream_connect_ended(struct channel *ch);
unsigned stream_read(struct channel *ch);
void stream_drain(struct channel *ch);
unsigned stream_deliver(struct channel *ch);
void stream_on_hup(struct channel *ch);

/* dgram_channel.c: UDP. */
int dgram_connect(struct channel *ch, int program_fd,
                  const struct sockaddr *addr, socklen_t len);
void dgram_options_changed(struct channel *ch);
unsigned dgram_read(struct channel *ch);
unsigned dgram_deliver(struct channel *ch);
void dgram_on_hup(struct channel *ch);

/* listener_channel.c: accepted connections. */
int listener_start(struct channel *ch, int program_fd, int backlog);
int listener_on_accept(struct channel *ch, struct sock *conn);
bool listener_can_accept(struct channel *ch, unsigned pending);
unsigned listener_deliver(struct channel *ch);
void listener_on_room(struct channel *ch);
void listener_on_hup(struct channel *ch);
void listener_forget(struct channel *conn);
void listener_free(struct channel *ch);

#endif
