/* A case: where it stands, what waits, what may be done next and what that lacks, what was done.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

static void put_stages(struct visit *v, const json_t *c)
{
	size_t index;
	json_t *stage;
	bool reached = true;
	html(&v->page, "<ol class=\"stages\" aria-label=\"Stages of the process\">\n");
	json_array_foreach(json_object_get(c, "stages"), index, stage) {
		bool here = strcmp(says(stage, "stage"), says(c, "stage")) == 0;
		html(&v->page, "<li class=\"%s\" aria-current=\"%s\">%s</li>\n", here ? "here" : reached ? "passed" : "ahead", here ? "step" : "false", says(stage, "title"));
		reached &= !here;
	}
	html(&v->page, "</ol>\n");
}

/* Is it an action that the reader's role records? */
static bool may_record(const struct beside *b, const char *action)
{
	size_t index;
	json_t *item;
	json_array_foreach(json_object_get(b->actions, "items"), index, item)
		if (strcmp(says(item, "action"), action) == 0)
			return true;
	return false;
}

static void put_decision(struct visit *v, const struct beside *b, const json_t *decision)
{
	size_t index, by, count = 0;
	json_t *outcome, *action;
	html(&v->page, "<div class=\"decision\"><h3>%s</h3><p>%s</p>", says(decision, "title"), words_told(says(decision, "question"), b->parents));
	if (*says(decision, "breaches") && !strstr(says(decision, "question"), says(decision, "breaches")))
		html(&v->page, "<p>Breaches: %s</p>", words_told(says(decision, "breaches"), NULL));
	page_clause_whole(v, "", says(decision, "clause"), says(decision, "source"));
	html(&v->page, "<ul class=\"outcomes\">\n");
	json_array_foreach(v->as_of ? NULL : json_object_get(decision, "outcomes"), index, outcome)
		json_array_foreach(json_object_get(outcome, "by"), by, action) {
			if (!may_record(b, json_string_value(action)))
				continue;
			count++;
			html(&v->page, "<li><a class=\"button\" href=\"/case/%s/record/%s?f-outcome=%s&amp;parent=%s&amp;deadline=%lld\">%s</a></li>\n", says(b->c, "case"),
			     json_string_value(action), says(outcome, "outcome"), says(decision, "parent"), counts(decision, "deadline"),
			     *says(outcome, "title") ? says(outcome, "title") : words_of(says(outcome, "outcome")));
		}
	html(&v->page, "</ul>");
	if (!count && !v->as_of)
		html(&v->page, "<p class=\"quiet\">It is for others to decide: your role records no answer to it.</p>");
	html(&v->page, "</div>\n");
}

static void put_decisions(struct visit *v, const struct beside *b)
{
	size_t index;
	json_t *decision, *decisions = json_object_get(b->c, "decisions");
	if (!json_array_size(decisions))
		return;
	html(&v->page, "<section class=\"group decide\" aria-labelledby=\"decisions\"><h2 id=\"decisions\">To decide</h2>\n");
	json_array_foreach(decisions, index, decision)
		put_decision(v, b, decision);
	html(&v->page, "</section>\n");
}

static bool runs(const json_t *deadline)
{
	return strcmp(says(deadline, "status"), "open") == 0 || json_is_true(json_object_get(deadline, "overdue"));
}

static void put_deadline(struct visit *v, const struct beside *b, const json_t *d)
{
	size_t moves;
	json_t *moved;
	const char *state = json_is_true(json_object_get(d, "overdue")) ? "overdue" : says(d, "status");
	html(&v->page, "<tr class=\"%s\"><th scope=\"row\">%s</th><td>%s%s", runs(d) ? "waits" : "over", says(d, "title"), page_date(says(d, "last_day")),
	     json_is_true(json_object_get(d, "provisional")) ? " (provisional)" : "");
	json_array_foreach(json_object_get(d, "moved_from"), moves, moved)
		html(&v->page, "<br><span class=\"quiet\">moved from %s</span>", page_due(json_string_value(moved)));
	html(&v->page, "</td><td><span class=\"tag %s\">%s</span></td><td>%s</td><td>%s</td></tr>\n", state, state, words_parent(b->parents, says(d, "parent")),
	     page_date(says(d, "from")));
}

