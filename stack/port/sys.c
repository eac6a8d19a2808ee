/* SPDX-License-Identifier: MIT */
/* What lwIP wants of a system: a clock, random numbers, an end. */
#include <lwip/sys.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "stack/port/arch/cc.h"
#include "stack/port/hooks.h"
#include "stack/port/port.h"
#include "stack/stack_priv.h"

/**
 * sys_now() - lwIP's clock
 *
 * Return: the turn's time in ms, so that all of a turn happens at one time and
 * a test owns it.
 */
u32_t sys_now(void)
{
	return stack_self ? (u32_t)(stack_self->now_us / 1000) : 0;
}

/**
 * sys_init() - Called by lwip_init()
 *
 * glibc would map and unmap each buffer of 64 KB and give every trough back to
 * the kernel (mallopt(3)).
 */
void sys_init(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 28);
	mallopt(M_TOP_PAD, 1 << 22);
}

/**
 * port_random() - A number that an outsider cannot guess
 *
 * From getrandom(2), 256 bytes at a time.
 */
uint32_t port_random(void)
{
	static uint32_t pool[64];
	static unsigned left;

	while (!left) {
		ssize_t n = getrandom(pool, sizeof(pool), 0);

		if (n > 0)
			left = (unsigned)n / sizeof(pool[0]);
	}
	return pool[--left];
}

/**
 * port_assert() - An invariant of lwIP's is broken
 * @msg, @file, @line:	lwIP's words and their place
 */
void port_assert(const char *msg, const char *file, int line)
{
	fprintf(stderr, "lwip: %s (%s:%d)\n", msg, file, line);
	abort();
}

static uint64_t rotate(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/**
 * port_hash() - Keyed hash: SipHash-1-3 over whole words
 * @words:	What to hash
 * @count:	How many
 *
 * The key is chosen at the first call, so that nobody outside can aim at a
 * value. Aumasson and Bernstein, "SipHash: a fast short-input PRF".
 */
uint64_t port_hash(const uint64_t *words, unsigned count)
{
	static uint64_t key[2];
	uint64_t v[4];

	while (!key[0])
		for (int i = 0; i < 2; i++)
			key[i] = (uint64_t)port_random() << 32 | port_random();
	v[0] = key[0] ^ 0x736f6d6570736575;
	v[1] = key[1] ^ 0x646f72616e646f6d;
	v[2] = key[0] ^ 0x6c7967656e657261;
	v[3] = key[1] ^ 0x7465646279746573;
	for (unsigned i = 0; i < count; i++) {
		v[3] ^= words[i];
		sip_round(v);
		v[0] ^= words[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t addr_word(const ip_addr_t *ip, unsigned half)
{
	uint64_t word = 0;

	if (IP_IS_V6(ip))
		memcpy(&word, &ip_2_ip6(ip)->addr[2 * half], sizeof(word));
	else if (!half)
		word = ip_2_ip4(ip)->addr;
	return word;
}

/**
 * port_hash_tuple() - Keyed hash of a connection's addresses and ports
 */
uint64_t port_hash_tuple(const ip_addr_t *local_ip, uint16_t local_port,
                         const ip_addr_t *peer_ip, uint16_t peer_port)
{
	uint64_t words[] = {
		addr_word(local_ip, 0), addr_word(local_ip, 1),
		addr_word(peer_ip, 0), addr_word(peer_ip, 1),
		(uint64_t)local_port << 16 | peer_port,
	};

	return port_hash(words, 5);
}

/**
 * hook_tcp_isn() - The initial sequence number of a connection
 *
 * RFC 6528 section 3: a keyed hash of the tuple plus a clock of 4 us.
 */
uint32_t hook_tcp_isn(const ip_addr_t *local_ip, uint16_t local_port,
                      const ip_addr_t *peer_ip, uint16_t peer_port)
{
	uint64_t hash = port_hash_tuple(local_ip, local_port, peer_ip,
	                                peer_port);

	return (uint32_t)hash + (uint32_t)(stack_self->now_us / 4);
}
