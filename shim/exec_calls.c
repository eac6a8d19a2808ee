/* SPDX-License-Identifier: MIT */
/* exec* and posix_spawn*: only to carry the preload on (shim/exec.c). */
#include <alloca.h>
#include <stdarg.h>
#include <string.h>

#include "shim/exec.h"
#include "shim/libc.h"

/* Give `env` the pointers that envp needs, on this function's caller's stack;
 * and the environment to use.
 */
#define ENV_FOR(env, envp)                                                    \
	(exec_env_is_fit(envp)                                                \
	         ? (envp)                                                     \
	         : ((env).vars = alloca((exec_env_count(envp) + 3) *          \
	                                sizeof(char *)),                      \
	            exec_env_fill(&(env), envp)))

int execve(const char *path, char *const argv[], char *const envp[])
{
	struct exec_env env;

	return libc()->execve(path, argv, ENV_FOR(env, envp));
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	struct exec_env env;

	return libc()->execvpe(file, argv, ENV_FOR(env, envp));
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	struct exec_env env;

	return libc()->fexecve(fd, argv, ENV_FOR(env, envp));
}

int execveat(int dir, const char *path, char *const argv[],
             char *const envp[], int flags)
{
	struct exec_env env;

	return libc()->execveat(dir, path, argv, ENV_FOR(env, envp), flags);
}

int posix_spawn(pid_t *pid, const char *path,
                const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attr, char *const argv[],
                char *const envp[])
{
	struct exec_env env;

	return libc()->posix_spawn(pid, path, actions, attr, argv,
	                           ENV_FOR(env, envp));
}

int posix_spawnp(pid_t *pid, const char *file,
                 const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attr, char *const argv[],
                 char *const envp[])
{
	struct exec_env env;

	return libc()->posix_spawnp(pid, file, actions, attr, argv,
	                            ENV_FOR(env, envp));
}

/* The number of arguments from `first` to the NULL that ends them. */
static size_t args_count(const char *first, va_list args)
{
	size_t count = 0;
	va_list walk;

	va_copy(walk, args);
	while (first) {
		count++;
		first = va_arg(walk, const char *);
	}
	va_end(walk);
	return count;
}

/* Write the arguments and their NULL to argv; args then stands behind it. */
#define ARGS_TAKE(argv, first, args)                                          \
	do {                                                                  \
		size_t at = 0;                                                \
		const char *arg = (first);                                    \
		while (arg) {                                                 \
			(argv)[at++] = (char *)arg;                           \
			arg = va_arg(args, const char *);                     \
		}                                                             \
		(argv)[at] = NULL;                                            \
	} while (0)

int execl(const char *path, const char *first, ...)
{
	va_list args;
	char **argv;

	va_start(args, first);
	argv = alloca((args_count(first, args) + 1) * sizeof(*argv));
	ARGS_TAKE(argv, first, args);
	va_end(args);
	return execve(path, argv, environ);
}

int execlp(const char *file, const char *first, ...)
{
	va_list args;
	char **argv;

	va_start(args, first);
	argv = alloca((args_count(first, args) + 1) * sizeof(*argv));
	ARGS_TAKE(argv, first, args);
	va_end(args);
	return execvpe(file, argv, environ);
}

int execle(const char *path, const char *first, ...)
{
	va_list args;
	char *const *envp;
	char **argv;

	va_start(args, first);
	argv = alloca((args_count(first, args) + 1) * sizeof(*argv));
	ARGS_TAKE(argv, first, args);
	envp = va_arg(args, char *const *);
	va_end(args);
	return execve(path, argv, envp);
}
