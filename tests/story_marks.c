/* story_marks.c - marks in shorthand, registers.
 *
 *   marks: O from 7 to 11 September
 *   marks: 11 sessions of U from 7 September, I on 21 September PM
 *   marks: present from 2 to 4 September, N on Mondays from 7 September to 5 October
 *
 * Days without school are passed over, as a school's register would.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>

#include "proto/ids.h"
#include "tests/story.h"

enum { PARTS_MAX = 40 };

struct mark_line { /* what one part of the shorthand says */
	char code[16];
	unsigned sessions;      /* 0: all */
	day_t from, to;
	int session;            /* AM, PM; -1: both */
	int weekday;            /* -1: all */
};

/* ---- pupils ---- */

const struct story_pupil *story_pupil(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *wanted = story_word(e, "pupil");

	if (s->each)
		return &s->pupils[s->each - 1];
	for (unsigned i = 0; i < s->pupil_count; i++)
		if (!wanted || node_is(wanted, s->pupils[i].name))
			return &s->pupils[i];
	story_stop(s, wanted, "no pupil of this name in the story");
	return &s->pupils[0];
}

void pupil_upn(const struct story *s, const struct story_pupil *p, char upn[static UPN_SIZE + 1])
{
	host_upn(upn, (unsigned)(p - s->pupils) + 1);
}

/* ---- marks ---- */

static bool name_next(const char **at, char out[static 16])
{
	size_t n = strcspn(*at, " ,");

	if (!n || n > 15)
		return false;
	snprintf(out, 16, "%.*s", (int)n, *at);
	for (*at += n; **at == ' ';)
		(*at)++;
	return true;
}

static int weekday_next(const char **at)
{
	static const char *const names[] = {"Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays"};

	for (int i = 0; i < 5; i++)
		if (word_next(at, names[i]))
			return i;
	return -1;
}

/* "from 7 to 11 September": the first day's month is the last one's where it isn't said. */
static bool range_read(struct story *s, const char **at, struct mark_line *m)
{
	const char *start = *at, *to = strstr(*at, "to ");
	day_t last;

	m->to = DAY_MAX;
	if (date_read(at, s->today, 0, &m->from)) {
		if (!word_next(at, "to"))
			return m->sessions > 0;
		return date_read(at, s->today, m->from, &m->to) && m->from <= m->to;
	}
	if (!to || (strchr(start, ',') && strchr(start, ',') < to))
		return false;
	to += strlen("to ");
	if (!date_read(&to, s->today, 0, &last))
		return false;
	m->to = last;
	*at = start;
	if (!date_read(at, s->today, last, &m->from) || !word_next(at, "to"))
		return false;
	*at = to;
	return m->from <= m->to;
}

/* One part, up to a comma or the end. */
static bool line_read(struct story *s, const char **at, struct mark_line *m)
{
	const char *start = *at;

	*m = (struct mark_line){.session = -1, .weekday = -1};
	if (isdigit((unsigned char)**at)) {
		char *end;

		m->sessions = (unsigned)strtoul(*at, &end, 10);
		for (*at = end; **at == ' ';)
			(*at)++;
		if ((!word_next(at, "sessions") && !word_next(at, "session")) || !word_next(at, "of") || !m->sessions) {
			*at = start;
			return false;
		}
	}
	if (!name_next(at, m->code))
		return false;
	if (word_next(at, "from")) {
		if (!range_read(s, at, m))
			return false;
	} else if (word_next(at, "on")) {
		m->weekday = weekday_next(at);
		if (m->weekday >= 0) {
			if (!word_next(at, "from") || !range_read(s, at, m))
				return false;
		} else {
			if (!date_read(at, s->today, 0, &m->from))
				return false;
			m->to = m->from;
		}
	} else {
		return false;
	}
	if (word_next(at, "AM"))
		m->session = AM;
	else if (word_next(at, "PM"))
		m->session = PM;
	if (**at == ',') {
		(*at)++;
		while (**at == ' ')
			(*at)++;
		return **at != '\0';
	}
	return !**at;
}

static void pack_mark(struct body *b, const char *upn, day_t day, int session, const char *code)
{
	char date[DATE_TEXT_SIZE + 1];

	day_text(date, day);
	msgpack_pack_array(&b->pack, 3);
	body_value(b, date);
	body_value(b, session == AM ? "AM" : "PM");
	msgpack_pack_array(&b->pack, 1);
	msgpack_pack_array(&b->pack, 2);
	body_value(b, upn);
	body_value(b, strcmp(code, "present") ? code : session == AM ? "/" : "\\");
}

