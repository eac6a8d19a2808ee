/* SPDX-License-Identifier: MIT */
/* What every fuzz target shares: its entry, and, where no engine brings a main
 * of its own, one that tries the files that are its arguments. The target
 * defines LLVMFuzzerTestOneInput and includes this once.
 */
#ifndef NETCOND_TESTS_FUZZ_REPLAY_H
#define NETCOND_TESTS_FUZZ_REPLAY_H

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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

#endif
