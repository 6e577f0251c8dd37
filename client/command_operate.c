/* attend clock, attend health, attend stats - what an operator asks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/progress.h"
#include "client/prometheus.h"
#include "client/table.h"
#include "client/when.h"
#include "proto/status.h"

enum { KEY_CONFIRM = 0x2000, KEY_PROMETHEUS };

struct operate_arguments {
	struct invocation invocation;
	const char *time;
	bool confirm, prometheus, takes_time;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct operate_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_CONFIRM:
		a->confirm = true;
		return 0;
	case KEY_PROMETHEUS:
		a->prometheus = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!a->takes_time || a->time)
			return ARGP_ERR_UNKNOWN;
		a->time = argument;
		return 0;
	case ARGP_KEY_END:
		if (a->takes_time && a->confirm == (a->time != NULL))
			argp_error(state, "either a TIME, as 2026-09-01T08:00:00Z, or --confirm");
		if (a->prometheus && a->invocation.json)
			argp_error(state, "--prometheus or --json: one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option clock_options[] = {
	{ "confirm", KEY_CONFIRM, NULL, 0, "the system clock is right after the step that held it: deadlines fire again", 0 },
	{ 0 },
};
static const struct argp clock_argp = {
	.options = clock_options,
	.parser = parse,
	.args_doc = "TIME\n--confirm",
	.doc = "Moves a manual clock forward, firing what falls due on the way; or says that the system clock is right "
	       "after a held step.",
	.children = invocation_children,
};

/* A long way is gone in parts, each answered when it is on disk. */
static int move(const struct operate_arguments *a, struct attend *connection)
{
	long long fired = 0;
	bool more;
	do {
		struct body body;
		int status;
		body_begin(&body);
		body_text(&body, "to", a->time);
		body_true(&body, "confirm", a->confirm);
		json_t *answer = ask(&a->invocation, connection, ATTEND_CLOCK, NULL, &body, NULL, &status);
		if (!answer)
			return status;
		fired += json_integer_value(json_object_get(answer, "fired"));
		more = json_is_true(json_object_get(answer, "more"));
		if (!more) {
			char now[WHEN_SIZE];
			json_object_set_new(answer, "fired", json_integer(fired));
			if (a->invocation.json)
				print_json(answer);
			else
				printf("now %s; %lld deadline%s spoke on the way\n",
				       when_time(now, json_string_value(json_object_get(answer, "now"))), fired, fired == 1 ? "" : "s");
		}
		json_decref(answer);
	} while (more && !interrupted);
	return interrupted ? 130 : 0;
}

int command_clock(int argc, char **argv)
{
	struct operate_arguments a = { .takes_time = true };
	invocation_parse(&clock_argp, argc, argv, &a.invocation, &a);
	catch_signals();
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	int status = move(&a, connection);
	attend_close(&connection);
	return status;
}

static json_t *question(const struct operate_arguments *a, const char *what, int *status)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection) {
		*status = 2;
		return NULL;
	}
	json_t *answer = ask_what(&a->invocation, connection, what, status);
	if (answer && a->prometheus) {
		json_t *health = ask_what(&a->invocation, connection, "health", status);
		json_object_set_new(answer, "health", health ? health : json_null());
	}
	attend_close(&connection);
	return answer;
}

static const struct argp health_argp = {
	.parser = parse,
	.doc = "Exit status 0 only while what the daemon acknowledges is durable; else says what is wrong.",
	.children = invocation_children,
};

int command_health(int argc, char **argv)
{
	struct operate_arguments a = { .time = NULL };
	invocation_parse(&health_argp, argc, argv, &a.invocation, &a);
	int status;
	json_t *answer = question(&a, "health", &status), *problem;
	bool well = json_is_true(json_object_get(answer, "ok"));
	size_t index;
	if (answer && a.invocation.json)
		print_json(answer);
	else if (answer && well)
		puts("well");
	if (answer && !a.invocation.json)
		json_array_foreach(json_object_get(answer, "problems"), index, problem)
			complain(&a.invocation, "%s", json_string_value(problem));
	if (answer && !well)
		status = 1;
	json_decref(answer);
	return status;
}

