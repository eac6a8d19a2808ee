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
#include <stdint.h>
#include <stdio.h>

#include "tests/fuzz/frames_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	frames_target_one(data, len);
	return 0;
}

#ifndef FUZZ_ENGINE
int main(int argc, char **argv)
{
	static uint8_t data[65536];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t len;

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		len = fread(data, 1, sizeof(data), file);
		fclose(file);
		LLVMFuzzerTestOneInput(data, len);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
#endif
