/* SPDX-License-Identifier: MIT */
/* Where the library that intercepts is, and how LD_PRELOAD names it. */
#include "shim/intercept.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/elfcheck.h"

_Static_assert(INTERCEPT_WHY_LEN >= ELFCHECK_WHY_LEN, "why is passed down");

#ifndef NETCOND_LIBDIR
#define NETCOND_LIBDIR "/usr/local/lib/netcond"
#endif

#define SEPARATORS ": " /* between LD_PRELOAD's entries: ld.so(8) */

/* The directory of the launcher's own file, without links. */
static int own_directory(char *dir)
{
	ssize_t len = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	if (len <= 0)
		return -errno;
	dir[len] = 0;
	*strrchr(dir, '/') = 0;
	return 0;
}

/* Find the library that belongs to this launcher: beside it, as in a build
 * tree; where `make install` puts it, seen from the launcher; in the directory
 * that was compiled in. path has PATH_MAX bytes.
 * Return: 0, or -errno and one sentence in why.
 */
int intercept_library_find(char *path, char *why)
{
	char dir[PATH_MAX] = "", candidate[3][PATH_MAX + 64];

	own_directory(dir);
	snprintf(candidate[0], sizeof(candidate[0]), "%s/" INTERCEPT_LIBRARY,
	         dir);
	snprintf(candidate[1], sizeof(candidate[1]),
	         "%s/../lib/netcond/" INTERCEPT_LIBRARY, dir);
	snprintf(candidate[2], sizeof(candidate[2]),
	         NETCOND_LIBDIR "/" INTERCEPT_LIBRARY);
	for (int i = 0; i < 3; i++)
		if (realpath(candidate[i], path))
			return elfcheck_library(path, why);
	snprintf(why, INTERCEPT_WHY_LEN, INTERCEPT_LIBRARY " is neither in"
	         " '%.300s' nor in '%.300s/../lib/netcond' nor in '"
	         NETCOND_LIBDIR "'; build it with 'make lib' or install it with"
	         " 'make install'", dir, dir);
	return -ENOENT;
}

static int is_own_library(const char *entry, size_t len)
{
	size_t name_len = strlen(INTERCEPT_LIBRARY);

	return len >= name_len &&
	       !memcmp(entry + len - name_len, INTERCEPT_LIBRARY, name_len) &&
	       (len == name_len || entry[len - name_len - 1] == '/');
}

/* LD_PRELOAD's new value: library first, then what stood in preload (NULL:
 * nothing) without any libintercept.so: two of them would intercept each other.
 * Return: an allocated string, or NULL.
 */
char *intercept_preload_join(const char *library, const char *preload)
{
	size_t room = strlen(library) + (preload ? strlen(preload) : 0) + 2;
	char *joined = malloc(room), *end;

	if (!joined)
		return NULL;
	end = stpcpy(joined, library);
	while (preload && *preload) {
		size_t len = strcspn(preload, SEPARATORS);

		if (len && !is_own_library(preload, len)) {
			*end++ = ':';
			end = mempcpy(end, preload, len);
			*end = 0;
		}
		preload += len + strspn(preload + len, SEPARATORS);
	}
	return joined;
}
