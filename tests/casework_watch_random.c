/* casework_watch_random.c - the watches against a model that counts everything
 * again from all marks at every step.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "naive_pupil.h"
#include "watch_scene.h"

enum { RUNS_MAX = 256, CHANGES_MAX = 64 };

static const uint64_t SICK = CODE_BIT(CODE_I);

struct naive_change {
	bool withdraw, up;
	uint8_t kind;
	day_t first, last;
};

struct naive_alert {
	uint8_t kind;
	bool up, stands, current;
	day_t first, last;
};

struct model {
	struct naive marks;
	const struct calendar *calendar;
	bool armed, persistent, severe;
	day_t year;
	size_t alert_count, change_count;
	struct naive_alert alerts[SCENE_ALERTS_MAX];
	struct naive_change changes[CHANGES_MAX];
};

static void say(struct model *m, uint8_t kind, bool up, day_t first, day_t last)
{
	m->changes[m->change_count++] = (struct naive_change){false, up, kind, first, last};
	m->alerts[m->alert_count++] = (struct naive_alert){kind, up, true, true, first, last};
}

static void take_back(struct model *m, struct naive_alert *a)
{
	m->changes[m->change_count++] = (struct naive_change){true, a->up, a->kind, a->first, a->last};
	a->stands = false;
}

static bool overlap(day_t first, day_t last, const struct naive_alert *a)
{
	return first <= a->last && a->first <= last;
}

static bool is_told(const struct model *m, uint8_t kind, day_t first, day_t last, day_t since)
{
	for (size_t i = 0; i < m->alert_count; i++)
		if (m->alerts[i].stands && m->alerts[i].kind == kind && m->alerts[i].last >= since &&
		    overlap(first, last, &m->alerts[i]))
			return true;
	return false;
}

static bool some_run(const struct naive_run runs[], size_t count, const struct naive_alert *a)
{
	for (size_t i = 0; i < count; i++)
		if (runs[i].nth && overlap(runs[i].first, runs[i].last, a))
			return true;
	return false;
}

static unsigned sick_from(const struct model *m, day_t start)
{
	unsigned count = 0;
	day_t next_year = naive_year_start(start + 380);
	for (day_t day = start; day < next_year && day <= m->marks.latest; day++)
		count += (naive_code(&m->marks, day, AM) == CODE_I) +
			 (naive_code(&m->marks, day, PM) == CODE_I);
	return count;
}

/* Of a year that has begun to leave the record nothing can be said any more. */
static bool total_stands(const struct model *m, const struct naive_alert *a)
{
	day_t year = naive_year_start(a->last);
	return a->up && (year < naive_reach(&m->marks) || sick_from(m, year) >= 30);
}

/* The run that a day stands in or touches, else the day alone. */
static void spread(const struct model *m, const struct naive_run runs[], size_t count, day_t day,
		   day_t *first, day_t *last)
{
	*first = *last = day;
	if (naive_day(&m->marks, SICK, day) == NAIVE_PRESENT)
		return;
	for (size_t i = 0; i < count; i++) {
		day_t low = runs[i].first < day ? runs[i].first : day,
		      high = runs[i].last > day ? runs[i].last : day;
		bool broken = false;
		for (day_t d = low; d <= high; d++)
			broken = broken || naive_day(&m->marks, SICK, d) == NAIVE_PRESENT;
		if (!broken) {
			*first = runs[i].first < day ? runs[i].first : day;
			*last = high;
			/* a morning alone after the run belongs to it, one before it is its start */
			if (runs[i].first > day)
				*first = runs[i].first;
		}
	}
}

static bool total_untold(const struct model *m, day_t year)
{
	for (size_t i = 0; i < m->alert_count; i++)
		if (m->alerts[i].stands && m->alerts[i].kind == ALERT_SICKNESS_RETURN && m->alerts[i].up &&
		    m->alerts[i].last >= year)
			return false;
	return sick_from(m, year) >= 30;
}

