/* SPDX-License-Identifier: MIT */
/* Fuzz target: the answer of a DNS server. As built by make it tries the files
 * that are its arguments; with clang's libFuzzer it makes its own:
 *
 *     clang -fsanitize=fuzzer,address -DFUZZ_ENGINE -D_GNU_SOURCE -I. \
 *         tests/fuzz/fuzz_dns_msg.c tests/fuzz/dns_msg_target.c \
 *         stack/dns_msg.c stack/dns_name.c
 */
#include "tests/fuzz/replay.h"
#include "tests/fuzz/dns_msg_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	dns_msg_target_one(data, len);
	return 0;
}
