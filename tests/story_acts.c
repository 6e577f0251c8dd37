/* story_acts.c - what people do in a story.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "pathways/bundle.h"
#include "tests/story.h"

/* "officer records: contact", with its parent, day, fields, reason; then what came of it. */
void story_records(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *fields = story_word(e, "with"), *on = story_word(e, "dated");
	const struct node *parent = story_word(e, "for"), *because = story_word(e, "because");
	char text[STORY_TEXT_MAX], upn[UPN_SIZE + 1];
	const struct answer *a;
	struct body b;
	json_t *told;

	body_init(&b);
	story_text(s, e->value, text);
	body_text(&b, "action", text);
	pupil_upn(s, story_pupil(e), upn);
	body_text(&b, "upn", upn);
	if (on)
		body_date(&b, "on", story_date(s, on));
	story_text(s, parent, text);
	if (parent)
		body_text(&b, "parent", text);
	story_text(s, because, text);
	if (because)
		body_text(&b, "override", text);
	if (fields) {
		size_t count = 0;

		for (const struct node *n = story_first(s->at, fields); n; n = story_next(s->at, n))
			count++;
		body_key(&b, "fields");
		msgpack_pack_map(&b.pack, count / 2);
		for (const struct node *n = story_first(s->at, fields); n; n = story_next(s->at, n)) {
			story_text(s, n, text);
			body_value(&b, text);
		}
	}
	a = story_send(s, e->who, COMMAND_ACTION, &b);
	story_check_answer(e, a);
	told = answer_json(a);
	if (!s->stopped && a->status == STATUS_OK && json_is_true(json_object_get(told, "overridden")) != (because != NULL))
		story_fault(s, because ? because : e->key, "it was %s", because ? "allowed as it was: no reason was needed" : "an override");
	json_decref(told);
}

/* Any submission by its name in the protocol: "officer sends: fact", with a body. */
void story_sends(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *with = story_word(e, "with");
	char key[STORY_TEXT_MAX];
	uint8_t command = 0;
	struct body b;

	for (unsigned c = 1; c < COMMAND_REPLY && !command; c++)
		if (command_text((uint8_t)c) && node_is(e->value, command_text((uint8_t)c)))
			command = (uint8_t)c;
	if (!command) {
		story_stop(s, e->value, "no command of the protocol has this name");
		return;
	}
	body_init(&b);
	for (const struct node *k = story_first(s->at, with); k; k = story_next(s->at, story_next(s->at, k))) {
		story_text(s, k, key);
		body_key(&b, key);
		body_node(&b, s, story_next(s->at, k));
	}
	story_check_answer(e, story_send(s, e->who, command, &b));
}

/* Any question by its name in the protocol; `says` are texts of the answer, `lacks` none of it. */
void story_asks(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *with = story_word(e, "with"), *says = story_word(e, "says"), *never = story_word(e, "says not");
	char text[STORY_TEXT_MAX];
	const struct answer *a;
	const struct node *missing;
	struct body b;

	story_text(s, e->value, text);
	body_init(&b);
	body_text(&b, "what", text);
	for (const struct node *k = story_first(s->at, with); k; k = story_next(s->at, story_next(s->at, k))) {
		story_text(s, k, text);
		body_key(&b, text);
		body_node(&b, s, story_next(s->at, k));
	}
	a = story_send(s, e->who, COMMAND_QUERY, &b);
	story_check_answer(e, a);
	missing = s->stopped || !says ? NULL : story_missing(s, says, a->text);
	if (missing)
		story_fault(s, missing, "this is not in the answer: %s", a->text);
	for (const struct node *n = story_first(s->at, never); n && !s->stopped; n = story_next(s->at, n)) {
		story_text(s, n, text);
		if (strstr(a->text, text))
			story_fault(s, n, "this is in the answer: %s", a->text);
	}
}

/* "officer acknowledges: threshold": the newest that is raised. */
void story_acknowledges(const struct entry *e)
{
	struct story *s = e->story;
	char kind[STORY_TEXT_MAX], one[4096];
	struct body b;

	story_text(s, e->value, kind);
	if (!host_alerts(&s->host, kind, "raised", one)) {
		story_stop(s, e->value, "no such alert stands");
		return;
	}
	body_init(&b);
	body_key(&b, "alert");
	msgpack_pack_uint64(&b.pack, number_of(one, "alert"));
	story_check_answer(e, story_send(s, e->who, COMMAND_ACKNOWLEDGE, &b));
}

/* The council's file, or one that it includes, with one text in place of another, put in force. */
void story_policy(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *becomes = story_word(e, "becomes");
	char from[STORY_TEXT_MAX], to[STORY_TEXT_MAX], why[512] = "", *at, *source, *changed;
	struct body b;
	size_t size;

	story_text(s, e->value, from);
	story_text(s, becomes, to);
	source = bundle_gather(s->pathway, &size, why, sizeof why);
	at = source ? strstr(source, from) : NULL;
	if (!at || !from[0] || !becomes) {
		story_stop(s, e->value, "this does not stand in %s, or what it becomes is not said %s", s->pathway, why);
		free(source);
		return;
	}
	*at = '\0';
	assert_true(asprintf(&changed, "%s%s%s", source, to, at + strlen(from)) > 0);
	body_init(&b);
	body_text(&b, "source", changed);
	story_check_answer(e, story_send(s, ADMIN, COMMAND_PATHWAY, &b));
	free(source);
	free(changed);
}

/* The daemon ends (or crashes) and starts again: nothing that was told may be gone. */
void story_restart(const struct entry *e)
{
	if (node_is(e->value, "restarts"))
		host_restart(&e->story->host);
	else if (node_is(e->value, "crashes"))
		host_crash(&e->story->host);
	else
		story_stop(e->story, e->value, "the daemon \"restarts\" or \"crashes\"");
}
