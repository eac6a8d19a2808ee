/* SPDX-License-Identifier: MIT */
/* What a program's children need to be intercepted too. */
#ifndef NETCOND_SHIM_EXEC_H
#define NETCOND_SHIM_EXEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define EXEC_ENV_MAX 4096               /* variables that are carried along */
#define EXEC_VAR_LEN (2 * PATH_MAX)     /* bytes of one that is put in */

/* Room for an environment; on the caller's stack, for a vfork child has nothing
 * else of its own.
 */
struct exec_env {
	char preload[EXEC_VAR_LEN];
	char **vars;                    /* room for count + 3 pointers */
};

void exec_start(void);
size_t exec_env_count(char *const envp[]);
bool exec_env_is_fit(char *const envp[]);
char *const *exec_env_fill(struct exec_env *env, char *const envp[]);

#endif
