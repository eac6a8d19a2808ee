/* SPDX-License-Identifier: MIT */
/* virtio-net headers: what the notes say, and headers that lie. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/vnet.h"
#include "tests/unit/unit.h"

#define TCP4_CSUM_START 34 /* 14 Ethernet + 20 IPv4 */
#define TCP4_HDR_LEN 54    /* and 20 TCP */

static int parse(uint8_t flags, uint8_t gso_type, uint16_t gso_size,
                 uint32_t len, struct frame *frame)
{
	const struct virtio_net_hdr hdr = {
		.flags = flags,
		.gso_type = gso_type,
		.gso_size = gso_size,
		.hdr_len = TCP4_HDR_LEN,
		.csum_start = TCP4_CSUM_START,
		.csum_offset = 16,
	};

	memset(frame, 0xff, sizeof(*frame));
	frame->len = len;
	return vnet_hdr_parse(&hdr, frame);
}

static void test_parse_checksums(void)
{
	struct frame frame;

	CU_ASSERT_EQUAL(parse(0, 0, 0, 60, &frame), 0);
	CU_ASSERT_EQUAL(frame.csum, FRAME_CSUM_INVALID);
	CU_ASSERT_EQUAL(frame.gso_size, 0);
	CU_ASSERT_EQUAL(parse(VIRTIO_NET_HDR_F_DATA_VALID, 0, 0, 60, &frame),
	                0);
	CU_ASSERT_EQUAL(frame.csum, FRAME_CSUM_VALID);
	CU_ASSERT_EQUAL(parse(VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 0, 60, &frame),
	                0);
	CU_ASSERT_EQUAL(frame.csum, FRAME_CSUM_VALID);
}

static void test_parse_super_frames(void)
{
	static const uint8_t types[] = {
		VIRTIO_NET_HDR_GSO_TCPV4,
		VIRTIO_NET_HDR_GSO_TCPV6,
		VIRTIO_NET_HDR_GSO_UDP_L4,
		VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	};
	struct frame frame;

	for (unsigned i = 0; i < sizeof(types); i++) {
		CU_ASSERT_EQUAL(parse(VIRTIO_NET_HDR_F_NEEDS_CSUM, types[i],
		                      1448, 65000, &frame), 0);
		CU_ASSERT_EQUAL(frame.gso_size, 1448);
		CU_ASSERT_EQUAL(frame.csum, FRAME_CSUM_VALID);
		/* A card merged it, and had verified each part. */
		CU_ASSERT_EQUAL(parse(VIRTIO_NET_HDR_F_DATA_VALID, types[i],
		                      1448, 65000, &frame), 0);
		CU_ASSERT_EQUAL(frame.csum, FRAME_CSUM_VALID);
	}
}

static void test_parse_refuses(void)
{
	const uint8_t partial = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	struct frame frame;

	/* The checksum field lies one byte past the end. */
	CU_ASSERT_EQUAL(parse(partial, 0, 0, 51, &frame), -EINVAL);
	CU_ASSERT_EQUAL(parse(partial, 0, 0, 52, &frame), 0);
	/* A super-frame with segments of nothing, and one with no sum. */
	CU_ASSERT_EQUAL(parse(partial, VIRTIO_NET_HDR_GSO_TCPV4, 0, 65000,
	                      &frame), -EINVAL);
	CU_ASSERT_EQUAL(parse(0, VIRTIO_NET_HDR_GSO_TCPV4, 1448, 65000,
	                      &frame), -EINVAL);
	/* Kinds that do not exist or that we never asked for. */
	CU_ASSERT_EQUAL(parse(partial, VIRTIO_NET_HDR_GSO_UDP, 1448, 65000,
	                      &frame), -EINVAL);
	CU_ASSERT_EQUAL(parse(partial, 0x7f, 1448, 65000, &frame), -EINVAL);
	CU_ASSERT_EQUAL(frame.gso_size, 0);
	CU_ASSERT_EQUAL(frame.csum, FRAME_CSUM_INVALID);
}

/* Offsets whose 16-bit sum would wrap to something small. */
static void test_parse_offset_overflow(void)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	struct frame frame = { .len = 1514 };

	hdr.csum_start = 0xfff0;
	hdr.csum_offset = 0x0020;
	CU_ASSERT_EQUAL(vnet_hdr_parse(&hdr, &frame), -EINVAL);
	hdr.csum_start = 0xffff;
	hdr.csum_offset = 0xffff;
	CU_ASSERT_EQUAL(vnet_hdr_parse(&hdr, &frame), -EINVAL);
	hdr.csum_start = 13;
	hdr.csum_offset = 16;
	CU_ASSERT_EQUAL(vnet_hdr_parse(&hdr, &frame), -EINVAL);
}