/* The registers that a part of the shorthand stands for; how many marks. */
static unsigned pack_line(struct body *b, const struct calendar *calendar, const char *upn, const struct mark_line *m)
{
	unsigned count = 0;

	for (day_t d = m->from; d <= m->to && count < MARKS_MAX; d++) {
		if (!calendar_is_school_day(calendar, d) || (m->weekday >= 0 && day_weekday(d) != m->weekday))
			continue;
		for (int session = AM; session <= PM; session++) {
			if ((m->session >= 0 && session != m->session) || (m->sessions && count == m->sessions))
				continue;
			pack_mark(b, upn, d, session, m->code);
			count++;
		}
		if (m->sessions && count == m->sessions)
			break;
	}
	return count;
}

void story_marks(const struct entry *e)
{
	struct story *s = e->story;
	const struct story_pupil *p = story_pupil(e);
	char text[STORY_TEXT_MAX], upn[UPN_SIZE + 1];
	struct mark_line lines[PARTS_MAX];
	struct body registers, b;
	const char *at = text;
	unsigned parts = 0, count = 0;

	story_text(s, e->value, text);
	for (; *at; parts++)
		if (parts == PARTS_MAX || !line_read(s, &at, &lines[parts])) {
			story_stop(s, e->value, "\"%s\" can't be read as marks: O from 7 to 11 September, 3 sessions of N from 14 September, I on 21 September AM, L on Mondays from 7 to 28 September", at);
			return;
		}
	pupil_upn(s, p, upn);
	body_init(&registers);
	for (unsigned i = 0; i < parts; i++) {
		unsigned more = pack_line(&registers, story_calendar(s, p->urn), upn, &lines[i]);

		if (!more)
			story_stop(s, e->value, "no school day is among these days: part %u", i + 1);
		count += more;
	}
	body_init(&b);
	body_text(&b, "urn", p->urn);
	body_key(&b, "registers");
	msgpack_pack_array(&b.pack, count);
	if (registers.bytes.size)
		msgpack_sbuffer_write(&b.bytes, registers.bytes.data, registers.bytes.size);
	msgpack_sbuffer_destroy(&registers.bytes);
	story_check_answer(e, story_send(s, OFFICER, COMMAND_MARKS, &b));
}

/* A register of several pupils, whatever stands in it: "register: 7 September 2026 AM". */
void story_register(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *marks = story_word(e, "marks");
	char text[STORY_TEXT_MAX], code[STORY_TEXT_MAX], upn[UPN_SIZE + 1], date[DATE_TEXT_SIZE + 1];
	const char *at = text;
	size_t count = 0;
	struct body b;
	day_t day;

	story_text(s, e->value, text);
	if (!marks || marks->kind != NODE_MAP || !date_read(&at, s->today, 0, &day) || (strcmp(at, "AM") && strcmp(at, "PM"))) {
		story_stop(s, e->value, "a register is \"register: 7 September 2026 AM\" with \"marks: {Ann: /, Ben: N}\"");
		return;
	}
	for (const struct node *n = story_first(s->at, marks); n; n = story_next(s->at, n))
		count++;
	day_text(date, day);
	body_init(&b);
	body_text(&b, "urn", s->pupils[0].urn);
	body_key(&b, "registers");
	msgpack_pack_array(&b.pack, 1);
	msgpack_pack_array(&b.pack, 3);
	body_value(&b, date);
	body_value(&b, at);
	msgpack_pack_array(&b.pack, count / 2);
	for (const struct node *k = story_first(s->at, marks); k; k = story_next(s->at, story_next(s->at, k))) {
		unsigned i = 0;

		while (i < s->pupil_count && !node_is(k, s->pupils[i].name))
			i++;
		if (i == s->pupil_count)
			story_stop(s, k, "no pupil of this name in the story");
		pupil_upn(s, &s->pupils[i < s->pupil_count ? i : 0], upn);
		story_text(s, story_next(s->at, k), code);
		msgpack_pack_array(&b.pack, 2);
		body_value(&b, upn);
		body_value(&b, code);
	}
	story_check_answer(e, story_send(s, OFFICER, COMMAND_MARKS, &b));
}
