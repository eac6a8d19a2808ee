/* SPDX-License-Identifier: MIT */
/* intercept: start a program so that netcond's stack serves its sockets. */
#include "shim/intercept.h"

#include <stdio.h>
#include <string.h>

#include "shim/proto/rpc.h"
#include "shim/proto/version.h"

static const char usage[] =
	"usage: intercept [--socket PATH] [--] PROGRAM [ARG]...\n"
	"       intercept [--socket PATH] show\n"
	"       intercept check PROGRAM\n";

static const char help[] =
	"\n"
	"Start PROGRAM with its TCP and UDP sockets served by netcond(8).\n"
	"\n"
	"  show           print what is preloaded, which service answers and\n"
	"                 what is in effect in this process\n"
	"  check PROGRAM  say whether PROGRAM can be intercepted, and why not\n"
	"  --socket PATH  the service's control socket (default:\n"
	"                 $" RPC_SOCKET_ENV ", else $XDG_RUNTIME_DIR/"
	RPC_SOCKET_USER "\n"
	"                 where there is one, else " RPC_SOCKET_ROOT ")\n"
	"  -V, --version  print the version and exit\n"
	"  -h, --help     print this and exit\n"
	"\n"
	"Exit status: PROGRAM's own; 125 when it was not started, 126 when it\n"
	"cannot be executed, 127 when it was not found.\n";

static int misuse(const char *format, const char *word)
	__attribute__((format(printf, 1, 0)));

static int misuse(const char *format, const char *word)
{
	fprintf(stderr, "intercept: ");
	fprintf(stderr, format, word);
	fprintf(stderr, "\n%s", usage);
	return INTERCEPT_NOT_STARTED;
}

/* What the words that are left ask for. */
static int dispatch(const char *socket_path, char **words, int is_literal)
{
	if (!words[0])
		return misuse("%s", "a program is expected");
	if (!is_literal && !strcmp(words[0], "show")) {
		if (words[1])
			return misuse("'%s': show takes no argument; a program"
			              " of that name is started by './show' or"
			              " '-- show'", words[1]);
		return intercept_show(socket_path);
	}
	if (!is_literal && !strcmp(words[0], "check")) {
		if (!words[1] || words[2])
			return misuse("%s", "check takes one program; a program"
			              " of that name is started by './check'"
			              " or '-- check'");
		return intercept_check(words[1]);
	}
	return intercept_run(socket_path, words);
}

int main(int argc, char **argv)
{
	const char *socket_path = NULL;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--"))
			return dispatch(socket_path, argv + i + 1, 1);
		if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
			printf("%s%s", usage, help);
			return INTERCEPT_OK;
		}
		if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
			printf("intercept " NETCOND_VERSION "\n");
			return INTERCEPT_OK;
		}
		if (!strncmp(word, "--socket=", 9))
			socket_path = word + 9;
		else if (strcmp(word, "--socket"))
			return misuse("unknown option '%s'", word);
		else if (!argv[++i])
			return misuse("%s", "--socket needs a value: --socket"
			              " PATH");
		else
			socket_path = argv[i];
	}
	return dispatch(socket_path, argv + i, 0);
}
