/* SPDX-License-Identifier: MIT */
/* epoll with typed words.
 *
 * An event may be delivered after the thing it is about was closed and its slot
 * given to another: the generation in the word tells, and such an event is
 * dropped by whoever looks the slot up.
 */
#include "service/poller.h"

#include <errno.h>
#include <unistd.h>

_Static_assert(POLLER_COUNT <= 256, "a kind has 8 bits");

uint64_t poller_encode(struct poller_ref ref)
{
	return (uint64_t)ref.kind << 56 |
	       (uint64_t)(ref.generation & POLLER_GENERATION_MASK) << 32 |
	       ref.id;
}

/* An unknown kind comes back as POLLER_INVALID. */
struct poller_ref poller_decode(uint64_t word)
{
	unsigned kind = word >> 56;

	return (struct poller_ref){
		.kind = kind < POLLER_COUNT ? kind : POLLER_INVALID,
		.generation = word >> 32 & POLLER_GENERATION_MASK,
		.id = (uint32_t)word,
	};
}

/* Return: 0 or -errno of epoll_create1(2). */
int poller_open(struct poller *poller)
{
	poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return poller->epoll_fd < 0 ? -errno : 0;
}

void poller_close(struct poller *poller)
{
	if (poller->epoll_fd >= 0)
		close(poller->epoll_fd);
	poller->epoll_fd = -1;
}

static int control(struct poller *poller, int op, int fd, uint32_t events,
                   struct poller_ref ref)
{
	struct epoll_event event = {
		.events = events,
		.data.u64 = poller_encode(ref),
	};

	return epoll_ctl(poller->epoll_fd, op, fd, &event) ? -errno : 0;
}

/* Report events (EPOLL*) of fd as ref. Return: 0 or -errno of epoll_ctl(2). */
int poller_add(struct poller *poller, int fd, uint32_t events,
               struct poller_ref ref)
{
	return control(poller, EPOLL_CTL_ADD, fd, events, ref);
}

/* Change the events of fd. What is already there is reported at once, for an
 * edge-triggered descriptor too. Return: 0 or -errno of epoll_ctl(2).
 */
int poller_mod(struct poller *poller, int fd, uint32_t events,
               struct poller_ref ref)
{
	return control(poller, EPOLL_CTL_MOD, fd, events, ref);
}

/* Needed before close only where somebody else may hold a copy of fd. */
void poller_del(struct poller *poller, int fd)
{
	epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* Fill poller->events. timeout_ms as epoll_wait(2). Return: their number, 0
 * also after a signal, or -errno.
 */
int poller_wait(struct poller *poller, int timeout_ms)
{
	int count = epoll_wait(poller->epoll_fd, poller->events, POLLER_BATCH,
	                       timeout_ms);

	if (count >= 0)
		return count;
	return errno == EINTR ? 0 : -errno;
}
