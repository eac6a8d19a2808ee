/* SPDX-License-Identifier: MIT */
/* What any frames must hold true of a stack. */
#ifndef NETCOND_TESTS_FUZZ_FRAMES_TARGET_H
#define NETCOND_TESTS_FUZZ_FRAMES_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* The head of a record: two bytes, most significant first. */
#define FRAMES_MEND 0x8000 /* sums are made right, TCP's numbers relative */
#define FRAMES_WAIT 0x4000 /* a second passes behind it */
#define FRAMES_HOLD 0x2000 /* the next comes in the same turn */
#define FRAMES_LEN 0x07ff  /* bytes of the frame that follow */

void frames_target_one(const uint8_t *data, size_t len);

#endif
