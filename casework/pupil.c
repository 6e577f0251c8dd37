/* pupil.c - marks in words, and figures made of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "casework/pupil.h"

enum { CODE_BITS = 6, DAY_BITS = 2 * CODE_BITS, WEEK_BITS = 5 * DAY_BITS };

#define CODE_MASK UINT64_C(63)
#define WEEK_MASK ((UINT64_C(1) << WEEK_BITS) - 1)

_Static_assert(CODE_LIMIT == 1 << CODE_BITS, "a code fills its bits");
_Static_assert(sizeof(struct pupil) % 64 == 0, "in a table, heads stand at the same place in a cache line");
_Static_assert((int)PUPIL_WEEKS == (int)CALENDAR_REACH_WEEKS,
	       "a window never looks for weeks that are not held");
_Static_assert(DAY_MAX <= UINT16_MAX, "a day fits the record");

static int latest_week(const struct pupil *p)
{
	return day_week(p->latest_day);
}

static bool holds(const struct pupil *p, int week)
{
	if (p->latest_day == 0)
		return false;
	int latest = latest_week(p);
	return week <= latest && week > latest - PUPIL_WEEKS;
}

static uint64_t word_of(const struct pupil *p, int week)
{
	return holds(p, week) ? p->weeks[latest_week(p) - week] : 0;
}

static unsigned shift_of(int weekday, uint8_t session)
{
	return (unsigned)weekday * DAY_BITS + (session == PM ? CODE_BITS : 0);
}

/* The sessions of a week on days from `first` to `last`. */
static uint64_t mask_of(int week, day_t first, day_t last)
{
	day_t monday = week_monday(week);
	uint64_t mask = WEEK_MASK;
	if (first > monday + FRIDAY || last < monday)
		return 0;
	if (first > monday)
		mask &= ~((UINT64_C(1) << shift_of(first - monday, AM)) - 1);
	if (last < monday + FRIDAY)
		mask &= (UINT64_C(1) << shift_of(last - monday + 1, AM)) - 1;
	return mask;
}

/* Sessions of a word with one of `codes`, none of which is CODE_NONE. */
static unsigned count_word(uint64_t word, uint64_t codes)
{
	unsigned count = 0;
	for (; word; word >>= CODE_BITS)
		count += codes >> (word & CODE_MASK) & 1;
	return count;
}

static day_t year_start(const struct pupil *p)
{
	return school_year_start(day_school_year(p->latest_day));
}

day_t pupil_first_held(const struct pupil *p)
{
	return p->latest_day ? week_monday(latest_week(p) - PUPIL_WEEKS + 1) : 0;
}

uint8_t pupil_code(const struct pupil *p, day_t day, uint8_t session)
{
	int week = day_week(day), weekday = day - week_monday(week);
	if (weekday > FRIDAY || session > PM)
		return CODE_NONE;
	return (uint8_t)(word_of(p, week) >> shift_of(weekday, session) & CODE_MASK);
}

static bool is_newest(const struct pupil *p, day_t day, uint8_t session)
{
	return day > p->latest_day || (day == p->latest_day && session >= p->latest_session);
}

uint8_t pupil_morning_ended(const struct pupil *p)
{
	int weekday = day_weekday(p->latest_day);
	uint64_t word = p->weeks[0], earlier = word & ((UINT64_C(1) << shift_of(weekday, AM)) - 1);
	unsigned last;

	if (p->latest_session == PM && (word >> shift_of(weekday, AM) & CODE_MASK))
		return (uint8_t)(word >> shift_of(weekday, AM) & CODE_MASK);
	for (unsigned back = 1; !earlier && back < PUPIL_WEEKS; back++)
		earlier = p->weeks[back];
	if (!earlier)
		return CODE_NONE;
	last = (63 - (unsigned)__builtin_clzll(earlier)) / CODE_BITS;
	return last % 2 == AM ? (uint8_t)(earlier >> last * CODE_BITS) : CODE_NONE;
}

bool pupil_is_new(const struct pupil *p)
{
	for (unsigned back = PUPIL_NEW_WEEKS; back < PUPIL_WEEKS; back++)
		if (p->weeks[back])
			return false;
	return true;
}

static bool takes(const struct pupil *p, day_t day, uint8_t session, uint8_t code)
{
	if (day < DAY_MIN || day > DAY_MAX || day_weekday(day) > FRIDAY || session > PM || code >= CODE_LIMIT ||
	    !code_in(CODES_KNOWN, code))
		return false;
	return is_newest(p, day, session) || holds(p, day_week(day));
}

