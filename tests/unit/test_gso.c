/* SPDX-License-Identifier: MIT */
/* Super-frames cut into the frames of the wire: lengths, numbers, flags and
 * checksums of each, and what cannot be cut.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "fastpath/frame_pool.h"
#include "fastpath/gso.h"
#include "tests/unit/unit.h"

#define MSS 100
#define ETH_LEN 14
#define IP4_AT ETH_LEN

static struct frame_pool pool;
static struct frame *super;

static void gso_setup(void)
{
	CU_ASSERT_EQUAL_FATAL(frame_pool_init(&pool, NULL, 8, 4096), 0);
	super = frame_pool_alloc(&pool);
}

static void gso_teardown(void)
{
	frame_pool_free(&pool, super);
	CU_ASSERT_EQUAL(pool.free_count, pool.total);
	frame_pool_fini(&pool);
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* RFC 1071, byte by byte: 0xffff over what has a right checksum in it. */
static unsigned sum16(const uint8_t *data, size_t len, unsigned sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? data[i] : (unsigned)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool has_right_l4_sum(const struct frame *frame, bool is_v6, size_t l4_at)
{
	const uint8_t *ip = frame->data + ETH_LEN;
	const size_t len = frame->len - l4_at;
	unsigned sum = (unsigned)len + (is_v6 ? ip[6] : ip[9]);

	sum = is_v6 ? sum16(ip + 8, 32, sum) : sum16(ip + 12, 8, sum);
	return sum16(frame->data + l4_at, len, sum) == 0xffff;
}

/* A super-frame with payload bytes that count up. Return: where TCP or UDP
 * begins.
 */
static size_t make(bool is_v6, uint8_t protocol, unsigned payload)
{
	const unsigned l4_hdr = protocol == IPPROTO_TCP ? 32 : 8;
	const size_t l4_at = ETH_LEN + (is_v6 ? 40u : 24u); /* with an option */
	uint8_t *ip = super->data + ETH_LEN, *l4 = super->data + l4_at;

	memset(super->data, 0, l4_at + l4_hdr);
	put16(super->data + 12, is_v6 ? 0x86dd : 0x0800);
	if (is_v6) {
		ip[0] = 0x60;
		put16(ip + 4, l4_hdr + payload);
		ip[6] = protocol;
		memset(ip + 8, 0xab, 32);
	} else {
		ip[0] = 0x46;
		put16(ip + 2, 24 + l4_hdr + payload);
		put16(ip + 4, 0xffff); /* the next one is 0 */
		ip[9] = protocol;
		memset(ip + 12, 0xcd, 8);
		memset(ip + 20, 1, 4);
	}
	if (protocol == IPPROTO_TCP) {
		memset(l4 + 4, 0xff, 3); /* the number goes over 32 bits */
		l4[7] = 0xf0;
		l4[12] = 8 << 4;
		l4[13] = 0x80 | 0x10 | 0x08 | 0x01; /* CWR ACK PSH FIN */
	} else {
		put16(l4 + 4, 8 + payload);
	}
	for (unsigned i = 0; i < payload; i++)
		l4[l4_hdr + i] = (uint8_t)i;
	super->len = (uint32_t)(l4_at + l4_hdr + payload);
	super->gso_size = MSS;
	super->csum = FRAME_CSUM_VALID;
	return l4_at;
}

static void check_tcp(const uint8_t *l4, unsigned idx, bool is_last)
{
	const uint32_t seq = (uint32_t)get16(l4 + 4) << 16 | get16(l4 + 6);

	CU_ASSERT_EQUAL(seq, 0xfffffff0u + idx * MSS);
	CU_ASSERT_EQUAL(l4[13], 0x10 | (idx ? 0 : 0x80) | (is_last ? 9 : 0));
}

static void check_frame(const struct frame *frame, bool is_v6, size_t l4_at,
                        unsigned idx, unsigned len)
{
	const uint8_t *ip = frame->data + ETH_LEN;
	const uint8_t *l4 = frame->data + l4_at;
	const bool is_tcp = (is_v6 ? ip[6] : ip[9]) == IPPROTO_TCP;
	const unsigned l4_hdr = is_tcp ? 32 : 8;

	CU_ASSERT_EQUAL(frame->len, l4_at + l4_hdr + len);
	CU_ASSERT_EQUAL(frame->gso_size, 0);
	CU_ASSERT_EQUAL(frame->csum, FRAME_CSUM_VALID);
	CU_ASSERT_TRUE(has_right_l4_sum(frame, is_v6, l4_at));
	if (is_v6) {
		CU_ASSERT_EQUAL(get16(ip + 4), l4_hdr + len);
	} else {
		CU_ASSERT_EQUAL(get16(ip + 2), 24 + l4_hdr + len);
		CU_ASSERT_EQUAL(get16(ip + 4), (0xffff + idx) & 0xffff);
		CU_ASSERT_EQUAL(sum16(ip, 24, 0), 0xffff);
	}
	if (is_tcp)
		check_tcp(l4, idx, len < MSS);
	else
		CU_ASSERT_EQUAL(get16(l4 + 4), 8 + len);
	for (unsigned i = 0; i < len; i++)
		CU_ASSERT_EQUAL(l4[l4_hdr + i], (uint8_t)(idx * MSS + i));
}

static void cut_all(bool is_v6, uint8_t protocol)
{
	const unsigned lens[] = { MSS, MSS, 50 };
	const size_t l4_at = make(is_v6, protocol, 250);
	struct frame *frame = frame_pool_alloc(&pool);
	struct gso_cut cut;

	super->len += 4; /* padding behind the packet is nobody's payload */
	CU_ASSERT_EQUAL_FATAL(gso_cut_start(&cut, super), 0);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(gso_cut_is_done(&cut));
		CU_ASSERT_TRUE(gso_cut_next(&cut, frame));
		check_frame(frame, is_v6, l4_at, i, lens[i]);
	}
	CU_ASSERT_TRUE(gso_cut_is_done(&cut));
	CU_ASSERT_FALSE(gso_cut_next(&cut, frame));
	frame_pool_free(&pool, frame);
}

