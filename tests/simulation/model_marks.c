/* Marks: figures and the alerts that the figures bring, counted again from all marks each time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tests/simulation/model.h"

/* The codes of the School Attendance (Pupil Registration) (England) Regulations 2024. */
const char *const code_names[CODES] = {
	"/", "\\", "L", "K", "V", "P", "W", "B",              /* attended, 0 to 7 */
	"C", "C1", "C2", "M", "J1", "S", "T", "R", "I", "E",  /* absent with leave, 8 to 17 */
	"G", "N", "O", "U",                                   /* absent without, 18 to 21 */
	"D", "X", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Q", "Z", "#",
};

enum { LATE = 2, ABSENT_FROM = 8, UNAUTHORISED_FROM = 18, NEITHER_FROM = 22, DUAL = 22, NOTHING_FROM = 32 };

static bool attended(int code)
{
	return code >= 0 && code < ABSENT_FROM;
}

static bool authorised(int code)
{
	return code >= ABSENT_FROM && code < UNAUTHORISED_FROM;
}

static bool unauthorised(int code)
{
	return code >= UNAUTHORISED_FROM && code < NEITHER_FROM;
}

static bool absent(int code)
{
	return authorised(code) || unauthorised(code);
}

int code_of(const char *text)
{
	for (int i = 0; i < CODES; i++)
		if (!strcmp(code_names[i], text))
			return i;
	return -1;
}

/* "/" is of the morning, "\" of the afternoon. */
bool code_fits(int code, int session)
{
	return code > 1 || code == session;
}

const struct timetable *days_of(const struct model *m, int school)
{
	return school >= 0 && m->school[school].loaded ? &m->school[school] : &m->authority;
}

static int marks_from(void)
{
	static int from;

	return from ? from : (from = day_on(MARKS_FROM_YEAR, 1, 1));
}

static int mark(const struct pupil *p, int day, int session)
{
	int at = day - marks_from();

	return at < 0 || at >= MARK_DAYS ? -1 : p->code[at][session];
}

/* Marks are kept for 64 weeks, those of the latest register the last of them. */
static int kept_from(const struct pupil *p)
{
	return p->latest ? monday_of(p->latest) - 63 * 7 : 0;
}

struct figures {
	unsigned possible, attended, authorised, unauthorised, late, window, broken, weeks;
};

static unsigned window_of(const struct model *m, const struct pupil *p)
{
	const struct timetable *t = days_of(m, p->school);
	unsigned count = 0;
	int from = window_begins(t, p->latest);

	for (int day = from > kept_from(p) ? from : kept_from(p); day <= p->latest; day++)
		for (int session = 0; session < 2; session++)
			/* a week without a school day is none of the ten, but for the latest register's own */
			count += unauthorised(mark(p, day, session)) && (school_week(t, day) || monday_of(day) == monday_of(p->latest));
	return count;
}

static struct figures figures_of(const struct model *m, const struct pupil *p)
{
	struct figures f = {0};
	int first = 0, broken = 0;

	if (!p->latest)
		return f;
	for (int day = year_begins(p->latest); day <= p->latest; day++)
		for (int session = 0; session < 2; session++) {
			int code = mark(p, day, session);

			if (code < 0)
				continue;
			first = first ? first : day;
			f.attended += attended(code);
			f.authorised += authorised(code);
			f.unauthorised += unauthorised(code);
			f.late += code == LATE;
			if (absent(code) && monday_of(day) != broken) {
				broken = monday_of(day);
				f.broken++;
			}
		}
	f.possible = f.attended + f.authorised + f.unauthorised;
	f.window = window_of(m, p);
	for (int week = monday_of(first); first && week <= p->latest; week += 7)
		f.weeks += school_week(days_of(m, p->school), week);
	return f;
}

/* A tenth, and a half, of possible sessions missed, from the twentieth on. */
static bool share_of(const struct figures *f, int which)
{
	return f->possible >= 20 && (f->authorised + f->unauthorised) * (which ? 2 : 10) >= f->possible;
}