enum mark_change pupil_would(const struct pupil *p, day_t day, uint8_t session, uint8_t code)
{
	if (!takes(p, day, session, code))
		return MARK_TOO_OLD;
	uint8_t held = pupil_code(p, day, session);
	return held == code ? MARK_SAME : held == CODE_NONE ? MARK_NEW : MARK_CORRECTED;
}

/* The latest register becomes that of a later session: weeks move back, and a new
 * school year starts from nothing. */
static void advance(struct pupil *p, day_t day, uint8_t session)
{
	if (p->latest_day != 0 && day != p->latest_day) {
		int by = day_week(day) - latest_week(p);
		if (by > PUPIL_WEEKS)
			by = PUPIL_WEEKS;
		if (by > 0) {
			memmove(p->weeks + by, p->weeks, (size_t)(PUPIL_WEEKS - by) * sizeof *p->weeks);
			memset(p->weeks, 0, (size_t)by * sizeof *p->weeks);
		}
		if (day_school_year(day) != day_school_year(p->latest_day)) {
			p->possible = p->absent = p->sick = 0;
			p->raised &= UINT32_C(1) << ALERT_THRESHOLD;
		}
	}
	p->latest_day = (uint16_t)day;
	p->latest_session = session;
}

static void recount_window(struct pupil *p, const struct calendar *c)
{
	p->window = (uint16_t)pupil_window(p, c, CODES_UNAUTHORISED, PUPIL_WINDOW_WEEKS, p->latest_day);
}

/* The latest register has come into a later week than `from`: what leaves the window
 * is taken off, which touches a word or two of the record where counting anew
 * touches ten. */
static void move_window(struct pupil *p, const struct calendar *c, int from)
{
	int week = calendar_window_start(c, from, PUPIL_WINDOW_WEEKS);
	int first = calendar_window_start(c, latest_week(p), PUPIL_WINDOW_WEEKS);

	if (!holds(p, week)) {
		recount_window(p, c);
		return;
	}
	for (; week <= from; week++) {
		/* school weeks from the new start on were in it, and stay */
		if (week >= first && week < from)
			week = from;
		bool school = calendar_is_school_week(c, week);
		bool was = week == from || school, is = week >= first && school;

		if (was && !is)
			p->window = (uint16_t)(p->window - count_word(word_of(p, week), CODES_UNAUTHORISED));
	}
}

static bool in_window(const struct pupil *p, const struct calendar *c, int week)
{
	int latest = latest_week(p);
	if (week == latest)
		return true;
	return calendar_is_school_week(c, week) &&
	       week >= calendar_window_start(c, latest, PUPIL_WINDOW_WEEKS);
}

/* The year's figures with one session coded `code` more or less. */
static void count_session(struct pupil *p, uint8_t code, int by)
{
	p->possible = (uint16_t)(p->possible + by * code_in(CODES_POSSIBLE, code));
	p->absent = (uint16_t)(p->absent + by * code_in(CODES_ABSENT, code));
	p->sick = (uint16_t)(p->sick + by * (code == CODE_I));
}

static void rearm(struct pupil *p, unsigned below)
{
	if (p->window < below)
		p->raised &= ~(UINT32_C(1) << ALERT_THRESHOLD);
}

enum mark_change pupil_mark(struct pupil *p, const struct calendar *c, day_t day, uint8_t session,
			    uint8_t code, unsigned rearm_below, uint8_t *held)
{
	*held = CODE_NONE;
	rearm(p, rearm_below);
	if (!takes(p, day, session, code))
		return MARK_TOO_OLD;

	int week = day_week(day), before = p->latest_day ? latest_week(p) : week;
	bool newest = is_newest(p, day, session);
	if (newest)
		advance(p, day, session);
	if (week > before)
		move_window(p, c, before); /* before this mark stands in its week: it is counted below */

	uint64_t *word = &p->weeks[newest ? 0 : before - week];
	unsigned shift = shift_of(day - week_monday(week), session);
	*held = (uint8_t)(*word >> shift & CODE_MASK);
	if (*held == code)
		return MARK_SAME;
	*word = (*word & ~(CODE_MASK << shift)) | (uint64_t)code << shift;

	if (newest || day >= year_start(p)) {
		if (*held != CODE_NONE)
			count_session(p, *held, -1);
		count_session(p, code, 1);
	}
	int more = code_in(CODES_UNAUTHORISED, code) - code_in(CODES_UNAUTHORISED, *held);
	if (more != 0 && in_window(p, c, week))
		p->window = (uint16_t)(p->window + more);
	rearm(p, rearm_below);
	return *held == CODE_NONE ? MARK_NEW : MARK_CORRECTED;
}

