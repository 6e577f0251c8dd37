/* casework_pupil_random.c - a pupil against the naive model, and the bytes of the record.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pupil_marks.h"

static size_t encode(const struct pupil *p, uint8_t room[static PUPIL_RECORD_MAX])
{
	struct writer out = writer_of(room, PUPIL_RECORD_MAX);
	pupil_encode(&out, p);
	assert_false(out.full);
	return writer_size(&out);
}

static void round_trip(const struct pupil *p)
{
	uint8_t bytes[PUPIL_RECORD_MAX], again[PUPIL_RECORD_MAX];
	struct pupil back;
	size_t size = encode(p, bytes);
	memset(&back, 0xa5, sizeof back);
	assert_true(pupil_decode(&back, slice_of(bytes, size)));
	assert_memory_equal(back.weeks, p->weeks, sizeof p->weeks);
	assert_true(back.urn == p->urn && back.case_no == p->case_no && back.latest_day == p->latest_day &&
		    back.latest_session == p->latest_session && back.standing == p->standing &&
		    back.raised == p->raised && back.possible == p->possible && back.absent == p->absent &&
		    back.sick == p->sick && back.window == p->window && back.position == p->position);
	assert_int_equal(encode(&back, again), size);
	assert_memory_equal(bytes, again, size);
}

static void records_come_back_and_truncations_do_not(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0}, back;
	uint8_t bytes[PUPIL_RECORD_MAX + 1];
	school_year(&c);
	round_trip(&p);
	p = (struct pupil){.urn = 123456, .case_no = 70000, .position = UINT64_MAX, .standing = 1};
	mark_days(&p, &c, date("2026-09-07"), 60, CODE_AM, CODE_I);
	p.raised = UINT32_MAX;
	round_trip(&p);
	/* Every week held: the largest record fits. */
	day_t first = p.latest_day - 63 * 7;
	for (day_t day = naive_monday(first); day <= p.latest_day; day++)
		if (day_weekday(day) <= FRIDAY)
			mark(&p, &c, day, AM, CODE_CLOSED);
	round_trip(&p);

	size_t size = encode(&p, bytes);
	for (size_t shorter = 0; shorter < size; shorter++) {
		uint8_t *exact = malloc(shorter ? shorter : 1); /* so that a read past its end is seen */
		memcpy(exact, bytes, shorter);
		assert_false(pupil_decode(&back, slice_of(exact, shorter)));
		free(exact);
	}
	bytes[size] = 0;
	assert_false(pupil_decode(&back, slice_of(bytes, size + 1)));
}

/* As stores of schema 3 and older hold it. */
static void the_older_record_is_read(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {.urn = 123456, .case_no = 300, .position = 9000, .standing = 1, .raised = 5}, back;
	uint8_t bytes[PUPIL_RECORD_MAX];
	struct writer old = writer_of(bytes, sizeof bytes);
	uint64_t held = 0;
	school_year(&c);
	mark_days(&p, &c, date("2026-09-07"), 12, CODE_AM, CODE_I);
	for (unsigned i = 0; i < PUPIL_WEEKS; i++)
		held |= (uint64_t)(p.weeks[i] != 0) << i;
	write_u32(&old, p.urn);
	write_varint(&old, p.case_no);
	write_varint(&old, p.position);
	write_u8(&old, p.standing);
	write_u32(&old, p.raised);
	write_u16(&old, p.latest_day);
	write_u8(&old, p.latest_session);
	write_varint(&old, p.possible);
	write_varint(&old, p.absent);
	write_varint(&old, p.sick);
	write_varint(&old, p.window);
	write_u64(&old, held);
	for (unsigned i = 0; i < PUPIL_WEEKS; i++)
		if (p.weeks[i])
			write_u64(&old, p.weeks[i]);
	assert_false(old.full);
	assert_true(pupil_decode(&back, writer_slice(&old)));
	assert_memory_equal(&back, &p, sizeof p);
	for (size_t shorter = 1; shorter < writer_size(&old); shorter++)
		assert_false(pupil_decode(&back, slice_of(bytes, shorter)));
}

/* Usual weeks cost a byte a run; other ones what is other about them. */
static void usual_weeks_take_no_room(void **state)
{
	(void)state;
	struct pupil p = {.urn = 123456, .position = 1, .latest_day = (uint16_t)date("2026-09-11"), .latest_session = PM};
	uint8_t bytes[PUPIL_RECORD_MAX];
	uint64_t usual = 0;
	size_t size;
	for (unsigned i = 0; i < 10; i++)
		usual |= (uint64_t)(i % 2 ? CODE_PM : CODE_AM) << i * 6;
	for (unsigned i = 0; i < PUPIL_WEEKS; i++)
		p.weeks[i] = usual;
	size = encode(&p, bytes);
	assert_true(size < 30);
	round_trip(&p);
	for (unsigned others = 1; others <= 10; others++) { /* at the first week's start, so that runs stay whole */
		p.weeks[3] = usual;
		for (unsigned i = 0; i < others; i++)
			p.weeks[3] = (p.weeks[3] & ~(UINT64_C(63) << i * 6)) | (uint64_t)CODE_I << i * 6;
		round_trip(&p);
		assert_int_equal(encode(&p, bytes), size + 1 + (others <= 6 ? 2 + others : 9));
	}
}

