/* SPDX-License-Identifier: MIT */
/* Who holds a pidfile, and what is done about one that is left over. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastpath/netdev.h"
#include "service/pidfile.h"
#include "tests/unit/unit.h"

static char path[64];
static struct pidfile file;
static char why[NETDEV_WHY_LEN];

static void set_up(void)
{
	int fd;

	strcpy(path, "/tmp/test_pidfile.XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	unlink(path);
}

static void tear_down(void)
{
	pidfile_close(&file);
	unlink(path);
}

static void write_pid(long pid)
{
	FILE *out = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out, "%ld\n", pid);
	fclose(out);
}

static void test_made_written_removed(void)
{
	char text[32] = "";
	FILE *in;

	CU_ASSERT_EQUAL(pidfile_open(&file, path, why), 0);
	CU_ASSERT_EQUAL(pidfile_write(&file, why), 0);
	in = fopen(path, "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), in));
	fclose(in);
	CU_ASSERT_EQUAL(atol(text), getpid());
	CU_ASSERT_PTR_NOT_NULL(strchr(text, '\n'));
	pidfile_close(&file);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	pidfile_close(&file);
}

static void test_locked_by_another(void)
{
	struct pidfile other;

	CU_ASSERT_EQUAL_FATAL(pidfile_open(&file, path, why), 0);
	CU_ASSERT_EQUAL(pidfile_write(&file, why), 0);
	CU_ASSERT_EQUAL(pidfile_open(&other, path, why), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
	pidfile_close(&other);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
}

static void test_number_of_a_living_process(void)
{
	char text[32];

	write_pid(getppid());
	CU_ASSERT_EQUAL(pidfile_open(&file, path, why), -EEXIST);
	snprintf(text, sizeof(text), "process %d", (int)getppid());
	CU_ASSERT_PTR_NOT_NULL(strstr(why, text));
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
}

static void test_left_over(void)
{
	pid_t dead = fork();

	if (dead == 0)
		_exit(0);
	waitpid(dead, NULL, 0);
	write_pid(dead);
	CU_ASSERT_EQUAL(pidfile_open(&file, path, why), 0);
	pidfile_close(&file);
	write_pid(-1);
	CU_ASSERT_EQUAL(pidfile_open(&file, path, why), 0);
	pidfile_close(&file);
}

static void test_cannot_be_made(void)
{
	CU_ASSERT_EQUAL(pidfile_open(&file, "/nonexistent/pid", why), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "'/nonexistent/pid'"));
	unlink(path);
	CU_ASSERT_EQUAL(symlink("/dev/null", path), 0);
	CU_ASSERT_EQUAL(pidfile_open(&file, path, why), -ELOOP);
}

static void test_no_descriptor_is_left(void)
{
	unsigned before = unit_fd_count();

	test_locked_by_another();
	pidfile_close(&file);
	test_number_of_a_living_process();
	test_cannot_be_made();
	CU_ASSERT_EQUAL(unit_fd_count(), before);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_made_written_removed),
		UNIT_TEST(test_locked_by_another),
		UNIT_TEST(test_number_of_a_living_process),
		UNIT_TEST(test_left_over),
		UNIT_TEST(test_cannot_be_made),
		UNIT_TEST(test_no_descriptor_is_left),
		{ 0 }
	};

	return unit_run("pidfile", set_up, tear_down, tests);
}
