/* SPDX-License-Identifier: MIT */
/* Becoming another user once everything that takes root is open. */
#ifndef NETCOND_SERVICE_PRIVILEGE_H
#define NETCOND_SERVICE_PRIVILEGE_H

#include <sys/stat.h>
#include <sys/types.h>

#define PRIVILEGE_FILE_MAX 2 /* files that the keeper removes */

/* Whom to become, and who stays behind. */
struct privilege {
	const char *user;    /* NULL: nobody is asked for */
	uid_t uid;
	gid_t gid;
	pid_t keeper;        /* 0: there is none */
	int keeper_fd;       /* its end of file is the keeper's signal */
};

int privilege_init(struct privilege *privilege, const char *user, char *why);
int privilege_drop(struct privilege *privilege, const char *const *files,
                   char *why);
void privilege_close(struct privilege *privilege);

#endif