static void expect(struct model *m, bool withdrawn, const char *kind, int pupil, uint64_t alert, bool up)
{
	struct expected *e = &m->expected[m->expected_count];

	if (m->expected_count + 1 == sizeof m->expected / sizeof *m->expected)
		return;
	m->expected_count++;
	*e = (struct expected){.withdrawn = withdrawn, .pupil = pupil, .alert = alert, .up = up};
	snprintf(e->kind, sizeof e->kind, "%s", kind);
}

/* What the figures have come to say. `corrected`: by a correction that took an unauthorised session away;
 * `calendar`: by a calendar, which withdraws nothing, so that an alert stands and is not told again. */
static void look(struct model *m, int pupil, bool corrected, bool calendar)
{
	static const char *const shares[2] = {"persistent", "severe"};
	struct pupil *p = &m->pupils[pupil];
	struct figures f = figures_of(m, p);

	if (corrected && f.window < 10 && !p->armed && p->threshold) {
		expect(m, true, "threshold", pupil, p->threshold, false);
		p->threshold = 0;
	}
	if (f.window < 10 && !calendar)
		p->armed = true;
	if (f.window >= 10 && p->armed) {
		expect(m, false, "threshold", pupil, 0, true);
		p->armed = false;
		p->threshold = TO_COME;
	}
	for (int i = 0; i < 2; i++)
		if (share_of(&f, i) != p->shares[i]) {
			p->shares[i] = !p->shares[i];
			expect(m, false, shares[i], pupil, 0, p->shares[i]);
		}
}

static void take_mark(struct model *m, const struct mark_row *r, int school)
{
	struct pupil *p = &m->pupils[r->pupil];
	bool newest = r->day > p->latest || (r->day == p->latest && r->session > p->session);
	bool latest = newest || (r->day == p->latest && r->session == p->session);
	int held = mark(p, r->day, r->session), at = r->day - marks_from();
	bool below;

	m->marks++;
	if (p->latest && window_of(m, p) < 10)
		p->armed = true;
	/* a D says that the pupil is at the other school */
	if (p->school < 0 || (latest && r->code != DUAL))
		school_take(m, r->pupil, school, r->day);
	/* where it isn't reached by the new school's weeks, no correction took it away */
	below = p->latest && window_of(m, p) < 10;
	if (!newest && r->day < kept_from(p))
		return;
	if (at < 0 || at >= MARK_DAYS)
		return;
	if (newest) {
		if (p->latest && year_begins(p->latest) != year_begins(r->day))
			p->shares[0] = p->shares[1] = false; /* a new school year begins silently */
		p->latest = r->day;
		p->session = r->session;
	}
	p->code[at][r->session] = (int8_t)r->code;
	p->wrote[at][r->session] = (int8_t)school;
	if (held != r->code)
		look(m, r->pupil, !below && unauthorised(held) && !unauthorised(r->code) && r->day >= window_begins(days_of(m, p->school), p->latest),
		     false);
}

static bool named_before(const struct sent *s, unsigned i)
{
	const struct mark_row *r = &s->rows[i];

	for (unsigned j = 0; j < i; j++) {
		const struct mark_row *q = &s->rows[j];

		if (q->good && !q->future && q->pupil == r->pupil && q->day == r->day && q->session == r->session)
			return true;
	}
	return false;
}

/* It is held already; or the pupil is at another school, which has said what they did there. */
static bool is_known(const struct pupil *p, const struct mark_row *r, int school)
{
	int held = mark(p, r->day, r->session);

	if (p->latest < r->day || r->day < kept_from(p) || held < 0)
		return false;
	return held == r->code ||
	       (r->code == DUAL && held != DUAL && held < NOTHING_FROM && p->wrote[r->day - marks_from()][r->session] != school);
}

