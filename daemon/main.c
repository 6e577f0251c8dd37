/* main.c - the command line of attendd.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commands.h"
#include "daemon/options.h"
#include "daemon/server.h"

/* Which options a command takes; argp's tables say how they look. */
enum { WANTS_DATA = 1, WANTS_AUTHORITY = 2, WANTS_FILE = 4, TAKES_FILE = 8 };

struct verb {
	const char *name;
	int (*run)(const struct command_options *);
	unsigned wants;
	const struct argp_option *options;
	const char *arguments, *text;
};

enum { KEY_KEY = 0x100, WHY_SIZE = 512 };

static const struct argp_option data_options[] = { DATA_OPTION, { 0 } };
static const struct argp_option restore_options[] = {
	DATA_OPTION,
	{ "key", KEY_KEY, "FILE", 0, "what unwraps the persons' keys (default: the backup's name with .key)", 0 },
	{ 0 },
};

#define X(name, number, text) "  " #number "  " text "\n"
#define EXIT_CODES "\v" "Exit codes:\n" SERVER_ENDS(X) \
	"systemd starts it again after all but 0, 2 and 3.\n\n" \
	"On success one line on standard output: ready ENDPOINT. SIGTERM and SIGINT end it cleanly."

static int check_config(const struct command_options *);

static const struct verb verbs[] = {
	{ "init", command_init, WANTS_DATA | WANTS_AUTHORITY, init_options, "",
	  "Make a store, the daemon's keys and an administrator's identity in DIR, which is empty or "
	  "not there yet.\vWhere anything fails nothing is left behind." },
	{ "run", command_run, WANTS_DATA, run_options, "",
	  "Run the daemon on the store in DIR." EXIT_CODES },
	{ "verify", command_verify, WANTS_DATA, data_options, "",
	  "Check every hash of the store in DIR, running or stopped, and every projection against a "
	  "replay of its log.\vExit 0: all is well; 1: something is wrong, each thing on a line." },
	{ "trial", command_trial, WANTS_DATA, data_options, "",
	  "What the daemon runs to try a pathway file on the history held: the file, compiled, on standard "
	  "input, the result on standard output.\vPeople ask for it with attend pathway try." },
	{ "restore", command_restore, WANTS_DATA | WANTS_FILE, restore_options, "FILE",
	  "Make a store in DIR, which is empty or not there yet, of the backup in FILE.\v"
	  "The daemon gets a new key; clients need the new DIR/attendd.pub." },
	{ "admin", command_admin, WANTS_DATA, data_options, "",
	  "Make a new administrator of the stopped store in DIR, for when the last one's key was lost.\v"
	  "It is an event in the log, like every grant." },
	{ "rekey", command_rekey, WANTS_DATA, data_options, "",
	  "Give the daemon of the store in DIR a new key pair, from its next start on.\v"
	  "Then clients need the new DIR/attendd.pub; nobody else's key changes. The old pair stays as "
	  "DIR/attendd.identity.old, until it is removed or made again." },
	{ "check-config", check_config, TAKES_FILE, NULL, "[FILE]",
	  "Say what is wrong in a configuration file (" CONFIG_DEFAULT "), with its lines.\v"
	  "Exit 0: nothing; 1: something." },
};
#undef X

enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

struct parse {
	const struct verb *verb;
	struct command_options options;
	const char *config;
	bool pathways_of_file; /* --pathway takes the place of the file's */
	bool last;             /* the second look at the command line, after the file */
};

static int check_config(const struct command_options *options)
{
	const char *path = options->backup ? options->backup : CONFIG_DEFAULT;
	bool good = options_read(NULL, NULL, path, false);

	if (good)
		printf("%s: nothing is wrong\n", path);
	return good ? SERVER_DONE : SERVER_REFUSED;
}

