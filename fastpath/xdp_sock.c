/* SPDX-License-Identifier: MIT */
/* An AF_XDP socket with its four rings.
 *
 * Theory of operation
 *
 * Four rings lie in memory that the kernel shares (Linux
 * Documentation/networking/af_xdp.rst): fill and tx are written by us,
 * completion and rx are read. They are worked with by the inline functions of
 * <xdp/xsk.h>. Setting them up is done here: libxdp up to 1.4 registers the
 * area by a struct without tx_metadata_len, and without that the kernel leaves
 * every checksum to us.
 *
 * What a socket can do depends on the card, its driver and the kernel, so the
 * best is asked for first: zero-copy before copy, with wake-ups on demand.
 */
#include "fastpath/xdp_sock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fastpath/why.h"

#define BUSY_TRIES 100         /* of binding, while the queue is taken */
#define BUSY_WAIT_NS 10000000  /* between them: 10 ms */
#define BUSY_POLL_US 20        /* that a system call may poll the card */
#define BUSY_POLL_BUDGET 64    /* frames at a time; the kernel's own default */

/* What Linux has gained since Debian 12's headers. */
#define UMEM_REG_TX_METADATA_LEN (1u << 2) /* Linux 6.8 */
#define SOCKOPT_MAX_TX_BUDGET 9            /* Linux 6.17 */
#define TX_BUDGET 256  /* frames a wake-up may send; 32 where not to be set */

/* struct xdp_umem_reg of Linux 6.8; an older one reads its first fields. */
struct umem_reg {
	uint64_t addr;
	uint64_t len;
	uint32_t chunk_size;
	uint32_t headroom;
	uint32_t flags;
	uint32_t tx_metadata_len;
};
_Static_assert(sizeof(struct umem_reg) == 32, "as in the kernel");

/* The rings, in the order of enum xdp_sock_ring. */
static const struct ring_kind {
	int sockopt;            /* sets its size */
	uint64_t page_offset;   /* to map it */
	size_t offsets_at;      /* of its struct xdp_ring_offset */
	size_t entry_len;       /* bytes */
} ring_kinds[XDP_SOCK_RING_KINDS] = {
	{ XDP_UMEM_FILL_RING, XDP_UMEM_PGOFF_FILL_RING,
	  offsetof(struct xdp_mmap_offsets, fr), sizeof(uint64_t) },
	{ XDP_UMEM_COMPLETION_RING, XDP_UMEM_PGOFF_COMPLETION_RING,
	  offsetof(struct xdp_mmap_offsets, cr), sizeof(uint64_t) },
	{ XDP_RX_RING, XDP_PGOFF_RX_RING,
	  offsetof(struct xdp_mmap_offsets, rx), sizeof(struct xdp_desc) },
	{ XDP_TX_RING, XDP_PGOFF_TX_RING,
	  offsetof(struct xdp_mmap_offsets, tx), sizeof(struct xdp_desc) },
};

/* Make it safe to give to xdp_sock_fini(). */
void xdp_sock_init(struct xdp_sock *sock)
{
	memset(sock, 0, sizeof(*sock));
	sock->fd = -1;
}

static int option_set(int fd, int option, int value)
{
	return setsockopt(fd, SOL_XDP, option, &value, sizeof(value)) ?
	               -errno : 0;
}

/* Register the area, with metadata before the frames to send where the kernel
 * knows of it.
 */
