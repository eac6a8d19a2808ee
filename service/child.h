/* SPDX-License-Identifier: MIT */
/* The program that `netcond ... -- PROGRAM` runs through the stack. */
#ifndef NETCOND_SERVICE_CHILD_H
#define NETCOND_SERVICE_CHILD_H

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#define CHILD_SIGNAL_COUNT 3

/* What the service changes for itself and the program gets as it was. */
struct child_heritage {
	sigset_t mask;
	struct sigaction actions[CHILD_SIGNAL_COUNT];
	struct rlimit nofile;
	cpu_set_t cpus;
	bool has_cpus; /* false: could not be read, more than a cpu_set_t */
};

struct child {
	struct child_heritage heritage;
	char launcher[PATH_MAX]; /* of intercept */
	pid_t pid;               /* 0: none was started, or it was waited for */
	int pidfd;               /* readable when it ended */
};

void child_init(struct child *child);
int child_find_launcher(struct child *child, char *why);
int child_check(const struct child *child, const char *program, char *why,
                size_t len);
int child_start(struct child *child, const char *socket_path, char **program,
                char *why);
void child_signal(const struct child *child, int signo);
int child_wait(struct child *child);

#endif
