/* story_school.c - what a school and its authority say beside marks: rosters, calendars.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/story.h"

/* ---- rosters ---- */

/* A parent: an id, or a map of what the school holds of them. */
static void put_parent(struct body *b, struct story *s, const struct node *n, size_t number)
{
	char text[STORY_TEXT_MAX];

	if (n && n->kind == NODE_MAP) {
		body_node(b, s, n);
		return;
	}
	snprintf(text, sizeof text, "p%zu", number);
	if (n)
		story_text(s, n, text);
	msgpack_pack_map(&b->pack, 1);
	body_value(b, "id");
	body_value(b, text);
}

/* Those of the words for which the roster has the same; how many. */
static unsigned put_particulars(struct body *b, struct story *s, const struct node *of, bool put)
{
	static const char *const words[] = {"forename", "year_group", "groups"};
	char text[STORY_TEXT_MAX];
	unsigned count = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct node *n = story_find(s->at, of, words[i]);

		count += n != NULL;
		if (!n || !put)
			continue;
		story_text(s, n, text);
		body_value(b, words[i]);
		body_value(b, text);
	}
	return count;
}

/* What the school holds of a pupil: `born`, `school`, `parents`, names and groups. */
static void send_roster(struct story *s, struct story_pupil *p, const struct node *of)
{
	const struct node *born = story_find(s->at, of, "born"), *school = story_find(s->at, of, "school");
	const struct node *parents = story_find(s->at, of, "parents"), *surname = story_find(s->at, of, "surname");
	char upn[UPN_SIZE + 1], text[STORY_TEXT_MAX];
	const struct answer *a;
	size_t count = 0;
	struct body b;

	if (school) {
		story_text(s, school, text);
		snprintf(p->urn, sizeof p->urn, "%.6s", text);
	}
	pupil_upn(s, p, upn);
	body_init(&b);
	body_text(&b, "urn", p->urn);
	body_key(&b, "pupils");
	msgpack_pack_array(&b.pack, 1);
	msgpack_pack_map(&b.pack, (born && node_is(born, "unknown") ? 3 : 4) + put_particulars(&b, s, of, false));
	body_value(&b, "upn");
	body_value(&b, upn);
	body_value(&b, "surname");
	snprintf(text, sizeof text, "%s", p->name);
	if (surname)
		story_text(s, surname, text);
	body_value(&b, text);
	put_particulars(&b, s, of, true);
	if (!born || !node_is(born, "unknown")) {
		char date[DATE_TEXT_SIZE + 1] = "2015-05-01";

		if (born)
			day_text(date, story_date(s, born));
		body_value(&b, "birth_date");
		body_value(&b, date);
	}
	body_value(&b, "parents");
	for (const struct node *n = story_first(s->at, parents); n; n = story_next(s->at, n))
		count++;
	msgpack_pack_array(&b.pack, parents ? count : 2);
	for (size_t i = 0; i < (parents ? count : 2); i++) {
		const struct node *n = story_first(s->at, parents);

		for (size_t k = 0; n && k < i; k++)
			n = story_next(s->at, n);
		put_parent(&b, s, n, i + 1);
	}
	a = story_send(s, OFFICER, COMMAND_ROSTER, &b);
	if (a->status != STATUS_OK)
		story_stop(s, of, "the roster was refused: %s", a->text);
}

void story_roster(const struct entry *e)
{
	struct story *s = e->story;

	for (unsigned i = 0; i < s->pupil_count; i++)
		if (node_is(e->value, s->pupils[i].name)) {
			send_roster(s, &s->pupils[i], e->map);
			return;
		}
	story_stop(s, e->value, "no pupil of this name in the story");
}

/* ---- calendars ---- */

struct calendar *story_calendar(struct story *s, const char *urn)
{
	static struct calendar calendar;
	struct calendar_row rows[STORY_ROWS_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < s->row_count; i++)
		if (!s->rows[i].urn[0] || strcmp(s->rows[i].urn, urn) == 0)
			rows[count++] = (struct calendar_row){.from = (uint16_t)s->rows[i].from, .to = (uint16_t)s->rows[i].to,
							      .kind = s->rows[i].kind};
	calendar_build(&calendar, rows, count);
	return &calendar;
}

/* "term 2 September 2026 to 23 October 2026", "closure 10 November". */
static bool row_read(struct story *s, const struct node *n, struct story_row *row)
{
	char text[STORY_TEXT_MAX];
	const char *at = text;

	story_text(s, n, text);
	row->kind = 0;
	for (uint8_t kind = CALENDAR_TERM; kind <= CALENDAR_BANK_HOLIDAY && !row->kind; kind++)
		if (word_next(&at, calendar_kind_text(kind)))
			row->kind = kind;
	if (row->kind && date_read(&at, s->today, 0, &row->from)) {
		row->to = row->from;
		if (!*at || (word_next(&at, "to") && date_read(&at, s->today, row->from, &row->to) && !*at))
			return true;
	}
	story_stop(s, n, "\"%s\" is no row of a calendar: term 2 September 2026 to 23 October 2026; closure, inset, holiday or bank-holiday 10 November 2026", text);
	return false;
}

