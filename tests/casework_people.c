/* People round a pupil, the rules alone: which fact stands on a day, the record, and a
 * calendar of two schools.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casework/people.h"

static const struct slice nobody;

static void take(struct facts *facts, uint8_t kind, bool holds, uint16_t since, const char *parent)
{
	static uint64_t position;
	const struct event_pupil_fact event = {
		.pupil = 1, .fact = kind, .holds = holds, .since = since, .parent = slice_text(parent)};

	assert_true(facts_room(facts, &event));
	facts_take(facts, &event, ++position);
}

static bool is(const struct facts *facts, uint8_t kind, day_t day)
{
	return facts_hold(facts, kind, nobody, day);
}

static void a_fact_stands_from_its_day_on(void **state)
{
	struct facts f = {0};

	(void)state;
	assert_false(is(&f, FACT_LOOKED_AFTER, 20000));
	take(&f, FACT_LOOKED_AFTER, true, 20000, "");
	assert_false(is(&f, FACT_LOOKED_AFTER, 19999));
	assert_true(is(&f, FACT_LOOKED_AFTER, 20000));
	assert_false(is(&f, FACT_SOCIAL_WORKER, 20000));
	/* known late: what came before */
	take(&f, FACT_LOOKED_AFTER, false, 20100, "");
	take(&f, FACT_LOOKED_AFTER, true, 19000, "");
	take(&f, FACT_LOOKED_AFTER, false, 19500, "");
	assert_true(is(&f, FACT_LOOKED_AFTER, 19000));
	assert_false(is(&f, FACT_LOOKED_AFTER, 19500));
	assert_true(is(&f, FACT_LOOKED_AFTER, 20099));
	assert_false(is(&f, FACT_LOOKED_AFTER, 20100));
	/* put right: the same day again */
	take(&f, FACT_LOOKED_AFTER, false, 19000, "");
	assert_int_equal(f.count, 4);
	assert_false(is(&f, FACT_LOOKED_AFTER, 19400));
}

static void a_parents_fact_is_that_parents(void **state)
{
	struct facts f = {0};

	(void)state;
	take(&f, FACT_PROSECUTED_BEFORE, true, 20000, "p1");
	take(&f, FACT_PROSECUTED_BEFORE, true, 20000, "p2");
	take(&f, FACT_PROSECUTED_BEFORE, false, 20010, "p2");
	assert_true(facts_hold(&f, FACT_PROSECUTED_BEFORE, slice_text("p1"), 20020));
	assert_false(facts_hold(&f, FACT_PROSECUTED_BEFORE, slice_text("p2"), 20020));
	assert_true(facts_hold(&f, FACT_PROSECUTED_BEFORE, slice_text("p2"), 20009));
	assert_false(facts_hold(&f, FACT_PROSECUTED_BEFORE, slice_text("p3"), 20020));
	assert_true(is(&f, FACT_PROSECUTED_BEFORE, 20020)); /* somebody's */
}

static void wg_06_a_plan_in_place_is_any_of_five(void **state)
{
	static const uint8_t plans[] = {FACT_EARLY_HELP, FACT_CHILD_IN_NEED, FACT_CHILD_PROTECTION,
	                                FACT_TEAM_AROUND_FAMILY, FACT_PERSONAL_EDUCATION_PLAN};

	(void)state;
	for (size_t i = 0; i < sizeof plans; i++) {
		struct facts f = {0};

		take(&f, plans[i], true, 20000, "");
		assert_true(facts_plan(&f, 20000));
		assert_false(facts_plan(&f, 19999));
		take(&f, plans[i], false, 20001, "");
		take(&f, FACT_SOCIAL_WORKER, true, 20000, "");
		assert_false(facts_plan(&f, 20001));
	}
}

static void no_more_facts_than_there_is_room_for(void **state)
{
	struct event_pupil_fact event = {.pupil = 1, .fact = FACT_SEND, .holds = true};
	struct facts f = {0};

	(void)state;
	for (event.since = 20000; event.since < 20000 + FACTS_MAX; event.since++)
		take(&f, FACT_SEND, event.since % 2, event.since, "");
	assert_false(facts_room(&f, &event));
	event.since = 20003; /* one that is there can be put right */
	assert_true(facts_room(&f, &event));
}

static void a_move_takes_the_place_of_a_later_one(void **state)
{
	struct people p = {0};

	(void)state;
	people_moved(&p, 111111, 222222, 20000);
	people_moved(&p, 222222, 333333, 20010);
	assert_int_equal(p.school_count, 3);
	assert_int_equal(p.schools[0].from, 0);
	assert_true(people_attended(&p, 111111));
	people_moved(&p, 333333, 444444, 20010);
	assert_int_equal(p.school_count, 3);
	assert_int_equal(p.schools[2].urn, 444444);
	assert_false(people_attended(&p, 333333));
	for (unsigned i = 0; i < 40; i++)
		people_moved(&p, 1, 100000 + i, (day_t)(20011 + i));
	assert_int_equal(p.school_count, SCHOOLS_MAX);
}

