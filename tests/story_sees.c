/* story_sees.c - what people see in a story: a case, its deadlines and notices, figures,
 * what may be done next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/story.h"

bool story_check_words(const struct entry *e, const json_t *seen, const struct word_key words[], bool tell)
{
	for (; words->word; words++) {
		const struct node *wanted = story_word(e, words->word);
		const json_t *value = json_object_get(seen, words->key);
		char *text;

		if (!wanted || (value && story_equal(e->story, value, wanted)))
			continue;
		if (tell) {
			text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
			story_fault(e->story, wanted, "%s is %s", words->word, text ? text : "not told");
			free(text);
		}
		return false;
	}
	return true;
}

/* A query about the entry's pupil, as known now or (`as known on`) then. */
static json_t *ask_of_pupil(const struct entry *e, const char *what, unsigned *status)
{
	const struct node *then = story_word(e, "as known on");
	char upn[UPN_SIZE + 1];
	struct body b;

	body_init(&b);
	pupil_upn(e->story, story_pupil(e), upn);
	body_text(&b, "upn", upn);
	if (then)
		body_date(&b, "as_of", story_date(e->story, then));
	return story_ask(e->story, MANAGER, what, &b, status);
}

/* The pupil's case; NULL (and a fault where it is needed) if there is none. */
static json_t *case_seen(const struct entry *e, bool needed)
{
	unsigned status;
	json_t *c = ask_of_pupil(e, "case", &status);

	if (status == STATUS_OK)
		return c;
	if (needed)
		story_fault(e->story, e->key, "there is no case");
	json_decref(c);
	return NULL;
}

void story_stage(const struct entry *e)
{
	json_t *c = case_seen(e, true);

	if (c && !story_equal(e->story, json_object_get(c, "stage"), e->value))
		story_fault(e->story, e->value, "the case stands at %s", json_string_value(json_object_get(c, "stage")));
	json_decref(c);
}

/* "case: open", "closed" or "none". */
void story_case(const struct entry *e)
{
	static const struct word_key words[] = {
		{"opened", "opened"}, {"pathway", "pathway"}, {"version", "pathway_version"}, {NULL, NULL},
	};
	json_t *c = case_seen(e, false);
	const char *is = c ? json_string_value(json_object_get(c, "status")) : "none";

	if (!node_is(e->value, is))
		story_fault(e->story, e->value, "the case is %s", is);
	else if (c)
		story_check_words(e, c, words, true);
	json_decref(c);
}

/* The newest deadline of the entry's kind, and parent if it names one. */
static const json_t *deadline_seen(const struct entry *e, const json_t *c)
{
	const json_t *list = json_object_get(c, "deadlines");
	const struct node *parent = story_word(e, "for");

	for (size_t i = json_array_size(list); i > 0; i--) {
		const json_t *d = json_array_get(list, i - 1);

		if (story_equal(e->story, json_object_get(d, "kind"), e->value) &&
		    (!parent || story_equal(e->story, json_object_get(d, "parent"), parent)))
			return d;
	}
	return NULL;
}

void story_deadline(const struct entry *e)
{
	static const struct word_key words[] = {
		{"from", "from"}, {"ends", "last_day"}, {"is", "status"}, {"overdue", "overdue"},
		{"due", "due"}, {"provisional", "provisional"}, {NULL, NULL},
	};
	const struct node *moved = story_word(e, "moved"), *breached = story_word(e, "breached");
	json_t *c = case_seen(e, true);
	const json_t *d = c ? deadline_seen(e, c) : NULL;

	if (c && !d) {
		story_fault(e->story, e->value, "there is no such deadline");
	} else if (d) {
		story_check_words(e, d, words, true);
		if (moved && !node_is(moved, (char[]){(char)('0' + json_array_size(json_object_get(d, "moved_from")) % 10), '\0'}))
			story_fault(e->story, moved, "it moved %zu times", json_array_size(json_object_get(d, "moved_from")));
		if (breached && story_yes(e->story, breached) == json_is_null(json_object_get(d, "breach")))
			story_fault(e->story, breached, "a breach %s", json_is_null(json_object_get(d, "breach")) ? "does not stand" : "stands");
	}
	json_decref(c);
}

