/* SPDX-License-Identifier: Apache-2.0 */
#include "client/invocation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/settings.h"

enum { KEY_SERVER = 0x1000, KEY_SERVER_KEY, KEY_IDENTITY, KEY_TIMEOUT, KEY_JSON };
enum { TIMEOUT_S_MAX = 3600 };

static const char default_server[] = "tcp://127.0.0.1:5570";

static const struct argp_option connection_options[] = {
	{ NULL, 0, NULL, 0, "The daemon:", 90 },
	{ "server", KEY_SERVER, "ENDPOINT", 0, "where it listens (or ATTEND_SERVER; else tcp://127.0.0.1:5570)", 90 },
	{ "server-key", KEY_SERVER_KEY, "FILE", 0, "its own key, attendd.pub (or ATTEND_SERVER_KEY)", 90 },
	{ "identity", KEY_IDENTITY, "FILE", 0, "your own, from attend keygen (or ATTEND_IDENTITY)", 90 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "silence that counts as unreachable (10)", 90 },
	{ "json", KEY_JSON, NULL, 0, "one JSON object a line", 90 },
	{ 0 },
};
static const struct argp_option json_options[] = {
	{ "json", KEY_JSON, NULL, 0, "one JSON object a line", 90 },
	{ 0 },
};

uint64_t invocation_number(struct argp_state *state, const char *name, const char *text)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9')
		argp_error(state, "%s: '%s' is not a number", name, text);
	return value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct invocation *invocation = state->input;
	uint64_t seconds;
	switch (key) {
	case KEY_SERVER:
		invocation->server = argument;
		return 0;
	case KEY_SERVER_KEY:
		invocation->server_key = argument;
		return 0;
	case KEY_IDENTITY:
		invocation->identity = argument;
		return 0;
	case KEY_TIMEOUT:
		seconds = invocation_number(state, "--timeout", argument);
		if (seconds < 1 || seconds > TIMEOUT_S_MAX)
			argp_error(state, "--timeout: from 1 to %d seconds", TIMEOUT_S_MAX);
		invocation->timeout_ms = (unsigned)seconds * 1000;
		return 0;
	case KEY_JSON:
		invocation->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp invocation_argp = { .options = connection_options, .parser = parse };
const struct argp invocation_json = { .options = json_options, .parser = parse };
const struct argp_child invocation_children[] = { { &invocation_argp, 0, NULL, 0 }, { 0 } };
const struct argp_child invocation_json_children[] = { { &invocation_json, 0, NULL, 0 }, { 0 } };

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* ---- attend.conf ---- */

struct conf {
	struct invocation *invocation;
	const char *folder; /* from which its paths are seen */
	unsigned seen;
};

/* What the files say, to the end: a value of the later takes the place of the earlier's. */
static char conf_values[KEY_TIMEOUT - KEY_SERVER][4096];

static bool take_setting(void *context, const char *name, char *value, char *why, size_t why_size)
{
	struct conf *conf = context;
	struct invocation *invocation = conf->invocation;
	const char **const settings[] = { &invocation->server, &invocation->server_key, &invocation->identity };
	const struct argp_option *option = connection_options + 1;
	while (option->name && (strcmp(option->name, name) != 0 || !option->arg))
		option++;
	unsigned at = (unsigned)option->key - KEY_SERVER;
	if (!option->name)
		snprintf(why, why_size, "there is no setting '%.80s'; there are server, server-key, identity, timeout", name);
	else if (conf->seen & 1u << at)
		snprintf(why, why_size, "%s was set before; leave one of the two lines", name);
	else if (option->key == KEY_TIMEOUT) {
		char *end;
		unsigned long seconds = strtoul(value, &end, 10);
		if (*end || seconds < 1 || seconds > TIMEOUT_S_MAX)
			snprintf(why, why_size, "timeout: from 1 to %d seconds, not '%.80s'", TIMEOUT_S_MAX, value);
		else
			invocation->timeout_ms = (unsigned)seconds * 1000;
	} else {
		bool whole = option->key == KEY_SERVER || *value == '/';
		int size = snprintf(conf_values[at], sizeof conf_values[at], "%s%s%s", whole ? "" : conf->folder, whole ? "" : "/", value);
		if (size < 0 || size >= (int)sizeof conf_values[at])
			snprintf(why, why_size, "%s: this is too long", name);
		*settings[at] = conf_values[at];
	}
	conf->seen |= option->name ? 1u << at : 0;
	return !*why;
}

/* Exits where anything in it is wrong. */
static void read_conf(struct invocation *invocation, const char *folder)
{
	char path[4096], *text = NULL;
	struct conf conf = { .invocation = invocation, .folder = folder };
	snprintf(path, sizeof path, "%s/attend.conf", folder);
	int faults = settings_read(path, take_setting, &conf, stderr, &text);
	bool missing = faults < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (faults < 0 && !missing)
		complain(invocation, "%s: %s", path, strerror(errno));
	free(text);
	if (faults && !missing)
		exit(2);
}

static void read_confs(struct invocation *invocation)
{
	const char *folder = from_environment("XDG_CONFIG_HOME"), *home = from_environment("HOME");
	char own[4000];
	int size = folder ? snprintf(own, sizeof own, "%s/attend", folder)
	         : home ? snprintf(own, sizeof own, "%s/.config/attend", home) : -1;
	read_conf(invocation, "/etc/attend");
	if (size > 0 && size < (int)sizeof own)
		read_conf(invocation, own);
}

/* The setting of the file, unless the environment has another. */
static void environment_wins(const char **setting, const char *name)
{
	const char *value = from_environment(name);
	if (value)
		*setting = value;
}

void invocation_parse(const struct argp *argp, int argc, char **argv, struct invocation *invocation, void *input)
{
	*invocation = (struct invocation){
		.command = argv[0],
		.server = default_server,
		.timeout_ms = ATTEND_TIMEOUT_MS,
	};
	read_confs(invocation);
	environment_wins(&invocation->server, "ATTEND_SERVER");
	environment_wins(&invocation->server_key, "ATTEND_SERVER_KEY");
	environment_wins(&invocation->identity, "ATTEND_IDENTITY");
	argp_err_exit_status = 2;
	argp_parse(argp, argc, argv, 0, NULL, input);
}

void complain(const struct invocation *invocation, const char *format, ...)
{
	va_list arguments;
	fflush(stdout); /* in the order in which it happened, where both are one terminal */
	fprintf(stderr, "%s: ", invocation->command);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static void notice(void *context, const char *text)
{
	complain(context, "%s", text);
}

struct attend *invocation_open(const struct invocation *invocation, unsigned window)
{
	if (!invocation->server_key) {
		complain(invocation, "whose daemon? give --server-key FILE or set ATTEND_SERVER_KEY: "
		         "the file attendd.pub that attendd init wrote");
		return NULL;
	}
	if (!invocation->identity) {
		complain(invocation, "who are you? give --identity FILE or set ATTEND_IDENTITY: "
		         "a file that attend keygen wrote, granted by an administrator");
		return NULL;
	}
	struct attend_options options = {
		.server = invocation->server,
		.server_key_file = invocation->server_key,
		.identity_file = invocation->identity,
		.timeout_ms = invocation->timeout_ms,
		.window = window,
		.stop = &interrupted,
		.notice = notice,
		.notice_context = (void *)(uintptr_t)invocation,
	};
	char why[512];
	struct attend *connection = attend_open(&options, why, sizeof why);
	if (!connection)
		complain(invocation, "%s", why);
	return connection;
}

volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void catch_signals(void)
{
	/* Without SA_RESTART, so that a wait ends at once. */
	struct sigaction action = { .sa_handler = interrupt };
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}
