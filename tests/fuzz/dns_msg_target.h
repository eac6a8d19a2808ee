/* SPDX-License-Identifier: MIT */
/* What any bytes must hold true of the DNS codec. */
#ifndef NETCOND_TESTS_FUZZ_DNS_MSG_TARGET_H
#define NETCOND_TESTS_FUZZ_DNS_MSG_TARGET_H

#include <stddef.h>
#include <stdint.h>

void dns_msg_target_one(const uint8_t *data, size_t len);

#endif
