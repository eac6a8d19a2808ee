/* SPDX-License-Identifier: MIT */
/* Can this program be intercepted by a preloaded library?
 *
 * Theory of operation
 *
 * The dynamic loader maps a preloaded library when, and only when, the kernel
 * starts a dynamic ELF file of the library's own kind and raises no privilege
 * on the way (ld.so(8), "secure-execution mode"). glibc does not complain about
 * a preload that does not happen: the program would run on the host's stack
 * unnoticed. So the file is looked at beforehand, as the kernel will look at
 * it: through its #! lines to the ELF file that is loaded in the end.
 *
 * What "of the library's own kind" means is read from this very process'
 * executable, which the same compiler made.
 *
 * The answer can be outdated when the program starts; it is a courtesy to the
 * user, not a barrier.
 */
#include "shim/elfcheck.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "shim/elfcheck_facts.h"

#define SCRIPT_LINE_LEN 256 /* BINPRM_BUF_SIZE of the kernel's binfmts.h */
#define SHELL "/bin/sh"     /* runs a text without #!: execvp(3) */

static enum elfcheck_verdict conclude(struct elfcheck *out,
                                      enum elfcheck_verdict verdict,
                                      const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum elfcheck_verdict conclude(struct elfcheck *out,
                                      enum elfcheck_verdict verdict,
                                      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out->why, sizeof(out->why), format, args);
	va_end(args);
	out->verdict = verdict;
	return verdict;
}

/* Would the kernel ask for secure execution (AT_SECURE)? As
 * cap_bprm_creds_from_file() of security/commoncap.c: another user or group,
 * or capabilities that a real user other than root gains.
 */
