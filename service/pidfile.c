/* SPDX-License-Identifier: MIT */
/* A file with our process id, held by one living process at a time.
 *
 * The lock, not the number, says who holds the file: it goes with the process,
 * however that ends. A number without a lock is still believed while such a
 * process lives, for other programs write pidfiles without locks.
 */
#include "service/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fastpath/why.h"

#define TEXT_LEN 24 /* bytes of a number, a newline and a NUL */

static pid_t read_pid(int fd)
{
	char text[TEXT_LEN] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

static int refuse(int fd, int err, const char *path, char *why)
{
	why_fail(why, err, "pidfile '%.150s': %s", path, strerror(err));
	if (fd >= 0)
		close(fd);
	return -err;
}

static int refuse_held(int fd, pid_t pid, const char *path, char *why)
{
	close(fd);
	return why_fail(why, EEXIST, "pidfile '%.150s' belongs to the living"
	                " process %d: end that first, or give another path",
	                path, (int)pid);
}

/* Take the file at path, making it when it is not there; it is empty until
 * pidfile_write. Return: 0, or -errno and one sentence in why (NETDEV_WHY_LEN
 * bytes): -EEXIST when it belongs to a living process.
 */
int pidfile_open(struct pidfile *file, const char *path, char *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	pid_t pid;

	file->path = NULL;
	if (fd < 0)
		return refuse(fd, errno, path, why);
	pid = read_pid(fd);
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ?
		       refuse_held(fd, pid, path, why) :
		       refuse(fd, errno, path, why);
	if (pid > 0 && pid != getpid() && (!kill(pid, 0) || errno == EPERM))
		return refuse_held(fd, pid, path, why);
	if (ftruncate(fd, 0))
		return refuse(fd, errno, path, why);
	file->path = path;
	file->fd = fd;
	return 0;
}

/* Write our process id. Return: 0, or -errno and one sentence in why. */
int pidfile_write(struct pidfile *file, char *why)
{
	char text[TEXT_LEN];
	int len;

	if (!file->path)
		return 0;
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (pwrite(file->fd, text, (size_t)len, 0) == len)
		return 0;
	return refuse(-1, errno, file->path, why);
}

/* Remove the file and let it go; one that is not held is left alone. */
void pidfile_close(struct pidfile *file)
{
	if (!file->path)
		return;
	unlink(file->path);
	close(file->fd);
	file->path = NULL;
}
