/* naive_pupil.h - a pupil's marks as a plain array, and everything counted again
 * from them. Shares nothing with casework/pupil.c but dates and the calendar's bits,
 * and is as dull as it can be.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_NAIVE_PUPIL_H
#define TESTS_NAIVE_PUPIL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/pupil.h"

struct naive {
	uint8_t code[CALENDAR_DAYS][2];
	day_t latest, earliest;
	int session;
};

enum naive_day { NAIVE_NOTHING, NAIVE_ABSENT, NAIVE_PRESENT };

static inline const char *naive_text(uint8_t code)
{
	return code ? code_text(code) : "";
}

static inline bool naive_one_of(uint8_t code, const char *codes)
{
	char wanted[8], all[160];
	if (code == CODE_NONE)
		return false;
	snprintf(wanted, sizeof wanted, " %s ", naive_text(code));
	snprintf(all, sizeof all, " %s ", codes);
	return strstr(all, wanted) != NULL;
}

/* By the text of the code: the classes as the regulations print them. Worked out
 * once for each, because a search through text a million times is a minute. */
struct naive_class {
	bool present, authorised, unauthorised;
};

static inline const struct naive_class *naive_class(uint8_t code)
{
	static struct naive_class classes[CODE_LIMIT];
	static bool ready;
	for (uint8_t i = 0; !ready && i < CODE_LIMIT; i++) {
		classes[i].present = code_text(i) && naive_one_of(i, "/ \\ L K V P W B");
		classes[i].authorised = code_text(i) && naive_one_of(i, "C C1 C2 M J1 S T R I E");
		classes[i].unauthorised = code_text(i) && naive_one_of(i, "G N O U");
	}
	ready = true;
	return &classes[code];
}

static inline bool naive_absent(uint8_t code)
{
	return naive_class(code)->authorised || naive_class(code)->unauthorised;
}

static inline bool naive_possible(uint8_t code)
{
	return naive_class(code)->present || naive_absent(code);
}

static inline uint8_t naive_code(const struct naive *n, day_t day, int session)
{
	return day < DAY_MIN || day > DAY_MAX ? CODE_NONE : n->code[day - DAY_MIN][session];
}

static inline day_t naive_monday(day_t day)
{
	while (day_weekday(day) != MONDAY)
		day--;
	return day;
}

/* The first day that a record of 64 weeks reaches. */
static inline day_t naive_reach(const struct naive *n)
{
	return n->latest ? naive_monday(n->latest) - 63 * 7 : DAY_MIN;
}

static inline enum mark_change naive_mark(struct naive *n, day_t day, int session, uint8_t code,
					  uint8_t *held)
{
	*held = CODE_NONE;
	if (n->latest && day < naive_reach(n))
		return MARK_TOO_OLD;
	*held = naive_code(n, day, session);
	n->code[day - DAY_MIN][session] = code;
	if (!n->latest || day > n->latest || (day == n->latest && session > n->session)) {
		n->latest = day;
		n->session = session;
	}
	if (n->earliest == 0 || day < n->earliest)
		n->earliest = day;
	return *held == code ? MARK_SAME : *held == CODE_NONE ? MARK_NEW : MARK_CORRECTED;
}

static inline day_t naive_year_start(day_t day)
{
	for (;; day--) {
		int year, month, of_month;
		day_split(day, &year, &month, &of_month);
		if (month == 9 && of_month == 1)
			return day;
	}
}

static inline bool naive_week_counts(const struct calendar *c, day_t monday)
{
	for (day_t day = monday; day < monday + 7; day++)
		if (calendar_is_school_day(c, day))
			return true;
	return false;
}

/* The latest register's own week and the nine with a school day before it. */
static inline unsigned naive_window(const struct naive *n, const struct calendar *c)
{
	unsigned count = 0;
	day_t monday = naive_monday(n->latest);
	for (int weeks = 0; weeks < 10 && monday >= naive_reach(n); monday -= 7) {
		if (weeks > 0 && !naive_week_counts(c, monday))
			continue;
		weeks++;
		for (day_t day = monday; day < monday + 7; day++)
			for (int session = AM; session <= PM; session++)
				count += naive_class(naive_code(n, day, session))->unauthorised;
	}
	return count;
}

