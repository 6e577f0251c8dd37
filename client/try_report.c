/* SPDX-License-Identifier: Apache-2.0 */
#include "client/try_report.h"

#include <stdlib.h>
#include <string.h>

#include "casework/civil.h"
#include "client/line_diff.h"
#include "client/progress.h"
#include "client/table.h"
#include "client/when.h"

enum { CHANGED_LINES_MAX = 60 };

static const char *text_of(const json_t *map, const char *key)
{
	const char *text = json_string_value(json_object_get(map, key));
	return text ? text : "";
}

static long long number_of(const json_t *map, const char *key)
{
	return (long long)json_integer_value(json_object_get(map, key));
}

static const char *count_of(char room[static THOUSANDS_SIZE], const json_t *map, const char *key)
{
	return thousands(room, (uint64_t)number_of(map, key));
}

static const char *plural(long long n)
{
	return n == 1 ? "" : "s";
}

static void heading(FILE *out, const char *text)
{
	fprintf(out, "\n%s\n", text);
	for (size_t i = strlen(text); i--;)
		fputc('-', out);
	fputc('\n', out);
}

/* ---- head: what was tried, on what ---- */

struct changed_lines {
	FILE *out;
	unsigned count;
};

static void print_changed(void *context, bool added, unsigned number, const char *line, size_t size)
{
	struct changed_lines *c = context;
	if (c->count++ < CHANGED_LINES_MAX)
		fprintf(c->out, "  %c %4u  %.*s\n", added ? '+' : '-', number, (int)size, line);
}

static void print_changes(FILE *out, const char *before, const char *after)
{
	struct changed_lines c = { out, 0 };
	heading(out, "What the file changes");
	if (!before || !line_diff(before, after, print_changed, &c))
		fputs("  The two files differ too much to be shown line by line.\n", out);
	else if (!c.count)
		fputs("  Nothing: it is the file in force, word for word.\n", out);
	else if (c.count > CHANGED_LINES_MAX)
		fprintf(out, "  ... and %u lines more.\n", c.count - CHANGED_LINES_MAX);
}

static void print_trust(FILE *out, const json_t *summary)
{
	long long recorded = number_of(summary, "alerts_recorded"), met = number_of(summary, "alerts_met");
	char a[THOUSANDS_SIZE], b[THOUSANDS_SIZE], line[400];
	if (recorded == 0)
		return;
	snprintf(line, sizeof line,
	         "How near this is to what was done: of the %s alerts that the log holds, the file in force, replayed, raises %s on the "
	         "same day (%.1f %%).%s",
	         thousands(a, (uint64_t)recorded), thousands(b, (uint64_t)met), 100.0 * (double)met / (double)recorded,
	         met == recorded ? "" : " The others were raised under earlier versions, or by a daemon that was away.");
	fputc('\n', out);
	print_folded(out, line, 0);
}

void try_report_head(FILE *out, const char *path, const json_t *summary, const char *before, const char *after)
{
	char first[WHEN_SIZE], last[WHEN_SIZE], a[THOUSANDS_SIZE], b[THOUSANDS_SIZE], c[THOUSANDS_SIZE], line[600];
	char day[16], cases[THOUSANDS_SIZE];
	fprintf(out, "What would have differed\n========================\n\n");
	fprintf(out, "Tried:      %s (%s: %s)\n", path, text_of(summary, "pathway"), text_of(summary, "title"));
	fprintf(out, "Against:    %s, version %lld, in force%s\n", text_of(summary, "against_title"), number_of(summary, "against_version"),
	        json_is_true(json_object_get(summary, "replaces_default")) ? " as the default, in whose place it was tried" : "");
	snprintf(day, sizeof day, "%.10s", text_of(summary, "first"));
	when_date(first, day);
	snprintf(day, sizeof day, "%.10s", text_of(summary, "last"));
	snprintf(line, sizeof line, "%s to %s: %s pupil%s of %lld school%s, %s mark%s", first, when_date(last, day),
	         count_of(a, summary, "pupils"), plural(number_of(summary, "pupils")), number_of(summary, "schools"),
	         plural(number_of(summary, "schools")), count_of(b, summary, "marks"), plural(number_of(summary, "marks")));
	fprintf(out, "History:    %s,\n            %s action%s on %s case%s\n", line, count_of(c, summary, "actions"), plural(number_of(summary, "actions")),
	        count_of(cases, summary, "cases_in_force"), plural(number_of(summary, "cases_in_force")));
	fprintf(out, "It took:    %.1f seconds\n", (double)number_of(summary, "took_ms") / 1000);
	print_trust(out, summary);
	print_changes(out, before, after);
}

/* ---- numbers ---- */

static void days_text(char *out, size_t size, const json_t *row)
{
	const json_t *days = json_object_get(row, "days");
	long long least = json_integer_value(json_array_get(days, 0)), most = json_integer_value(json_array_get(days, 2));
	long long median = json_integer_value(json_array_get(days, 1));
	out[0] = '\0';
	if (days && least == most)
		snprintf(out, size, "%+lld", median);
	else if (days)
		snprintf(out, size, "%+lld (%+lld to %+lld)", median, least, most);
}