static int umem_register(struct xdp_sock *sock, const struct umem *umem)
{
	struct umem_reg reg = {
		.addr = (uintptr_t)umem->area,
		.len = (uint64_t)(umem->rx_total + umem->tx_total) *
		       umem->chunk_len,
		.chunk_size = umem->chunk_len,
		.flags = UMEM_REG_TX_METADATA_LEN,
		.tx_metadata_len = UMEM_TX_META_LEN,
	};

	sock->has_tx_meta = !setsockopt(sock->fd, SOL_XDP, XDP_UMEM_REG, &reg,
	                                sizeof(reg));
	if (sock->has_tx_meta)
		return 0;
	reg.flags = 0;
	reg.tx_metadata_len = 0;
	if (setsockopt(sock->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		return -errno;
	return 0;
}

static int ring_map(struct xdp_sock *sock, enum xdp_sock_ring which,
                    const struct xdp_mmap_offsets *all,
                    struct xdp_ring_offset *at)
{
	const struct ring_kind *kind = &ring_kinds[which];
	size_t len;
	void *map;

	memcpy(at, (const char *)all + kind->offsets_at, sizeof(*at));
	len = at->desc + XDP_SOCK_RING_COUNT * kind->entry_len;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
	           sock->fd, (off_t)kind->page_offset);
	if (map == MAP_FAILED)
		return -errno;
	sock->maps[which].at = map;
	sock->maps[which].len = len;
	return 0;
}

static int prod_map(struct xdp_sock *sock, enum xdp_sock_ring which,
                    const struct xdp_mmap_offsets *all,
                    struct xsk_ring_prod *ring)
{
	struct xdp_ring_offset at;
	int err = ring_map(sock, which, all, &at);
	char *map = sock->maps[which].at;

	if (err)
		return err;
	ring->mask = XDP_SOCK_RING_COUNT - 1;
	ring->size = XDP_SOCK_RING_COUNT;
	ring->producer = (void *)(map + at.producer);
	ring->consumer = (void *)(map + at.consumer);
	ring->flags = (void *)(map + at.flags);
	ring->ring = map + at.desc;
	ring->cached_cons = ring->size; /* see xsk_prod_nb_free() */
	return 0;
}

static int cons_map(struct xdp_sock *sock, enum xdp_sock_ring which,
                    const struct xdp_mmap_offsets *all,
                    struct xsk_ring_cons *ring)
{
	struct xdp_ring_offset at;
	int err = ring_map(sock, which, all, &at);
	char *map = sock->maps[which].at;

	if (err)
		return err;
	ring->mask = XDP_SOCK_RING_COUNT - 1;
	ring->size = XDP_SOCK_RING_COUNT;
	ring->producer = (void *)(map + at.producer);
	ring->consumer = (void *)(map + at.consumer);
	ring->flags = (void *)(map + at.flags);
	ring->ring = map + at.desc;
	return 0;
}

static int rings_map(struct xdp_sock *sock)
{
	struct xdp_mmap_offsets all;
	socklen_t len = sizeof(all);
	int err = 0;

	for (int i = 0; i < XDP_SOCK_RING_KINDS && !err; i++)
		err = option_set(sock->fd, ring_kinds[i].sockopt,
		                 XDP_SOCK_RING_COUNT);
	if (err)
		return err;
	if (getsockopt(sock->fd, SOL_XDP, XDP_MMAP_OFFSETS, &all, &len))
		return -errno;
	if (len != sizeof(all)) /* a kernel before 5.4: no wake-up flags */
		return -EOPNOTSUPP;
	err = prod_map(sock, XDP_SOCK_FILL, &all, &sock->fill);
	if (!err)
		err = cons_map(sock, XDP_SOCK_COMPLETION, &all,
		               &sock->completion);
	if (!err)
		err = cons_map(sock, XDP_SOCK_RX, &all, &sock->rx);
	if (!err)
		err = prod_map(sock, XDP_SOCK_TX, &all, &sock->tx);
	return err;
}

/* Make a socket over an area, not yet bound to a card.
 * sock: after xdp_sock_init(); to be given to xdp_sock_fini() in any case.
 * umem: stays the caller's, and must outlive the socket.
 * Return: 0, or -errno and a sentence in why.
 */
int xdp_sock_open(struct xdp_sock *sock, const struct umem *umem, char *why)
{
	int err;

	sock->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock->fd < 0) {
		err = errno;
		if (err == EPERM)
			return why_fail(why, err, "an AF_XDP socket may be made "
			                "by root only (or with CAP_NET_RAW)");
		return why_fail(why, err, "the kernel makes no AF_XDP socket: "
		                "%s", strerror(err));
	}
	err = umem_register(sock, umem);
	if (!err)
		err = rings_map(sock);
	if (err)
		return why_fail(why, -err, "cannot set up %zu MB and rings of an"
		                " AF_XDP socket: %s", umem->area_len >> 20,
		                strerror(-err));
	/* Fewer system calls for the same frames, where it can be had. */
	option_set(sock->fd, SOCKOPT_MAX_TX_BUDGET, TX_BUDGET);
	return 0;
}

