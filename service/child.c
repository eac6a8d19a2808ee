/* SPDX-License-Identifier: MIT */
/* The program that `netcond ... -- PROGRAM` runs through the stack.
 *
 * It is started by the launcher, which makes the same checks as for any other
 * program. It gets what the service was started with: signal mask and
 * dispositions, limits, CPUs. When the service dies without a word, the kernel
 * ends the program, which would otherwise run on with dead sockets.
 */
#include "service/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastpath/why.h"

#define LAUNCHER "intercept"

/* Signals whose dispositions the service sets. */
static const int signals[CHILD_SIGNAL_COUNT] = { SIGINT, SIGTERM, SIGPIPE };

/* Remember what the program shall inherit; before anything is changed. */
void child_init(struct child *child)
{
	struct child_heritage *heritage = &child->heritage;

	memset(child, 0, sizeof(*child));
	child->pidfd = -1;
	sigprocmask(SIG_SETMASK, NULL, &heritage->mask);
	for (int i = 0; i < CHILD_SIGNAL_COUNT; i++)
		sigaction(signals[i], NULL, &heritage->actions[i]);
	getrlimit(RLIMIT_NOFILE, &heritage->nofile);
	heritage->has_cpus = !sched_getaffinity(0, sizeof(heritage->cpus),
	                                        &heritage->cpus);
}

/* Find the launcher that belongs to this service: beside it, or in the bin/
 * that stands beside the service's sbin/. Return: 0, or -ENOENT and one
 * sentence in why (NETDEV_WHY_LEN bytes).
 */
int child_find_launcher(struct child *child, char *why)
{
	static const char *const places[] = { LAUNCHER, "../bin/" LAUNCHER };
	char own[PATH_MAX], candidate[PATH_MAX + 32];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[len > 0 ? len : 0] = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(candidate, sizeof(candidate), "%.*s/%s",
		         (int)(len > 0 ? strrchr(own, '/') - own : 0), own,
		         places[i]);
		if (realpath(candidate, child->launcher) &&
		    !access(child->launcher, X_OK))
			return 0;
	}
	return why_fail(why, ENOENT, "the launcher '" LAUNCHER "' is not where"
	                " '%.150s' is, nor in the bin directory beside it",
	                own);
}

/* Everything that fd gives, without the newline at its end. */
static void read_text(int fd, char *text, size_t len)
{
	size_t used = 0;
	ssize_t got;

	do {
		got = read(fd, text + used, len - 1 - used);
		if (got > 0)
			used += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	text[used] = 0;
	text[strcspn(text, "\n")] = 0;
}

/* Ask the launcher whether it could start the program, before anything is set
 * up for it. Return: 0, or the exit status that the launcher has for it, and
 * its sentence in why (len bytes).
 */
int child_check(const struct child *child, const char *program, char *why,
                size_t len)
{
	int fds[2], status = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return 0; /* child_start meets the same, and says so */
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execl(child->launcher, LAUNCHER, "check", program,
		      (char *)NULL);
		_exit(0);
	}
	close(fds[1]);
	read_text(fds[0], why, len);
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void restore(const struct child_heritage *heritage)
{
	for (int i = 0; i < CHILD_SIGNAL_COUNT; i++)
		sigaction(signals[i], &heritage->actions[i], NULL);
	setrlimit(RLIMIT_NOFILE, &heritage->nofile);
	if (heritage->has_cpus)
		sched_setaffinity(0, sizeof(heritage->cpus), &heritage->cpus);
	sigprocmask(SIG_SETMASK, &heritage->mask, NULL);
}

/* In the child: never returns. errno goes to error_fd when exec fails. */
static void become(const struct child *child, char **argv, pid_t parent,
                   int error_fd)
{
	int err;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(125);
	restore(&child->heritage);
	execv(child->launcher, argv);
	err = errno;
	if (write(error_fd, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(125);
}

/* "intercept --socket PATH -- PROGRAM ARG...": NULL-terminated, allocated. */
static char **launcher_argv(const char *socket_path, char **program)
{
	size_t count = 0;
	char **argv;

	while (program[count])
		count++;
	argv = calloc(count + 5, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = (char *)LAUNCHER;
	argv[1] = (char *)"--socket";
	argv[2] = (char *)socket_path;
	argv[3] = (char *)"--";
	memcpy(argv + 4, program, count * sizeof(*argv));
	return argv;
}

/* Start program (NULL-terminated) by the launcher. Return: 0, or -errno and one
 * sentence in why. What the launcher refuses is not known here: it prints that
 * and exits.
 */
int child_start(struct child *child, const char *socket_path, char **program,
                char *why)
{
	char **argv = launcher_argv(socket_path, program);
	pid_t parent = getpid();
	int fds[2], err = 0;

	if (!argv || pipe2(fds, O_CLOEXEC)) {
		free(argv);
		return why_fail(why, errno, "cannot start '%.100s': %s",
		                program[0], strerror(errno));
	}
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0)
		become(child, argv, parent, fds[1]);
	err = child->pid < 0 ? errno : 0;
	close(fds[1]);
	/* Nothing comes when exec succeeded: it closes the other end. */
	if (!err && read(fds[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(fds[0]);
	free(argv);
	if (!err) {
		child->pidfd = pidfd_open(child->pid, 0);
		err = child->pidfd < 0 ? errno : 0;
	}
	if (!err)
		return 0;
	child_signal(child, SIGKILL);
	child_wait(child);
	return why_fail(why, err, "cannot start '%.100s': %s", child->launcher,
	                strerror(err));
}

/* Send it a signal, if it lives. */
void child_signal(const struct child *child, int signo)
{
	if (child->pid > 0)
		kill(child->pid, signo);
}

/* Wait for its end. Return: its exit status, or 128 and the signal's number, as
 * a shell says it; 0 when none was started.
 */
int child_wait(struct child *child)
{
	int status = 0;

	if (child->pid <= 0)
		return 0;
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->pid = 0;
	child->pidfd = -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	       WEXITSTATUS(status);
}