/* Those that run, the first to fall due first; or those that are over, the newest first. */
static json_t *sorted(const struct beside *b, bool running)
{
	size_t index, place;
	json_t *d, *out = json_array();
	json_array_foreach(json_object_get(b->c, "deadlines"), index, d) {
		if (runs(d) != running)
			continue;
		for (place = 0; place < json_array_size(out); place++) {
			int order = strcmp(says(json_array_get(out, place), "due"), says(d, "due"));
			if (running ? order > 0 : order < 0)
				break;
		}
		json_array_insert(out, place, d);
	}
	return out;
}

static size_t put_table(struct visit *v, const struct beside *b, bool running, const char *label)
{
	size_t index;
	json_t *d, *deadlines = sorted(b, running);
	size_t count = json_array_size(deadlines);
	if (!count) {
		json_decref(deadlines);
		return 0;
	}
	if (!running)
		html(&v->page, "<details><summary id=\"%s\">%llu that %s over</summary>", label, (unsigned long long)count, count == 1 ? "is" : "are");
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"%s\"><table><thead><tr><th scope=\"col\">Deadline</th><th scope=\"col\">Last day</th>"
	               "<th scope=\"col\">State</th><th scope=\"col\">Parent</th><th scope=\"col\">From</th></tr></thead><tbody>\n", label);
	json_array_foreach(deadlines, index, d)
		put_deadline(v, b, d);
	html(&v->page, "</tbody></table></div>%s\n", running ? "" : "</details>");
	json_decref(deadlines);
	return count;
}

/* What is over is kept for the record, out of the way. */
static void put_deadlines(struct visit *v, const struct beside *b)
{
	html(&v->page, "<section aria-labelledby=\"deadlines\"><h2 id=\"deadlines\">Deadlines</h2>\n");
	if (!put_table(v, b, true, "deadlines"))
		html(&v->page, "<p class=\"none\">None is running.</p>");
	put_table(v, b, false, "over");
	html(&v->page, "</section>\n");
}

/* Those that wait, with the numbers of those whose place they take under "earlier". */
static json_t *newest_waiting(const struct visit *v, const struct beside *b)
{
	size_t index, at;
	json_t *item, *newer, *shown = json_array();
	json_array_foreach(json_object_get(b->timeline, "items"), index, item) {
		bool replaced = false;
		if (!board_alert_waits(v, item))
			continue;
		json_array_foreach(shown, at, newer) {
			if (!board_alert_replaced(newer, item))
				continue;
			replaced = true;
			if (!json_object_get(newer, "earlier"))
				json_object_set_new(newer, "earlier", json_array());
			json_array_append(json_object_get(newer, "earlier"), json_object_get(item, "alert"));
		}
		if (!replaced)
			json_array_append(shown, item);
	}
	return shown;
}

/* What came in about the child, so that it can be dealt with where the case is looked at. */
static void put_waiting(struct visit *v, const struct beside *b)
{
	size_t index, count = 0;
	json_t *item, *shown = newest_waiting(v, b);
	json_array_foreach(shown, index, item) {
		if (!count++)
			html(&v->page, "<section class=\"group waits\" aria-labelledby=\"waits\"><h2 id=\"waits\">Came in, and not dealt with</h2>\n<ul class=\"list plain\">\n");
		board_alert(v, item, b->parents);
	}
	if (count)
		html(&v->page, "</ul></section>\n");
	json_decref(shown);
}

/* ---- people ---- */

static const char *became(const json_t *notice)
{
	return json_is_true(json_object_get(notice, "withdrawn")) ? "withdrawn" : *says(notice, "paid") ? "paid" :
	       json_is_true(json_object_get(notice, "lapsed")) ? "not paid in time" : "unpaid";
}

/* Of all the child's cases, each with its day: whether it still counts is for whoever issues the next. */
static void put_parents_notices(struct visit *v, const json_t *notices)
{
	size_t index;
	json_t *n;
	html(&v->page, json_array_size(notices) ? "penalty notices: " : "no penalty notice");
	json_array_foreach(notices, index, n)
		html(&v->page, "%s%s (%s)", index ? ", " : "", page_date(says(n, "issued")), became(n));
}