static void look_at_sickness(struct model *m, const struct naive_run runs[], size_t count)
{
	day_t year = naive_year_start(m->marks.latest);
	for (size_t i = 0; i < count; i++)
		if (runs[i].nth && !is_told(m, ALERT_SICKNESS_RETURN, runs[i].first, runs[i].last, 0))
			say(m, ALERT_SICKNESS_RETURN, runs[i].nth >= year && total_untold(m, year),
			    runs[i].first, runs[i].nth);
	if (!total_untold(m, year))
		return;
	day_t newest = m->marks.latest, first, last;
	while (naive_code(&m->marks, newest, AM) != CODE_I && naive_code(&m->marks, newest, PM) != CODE_I)
		newest--;
	spread(m, runs, count, newest, &first, &last);
	if (!is_told(m, ALERT_SICKNESS_RETURN, first, last, year))
		say(m, ALERT_SICKNESS_RETURN, true, first, newest);
}

static void look_at_share(struct model *m, uint8_t kind, bool reached, bool *told)
{
	if (reached == *told)
		return;
	*told = reached;
	say(m, kind, reached, 0, m->marks.latest);
}

/* What must be said of the mark that was just taken in, in the order of saying it. */
static void model_look(struct model *m, bool correction)
{
	struct naive_run away[RUNS_MAX], sick[RUNS_MAX];
	const uint64_t codes = CODE_BIT(CODE_G) | CODE_BIT(CODE_N) | CODE_BIT(CODE_O) | CODE_BIT(CODE_U);
	size_t away_count = naive_runs(&m->marks, codes, 10, away, RUNS_MAX);
	size_t sick_count = naive_runs(&m->marks, SICK, 15, sick, RUNS_MAX);
	struct figures f;
	naive_figures(&m->marks, m->calendar, &f);
	bool reached = f.unauthorised_10_weeks >= 10, fell = !reached && !m->armed && correction;
	day_t year = naive_year_start(m->marks.latest);
	if (year != m->year)
		m->persistent = m->severe = false;
	m->year = year;
	m->change_count = 0;

	for (size_t i = 0; i < m->alert_count; i++) {
		struct naive_alert *a = &m->alerts[i];
		if (!a->stands)
			continue;
		if (a->kind == ALERT_THRESHOLD && a->current && fell)
			take_back(m, a);
		if ((a->kind == ALERT_ATTENDANCE_RETURN || a->kind == ALERT_MISSING_FROM_SCHOOL) &&
		    !some_run(away, away_count, a))
			take_back(m, a);
		if (a->kind == ALERT_SICKNESS_RETURN && !some_run(sick, sick_count, a) && !total_stands(m, a))
			take_back(m, a);
	}
	if (!reached) {
		m->armed = true;
	} else if (m->armed) {
		for (size_t i = 0; i < m->alert_count; i++)
			if (m->alerts[i].kind == ALERT_THRESHOLD)
				m->alerts[i].current = false;
		day_t monday = naive_monday(m->marks.latest), start = monday;
		for (int weeks = 1; weeks < 10 && monday > naive_reach(&m->marks);) {
			monday -= 7;
			if (naive_week_counts(m->calendar, monday)) {
				start = monday;
				weeks++;
			}
		}
		m->armed = false;
		say(m, ALERT_THRESHOLD, true, start, m->marks.latest);
	}
	for (uint8_t kind = ALERT_ATTENDANCE_RETURN; kind <= ALERT_MISSING_FROM_SCHOOL; kind += 2)
		for (size_t i = 0; i < away_count; i++)
			if (away[i].nth && !is_told(m, kind, away[i].first, away[i].last, 0))
				say(m, kind, false, away[i].first, away[i].nth);
	look_at_sickness(m, sick, sick_count);
	look_at_share(m, ALERT_PERSISTENT, f.persistent, &m->persistent);
	look_at_share(m, ALERT_SEVERE, f.severe, &m->severe);
}