static const struct argp_option stats_options[] = {
	{ "prometheus", KEY_PROMETHEUS, NULL, 0, "in Prometheus' text format, whether it is healthy too; attend exporter serves the same", 0 },
	{ 0 },
};
static const struct argp stats_argp = {
	.options = stats_options,
	.parser = parse,
	.doc = "What the daemon has counted since it started, and how things stand.",
	.children = invocation_children,
};

static void print_numbers(const json_t *numbers)
{
	static const char *const titles[] = { "", ">", NULL };
	struct table *table = table_new(titles);
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)numbers, name, value) {
		char text[THOUSANDS_SIZE], words[80];
		snprintf(words, sizeof words, "%s", name);
		for (char *at = words; *at; at++)
			*at = *at == '_' ? ' ' : *at;
		table_row(table, (const char *const[]){ words, thousands(text, (uint64_t)json_integer_value(value)) });
	}
	table_print(table, stdout, "  ");
}

/* What is none is left out; the status's text is PROTOCOL.md's. */
static void print_refused(const json_t *refused)
{
	static const char *const titles[] = { "", ">", "", NULL };
	struct table *table = table_new(titles);
	const char *status;
	json_t *value;
	bool some = false;
	json_object_foreach((json_t *)(uintptr_t)refused, status, value) {
		char text[THOUSANDS_SIZE];
		if (!json_integer_value(value))
			continue;
		some = true;
		table_row(table, (const char *const[]){ status, thousands(text, (uint64_t)json_integer_value(value)),
		                                        status_text((unsigned)strtoul(status, NULL, 10)) });
	}
	if (some)
		puts("\nRefused or put off");
	table_print(table, stdout, "  ");
}

static void print_subscribers(const json_t *subscribers)
{
	static const char *const titles[] = { "grant", "role", "cursor", ">position", ">lag", ">unread", "oldest unread", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *one;
	json_array_foreach(subscribers, index, one) {
		char grant[24], position[THOUSANDS_SIZE], lag[THOUSANDS_SIZE], unread[THOUSANDS_SIZE], oldest[48] = "";
		long long minutes = json_integer_value(json_object_get(one, "oldest_unread_ms")) / 60000;
		snprintf(grant, sizeof grant, "%lld", (long long)json_integer_value(json_object_get(one, "grant")));
		if (json_integer_value(json_object_get(one, "unread_alerts")))
			snprintf(oldest, sizeof oldest, "%lld d %lld h %lld min", minutes / 1440, minutes / 60 % 24, minutes % 60);
		table_row(table, (const char *const[]){
			grant, json_string_value(json_object_get(one, "role")), json_string_value(json_object_get(one, "cursor")),
			thousands(position, (uint64_t)json_integer_value(json_object_get(one, "position"))),
			thousands(lag, (uint64_t)json_integer_value(json_object_get(one, "lag"))),
			json_is_null(json_object_get(one, "unread_alerts")) ? "?" : thousands(unread, (uint64_t)json_integer_value(json_object_get(one, "unread_alerts"))),
			oldest });
	}
	if (json_array_size(subscribers))
		puts("\nSubscribers' durable places");
	table_print(table, stdout, "  ");
}

int command_stats(int argc, char **argv)
{
	struct operate_arguments a = { .time = NULL };
	invocation_parse(&stats_argp, argc, argv, &a.invocation, &a);
	int status;
	json_t *answer = question(&a, "stats", &status);
	if (answer && a.prometheus) {
		print_prometheus(stdout, answer, json_object_get(answer, "health"));
	} else if (answer && a.invocation.json) {
		print_json(answer);
	} else if (answer) {
		puts("Since the daemon started");
		print_numbers(json_object_get(answer, "counters"));
		puts("\nNow");
		print_numbers(json_object_get(answer, "gauges"));
		print_refused(json_object_get(answer, "refused"));
		print_subscribers(json_object_get(answer, "subscribers"));
	}
	json_decref(answer);
	return status;
}