/* Sends the rows of all schools, or those and one school's own. */
static const struct answer *send_rows(struct story *s, const char *urn)
{
	char date[DATE_TEXT_SIZE + 1];
	unsigned count = 0;
	struct body b;

	for (unsigned i = 0; i < s->row_count; i++)
		count += !s->rows[i].urn[0] || strcmp(s->rows[i].urn, urn) == 0;
	body_init(&b);
	if (urn[0])
		body_text(&b, "urn", urn);
	body_key(&b, "rows");
	msgpack_pack_array(&b.pack, count);
	for (unsigned i = 0; i < s->row_count; i++) {
		const struct story_row *row = &s->rows[i];

		if (row->urn[0] && strcmp(row->urn, urn) != 0)
			continue;
		msgpack_pack_array(&b.pack, 4);
		day_text(date, row->from);
		body_value(&b, date);
		day_text(date, row->to);
		body_value(&b, date);
		body_value(&b, calendar_kind_text(row->kind));
		body_value(&b, "a day of the story");
	}
	return story_send(s, OFFICER, COMMAND_CALENDAR, &b);
}

static void change_calendar(const struct entry *e, const struct story_row *row)
{
	struct story *s = e->story;
	const struct node *moves = story_word(e, "moves");
	const struct answer *a = send_rows(s, row->urn);
	json_t *body = answer_json(a);

	story_check_answer(e, a);
	if (!s->stopped && moves && !story_equal(s, json_object_get(body, "moved"), moves))
		story_fault(s, moves, "another number of deadlines moved: %lld", (long long)json_integer_value(json_object_get(body, "moved")));
	json_decref(body);
}

static void of_school(const struct entry *e, struct story_row *row)
{
	char urn[STORY_TEXT_MAX];

	story_text(e->story, story_word(e, "school"), urn);
	snprintf(row->urn, sizeof row->urn, "%.6s", urn);
}

void story_calendar_adds(const struct entry *e)
{
	struct story *s = e->story;
	struct story_row row = {0};

	of_school(e, &row);
	if (!row_read(s, e->value, &row))
		return;
	if (s->row_count == STORY_ROWS_MAX) {
		story_stop(s, e->value, "the calendar has too many rows");
		return;
	}
	s->rows[s->row_count++] = row;
	change_calendar(e, &row);
}

void story_calendar_drops(const struct entry *e)
{
	struct story *s = e->story;
	struct story_row row = {0};

	of_school(e, &row);
	if (!row_read(s, e->value, &row))
		return;
	for (unsigned i = 0; i < s->row_count; i++)
		if (s->rows[i].kind == row.kind && s->rows[i].from == row.from && s->rows[i].to == row.to &&
		    strcmp(s->rows[i].urn, row.urn) == 0) {
			memmove(&s->rows[i], &s->rows[i + 1], (--s->row_count - i) * sizeof *s->rows);
			change_calendar(e, &row);
			return;
		}
	story_stop(s, e->value, "no such row stands in the calendar");
}

/* ---- before the first entry ---- */

/* A word of the story, or else of what it uses; `at` is where it stands. */
static const struct node *of_story(struct story *s, const char *key)
{
	const struct node *n;

	s->at = &s->file;
	n = story_find(s->at, s->file.doc.nodes, key);
	if (n || !s->uses.doc.count)
		return n;
	s->at = &s->uses;
	return story_find(s->at, s->uses.doc.nodes, key);
}

static struct story_pupil *add_pupil(struct story *s, const char *name)
{
	struct story_pupil *p = &s->pupils[s->pupil_count++];

	snprintf(p->name, sizeof p->name, "%.63s", name);
	snprintf(p->urn, sizeof p->urn, "%s", SCHOOL_URN);
	return p;
}

/* "pupils: 40": so many, by their numbers. */
static void add_pupils(struct story *s, const struct node *count)
{
	char name[STORY_TEXT_MAX];
	unsigned long wanted;

	story_text(s, count, name);
	wanted = strtoul(name, NULL, 10);
	if (wanted < 1 || wanted > STORY_PUPILS_MAX)
		story_stop(s, count, "a number of pupils is wanted, at most %d, or a map of their names", STORY_PUPILS_MAX);
	while (!s->stopped && s->pupil_count < wanted) {
		snprintf(name, sizeof name, "%u", s->pupil_count + 1);
		send_roster(s, add_pupil(s, name), NULL);
	}
}

void story_set_up(struct story *s)
{
	const struct node *list = of_story(s, "calendar");
	char name[STORY_TEXT_MAX];

	s->row_count = s->pupil_count = 0;
	for (const struct node *n = story_first(s->at, list); n && !s->stopped; n = story_next(s->at, n))
		if (s->row_count < STORY_ROWS_MAX && row_read(s, n, &s->rows[s->row_count]))
			s->row_count++;
	if (!s->stopped && s->row_count && send_rows(s, "")->status != STATUS_OK)
		story_stop(s, list, "the calendar was refused: %s", host_first(&s->host)->text);
	list = of_story(s, "pupils");
	if (list && list->kind == NODE_SCALAR)
		add_pupils(s, list);
	for (const struct node *k = story_first(s->at, list); k && !s->stopped; k = story_next(s->at, story_next(s->at, k))) {
		story_text(s, k, name);
		if (s->pupil_count == STORY_PUPILS_MAX)
			story_stop(s, k, "more than %d pupils", STORY_PUPILS_MAX);
		else
			send_roster(s, add_pupil(s, name), story_next(s->at, k));
	}
	if (!s->pupil_count)
		send_roster(s, add_pupil(s, "Ann"), NULL);
	s->at = &s->file;
}
