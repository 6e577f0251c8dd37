/* The log, event by event, beside what was sent and answered.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/model.h"

void wrong(struct model *m, const char *format, ...)
{
	va_list arguments;

	if (m->why[0])
		return;
	va_start(arguments, format);
	vsnprintf(m->why, sizeof m->why, format, arguments);
	va_end(arguments);
}

bool went_wrong(const struct model *m)
{
	return m->why[0];
}

void model_begin(struct model *m)
{
	memset(m, 0, sizeof *m);
	days_init();
	timetable_count(&m->authority);
	for (int i = 0; i < SCHOOLS; i++)
		timetable_count(&m->school[i]);
	for (int i = 0; i < PUPILS; i++) {
		memset(m->pupils[i].code, -1, sizeof m->pupils[i].code);
		m->pupils[i].school = m->pupils[i].named = -1;
		m->pupils[i].armed = true;
	}
}

void model_end(struct model *m)
{
	for (unsigned i = 0; i < m->sent_count; i++) {
		free(m->sent[i].frame);
		free(m->sent[i].rows);
	}
	free(m->sent);
	free(m->hashes);
	free(m->changes);
	free(m->times);
	free(m->alerts);
	free(m->fired);
	free(m->deadlines);
	free(m->cases);
}

void *list_grow(void *list, unsigned count, unsigned *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 64;
	list = realloc(list, *room * size);
	if (!list)
		abort();
	return list;
}

/* ---- what was sent ---- */

/* Its number stands in its id, so that it needn't be looked for. Version 7 as time goes on, version 8 in any order. */
struct sent *sent_new(struct model *m, uint8_t command, unsigned actor, bool by_content)
{
	struct sent *s;
	uint32_t number = m->sent_count + 1, shuffled = by_content ? number * 2654435761u : number;

	m->sent = list_grow(m->sent, m->sent_count, &m->sent_room, sizeof *m->sent);
	s = &m->sent[m->sent_count++];
	memset(s, 0, sizeof *s);
	s->command = command;
	s->actor = actor;
	s->scope = s->pupil = s->school = s->cover = -1;
	for (int i = 0; i < 4; i++) {
		s->id[i] = (uint8_t)(shuffled >> (24 - 8 * i));
		s->id[12 + i] = (uint8_t)(number >> (24 - 8 * i));
	}
	s->id[6] = by_content ? 0x80 : 0x70;
	s->id[8] = 0x80;
	return s;
}

struct sent *sent_find(struct model *m, const uint8_t id[static 16])
{
	uint32_t number = (uint32_t)id[12] << 24 | (uint32_t)id[13] << 16 | (uint32_t)id[14] << 8 | id[15];

	if (number < 1 || number > m->sent_count || memcmp(m->sent[number - 1].id, id, 16) != 0)
		return NULL;
	return &m->sent[number - 1];
}

static const char *name_of(const struct sent *s, char room[static 48])
{
	snprintf(room, 48, "submission %u (%02x)", (unsigned)(s->id[13] << 16 | s->id[14] << 8 | s->id[15]), s->command);
	return room;
}

/* May they, by what is granted when it is answered? Of whom that changes meanwhile, nothing is known. */
static bool may_send(const struct model *m, const struct sent *s)
{
	const struct actor *a = &m->actors[s->actor];
	bool school = a->is.role != CONNECTOR || s->school < 0 || (a->is.schools >> s->school & 1);

	return a->is.granted && role_may(a->is.role, s->command) && school && !a->changing;
}

static void first_answer(struct model *m, struct sent *s, uint16_t status, uint64_t position, struct value body)
{
	char name[48];

	s->status = status;
	if (status >= 300) {
		/* it stands there, and is not looked for now */
		if (s->logged && (status < 400 || ((status == 403 || status == 414) && !may_send(m, s))))
			return;
		must(m, !s->logged, "%s stands at %llu and is answered %u", name_of(s, name), (unsigned long long)s->logged, status);
		s->state = REFUSED;
		return;
	}
	must(m, status == 200 || status == 202 || s->sends > 1, "%s was sent once and is answered %u", name_of(s, name), status);
	s->state = TAKEN;
	s->position = position;
	s->answer = value_hash(body);
	value_print(body, s->said, sizeof s->said);
	s->said_accepted = (uint32_t)value_number(value_of(body, "accepted"));
	s->said_known = (uint32_t)value_number(value_of(body, "known"));
	s->said_refused = value_count(value_of(body, "refused"));
	if (!value_size(body))
		s->said_accepted = s->row_count;
}

