/* SPDX-License-Identifier: MIT */
/* Can this program be intercepted by a preloaded library? */
#ifndef NETCOND_SHIM_ELFCHECK_H
#define NETCOND_SHIM_ELFCHECK_H

#include <limits.h>

#define ELFCHECK_WHY_LEN 1024   /* bytes of the sentence, with NUL */
#define ELFCHECK_SCRIPT_MAX 5   /* #! lines in a row, as the kernel follows */

/* What was found: name, exit status as env(1) and nohup(1) use it. */
#define ELFCHECK_VERDICTS(X)                                                  \
	X(OK, 0)             /* can be intercepted */                         \
	X(MISSING, 127)      /* no such file, or not in $PATH */              \
	X(NOT_EXECUTABLE, 126) /* a directory, no permission, no program */   \
	X(BAD_INTERPRETER, 126) /* its #! line or loader leads nowhere */     \
	X(UNREADABLE, 125)   /* may be run but not read: nothing is known */  \
	X(STATIC, 125)       /* no dynamic loader, so no preload */           \
	X(SECURE, 125)       /* setuid, setgid, capabilities: the loader      \
	                        ignores LD_PRELOAD */                         \
	X(FOREIGN, 125)      /* other word size, machine or C library */      \
	X(RAW_SYSCALLS, 125) /* Go: does not call libc for its sockets */

enum elfcheck_verdict {
	ELFCHECK_INVALID = 0,
#define X(name, status) ELFCHECK_##name,
	ELFCHECK_VERDICTS(X)
#undef X
	ELFCHECK_COUNT
};

struct elfcheck {
	enum elfcheck_verdict verdict;
	char path[PATH_MAX];     /* the program; what execve(2) should get */
	char loaded[PATH_MAX];   /* the file the kernel loads in the end: path,
	                            or the last interpreter of the #! chain */
	unsigned script_count;   /* #! lines that were followed */
	char why[ELFCHECK_WHY_LEN]; /* one sentence unless OK */
};

enum elfcheck_verdict elfcheck_program(const char *name, struct elfcheck *out);
enum elfcheck_verdict elfcheck_file(const char *path, struct elfcheck *out);
int elfcheck_library(const char *path, char *why);
int elfcheck_status(enum elfcheck_verdict verdict);

#endif