static void compare(const struct scene *s, const struct model *m)
{
	if (s->change_count != m->change_count)
		for (size_t i = 0; i < s->change_count || i < m->change_count; i++)
			printf("ours: %d %d %d..%d up %d   model: %d %d %d..%d up %d (latest %d)\n",
			       s->changes[i].withdraw, s->changes[i].kind, s->changes[i].first_day,
			       s->changes[i].last_day, s->changes[i].up, m->changes[i].withdraw,
			       m->changes[i].kind, m->changes[i].first, m->changes[i].last, m->changes[i].up,
			       s->pupil.latest_day);
	assert_int_equal(s->change_count, m->change_count);
	for (size_t i = 0; i < s->change_count; i++) {
		assert_int_equal(s->changes[i].withdraw, m->changes[i].withdraw);
		assert_int_equal(s->changes[i].kind, m->changes[i].kind);
		assert_int_equal(s->changes[i].up, m->changes[i].up);
		assert_int_equal(s->changes[i].first_day, m->changes[i].first);
		assert_int_equal(s->changes[i].last_day, m->changes[i].last);
	}
}

static void some_calendar(struct calendar *c, unsigned which)
{
	static const char *const rows[][2] = {
		{"2026-04-13", "2026-05-22"}, {"2026-06-01", "2026-07-21"}, {"2026-09-01", "2026-10-23"},
		{"2026-11-02", "2026-12-18"}, {"2027-01-04", "2027-02-12"}, {"2027-02-22", "2027-03-25"},
		{"2027-04-12", "2027-05-28"}, {"2027-06-07", "2027-07-21"}, {"2027-09-01", "2027-12-17"},
	};
	struct calendar_row terms[9];
	for (size_t i = 0; i < 9; i++)
		terms[i] = (struct calendar_row){(uint16_t)scene_date(rows[i][0]),
						 (uint16_t)scene_date(rows[i][1]), CALENDAR_TERM,
						 slice_text("")};
	calendar_build(c, terms, which % 4 ? 9 : 0);
}

static void round_trip(const struct scene *s)
{
	uint8_t bytes[STANDING_RECORD_MAX], again[STANDING_RECORD_MAX];
	struct standing back;
	struct writer out = writer_of(bytes, sizeof bytes);
	standing_encode(&out, &s->standing);
	assert_true(standing_decode(&back, writer_slice(&out)));
	struct writer twice = writer_of(again, sizeof again);
	standing_encode(&twice, &back);
	assert_true(slice_equal(writer_slice(&out), writer_slice(&twice)));
}

/* The history is kept shorter than the weeks that a record holds, where the two
 * must agree in everything. */
