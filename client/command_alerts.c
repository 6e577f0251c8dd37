/* attend alerts, attend watch, attend ack.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/alerts.h"
#include "client/ask.h"
#include "client/backoff.h"
#include "client/command.h"
#include "client/connection.h"
#include "client/run_program.h"
#include "client/table.h"
#include "client/to_json.h"
#include "client/when.h"

enum { KEY_FROM = 0x2000, KEY_NAME, KEY_OFFICER, KEY_FORGET, KEY_EXEC };

struct alerts_arguments {
	struct invocation invocation;
	uint64_t from, alert;
	const char *name, *officer;
	char *program;     /* of --exec; NULL: alerts are printed */
	char **arguments;  /* what follows it */
	unsigned count;
	char **argv;       /* both, ended by NULL */
	int status;
	bool some, forget;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct alerts_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_FROM:
		a->from = invocation_number(state, "--from", argument);
		return 0;
	case KEY_OFFICER:
		a->officer = argument;
		return 0;
	case KEY_NAME:
		if (!*argument || strlen(argument) > 31)
			argp_error(state, "--name: 1 to 31 bytes");
		a->name = argument;
		return 0;
	case KEY_FORGET:
		a->forget = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

void print_alert(FILE *out, const json_t *alert)
{
	char raised[WHEN_SIZE], due[WHEN_SIZE];
	const char *status = text(alert, "status"), *kind = text(alert, "kind"), *words = text(alert, "text");
	fprintf(out, "%lld  %s  %s", (long long)json_integer_value(json_object_get(alert, "alert")),
	        when_time(raised, text(alert, "raised")), kind ? kind : "?");
	if (status && strcmp(status, "raised") != 0)
		fprintf(out, "  [%s]", status);
	if (text(alert, "upn"))
		fprintf(out, "  pupil %s", text(alert, "upn"));
	else if (!text(alert, "case") && text(alert, "urn")) /* of a school's task */
		fprintf(out, "  school %s", text(alert, "urn"));
	if (text(alert, "case"))
		fprintf(out, "  case %s", text(alert, "case"));
	fputc('\n', out);
	if (words && *words) {
		fputs("    ", out);
		print_folded(out, words, 4);
	}
	long long late_ms = json_integer_value(json_object_get(alert, "late_ms"));
	if (text(alert, "due"))
		fprintf(out, "    due: %s\n", when_due(due, text(alert, "due")));
	if (late_ms >= 60 * 1000)
		fprintf(out, "    raised late by %lld min: attendd was not running when it fell due\n", late_ms / 60000);
}

#define OPTION_OFFICER { "officer", KEY_OFFICER, "NAME", 0, "only of cases in this officer's hands or of one for whom they stand in, and of pupils without a case", 0 }

static const struct argp_option alerts_options[] = {
	OPTION_OFFICER,
	{ "from", KEY_FROM, "SEQ", 0, "from this position of the log on", 0 },
	{ 0 },
};
static const struct argp alerts_argp = {
	.options = alerts_options,
	.parser = parse,
	.doc = "All alerts so far, each as it stands now, in the order of what last became of them.",
	.children = invocation_children,
};

static void fill_from(struct body *body, void *context, bool first)
{
	const struct alerts_arguments *a = context;
	if (first && a->from)
		body_number(body, "from", a->from);
	body_text(body, "officer", a->officer);
}

static void each(json_t *item, void *context)
{
	struct alerts_arguments *a = context;
	a->some = true;
	if (a->invocation.json)
		print_json(item);
	else
		print_alert(stdout, item);
}