static struct frame_out tso4(void)
{
	return (struct frame_out){
		.len = TCP4_HDR_LEN + 14480,
		.needs_csum = true,
		.gso = FRAME_GSO_TCP4,
		.gso_size = 1448,
		.hdr_len = TCP4_HDR_LEN,
		.csum_start = TCP4_CSUM_START,
		.csum_offset = 16,
	};
}

static void test_fill(void)
{
	static const uint8_t types[FRAME_GSO_COUNT] = {
		[FRAME_GSO_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
		[FRAME_GSO_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
		[FRAME_GSO_UDP] = VIRTIO_NET_HDR_GSO_UDP_L4,
	};
	const struct frame_out plain = { .len = 60 };
	const struct virtio_net_hdr zero = { 0 };
	struct virtio_net_hdr hdr;
	struct frame_out out = tso4();

	for (unsigned gso = FRAME_GSO_TCP4; gso < FRAME_GSO_COUNT; gso++) {
		out.gso = gso;
		CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), 0);
		CU_ASSERT_EQUAL(hdr.gso_type, types[gso]);
		CU_ASSERT_EQUAL(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		CU_ASSERT_EQUAL(hdr.gso_size, 1448);
		CU_ASSERT_EQUAL(hdr.hdr_len, TCP4_HDR_LEN);
		CU_ASSERT_EQUAL(hdr.csum_start, TCP4_CSUM_START);
		CU_ASSERT_EQUAL(hdr.csum_offset, 16);
	}
	CU_ASSERT_EQUAL(vnet_hdr_fill(&plain, &hdr), 0);
	CU_ASSERT_EQUAL(memcmp(&hdr, &zero, sizeof(hdr)), 0);
}

static void test_fill_refuses(void)
{
	struct virtio_net_hdr hdr;
	struct frame_out out;

	out = tso4();
	out.needs_csum = false;
	CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), -EINVAL);
	out = tso4();
	out.gso_size = 0;
	CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), -EINVAL);
	out = tso4();
	out.gso = FRAME_GSO_COUNT;
	CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), -EINVAL);
	out = tso4();
	out.hdr_len = TCP4_CSUM_START;
	CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), -EINVAL);
	out = tso4();
	out.len = out.hdr_len;
	CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), -EINVAL);
	out = tso4();
	out.csum_offset = 0xffff;
	CU_ASSERT_EQUAL(vnet_hdr_fill(&out, &hdr), -EINVAL);
}

/* Any bytes at all: never a note that points outside the frame. */
static void test_parse_random(void)
{
	unsigned accepted = 0;

	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		struct virtio_net_hdr hdr;
		uint8_t *byte = (uint8_t *)&hdr;
		struct frame frame = { .len = 14 + rand() % 3000 };

		for (unsigned at = 0; at < sizeof(hdr); at++)
			byte[at] = rand();
		/* Half of them get past the first checks. */
		if (i & 1) {
			hdr.gso_type = rand() % 6;
			hdr.csum_start %= 2000;
			hdr.csum_offset %= 100;
		}
		if (vnet_hdr_parse(&hdr, &frame)) {
			CU_ASSERT_TRUE_FATAL(frame.gso_size == 0);
			continue;
		}
		accepted++;
		CU_ASSERT_TRUE_FATAL(frame.csum <= FRAME_CSUM_VALID);
		if (hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			CU_ASSERT_TRUE_FATAL((unsigned)hdr.csum_start +
			                     hdr.csum_offset + 2 <= frame.len);
		if (frame.gso_size)
			CU_ASSERT_EQUAL_FATAL(frame.gso_size, hdr.gso_size);
	}
	CU_ASSERT_TRUE(accepted > 1000);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_parse_checksums),
		UNIT_TEST(test_parse_super_frames),
		UNIT_TEST(test_parse_refuses),
		UNIT_TEST(test_parse_offset_overflow),
		UNIT_TEST(test_parse_random),
		UNIT_TEST(test_fill),
		UNIT_TEST(test_fill_refuses),
		{ NULL, NULL }
	};

	return unit_run("vnet", NULL, NULL, tests);
}
