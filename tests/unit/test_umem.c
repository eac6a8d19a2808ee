/* SPDX-License-Identifier: MIT */
/* Who has which chunk of a umem: over rings in plain memory, the test being the
 * kernel.
 */
#include <errno.h>
#include <string.h>

#include "fastpath/umem.h"
#include "tests/unit/unit.h"

#define RX_COUNT 64
#define TX_COUNT 16
#define CHUNK 2048
#define RING_LEN 32 /* entries; fewer than chunks to receive into */
#define HEADROOM 256

static struct umem umem;
static uint32_t fill_prod, fill_cons, comp_prod, comp_cons;
static uint64_t fill_entries[RING_LEN], comp_entries[RING_LEN];
static struct xsk_ring_prod fill;
static struct xsk_ring_cons comp;

static void rings_setup(void)
{
	fill_prod = fill_cons = comp_prod = comp_cons = 0;
	fill = (struct xsk_ring_prod){
		.cached_cons = RING_LEN, .mask = RING_LEN - 1,
		.size = RING_LEN, .producer = &fill_prod,
		.consumer = &fill_cons, .ring = fill_entries,
	};
	comp = (struct xsk_ring_cons){
		.mask = RING_LEN - 1, .size = RING_LEN,
		.producer = &comp_prod, .consumer = &comp_cons,
		.ring = comp_entries,
	};
	CU_ASSERT_EQUAL_FATAL(umem_init(&umem, NULL, RX_COUNT, TX_COUNT, CHUNK),
	                      0);
}

static void rings_teardown(void)
{
	CU_ASSERT_EQUAL(umem.lent_count, 0);
	umem_fini(&umem);
}

/* As the kernel: take a chunk to receive into. */
static uint64_t fill_pop(void)
{
	CU_ASSERT_NOT_EQUAL_FATAL(fill_prod, fill_cons);
	return fill_entries[fill_cons++ % RING_LEN];
}

static void comp_push(uint64_t addr)
{
	comp_entries[comp_prod++ % RING_LEN] = addr;
}

static void test_every_chunk_once(void)
{
	bool is_seen[RX_COUNT] = { false };
	struct frame *frames[RX_COUNT];

	for (unsigned i = 0; i < RX_COUNT; i++) {
		uint64_t addr;

		umem_fill(&umem, &fill);
		addr = fill_pop();
		CU_ASSERT_FATAL(addr % CHUNK == 0 && addr / CHUNK < RX_COUNT);
		CU_ASSERT_FALSE(is_seen[addr / CHUNK]);
		is_seen[addr / CHUNK] = true;
		frames[i] = umem_lend(&umem, addr + HEADROOM, 100);
		CU_ASSERT_PTR_NOT_NULL_FATAL(frames[i]);
		CU_ASSERT_PTR_EQUAL(frames[i]->data, umem.area + addr + HEADROOM);
		CU_ASSERT_EQUAL(frames[i]->len, 100);
		CU_ASSERT_EQUAL(umem.lent_count, i + 1);
	}
	umem_fill(&umem, &fill);
	CU_ASSERT_EQUAL(fill_prod, fill_cons);
	for (unsigned i = 0; i < RX_COUNT; i++)
		umem_release(&umem, frames[i]);
	umem_fill(&umem, &fill);
	CU_ASSERT_EQUAL(fill_prod - fill_cons, RING_LEN);
}

static void test_second_release_is_ignored(void)
{
	struct frame *frame;

	umem_fill(&umem, &fill);
	frame = umem_lend(&umem, fill_pop() + HEADROOM, 60);
	umem_release(&umem, frame);
	umem_release(&umem, frame);
	CU_ASSERT_EQUAL(umem.lent_count, 0);
	CU_ASSERT_PTR_NOT_EQUAL(umem_take(&umem), umem_take(&umem));
	for (unsigned i = 0; i < RX_COUNT; i++)
		umem_release(&umem, &umem.frames[i]);
}