enum mark_change pupil_moves(struct pupil *p, const struct calendar *c, day_t day, uint8_t session,
			     uint8_t code, unsigned rearm_below, uint8_t *held)
{
	enum mark_change change;

	rearm(p, rearm_below);
	change = pupil_mark(p, c, day, session, code, 0, held);
	pupil_recount(p, c);
	rearm(p, rearm_below);
	return change;
}

void pupil_recount(struct pupil *p, const struct calendar *c)
{
	p->possible = p->absent = p->sick = p->window = 0;
	if (p->latest_day == 0)
		return;
	day_t start = year_start(p);
	p->possible = (uint16_t)pupil_count(p, CODES_POSSIBLE, start, p->latest_day);
	p->absent = (uint16_t)pupil_count(p, CODES_ABSENT, start, p->latest_day);
	p->sick = (uint16_t)pupil_count(p, CODE_BIT(CODE_I), start, p->latest_day);
	recount_window(p, c);
}

void pupil_check(const struct pupil *p, const struct calendar *c)
{
	struct pupil again = *p;
	pupil_recount(&again, c);
	assert(again.possible == p->possible);
	assert(again.absent == p->absent);
	assert(again.sick == p->sick);
	assert(again.window == p->window);
	if (p->latest_day == 0) {
		assert(p->latest_session == 0);
		for (int i = 0; i < PUPIL_WEEKS; i++)
			assert(p->weeks[i] == 0);
		return;
	}
	assert(pupil_code(p, p->latest_day, p->latest_session) != CODE_NONE);
	for (int i = 0; i < PUPIL_WEEKS; i++) {
		assert((p->weeks[i] & ~WEEK_MASK) == 0);
		for (uint64_t word = p->weeks[i]; word; word >>= CODE_BITS)
			assert((word & CODE_MASK) == CODE_NONE || code_text(word & CODE_MASK));
	}
	uint64_t later = p->weeks[0] >>
			 shift_of(day_weekday(p->latest_day), p->latest_session) >> CODE_BITS;
	assert(later == 0);
}

static void figure_week(struct figures *f, uint64_t word)
{
	bool broken = false;
	for (unsigned session = 0; word; word >>= CODE_BITS, session++) {
		uint8_t code = word & CODE_MASK;
		f->possible += code_in(CODES_POSSIBLE, code);
		f->attended += code_in(CODES_PRESENT, code);
		f->authorised += code_in(CODES_AUTHORISED, code);
		f->unauthorised += code_in(CODES_UNAUTHORISED, code);
		f->late += code == CODE_L;
		f->sick += code == CODE_I;
		f->coded[code] += code != CODE_NONE;
		if (!code_in(CODES_ABSENT, code))
			continue;
		broken = true;
		f->absent_on[session / 2]++;
	}
	f->broken_weeks += broken;
}

void pupil_figures_of(const struct pupil *p, const struct calendar *c, day_t first, day_t last, struct figures *f)
{
	memset(f, 0, sizeof *f);
	if (p->latest_day == 0 || first > last)
		return;
	if (last > p->latest_day)
		last = p->latest_day;
	while (last >= first && !pupil_code(p, last, AM) && !pupil_code(p, last, PM))
		last--;
	if (last < first)
		return;
	bool begun = false;
	for (int week = day_week(first); week <= day_week(last); week++) {
		uint64_t word = word_of(p, week) & mask_of(week, first, last);
		begun = begun || word;
		f->weeks_in_session += begun && calendar_is_school_week(c, week);
		figure_week(f, word);
	}
	unsigned absent = f->authorised + f->unauthorised;
	f->school_year = day_school_year(last);
	f->latest = last;
	f->persistent = f->possible >= PUPIL_SHARE_FROM && absent * 10 >= f->possible;
	f->severe = f->possible >= PUPIL_SHARE_FROM && absent * 2 >= f->possible;
	f->unauthorised_10_weeks = last == p->latest_day ? p->window :
				   pupil_window(p, c, CODES_UNAUTHORISED, PUPIL_WINDOW_WEEKS, last);
}

void pupil_figures(const struct pupil *p, const struct calendar *c, struct figures *f)
{
	pupil_figures_of(p, c, p->latest_day ? year_start(p) : 0, p->latest_day, f);
}