/* No byte that is flipped makes a record that another encoding would also give. */
static void damaged_records_are_refused_or_canonical(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {.urn = 123456, .case_no = 7, .position = 9000}, back;
	uint8_t bytes[PUPIL_RECORD_MAX], again[PUPIL_RECORD_MAX];
	school_year(&c);
	mark_days(&p, &c, date("2026-09-07"), 12, CODE_AM, CODE_I);
	size_t size = encode(&p, bytes);
	unsigned refused = 0;
	for (size_t i = 0; i < size; i++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			bytes[i] ^= (uint8_t)flip;
			if (pupil_decode(&back, slice_of(bytes, size))) {
				assert_int_equal(encode(&back, again), size);
				assert_memory_equal(bytes, again, size);
			} else {
				refused++;
			}
			bytes[i] ^= (uint8_t)flip;
		}
	}
	assert_true(refused > 1000);
}

static void compare(const struct pupil *p, const struct naive *n, const struct calendar *c)
{
	struct figures ours, theirs;
	pupil_check(p, c);
	pupil_figures(p, c, &ours);
	naive_figures(n, c, &theirs);
	assert_memory_equal(&ours, &theirs, sizeof ours);
	assert_int_equal(p->possible, theirs.possible);
	assert_int_equal(p->absent, theirs.authorised + theirs.unauthorised);
	assert_int_equal(p->sick, theirs.sick);
	assert_int_equal(p->window, theirs.unauthorised_10_weeks);
}

static void compare_runs(const struct pupil *p, const struct naive *n, uint64_t codes)
{
	struct naive_run runs[400];
	size_t count = naive_runs(n, codes, 10, runs, 400), at = 0;
	for (day_t day = naive_reach(n); day <= n->latest; day++) {
		day_t first, last, nth;
		unsigned days = pupil_run(p, codes, day, &first, &last, 10, &nth);
		while (at < count && runs[at].last < day)
			at++;
		bool in = at < count && runs[at].first <= day && naive_day(n, codes, day) == NAIVE_ABSENT;
		assert_int_equal(days, in ? runs[at].count : 0);
		assert_int_equal(first, in ? runs[at].first : 0);
		assert_int_equal(last, in ? runs[at].last : 0);
		assert_int_equal(nth, in ? runs[at].nth : 0);
	}
}

/* Two and a half years of one pupil, marked, late, missed and corrected. */
static void random_marks_agree_with_the_naive_model(void **state)
{
	(void)state;
	struct chance chance = chance_of("casework_pupil");
	struct calendar *c = malloc(sizeof *c);
	struct naive *n = malloc(sizeof *n);
	struct school *s = malloc(sizeof *s);
	for (unsigned pupil = 0; pupil < 24; pupil++) {
		struct pupil p = {.urn = 100000 + pupil};
		if (pupil % 3)
			school_year(c);
		else
			calendar_build(c, NULL, 0);
		memset(n, 0, sizeof *n);
		memset(s, 0, sizeof *s);
		*s = (struct school){
			.chance = &chance, .calendar = c, .day = date("2026-06-01") - 1, .session = PM};
		school_spell(s);
		for (unsigned step = 0; step < 1100; step++) {
			struct sent sent = school_send(s);
			uint8_t held, naive_held;
			enum mark_change would = pupil_would(&p, sent.day, sent.session, sent.code);
			enum mark_change change =
				pupil_mark(&p, c, sent.day, sent.session, sent.code, 10, &held);
			assert_int_equal(change,
					 naive_mark(n, sent.day, sent.session, sent.code, &naive_held));
			assert_int_equal(change, would);
			assert_int_equal(held, naive_held);
			compare(&p, n, c);
			if (step % 97 == 0) {
				compare_runs(&p, n, UNAUTHORISED);
				compare_runs(&p, n, CODE_BIT(CODE_I));
				round_trip(&p);
			}
			/* Now and then a term of registers is missing, or more than is held. */
			if (chance_below(&chance, 700) == 0) {
				s->day += (day_t)chance_below(&chance, chance_below(&chance, 4) ? 200 : 700);
				s->session = PM;
			}
		}
		assert_true(p.latest_day > date("2027-09-10"));
	}
	free(s);
	free(n);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_and_truncations_do_not),
		cmocka_unit_test(the_older_record_is_read),
		cmocka_unit_test(usual_weeks_take_no_room),
		cmocka_unit_test(damaged_records_are_refused_or_canonical),
		cmocka_unit_test(random_marks_agree_with_the_naive_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
