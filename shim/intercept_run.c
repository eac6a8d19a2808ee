/* SPDX-License-Identifier: MIT */
/* Start a program with the library preloaded, or say why it cannot be.
 *
 * Everything that can be known beforehand is asked before exec, since neither
 * glibc nor the program would say later that it runs on the host's stack.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/elfcheck.h"
#include "shim/intercept.h"
#include "shim/proto/ctl.h"

static int refuse(int status, const char *why)
{
	fprintf(stderr, "intercept: %s\n", why);
	return status;
}

/* A service answers at path, and the library can be loaded. */
static int check_both(const char *path, char *library, char *why)
{
	struct ctl ctl;
	int err = intercept_library_find(library, why);

	if (!err)
		err = ctl_open(&ctl, path, why);
	if (!err)
		ctl_close(&ctl);
	return err;
}

static int set_environment(const char *path, const char *library)
{
	char *preload = intercept_preload_join(library,
	                                       getenv(INTERCEPT_PRELOAD_ENV));
	int result = -1;

	if (preload)
		result = setenv(INTERCEPT_PRELOAD_ENV, preload, 1);
	free(preload);
	return result ? result : setenv(RPC_SOCKET_ENV, path, 1);
}

int intercept_run(const char *socket_path, char **argv)
{
	char library[PATH_MAX], path[CTL_PATH_LEN], why[INTERCEPT_WHY_LEN];
	static struct elfcheck check;
	int err;

	if (elfcheck_program(argv[0], &check) != ELFCHECK_OK)
		return refuse(elfcheck_status(check.verdict), check.why);
	if (ctl_connect_path(socket_path, path, why) ||
	    check_both(path, library, why))
		return refuse(INTERCEPT_NOT_STARTED, why);
	if (set_environment(path, library))
		return refuse(INTERCEPT_NOT_STARTED, strerror(errno));
	/* The path has a slash, so this searches nothing; but unlike execv it
	 * runs a script without a #! line.
	 */
	execvp(check.path, argv);
	err = errno;
	snprintf(why, sizeof(why), "cannot execute '%.900s': %s", check.path,
	         strerror(err));
	return refuse(err == ENOENT ? INTERCEPT_NOT_FOUND :
	              INTERCEPT_NOT_EXECUTABLE, why);
}
