/* SPDX-License-Identifier: MIT */
/* The memory that an AF_XDP socket shares with the kernel, and who has what.
 *
 * Theory of operation
 *
 * The area is cut into chunks of one size (Linux
 * Documentation/networking/af_xdp.rst). Chunks to receive into and chunks to
 * send from are never mixed, so that neither side can starve the other.
 *
 * A chunk to receive into is in one of three places:
 *
 *     free list --umem_fill--> kernel: fill ring, card, rx ring
 *         ^                        |
 *         |                    umem_lend
 *     umem_release                 v
 *         +------------------- holder
 *
 * (umem_take skips the kernel, for a frame that came another way.)
 *
 * Its struct frame stands in an array at the chunk's number, so no lookup and
 * no header in the chunk is needed. A chunk that is not lent will be received
 * into, so rx_total - lent_count is the room that there is.
 *
 * A chunk to send from is on the stack of free ones, or the kernel's until it
 * comes back by the completion ring.
 *
 * What the kernel hands back is believed only within the area: a broken driver
 * must not make us write elsewhere.
 */
#include "fastpath/umem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_LEN (2u << 20)

static size_t huge_align(size_t len)
{
	return (len + HUGE_PAGE_LEN - 1) & ~(size_t)(HUGE_PAGE_LEN - 1);
}

/* Huge pages where the administrator reserved some: one TLB entry for 512
 * pages. The rest gets what the kernel can merge by itself.
 */
static int area_map(struct umem *umem, size_t len)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	umem->area_len = huge_align(len);
	umem->area = mmap(NULL, umem->area_len, PROT_READ | PROT_WRITE,
	                  flags | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	umem->is_huge = umem->area != MAP_FAILED;
	if (umem->is_huge)
		return 0;
	umem->area_len = len;
	umem->area = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (umem->area == MAP_FAILED) {
		umem->area = NULL;
		return -ENOMEM;
	}
	madvise(umem->area, len, MADV_HUGEPAGE);
	return 0;
}

/* Take memory. Every chunk is free afterwards.
 * dev: the frames' netdev, where they are given back.
 * rx_count, tx_count: chunks of either kind.
 * chunk_len: bytes of a chunk: 2048 or 4096, as the kernel takes them.
 * Return: 0 or -ENOMEM; then there is nothing to undo.
 */
int umem_init(struct umem *umem, struct netdev *dev, unsigned rx_count,
              unsigned tx_count, uint32_t chunk_len)
{
	memset(umem, 0, sizeof(*umem));
	if (area_map(umem, (size_t)(rx_count + tx_count) * chunk_len))
		return -ENOMEM;
	umem->frames = calloc(rx_count, sizeof(*umem->frames));
	umem->owners = calloc(rx_count, sizeof(*umem->owners));
	umem->tx_free = calloc(tx_count, sizeof(*umem->tx_free));
	if (!umem->frames || !umem->owners || !umem->tx_free) {
		umem_fini(umem);
		return -ENOMEM;
	}
	umem->chunk_len = chunk_len;
	umem->rx_total = rx_count;
	umem->tx_total = tx_count;
	for (unsigned i = rx_count; i-- > 0;) {
		struct frame *frame = &umem->frames[i];

		frame->dev = dev;
		frame->buf = umem_at(umem, (uint64_t)i * chunk_len);
		frame->room = chunk_len;
		frame->next = umem->free;
		umem->free = frame;
	}
	for (unsigned i = 0; i < tx_count; i++)
		umem->tx_free[umem->tx_free_count++] =
			(uint64_t)(rx_count + i) * chunk_len;
	return 0;
}

/* Give the memory back: after the socket is closed. */
void umem_fini(struct umem *umem)
{
	if (umem->area)
		munmap(umem->area, umem->area_len);
	free(umem->tx_free);
	free(umem->owners);
	free(umem->frames);
	memset(umem, 0, sizeof(*umem));
}

/* Hand free chunks to the kernel, as many as the fill ring takes. */
void umem_fill(struct umem *umem, struct xsk_ring_prod *fill)
{
	uint32_t idx, count = 0;

	while (umem->free && xsk_ring_prod__reserve(fill, 1, &idx)) {
		struct frame *frame = umem->free;

		umem->free = frame->next;
		umem->owners[frame - umem->frames] = UMEM_OWNER_KERNEL;
		*xsk_ring_prod__fill_addr(fill, idx) =
			(uint64_t)(frame->buf - umem->area);
		count++;
	}
	if (count)
		xsk_ring_prod__submit(fill, count);
}

static struct frame *lend(struct umem *umem, uint64_t addr, uint32_t len)
{
	uint64_t idx = addr / umem->chunk_len;
	struct frame *frame = &umem->frames[idx];

	umem->owners[idx] = UMEM_OWNER_HOLDER;
	umem->lent_count++;
	frame->data = umem_at(umem, addr);
	frame->len = len;
	frame->gso_size = 0;
	frame->csum = FRAME_CSUM_INVALID;
	frame->next = NULL;
	return frame;
}

/* A frame that the kernel received, for its holder.
 * addr, len: as in the rx ring's descriptor.
 * Return: the frame, to be given to umem_release(); NULL when the descriptor
 * lies.
 */
struct frame *umem_lend(struct umem *umem, uint64_t addr, uint32_t len)
{
	uint64_t idx = addr / umem->chunk_len;

	if (idx >= umem->rx_total || umem->owners[idx] != UMEM_OWNER_KERNEL ||
	    len > umem->chunk_len - addr % umem->chunk_len)
		return NULL;
	return lend(umem, addr, len);
}

/* A whole free chunk, lent for a frame that did not come by the rings.
 * Return: the frame, with the chunk's room; NULL when none is free.
 */
struct frame *umem_take(struct umem *umem)
{
	struct frame *frame = umem->free;

	if (!frame)
		return NULL;
	umem->free = frame->next;
	return lend(umem, (uint64_t)(frame->buf - umem->area),
	            umem->chunk_len);
}

/* Take a frame back from its holder; a second time is ignored. */
void umem_release(struct umem *umem, struct frame *frame)
{
	size_t idx = frame - umem->frames;

	if (idx >= umem->rx_total || umem->owners[idx] != UMEM_OWNER_HOLDER)
		return;
	umem->owners[idx] = UMEM_OWNER_NONE;
	umem->lent_count--;
	frame->next = umem->free;
	umem->free = frame;
}

/* A chunk to send from. addr: where a frame may start, the metadata standing
 * before it. Return: false when all are the kernel's.
 */
bool umem_tx_alloc(struct umem *umem, uint64_t *addr)
{
	if (!umem->tx_free_count)
		return false;
	*addr = umem->tx_free[--umem->tx_free_count] + UMEM_TX_META_LEN;
	return true;
}

/* Take back the chunks that the kernel has sent. */
void umem_tx_reap(struct umem *umem, struct xsk_ring_cons *completion)
{
	uint32_t idx, count;

	count = xsk_ring_cons__peek(completion, umem->tx_total, &idx);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(completion, idx + i);

		addr -= addr % umem->chunk_len;
		if (addr / umem->chunk_len - umem->rx_total < umem->tx_total &&
		    umem->tx_free_count < umem->tx_total)
			umem->tx_free[umem->tx_free_count++] = addr;
	}
	if (count)
		xsk_ring_cons__release(completion, count);
}
