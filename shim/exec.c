/* SPDX-License-Identifier: MIT */
/* What a program's children need to be intercepted too.
 *
 * A program that builds a fresh environment for a child would, unknowingly, put
 * that child on the host's stack. So the two variables are put back where they
 * are lacking: LD_PRELOAD with this library, NETCOND_SOCKET as it was found at
 * the start. A variable that the program set to something else stays, the
 * library is put before what LD_PRELOAD holds.
 *
 * All of it may run in a vfork child or a signal handler: no memory is
 * allocated, nothing is kept but what exec_start() read.
 */
#include "shim/exec.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/proto/rpc.h"

#define PRELOAD "LD_PRELOAD"

static char library[PATH_MAX];             /* as preloaded; "": was not */
static char sock_var[PATH_MAX + 32];       /* "NETCOND_SOCKET=..." or "" */

/* The value of a variable in envp; NULL: not there. */
static const char *env_find(char *const envp[], const char *name)
{
	size_t len = strlen(name);

	for (; envp && *envp; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

static const char *file_name(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);

	return slash ? slash + 1 : path;
}

/* The entry of a LD_PRELOAD list that has the library's file name, or NULL. */
static const char *list_find(const char *list, const char *path, size_t *len)
{
	const char *name = file_name(path, strlen(path));

	while (list && *list) {
		const char *base;

		list += strspn(list, ": \t");
		*len = strcspn(list, ": \t");
		base = file_name(list, *len);
		if (*len && strlen(name) == *len - (size_t)(base - list) &&
		    memcmp(name, base, strlen(name)) == 0)
			return list;
		list += *len;
	}
	return NULL;
}

/* Remember how this library was preloaded. A library that was linked or opened
 * in another way is not carried along.
 */
void exec_start(void)
{
	const char *path = getenv(RPC_SOCKET_ENV);
	const char *entry;
	Dl_info info;
	size_t len;

	if (!dladdr(library, &info) || !info.dli_fname)
		return;
	entry = list_find(getenv(PRELOAD), info.dli_fname, &len);
	if (entry && len < sizeof(library))
		memcpy(library, entry, len);
	if (path && strlen(path) < PATH_MAX)
		snprintf(sock_var, sizeof(sock_var), "%s=%s", RPC_SOCKET_ENV,
		         path);
}

/* The number of variables in envp, which may be NULL (Linux takes that). */
size_t exec_env_count(char *const envp[])
{
	size_t count = 0;

	while (envp && envp[count])
		count++;
	return count;
}

/* Can envp go as it is: nothing lacks, or nothing is to be carried? */
bool exec_env_is_fit(char *const envp[])
{
	size_t len;

	if (!library[0] || exec_env_count(envp) > EXEC_ENV_MAX)
		return true;
	return list_find(env_find(envp, PRELOAD), library, &len) &&
	       (!sock_var[0] || env_find(envp, RPC_SOCKET_ENV));
}

/* Write "LD_PRELOAD=library:list" to buf. Return: whether it fits. */
static bool preload_write(char *buf, const char *list)
{
	size_t name_len = strlen(PRELOAD "=");
	size_t lib_len = strlen(library);
	size_t list_len = list ? strlen(list) : 0;

	if (name_len + lib_len + 1 + list_len + 1 > EXEC_VAR_LEN)
		return false;
	memcpy(buf, PRELOAD "=", name_len);
	memcpy(buf + name_len, library, lib_len + 1);
	if (!list_len)
		return true;
	buf[name_len + lib_len] = ':';
	memcpy(buf + name_len + lib_len + 1, list, list_len + 1);
	return true;
}

/* envp with what lacks put in. env->vars has room for exec_env_count() + 3
 * pointers; the strings stay envp's, or are env's. Return: the environment to
 * use, envp itself where a variable would be too long.
 */
char *const *exec_env_fill(struct exec_env *env, char *const envp[])
{
	const char *list = env_find(envp, PRELOAD);
	size_t count = 0;
	size_t len;

	if (!list_find(list, library, &len)) {
		if (!preload_write(env->preload, list))
			return envp;
		env->vars[count++] = env->preload;
	} else {
		list = NULL; /* is as it should be: copied below */
	}
	if (sock_var[0] && !env_find(envp, RPC_SOCKET_ENV))
		env->vars[count++] = sock_var;
	for (; envp && *envp; envp++)
		if (!list || strncmp(*envp, PRELOAD "=", 11) != 0)
			env->vars[count++] = *envp;
	env->vars[count] = NULL;
	return env->vars;
}