void story_no_deadline(const struct entry *e)
{
	json_t *c = case_seen(e, false);

	if (c && deadline_seen(e, c))
		story_fault(e->story, e->value, "there is one");
	json_decref(c);
}

/* "notice: p1", the newest of that parent's or the one that was `issued` that day. */
void story_notice(const struct entry *e)
{
	static const struct word_key words[] = {
		{"number", "number"}, {"amount now", "amount_now"}, {"received", "received"}, {"due", "due"},
		{"reduced until", "reduced_until"}, {"paid", "paid"}, {"paid amount", "paid_amount"},
		{"withdrawn", "withdrawn"}, {"lapsed", "lapsed"}, {NULL, NULL},
	};
	const struct node *issued = story_word(e, "issued");
	json_t *c = case_seen(e, true);
	const json_t *list = json_object_get(c, "penalty_notices"), *found = NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *n = json_array_get(list, i);

		if (story_equal(e->story, json_object_get(n, "parent"), e->value) &&
		    (!issued || story_equal(e->story, json_object_get(n, "issued"), issued)))
			found = n;
	}
	if (c && !found)
		story_fault(e->story, e->value, "there is no such penalty notice");
	else if (c)
		story_check_words(e, found, words, true);
	json_decref(c);
}

/* "figures: {unauthorised: 11, percentage: 95.0}" of the query `pupil`. */
void story_figures(const struct entry *e)
{
	unsigned status;
	json_t *p = ask_of_pupil(e, "pupil", &status);
	struct story *s = e->story;

	for (const struct node *k = story_first(s->at, e->value); k; k = story_next(s->at, story_next(s->at, k))) {
		char key[STORY_TEXT_MAX], *text;
		const json_t *value;

		story_text(s, k, key);
		value = json_object_get(p, key);
		if (value && story_equal(s, value, story_next(s->at, k)))
			continue;
		text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
		story_fault(s, k, "%s is %s", key, text ? text : "no figure");
		free(text);
	}
	json_decref(p);
}

/* "put: warning-period": its question waits for an answer, which is one of these `outcomes` and no other. */
void story_put(const struct entry *e)
{
	const struct node *parent = story_word(e, "for"), *wanted = story_word(e, "outcomes");
	json_t *c = case_seen(e, true), *names = json_array(), *put;
	const json_t *found = NULL, *outcomes;
	size_t i;

	json_array_foreach(json_object_get(c, "decisions"), i, put)
		if (story_equal(e->story, json_object_get(put, "kind"), e->value) &&
		    (!parent || story_equal(e->story, json_object_get(put, "parent"), parent)))
			found = put;
	outcomes = json_object_get(found, "outcomes");
	for (i = 0; i < json_array_size(outcomes); i++)
		json_array_append(names, json_object_get(json_array_get(outcomes, i), "outcome"));
	if (c && !found)
		story_fault(e->story, e->value, "no such question is put");
	else if (c && wanted && !story_equal(e->story, names, wanted))
		story_fault(e->story, wanted, "there are %zu outcomes, or others", json_array_size(names));
	json_decref(names);
	json_decref(c);
}

/* ---- what may be done next ---- */

/* What is offered to somebody about the entry's pupil; the answer is the caller's to free. */
static json_t *offers_to(const struct entry *e, enum who who)
{
	char upn[UPN_SIZE + 1];
	unsigned status;
	struct body b;

	body_init(&b);
	pupil_upn(e->story, story_pupil(e), upn);
	body_text(&b, "upn", upn);
	return story_ask(e->story, who, "actions", &b, &status);
}

