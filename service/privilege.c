/* SPDX-License-Identifier: MIT */
/* Becoming another user once everything that takes root is open.
 *
 * Theory of operation
 *
 * An ordinary user cannot remove what root made in /run. So before the service
 * gives up root, it leaves a keeper behind: a process that has nothing but the
 * end of a pipe, waits until the service has closed the other one, in whatever
 * way it ended, removes the control socket and the pidfile if they are still
 * the service's, and exits. It reads nothing that anybody writes.
 */
#include "service/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastpath/why.h"

#define KEEPER_FD 3 /* the first after stdin, stdout and stderr */

/* A file, and which one was meant. */
struct kept_file {
	const char *path; /* NULL: none */
	dev_t dev;
	ino_t ino;
};

/* Look the user up. Return: 0, or -errno and one sentence in why (NETDEV_WHY_LEN
 * bytes): -ENOENT when there is no such user, -EPERM without root.
 */
int privilege_init(struct privilege *privilege, const char *user, char *why)
{
	const struct passwd *entry;

	memset(privilege, 0, sizeof(*privilege));
	privilege->keeper_fd = -1;
	if (!user)
		return 0;
	entry = getpwnam(user);
	if (!entry)
		return why_fail(why, ENOENT, "--user '%.64s': expected the name"
		                " of a user of this system", user);
	if (geteuid() != 0 && geteuid() != entry->pw_uid)
		return why_fail(why, EPERM, "--user '%.64s': only root can"
		                " become another user", user);
	privilege->user = user;
	privilege->uid = entry->pw_uid;
	privilege->gid = entry->pw_gid;
	return 0;
}

static void remember(const char *path, struct kept_file *file)
{
	struct stat st;

	memset(file, 0, sizeof(*file));
	if (!path || lstat(path, &st))
		return;
	file->path = path;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
}

static void remove_kept(const struct kept_file *file)
{
	struct stat st;

	if (file->path && !lstat(file->path, &st) && st.st_dev == file->dev &&
	    st.st_ino == file->ino)
		unlink(file->path);
}

/* The keeper's whole life. */
static void keep(int fd, const struct kept_file *files)
{
	int null = open("/dev/null", O_RDWR);
	ssize_t got;
	char byte;

	for (int std = 0; std < KEEPER_FD && null >= 0; std++)
		dup2(null, std);
	if (fd != KEEPER_FD)
		dup2(fd, KEEPER_FD);
	close_range(KEEPER_FD + 1, ~0u, 0);
	if (chdir("/"))
		_exit(1);
	do
		got = read(KEEPER_FD, &byte, 1);
	while (got > 0 || (got < 0 && errno == EINTR));
	for (int i = 0; i < PRIVILEGE_FILE_MAX; i++)
		remove_kept(&files[i]);
	_exit(0);
}

static int start_keeper(struct privilege *privilege, const char *const *paths,
                        char *why)
{
	struct kept_file files[PRIVILEGE_FILE_MAX];
	int fds[2];

	for (int i = 0; i < PRIVILEGE_FILE_MAX; i++)
		remember(paths[i], &files[i]);
	if (pipe2(fds, O_CLOEXEC))
		return why_fail(why, errno, "cannot make a pipe: %s",
		                strerror(errno));
	privilege->keeper = fork();
	if (privilege->keeper == 0) {
		close(fds[1]);
		keep(fds[0], files);
	}
	close(fds[0]);
	privilege->keeper_fd = fds[1];
	if (privilege->keeper > 0)
		return 0;
	privilege->keeper = 0;
	return why_fail(why, errno, "cannot start a process: %s",
	                strerror(errno));
}

/* Become the user for good, and leave the removal of files (absolute paths,
 * PRIVILEGE_FILE_MAX of them, NULL for none) to a keeper. Without a user
 * nothing happens. Return: 0, or -errno and one sentence in why.
 */
int privilege_drop(struct privilege *privilege, const char *const *files,
                   char *why)
{
	int err;

	if (!privilege->user || geteuid() == privilege->uid)
		return 0;
	err = start_keeper(privilege, files, why);
	if (err)
		return err;
	if (!initgroups(privilege->user, privilege->gid) &&
	    !setresgid(privilege->gid, privilege->gid, privilege->gid) &&
	    !setresuid(privilege->uid, privilege->uid, privilege->uid))
		return 0;
	return why_fail(why, errno, "cannot become user '%.64s': %s",
	                privilege->user, strerror(errno));
}

/* Let the keeper do its work, and wait for that. */
void privilege_close(struct privilege *privilege)
{
	if (privilege->keeper_fd >= 0)
		close(privilege->keeper_fd);
	privilege->keeper_fd = -1;
	while (privilege->keeper > 0 &&
	       waitpid(privilege->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	privilege->keeper = 0;
}
