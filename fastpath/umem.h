/* SPDX-License-Identifier: MIT */
/* The memory that an AF_XDP socket shares with the kernel, and who has what. */
#ifndef NETCOND_FASTPATH_UMEM_H
#define NETCOND_FASTPATH_UMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xdp/xsk.h>

#include "fastpath/frame.h"

/* struct xsk_tx_metadata of Linux 6.8 stands right before a frame to send. */
#define UMEM_TX_META_LEN 16

/* Who has a chunk to receive into. */
enum umem_owner {
	UMEM_OWNER_NONE = 0, /* on the free list */
	UMEM_OWNER_KERNEL,
	UMEM_OWNER_HOLDER,   /* lent, until umem_release() */
};

struct umem {
	uint8_t *area;         /* all chunks, one mapping: rx first, then tx */
	size_t area_len;       /* bytes */
	bool is_huge;          /* the mapping is of huge pages */
	uint32_t chunk_len;    /* bytes of a chunk: 2048 or 4096 */
	struct frame *frames;  /* rx_total of them, one a chunk */
	uint8_t *owners;       /* enum umem_owner of each of them */
	struct frame *free;    /* chunks that nobody has, last freed first */
	unsigned rx_total;     /* chunks to receive into */
	unsigned lent_count;   /* of them, with a holder */
	uint64_t *tx_free;     /* stack of tx chunks' addresses */
	unsigned tx_total;
	unsigned tx_free_count;
};

int umem_init(struct umem *umem, struct netdev *dev, unsigned rx_count,
              unsigned tx_count, uint32_t chunk_len);
void umem_fini(struct umem *umem);
void umem_fill(struct umem *umem, struct xsk_ring_prod *fill);
struct frame *umem_lend(struct umem *umem, uint64_t addr, uint32_t len);
struct frame *umem_take(struct umem *umem);
void umem_release(struct umem *umem, struct frame *frame);
bool umem_tx_alloc(struct umem *umem, uint64_t *addr);
void umem_tx_reap(struct umem *umem, struct xsk_ring_cons *completion);

static inline uint8_t *umem_at(const struct umem *umem, uint64_t addr)
{
	return umem->area + addr;
}

/* Bytes that fit into a tx chunk behind the metadata. */
static inline uint32_t umem_tx_room(const struct umem *umem)
{
	return umem->chunk_len - UMEM_TX_META_LEN;
}

#endif
