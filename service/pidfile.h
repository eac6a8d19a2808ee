/* SPDX-License-Identifier: MIT */
/* A file with our process id, held by one living process at a time. */
#ifndef NETCOND_SERVICE_PIDFILE_H
#define NETCOND_SERVICE_PIDFILE_H

/* A file that we hold. */
struct pidfile {
	const char *path; /* the caller's; NULL: not held */
	int fd;           /* has the lock */
};

int pidfile_open(struct pidfile *file, const char *path, char *why);
int pidfile_write(struct pidfile *file, char *why);
void pidfile_close(struct pidfile *file);

#endif