unsigned pupil_window(const struct pupil *p, const struct calendar *c, uint64_t codes, unsigned weeks,
		      day_t last)
{
	int week = day_week(last);
	int first = calendar_window_start(c, week, weeks);
	unsigned count = count_word(word_of(p, week) & mask_of(week, DAY_MIN, last), codes & ~UINT64_C(1));
	while (--week >= first)
		if (calendar_is_school_week(c, week))
			count += count_word(word_of(p, week), codes & ~UINT64_C(1));
	return count;
}

unsigned pupil_count(const struct pupil *p, uint64_t codes, day_t first, day_t last)
{
	unsigned count = 0;
	if (p->latest_day == 0 || first > last)
		return 0;
	if (first < pupil_first_held(p))
		first = pupil_first_held(p);
	if (last > p->latest_day)
		last = p->latest_day;
	for (int week = day_week(first); week <= day_week(last); week++)
		count += count_word(word_of(p, week) & mask_of(week, first, last), codes & ~UINT64_C(1));
	return count;
}

/* What a day's two sessions are to a run, but for the rule that it must have ended. */
static enum day_kind kind_of(unsigned sessions, uint64_t codes)
{
	bool absent = false;
	if (sessions == 0)
		return DAY_UNKNOWN;
	for (; sessions; sessions >>= CODE_BITS) {
		uint8_t code = sessions & CODE_MASK;
		if (!code_in(CODES_POSSIBLE, code))
			continue;
		if (!code_in(codes, code))
			return DAY_BREAKS;
		absent = true;
	}
	return absent ? DAY_IN : DAY_NEUTRAL;
}

static enum day_kind day_in_word(const struct pupil *p, uint64_t codes, uint64_t word, day_t day, int weekday)
{
	enum day_kind kind = kind_of(word >> shift_of(weekday, AM) & ((1u << DAY_BITS) - 1), codes);
	if (kind == DAY_IN && day == p->latest_day && p->latest_session == AM)
		return DAY_UNKNOWN;
	return kind;
}

enum day_kind pupil_day(const struct pupil *p, uint64_t codes, day_t day)
{
	int week = day_week(day), weekday = day - week_monday(week);
	if (weekday > FRIDAY)
		return DAY_UNKNOWN;
	return day_in_word(p, codes, word_of(p, week), day, weekday);
}

/* The earliest day of the stretch that ends at `from`: the day after the one that
 * breaks it, or the first day held. */
static day_t stretch_start(const struct pupil *p, uint64_t codes, day_t from, bool *edge)
{
	day_t oldest = pupil_first_held(p);
	*edge = false;
	for (int week = day_week(from); week_monday(week) >= oldest; week--) {
		day_t monday = week_monday(week);
		uint64_t word = word_of(p, week);
		int weekday = from - monday < FRIDAY ? from - monday : FRIDAY;
		for (; word && weekday >= MONDAY; weekday--)
			if (day_in_word(p, codes, word, monday + weekday, weekday) == DAY_BREAKS)
				return monday + weekday + 1;
	}
	*edge = true;
	return oldest;
}

bool pupil_stretch(const struct pupil *p, uint64_t codes, day_t day, unsigned nth, struct stretch *s)
{
	memset(s, 0, sizeof *s);
	if (p->latest_day == 0 || day < pupil_first_held(p) || pupil_day(p, codes, day) == DAY_BREAKS)
		return false;
	day_t start = stretch_start(p, codes, day, &s->edge);
	for (int week = day_week(start); week <= latest_week(p); week++) {
		day_t monday = week_monday(week);
		uint64_t word = word_of(p, week);
		for (int weekday = start > monday ? start - monday : MONDAY; word && weekday <= FRIDAY;
		     weekday++) {
			enum day_kind kind = day_in_word(p, codes, word, monday + weekday, weekday);
			if (kind == DAY_BREAKS)
				return true;
			if (kind != DAY_IN)
				continue;
			s->last = monday + weekday;
			if (s->count++ == 0)
				s->first = s->last;
			if (s->count == nth)
				s->nth_day = s->last;
		}
	}
	return true;
}

unsigned pupil_run(const struct pupil *p, uint64_t codes, day_t day, day_t *first, day_t *last, unsigned nth,
		   day_t *nth_day)
{
	struct stretch s = {0};
	if (pupil_day(p, codes, day) == DAY_IN)
		pupil_stretch(p, codes, day, nth, &s);
	*first = s.first;
	*last = s.last;
	if (nth_day)
		*nth_day = s.nth_day;
	return s.count;
}