static void check_complete(const struct parse *parse, struct argp_state *state)
{
	const struct command_options *options = &parse->options;

	if ((parse->verb->wants & WANTS_FILE) && !options->backup)
		argp_error(state, "which FILE?");
	if ((parse->verb->wants & WANTS_DATA) && !options->data)
		argp_error(state, "--data DIR is missing");
	if ((parse->verb->wants & WANTS_AUTHORITY) && !options->if_missing && (!options->authority || !*options->authority))
		argp_error(state, "--authority NAME is missing");
}

static error_t parse_verb(int key, char *argument, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct command_options *options = &parse->options;
	char why[WHY_SIZE] = "";

	switch (key) {
	case KEY_KEY:
		options->backup_key = argument;
		return 0;
	case KEY_CONFIG:
		parse->config = argument;
		return 0;
	case KEY_IF_MISSING:
		options->if_missing = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!(parse->verb->wants & (WANTS_FILE | TAKES_FILE)) || options->backup)
			argp_error(state, "%s: one argument too many", argument);
		options->backup = argument;
		return 0;
	case ARGP_KEY_END:
		if (parse->last)
			check_complete(parse, state);
		return 0;
	default:
		if (key == 'p' && parse->pathways_of_file) {
			options->pathway_count = 0;
			parse->pathways_of_file = false;
		}
		if (!argument || !option_take(options, key, argument, why, sizeof why))
			return ARGP_ERR_UNKNOWN;
		if (*why)
			argp_error(state, "--%s", why);
		return 0;
	}
}

/* The command line is looked at twice: for where the file is, and again to win over it. */
static int run_verb(const struct verb *verb, int count, char **arguments)
{
	struct parse parse = { .verb = verb };
	const struct command_options fresh = { .listen = LISTEN_DEFAULT };
	const struct argp argp = {
		.options = verb->options, .parser = parse_verb,
		.args_doc = verb->arguments, .doc = verb->text,
	};
	char name[64];

	/* argp shows the name that it is called by. */
	snprintf(name, sizeof name, "attendd %s", verb->name);
	arguments[0] = name;
	argp_parse(&argp, count, arguments, 0, NULL, &parse);
	bool from_default = !parse.config && !parse.options.data;
	free(parse.options.pathways);
	parse.options = fresh;
	int code = SERVER_USAGE;
	if (!(verb->wants & WANTS_DATA) || (!from_default && !parse.config) ||
	    options_read(&parse.options, verb->options, from_default ? CONFIG_DEFAULT : parse.config, from_default)) {
		parse.pathways_of_file = true;
		parse.last = true;
		argp_parse(&argp, count, arguments, 0, NULL, &parse);
		code = verb->run(&parse.options);
	}
	free(parse.options.pathways);
	return code;
}

static error_t parse_name(int key, char *argument, struct argp_state *state)
{
	const struct verb **verb = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		for (int i = 0; i < VERB_COUNT && !*verb; i++)
			if (!strcmp(verbs[i].name, argument))
				*verb = &verbs[i];
		if (!*verb)
			argp_error(state, "%s: no such command", argument);
		/* What follows is the command's to read. */
		state->quoted = 0;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	const struct verb *verb = NULL;
	const struct argp argp = {
		.parser = parse_name, .args_doc = "COMMAND [OPTION...]",
		.doc = "The attendance-casework daemon.\v"
		       "Commands:\n"
		       "  init          make a store, the daemon's keys and an administrator's\n"
		       "  run           run the daemon\n"
		       "  verify        check a store: every hash, every projection\n"
		       "  restore       make a store of a backup\n"
		       "  trial         try a pathway file on the history held; the daemon runs it\n"
		       "  admin         make a new administrator of a stopped store\n"
		       "  rekey         give the daemon a new key pair\n"
		       "  check-config  say what is wrong in a configuration file\n\n"
		       "attendd COMMAND --help says more of each.",
	};
	int at = 1;

	setlocale(LC_ALL, "C");
	argp_program_version = "attendd " ATTEND_VERSION;
	argp_err_exit_status = SERVER_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &verb);
	/* In order, and no option of the top level takes a value: the command is
	 * the first word that is no option. */
	while (at < argc && argv[at][0] == '-')
		at++;
	return run_verb(verb, argc - at, argv + at);
}
