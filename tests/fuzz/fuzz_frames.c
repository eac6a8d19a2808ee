/* SPDX-License-Identifier: MIT */
/* Fuzz target: frames from the wire, into a whole stack. As built by make it
 * tries the files that are its arguments; with clang's libFuzzer it makes its
 * own:
 *
 *     make BUILD=/tmp/fuzz CC=clang LDFLAGS=-fsanitize=fuzzer,address \
 *         CFLAGS='-O1 -g -DFUZZ_ENGINE -fsanitize=fuzzer-no-link,address' \
 *         /tmp/fuzz/tests/fuzz_frames
 *     /tmp/fuzz/tests/fuzz_frames -max_len=4000 FOUND tests/fuzz/corpus/frames
 *
 * The corpus was made by tests/fuzz/make_frames.py.
 */
#include "tests/fuzz/replay.h"
#include "tests/fuzz/frames_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	frames_target_one(data, len);
	return 0;
}
