/* attend log, attend checkpoint, attend prove - what an auditor asks for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/table.h"
#include "client/when.h"

enum { KEY_FROM = 0x2000, KEY_CASE, KEY_PUPIL, KEY_CONSISTENCY };

struct log_arguments {
	struct invocation invocation;
	uint64_t from;
	const char *case_id, *pupil;
	bool consistency;
	uint64_t numbers[2];
	unsigned count;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct log_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_FROM:
		a->from = invocation_number(state, "--from", argument);
		return 0;
	case KEY_CASE:
		a->case_id = argument;
		return 0;
	case KEY_PUPIL:
		a->pupil = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option log_options[] = {
	{ "from", KEY_FROM, "SEQ", 0, "from this position on", 0 },
	{ "case", KEY_CASE, "ID", 0, "only what concerns this case", 0 },
	{ "pupil", KEY_PUPIL, "UPN", 0, "only what concerns this pupil", 0 },
	{ 0 },
};
static const struct argp log_argp = {
	.options = log_options,
	.parser = parse,
	.doc = "The events of the log, in order: what was recorded, when and by whom.",
	.children = invocation_children,
};

static void fill(struct body *body, void *context, bool first)
{
	const struct log_arguments *a = context;
	body_text(body, "case", a->case_id);
	body_text(body, "upn", a->pupil);
	if (first && a->from)
		body_number(body, "from", a->from);
}

/* An event's own fields as name=value; what is long or nested is cut. */
static void own_fields(char *out, size_t size, const json_t *event)
{
	static const char *const shown_already[] = { "seq", "id", "kind", "recorded", "actor", "version" };
	const char *key;
	json_t *value;
	size_t used = 0;
	out[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)event, key, value) {
		bool shown = json_is_null(value);
		for (unsigned i = 0; i < sizeof shown_already / sizeof shown_already[0]; i++)
			shown = shown || strcmp(key, shown_already[i]) == 0;
		if (shown || used + 4 >= size)
			continue;
		char *rest = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
		const char *words = json_is_string(value) ? json_string_value(value) : rest ? rest : "";
		int wrote = strlen(words) > 120
		            ? snprintf(out + used, size - used, "%s%s=(%zu bytes)", used ? " " : "", key, strlen(words))
		            : snprintf(out + used, size - used, "%s%s=%s", used ? " " : "", key, words);
		free(rest);
		used = wrote < 0 || (size_t)wrote >= size - used ? size : used + (size_t)wrote;
	}
}

static void each(json_t *item, void *context)
{
	const struct log_arguments *a = context;
	if (a->invocation.json) {
		print_json(item);
		return;
	}
	char recorded[WHEN_SIZE], rest[2000];
	const char *kind = json_string_value(json_object_get(item, "kind"));
	const char *actor = json_string_value(json_object_get(item, "actor"));
	printf("%lld  %s  %s  by %s\n", (long long)json_integer_value(json_object_get(item, "seq")),
	       when_time(recorded, json_string_value(json_object_get(item, "recorded"))), kind ? kind : "?", actor ? actor : "?");
	own_fields(rest, sizeof rest, item);
	if (!rest[0])
		return;
	fputs("    ", stdout);
	print_folded(stdout, rest, 4);
}

int command_log(int argc, char **argv)
{
	struct log_arguments a = { .from = 0 };
	invocation_parse(&log_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	int status = ask_pages(&a.invocation, connection, "log", fill, each, &a);
	attend_close(&connection);
	return status;
}

static json_t *question(const struct log_arguments *a, struct body *body, int *status)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection) {
		body_free(body);
		*status = 2;
		return NULL;
	}
	json_t *answer = ask(&a->invocation, connection, ATTEND_QUERY, NULL, body, NULL, status);
	attend_close(&connection);
	return answer;
}

static const struct argp checkpoint_argp = {
	.parser = parse,
	.doc = "The signed head of the log, a C2SP signed note; it verifies with the daemon's log.vkey.",
	.children = invocation_children,
};

int command_checkpoint(int argc, char **argv)
{
	struct log_arguments a = { .from = 0 };
	invocation_parse(&checkpoint_argp, argc, argv, &a.invocation, &a);
	struct body body;
	int status;
	body_begin(&body);
	body_text(&body, "what", "checkpoint");
	json_t *answer = question(&a, &body, &status);
	const char *note = json_string_value(json_object_get(answer, "note"));
	if (answer && a.invocation.json)
		print_json(answer);
	else if (note)
		fputs(note, stdout); /* as it was signed, to the byte */
	json_decref(answer);
	return status;
}

static error_t prove_parse(int key, char *argument, struct argp_state *state)
{
	struct log_arguments *a = state->input;
	switch (key) {
	case KEY_CONSISTENCY:
		a->consistency = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->count == 2)
			return ARGP_ERR_UNKNOWN;
		a->numbers[a->count++] = invocation_number(state, a->consistency ? "size" : "SEQ", argument);
		return 0;
	case ARGP_KEY_END:
		if (a->consistency && a->count != 2)
			argp_error(state, "two sizes of the log are wanted, as in their checkpoints");
		if (!a->consistency && a->count != 1)
			argp_error(state, "the position of one event is wanted, as in attend log");
		return 0;
	default:
		return parse(key, argument, state);
	}
}

static const struct argp_option prove_options[] = {
	{ "consistency", KEY_CONSISTENCY, NULL, 0, "that the log of size A is the beginning of that of size B", 0 },
	{ 0 },
};
static const struct argp prove_argp = {
	.options = prove_options,
	.parser = prove_parse,
	.args_doc = "SEQ\n--consistency A B",
	.doc = "The proof (RFC 9162) that an event stands in the log of the latest checkpoint, or that the log only grew.\v"
	       "Hashes are in hex, the leaf (the bytes that were hashed) in base64; the leaf's index is SEQ - 1.",
	.children = invocation_children,
};

/* A pathway's leaf is some hundred thousand characters, of use to nobody who reads. */
static void print_text(const char *key, const char *text)
{
	enum { SHOWN_MAX = 1000, SHOWN = 60 };
	size_t size = strlen(text);

	if (size > SHOWN_MAX)
		printf("%-12s %.*s... (%zu characters; --json gives them all)\n", key, SHOWN, text, size);
	else
		printf("%-12s %s\n", key, text);
}

static void print_proof(const json_t *proof)
{
	const char *key;
	json_t *value, *hash;
	size_t index;
	json_object_foreach((json_t *)(uintptr_t)proof, key, value) {
		if (json_is_integer(value))
			printf("%-12s %lld\n", key, (long long)json_integer_value(value));
		else if (json_is_string(value))
			print_text(key, json_string_value(value));
		json_array_foreach(value, index, hash)
			printf("%-12s %s\n", index ? "" : key, json_string_value(hash));
	}
}

int command_prove(int argc, char **argv)
{
	struct log_arguments a = { .from = 0 };
	invocation_parse(&prove_argp, argc, argv, &a.invocation, &a);
	struct body body;
	int status;
	body_begin(&body);
	body_text(&body, "what", a.consistency ? "consistency" : "prove");
	if (a.consistency) {
		body_number(&body, "first", a.numbers[0]);
		body_number(&body, "second", a.numbers[1]);
	} else {
		body_number(&body, "seq", a.numbers[0]);
	}
	json_t *answer = question(&a, &body, &status);
	if (answer && a.invocation.json)
		print_json(answer);
	else if (answer)
		print_proof(answer);
	json_decref(answer);
	return status;
}
