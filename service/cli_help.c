/* SPDX-License-Identifier: MIT */
/* --help, from the rows of the command line. */
#include <string.h>

#include "service/cli.h"

#define HELP_COLUMN 24 /* where --help's explanations start */

static void print_row(FILE *out, const struct cli_row *row)
{
	const char *line = row->help;
	int column = fprintf(out, "  ");

	if (row->short_name)
		column += fprintf(out, "-%c, ", row->short_name);
	column += fprintf(out, "--%s", row->name);
	if (row->metavar)
		column += fprintf(out, " %s", row->metavar);
	for (;;) {
		const char *end = strchrnul(line, '\n');

		fprintf(out, "%*s%.*s", HELP_COLUMN - column, "",
		        (int)(end - line), line);
		if (!*end)
			break;
		fprintf(out, "\n");
		column = 0;
		line = end + 1;
	}
	if (row->preset)
		fprintf(out, " (default: %s)", row->preset);
	fprintf(out, "\n");
}

/* The whole of --help. */
void cli_print_help(FILE *out)
{
	const char *sep = " ";

	fprintf(out, "usage: netcond");
	for (const struct cli_row *row = cli_rows; row->name; row++) {
		if (row->type != CLI_DEVICE)
			continue;
		fprintf(out, "%s--%s %s", sep, row->name, row->metavar);
		sep = " | ";
	}
	fprintf(out, "\n"
	        "               [OPTION]... [-- PROGRAM ARG...]\n\n"
	        "A TCP/IP stack in user space, for programs that intercept(1)"
	        " starts.\nWith a PROGRAM, start it through the stack and exit"
	        " with its status.\n\n");
	for (const struct cli_row *row = cli_rows; row->name; row++)
		print_row(out, row);
}
