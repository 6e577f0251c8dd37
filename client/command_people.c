/* attend fact, attend link, attend cover, attend offer - who and what stands round a pupil, who
 * stands in for an officer, which meetings schools are offered.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/people.h"
#include "proto/ids.h"
#include "proto/status.h"

enum { KEY_PUPIL = 0x2000, KEY_SINCE, KEY_PARENT, KEY_TEXT, KEY_NO, KEY_OFFICER, KEY_FROM, KEY_UNTIL, KEY_END, KEY_ID, KEY_MEETING, KEY_ON };

struct people_arguments {
	struct invocation invocation;
	const char *words[2];
	unsigned word_count, words_least, words_most;
	const char *missing;
	const char *meeting, *on;
	const char *pupil, *since, *parent, *text, *officer, *from, *until;
	bool no, end, has_id;
	uint8_t id[UUID_SIZE];
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct people_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &a->invocation; return 0;
	case KEY_PUPIL: a->pupil = argument; return 0;
	case KEY_SINCE: a->since = argument; return 0;
	case KEY_PARENT: a->parent = argument; return 0;
	case KEY_TEXT: a->text = argument; return 0;
	case KEY_NO: a->no = true; return 0;
	case KEY_MEETING: a->meeting = argument; return 0;
	case KEY_ON: a->on = argument; return 0;
	case KEY_OFFICER: a->officer = argument; return 0;
	case KEY_FROM: a->from = argument; return 0;
	case KEY_UNTIL: a->until = argument; return 0;
	case KEY_END: a->end = true; return 0;
	case KEY_ID:
		a->has_id = uuid_parse(slice_text(argument), a->id) && uuid_usable(a->id);
		if (!a->has_id)
			argp_error(state, "--id: '%s' is not a UUID of version 7 or 8", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (a->word_count == a->words_most)
			return ARGP_ERR_UNKNOWN;
		a->words[a->word_count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (a->word_count < a->words_least)
			argp_error(state, "%s", a->missing);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

#define OPTION_ID { "id", KEY_ID, "UUID", 0, "the submission's own id, version 7 or 8: asked twice with one id, it is recorded once", 0 }

static int submit(const struct people_arguments *a, enum attend_command command, struct body *body,
                  void print(const struct people_arguments *, const json_t *, bool before))
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection) {
		body_free(body);
		return 2;
	}
	struct attend_reply reply;
	int status;
	json_t *answer = ask(&a->invocation, connection, command, a->has_id ? a->id : NULL, body, &reply, &status);
	if (answer && a->invocation.json) {
		json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		print_json(answer);
	} else if (answer) {
		print(a, answer, reply.status == STATUS_KNOWN);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}

/* A yes that isn't said. */
static void pack_no(struct body *body, const char *key, bool no)
{
	if (!no)
		return;
	body_key(body, key);
	msgpack_pack_false(&body->pack);
}

static void print_changed(const struct people_arguments *a, const json_t *answer, bool before)
{
	long long changed = json_integer_value(json_object_get(answer, "changed"));
	(void)a;
	printf("recorded%s", before ? " before" : "");
	if (changed)
		printf("; it changes something in %lld open case%s: attend alerts says what", changed, changed == 1 ? "" : "s");
	putchar('\n');
}

/* --- facts ------------------------------------------------------------------ */

static const struct argp_option fact_options[] = {
	{ "pupil", KEY_PUPIL, "UPN", 0, "whom it is about", 0 },
	{ "since", KEY_SINCE, "DATE", 0, "the day from which it is so, as 2026-09-07 (today)", 0 },
	{ "parent", KEY_PARENT, "ID", 0, "of a fact about a parent: which one", 0 },
	{ "text", KEY_TEXT, "TEXT", 0, "who it is, where, who said so; kept sealed", 0 },
	{ "no", KEY_NO, NULL, 0, "from that day on it is so no more", 0 },
	OPTION_ID,
	{ 0 },
};
static const struct argp fact_argp = {
	.options = fact_options,
	.parser = parse,
	.args_doc = "FACT",
	.doc = "Records something known of a pupil from a day on; what it changes in an open case is told by an alert.\v"
	       "Of the pupil: looked-after early-help child-in-need child-protection team-around-family "
	       "personal-education-plan social-worker lead-professional send ehcp free-school-meals young-carer "
	       "safeguarding-concern. Of a parent: prosecuted-before parental-responsibility. A mistake is put right by "
	       "recording the same fact of the same day again. attend people shows what is known.",
	.children = invocation_children,
};

int command_fact(int argc, char **argv)
{
	struct people_arguments a = { .words_least = 1, .words_most = 1, .missing = "which fact? attend fact --help lists them" };
	struct body body;
	invocation_parse(&fact_argp, argc, argv, &a.invocation, &a);
	if (!a.pupil) {
		complain(&a.invocation, "--pupil UPN is wanted");
		return 2;
	}
	body_begin(&body);
	body_text(&body, "fact", a.words[0]);
	body_text(&body, "upn", a.pupil);
	pack_no(&body, "holds", a.no);
	body_text(&body, "since", a.since);
	body_text(&body, "parent", a.parent);
	body_text(&body, "text", a.text);
	return submit(&a, ATTEND_FACT, &body, print_changed);
}

/* --- links ------------------------------------------------------------------ */

static const struct argp_option link_options[] = {
	{ "no", KEY_NO, NULL, 0, "takes a link back that was wrong", 0 },
	OPTION_ID,
	{ 0 },
};
static const struct argp link_argp = {
	.options = link_options,
	.parser = parse,
	.args_doc = "UPN[:PARENT] UPN[:PARENT]",
	.doc = "Records that two pupils are siblings or, with a parent's id for each, that one person is a parent of both: "
	       "attend link B801200005001:p1 A801200005001:m",
	.children = invocation_children,
};