void sent_answered(struct model *m, struct sent *s, uint16_t status, uint64_t position, struct value body)
{
	char name[48];

	if (s->state != TAKEN) {
		first_answer(m, s, status, position, body);
		return;
	}
	/* taken before: the first answer again, whatever else has happened since */
	if (status >= 300 && status < 400)
		return;
	/* whoever asks is known by their key, for every message anew */
	if ((status == 414 || status == 403) && !may_send(m, s))
		return;
	if (!s->position) /* it was taken together with others */
		s->position = position;
	must(m, status == 201, "%s was taken, and sent again it is answered %u", name_of(s, name), status);
	must(m, position == s->position, "%s was taken at %llu, and sent again it stands at %llu", name_of(s, name),
	     (unsigned long long)s->position, (unsigned long long)position);
	if (value_hash(body) != s->answer) {
		char text[400];

		must(m, false, "%s gets another answer, sent again: %s (%s)", name_of(s, name), value_print(body, text, sizeof text), s->said);
	}
}

/* ---- names ---- */

int pupil_of(const struct model *m, struct value upn)
{
	for (int i = 0; i < PUPILS; i++)
		if (value_is(upn, m->pupils[i].upn))
			return i;
	return -1;
}

int school_of(const struct model *m, struct value urn)
{
	for (int i = 0; i < SCHOOLS; i++)
		if (value_is(urn, m->urn[i]))
			return i;
	return -1;
}

uint32_t case_of(struct value id)
{
	char text[16];

	value_text(id, text, sizeof text);
	return text[0] == 'C' ? (uint32_t)strtoul(text + 1, NULL, 10) : 0;
}

void case_write(uint32_t number, char room[static 16])
{
	snprintf(room, 16, "C%u", number);
}

static bool read_id(struct value v, uint8_t id[static 16])
{
	char text[40];
	const char *at = value_text(v, text, sizeof text);

	if (strlen(text) != 36)
		return false;
	for (int i = 0; i < 16; i++, at += 2) {
		unsigned byte;

		at += *at == '-';
		if (sscanf(at, "%2x", &byte) != 1)
			return false;
		id[i] = (uint8_t)byte;
	}
	return true;
}

/* ---- what a submission made ---- */

static void take_marks(struct model *m, struct sent *s, struct value event, uint64_t at)
{
	unsigned i = 0;
	char name[48], text[16];

	must(m, value_is(value_of(event, "urn"), m->urn[s->school]), "%s is of another school in the log", name_of(s, name));
	marks_take(m, s, at);
	must(m, value_number(value_of(event, "known")) == s->known, "%s: %u rows were known, not %llu", name_of(s, name), s->known,
	     (unsigned long long)value_number(value_of(event, "known")));
	EACH(mark, value_of(event, "marks")) {
		const struct mark_row *r;

		while (i < s->row_count && (!s->rows[i].good || s->rows[i].future || s->rows[i].twice || s->rows[i].known))
			i++;
		r = i < s->row_count ? &s->rows[i] : NULL;
		must(m, r && value_is(value_of(mark, "upn"), m->pupils[r->pupil].upn) && value_is(value_of(mark, "code"), code_names[r->code]) &&
		     value_is(value_of(mark, "session"), r->session ? "PM" : "AM") &&
		     value_is(value_of(mark, "date"), day_write(r->day, text)),
		     "%s: row %u stands in the log otherwise than it was sent", name_of(s, name), i);
		i++;
	}
	must(m, value_count(value_of(event, "marks")) == s->accepted, "%s: %u rows stand in the log, and %u were good and new", name_of(s, name),
	     value_count(value_of(event, "marks")), s->accepted);
}

static void take_action(struct model *m, const struct sent *s, struct value event)
{
	uint32_t number = case_of(value_of(event, "case"));
	struct pupil *p = &m->pupils[s->pupil];
	char name[48], text[16];
	bool opens = value_kind(value_of(event, "opens")) == VALUE_YES;

	must(m, value_is(value_of(event, "upn"), p->upn) && value_is(value_of(event, "action"), s->action) &&
	     value_is(value_of(event, "on"), day_write(s->on, text)), "%s stands in the log otherwise than it was sent", name_of(s, name));
	must(m, opens == !p->open_case, "%s of %s %s a case", name_of(s, name), p->upn, opens ? "opens" : "does not open");
	must(m, opens || p->open_case == number, "%s is of C%u, and %s has C%u open", name_of(s, name), number, p->upn, p->open_case);
	if (went_wrong(m))
		return;
	if (!opens) {
		m->cases[number - 1].did[s->actor] = m->head;
		return;
	}
	must(m, number == m->case_count + 1, "C%u is opened after C%u", number, m->case_count);
	m->cases = list_grow(m->cases, m->case_count, &m->case_room, sizeof *m->cases);
	m->cases[m->case_count++] = (struct case_file){.number = number, .pupil = s->pupil, .school = p->school};
	m->cases[m->case_count - 1].did[s->actor] = m->head;
	p->open_case = number;
}