static void test_lies_are_refused(void)
{
	uint64_t addr;
	struct frame *frame;

	umem_fill(&umem, &fill);
	addr = fill_pop();
	CU_ASSERT_PTR_NULL(umem_lend(&umem, addr + HEADROOM,
	                             CHUNK - HEADROOM + 1));
	CU_ASSERT_PTR_NULL(umem_lend(&umem, addr, UINT32_MAX));
	CU_ASSERT_PTR_NULL(umem_lend(&umem, (uint64_t)RX_COUNT * CHUNK, 60));
	CU_ASSERT_PTR_NULL(umem_lend(&umem, UINT64_MAX, 60));
	/* The last chunks are on the free list, not the kernel's. */
	CU_ASSERT_PTR_NULL(umem_lend(&umem, (RX_COUNT - 1) * CHUNK, 60));
	frame = umem_lend(&umem, addr + HEADROOM, CHUNK - HEADROOM);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	CU_ASSERT_PTR_NULL(umem_lend(&umem, addr + HEADROOM, 60));
	umem_release(&umem, frame);
}

static void test_taken_is_lent(void)
{
	struct frame *frames[RX_COUNT];

	for (unsigned i = 0; i < RX_COUNT; i++) {
		frames[i] = umem_take(&umem);
		CU_ASSERT_PTR_NOT_NULL_FATAL(frames[i]);
		CU_ASSERT_EQUAL(frames[i]->len, CHUNK);
		memset(frames[i]->data, (int)i, frames[i]->len);
	}
	CU_ASSERT_EQUAL(umem.lent_count, RX_COUNT);
	CU_ASSERT_PTR_NULL(umem_take(&umem));
	umem_fill(&umem, &fill);
	CU_ASSERT_EQUAL(fill_prod, 0);
	for (unsigned i = 0; i < RX_COUNT; i++) {
		CU_ASSERT_EQUAL(frames[i]->data[0], i);
		CU_ASSERT_EQUAL(frames[i]->data[CHUNK - 1], i);
		umem_release(&umem, frames[i]);
	}
}

static void test_tx_goes_round(void)
{
	uint64_t addrs[TX_COUNT], addr;

	for (unsigned i = 0; i < TX_COUNT; i++) {
		CU_ASSERT_TRUE_FATAL(umem_tx_alloc(&umem, &addrs[i]));
		CU_ASSERT_EQUAL(addrs[i] % CHUNK, UMEM_TX_META_LEN);
		CU_ASSERT(addrs[i] / CHUNK >= RX_COUNT &&
		          addrs[i] / CHUNK < RX_COUNT + TX_COUNT);
	}
	CU_ASSERT_FALSE(umem_tx_alloc(&umem, &addr));
	umem_tx_reap(&umem, &comp);
	CU_ASSERT_FALSE(umem_tx_alloc(&umem, &addr));
	comp_push(addrs[3]);
	umem_tx_reap(&umem, &comp);
	CU_ASSERT_EQUAL(comp_cons, comp_prod);
	CU_ASSERT_TRUE(umem_tx_alloc(&umem, &addr));
	CU_ASSERT_EQUAL(addr, addrs[3]);
	for (unsigned i = 0; i < TX_COUNT; i++)
		comp_push(addrs[i]);
	umem_tx_reap(&umem, &comp);
	CU_ASSERT_EQUAL(umem.tx_free_count, TX_COUNT);
}

static void test_tx_lies_are_ignored(void)
{
	uint64_t addr;

	CU_ASSERT_TRUE(umem_tx_alloc(&umem, &addr));
	comp_push(0);                                         /* for receiving */
	comp_push((uint64_t)(RX_COUNT + TX_COUNT) * CHUNK);   /* outside */
	comp_push(UINT64_MAX);
	umem_tx_reap(&umem, &comp);
	CU_ASSERT_EQUAL(umem.tx_free_count, TX_COUNT - 1);
	comp_push(addr);
	comp_push(addr);
	umem_tx_reap(&umem, &comp);
	CU_ASSERT_EQUAL(umem.tx_free_count, TX_COUNT);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_every_chunk_once),
		UNIT_TEST(test_second_release_is_ignored),
		UNIT_TEST(test_lies_are_refused),
		UNIT_TEST(test_taken_is_lent),
		UNIT_TEST(test_tx_goes_round),
		UNIT_TEST(test_tx_lies_are_ignored),
		{ NULL, NULL },
	};

	return unit_run("umem", rings_setup, rings_teardown, tests);
}