static inline void naive_figures(const struct naive *n, const struct calendar *c, struct figures *f)
{
	memset(f, 0, sizeof *f);
	if (!n->latest)
		return;
	day_t start = naive_year_start(n->latest), broken = 0, first = 0;
	for (day_t day = start; day <= n->latest; day++) {
		for (int session = AM; session <= PM; session++) {
			uint8_t code = naive_code(n, day, session);
			if (code == CODE_NONE)
				continue;
			first = first ? first : day;
			f->possible += naive_possible(code);
			f->attended += naive_class(code)->present;
			f->authorised += naive_class(code)->authorised;
			f->unauthorised += naive_class(code)->unauthorised;
			f->late += code == CODE_L;
			f->sick += code == CODE_I;
			f->coded[code]++;
			if (!naive_absent(code))
				continue;
			f->absent_on[day_weekday(day)]++;
			f->broken_weeks += naive_monday(day) != broken;
			broken = naive_monday(day);
		}
	}
	for (day_t monday = naive_monday(first); monday <= n->latest; monday += 7)
		f->weeks_in_session += naive_week_counts(c, monday);
	int year, month, of_month;
	day_split(start, &year, &month, &of_month);
	f->school_year = year;
	f->latest = n->latest;
	f->persistent = f->possible >= 20 && (f->authorised + f->unauthorised) * 10 >= f->possible;
	f->severe = f->possible >= 20 && (f->authorised + f->unauthorised) * 2 >= f->possible;
	f->unauthorised_10_weeks = naive_window(n, c);
}

static inline enum naive_day naive_day(const struct naive *n, uint64_t codes, day_t day)
{
	bool absent = false;
	for (int session = AM; session <= PM; session++) {
		uint8_t code = naive_code(n, day, session);
		if (!naive_possible(code))
			continue;
		if (!(codes >> code & 1))
			return NAIVE_PRESENT;
		absent = true;
	}
	if (day == n->latest && n->session == AM)
		return NAIVE_NOTHING; /* the day has not ended */
	return absent ? NAIVE_ABSENT : NAIVE_NOTHING;
}

struct naive_run {
	day_t first, last, nth;
	unsigned count;
};

/* Every run from the first day that the record reaches, in order. */
static inline size_t naive_runs(const struct naive *n, uint64_t codes, unsigned nth, struct naive_run out[],
				size_t room)
{
	size_t count = 0;
	struct naive_run run = {0};
	day_t from = naive_reach(n) > n->earliest ? naive_reach(n) : n->earliest;
	for (day_t day = from; day <= n->latest + 1; day++) {
		enum naive_day kind = day > n->latest ? NAIVE_PRESENT : naive_day(n, codes, day);
		if (kind == NAIVE_PRESENT) {
			if (run.count > 0 && count < room)
				out[count++] = run;
			run = (struct naive_run){0};
		} else if (kind == NAIVE_ABSENT) {
			run.first = run.count ? run.first : day;
			run.last = day;
			if (++run.count == nth)
				run.nth = day;
		}
	}
	return count;
}

/* ---- chance, from a seed that is printed ---- */

struct chance {
	uint64_t state;
};

static inline struct chance chance_of(const char *what)
{
	const char *given = getenv("ATTEND_SEED");
	struct chance c = {given ? strtoull(given, NULL, 0) : UINT64_C(0x5eed0a77e2d)};
	printf("%s: ATTEND_SEED=%llu\n", what, (unsigned long long)c.state);
	return c;
}

static inline uint64_t chance_next(struct chance *c) /* splitmix64 */
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline unsigned chance_below(struct chance *c, unsigned limit)
{
	return (unsigned)(chance_next(c) % limit);
}

