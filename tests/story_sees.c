/* story_sees.c - what people see in a story: a case, its deadlines and notices, figures,
 * alerts, what may be done next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/story.h"

/* Words of an entry and the keys of what is looked at. */
struct word_key {
	const char *word, *key;
};

/* Says each word of the entry that isn't so. */
static bool check_words(const struct entry *e, const json_t *seen, const struct word_key words[], bool tell)
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
		check_words(e, c, words, true);
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
		check_words(e, d, words, true);
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
		check_words(e, found, words, true);
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

/* ---- alerts ---- */

static json_t *alerts_seen(struct story *s)
{
	unsigned status;

	return story_ask(s, MANAGER, "alerts", NULL, &status);
}

static uint64_t uint_at(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* Where the alert's newest look stands; made where there was none. */
static uint64_t *look_at(struct story *s, const json_t *alert)
{
	uint64_t number = uint_at(alert, "alert");

	for (unsigned i = 0; i < s->seen_count; i++)
		if (s->seen[i][0] == number)
			return &s->seen[i][1];
	assert_true(s->seen_count < STORY_SEEN_MAX);
	s->seen[s->seen_count][0] = number;
	s->seen[s->seen_count][1] = 0;
	return &s->seen[s->seen_count++][1];
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Raised (or withdrawn, or changed) since the story last looked at it, of the pupil named. */
static bool alert_new(const struct entry *e, const json_t *alert, const char *status)
{
	char upn[UPN_SIZE + 1];

	pupil_upn(e->story, story_pupil(e), upn);
	return strcmp(text_at(alert, "status"), status) == 0 && uint_at(alert, "seq") > *look_at(e->story, alert) &&
	       (!story_word(e, "pupil") || strcmp(text_at(alert, "upn"), upn) == 0);
}

static void list_alerts(const struct entry *e, const json_t *list, const char *status, char *out, size_t size)
{
	FILE *file = fmemopen(out, size, "w");
	bool any = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (!alert_new(e, a, status))
			continue;
		fprintf(file, "\n      %s: %s (%s, of %.10s)", text_at(a, "kind"), text_at(a, "text"), text_at(a, "case"), text_at(a, "raised"));
		any = true;
	}
	if (!any)
		fputs(" nothing", file);
	fclose(file);
}

static bool alert_fits(const struct entry *e, const json_t *alert)
{
	static const struct word_key words[] = {
		{"case", "case"}, {"deadline", "deadline"}, {"clause", "clause"}, {"due", "due"}, {"to", "to"}, {NULL, NULL},
	};
	const struct node *raised = story_word(e, "raised"), *says = story_word(e, "says"), *n;
	char text[STORY_TEXT_MAX];
	uint64_t ms;

	if (!check_words(e, alert, words, false))
		return false;
	if (raised && (!time_parse(slice_text(text_at(alert, "raised")), &ms) || day_of_ms(ms) != story_date(e->story, raised)))
		return false;
	for (n = story_first(e->story->at, story_word(e, "says not")); n; n = story_next(e->story->at, n)) {
		story_text(e->story, n, text);
		if (strstr(text_at(alert, "text"), text))
			return false;
	}
	return !says || !story_missing(e->story, says, text_at(alert, "text"));
}

/* Finds one of the entry's kind that was not looked at yet, and looks at it. */
static void see_alert(const struct entry *e, const char *status)
{
	json_t *answer = alerts_seen(e->story);
	const json_t *list = json_object_get(answer, "items");
	char seen[8192];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (node_is(e->value, text_at(a, "kind")) && alert_new(e, a, status) && alert_fits(e, a)) {
			*look_at(e->story, a) = uint_at(a, "seq");
			json_decref(answer);
			return;
		}
	}
	list_alerts(e, list, status, seen, sizeof seen);
	story_fault(e->story, e->value, "no such alert was %s since the story last looked; there was:%s", status, seen);
	json_decref(answer);
}

void story_alert(const struct entry *e)
{
	see_alert(e, "raised");
}

void story_withdrawn(const struct entry *e)
{
	see_alert(e, "withdrawn");
}