static void test_cut(void)
{
	cut_all(false, IPPROTO_TCP);
	cut_all(true, IPPROTO_TCP);
	cut_all(false, IPPROTO_UDP);
	cut_all(true, IPPROTO_UDP);
}

/* A whole number of segments: the last one is full, and it is the last. */
static void test_full_last_segment(void)
{
	const size_t l4_at = make(false, IPPROTO_TCP, 2 * MSS);
	struct frame *frame = frame_pool_alloc(&pool);
	struct gso_cut cut;

	CU_ASSERT_EQUAL_FATAL(gso_cut_start(&cut, super), 0);
	CU_ASSERT_TRUE(gso_cut_next(&cut, frame));
	CU_ASSERT_EQUAL(frame->data[l4_at + 13], 0x90);
	CU_ASSERT_TRUE(gso_cut_next(&cut, frame));
	CU_ASSERT_EQUAL(frame->data[l4_at + 13], 0x19);
	CU_ASSERT_FALSE(gso_cut_next(&cut, frame));
	frame_pool_free(&pool, frame);
}

static void refuses(size_t at, uint8_t value)
{
	struct gso_cut cut;

	super->data[at] = value;
	CU_ASSERT_EQUAL(gso_cut_start(&cut, super), -EINVAL);
}

static void test_refused(void)
{
	struct gso_headers headers;
	struct gso_cut cut;
	const size_t l4_at = make(false, IPPROTO_TCP, 250);

	refuses(12, 0x81);                   /* a VLAN */
	make(false, IPPROTO_TCP, 250);
	refuses(IP4_AT + 6, 0x20);           /* a fragment */
	make(false, IPPROTO_TCP, 250);
	refuses(IP4_AT, 0x44);               /* a header of 16 bytes */
	make(false, IPPROTO_TCP, 250);
	refuses(IP4_AT + 2, 0x7f);           /* longer than the frame */
	make(false, IPPROTO_TCP, 250);
	refuses(l4_at + 12, 4 << 4);         /* a TCP header of 16 bytes */
	make(false, IPPROTO_TCP, 250);
	refuses(IP4_AT + 9, IPPROTO_ICMP);
	make(false, IPPROTO_TCP, 0);
	CU_ASSERT_EQUAL(gso_cut_start(&cut, super), -EINVAL);
	make(true, IPPROTO_UDP, 250);
	super->gso_size = 0;
	CU_ASSERT_EQUAL(gso_cut_start(&cut, super), -EINVAL);
	/* Cut off at any length, it is refused or what it says fits. */
	for (unsigned v6 = 0; v6 < 2; v6++) {
		make(v6, IPPROTO_TCP, 10);
		for (uint32_t len = super->len; len-- > 0;) {
			super->len = len;
			CU_ASSERT_EQUAL(gso_headers_parse(super, &headers),
			                -EINVAL);
		}
	}
}

/* A checksum that comes out as zero is sent as 0xffff by UDP (RFC 768). */
static void test_udp_zero_sum(void)
{
	const size_t l4_at = make(false, IPPROTO_UDP, 2);
	struct gso_headers headers;
	unsigned sum;

	CU_ASSERT_EQUAL_FATAL(gso_headers_parse(super, &headers), 0);
	memset(super->data + l4_at + 8, 0, 2);
	gso_csum_fill(super, &headers);
	sum = get16(super->data + l4_at + 6);
	put16(super->data + l4_at + 8, sum);
	gso_csum_fill(super, &headers);
	CU_ASSERT_EQUAL(get16(super->data + l4_at + 6), 0xffff);
	CU_ASSERT_TRUE(has_right_l4_sum(super, false, l4_at));
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_cut),
		UNIT_TEST(test_full_last_segment),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_udp_zero_sum),
		{ NULL, NULL }
	};

	return unit_run("gso", gso_setup, gso_teardown, tests);
}