/* Marks as a school sends them: spells of presence, of one sort of absence, of
 * neither; registers that come late, never, or are corrected afterwards. */
struct sent {
	day_t day;
	uint8_t session, code;
};

struct school {
	struct chance *chance;
	const struct calendar *calendar;
	day_t day;
	uint8_t session;
	unsigned spell_left;
	uint8_t spell[2]; /* codes of its mornings and afternoons */
	unsigned noise;   /* in how many marks one is another code */
	unsigned late_count;
	struct sent late[64]; /* not sent yet */
	size_t history_count;
	struct sent history[4096]; /* what may be corrected */
};

static inline uint8_t any_code(struct chance *c, uint8_t session)
{
	for (;;) {
		uint8_t code = (uint8_t)(1 + chance_below(c, 34));
		if (code_fits_session(code, session))
			return code;
	}
}

static inline void school_spell(struct school *s)
{
	static const uint8_t moods[][2] = {
		{CODE_AM, CODE_PM},  {CODE_AM, CODE_PM}, {CODE_AM, CODE_PM}, {CODE_I, CODE_I},
		{CODE_I, CODE_I},    {CODE_O, CODE_O},   {CODE_N, CODE_U},   {CODE_G, CODE_G},
		{CODE_O, CODE_Y1},   {CODE_X, CODE_X},   {CODE_I, CODE_D},   {CODE_I, CODE_NONE},
		{CODE_U, CODE_NONE}, {CODE_AM, CODE_U},  {CODE_M, CODE_PM},
	};
	unsigned mood = chance_below(s->chance, sizeof moods / sizeof moods[0]);
	memcpy(s->spell, moods[mood], 2);
	s->spell_left = 2 + chance_below(s->chance, chance_below(s->chance, 3) ? 16 : 60);
	s->noise = 4 + chance_below(s->chance, 60);
}

static inline void school_next_session(struct school *s)
{
	if (s->session == AM) {
		s->session = PM;
		return;
	}
	s->session = AM;
	do
		s->day++;
	while (!calendar_is_school_day(s->calendar, s->day) &&
	       (day_weekday(s->day) > FRIDAY || chance_below(s->chance, 40) != 0));
	if (s->spell_left-- == 0)
		school_spell(s);
}

/* The next mark to take in. */
static inline struct sent school_send(struct school *s)
{
	for (;;) {
		unsigned what = chance_below(s->chance, 100);
		if (what < 6 && s->late_count > 0) {
			unsigned i = chance_below(s->chance, s->late_count);
			struct sent sent = s->late[i];
			s->late[i] = s->late[--s->late_count];
			s->history[s->history_count++ % 4096] = sent;
			return sent;
		}
		if (what < 14 && s->history_count > 0) {
			/* Corrections are of recent marks mostly, and now and then of any. */
			size_t known = s->history_count < 4096 ? s->history_count : 4096;
			size_t back =
				1 + chance_below(s->chance, (unsigned)(known < 60 || what < 7 ? known : 60));
			struct sent sent = s->history[(s->history_count - back) % 4096];
			uint8_t plain[] = {sent.session == AM ? CODE_AM : CODE_PM, CODE_I, CODE_O, CODE_N,
					   CODE_Y2};
			sent.code = chance_below(s->chance, 3) ? plain[chance_below(s->chance, 5)]
							       : any_code(s->chance, sent.session);
			return sent;
		}
		school_next_session(s);
		struct sent sent = {s->day, s->session, s->spell[s->session]};
		if (chance_below(s->chance, s->noise) == 0)
			sent.code = any_code(s->chance, s->session);
		if (sent.code == CODE_NONE || chance_below(s->chance, 200) == 0)
			continue; /* never taken */
		if (chance_below(s->chance, 25) == 0 && s->late_count < 64) {
			s->late[s->late_count++] = sent;
			continue;
		}
		s->history[s->history_count++ % 4096] = sent;
		return sent;
	}
}

#endif
