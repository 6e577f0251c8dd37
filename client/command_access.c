/* attend keygen, grant, revoke, whoami - who may do what.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/when.h"
#include "proto/event.h"
#include "proto/identity.h"

enum { KEY_NAME = 0x2000, KEY_SCHOOL, KEY_CASE };

struct access_arguments {
	struct invocation invocation;
	const char *words[2];
	unsigned word_count, words_wanted;
	const char *missing;
	const char *name;
	const char *schools[GRANT_SCHOOLS_MAX], *cases[GRANT_CASES_MAX];
	size_t school_count, case_count;
};

/* A key may begin with `-`, which argp would take for an option: it goes through
 * argp with a space before it, which no key has. */
static char *shielded[2];

static void shield_keys(int argc, char **argv)
{
	unsigned used = 0;
	for (int i = 1; i < argc && used < 2; i++) {
		uint8_t key[PUBLIC_KEY_SIZE];
		if (argv[i][0] != '-' || !z85_key_parse(slice_text(argv[i]), key))
			continue;
		if (asprintf(&shielded[used], " %s", argv[i]) < 0)
			return;
		argv[i] = shielded[used++];
	}
}

static void drop_shields(void)
{
	for (unsigned i = 0; i < 2; i++) {
		free(shielded[i]);
		shielded[i] = NULL;
	}
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct access_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_NAME:
		a->name = argument;
		return 0;
	case KEY_SCHOOL:
		if (a->school_count == GRANT_SCHOOLS_MAX)
			argp_error(state, "--school: at most %d", GRANT_SCHOOLS_MAX);
		a->schools[a->school_count++] = argument;
		return 0;
	case KEY_CASE:
		if (a->case_count == GRANT_CASES_MAX)
			argp_error(state, "--case: at most %d", GRANT_CASES_MAX);
		a->cases[a->case_count++] = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (a->word_count == a->words_wanted)
			return ARGP_ERR_UNKNOWN;
		a->words[a->word_count++] = argument + (argument[0] == ' ');
		return 0;
	case ARGP_KEY_END:
		if (a->word_count < a->words_wanted)
			argp_error(state, "%s", a->missing);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp keygen_argp = {
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Makes an identity in FILE, which must not exist, and prints its public key: the part that an "
	       "administrator grants. FILE is your secret.",
	.children = invocation_json_children,
};

int command_keygen(int argc, char **argv)
{
	struct access_arguments a = { .words_wanted = 1, .missing = "which file?" };
	invocation_parse(&keygen_argp, argc, argv, &a.invocation, &a);
	struct identity identity;
	char why[512];
	int status = 0;
	memset(&identity, 0, sizeof identity);
	/* One in 85 keys would begin with `-` and look like an option where it is typed. */
	do {
		if (zmq_curve_keypair(identity.public_text, identity.secret_text) != 0) {
			complain(&a.invocation, "libzmq was built without CURVE");
			return 2;
		}
	} while (identity.public_text[0] == '-');
	z85_key_parse(slice_text(identity.public_text), identity.public_key);
	if (identity_write(a.words[0], &identity, why, sizeof why) < 0) {
		complain(&a.invocation, "%s", why);
		status = 1;
	} else if (a.invocation.json) {
		json_t *made = json_pack("{s:s,s:s}", "public", identity.public_text, "file", a.words[0]);
		print_json(made);
		json_decref(made);
	} else {
		puts(identity.public_text);
	}
	sodium_memzero(&identity, sizeof identity);
	return status;
}

/* Asks, and prints the answer: as JSON, or by `print`. */
static int submit(const struct access_arguments *a, enum attend_command command, struct body *body,
                  void print(const struct access_arguments *, const json_t *))
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection) {
		body_free(body);
		return 2;
	}
	struct attend_reply reply;
	int status;
	json_t *answer = ask(&a->invocation, connection, command, NULL, body, &reply, &status);
	if (answer && a->invocation.json) {
		if (command != ATTEND_HELLO)
			json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		else
			json_object_set_new(answer, "key", json_string(attend_public_key(connection)));
		print_json(answer);
	} else if (answer) {
		print(a, answer);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}

