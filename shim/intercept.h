/* SPDX-License-Identifier: MIT */
/* The launcher's parts: find the library, run, show, check. */
#ifndef NETCOND_SHIM_INTERCEPT_H
#define NETCOND_SHIM_INTERCEPT_H

#define INTERCEPT_LIBRARY "libintercept.so"
#define INTERCEPT_PRELOAD_ENV "LD_PRELOAD"
#define INTERCEPT_WHY_LEN 1024 /* bytes that every `why` buffer has at least */

/* Exit statuses of the launcher itself, as env(1) and nohup(1) use them. */
enum intercept_status {
	INTERCEPT_OK = 0,
	INTERCEPT_NOT_ANSWERING = 1, /* show: there is no service */
	INTERCEPT_NOT_STARTED = 125, /* also misuse: the program's own statuses
	                                must stay recognizable */
	INTERCEPT_NOT_EXECUTABLE = 126,
	INTERCEPT_NOT_FOUND = 127,
};

/* socket_path is what --socket gave, or NULL. Each prints its own sentence and
 * returns the exit status; run only returns when the program did not start.
 */
int intercept_run(const char *socket_path, char **argv);
int intercept_show(const char *socket_path);
int intercept_check(const char *program);

int intercept_library_find(char *path, char *why);
char *intercept_preload_join(const char *library, const char *preload);

#endif