int command_alerts(int argc, char **argv)
{
	struct alerts_arguments a = { .from = 0 };
	invocation_parse(&alerts_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	int status = ask_pages(&a.invocation, connection, "alerts", fill_from, each, &a);
	if (!status && !a.some && !a.invocation.json)
		puts("No alert.");
	attend_close(&connection);
	return status;
}

static const struct argp_option watch_options[] = {
	OPTION_OFFICER,
	{ "name", KEY_NAME, "CURSOR", 0, "a durable place of this name, kept by the daemon for your key: next time it goes on after the last line", 0 },
	{ "from", KEY_FROM, "SEQ", 0, "from this position of the log on, whatever the cursor says", 0 },
	{ "forget", KEY_FORGET, NULL, 0, "forgets the place of that name, so that nobody waits for its being read, and ends", 0 },
	{ "exec", KEY_EXEC, "PROGRAM", 0, "run this for each alert, with ARGUMENTs, instead of printing it", 0 },
	{ 0 },
};

static error_t watch_parse(int key, char *argument, struct argp_state *state)
{
	struct alerts_arguments *a = state->input;
	switch (key) {
	case KEY_EXEC:
		a->program = argument;
		return 0;
	case ARGP_KEY_ARGS:
		a->arguments = state->argv + state->next;
		a->count = (unsigned)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (a->count && !a->program)
			argp_error(state, "'%s': arguments are those of --exec PROGRAM", a->arguments[0]);
		return 0;
	default:
		return parse(key, argument, state);
	}
}

static const struct argp watch_argp = {
	.options = watch_options,
	.parser = watch_parse,
	.args_doc = "[--exec PROGRAM [-- ARGUMENT...]]",
	.doc = "Alerts as they come, a line for each thing that becomes of one: those from the beginning first, or "
	       "from where the cursor stands. Ends with SIGINT or SIGTERM.\v"
	       "A PROGRAM gets one alert on its standard input, as one line of JSON, and its arguments as they stand: no "
	       "shell looks at them. The cursor of --name moves past the alert once it ends with status 0; until then it "
	       "is run again, after 50 ms to 5 s. After a crash it may be given an alert that it has had: seq tells.",
	.children = invocation_children,
};

/* Hands it over until it is taken. False: the end. */
static bool hand_over(struct alerts_arguments *a, const json_t *alert)
{
	char *line = json_dumps(alert, JSON_COMPACT);
	size_t size = line ? strlen(line) : 0;
	int status = -1;
	if (line)
		line[size] = '\n'; /* in place of the closing zero */
	for (unsigned attempts = 1; line && !interrupted && (status = run_program(a->argv, line, size + 1)) > 0; attempts++) {
		unsigned wait_ms = backoff_ms(attempts, connection_random());
		complain(&a->invocation, "alert %lld: %s ended with status %d; again in %u ms",
		         (long long)json_integer_value(json_object_get(alert, "alert")), a->program, status, wait_ms);
		poll(NULL, 0, (int)wait_ms); /* a signal ends it */
	}
	if (status < 0 && !interrupted) {
		complain(&a->invocation, "--exec %s can't be run: %s", a->program, strerror(errno));
		a->status = 2;
	}
	free(line);
	return status == 0;
}

/* The line is out before the cursor moves past it. */
static bool show(void *context, uint64_t position, const void *item, size_t size)
{
	struct alerts_arguments *a = context;
	json_t *alert = to_json(item, size);
	(void)position;
	if (!alert)
		return true; /* nothing that could ever be shown */
	if (a->argv) {
		bool taken = hand_over(a, alert);
		json_decref(alert);
		return taken;
	}
	/* A signal that comes while the reader is slow ends the watching, not a line in its midst. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (a->invocation.json)
		print_json(alert);
	else
		print_alert(stdout, alert);
	json_decref(alert);
	bool out = fflush(stdout) == 0 && !ferror(stdout);
	int failed = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	if (out)
		return true;
	/* The reader has gone: what it did not get, it gets next time. */
	a->status = errno == EPIPE ? 0 : 1;
	if (a->status)
		complain(&a->invocation, "standard output: %s", strerror(errno));
	return false;
}

static void say_forgotten(json_t *answer)
{
	(void)answer;
	puts("forgotten");
}

static int forget(const struct alerts_arguments *a)
{
	struct body body;
	if (!a->name || a->from || a->officer) {
		complain(&a->invocation, "--forget: with --name alone");
		return 2;
	}
	body_begin(&body);
	body_text(&body, "cursor", a->name);
	body_true(&body, "forget", true);
	return ask_once(&a->invocation, ATTEND_CURSOR, &body, say_forgotten);
}

int command_watch(int argc, char **argv)
{
	struct alerts_arguments a = { .from = 0 };
	invocation_parse(&watch_argp, argc, argv, &a.invocation, &a);
	if (a.forget)
		return forget(&a);
	catch_signals();
	signal(SIGPIPE, SIG_IGN);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	struct attend_subscription wanted = { .what = "alerts", .cursor = a.name, .from = a.from, .officer = a.officer };
	if (a.program) {
		a.argv = calloc(a.count + 2, sizeof *a.argv);
		if (!a.argv)
			return 2;
		a.argv[0] = a.program;
		for (unsigned i = 0; i < a.count; i++)
			a.argv[i + 1] = a.arguments[i];
		wanted.credit = 1; /* the cursor is on its way before the next alert is given */
	}
	enum attend_result result = attend_subscribe(connection, &wanted, show, &a);
	if (result == ATTEND_OK || result == ATTEND_STOPPED)
		result = (enum attend_result)a.status;
	else
		complain(&a.invocation, "%s%s", result == ATTEND_REFUSED ? "refused: " : "", attend_why(connection));
	attend_close(&connection);
	free(a.argv);
	return (int)result;
}

static error_t ack_parse(int key, char *argument, struct argp_state *state)
{
	struct alerts_arguments *a = state->input;
	if (key == ARGP_KEY_ARG && !a->alert) {
		a->alert = invocation_number(state, "ALERT", argument);
		return 0;
	}
	if (key == ARGP_KEY_END && !a->alert)
		argp_error(state, "which alert? its number, the first on its line");
	return key == ARGP_KEY_END ? 0 : parse(key, argument, state);
}

static const struct argp ack_argp = {
	.parser = ack_parse,
	.args_doc = "ALERT",
	.doc = "Marks an alert as dealt with.",
	.children = invocation_children,
};

int command_ack(int argc, char **argv)
{
	struct alerts_arguments a = { .from = 0 };
	invocation_parse(&ack_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	struct body body;
	struct attend_reply reply;
	int status;
	body_begin(&body);
	body_number(&body, "alert", a.alert);
	json_t *answer = ask(&a.invocation, connection, ATTEND_ACKNOWLEDGE, NULL, &body, &reply, &status);
	if (answer && a.invocation.json) {
		json_object_set_new(answer, "alert", json_integer((json_int_t)a.alert));
		json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		print_json(answer);
	} else if (answer) {
		printf("alert %llu is marked as dealt with\n", (unsigned long long)a.alert);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}