static const struct argp_option grant_options[] = {
	{ "name", KEY_NAME, "NAME", 0, "of the service or post, as it will stand in the log", 0 },
	{ "school", KEY_SCHOOL, "URN", 0, "a school it is for; again for more", 0 },
	{ "case", KEY_CASE, "ID", 0, "a case it is for (lead); again for more", 0 },
	{ 0 },
};
static const struct argp grant_argp = {
	.options = grant_options,
	.parser = parse,
	.args_doc = "PUBLIC-KEY ROLE",
	.doc = "Lets a key in, or changes what it may: the newest grant stands.\v"
	       "Roles: connector (pushes marks and rosters of its schools), school (reads its schools and records their "
	       "actions), lead (its cases), officer, manager, auditor (reads all), administrator, monitor (asks how the daemon is, and "
	       "nothing of what it holds), board (a web page: nothing by itself, and for whoever reads there what they may). A key is 40 characters, "
	       "some of which a shell would take for its own: quote it.",
	.children = invocation_children,
};

static void print_granted(const struct access_arguments *a, const json_t *answer)
{
	(void)answer;
	printf("granted: %s may now act as %s%s%s\n", a->words[0], a->words[1], a->name ? ", " : "", a->name ? a->name : "");
}

int command_grant(int argc, char **argv)
{
	struct access_arguments a = { .words_wanted = 2, .missing = "a public key and a role are wanted: attend grant 'KEY' officer" };
	shield_keys(argc, argv);
	invocation_parse(&grant_argp, argc, argv, &a.invocation, &a);
	struct body body;
	body_begin(&body);
	body_text(&body, "key", a.words[0]);
	body_text(&body, "role", a.words[1]);
	body_text(&body, "name", a.name);
	body_texts(&body, "schools", a.schools, a.school_count);
	body_texts(&body, "cases", a.cases, a.case_count);
	int status = submit(&a, ATTEND_GRANT, &body, print_granted);
	drop_shields();
	return status;
}

static const struct argp revoke_argp = {
	.parser = parse,
	.args_doc = "PUBLIC-KEY",
	.doc = "Takes a key's access away, that of a session under way as well.",
	.children = invocation_children,
};

static void print_revoked(const struct access_arguments *a, const json_t *answer)
{
	(void)answer;
	printf("revoked: %s\n", a->words[0]);
}

int command_revoke(int argc, char **argv)
{
	struct access_arguments a = { .words_wanted = 1, .missing = "which key? attend log shows what was granted" };
	shield_keys(argc, argv);
	invocation_parse(&revoke_argp, argc, argv, &a.invocation, &a);
	struct body body;
	body_begin(&body);
	body_text(&body, "key", a.words[0]);
	int status = submit(&a, ATTEND_REVOKE, &body, print_revoked);
	drop_shields();
	return status;
}

static const struct argp whoami_argp = {
	.parser = parse,
	.doc = "Which daemon answers, what its clock says, and who you are to it.",
	.children = invocation_children,
};

static void print_hello(const struct access_arguments *a, const json_t *answer)
{
	char now[WHEN_SIZE];
	const char *authority = json_string_value(json_object_get(answer, "authority"));
	const char *role = json_string_value(json_object_get(answer, "role"));
	const char *name = json_string_value(json_object_get(answer, "name"));
	const char *clock = json_string_value(json_object_get(answer, "clock"));
	printf("you        %s%s%s\n", role ? role : "?", name && *name ? ", " : "", name ? name : "");
	printf("authority  %s at %s\n", authority ? authority : "?", a->invocation.server);
	printf("clock      %s (%s%s)\n", when_time(now, json_string_value(json_object_get(answer, "now"))), clock ? clock : "?",
	       json_is_true(json_object_get(answer, "held")) ? ", held: attend clock --confirm" : "");
	printf("log        %lld events\n", (long long)json_integer_value(json_object_get(answer, "head")));
}

int command_whoami(int argc, char **argv)
{
	struct access_arguments a = { .words_wanted = 0 };
	invocation_parse(&whoami_argp, argc, argv, &a.invocation, &a);
	struct body body;
	body_begin(&body);
	return submit(&a, ATTEND_HELLO, &body, print_hello);
}
