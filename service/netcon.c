/* SPDX-License-Identifier: MIT */
/* netcon: ask a running netcond what it does. */
#include "service/netcon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/proto/version.h"

#define COUNT_MAX 1000000000 /* of ping -c */

typedef int command_fn(struct ctl *ctl, const struct netcon_options *options);

/* The commands: name, options it takes, what it does. */
static const struct command {
	const char *name;
	const char *options; /* words with a blank before each */
	const char *help;
	command_fn *run;
} commands[] = {
	{ "ss", " -t -u -l -n", "list the sockets, as ss(8) does",
	  netcon_ss },
	{ "stat", " --json", "print the counters", netcon_stat },
	{ "ping", " -c", "measure the way to the service and back",
	  netcon_ping },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const char usage[] =
	"usage: netcon [--socket PATH] ss [-t] [-u] [-l] [-n]\n"
	"       netcon [--socket PATH] stat [--json]\n"
	"       netcon [--socket PATH] ping [-c COUNT]\n";

static const char help[] =
	"\n"
	"  ss             list the service's sockets; -t TCP, -u UDP,\n"
	"                 -l listening ones only, -n is accepted: addresses\n"
	"                 are always numbers\n"
	"  stat           print its counters; --json as one JSON object\n"
	"  ping           measure the way to the service and back; -c COUNT\n"
	"                 times (default: until interrupted)\n"
	"  --socket PATH  the service's control socket (default:\n"
	"                 $" RPC_SOCKET_ENV ", else $XDG_RUNTIME_DIR/"
	RPC_SOCKET_USER "\n"
	"                 where there is one, else " RPC_SOCKET_ROOT ")\n"
	"  -V, --version  print the version and exit\n"
	"  -h, --help     print this and exit\n";

/* Print why on stderr. Return: NETCON_FAILED. */
int netcon_fail(const char *why)
{
	fflush(stdout);
	fprintf(stderr, "netcon: %s\n", why);
	return NETCON_FAILED;
}

static int misuse(const char *what, const char *word)
{
	fprintf(stderr, "netcon: %s '%s'\n%s", what, word, usage);
	return NETCON_MISUSE;
}

static bool takes_option(const struct command *command, const char *word)
{
	size_t len = strlen(word);
	const char *at = command->options;

	while ((at = strstr(at, word))) {
		if (at[-1] == ' ' && (!at[len] || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

static int set_count(const char *value, struct netcon_options *options)
{
	char *end = NULL;
	long count = value ? strtol(value, &end, 10) : 0;

	if (count < 1 || count > COUNT_MAX || *end)
		return misuse("-c needs a number from 1 on, not",
		              value ? value : "");
	options->count = (unsigned)count;
	return NETCON_OK;
}

static void set_flag(const char *word, struct netcon_options *options)
{
	options->is_tcp |= !strcmp(word, "-t");
	options->is_udp |= !strcmp(word, "-u");
	options->is_listening |= !strcmp(word, "-l");
	options->is_json |= !strcmp(word, "--json");
}

/* Words such as -t, -tl, --json, -c 3 after the command. */
static int parse_options(const struct command *command, char **words,
                         struct netcon_options *options)
{
	for (; *words; words++) {
		const char *word = *words;
		bool is_cluster = word[0] == '-' && word[1] && word[1] != '-';
		const char *letter = is_cluster ? word + 1 : "";

		if (!is_cluster && (!word[0] || !takes_option(command, word)))
			return misuse("unexpected", word);
		set_flag(word, options);
		for (; *letter; letter++) {
			const char flag[] = { '-', *letter, 0 };

			if (!takes_option(command, flag))
				return misuse("unknown option", word);
			set_flag(flag, options);
			if (*letter != 'c')
				continue;
			if (letter[1] || set_count(*++words, options))
				return NETCON_MISUSE;
		}
	}
	return NETCON_OK;
}

static int run(const char *socket_path, char **words)
{
	struct netcon_options options = { 0 };
	const struct command *command = NULL;
	char path[CTL_PATH_LEN], why[CTL_WHY_LEN];
	struct ctl ctl;
	int status;

	for (size_t i = 0; i < COMMAND_COUNT && words[0]; i++)
		if (!strcmp(words[0], commands[i].name))
			command = &commands[i];
	if (!command)
		return words[0] ? misuse("there is no command", words[0]) :
		       misuse("a command is expected, not", "");
	if (parse_options(command, words + 1, &options))
		return NETCON_MISUSE;
	if (ctl_connect_path(socket_path, path, why) ||
	    ctl_open(&ctl, path, why))
		return netcon_fail(why);
	status = command->run(&ctl, &options);
	ctl_close(&ctl);
	if (fflush(stdout) || ferror(stdout))
		return NETCON_FAILED;
	return status;
}

int main(int argc, char **argv)
{
	const char *socket_path = NULL;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
			printf("%s%s", usage, help);
			return NETCON_OK;
		}
		if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
			printf("netcon " NETCOND_VERSION "\n");
			return NETCON_OK;
		}
		if (!strncmp(word, "--socket=", 9))
			socket_path = word + 9;
		else if (strcmp(word, "--socket"))
			return misuse("unknown option", word);
		else if (!argv[++i])
			return misuse("a path is expected after", word);
		else
			socket_path = argv[i];
	}
	return run(socket_path, argv + i);
}
