/* report_sums.c - tables that add pupils and sessions up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/report_parts.h"

/* ---- sums of pupils, by school and by a name ---- */

static struct report_sum *sum_of(struct report_table *t, const char *school, const char *name)
{
	char key[100];
	snprintf(key, sizeof key, "%s %s", school, name);
	const json_t *place = json_object_get(t->places, key);
	if (place)
		return &t->sums[json_integer_value(place)];
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 32;
		t->sums = realloc(t->sums, t->room * sizeof *t->sums);
		if (!t->sums)
			abort();
	}
	struct report_sum *sum = &t->sums[t->count];
	memset(sum, 0, sizeof *sum);
	snprintf(sum->school, sizeof sum->school, "%s", school);
	snprintf(sum->name, sizeof sum->name, "%s", name);
	json_object_set_new(t->places, key, json_integer((json_int_t)t->count++));
	return sum;
}

static void add(struct report_sum *sum, const json_t *row)
{
	unsigned threshold = report_number(row, "threshold");
	sum->pupils++;
	sum->possible += report_number(row, "possible");
	sum->attended += report_number(row, "attended");
	sum->authorised += report_number(row, "authorised");
	sum->unauthorised += report_number(row, "unauthorised");
	sum->late += report_number(row, "late");
	sum->persistent += json_is_true(json_object_get(row, "persistent"));
	sum->severe += json_is_true(json_object_get(row, "severe"));
	sum->at_threshold += threshold && report_number(row, "unauthorised_10_weeks") >= threshold;
}

#define COLUMNS_SUM \
	{ "pupils", ">pupils" }, { "possible", ">possible" }, { "attended", NULL }, { "authorised", NULL }, { "unauthorised", NULL }, \
	{ "late", NULL }, { "percentage", ">attend %" }, { "authorised_percentage", ">auth. %" }, \
	{ "unauthorised_percentage", ">unauth. %" }, { "persistent", ">persistent" }, { "persistent_percentage", ">%" }, \
	{ "severe", ">severe" }, { "severe_percentage", NULL }, { "at_threshold", ">threshold" }

static json_t *row_of(struct report_table *t)
{
	json_t *row = json_object();
	json_object_set_new(row, "table", json_string(t->form->name));
	json_array_append_new(t->rows, row);
	return row;
}

static void put_number(json_t *row, const char *key, unsigned number)
{
	json_object_set_new(row, key, json_integer(number));
}

static void put_text(json_t *row, const char *key, const char *text)
{
	json_object_set_new(row, key, text[0] ? json_string(text) : json_null());
}

static void put_sum(json_t *row, const struct report_sum *s)
{
	put_number(row, "pupils", s->pupils);
	put_number(row, "possible", s->possible);
	put_number(row, "attended", s->attended);
	put_number(row, "authorised", s->authorised);
	put_number(row, "unauthorised", s->unauthorised);
	put_number(row, "late", s->late);
	json_object_set_new(row, "percentage", report_percent(s->attended, s->possible));
	json_object_set_new(row, "authorised_percentage", report_percent(s->authorised, s->possible));
	json_object_set_new(row, "unauthorised_percentage", report_percent(s->unauthorised, s->possible));
	put_number(row, "persistent", s->persistent);
	json_object_set_new(row, "persistent_percentage", report_percent(s->persistent, s->pupils));
	put_number(row, "severe", s->severe);
	json_object_set_new(row, "severe_percentage", report_percent(s->severe, s->pupils));
	put_number(row, "at_threshold", s->at_threshold);
}

/* School by school, in each the year groups (those without a number first) and then the whole. */
static int by_school(const void *a, const void *b)
{
	const struct report_sum *x = a, *y = b;
	bool of_all = !x->school[0] || !y->school[0], of_school = !x->name[0] || !y->name[0];
	int schools = strcmp(x->school, y->school), numbers = atoi(x->name) - atoi(y->name);
	if (schools)
		return of_all ? -schools : schools;
	if (of_school || !numbers)
		return of_school ? -strcmp(x->name, y->name) : strcmp(x->name, y->name);
	return numbers;
}

/* ---- attendance ---- */

static void take_attendance(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	const char *school = report_text(row, "urn"), *year = report_text(row, "year_group");
	(void)f;
	(void)source;
	add(sum_of(t, school, year[0] ? year : "unknown"), row);
	add(sum_of(t, school, ""), row);
	add(sum_of(t, "", ""), row);
}

static void finish_attendance(struct report_table *t)
{
	qsort(t->sums, t->count, sizeof *t->sums, by_school);
	for (size_t i = 0; i < t->count; i++) {
		json_t *row = row_of(t);
		put_text(row, "school", t->sums[i].school[0] ? t->sums[i].school : "all");
		put_text(row, "year_group", t->sums[i].name[0] ? t->sums[i].name : "all");
		put_sum(row, &t->sums[i]);
	}
}

#define BARS_SUM .shares = true, \
	.parts = { { "attended", "attended" }, { "authorised", "authorised" }, { "unauthorised", "unauthorised" } }

static const struct report_bars bars_attendance = { .label = { { "school", "" }, { "year_group", "year " } }, BARS_SUM };

