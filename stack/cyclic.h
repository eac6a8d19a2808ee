/* SPDX-License-Identifier: MIT */
/* lwIP's cyclic timers, run so that an idle stack sleeps. */
#ifndef NETCOND_STACK_CYCLIC_H
#define NETCOND_STACK_CYCLIC_H

#include <stdint.h>

#define CYCLIC_COUNT 7

struct cyclic {
	uint64_t due_us[CYCLIC_COUNT]; /* when each runs next */
	uint64_t quiet_us; /* from then on nothing waits for the lazy ones */
};

void cyclic_init(struct cyclic *cyclic, uint64_t now_us);
void cyclic_note_frame(struct cyclic *cyclic, uint64_t now_us);
unsigned cyclic_poll(struct cyclic *cyclic, uint64_t now_us);
uint64_t cyclic_next_us(const struct cyclic *cyclic);

#endif
