/* SPDX-License-Identifier: MIT */
/* Making a frame of any bytes pass the first checks of a stack. */
#ifndef NETCOND_TESTS_FUZZ_FRAMES_MEND_H
#define NETCOND_TESTS_FUZZ_FRAMES_MEND_H

#include "tests/unit/peer.h"

void frames_mend(uint8_t *frame, size_t len, const struct peer_conn *conn);

#endif