static void watches_agree_with_the_naive_model(void **state)
{
	(void)state;
	struct chance chance = chance_of("casework_watch_random");
	struct model *m = malloc(sizeof *m);
	struct school *school = malloc(sizeof *school);
	unsigned raised[ALERT_KIND_LIMIT] = {0}, withdrawn[ALERT_KIND_LIMIT] = {0}, idles = 0, looks = 0;
	for (unsigned pupil = 0; pupil < 60; pupil++) {
		struct scene *s = scene_new();
		some_calendar(s->calendar, pupil);
		memset(m, 0, sizeof *m);
		memset(school, 0, sizeof *school);
		m->calendar = s->calendar;
		m->armed = true;
		*school = (struct school){.chance = &chance,
					  .calendar = s->calendar,
					  .day = scene_date("2026-05-04") - 1 +
						 (day_t)chance_below(&chance, 100),
					  .session = PM};
		school_spell(school);
		while (s->pupil.latest_day < scene_date("2027-07-20") &&
		       school->day < scene_date("2027-07-20") && s->alert_count < SCENE_ALERTS_MAX - 8) {
			struct sent sent = school_send(school);
			uint8_t held;
			enum mark_change change = scene_mark(s, sent.day, sent.session, sent.code);
			assert_int_equal(change,
					 naive_mark(&m->marks, sent.day, sent.session, sent.code, &held));
			m->change_count = 0;
			if (change == MARK_NEW || change == MARK_CORRECTED)
				model_look(m, change == MARK_CORRECTED);
			compare(s, m);
			assert_true(s->standing.count < STANDING_MAX); /* else the oldest is forgotten */
		}
		pupil_check(&s->pupil, s->calendar);
		round_trip(s);
		for (unsigned i = 0; i < s->alert_count; i++) {
			raised[s->alerts[i].kind]++;
			withdrawn[s->alerts[i].kind] += s->alerts[i].withdrawn;
		}
		idles += s->idles;
		looks += s->looks;
		scene_free(s);
	}
	/* Chance has been to every place that it should. */
	static const uint8_t kinds[] = {ALERT_THRESHOLD,       ALERT_ATTENDANCE_RETURN,
					ALERT_SICKNESS_RETURN, ALERT_MISSING_FROM_SCHOOL,
					ALERT_PERSISTENT,      ALERT_SEVERE};
	for (size_t i = 0; i < sizeof kinds; i++) {
		printf("%s: raised %u, withdrawn %u\n", alert_kind_text(kinds[i]), raised[kinds[i]],
		       withdrawn[kinds[i]]);
		assert_true(raised[kinds[i]] >= 10);
		assert_true(withdrawn[kinds[i]] >= 1 || kinds[i] >= ALERT_PERSISTENT);
	}
	printf("%u of %u marks were idle\n", idles, looks);
	assert_true(idles > looks / 4);
	free(school);
	free(m);
}

static size_t encode(const struct pupil *p, uint8_t room[static PUPIL_RECORD_MAX])
{
	struct writer out = writer_of(room, PUPIL_RECORD_MAX);
	pupil_encode(&out, p);
	return writer_size(&out);
}

/* Live, an alert is applied between the marks of a submission; in replay all marks
 * of it come first. The records must be the same to the byte. */
static void replay_comes_to_the_same_record(void **state)
{
	(void)state;
	struct chance chance = chance_of("replay");
	struct school *school = malloc(sizeof *school);
	for (unsigned pupil = 0; pupil < 60; pupil++) {
		struct scene *s = scene_new();
		struct pupil replayed = {0};
		some_calendar(s->calendar, pupil);
		memset(school, 0, sizeof *school);
		*school = (struct school){.chance = &chance,
					  .calendar = s->calendar,
					  .day = scene_date("2026-06-01") - 1,
					  .session = PM};
		school_spell(school);
		while (school->day < scene_date("2027-11-20")) {
			struct watch_change said[CHANGES_MAX * 8];
			size_t said_count = 0, size = 1 + chance_below(&chance, 40);
			while (size-- > 0 && said_count < CHANGES_MAX * 7) {
				struct sent sent = school_send(school);
				uint8_t held;
				scene_mark(s, sent.day, sent.session, sent.code);
				pupil_mark(&replayed, s->calendar, sent.day, sent.session, sent.code, 10,
					   &held);
				memcpy(said + said_count, s->changes, s->change_count * sizeof said[0]);
				said_count += s->change_count;
			}
			for (size_t i = 0; i < said_count; i++) {
				struct event_alert_raised event = scene_event(&said[i]);
				if (said[i].withdraw)
					watch_apply_withdrawn(&replayed, NULL, said[i].alert);
				else
					watch_apply_raised(&replayed, NULL, &event, 1, 10);
			}
			uint8_t live[PUPIL_RECORD_MAX], again[PUPIL_RECORD_MAX];
			size_t live_size = encode(&s->pupil, live);
			assert_int_equal(encode(&replayed, again), live_size);
			assert_memory_equal(live, again, live_size);
		}
		scene_free(s);
	}
	free(school);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watches_agree_with_the_naive_model),
		cmocka_unit_test(replay_comes_to_the_same_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