static void take_calendar(struct model *m, const struct sent *s, struct value event)
{
	unsigned i = 0;
	char name[48], from[16], to[16], a[16], b[16];

	EACH(row, value_of(event, "rows")) {
		struct value second = value_next(value_first(row));

		must(m, i < s->calendar_count && !strcmp(value_text(value_first(row), from, 16), day_write(s->calendar[i].from, a)) &&
		     !strcmp(value_text(second, to, 16), day_write(s->calendar[i].to, b)) &&
		     value_is(value_next(second), row_kinds[s->calendar[i].kind]), "%s: row %u stands in the log otherwise", name_of(s, name), i);
		i++;
	}
	must(m, i == s->calendar_count, "%s has %u rows in the log", name_of(s, name), i);
	calendar_take(m, s);
}

static const char *kind_of(uint8_t command)
{
	static const struct {
		uint8_t command;
		const char *kind;
	} kinds[] = {
		{MARKS, "marks-recorded"}, {ROSTER, "roster-submitted"}, {ACTION, "action-recorded"}, {CALENDAR, "calendar-loaded"},
		{PATHWAY, "pathway-loaded"}, {GRANT, "access-granted"}, {REVOKE, "access-revoked"}, {ACKNOWLEDGE, "alert-acknowledged"},
		{FACT, "pupil-fact"}, {LINK, "pupils-linked"}, {COVER, "cover-named"}, {MOVE, "case-moved"}, {CHOOSE, "pathway-chosen"},
		{DESCRIBE, "school-described"}, {TASK, "task-done"}, {OFFER, "meeting-offered"},
	};

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].command == command)
			return kinds[i].kind;
	return "clock-"; /* moved or confirmed */
}

static void scope_change(struct model *m, const struct sent *s)
{
	struct actor *a = &m->actors[s->number];
	struct scope scope = s->command == GRANT ? s->wanted : a->is;

	scope.granted = s->command == GRANT;
	scope.since = m->head;
	a->revoked_at = scope.granted ? a->revoked_at : m->head;
	scope_take(a, scope);
}

static void take_submitted(struct model *m, struct value event, const uint8_t id[static 16], uint64_t at)
{
	struct sent *s = sent_find(m, id);
	char name[48], kind[32], actor[128];

	must(m, s != NULL, "the log holds, at %llu, what nobody sent", (unsigned long long)m->head);
	if (!s)
		return;
	nothing_expected(m);
	m->last_submitted = m->head;
	m->began = true;
	value_text(value_of(event, "kind"), kind, sizeof kind);
	value_text(value_of(event, "actor"), actor, sizeof actor);
	must(m, !s->logged, "%s stands in the log twice, at %llu and at %llu", name_of(s, name), (unsigned long long)s->logged,
	     (unsigned long long)m->head);
	must(m, s->state != REFUSED, "%s was answered %u, and stands in the log", name_of(s, name), s->status);
	must(m, !strncmp(kind, kind_of(s->command), strlen(kind_of(s->command))), "%s is %s in the log", name_of(s, name), kind);
	must(m, strstr(actor, role_names[m->actors[s->actor].is.role]) != NULL, "%s is by '%s' in the log", name_of(s, name), actor);
	must(m, role_may(m->actors[s->actor].is.role, s->command), "%s was taken of a %s", name_of(s, name), role_names[m->actors[s->actor].is.role]);
	s->logged = m->head;
	if (went_wrong(m))
		return;
	if (s->command == MARKS)
		take_marks(m, s, event, at);
	if (s->command == ACTION)
		take_action(m, s, event);
	if (s->command == CALENDAR)
		take_calendar(m, s, event);
	if (s->command == COVER)
		cover_take(m, s, at);
	if (s->command == GRANT || s->command == REVOKE)
		scope_change(m, s);
	if (s->command == MOVE && case_of(value_of(event, "case")) - 1 < m->case_count)
		m->cases[case_of(value_of(event, "case")) - 1].moved = true;
	if (s->command == CHOOSE)
		for (unsigned i = 0; i < m->case_count; i++)
			m->cases[i].moved = true;
}

/* ---- an event ---- */