const struct report_form report_form_attendance = {
	.name = "attendance", .title = "Attendance and absence by school and year group", .sources = 1u << REPORT_PUPILS,
	.take = take_attendance, .finish = finish_attendance,
	.columns = { { "school", "school" }, { "year_group", "year" }, COLUMNS_SUM }, .bars = &bars_attendance,
};

/* ---- vulnerability ---- */

static void take_vulnerability(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	size_t index;
	json_t *one;
	(void)f;
	(void)source;
	add(sum_of(t, "", ""), row);
	add(sum_of(t, "fact", json_array_size(json_object_get(row, "facts")) ? "" : "none"), row);
	json_array_foreach(json_object_get(row, "facts"), index, one)
		add(sum_of(t, "fact", json_string_value(one)), row);
	json_array_foreach(json_object_get(row, "groups"), index, one)
		add(sum_of(t, "roster", json_string_value(one)), row);
}

/* All; whom nothing is known of, whom something is; each fact; each group of the roster. */
static int by_group(const void *a, const void *b)
{
	const struct report_sum *x = a, *y = b;
	int known = strcmp(x->school, y->school);
	if (known)
		return known;
	bool none_x = strcmp(x->name, "none") == 0, none_y = strcmp(y->name, "none") == 0;
	if (none_x != none_y && !strcmp(x->school, "fact"))
		return none_x ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void finish_vulnerability(struct report_table *t)
{
	qsort(t->sums, t->count, sizeof *t->sums, by_group);
	for (size_t i = 0; i < t->count; i++) {
		const struct report_sum *s = &t->sums[i];
		json_t *row = row_of(t);
		put_text(row, "group", s->name[0] ? s->name : s->school[0] ? "any" : "all");
		put_text(row, "of", s->school[0] ? s->school : "");
		put_sum(row, s);
	}
}

static const struct report_bars bars_vulnerability = { .label = { { "group", "" } }, BARS_SUM };

const struct report_form report_form_vulnerability = {
	.name = "vulnerability", .title = "By vulnerability", .sources = 1u << REPORT_PUPILS, .take = take_vulnerability,
	.finish = finish_vulnerability,
	.columns = { { "group", "group" }, { "of", NULL }, COLUMNS_SUM }, .bars = &bars_vulnerability,
};

/* ---- categories and codes ---- */

static void take_coded(struct report_table *t, const json_t *row, bool by_class)
{
	uint64_t seen = 0;
	const char *name;
	json_t *sessions;
	json_object_foreach(json_object_get(row, "codes"), name, sessions) {
		uint8_t code = code_parse(slice_text(name)), place = by_class ? (uint8_t)code_class(code) : code;
		t->coded[place].sessions += (unsigned)json_integer_value(sessions);
		t->coded[place].pupils += !(seen >> place & 1);
		seen |= CODE_BIT(place);
	}
	t->possible += report_number(row, "possible");
}

/* A session that was no possible attendance is no share of those that were. */
static void put_coded(struct report_table *t, json_t *row, unsigned place, enum code_class class)
{
	put_number(row, "sessions", t->coded[place].sessions);
	json_object_set_new(row, "of_possible", class <= CODE_CLASS_UNAUTHORISED ? report_percent(t->coded[place].sessions, t->possible) : json_null());
	put_number(row, "pupils", t->coded[place].pupils);
}

#define COLUMNS_CODED { "sessions", ">sessions" }, { "of_possible", ">of possible %" }, { "pupils", ">pupils" }

static const char *const class_texts[] = {
	[CODE_CLASS_PRESENT] = "present",
	[CODE_CLASS_AUTHORISED] = "authorised absence",
	[CODE_CLASS_UNAUTHORISED] = "unauthorised absence",
	[CODE_CLASS_NOT_POSSIBLE] = "no possible attendance",
	[CODE_CLASS_ADMINISTRATIVE] = "administrative",
};

static void take_category(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	(void)f;
	(void)source;
	take_coded(t, row, true);
}

static void finish_category(struct report_table *t)
{
	for (unsigned class = 0; class < sizeof class_texts / sizeof *class_texts; class++) {
		json_t *row = row_of(t);
		put_text(row, "category", class_texts[class]);
		put_coded(t, row, class, (enum code_class)class);
	}
}

const struct report_form report_form_category = {
	.name = "category", .title = "By category", .sources = 1u << REPORT_PUPILS, .take = take_category, .finish = finish_category,
	.columns = { { "category", "category" }, COLUMNS_CODED },
};

static void take_code(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	(void)f;
	(void)source;
	take_coded(t, row, false);
}

static void finish_code(struct report_table *t)
{
	for (uint8_t code = 1; code < CODE_LIMIT; code++) {
		if (!t->coded[code].sessions)
			continue;
		json_t *row = row_of(t);
		put_text(row, "code", code_text(code));
		put_text(row, "category", class_texts[code_class(code)]);
		put_coded(t, row, code, code_class(code));
		put_text(row, "meaning", code_meaning(code));
	}
}

const struct report_form report_form_code = {
	.name = "code", .title = "By code", .sources = 1u << REPORT_PUPILS, .take = take_code, .finish = finish_code,
	.columns = { { "code", "code" }, { "category", NULL }, COLUMNS_CODED, { "meaning", "" } },
};
