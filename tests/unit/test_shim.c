/* SPDX-License-Identifier: MIT */
/* The preloaded library against a scripted service.
 *
 * This program runs itself with libintercept.so preloaded and the name of one
 * of the programs in shim_program_*.c, beside a service of its own each time.
 * The library is the one that was built beside the tests.
 */
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/shim_program.h"
#include "tests/unit/unit.h"

#define TIMEOUT_MS 30000

static char library[PATH_MAX + 32];
static char sock_path[64];

static const struct shim_program *const groups[] = {
	shim_programs_sock,
	shim_programs_dgram,
	shim_programs_process,
	shim_programs_names,
};

static const struct shim_program *program_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (const struct shim_program *program = groups[i];
		     program->name; program++)
			if (strcmp(program->name, name) == 0)
				return program;
	return NULL;
}

static void child_run(const char *name, pid_t service)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)service);
	setenv("TEST_SERVICE_PID", pid, 1);
	setenv("LD_PRELOAD", library, 1);
	setenv("NETCOND_SOCKET", sock_path, 1);
	/* A sanitizer's own library wants to come before any other. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
	execl("/proc/self/exe", "test_shim", "program", name, NULL);
	_exit(127);
}

/* The status of a child, killed when it takes too long. */
static int child_wait(pid_t pid)
{
	int status = -1;

	for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += 5) {
		if (ms > TIMEOUT_MS)
			kill(pid, SIGKILL);
		usleep(5000);
	}
	return status;
}

/* Run one program; its status is what the test asserts. */
static int run(const char *name)
{
	const struct shim_program *program = program_find(name);
	pid_t service = fake_service_start(sock_path, program->fault);
	pid_t pid = fork();
	int status;

	if (pid == 0)
		child_run(name, service);
	status = child_wait(pid);
	fake_service_stop(service);
	unlink(sock_path);
	return status;
}

#define PROGRAM_TEST(name)                                                    \
	static void test_##name(void)                                         \
	{                                                                     \
		CU_ASSERT_EQUAL(run(#name), 0);                               \
	}

#define PROGRAM_TESTS(X)                                                      \
	X(stream) X(refusals) X(connect_waits) X(listener) X(options)         \
	X(quiet_options)                                                      \
	X(reset_is_told) X(by_number)                                         \
	X(dgram_with_address) X(dgram_connected) X(dgram_many)                \
	X(dgram_control)                                                      \
	X(fork_channels) X(fork_at_once) X(closed_channels) X(threads)        \
	X(exec_env)                                                           \
	X(dead_service) X(silent_service) X(garbage_reply) X(wrong_id)        \
	X(short_reply) X(orphans)                                             \
	X(lookups) X(interfaces)

PROGRAM_TESTS(PROGRAM_TEST)

/* No service at all: nothing of IP, everything else as ever. */
static void test_absent_service(void)
{
	pid_t pid = fork();

	if (pid == 0)
		child_run("dead_service", 0);
	CU_ASSERT_EQUAL(child_wait(pid), 0);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
#define X(name) UNIT_TEST(test_##name),
		PROGRAM_TESTS(X)
#undef X
		UNIT_TEST(test_absent_service),
		{ NULL, NULL }
	};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc == 3 && strcmp(argv[1], "program") == 0)
		return program_find(argv[2])->run();
	if (len < 0)
		return 1;
	self[len] = '\0';
	snprintf(library, sizeof(library), "%s/../libintercept.so",
	         dirname(self));
	snprintf(sock_path, sizeof(sock_path), "/tmp/test_shim.%d.sock",
	         (int)getpid());
	return unit_run("shim", NULL, NULL, tests);
}