void story_no_alert(const struct entry *e)
{
	json_t *answer = alerts_seen(e->story);
	const json_t *list = json_object_get(answer, "items");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (node_is(e->value, text_at(a, "kind")) && alert_new(e, a, "raised"))
			story_fault(e->story, e->value, "there is one: %s", text_at(a, "text"));
	}
	json_decref(answer);
}

/* "alerts: [threshold, due]", all that are new and no other; "alerts: none"; "alerts: noted"
 * passes over them. */
void story_alerts(const struct entry *e)
{
	struct story *s = e->story;
	json_t *answer = alerts_seen(s);
	const json_t *list = json_object_get(answer, "items");
	bool noted = node_is(e->value, "noted"), good = noted || e->value->kind == NODE_LIST || node_is(e->value, "none");
	size_t wanted = 0, found = 0;
	char seen[8192];

	for (const struct node *n = e->value->kind == NODE_LIST ? story_first(s->at, e->value) : NULL; n && good; n = story_next(s->at, n)) {
		size_t same = 0, more = 0;

		for (const struct node *k = story_first(s->at, e->value); k; k = story_next(s->at, k))
			same += slice_equal(k->text, n->text);
		for (size_t i = 0; i < json_array_size(list); i++)
			more += node_is(n, text_at(json_array_get(list, i), "kind")) && alert_new(e, json_array_get(list, i), "raised");
		good = same == more;
		wanted++;
	}
	list_alerts(e, list, "raised", seen, sizeof seen);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (alert_new(e, json_array_get(list, i), "raised") || noted) {
			*look_at(s, json_array_get(list, i)) = uint_at(json_array_get(list, i), "seq");
			found++;
		}
	if (!good || (!noted && found != wanted))
		story_fault(s, e->value, "other alerts were raised since the story last looked:%s", seen);
	json_decref(answer);
}

/* "standing: {breach: 1, overdue: 0}": how many are raised, looked at or not. */
void story_standing(const struct entry *e)
{
	struct story *s = e->story;
	char kind[STORY_TEXT_MAX], wanted[STORY_TEXT_MAX], one[4096];

	for (const struct node *k = story_first(s->at, e->value); k; k = story_next(s->at, story_next(s->at, k))) {
		unsigned count;

		story_text(s, k, kind);
		story_text(s, story_next(s->at, k), wanted);
		count = host_alerts(&s->host, kind, "raised", one);
		if (strtoul(wanted, NULL, 10) != count)
			story_fault(s, k, "%u of %s stand", count, kind);
	}
}

/* ---- what may be done next ---- */

static enum who role_of(const struct entry *e)
{
	static const char *const names[] = {"school", "lead", "officer", "manager", "administrator"};
	static const enum who roles[] = {SCHOOL, LEAD, OFFICER, MANAGER, ADMIN};
	const struct node *to = story_word(e, "to");

	for (size_t i = 0; to && i < sizeof roles / sizeof *roles; i++)
		if (node_is(to, names[i]))
			return roles[i];
	if (to)
		story_stop(e->story, to, "school, lead, officer, manager or administrator");
	return OFFICER;
}

/* The action among those offered; the answer is the caller's to free. */
static const json_t *offer_seen(const struct entry *e, json_t **answer)
{
	char upn[UPN_SIZE + 1];
	const json_t *items;
	unsigned status;
	struct body b;

	body_init(&b);
	pupil_upn(e->story, story_pupil(e), upn);
	body_text(&b, "upn", upn);
	*answer = story_ask(e->story, role_of(e), "actions", &b, &status);
	items = json_object_get(*answer, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		if (node_is(e->value, text_at(json_array_get(items, i), "action")))
			return json_array_get(items, i);
	return NULL;
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
		story_fault(e->story, e->value, "something is missing: %s", text_at(json_array_get(json_object_get(offer, "lacks"), 0), "text"));
	json_decref(answer);
}

void story_not_offered(const struct entry *e)
{
	json_t *answer;

	if (offer_seen(e, &answer))
		story_fault(e->story, e->value, "it is offered");
	json_decref(answer);
}
