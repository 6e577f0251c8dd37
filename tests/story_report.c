/* story_report.c - reports in a story: asked of the daemon, added up as `attend report` does;
 * and the meetings that schools are offered.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "client/report.h"
#include "tests/story.h"

static void add_text(const struct entry *e, const char *word, struct body *b, const char *key)
{
	const struct node *n = story_word(e, word);
	char text[STORY_TEXT_MAX];

	if (!n)
		return;
	story_text(e->story, n, text);
	body_text(b, key, text);
}

/* One page; false: there are no more. `*from` is where the next begins. */
static bool take_page(const struct entry *e, struct report *r, enum report_source source, uint64_t *from)
{
	struct story *s = e->story;
	const struct answer *a;
	struct body b;
	json_t *page, *row;
	size_t index;
	day_t last = story_word(e, "to") ? story_date(s, story_word(e, "to")) : s->today;
	day_t first = story_word(e, "from") ? story_date(s, story_word(e, "from")) : school_year_start(day_school_year(s->today));

	if (source == REPORT_EARLIER)
		last -= REPORT_LATELY;
	if (source == REPORT_EARLIER && last < first)
		return false;
	body_init(&b);
	body_text(&b, "what", "report");
	body_text(&b, "of", report_source_text(source));
	add_text(e, "school", &b, "school");
	body_date(&b, "first", first);
	body_date(&b, "last", last);
	body_key(&b, "limit"); /* pages of two, so that stories turn them */
	msgpack_pack_uint64(&b.pack, 2);
	body_key(&b, "from");
	msgpack_pack_uint64(&b.pack, *from);
	a = story_send(s, e->who, COMMAND_QUERY, &b);
	if (a->status != STATUS_OK || story_word(e, "refused") || story_word(e, "forbidden")) {
		story_check_answer(e, a);
		return false;
	}
	page = answer_json(a);
	json_array_foreach(json_object_get(page, "items"), index, row)
		report_take(r, source, row);
	*from = (uint64_t)json_integer_value(json_object_get(page, "next"));
	json_decref(page);
	return *from != 0;
}

/* "pupil: Ann" is a row's UPN; other words are its keys. */
static bool is_row(struct story *s, const json_t *row, const struct node *wanted)
{
	for (const struct node *k = story_first(s->at, wanted); k; k = story_next(s->at, story_next(s->at, k))) {
		const struct node *value = story_next(s->at, k);
		char key[STORY_TEXT_MAX], name[STORY_TEXT_MAX], upn[UPN_SIZE + 1] = "";

		story_text(s, k, key);
		if (strcmp(key, "pupil") != 0) {
			const json_t *cell = json_object_get(row, key);

			if (!cell || !story_equal(s, cell, value))
				return false;
			continue;
		}
		story_text(s, value, name);
		for (unsigned i = 0; i < s->pupil_count; i++)
			if (strcmp(s->pupils[i].name, name) == 0)
				pupil_upn(s, &s->pupils[i], upn);
		if (!upn[0])
			story_stop(s, value, "\"%s\" is no pupil of this story", name);
		if (strcmp(upn, json_text(row, "upn")) != 0)
			return false;
	}
	return true;
}

static bool has_row(struct story *s, const json_t *rows, const struct node *wanted)
{
	size_t index;
	json_t *row;

	json_array_foreach(rows, index, row)
		if (is_row(s, row, wanted))
			return true;
	return false;
}

static void check_rows(const struct entry *e, const json_t *rows)
{
	struct story *s = e->story;
	const struct node *count = story_word(e, "count");
	char *seen = json_dumps(rows, JSON_COMPACT | JSON_REAL_PRECISION(6));

	for (const struct node *n = story_first(s->at, story_word(e, "rows")); n; n = story_next(s->at, n))
		if (!has_row(s, rows, n) && !s->stopped)
			story_fault(s, n, "the report has no such row: %.3000s", seen);
	for (const struct node *n = story_first(s->at, story_word(e, "no rows")); n; n = story_next(s->at, n))
		if (has_row(s, rows, n))
			story_fault(s, n, "the report has such a row: %.3000s", seen);
	if (count) {
		json_t *number = json_integer((json_int_t)json_array_size(rows));

		if (!story_equal(s, number, count))
			story_fault(s, count, "the report has %zu rows: %.3000s", json_array_size(rows), seen);
		json_decref(number);
	}
	free(seen);
}

/* "school reads: persistent": `attend report persistent`. */
void story_reads(const struct entry *e)
{
	struct story *s = e->story;
	char kind[STORY_TEXT_MAX], year_group[STORY_TEXT_MAX] = "", group[STORY_TEXT_MAX] = "";
	struct report_filter filter = {.near = 3};
	struct report *r;

	story_text(s, e->value, kind);
	if (story_word(e, "year group"))
		story_text(s, story_word(e, "year group"), year_group);
	if (story_word(e, "group"))
		story_text(s, story_word(e, "group"), group);
	filter.year_group = year_group[0] ? year_group : NULL;
	filter.group = group[0] ? group : NULL;
	r = report_open(kind, &filter);
	if (!r) {
		story_stop(s, e->value, "there is no such report");
		return;
	}
	for (enum report_source source = 0; source < REPORT_SOURCE_LIMIT; source++) {
		uint64_t from = 0;

		while (report_wants(r, source) && take_page(e, r, source, &from))
			;
	}
	if (!story_word(e, "refused") && !story_word(e, "forbidden"))
		check_rows(e, report_rows(r));
	report_close(&r);
}

/* "officer offers: targeted-support": a meeting, to a school. */
void story_offers(const struct entry *e)
{
	struct story *s = e->story;
	char text[STORY_TEXT_MAX];
	struct body b;

	body_init(&b);
	story_text(s, e->value, text);
	body_text(&b, "meeting", text);
	if (story_word(e, "school"))
		add_text(e, "school", &b, "urn");
	else
		body_text(&b, "urn", s->pupils[0].urn);
	if (story_word(e, "dated"))
		body_date(&b, "on", story_date(s, story_word(e, "dated")));
	if (story_word(e, "no longer") && story_yes(s, story_word(e, "no longer"))) {
		body_key(&b, "stands");
		msgpack_pack_false(&b.pack);
	}
	story_check_answer(e, story_send(s, e->who, COMMAND_OFFER, &b));
}
