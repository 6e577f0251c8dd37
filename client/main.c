/* attend - what schools, officers, auditors and administrators use to talk to attendd.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"

static void print_help(FILE *out)
{
	fputs("Usage: attend COMMAND [OPTION]... [ARGUMENT]...\n"
	      "Attendance casework: registers in, deadlines out, history back.\n", out);
#define GROUP(title) fputs("\n" title ":\n", out);
#define LINE(name, function, summary) fprintf(out, "  %-11s %s\n", name, summary);
	COMMANDS_OF_ATTEND(GROUP, LINE)
#undef LINE
#undef GROUP
	fputs("\nThe daemon is found by --server or ATTEND_SERVER, its key by --server-key or ATTEND_SERVER_KEY,\n"
	      "your own by --identity or ATTEND_IDENTITY; or all by ~/.config/attend/attend.conf (attend.conf(5)).\n"
	      "Exit status: 0 done, 1 refused, 2 wrong use, 3 the daemon can't be reached.\n"
	      "More of each: attend COMMAND --help\n", out);
}

static int run(const char *name, int argc, char **argv)
{
	char title[64];
	snprintf(title, sizeof title, "attend %s", name);
	argv[0] = title;
#define GROUP(text)
#define RUN(text, function, summary) \
	if (strcmp(name, text) == 0) \
		return function(argc, argv);
	COMMANDS_OF_ATTEND(GROUP, RUN)
#undef RUN
#undef GROUP
	fprintf(stderr, "attend: there is no command '%s'", name);
	const char *nearest = command_nearest(name);
	if (nearest)
		fprintf(stderr, "; did you mean '%s'?", nearest);
	fputs("\nattend --help lists them all.\n", stderr);
	return 2;
}

/* What was asked for is given once it is written: on a full disk a list would else be cut in silence. */
static int written(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "attend: standard output could not be written to its end%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
	return status ? status : 1;
}

static int run_command(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0) {
		print_help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("attend " ATTEND_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "help") == 0) {
		if (argc == 2) {
			print_help(stdout);
			return 0;
		}
		char help[] = "--help", *arguments[] = { argv[1], help, NULL };
		return run(argv[2], 2, arguments);
	}
	return run(argv[1], argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	return written(run_command(argc, argv));
}