static const char *row_name(char *out, size_t size, const json_t *row)
{
	const char *kind = text_of(row, "kind"), *title = text_of(row, "title");
	snprintf(out, size, "%s%s%s", kind, *kind && *title ? ": " : "", title);
	if (!*out)
		snprintf(out, size, "%s", strcmp(text_of(row, "what"), "notice") == 0 ? "penalty notices" : "stage at the end");
	return out;
}

static bool all_the_same(const json_t *row)
{
	return number_of(row, "same") == number_of(row, "in_force") && number_of(row, "in_force") == number_of(row, "changed");
}

static bool is_decision(const json_t *row)
{
	return strcmp(text_of(row, "kind"), "decision") == 0;
}

typedef bool row_wanted(const json_t *row);

static bool wants_decisions(const json_t *row) { return is_decision(row); }
static bool wants_alerts(const json_t *row) { return strcmp(text_of(row, "what"), "alert") == 0 && !is_decision(row); }
static bool wants_deadlines(const json_t *row) { return strcmp(text_of(row, "what"), "deadline") == 0; }
static bool wants_actions(const json_t *row) { return strcmp(text_of(row, "what"), "action") == 0; }
static bool wants_notices(const json_t *row) { return strcmp(text_of(row, "what"), "notice") == 0; }

static void print_rows(FILE *out, const char *title, const json_t *summary, row_wanted *wanted)
{
	static const char *const titles[] = { "", ">in force", ">as tried", ">the same", ">earlier", ">later", ">never", ">new",
	                                      ">otherwise", "days (least to most)", NULL };
	static const char *const columns[] = { "in_force", "changed", "same", "earlier", "later", "never", "new", "otherwise" };
	struct table *table = table_new(titles);
	size_t index;
	json_t *row;
	unsigned rows = 0, alike = 0;
	json_array_foreach(json_object_get(summary, "rows"), index, row) {
		char name[200], cells[8][THOUSANDS_SIZE], days[64];
		const char *line[10] = { name };
		if (!wanted(row))
			continue;
		if (all_the_same(row)) {
			alike++;
			continue;
		}
		row_name(name, sizeof name, row);
		for (size_t i = 0; i < 8; i++)
			line[i + 1] = number_of(row, columns[i]) ? count_of(cells[i], row, columns[i]) : "-";
		days_text(days, sizeof days, row);
		line[9] = days;
		table_row(table, line);
		rows++;
	}
	if (rows || alike)
		heading(out, title);
	table_print(table, out, "  ");
	if (alike)
		fprintf(out, "  %s%u kind%s as before, each on the same day.\n", rows ? "And " : "", alike, plural(alike));
}

static long long sum(const json_t *summary, row_wanted *wanted, const char *key)
{
	long long total = 0;
	size_t index;
	json_t *row;
	json_array_foreach(json_object_get(summary, "rows"), index, row)
		if (wanted(row))
			total += number_of(row, key);
	return total;
}

static void print_sum(FILE *out, const char *what, const json_t *summary, row_wanted *wanted)
{
	static const struct { const char *key, *says; } parts[] = {
		{ "earlier", "earlier" }, { "later", "later" }, { "never", "never" }, { "new", "new" }, { "otherwise", "on the same day but otherwise" },
	};
	char before[THOUSANDS_SIZE], now[THOUSANDS_SIZE];
	bool first = true;
	if (!sum(summary, wanted, "in_force") && !sum(summary, wanted, "changed"))
		return;
	fprintf(out, "  %s: %s in force, %s as tried", what, thousands(before, (uint64_t)sum(summary, wanted, "in_force")),
	        thousands(now, (uint64_t)sum(summary, wanted, "changed")));
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		char room[THOUSANDS_SIZE];
		long long n = sum(summary, wanted, parts[i].key);
		if (!n)
			continue;
		fprintf(out, "%s%s %s", first ? ": " : ", ", thousands(room, (uint64_t)n), parts[i].says);
		first = false;
	}
	fputs(first ? ", nothing else.\n" : ".\n", out);
}

static void print_short(FILE *out, const json_t *summary)
{
	char a[THOUSANDS_SIZE], b[THOUSANDS_SIZE], c[THOUSANDS_SIZE], d[THOUSANDS_SIZE];
	heading(out, "In short");
	if (!number_of(summary, "affected_pupils")) {
		fputs("  Nothing would have differed for anybody.\n", out);
		return;
	}
	fprintf(out, "  %s famil%s (%s of %s pupils) would have seen a difference, in %s case%s.\n",
	        count_of(a, summary, "affected_families"), number_of(summary, "affected_families") == 1 ? "y" : "ies", count_of(b, summary, "affected_pupils"), count_of(c, summary, "pupils"),
	        count_of(d, summary, "affected_cases"), plural(number_of(summary, "affected_cases")));
	print_sum(out, "Decisions put to officers", summary, wants_decisions);
	print_sum(out, "Other alerts", summary, wants_alerts);
	print_sum(out, "What people record", summary, wants_actions);
	print_sum(out, "Deadlines", summary, wants_deadlines);
	print_sum(out, "Penalty notices", summary, wants_notices);
	fputs("  Never is: not by the end of the history. What people record in answer to a question, or only once a\n"
	      "  period is over, is taken to follow it as soon as it did in fact.\n", out);
}

