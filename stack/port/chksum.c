/* SPDX-License-Identifier: MIT */
/* The Internet checksum (RFC 1071), as wide as the processor has it.
 *
 * The sum of 16-bit words does not care in which order they are added: eight
 * lanes of 32 bits add a low and a high word each step and are folded once in
 * the end. The compiler makes a version for AVX2 and one for any processor,
 * and the dynamic linker takes the one that fits.
 */
#include <string.h>

#include "stack/port/arch/cc.h"

typedef uint32_t lanes __attribute__((vector_size(32)));

/* A lane takes 131,070 a step: 32,768 steps of 32 bytes fit. */
#define LEN_MAX (1 << 20)

/* An ifunc is resolved before the sanitizers are up; clang 14 gives it another
 * name than the function's, so what calls it from other files finds nothing.
 */
#if defined(__x86_64__) && !defined(NETCOND_SAN) && !defined(__clang__)
#define PER_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define PER_PROCESSOR
#endif

static uint32_t lanes_sum(const lanes *v)
{
	uint64_t sum = 0;

	for (int i = 0; i < 8; i++)
		sum += (*v)[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

static uint32_t tail_sum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	uint16_t word;

	for (; len >= 2; data += 2, len -= 2) {
		memcpy(&word, data, 2);
		sum += word;
	}
	if (len) {
		word = 0;
		memcpy(&word, data, 1);
		sum += word;
	}
	return sum;
}

/**
 * port_chksum() - Sum of the 16-bit words at data, in memory order
 * @data:	Of any alignment; a last odd byte counts as the first of a word
 * @len:	Bytes, below 1 MiB
 *
 * Return: the folded sum, not complemented, as lwIP's LWIP_CHKSUM wants it.
 */
PER_PROCESSOR uint16_t port_chksum(const void *data, int len)
{
	const uint8_t *byte = data;
	size_t left = (size_t)len < LEN_MAX ? (size_t)len : LEN_MAX;
	lanes a = { 0 }, b = { 0 }, v, w;
	uint32_t sum;

	for (; left >= 64; byte += 64, left -= 64) {
		memcpy(&v, byte, 32);
		memcpy(&w, byte + 32, 32);
		a += (v & 0xffff) + (v >> 16);
		b += (w & 0xffff) + (w >> 16);
	}
	sum = lanes_sum(&a) + lanes_sum(&b) + tail_sum(byte, left);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