static void put_parents(struct visit *v, const json_t *people)
{
	size_t index;
	json_t *one;
	html(&v->page, "<section aria-labelledby=\"people\"><h2 id=\"people\">Parents and family</h2>\n<dl class=\"people\">\n");
	json_array_foreach(json_object_get(people, "parents"), index, one) {
		html(&v->page, "<dt>%s <span class=\"quiet\">%s</span></dt><dd>%s%s", *says(one, "name") ? says(one, "name") : "Name not known",
		     says(one, "parent"), says(one, "address"), *says(one, "address") ? "; " : "");
		put_parents_notices(v, json_object_get(one, "penalty_notices"));
		html(&v->page, "</dd>\n");
	}
	json_array_foreach(json_object_get(people, "siblings"), index, one) {
		html(&v->page, "<dt>Sibling</dt><dd><a ");
		page_href(v, "/pupil/", says(one, "upn"), NULL);
		html(&v->page, ">%s</a>, %lld unauthorised in 10 weeks</dd>\n", says(one, "upn"), counts(one, "unauthorised_10_weeks"));
	}
	json_array_foreach(json_object_get(people, "facts"), index, one)
		if (json_is_true(json_object_get(one, "stands")) && json_is_true(json_object_get(one, "holds")))
			html(&v->page, "<dt>%s</dt><dd>since %s%s%s</dd>\n", words_of(says(one, "fact")), page_date(says(one, "since")), *says(one, "text") ? ": " : "", says(one, "text"));
	html(&v->page, "</dl></section>\n");
}

static json_t *ask_upn(struct visit *v, const char *what, const char *upn)
{
	struct body body;
	visit_question(v, &body, what);
	body_text(&body, "upn", upn);
	return visit_ask(v, &body);
}

static void put_marks(struct visit *v, const char *upn)
{
	json_t *year = ask_upn(v, "year", upn);
	if (!year)
		return;
	html(&v->page, "<section aria-labelledby=\"weeks\"><h2 id=\"weeks\">Marks of the last six weeks</h2>\n");
	board_weeks(v, year, 6);
	html(&v->page, "</section>\n");
	json_decref(year);
}

/* Pence are said where there are some. */
static const char *pounds(char room[static 24], double amount)
{
	long long pence = (long long)(amount * 100 + .5);
	snprintf(room, 24, pence % 100 ? "%lld.%02lld" : "%lld", pence / 100, pence % 100);
	return room;
}

/* With what is to be paid, while it may be: the service counts it anew each day. */
static void put_notice(struct visit *v, const struct beside *b, const json_t *n)
{
	char room[24];
	bool open = !v->as_of && !*says(n, "paid") && !json_is_true(json_object_get(n, "withdrawn")) && !json_is_true(json_object_get(n, "lapsed"));
	html(&v->page, "<li>No. %lld to %s, issued %s: %s", counts(n, "number"), words_parent(b->parents, says(n, "parent")), page_date(says(n, "issued")), became(n));
	if (*says(n, "paid"))
		html(&v->page, " on %s, \u00a3%s", page_date(says(n, "paid")), pounds(room, json_number_value(json_object_get(n, "paid_amount"))));
	else if (open && counts(n, "amount_now"))
		html(&v->page, "; \u00a3%lld if it is paid today, and it may be paid until %s", counts(n, "amount_now"), page_date(says(n, "due")));
	html(&v->page, "</li>\n");
}

static void put_notices(struct visit *v, const struct beside *b)
{
	size_t index;
	json_t *n, *notices = json_object_get(b->c, "penalty_notices");
	if (!json_array_size(notices))
		return;
	html(&v->page, "<section aria-labelledby=\"notices\"><h2 id=\"notices\">Penalty notices</h2>\n<ul>\n");
	json_array_foreach(notices, index, n)
		put_notice(v, b, n);
	html(&v->page, "</ul></section>\n");
}

/* What was just recorded, where it is the newest step indeed; and the way back to the day's list. */
static void put_recorded(struct visit *v, const struct beside *b)
{
	const json_t *actions = json_object_get(b->c, "actions"), *newest = json_array_get(actions, json_array_size(actions) - 1);
	if (!*says(v->query, "done"))
		return;
	html(&v->page, "<p class=\"success\" role=\"status\">Recorded");
	if (json_array_size(actions) && strcmp(says(newest, "action"), says(v->query, "done")) == 0)
		html(&v->page, ": %s%s%s, %s", words_action(b->actions, says(newest, "action")), *says(newest, "parent") ? " for " : "",
		     words_parent(b->parents, says(newest, "parent")), page_date(says(newest, "on")));
	html(&v->page, ". <a href=\"/%s\">Back to today</a></p>\n", v->session.mine ? "?mine=1" : "");
}