static void print_refusals(FILE *out, const json_t *summary, bool now, const char *title)
{
	static const char *const titles[] = { ">times", "action", "clause", "why", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *reason;
	bool some = false;
	json_array_foreach(json_object_get(summary, "refusals"), index, reason) {
		char times[THOUSANDS_SIZE];
		const char *why = json_string_value(json_object_get(reason, "why"));
		if (json_is_true(json_object_get(reason, "now")) != now)
			continue;
		some = true;
		table_row(table, (const char *const[]){ count_of(times, reason, "count"), text_of(reason, "action"),
		                                        text_of(reason, "clause"), why ? why : "the file knows no such action" });
	}
	if (some)
		heading(out, title);
	table_print(table, out, "  ");
}

void try_report_numbers(FILE *out, const json_t *summary)
{
	print_short(out, summary);
	print_rows(out, "Decisions put", summary, wants_decisions);
	print_rows(out, "Deadlines, by their last day", summary, wants_deadlines);
	print_rows(out, "What people record, by its day", summary, wants_actions);
	print_rows(out, "Other alerts", summary, wants_alerts);
	print_rows(out, "Penalty notices, by the last day for paying", summary, wants_notices);
	print_refusals(out, summary, true, "Recorded then, and refused (or unknown) as tried");
	print_refusals(out, summary, false, "Refused by the file in force, and not as tried");
}

/* ---- case by case ---- */

static const char *side_text(char *out, size_t size, const json_t *difference, const char *side)
{
	const json_t *map = json_object_get(difference, side);
	char day[WHEN_SIZE];
	const char *date = text_of(map, "day"), *text = text_of(map, "text");
	bool moved = strcmp(text_of(difference, "change"), "earlier") == 0 || strcmp(text_of(difference, "change"), "later") == 0;
	snprintf(out, size, "%s%s%s", *date ? when_date(day, date) : "", *date && *text && !moved ? ", " : "", moved ? "" : text);
	return out;
}

static int days_between(const json_t *difference)
{
	day_t from = 0, to = 0;
	if (!day_parse(slice_text(text_of(json_object_get(difference, "in_force"), "day")), &from) ||
	    !day_parse(slice_text(text_of(json_object_get(difference, "changed"), "day")), &to))
		return 0;
	return to - from;
}

static void print_difference(FILE *out, const json_t *d)
{
	char was[300], now[300], name[200];
	const char *change = text_of(d, "change"), *parent = text_of(d, "parent"), *what = text_of(d, "what");
	int days = days_between(d);
	if (strcmp(what, "refusal") == 0) {
		const json_t *why = json_object_get(d, "why");
		const char *first = json_string_value(json_array_get(why, 0));
		fprintf(out, "    %s of %s: %s%s\n", text_of(d, "name"),
		        side_text(was, sizeof was, d, strcmp(change, "new") == 0 ? "changed" : "in_force"),
		        strcmp(change, "new") != 0 ? "no longer refused" : first ? "refused: " : "unknown to the file",
		        first && strcmp(change, "new") == 0 ? first : "");
		return;
	}
	row_name(name, sizeof name, d);
	side_text(was, sizeof was, d, "in_force");
	side_text(now, sizeof now, d, "changed");
	fprintf(out, "    %s%s%s%s: ", name, *parent ? " (parent " : "", parent, *parent ? ")" : "");
	if (strcmp(change, "never") == 0)
		fprintf(out, "%s%snever as tried\n", was, *was ? ", " : "");
	else if (strcmp(change, "new") == 0)
		fprintf(out, "new, %s\n", now);
	else if (days)
		fprintf(out, "%s -> %s, %d day%s %s\n", was, now, abs(days), plural(abs(days)), change);
	else
		fprintf(out, "%s -> %s\n", was, now);
}

void try_report_case(FILE *out, const json_t *item)
{
	size_t index;
	json_t *value;
	const json_t *cases = json_object_get(item, "cases");
	fputs("\n  ", out);
	json_array_foreach(cases, index, value)
		fprintf(out, "%s%s", index ? ", " : "", json_string_value(value));
	if (!json_array_size(cases))
		fprintf(out, "No case; UPN %s", text_of(item, "upn"));
	fputc('\n', out);
	json_array_foreach(json_object_get(item, "differences"), index, value)
		print_difference(out, value);
	if (number_of(item, "left_out"))
		fprintf(out, "    ... and %lld more\n", number_of(item, "left_out"));
}
