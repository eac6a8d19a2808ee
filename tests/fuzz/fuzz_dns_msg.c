/* SPDX-License-Identifier: MIT */
/* Fuzz target: the answer of a DNS server. As built by make it tries the files
 * that are its arguments; with clang's libFuzzer it makes its own:
 *
 *     clang -fsanitize=fuzzer,address -DFUZZ_ENGINE -D_GNU_SOURCE -I. \
 *         tests/fuzz/fuzz_dns_msg.c tests/fuzz/dns_msg_target.c \
 *         stack/dns_msg.c stack/dns_name.c
 */
#include <stdint.h>
#include <stdio.h>

#include "tests/fuzz/dns_msg_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	dns_msg_target_one(data, len);
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
