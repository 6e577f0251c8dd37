/* story_alerts.c - the alerts that people see in a story.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/story.h"

/* All of them, or those that the role after `to` is told of. */
static json_t *alerts_seen(const struct entry *e)
{
	enum who who = ADMIN;
	unsigned status;

	if (story_word(e, "to"))
		story_role(e->story, story_word(e, "to"), &who);
	return story_ask(e->story, who, "alerts", NULL, &status);
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

/* Raised (or withdrawn, or changed) since the story last looked at it, of the pupil named. */
static bool alert_new(const struct entry *e, const json_t *alert, const char *status)
{
	char upn[UPN_SIZE + 1];

	pupil_upn(e->story, story_pupil(e), upn);
	return strcmp(json_text(alert, "status"), status) == 0 && uint_at(alert, "seq") > *look_at(e->story, alert) &&
	       (!story_word(e, "pupil") || strcmp(json_text(alert, "upn"), upn) == 0);
}

static void list_alerts(const struct entry *e, const json_t *list, const char *status, char *out, size_t size)
{
	FILE *file = fmemopen(out, size, "w");
	bool any = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (!alert_new(e, a, status))
			continue;
		fprintf(file, "\n      %s: %s (%s, of %.10s)", json_text(a, "kind"), json_text(a, "text"), json_text(a, "case"), json_text(a, "raised"));
		any = true;
	}
	if (!any)
		fputs(" nothing", file);
	fclose(file);
}

static bool alert_fits(const struct entry *e, const json_t *alert)
{
	static const struct word_key words[] = {
		{"case", "case"}, {"deadline", "deadline"}, {"clause", "clause"}, {"due", "due"}, {"tells", "tells"}, {NULL, NULL},
	};
	const struct node *raised = story_word(e, "raised"), *says = story_word(e, "says"), *n;
	char text[STORY_TEXT_MAX];
	uint64_t ms;

	if (!story_check_words(e, alert, words, false))
		return false;
	if (raised && (!time_parse(slice_text(json_text(alert, "raised")), &ms) || day_of_ms(ms) != story_date(e->story, raised)))
		return false;
	for (n = story_first(e->story->at, story_word(e, "says not")); n; n = story_next(e->story->at, n)) {
		story_text(e->story, n, text);
		if (strstr(json_text(alert, "text"), text))
			return false;
	}
	return !says || !story_missing(e->story, says, json_text(alert, "text"));
}

/* Finds one of the entry's kind that was not looked at yet, and looks at it. */
static void see_alert(const struct entry *e, const char *status)
{
	json_t *answer = alerts_seen(e);
	const json_t *list = json_object_get(answer, "items");
	char seen[8192];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (node_is(e->value, json_text(a, "kind")) && alert_new(e, a, status) && alert_fits(e, a)) {
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
	json_t *answer = alerts_seen(e);
	const json_t *list = json_object_get(answer, "items");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (node_is(e->value, json_text(a, "kind")) && alert_new(e, a, "raised"))
			story_fault(e->story, e->value, "there is one: %s", json_text(a, "text"));
	}
	json_decref(answer);
}

/* "alerts: [threshold, due]", all that are new and no other; "alerts: none"; "alerts: noted"
 * passes over them. */
void story_alerts(const struct entry *e)
{
	struct story *s = e->story;
	json_t *answer = alerts_seen(e);
	const json_t *list = json_object_get(answer, "items");
	bool noted = node_is(e->value, "noted"), good = noted || e->value->kind == NODE_LIST || node_is(e->value, "none");
	size_t wanted = 0, found = 0;
	char seen[8192];

	for (const struct node *n = e->value->kind == NODE_LIST ? story_first(s->at, e->value) : NULL; n && good; n = story_next(s->at, n)) {
		size_t same = 0, more = 0;

		for (const struct node *k = story_first(s->at, e->value); k; k = story_next(s->at, k))
			same += slice_equal(k->text, n->text);
		for (size_t i = 0; i < json_array_size(list); i++)
			more += node_is(n, json_text(json_array_get(list, i), "kind")) && alert_new(e, json_array_get(list, i), "raised");
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
