/* What happened on a case, the newest first: what was recorded, by whom and with which answers, and what was told.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

static void put_value(struct visit *v, const struct beside *b, const json_t *event, const char *name, const char *value)
{
	const char *title = value && *value ? words_field(b->actions, says(event, "action"), name, &value) : NULL;
	if (title)
		html(&v->page, "<dt>%s</dt><dd>%s</dd>", title, value);
}

static bool among(const json_t *fields, const char *name)
{
	size_t index;
	json_t *field;
	json_array_foreach(fields, index, field)
		if (strcmp(says(field, "name"), name) == 0)
			return true;
	return false;
}

/* In the order in which the form asks; then what it doesn't ask, as the reason of an override. */
static void put_values(struct visit *v, const struct beside *b, const json_t *event)
{
	static const char *const keys[] = { "fields", "texts" };
	size_t index;
	const char *name;
	json_t *field, *value;
	const json_t *fields = words_fields(b->actions, says(event, "action"));
	json_array_foreach(fields, index, field)
		for (size_t i = 0; i < 2; i++)
			put_value(v, b, event, says(field, "name"), says(json_object_get(event, keys[i]), says(field, "name")));
	for (size_t i = 0; i < 2; i++)
		json_object_foreach(json_object_get(event, keys[i]), name, value)
			if (!among(fields, name))
				put_value(v, b, event, name, json_string_value(value));
}

/* When it happened; and, where that was another day, when it was recorded: by that its place in the list goes. */
static void put_day(struct visit *v, const json_t *event)
{
	const char *recorded = page_time(says(event, "recorded")), *on = *says(event, "on") ? page_date(says(event, "on")) : "";
	int day = (int)(strrchr(recorded, ' ') ? strrchr(recorded, ' ') - recorded : (ptrdiff_t)strlen(recorded));
	char when[32];
	snprintf(when, sizeof when, "%.*s", day, recorded);
	html(&v->page, "%s", *on ? on : when);
	if (*on && strcmp(on, when) != 0)
		html(&v->page, "<br><span class=\"quiet\">recorded %s</span>", when);
}

static void put_event(struct visit *v, const struct beside *b, const json_t *event)
{
	bool alert = json_object_get(event, "raised") != NULL;
	if (alert) {
		html(&v->page, "<li class=\"told %s\"><p class=\"when\">%s</p><p>%s%s</p></li>\n", says(event, "status"), page_time(says(event, "raised")), words_told(says(event, "text"), b->parents),
		     strcmp(says(event, "status"), "withdrawn") == 0 ? " (withdrawn)" : "");
		return;
	}
	html(&v->page, "<li class=\"done\"><p class=\"when\">");
	put_day(v, event);
	html(&v->page, "</p><p><strong>%s</strong>%s%s by %s", *says(event, "action") ? words_action(b->actions, says(event, "action")) : words_of(says(event, "kind")), *says(event, "parent") ? " for " : "",
	     words_parent(b->parents, says(event, "parent")), says(event, "actor"));
	if (*says(event, "via") && strcmp(v->session.role, "auditor") == 0) /* to others it is always this page */
		html(&v->page, " <span class=\"quiet\">through %s</span>", says(event, "via"));
	if (json_is_true(json_object_get(event, "overridden")))
		html(&v->page, " <span class=\"tag overdue\">overridden</span>");
	html(&v->page, "</p><dl>");
	put_values(v, b, event);
	html(&v->page, "</dl></li>\n");
}

static long long seq_of(const json_t *event)
{
	return json_object_get(event, "raised") ? counts(event, "alert") : counts(event, "seq");
}

/* Of one that came and went, as at a threshold, the newest is told, and the others in a row with it are folded below: how many. */
static size_t put_taken_back(struct visit *v, const struct beside *b, const json_t *items, size_t at, const json_t *before)
{
	const json_t *newest = json_array_get(items, at), *one;
	size_t count = 0;
	while ((one = json_array_get(items, at + 1 + count)) && (!before || seq_of(one) > seq_of(before)) &&
	       (strcmp(says(one, "text"), says(newest, "text")) == 0 ||
	        (strcmp(says(one, "kind"), says(newest, "kind")) == 0 && (strcmp(says(one, "status"), "withdrawn") == 0 || board_alert_replaced(newest, one)))))
		count++;
	if (!count)
		return 0;
	html(&v->page, "<li class=\"told\"><p class=\"when\"></p><details><summary>%llu more before it: taken back, replaced, or the same</summary><ol class=\"timeline\">\n", (unsigned long long)count);
	for (size_t i = 1; i <= count; i++)
		put_event(v, b, json_array_get(items, at + i));
	html(&v->page, "</ol></details></li>\n");
	return count;
}

/* The newest first: actions rise, alerts fall, and the two are told as one. */
static void put_timeline(struct visit *v, const struct beside *b)
{
	const json_t *items = json_object_get(b->timeline, "items");
	size_t alerts = 0, count = json_array_size(items);
	while (alerts < count && !json_object_get(json_array_get(items, alerts), "raised"))
		alerts++;
	html(&v->page, "<section aria-labelledby=\"timeline\"><h2 id=\"timeline\">What happened</h2>\n<ol class=\"timeline\" reversed>\n");
	for (size_t actions = alerts, at = alerts; actions > 0 || at < count;) {
		const json_t *action = actions ? json_array_get(items, actions - 1) : NULL, *alert = at < count ? json_array_get(items, at) : NULL;
		bool first = action && (!alert || seq_of(action) > seq_of(alert));
		put_event(v, b, first ? action : alert);
		if (first)
			actions--;
		else
			at += 1 + put_taken_back(v, b, items, at, action);
	}
	html(&v->page, "</ol></section>\n");
}

/* Of the timeline, the entry of that position: a school or lead has its own there; NULL: it is another's. */
static const json_t *entry_of(const struct beside *b, long long seq)
{
	size_t index;
	json_t *event;
	json_array_foreach(json_object_get(b->timeline, "items"), index, event)
		if (!json_object_get(event, "raised") && counts(event, "seq") == seq)
			return event;
	return NULL;
}

/* To a school or lead: what was done, with what they wrote themselves, without others' notes. */
static void put_actions(struct visit *v, const struct beside *b)
{
	json_t *actions = json_object_get(b->c, "actions");
	html(&v->page, "<section aria-labelledby=\"timeline\"><h2 id=\"timeline\">What was done</h2>\n<ol class=\"timeline\" reversed>\n");
	for (size_t i = json_array_size(actions); i-- > 0;) {
		const json_t *a = json_array_get(actions, i), *own = entry_of(b, counts(a, "seq"));
		if (own) {
			put_event(v, b, own);
			continue;
		}
		html(&v->page, "<li class=\"done\"><p class=\"when\">%s</p><p><strong>%s</strong></p></li>\n", page_date(says(a, "on")),
		     words_action(b->actions, says(a, "action")));
	}
	html(&v->page, "</ol></section>\n");
}

void board_history(struct visit *v, const struct beside *b)
{
	if (b->reads_all)
		put_timeline(v, b);
	else
		put_actions(v, b);
}
