/* SPDX-License-Identifier: MIT */
/* What every unit test program shares: a main from a table of tests, skips
 * with a reason, and the count of open descriptors for leak checks.
 */
#ifndef NETCOND_TESTS_UNIT_UNIT_H
#define NETCOND_TESTS_UNIT_UNIT_H

#include <CUnit/Basic.h>
#include <dirent.h>
#include <stdio.h>

struct unit_test {
	const char *name; /* NULL ends the table */
	void (*run)(void);
};

/* A row of the table: the test is named after its function. */
#define UNIT_TEST(fn) { #fn, fn }

/* Leave the test that this is written in. tests/check.sh counts the line, and
 * does not count the test as passed.
 */
#define UNIT_SKIP(reason)                                                     \
	do {                                                                  \
		printf("\nSKIP %s: %s\n", __func__, reason);                  \
		return;                                                       \
	} while (0)

#ifdef NETCOND_SAN
/* A sanitized program that our library is preloaded into finds it before the
 * sanitizer's own, which would refuse; its environment may be empty by then.
 */
const char *__asan_default_options(void);
__attribute__((weak)) const char *__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}
#endif

/* Descriptors this process has open. */
static inline unsigned unit_fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* Run a suite between init and fini (each may be NULL), around every test.
 * Return: main's: 0 when all passed.
 */
static inline int unit_run(const char *suite_name, void (*init)(void),
                           void (*fini)(void), const struct unit_test *tests)
{
	CU_pSuite suite;
	unsigned failed = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	suite = CU_add_suite_with_setup_and_teardown(suite_name, NULL, NULL,
	                                             init, fini);
	for (; suite && tests->name; tests++)
		if (!CU_add_test(suite, tests->name, tests->run))
			suite = NULL;
	if (suite) {
		CU_basic_set_mode(CU_BRM_VERBOSE);
		CU_basic_run_tests();
		failed = CU_get_number_of_failures();
	}
	CU_cleanup_registry();
	return failed != 0;
}

#endif