void marks_take(struct model *m, struct sent *s, uint64_t at)
{
	int today = day_at(at);

	s->accepted = s->known = s->refused = 0;
	for (unsigned i = 0; i < s->row_count; i++) {
		struct mark_row *r = &s->rows[i];

		r->future = r->day > today;
		r->twice = r->good && !r->future && named_before(s, i);
		if (!r->good || r->future || r->twice) {
			s->refused++;
			continue;
		}
		r->known = is_known(&m->pupils[r->pupil], r, s->school);
		s->known += r->known;
		s->accepted += !r->known;
	}
	for (unsigned i = 0; at && i < s->row_count; i++) {
		struct mark_row *r = &s->rows[i];

		if (r->good && !r->future && !r->twice && !r->known && s->logged)
			take_mark(m, r, s->school);
	}
}

void calendar_take(struct model *m, const struct sent *s)
{
	struct timetable *t = s->scope < 0 ? &m->authority : &m->school[s->scope];

	t->loaded = true;
	t->count = s->calendar_count;
	memcpy(t->rows, s->calendar, sizeof t->rows);
	timetable_count(t);
	for (int i = 0; i < PUPILS; i++)
		if (m->pupils[i].latest && (s->scope < 0 || m->pupils[i].school == s->scope))
			look(m, i, false, true);
}

/* For people: what the window counts. */
static void show_window(const struct model *m, const struct pupil *p)
{
	const struct timetable *t = days_of(m, p->school);
	char text[16], from[16];

	fprintf(stderr, "   latest %s, window from %s;", day_write(p->latest, text), day_write(window_begins(t, p->latest), from));
	for (int day = window_begins(t, p->latest) - 400; day <= p->latest; day++)
		for (int session = 0; session < 2; session++)
			if (unauthorised(mark(p, day, session)))
				fprintf(stderr, " %s%s%s", day_write(day, text), session ? "PM" : "AM", school_week(t, day) ? "" : "(no school week)");
	fputc('\n', stderr);
}

/* ---- what `pupil` says ---- */

static void compare(struct model *m, int pupil, struct value answer, const char *key, unsigned wanted)
{
	struct value v = value_of(answer, key);
	bool is_flag = value_kind(v) == VALUE_YES || value_kind(v) == VALUE_NO;
	uint64_t got = is_flag ? value_kind(v) == VALUE_YES : value_number(v);

	must(m, value_kind(v) != VALUE_NOTHING && got == wanted, "%s of %s is %llu and must be %u", key, m->pupils[pupil].upn,
	     (unsigned long long)got, wanted);
}

void figures_check(struct model *m, int pupil, struct value answer)
{
	const struct pupil *p = &m->pupils[pupil];
	struct figures f = figures_of(m, p);
	double percentage = value_decimal(value_of(answer, "percentage"));

	if (!p->latest)
		return;
	compare(m, pupil, answer, "possible", f.possible);
	compare(m, pupil, answer, "attended", f.attended);
	compare(m, pupil, answer, "authorised", f.authorised);
	compare(m, pupil, answer, "unauthorised", f.unauthorised);
	compare(m, pupil, answer, "late", f.late);
	compare(m, pupil, answer, "unauthorised_10_weeks", f.window);
	if (went_wrong(m) && m->trace)
		show_window(m, p);
	compare(m, pupil, answer, "broken_weeks", f.broken);
	compare(m, pupil, answer, "weeks_in_session", f.weeks);
	compare(m, pupil, answer, "persistent", share_of(&f, 0));
	compare(m, pupil, answer, "severe", share_of(&f, 1));
	must(m, value_is(value_of(answer, "urn"), m->urn[p->school]), "%s is at another school than its latest register's", p->upn);
	/* to one decimal, halves up: in whole numbers */
	if (f.possible) {
		unsigned wanted = (2000 * f.attended + f.possible) / (2 * f.possible);

		must(m, (unsigned)(percentage * 10 + 0.5) == wanted, "percentage of %s is %g and must be %u.%u", p->upn, percentage,
		     wanted / 10, wanted % 10);
	} else {
		must(m, value_kind(value_of(answer, "percentage")) == VALUE_NOTHING, "%s has a percentage of nothing", p->upn);
	}
}
