/* SPDX-License-Identifier: MIT */
/* intercept show, intercept check: what would happen, and what is in effect.
 *
 * Whether interception works is not deduced from settings: a socket is made in
 * this very process, and the service is asked whether it knows it.
 */
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/elfcheck.h"
#include "shim/intercept.h"
#include "shim/proto/ctl.h"

#define PRELOAD_FILE "/etc/ld.so.preload"
#define LABEL "%-10s"

/* One label, on the first of its lines. */
static const char *label_once(const char **label)
{
	const char *now = *label;

	*label = "";
	return now;
}

/* Each entry of a list in the loader's form; *label becomes "" when one was. */
static void print_entries(char *list, const char *separators,
                          const char *source, const char **label)
{
	char *entry, *rest = NULL;

	for (entry = strtok_r(list, separators, &rest); entry;
	     entry = strtok_r(NULL, separators, &rest))
		printf(LABEL "%s (%s)%s\n", label_once(label), entry, source,
		       strchr(entry, '/') && access(entry, R_OK) ?
		       ": cannot be read, so it is not loaded" : "");
}

static void print_preload(void)
{
	const char *label = "preload", *preload = getenv(INTERCEPT_PRELOAD_ENV);
	FILE *file = fopen(PRELOAD_FILE, "re");
	char *copy = preload ? strdup(preload) : NULL;
	char *line = NULL;
	size_t room = 0;

	if (copy)
		print_entries(copy, ": ", "$" INTERCEPT_PRELOAD_ENV, &label);
	while (file && getline(&line, &room, file) > 0) {
		line[strcspn(line, "#\n")] = 0;
		print_entries(line, ": \t", PRELOAD_FILE, &label);
	}
	if (*label)
		printf(LABEL "nothing\n", label);
	free(copy);
	free(line);
	if (file)
		fclose(file);
}

static void print_library(void)
{
	char path[PATH_MAX], why[INTERCEPT_WHY_LEN];

	if (intercept_library_find(path, why))
		printf(LABEL "%s\n", "library", why);
	else
		printf(LABEL "%s\n", "library", path);
}

static int is_own_object(struct dl_phdr_info *info, size_t size, void *user)
{
	const char *name = strrchr(info->dlpi_name, '/');

	(void)size, (void)user;
	return name && !strcmp(name + 1, INTERCEPT_LIBRARY);
}

/* Does the service list an open socket of this process? Return: 1, 0, or
 * -errno and one sentence in why.
 */
static int has_own_sock(struct ctl *ctl, char *why)
{
	struct rpc_request request = { .op = RPC_SOCKS };
	struct rpc_reply reply;

	for (;;) {
		int err = ctl_request(ctl, &request, &reply, why);

		if (err)
			return err;
		if (reply.socks.count == 0)
			return 0;
		for (unsigned i = 0; i < reply.socks.count &&
		     i < RPC_SOCKS_MAX; i++) {
			if (reply.socks.rows[i].pid == getpid())
				return 1;
			request.page.from = reply.socks.rows[i].id;
		}
	}
}

/* Make a socket as any program would, and look whose it is. */
static void print_effect(struct ctl *ctl)
{
	char why[CTL_WHY_LEN];
	int fd, result;

	if (!dl_iterate_phdr(is_own_object, NULL)) {
		printf(LABEL "no: the library is not loaded into this process;"
		       " 'intercept PROGRAM' does that\n", "in effect");
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0) {
		printf(LABEL "no: the library is loaded, and socket() fails:"
		       " %m\n", "in effect");
		return;
	}
	result = has_own_sock(ctl, why);
	close(fd);
	if (result < 0)
		printf(LABEL "not known: %s\n", "in effect", why);
	else
		printf(LABEL "%s\n", "in effect", result ?
		       "yes: a socket of this process is the service's" :
		       "no: a socket of this process is not the service's");
}

int intercept_show(const char *socket_path)
{
	char path[CTL_PATH_LEN], why[CTL_WHY_LEN];
	struct ctl ctl = { .fd = -1 };

	print_preload();
	print_library();
	if (ctl_connect_path(socket_path, path, why) ||
	    ctl_open(&ctl, path, why)) {
		printf(LABEL "%s\n", "service", why);
		printf(LABEL "no: no service answers\n", "in effect");
		return INTERCEPT_NOT_ANSWERING;
	}
	printf(LABEL "pid %d at %s, %s\n", "service", (int)ctl.pid, path,
	       ctl.backend);
	print_effect(&ctl);
	ctl_close(&ctl);
	return INTERCEPT_OK;
}

int intercept_check(const char *program)
{
	static struct elfcheck check;

	if (elfcheck_program(program, &check) != ELFCHECK_OK)
		printf("%s\n", check.why);
	else if (check.script_count)
		printf("'%s' can be intercepted: a script for '%s'\n",
		       check.path, check.loaded);
	else
		printf("'%s' can be intercepted\n", check.path);
	return elfcheck_status(check.verdict);
}
