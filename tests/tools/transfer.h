/* SPDX-License-Identifier: MIT */
/* What test_tx and test_rx agree on.
 *
 * The client sends one struct transfer_request. Then `len` bytes flow, to the
 * client, or to the server where is_upload is set, which answers with the sum
 * of what it saw. The bytes are a function of the seed and of their place, so
 * that a byte lost, doubled or moved is found where it happened.
 */
#ifndef NETCOND_TESTS_TOOLS_TRANSFER_H
#define NETCOND_TESTS_TOOLS_TRANSFER_H

#include "tests/tools/tool.h"

#define TRANSFER_PORT "5001"
#define TRANSFER_MAGIC 0x72667874u  /* "txfr" */
#define TRANSFER_BLOCK 65536u       /* bytes of one write */

struct transfer_request {
	uint32_t magic;      /* TRANSFER_MAGIC */
	uint32_t is_upload;  /* 1: the client sends */
	uint64_t seed;
	uint64_t len;        /* bytes */
};

/* The word at place idx of the stream: a mix of both that has no short period
 * (the finalizer of SplitMix64, Steele and others 2014).
 */
static inline uint64_t transfer_word(uint64_t seed, uint64_t idx)
{
	uint64_t z = seed + (idx + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Fill a block that starts at byte `at`, a multiple of 8. */
static inline void transfer_fill(uint64_t *block, uint64_t seed, uint64_t at)
{
	for (uint64_t i = 0; i < TRANSFER_BLOCK / 8; i++)
		block[i] = transfer_word(seed, at / 8 + i);
}

/* A sum over the len bytes of a block that depends on their order (FNV-1a, by
 * words; the bytes of the last word past len count as 0).
 */
static inline uint64_t transfer_add(uint64_t sum, const uint64_t *block,
                                    size_t len)
{
	uint64_t word;

	for (; len >= 8; len -= 8)
		sum = (sum ^ *block++) * 0x100000001b3u;
	if (!len)
		return sum;
	word = 0;
	memcpy(&word, block, len);
	return (sum ^ word) * 0x100000001b3u;
}

/* The bytes of the block at `at` that belong to a stream of len. */
static inline size_t transfer_part(uint64_t at, uint64_t len)
{
	return len - at < TRANSFER_BLOCK ? (size_t)(len - at) : TRANSFER_BLOCK;
}

/* What a receiver of the whole stream would compute. */
static inline uint64_t transfer_sum(uint64_t seed, uint64_t len)
{
	static uint64_t block[TRANSFER_BLOCK / 8];
	uint64_t sum = 0;

	for (uint64_t at = 0; at < len; at += TRANSFER_BLOCK) {
		transfer_fill(block, seed, at);
		sum = transfer_add(sum, block, transfer_part(at, len));
	}
	return sum;
}

/* Send the stream. Return: 0, or -1 after saying why. */
static inline int transfer_send(int fd, uint64_t seed, uint64_t len)
{
	static uint64_t block[TRANSFER_BLOCK / 8];

	for (uint64_t at = 0; at < len; at += TRANSFER_BLOCK) {
		transfer_fill(block, seed, at);
		if (send_all(fd, block, transfer_part(at, len))) {
			fprintf(stderr, "send at byte %llu: %s\n",
			        (unsigned long long)at, strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* Receive the stream, comparing every byte. Return: 0 and its sum, or -1 after
 * saying where it differed.
 */
static inline int transfer_check(int fd, uint64_t seed, uint64_t len,
                                 uint64_t *sum)
{
	static uint64_t want[TRANSFER_BLOCK / 8], got[TRANSFER_BLOCK / 8];

	*sum = 0;
	for (uint64_t at = 0; at < len; at += TRANSFER_BLOCK) {
		size_t part = transfer_part(at, len);
		ssize_t n = recv_all(fd, got, part);

		if (n != (ssize_t)part) {
			fprintf(stderr, "stream ends at byte %llu of %llu: "
			        "%s\n", (unsigned long long)at +
			        (n > 0 ? (unsigned long long)n : 0),
			        (unsigned long long)len,
			        n < 0 ? strerror(errno) : "end of file");
			return -1;
		}
		transfer_fill(want, seed, at);
		if (memcmp(want, got, part)) {
			fprintf(stderr, "wrong bytes between %llu and %llu\n",
			        (unsigned long long)at,
			        (unsigned long long)(at + part));
			return -1;
		}
		*sum = transfer_add(*sum, got, part);
	}
	return 0;
}

#endif