static void take_other(struct model *m, const char *kind, struct value event, uint64_t at)
{
	int pupil = pupil_of(m, value_of(event, "upn"));

	if (!strcmp(kind, "pupil-registered")) {
		must(m, pupil >= 0 && !m->pupils[pupil].registered, "at %llu a pupil is registered who is known", (unsigned long long)m->head);
		if (pupil >= 0) {
			m->pupils[pupil].registered = true;
			m->pupils[pupil].named = school_of(m, value_of(event, "urn"));
		}
	}
	if (!strcmp(kind, "roster-recorded") && pupil >= 0)
		m->pupils[pupil].named = school_of(m, value_of(event, "urn"));
	if (!strcmp(kind, "pupil-fact") && value_is(value_of(event, "fact"), "school"))
		move_take(m, event);
	if (!strcmp(kind, "deadline-fired"))
		fired_take(m, event, at);
	if (!strcmp(kind, "day-ended")) {
		char text[16];
		int day = day_read(value_text(value_of(event, "day"), text, sizeof text));

		must(m, !m->held, "a day ends while the clock is held");
		must(m, date_of(day)->weekday < 5 && at >= midnight(day + 1), "%s ends at a time when it has not", text);
	}
	if (!strcmp(kind, "clock-held")) {
		must(m, !m->held && (m->hold_due || m->hold_may), "the clock is held, and it was right");
		m->held = true;
		m->hold_due = false;
	}
	if (!strcmp(kind, "clock-confirmed"))
		m->held = false;
}

static void remember(struct model *m, struct value event)
{
	if (m->head > m->hash_room) {
		m->hash_room = m->hash_room ? 2 * m->hash_room : 4096;
		m->hashes = realloc(m->hashes, m->hash_room * sizeof *m->hashes);
		m->changes = realloc(m->changes, m->hash_room * sizeof *m->changes);
		m->times = realloc(m->times, m->hash_room * sizeof *m->times);
		if (!m->hashes || !m->changes || !m->times)
			abort();
	}
	m->hashes[m->head - 1] = value_hash(event);
	m->changes[m->head - 1] = 0;
	m->times[m->head - 1] = m->last_at;
}

void log_take(struct model *m, struct value event)
{
	if (m->trace) { /* trace_event */
		char text_[3000];

		fprintf(stderr, "      %s\n", value_print(event, text_, sizeof text_));
	}
	uint8_t id[16];
	char kind[32], text[40];
	uint64_t at = time_read(value_text(value_of(event, "recorded"), text, sizeof text));

	value_text(value_of(event, "kind"), kind, sizeof kind);
	m->head++;
	must(m, value_number(value_of(event, "seq")) == m->head, "the log goes on with %llu after %llu",
	     (unsigned long long)value_number(value_of(event, "seq")), (unsigned long long)m->head - 1);
	must(m, at >= m->last_at, "event %llu is older than the one before", (unsigned long long)m->head);
	m->last_at = at;
	remember(m, event);
	if (read_id(value_of(event, "id"), id))
		take_submitted(m, event, id, at);
	if (!strcmp(kind, "alert-raised"))
		raised_take(m, event, at);
	else if (!strncmp(kind, "alert-", 6))
		alert_take(m, kind, event);
	else
		take_other(m, kind, event, at);
}

bool log_stands(const struct model *m, struct value event)
{
	uint64_t seq = value_number(value_of(event, "seq"));

	return seq >= 1 && seq <= m->head && m->hashes[seq - 1] == value_hash(event);
}

void log_settled(struct model *m)
{
	char name[48];
	bool all = true;

	nothing_expected(m);
	for (unsigned i = m->settled_to; i < m->sent_count; i++) {
		struct sent *s = &m->sent[i];

		if (s->state == TAKEN && !s->settled) {
			if (!s->position)
				s->position = s->logged;
			must(m, s->logged, "%s was acked, and stands nowhere", name_of(s, name));
			must(m, s->logged == s->position, "%s was acked at %llu and stands at %llu", name_of(s, name),
			     (unsigned long long)s->position, (unsigned long long)s->logged);
			if (s->command == MARKS && s->logged && s->position)
				must(m, s->said_accepted == s->accepted && s->said_known == s->known && s->said_refused == s->refused,
				     "%s was answered %u %u %u, and %u %u %u are right", name_of(s, name), s->said_accepted, s->said_known,
				     s->said_refused, s->accepted, s->known, s->refused);
			s->settled = true;
		}
		all = all && (s->settled || s->state == REFUSED);
		if (all)
			m->settled_to = i + 1;
	}
}