static const char *is_secure(int fd, const struct stat *st)
{
	struct statvfs fs;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOSUID)))
		return NULL;
	if ((st->st_mode & S_ISUID) && st->st_uid != getuid())
		return "setuid";
	if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) &&
	    st->st_gid != getgid())
		return "setgid";
	if (getuid() != 0 &&
	    fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return "given file capabilities";
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static enum elfcheck_verdict check_foreign(const struct elf_facts *facts,
                                           struct elfcheck *out)
{
	const struct elf_facts *own = elf_facts_own();

	if (facts->class != own->class)
		return conclude(out, ELFCHECK_FOREIGN,
		                "'%s' is a %s-bit program, and the library that"
		                " intercepts is a %s-bit one", out->loaded,
		                facts->class == ELFCLASS32 ? "32" : "64",
		                own->class == ELFCLASS32 ? "32" : "64");
	if (facts->data != own->data || facts->machine != own->machine)
		return conclude(out, ELFCHECK_FOREIGN,
		                "'%s' is a program for another machine (ELF"
		                " machine %u, this is %u)", out->loaded,
		                facts->machine, own->machine);
	if (facts->loader[0] && own->loader[0] &&
	    strcmp(base_name(facts->loader), base_name(own->loader)) != 0)
		return conclude(out, ELFCHECK_FOREIGN,
		                "'%s' uses another C library (its loader is"
		                " %s, ours is %s): the library that intercepts"
		                " cannot be loaded into it", out->loaded,
		                facts->loader, own->loader);
	return ELFCHECK_OK;
}

static enum elfcheck_verdict check_elf(int fd, const struct stat *st,
                                       const struct elf_facts *facts,
                                       struct elfcheck *out)
{
	const char *secure = is_secure(fd, st);
	enum elfcheck_verdict verdict = check_foreign(facts, out);

	if (verdict != ELFCHECK_OK)
		return verdict;
	if (facts->is_go)
		return conclude(out, ELFCHECK_RAW_SYSCALLS,
		                "'%s' is a Go program: it makes its system"
		                " calls itself, past every library, and cannot"
		                " be intercepted", out->loaded);
	if (!facts->loader[0])
		return conclude(out, ELFCHECK_STATIC,
		                "'%s' is statically linked: no library can be"
		                " preloaded into it; use a dynamically linked"
		                " build", out->loaded);
	if (secure)
		return conclude(out, ELFCHECK_SECURE,
		                "'%s' is %s: the loader ignores LD_PRELOAD for"
		                " it; use a copy without that privilege, or"
		                " start it as the user it would become",
		                out->loaded, secure);
	if (access(facts->loader, F_OK) != 0)
		return conclude(out, ELFCHECK_BAD_INTERPRETER,
		                "'%s' needs the loader '%s', which does not"
		                " exist", out->loaded, facts->loader);
	return conclude(out, ELFCHECK_OK, "%s", "");
}

/* The interpreter of a #! line, or of a text that has none. Return: false when
 * the line cannot be used.
 */
static bool read_interpreter(const char *line, size_t len, char *interpreter)
{
	const char *start = line + 2, *end;

	if (len < 2 || line[0] != '#' || line[1] != '!') {
		strcpy(interpreter, SHELL);
		return true;
	}
	start += strspn(start, " \t");
	end = start + strcspn(start, " \t\n");
	/* Cut by the buffer: the kernel refuses such a line, too. */
	if (end == start || end == line + SCRIPT_LINE_LEN)
		return false;
	memcpy(interpreter, start, end - start);
	interpreter[end - start] = 0;
	return true;
}

/* The first line's bytes hold a NUL: no text, so no script. */
static bool is_binary(const char *line, size_t len)
{
	const char *newline = memchr(line, '\n', len);

	return memchr(line, 0, newline ? (size_t)(newline - line) : len);
}

static int open_program(const char *path, struct stat *st,
                        struct elfcheck *out)
{
	int fd, err;

	if (stat(path, st) != 0) {
		err = errno;
		conclude(out, err == ENOENT || err == ENOTDIR ?
		         ELFCHECK_MISSING : ELFCHECK_NOT_EXECUTABLE,
		         "cannot find '%s': %s", path, strerror(err));
		return -err;
	}
	if (!S_ISREG(st->st_mode)) {
		conclude(out, ELFCHECK_NOT_EXECUTABLE,
		         "'%s' is %s, not a program", path,
		         S_ISDIR(st->st_mode) ? "a directory" :
		         "not a regular file");
		return -EACCES;
	}
	if (access(path, X_OK) != 0) {
		conclude(out, ELFCHECK_NOT_EXECUTABLE,
		         "'%s' cannot be executed: %s; chmod +x makes a file"
		         " executable", path, strerror(errno));
		return -EACCES;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	err = errno;
	conclude(out, ELFCHECK_UNREADABLE,
	         "'%s' cannot be read (%s), so nobody knows whether it can be"
	         " intercepted", path, strerror(err));
	return -err;
}

/* One file of the chain. Return: ELFCHECK_INVALID when next is to be looked at,
 * else the verdict.
 */
static enum elfcheck_verdict check_link(const char *path, char *next,
                                        struct elfcheck *out)
{
	char line[SCRIPT_LINE_LEN + 1] = "";
	struct elf_facts facts;
	struct stat st;
	int fd = open_program(path, &st, out);
	ssize_t got;

	if (fd < 0)
		return out->verdict;
	elf_facts_read(fd, &facts);
	if (facts.is_elf) {
		check_elf(fd, &st, &facts, out);
		close(fd);
		return out->verdict;
	}
	got = pread(fd, line, SCRIPT_LINE_LEN, 0);
	close(fd);
	if (got < 0 || is_binary(line, got))
		return conclude(out, ELFCHECK_NOT_EXECUTABLE,
		                "'%s' is neither an ELF program nor a script",
		                path);
	if (!read_interpreter(line, got, next))
		return conclude(out, ELFCHECK_BAD_INTERPRETER,
		                "the #! line of '%s' names no interpreter",
		                path);
	return ELFCHECK_INVALID;
}

/* Look at the file at path, following its #! lines. out->path is left alone.
 * Return: the verdict, also in *out with its sentence.
 */
enum elfcheck_verdict elfcheck_file(const char *path, struct elfcheck *out)
{
	char next[SCRIPT_LINE_LEN + 1];
	enum elfcheck_verdict verdict;
	char reason[ELFCHECK_WHY_LEN];

	out->script_count = 0;
	snprintf(out->loaded, sizeof(out->loaded), "%s", path);
	for (;;) {
		verdict = check_link(out->loaded, next, out);
		if (verdict != ELFCHECK_INVALID)
			break;
		if (out->script_count++ == ELFCHECK_SCRIPT_MAX)
			return conclude(out, ELFCHECK_BAD_INTERPRETER,
			                "'%s' starts a chain of more than %d #!"
			                " lines", path, ELFCHECK_SCRIPT_MAX);
		strcpy(out->loaded, next);
	}
	if (verdict == ELFCHECK_OK || out->script_count == 0)
		return verdict;
	/* A missing interpreter is not a missing program. */
	if (verdict == ELFCHECK_MISSING)
		verdict = ELFCHECK_BAD_INTERPRETER;
	strcpy(reason, out->why);
	return conclude(out, verdict, "'%s' is a script, and its interpreter"
	                " does not do: %s", path, reason);
}

/* $PATH or, as execvp(3), its default. The first file that may be executed;
 * failing that, one that may not.
 */
static int find_in_path(const char *name, char *path)
{
	const char *dir = getenv("PATH");
	char candidate[PATH_MAX];
	struct stat st;
	int err = -ENOENT;

	for (dir = dir ? dir : "/bin:/usr/bin"; dir; ) {
		const char *end = strchrnul(dir, ':');
		int len = snprintf(candidate, sizeof(candidate), "%.*s%s%s",
		                   (int)(end - dir), dir, end > dir ? "/" : "./",
		                   name);

		dir = *end ? end + 1 : NULL;
		if (len >= (int)sizeof(candidate) ||
		    stat(candidate, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (access(candidate, X_OK) == 0) {
			strcpy(path, candidate);
			return 0;
		}
		if (err == -ENOENT)
			strcpy(path, candidate);
		err = -EACCES;
	}
	return err;
}

/* Find name as execvp(3) does and look at it. Return: the verdict, also in *out
 * with the path to execute and, unless it is ELFCHECK_OK, one sentence.
 */
enum elfcheck_verdict elfcheck_program(const char *name, struct elfcheck *out)
{
	memset(out, 0, sizeof(*out));
	if (!*name)
		return conclude(out, ELFCHECK_MISSING,
		                "'' is no program's name");
	if (strlen(name) >= sizeof(out->path))
		return conclude(out, ELFCHECK_MISSING,
		                "a program's name of %zu bytes is longer than"
		                " any path", strlen(name));
	if (strchr(name, '/'))
		strcpy(out->path, name);
	else if (find_in_path(name, out->path) == -ENOENT)
		return conclude(out, ELFCHECK_MISSING,
		                "there is no program '%s' in $PATH", name);
	return elfcheck_file(out->path, out);
}

/* Can the library at path be preloaded into programs like this one? The loader
 * would only warn, and run the program without it. Return: 0, or -errno and one
 * sentence in why (ELFCHECK_WHY_LEN bytes): -ENOEXEC when it is no library of
 * this machine, -EINVAL when $LD_PRELOAD cannot hold its path.
 */
int elfcheck_library(const char *path, char *why)
{
	const struct elf_facts *own = elf_facts_own();
	struct elf_facts facts;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = errno;

	if (fd < 0) {
		snprintf(why, ELFCHECK_WHY_LEN, "cannot read the library '%s':"
		         " %s", path, strerror(err));
		return -err;
	}
	elf_facts_read(fd, &facts);
	close(fd);
	if (!facts.is_elf || facts.class != own->class ||
	    facts.machine != own->machine) {
		snprintf(why, ELFCHECK_WHY_LEN, "'%s' is no library for this"
		         " machine", path);
		return -ENOEXEC;
	}
	if (!strpbrk(path, ": "))
		return 0;
	snprintf(why, ELFCHECK_WHY_LEN, "the path of the library '%s' has a"
	         " space or a colon, which LD_PRELOAD cannot hold; install it"
	         " elsewhere", path);
	return -EINVAL;
}

/* The exit status for a verdict. */
int elfcheck_status(enum elfcheck_verdict verdict)
{
	switch (verdict) {
#define X(name, status)                                                       \
	case ELFCHECK_##name:                                                 \
		return status;
	ELFCHECK_VERDICTS(X)
#undef X
	case ELFCHECK_INVALID:
	case ELFCHECK_COUNT:
		break;
	}
	return 125;
}