static void put_who(struct visit *v, const struct beside *b)
{
	const json_t *c = b->c, *pupil = b->pupil;
	visit_title(v, "%s %s", says(c, "case"), page_name(pupil));
	html(&v->page, "<p class=\"crumb\">Case %s, %s", says(c, "case"), says(c, "status"));
	if (*says(c, "officer") && strcmp(says(c, "officer"), v->session.name) == 0)
		html(&v->page, ", <strong>in your hands</strong>");
	else if (*says(c, "officer"))
		html(&v->page, ", in the hands of <strong>%s</strong>", says(c, "officer"));
	html(&v->page, "; process: <a target=\"_blank\" rel=\"noopener\" href=\"/process/%s/%lld#%s-stage-%s\">%s, version %lld, as a drawing (in a new tab)</a></p>\n<h1>%s</h1>\n", says(c, "pathway"), counts(c, "pathway_version"), says(c, "pathway"), says(c, "stage"), words_process(says(c, "pathway")), counts(c, "pathway_version"),
	     page_name(pupil));
	put_recorded(v, b);
	html(&v->page, "<p class=\"figures\">Year %s, <a ", says(pupil, "year_group"));
	page_href(v, "/school/", says(pupil, "urn"), NULL);
	html(&v->page, ">%s</a>, UPN %s. <strong>%lld</strong> unauthorised in 10 school weeks, <strong>%lld</strong> of <strong>%lld</strong> sessions attended. <a ",
	     page_school(pupil), says(c, "upn"), counts(pupil, "unauthorised_10_weeks"), counts(pupil, "attended"), counts(pupil, "possible"));
	page_href(v, "/pupil/", says(c, "upn"), NULL);
	html(&v->page, ">The pupil's year</a></p>\n");
}

static void put_parts(struct visit *v, const struct beside *b)
{
	put_who(v, b);
	put_stages(v, b->c);
	bool records = json_array_size(json_object_get(b->c, "next")) && strcmp(says(b->c, "status"), "open") == 0;
	const char *done = b->reads_all ? "What happened" : "What was done";
	json_t *letters = board_ask_letters(v, b->c);
	if (records && json_array_size(letters))
		page_contents(v, "deadlines", "Deadlines", "next", "Record a step", "weeks", "Marks", "people", "Parents and family", "letters", "Letters", "timeline", done, NULL);
	else if (records)
		page_contents(v, "deadlines", "Deadlines", "next", "Record a step", "weeks", "Marks", "people", "Parents and family", "timeline", done, NULL);
	else
		page_contents(v, "deadlines", "Deadlines", "weeks", "Marks", "people", "Parents and family", "timeline", done, NULL);
	put_decisions(v, b);
	put_waiting(v, b);
	put_deadlines(v, b);
	if (records)
		board_steps(v, b->actions, b->c);
	put_marks(v, says(b->c, "upn"));
	put_notices(v, b);
	put_parents(v, b->people);
	board_letters(v, b->c, letters);
	json_decref(letters);
	board_history(v, b);
}

static long long newest_step(const json_t *c)
{
	const json_t *actions = json_object_get(c, "actions");
	return counts(json_array_get(actions, json_array_size(actions) - 1), "seq");
}

void board_case(struct visit *v)
{
	struct body body;
	struct beside b = { .reads_all = strcmp(v->session.role, "school") != 0 && strcmp(v->session.role, "lead") != 0 };
	visit_question(v, &body, "case");
	body_text(&body, "case", v->words[1]);
	b.c = visit_ask(v, &body);
	visit_clauses(v, b.c);
	b.pupil = b.c ? ask_upn(v, "pupil", says(b.c, "upn")) : NULL;
	b.people = b.pupil ? ask_upn(v, "people", says(b.c, "upn")) : NULL;
	if (b.people) {
		visit_question(v, &body, "timeline");
		body_text(&body, "case", says(b.c, "case"));
		b.timeline = visit_ask(v, &body);
	}
	if (b.timeline) {
		body_begin(&body); /* what things are called, which no day changes */
		body_text(&body, "what", "actions");
		body_text(&body, "upn", says(b.c, "upn"));
		body_key(&body, "named"), msgpack_pack_true(&body.pack);
		b.parents = json_object_get(b.people, "parents");
		v->live = !v->as_of;
		v->newest = newest_step(b.c);
		snprintf(v->live_upn, sizeof v->live_upn, "%s", says(b.c, "upn"));
		if (visit_try(v, &body, &b.actions))
			put_parts(v, &b);
	}
	json_decref(b.timeline);
	json_decref(b.actions);
	json_decref(b.people);
	json_decref(b.pupil);
	json_decref(b.c);
}