/* Cuts UPN:PARENT in two. */
static void pack_end(struct body *body, const char *word, const char *upn_key, const char *parent_key)
{
	const char *colon = strchr(word, ':');
	char upn[64];
	snprintf(upn, sizeof upn, "%.*s", (int)(colon ? colon - word : (long)strlen(word)), word);
	body_text(body, upn_key, upn);
	body_text(body, parent_key, colon ? colon + 1 : NULL);
}

int command_link(int argc, char **argv)
{
	struct people_arguments a = { .words_least = 2, .words_most = 2, .missing = "which two pupils? UPN or UPN:PARENT each" };
	struct body body;
	invocation_parse(&link_argp, argc, argv, &a.invocation, &a);
	body_begin(&body);
	pack_end(&body, a.words[0], "upn", "parent");
	pack_end(&body, a.words[1], "other", "other_parent");
	pack_no(&body, "stands", a.no);
	return submit(&a, ATTEND_LINK, &body, print_changed);
}

/* --- covers ----------------------------------------------------------------- */

static const struct argp_option cover_options[] = {
	{ "officer", KEY_OFFICER, "NAME", 0, "who is away: the name of a grant, or a public key (yourself)", 0 },
	{ "from", KEY_FROM, "DATE", 0, "the first day away (today)", 0 },
	{ "until", KEY_UNTIL, "DATE", 0, "the last day away", 0 },
	{ "end", KEY_END, NULL, 0, "they are back: nobody stands in for them any more", 0 },
	OPTION_ID,
	{ 0 },
};
static const struct argp cover_argp = {
	.options = cover_options,
	.parser = parse,
	.args_doc = "[COVER]",
	.doc = "Names who stands in for an officer who is away, or lists who does for whom.\v"
	       "With --officer COVER, attend alerts, attend watch and attend deadlines then give those of both. An officer "
	       "names their own cover, a manager anybody's.",
	.children = invocation_children,
};

static void print_cover(const struct people_arguments *a, const json_t *answer, bool before)
{
	(void)answer;
	(void)before;
	if (a->end)
		puts("nobody stands in for them any more");
	else
		printf("%s stands in until %s\n", a->words[0], a->until);
}

static int list_covers(const struct people_arguments *a)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	struct body body;
	int status;
	if (!connection)
		return 2;
	body_begin(&body);
	body_text(&body, "what", "covers");
	json_t *answer = ask(&a->invocation, connection, ATTEND_QUERY, NULL, &body, NULL, &status);
	const json_t *items = json_object_get(answer, "items");
	size_t index;
	json_t *item;
	if (answer && !a->invocation.json)
		print_covers(items);
	else
		json_array_foreach(items, index, item)
			print_json(item);
	json_decref(answer);
	attend_close(&connection);
	return status;
}

int command_cover(int argc, char **argv)
{
	struct people_arguments a = { .words_most = 1 };
	struct body body;
	invocation_parse(&cover_argp, argc, argv, &a.invocation, &a);
	if (!a.word_count && !a.end && !a.officer && !a.until && !a.from)
		return list_covers(&a);
	if (a.end ? a.word_count > 0 || a.until || a.from : !a.word_count || !a.until) {
		complain(&a.invocation, "who stands in and until when: attend cover NAME --until DATE; or --end");
		return 2;
	}
	body_begin(&body);
	body_text(&body, "officer", a.officer);
	body_text(&body, "cover", a.words[0]);
	body_text(&body, "from", a.from);
	body_text(&body, "until", a.until);
	body_true(&body, "end", a.end);
	return submit(&a, ATTEND_COVER, &body, print_cover);
}

/* --- meetings offered ------------------------------------------------------- */

static const struct argp_option offer_options[] = {
	{ "meeting", KEY_MEETING, "NAME", 0, "which of the pathway's meetings; needed where it has several", 0 },
	{ "on", KEY_ON, "DATE", 0, "the day on which it was offered (today)", 0 },
	{ "no", KEY_NO, NULL, 0, "takes one back that was recorded by mistake", 0 },
	OPTION_ID,
	{ 0 },
};
static const struct argp offer_argp = {
	.options = offer_options,
	.parser = parse,
	.args_doc = "URN",
	.doc = "Records that a meeting was offered to a school, whether or not it takes it up: attend report meeting says which schools "
	       "were offered as many as the pathway wants.\v  attend offer 123456 --on 2026-09-21",
	.children = invocation_children,
};

static void print_offer(const struct people_arguments *a, const json_t *answer, bool before)
{
	const char *meeting = json_string_value(json_object_get(answer, "meeting")), *on = json_string_value(json_object_get(answer, "on"));
	printf("recorded%s: %s %s to school %s on %s\n", before ? " before" : "", meeting ? meeting : "", a->no ? "was not offered" : "was offered",
	       a->words[0], on ? on : "");
}

int command_offer(int argc, char **argv)
{
	struct people_arguments a = { .words_least = 1, .words_most = 1, .missing = "which school? Its URN is wanted" };
	struct body body;
	invocation_parse(&offer_argp, argc, argv, &a.invocation, &a);
	body_begin(&body);
	body_text(&body, "urn", a.words[0]);
	body_text(&body, "meeting", a.meeting);
	body_text(&body, "on", a.on);
	pack_no(&body, "stands", a.no);
	return submit(&a, ATTEND_OFFER, &body, print_offer);
}
