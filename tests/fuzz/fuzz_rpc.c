/* SPDX-License-Identifier: MIT */
/* Fuzz target of the control protocol's codec. As built by make it tries the
 * files that are its arguments; with clang's libFuzzer it makes its own:
 *
 *     clang -fsanitize=fuzzer,address -DFUZZ_ENGINE -D_GNU_SOURCE -I. \
 *         tests/fuzz/fuzz_rpc.c tests/fuzz/rpc_target.c service/rpc.c
 */
#include "tests/fuzz/replay.h"
#include "tests/fuzz/rpc_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	rpc_target_one(data, len);
	return 0;
}