static void a_record_comes_back_and_no_other_bytes_do_harm(void **state)
{
	static uint8_t room[PEOPLE_RECORD_MAX], again[PEOPLE_RECORD_MAX];
	struct people *p = calloc(1, sizeof *p), *back = calloc(1, sizeof *back);
	struct writer w = writer_of(room, sizeof room), v = writer_of(again, sizeof again);

	(void)state;
	for (unsigned i = 0; i < FACTS_MAX; i++)
		take(&p->facts, FACT_PROSECUTED_BEFORE, true, (uint16_t)(20000 + i), "abcdefghijklmnop");
	for (unsigned i = 0; i < LINKS_MAX; i++)
		people_link(p, i + 1, slice_text("abcdefghijklmnop"), slice_text("p1"), true);
	assert_false(people_link_room(p, LINKS_MAX + 1, nobody, nobody));
	people_link(p, 3, slice_text("abcdefghijklmnop"), slice_text("p1"), false);
	assert_int_equal(p->link_count, LINKS_MAX);
	for (unsigned i = 0; i < SCHOOLS_MAX; i++)
		people_moved(p, 123456, 123457 + i, (day_t)(20000 + i));
	people_encode(&w, p);
	assert_false(w.full); /* the largest there can be, but for what two schools wrote */
	assert_true(people_decode(back, writer_slice(&w)));
	assert_memory_equal(back, p, sizeof *p);
	for (size_t size = 0; size < writer_size(&w); size++)
		assert_false(people_decode(back, slice_of(room, size)));
	for (size_t at = 0; at < writer_size(&w); at++) {
		room[at] ^= 0x81;
		if (people_decode(back, writer_slice(&w)))
			people_encode(&v, back);
		room[at] ^= 0x81;
		v = writer_of(again, sizeof again);
	}
	assert_true(people_wrote(p, 111111, 222222, 20703, PM)); /* a Monday */
	people_encode(&v, p);
	assert_false(v.full);
	assert_true(people_decode(back, writer_slice(&v)));
	assert_memory_equal(back, p, sizeof *p);
	for (size_t size = writer_size(&w) + 1; size < writer_size(&v); size++)
		assert_false(people_decode(back, slice_of(again, size)));
	free(p);
	free(back);
}

/* Is the mark of that session another's than `urn`'s, where there are two schools? */
static bool by_other(const struct people *p, uint32_t urn, day_t day, uint8_t session)
{
	unsigned bit = 1u << (day_weekday(day) * 2 + session);

	return ((p->others[(unsigned)day_week(day) % PUPIL_WEEKS] & bit) != 0) != (urn != p->first_school);
}

static void whose_mark_a_session_holds(void **state)
{
	struct people p = {0};

	(void)state;
	assert_true(people_wrote(&p, 111111, 222222, 20703, PM));
	assert_true(by_other(&p, 111111, 20703, PM));
	assert_false(by_other(&p, 222222, 20703, PM));
	assert_false(by_other(&p, 111111, 20703, AM)); /* all that stood before is the first school's */
	assert_true(by_other(&p, 222222, 20703, AM));
	assert_false(people_wrote(&p, 222222, 222222, 20703, PM));
	assert_true(people_wrote(&p, 222222, 111111, 20703, PM));
	assert_false(by_other(&p, 111111, 20703, PM));
	assert_false(people_wrote(&p, 222222, 111111, 20707, PM)); /* the Friday */
	assert_true(people_wrote(&p, 111111, 222222, 20707, PM));
	assert_true(by_other(&p, 111111, 20707, PM));
}

/* Day for day what each school's own calendar says, before the move and from it on. */
static void a_calendar_of_two_schools(void **state)
{
	static struct calendar a, b, both;
	const struct calendar_row rows_a[] = {{20697, 20748, CALENDAR_TERM, {0}}, {20700, 20704, CALENDAR_HOLIDAY, {0}}};
	const struct calendar_row rows_b[] = {{20690, 20800, CALENDAR_TERM, {0}}, {20714, 20718, CALENDAR_CLOSURE, {0}}};

	(void)state;
	for (int which = 0; which < 4; which++) {
		calendar_build(&a, rows_a, which & 1 ? 2 : 0);
		calendar_build(&b, rows_b, which & 2 ? 2 : 0);
		for (day_t from = 20680; from <= 20820; from++) {
			both = a;
			calendar_splice(&both, &b, from);
			for (day_t day = 20600; day <= 20900; day++) {
				const struct calendar *own = day < from ? &a : &b;

				assert_int_equal(calendar_is_school_day(&both, day), calendar_is_school_day(own, day));
				assert_int_equal(calendar_is_working_day(&both, day), calendar_is_working_day(own, day));
				/* Within the two of them nothing is reckoned by the default rule alone. */
				if (!calendar_is_provisional(&a, day) && day < from)
					assert_false(calendar_is_provisional(&both, day));
				if (!calendar_is_provisional(&b, day) && day >= from)
					assert_false(calendar_is_provisional(&both, day));
			}
			for (int week = day_week(20600); week <= day_week(20900); week++) {
				bool any = false;

				for (day_t day = week_monday(week); day < week_monday(week) + 7; day++)
					any = any || calendar_is_school_day(&both, day);
				assert_int_equal(calendar_is_school_week(&both, week), any);
			}
		}
	}
	/* From a school with terms to one without: provisional from there on. */
	calendar_build(&a, rows_a, 2);
	calendar_build(&b, NULL, 0);
	calendar_splice(&a, &b, 20710);
	assert_false(calendar_is_provisional(&a, 20709));
	assert_true(calendar_is_provisional(&a, 20710));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fact_stands_from_its_day_on),
		cmocka_unit_test(a_parents_fact_is_that_parents),
		cmocka_unit_test(wg_06_a_plan_in_place_is_any_of_five),
		cmocka_unit_test(no_more_facts_than_there_is_room_for),
		cmocka_unit_test(a_move_takes_the_place_of_a_later_one),
		cmocka_unit_test(a_record_comes_back_and_no_other_bytes_do_harm),
		cmocka_unit_test(whose_mark_a_session_holds),
		cmocka_unit_test(a_calendar_of_two_schools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
