/* SPDX-License-Identifier: Apache-2.0 */
#include "client/figures.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/table.h"
#include "client/when.h"

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool yes(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void print_absences(const json_t *pupil)
{
	static const char days[5][4] = { "Mon", "Tue", "Wed", "Thu", "Fri" };
	const json_t *on = json_object_get(pupil, "absent_on"), *codes = json_object_get(pupil, "absent_codes");
	if (json_array_size(on) == 5) {
		printf("  absent on             ");
		for (unsigned i = 0; i < 5; i++)
			printf("%s%s %lld", i ? "  " : "", days[i], (long long)json_integer_value(json_array_get(on, i)));
		putchar('\n');
	}
	if (!json_object_size(codes))
		return;
	printf("  absent as             ");
	const char *code;
	json_t *count;
	bool more = false;
	json_object_foreach((json_t *)(uintptr_t)codes, code, count) {
		printf("%s%s %lld", more ? "  " : "", code, (long long)json_integer_value(count));
		more = true;
	}
	putchar('\n');
}

void print_pupil(const json_t *pupil)
{
	char when[WHEN_SIZE];
	const char *surname = text(pupil, "surname"), *forename = text(pupil, "forename"), *birth = text(pupil, "birth_date");
	printf("%s", text(pupil, "upn") ? text(pupil, "upn") : "(erased)");
	if (surname)
		printf("  %s%s%s", surname, forename ? ", " : "", forename ? forename : "");
	if (birth)
		printf("  born %s", when_date(when, birth));
	if (text(pupil, "year_group"))
		printf("  year %s", text(pupil, "year_group"));
	printf("\nSchool %s", text(pupil, "urn") ? text(pupil, "urn") : "unknown");
	const json_t *year = json_object_get(pupil, "school_year");
	if (json_is_integer(year))
		printf(", school year %lld/%02lld", (long long)json_integer_value(year), (long long)(json_integer_value(year) + 1) % 100);
	const json_t *as_of = json_object_get(pupil, "as_of");
	if (json_is_integer(as_of))
		printf(", as known at position %lld", (long long)json_integer_value(as_of));
	puts("\n");
	const json_t *percentage = json_object_get(pupil, "percentage");
	if (json_is_number(percentage))
		printf("  attendance            %.1f %%\n", json_number_value(percentage));
	else
		puts("  attendance            no possible session yet");
	printf("  sessions              %lld possible, %lld attended (%lld late)\n", number(pupil, "possible"),
	       number(pupil, "attended"), number(pupil, "late"));
	printf("  absences              %lld authorised, %lld unauthorised\n", number(pupil, "authorised"),
	       number(pupil, "unauthorised"));
	printf("  unauthorised          %lld in the last 10 school weeks\n", number(pupil, "unauthorised_10_weeks"));
	printf("  broken weeks          %lld of %lld\n", number(pupil, "broken_weeks"), number(pupil, "weeks_in_session"));
	print_absences(pupil);
	if (yes(pupil, "severe"))
		puts("  severely absent (half of all sessions or more missed)");
	else if (yes(pupil, "persistent"))
		puts("  persistently absent (a tenth of all sessions or more missed)");
	size_t index;
	json_t *one;
	json_array_foreach(json_object_get(pupil, "cases"), index, one)
		printf("%s%s", index ? ", " : "\nCases: ", json_string_value(one));
	if (json_array_size(json_object_get(pupil, "cases")))
		putchar('\n');
}

static void print_known(const json_t *facts)
{
	size_t index;
	json_t *f;
	json_array_foreach(facts, index, f) {
		char since[WHEN_SIZE];
		printf("%s%s%s%s since %s", index ? ", " : "  known    ", text(f, "fact") ? text(f, "fact") : "?",
		       text(f, "parent") ? " of parent " : "", text(f, "parent") ? text(f, "parent") : "",
		       when_date(since, text(f, "since")));
	}
	if (json_array_size(facts))
		putchar('\n');
}

static void print_case_deadlines(const json_t *deadlines)
{
	static const char *const titles[] = { ">", "deadline", "due", "status", "", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *d;
	json_array_foreach(deadlines, index, d) {
		char due[WHEN_SIZE], place[24], note[400] = "", was[WHEN_SIZE];
		const json_t *moved = json_object_get(d, "moved_from");
		snprintf(place, sizeof place, "%lld", number(d, "deadline"));
		if (yes(d, "overdue"))
			snprintf(note, sizeof note, "OVERDUE");
		if (json_array_size(moved)) {
			size_t used = strlen(note);
			snprintf(note + used, sizeof note - used, "%smoved from %s", used ? ", " : "",
			         when_due(was, json_string_value(json_array_get(moved, json_array_size(moved) - 1))));
		}
		if (yes(d, "provisional"))
			strncat(note, note[0] ? ", provisional" : "provisional", sizeof note - strlen(note) - 1);
		if (text(d, "parent")) {
			size_t used = strlen(note);
			snprintf(note + used, sizeof note - used, "%sparent %s", used ? ", " : "", text(d, "parent"));
		}
		table_row(table, (const char *const[]){ place, text(d, "kind"), when_due(due, text(d, "due")), text(d, "status"), note });
	}
	if (json_array_size(deadlines))
		puts("\nDeadlines");
	table_print(table, stdout, "  ");
}

static void print_notices(const json_t *notices)
{
	static const char *const titles[] = { ">no", "parent", "issued", ">amount now", "due", "paid", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *n;
	json_array_foreach(notices, index, n) {
		char place[24], issued[WHEN_SIZE], due[WHEN_SIZE], paid[WHEN_SIZE], amount[32];
		const json_t *now = json_object_get(n, "amount_now");
		snprintf(place, sizeof place, "%lld", number(n, "number"));
		if (json_is_null(now) || !now)
			snprintf(amount, sizeof amount, "-");
		else
			snprintf(amount, sizeof amount, "£%g", json_number_value(now));
		table_row(table, (const char *const[]){ place, text(n, "parent"), when_date(issued, text(n, "issued")), amount,
		                                       when_date(due, text(n, "due")),
		                                       yes(n, "withdrawn") ? "withdrawn" : when_date(paid, text(n, "paid")) });
	}
	if (json_array_size(notices))
		puts("\nPenalty notices");
	table_print(table, stdout, "  ");
}

/* What is put to people, and what there is to go by: the figures that say something. */
static void print_decisions(const json_t *decisions)
{
	size_t index, i;
	json_t *d, *one;
	if (json_array_size(decisions))
		puts("\nDecisions to be taken");
	json_array_foreach(decisions, index, d) {
		const char *clause = text(d, "clause"), *source = text(d, "source"), *breaches = text(d, "breaches"), *name;
		json_t *figures = json_object_get(d, "figures"), *value;
		printf("  %s%s%s%s\n", text(d, "question") ? text(d, "question") : "?", clause ? " (" : "", clause ? clause : "", clause ? ")" : "");
		if (source)
			printf("    the document: %s\n", source);
		if (breaches && *breaches)
			printf("    breaches: %s\n", breaches);
		json_array_foreach(json_object_get(d, "outcomes"), i, one) {
			const json_t *by = json_object_get(one, "by");
			printf("    %s: attend act %s\n", text(one, "outcome") ? text(one, "outcome") : "?",
			       json_array_size(by) ? json_string_value(json_array_get(by, 0)) : "?");
		}
		const char *before = "    figures:";
		json_object_foreach(figures, name, value) {
			if (json_integer_value(value) == 0)
				continue;
			printf("%s %s %lld", before, name, (long long)json_integer_value(value));
			before = ",";
		}
		printf("%s", *before == ',' ? "\n" : "");
		printf("    evidence: %zu sorts of action, notices before: %zu (attend case --json shows them)\n",
		       json_array_size(json_object_get(d, "evidence")), json_array_size(json_object_get(d, "notices")));
	}
}

static void print_done(const json_t *actions)
{
	static const char *const titles[] = { ">seq", "on", "action", "parent", "", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *done;
	json_array_foreach(actions, index, done) {
		char seq[24], on[WHEN_SIZE];
		snprintf(seq, sizeof seq, "%lld", number(done, "seq"));
		table_row(table, (const char *const[]){ seq, when_date(on, text(done, "on")), text(done, "action"), text(done, "parent"),
		                                       yes(done, "overridden") ? "overridden" : "" });
	}
	if (json_array_size(actions))
		puts("\nDone");
	table_print(table, stdout, "  ");
}

static void print_next(const json_t *next, const char *upn)
{
	static const char *const titles[] = { "action", "", "", NULL };
	struct table *table = table_new(titles);
	size_t index, lacking = 0;
	json_t *step;
	json_array_foreach(next, index, step) {
		size_t lacks = json_array_size(json_object_get(step, "lacks"));
		char note[40] = "ready";
		if (lacks)
			snprintf(note, sizeof note, "lacks %zu", lacks);
		lacking += lacks > 0;
		table_row(table, (const char *const[]){ text(step, "action"), note, text(step, "title") });
	}
	if (json_array_size(next))
		puts("\nNext");
	table_print(table, stdout, "  ");
	if (lacking)
		printf("  What is lacking: attend actions --pupil %s\n", upn ? upn : "UPN");
}

void print_case(const json_t *one)
{
	char when[WHEN_SIZE];
	const char *title = text(one, "stage_title");
	printf("Case %s of pupil %s: %s\n", text(one, "case") ? text(one, "case") : "?",
	       text(one, "upn") ? text(one, "upn") : "(erased)", text(one, "status") ? text(one, "status") : "?");
	printf("  stage    %s%s%s%s\n", text(one, "stage") ? text(one, "stage") : "?", title ? " (" : "", title ? title : "",
	       title ? ")" : "");
	printf("  pathway  %s, version %lld\n", text(one, "pathway") ? text(one, "pathway") : "?", number(one, "pathway_version"));
	printf("  opened   %s\n", when_time(when, text(one, "opened")));
	if (text(one, "closed"))
		printf("  closed   %s\n", when_time(when, text(one, "closed")));
	const json_t *as_of = json_object_get(one, "as_of");
	if (json_is_integer(as_of))
		printf("  as known at position %lld\n", (long long)json_integer_value(as_of));
	print_known(json_object_get(one, "facts"));
	print_case_deadlines(json_object_get(one, "deadlines"));
	print_decisions(json_object_get(one, "decisions"));
	print_notices(json_object_get(one, "penalty_notices"));
	print_done(json_object_get(one, "actions"));
	print_next(json_object_get(one, "next"), text(one, "upn"));
}

void print_deadlines(const json_t *items)
{
	static const char *const titles[] = { "due", "case", "pupil or school", "deadline", "", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *d;
	json_array_foreach(items, index, d) {
		char due[WHEN_SIZE];
		const char *note = yes(d, "overdue") ? yes(d, "provisional") ? "OVERDUE, provisional" : "OVERDUE"
		                   : yes(d, "provisional") ? "provisional" : "";
		table_row(table, (const char *const[]){ when_due(due, text(d, "due")), text(d, "case"),
		                                       text(d, "upn") ? text(d, "upn") : text(d, "case") ? "(erased)" : text(d, "urn"), text(d, "kind"), note });
	}
	if (!json_array_size(items))
		puts("No open deadline.");
	table_print(table, stdout, "");
}
