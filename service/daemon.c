/* SPDX-License-Identifier: MIT */
/* Going to the background, and telling others that the service is ready.
 *
 * Theory of operation
 *
 * With --daemon the process forks before anything is opened. The child sets
 * everything up with the caller's stdout and stderr still its own, so that what
 * it prints, a failure's sentence as well, appears where it was started. The
 * parent waits on a pipe: a byte means that programs can be intercepted from
 * now on, and it exits with 0; the end of the pipe means that the child failed,
 * and it exits with the child's status. No caller has to sleep and look.
 */
#include "service/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastpath/why.h"
#include "service/log.h"

static int wait_status(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_error("the service was ended by signal %d before it was ready",
	          WTERMSIG(status));
	return 1;
}

static void wait_ready(pid_t child, int fd)
{
	ssize_t got;
	char byte;

	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	_exit(got == 1 ? 0 : wait_status(child));
}

/* Go on in a child in a session of its own, in the root directory. The parent
 * does not return from here. *notify_fd is for daemon_ready.
 * Return: 0 in the child, or -errno and one sentence in why (NETDEV_WHY_LEN
 * bytes).
 */
int daemon_start(int *notify_fd, char *why)
{
	int fds[2], err;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC))
		return why_fail(why, errno, "cannot make a pipe: %s",
		                strerror(errno));
	fflush(NULL);
	child = fork();
	if (child < 0) {
		err = errno;
		close(fds[0]);
		close(fds[1]);
		return why_fail(why, err, "cannot start a process: %s",
		                strerror(err));
	}
	if (child > 0) {
		close(fds[1]);
		wait_ready(child, fds[0]);
	}
	close(fds[0]);
	setsid();
	if (chdir("/"))
		log_warn("cannot change to the root directory: %s",
		         strerror(errno));
	*notify_fd = fds[1];
	return 0;
}

/* Let the parent of daemon_start exit with 0, and leave its terminal. */
void daemon_ready(int notify_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(NULL);
	log_set_syslog(true);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	daemon_write_ready(notify_fd);
}

/* Can fd be written to when the service is ready? It is made close-on-exec: it
 * is not the program's. Return: 0, or -errno.
 */
int daemon_check_ready_fd(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (fd > 2)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* A newline on fd, which is closed unless it is stdin, stdout or stderr. */
void daemon_write_ready(int fd)
{
	while (write(fd, "\n", 1) < 0 && errno == EINTR)
		;
	if (fd > 2)
		close(fd);
}

/* Whoever started us may have closed them; a socket that became descriptor 2
 * would receive our messages.
 */
void daemon_fill_std_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}