static const json_t *offer_of(const json_t *answer, const struct node *name)
{
	const json_t *items = json_object_get(answer, "items");

	for (size_t i = 0; i < json_array_size(items); i++)
		if (node_is(name, json_text(json_array_get(items, i), "action")))
			return json_array_get(items, i);
	return NULL;
}

/* The action among those offered; the answer is the caller's to free. */
static const json_t *offer_seen(const struct entry *e, json_t **answer)
{
	enum who who = OFFICER;

	if (story_word(e, "to"))
		story_role(e->story, story_word(e, "to"), &who);
	*answer = offers_to(e, who);
	return offer_of(*answer, e->value);
}

void story_offered(const struct entry *e)
{
	const struct node *unmet = story_word(e, "unmet");
	json_t *answer;
	const json_t *offer = offer_seen(e, &answer);

	if (!offer)
		story_fault(e->story, e->value, "it is not offered");
	else if (unmet && !node_is(unmet, "any"))
		story_check_lacks(e, json_object_get(offer, "lacks"), unmet);
	else if (!unmet && json_array_size(json_object_get(offer, "lacks")))
		story_fault(e->story, e->value, "something is missing: %s", json_text(json_array_get(json_object_get(offer, "lacks"), 0), "text"));
	json_decref(answer);
}

void story_not_offered(const struct entry *e)
{
	json_t *answer;

	if (offer_seen(e, &answer))
		story_fault(e->story, e->value, "it is offered");
	json_decref(answer);
}

static bool list_has(const struct story *s, const struct node *list, const char *word)
{
	for (const struct node *n = list ? story_first(s->at, list) : NULL; n; n = story_next(s->at, n))
		if (node_is(n, word))
			return true;
	return false;
}

/* One row against what one role is offered: the action or none, by an override or not, what must be given. */
static void check_row(struct story *s, const struct node *name, const struct node *row, const char *role, const json_t *offer)
{
	const struct node *wants = story_find(s->at, row, "wants");
	const json_t *fields = json_object_get(offer, "fields");

	if ((offer != NULL) != list_has(s, story_find(s->at, row, "by"), role))
		story_fault(s, name, "the role %s %s record it", role, offer ? "may" : "may not");
	if (!offer)
		return;
	if (json_is_true(json_object_get(offer, "may_override")) != list_has(s, story_find(s->at, row, "override"), role))
		story_fault(s, name, "the role %s %s pass over what is unmet", role, json_is_true(json_object_get(offer, "may_override")) ? "may" : "may not");
	if (json_is_true(json_object_get(offer, "needs_parent")) != list_has(s, wants, "parent"))
		story_fault(s, name, "a parent %s be named", json_is_true(json_object_get(offer, "needs_parent")) ? "must" : "need not");
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *f = json_array_get(fields, i);
		bool required = json_is_true(json_object_get(f, "required"));

		if (required != list_has(s, wants, json_text(f, "name")))
			story_fault(s, name, "%s= %s be given", json_text(f, "name"), required ? "must" : "need not");
	}
}

/* "actions:", a table of all that the pathway has: who may record each, who may override, what it wants. */
void story_actions(const struct entry *e)
{
	static const struct { const char *name; enum who who; } roles[] = {
		{"school", SCHOOL}, {"lead", LEAD}, {"officer", OFFICER}, {"manager", MANAGER},
	};
	struct story *s = e->story;

	for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
		json_t *answer = offers_to(e, roles[r].who);
		const json_t *items = json_object_get(answer, "items");

		for (const struct node *k = story_first(s->at, e->value); k; k = story_next(s->at, story_next(s->at, k)))
			check_row(s, k, story_next(s->at, k), roles[r].name, offer_of(answer, k));
		for (size_t i = 0; i < json_array_size(items); i++) {
			const char *name = json_text(json_array_get(items, i), "action");

			if (!story_find(s->at, e->value, name))
				story_fault(s, e->key, "%s is not in the table", name);
		}
		json_decref(answer);
	}
}
