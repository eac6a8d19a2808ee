/* SPDX-License-Identifier: MIT */
/* What is left of sockets whose service end is closed.
 *
 * Theory of operation
 *
 * A failed connect or a reset is told to the program by closing the service's
 * end, and the errno cannot travel with that. The program still holds its
 * descriptor, whose name and cookie live on in the kernel, and asks with them.
 * The service is not told when the program closes it, so the memory is a ring:
 * the oldest is forgotten. A program that asks after TOMBSTONE_MAX other
 * sockets have ended gets the answer of an unknown socket.
 */
#include "service/tombstone.h"

#include <stddef.h>

_Static_assert((TOMBSTONE_MAX & (TOMBSTONE_MAX - 1)) == 0, "masked below");

/* Fibonacci hashing: ids differ in few bits. */
static uint32_t *bucket_of(struct tombstones *tombs, uint64_t sock_id)
{
	uint64_t hash = sock_id * 0x9e3779b97f4a7c15ull;

	return &tombs->buckets[hash >> 32 & (TOMBSTONE_MAX - 1)];
}

static void unlink_place(struct tombstones *tombs, uint32_t place)
{
	struct tombstone *old = &tombs->ring[place];
	uint32_t *link = bucket_of(tombs, old->sock_id);

	while (*link != place + 1)
		link = &tombs->ring[*link - 1].next;
	*link = old->next;
}

/* Remember *tomb, in the place of the oldest. */
void tombstone_add(struct tombstones *tombs, const struct tombstone *tomb)
{
	uint32_t place = tombs->head, *bucket = bucket_of(tombs, tomb->sock_id);

	if (tombs->ring[place].sock_id)
		unlink_place(tombs, place);
	tombs->ring[place] = *tomb;
	tombs->ring[place].next = *bucket;
	*bucket = place + 1;
	tombs->head = (place + 1) & (TOMBSTONE_MAX - 1);
}

/* Return: the tombstone of sock_id if cookie proves that the caller holds its
 * descriptor, or NULL; valid until the next tombstone_add.
 */
struct tombstone *tombstone_find(struct tombstones *tombs, uint64_t sock_id,
                                 uint64_t cookie)
{
	uint32_t link = *bucket_of(tombs, sock_id);

	for (; link; link = tombs->ring[link - 1].next) {
		struct tombstone *tomb = &tombs->ring[link - 1];

		if (tomb->sock_id == sock_id && tomb->cookie == cookie)
			return tomb;
	}
	return NULL;
}
