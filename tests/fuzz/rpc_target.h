/* SPDX-License-Identifier: MIT */
/* What any bytes must hold true of the control protocol's codec. */
#ifndef NETCOND_TESTS_FUZZ_RPC_TARGET_H
#define NETCOND_TESTS_FUZZ_RPC_TARGET_H

#include <stddef.h>
#include <stdint.h>

void rpc_target_one(const uint8_t *data, size_t len);

#endif