static int bind_once(const struct xdp_sock *sock, unsigned ifindex,
                     uint32_t queue, uint16_t flags)
{
	const struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = flags | XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
	};

	if (bind(sock->fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return 0;
}

/* The socket of a process that has just died may hold the queue for a moment. */
static int bind_patiently(const struct xdp_sock *sock, unsigned ifindex,
                          uint32_t queue, uint16_t flags)
{
	const struct timespec wait = { .tv_nsec = BUSY_WAIT_NS };
	int err = bind_once(sock, ifindex, queue, flags);

	for (int i = 0; i < BUSY_TRIES && err == -EBUSY; i++) {
		nanosleep(&wait, NULL);
		err = bind_once(sock, ifindex, queue, flags);
	}
	return err;
}

/* Let our own system calls poll the card, instead of an interrupt waking the
 * kernel for it. Brings nothing where there is no interrupt, as on a veth.
 */
static void busy_poll_set(struct xdp_sock *sock)
{
	const int prefer = 1, time_us = BUSY_POLL_US, budget = BUSY_POLL_BUDGET;

	sock->has_busy_poll =
		!setsockopt(sock->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &prefer,
		            sizeof(prefer)) &&
		!setsockopt(sock->fd, SOL_SOCKET, SO_BUSY_POLL, &time_us,
		            sizeof(time_us)) &&
		!setsockopt(sock->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget,
		            sizeof(budget));
}

/* Bind to a queue of a card.
 * is_native: a program in the driver feeds it: zero-copy is tried first.
 * Return: 0, or -errno and a sentence in why.
 */
int xdp_sock_bind(struct xdp_sock *sock, const char *ifname, unsigned ifindex,
                  uint32_t queue, bool is_native, char *why)
{
	int err = -EOPNOTSUPP;

	if (is_native)
		err = bind_patiently(sock, ifindex, queue, XDP_ZEROCOPY);
	sock->is_zero_copy = !err;
	if (err && err != -EBUSY && err != -ENODEV && err != -ENETDOWN)
		err = bind_patiently(sock, ifindex, queue, XDP_COPY);
	switch (-err) {
	case 0:
		break;
	case EBUSY:
		return why_fail(why, EBUSY, "queue %u of %s is in use by "
		                "another AF_XDP socket: end its owner, or "
		                "choose another one with --queue", queue,
		                ifname);
	case EINVAL:
		return why_fail(why, EINVAL, "%s has no queue %u to receive "
		                "and send by", ifname, queue);
	default:
		return why_fail(why, -err, "cannot bind to queue %u of %s: %s",
		                queue, ifname, strerror(-err));
	}
	if (sock->is_zero_copy) {
		/* Which drivers heed it then is not told to a socket. */
		sock->has_tx_meta = false;
		busy_poll_set(sock);
	}
	return 0;
}

/* What the kernel dropped so far. Return: 0 or -errno. */
int xdp_sock_get_drops(const struct xdp_sock *sock,
                       struct xdp_statistics *stats)
{
	socklen_t len = sizeof(*stats);

	memset(stats, 0, sizeof(*stats));
	if (getsockopt(sock->fd, SOL_XDP, XDP_STATISTICS, stats, &len))
		return -errno;
	return 0;
}

/* Close it; whatever of it there is. */
void xdp_sock_fini(struct xdp_sock *sock)
{
	for (int i = 0; i < XDP_SOCK_RING_KINDS; i++)
		if (sock->maps[i].at)
			munmap(sock->maps[i].at, sock->maps[i].len);
	if (sock->fd >= 0)
		close(sock->fd);
	xdp_sock_init(sock);
}
