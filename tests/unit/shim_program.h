/* SPDX-License-Identifier: MIT */
/* The programs that test_shim runs with the library preloaded. */
#ifndef NETCOND_TESTS_UNIT_SHIM_PROGRAM_H
#define NETCOND_TESTS_UNIT_SHIM_PROGRAM_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_service.h"

struct shim_program {
	const char *name;
	enum fake_fault fault; /* the service's */
	int (*run)(void);      /* 0, or the number of failures */
};

extern const struct shim_program shim_programs_sock[];
extern const struct shim_program shim_programs_dgram[];
extern const struct shim_program shim_programs_process[];
extern const struct shim_program shim_programs_names[];

/* Count and print what does not hold. */
#define EXPECT(cond)                                                          \
	do {                                                                  \
		if (!(cond)) {                                                \
			fprintf(stderr, "%s:%d: %s (errno %s)\n", __FILE__,   \
			        __LINE__, #cond, strerrorname_np(errno));     \
			failures++;                                           \
		}                                                             \
	} while (0)

/* rc is -1 and errno is err. */
#define EXPECT_ERRNO(call, err)                                               \
	do {                                                                  \
		errno = 0;                                                    \
		EXPECT((call) == -1 && errno == (err));                       \
	} while (0)

struct sockaddr_in program_addr(const char *text, int port);

#endif
