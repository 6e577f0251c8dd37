/* casework_standing.c - texts, applying, bytes and rules of watches.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_scene.h"

/* ---- applying, texts, bytes ---- */

static void texts_are_filled(void **state)
{
	struct scene *s = *state;
	uint8_t room[256];
	scene_days(s, scene_date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_days(s, s->pupil.latest_day + 1, 4, CODE_AM, CODE_PM);
	struct watch_change change = {.watch = RULE_THRESHOLD,
				      .kind = ALERT_THRESHOLD,
				      .up = true,
				      .count = 10,
				      .first_day = (uint16_t)scene_date("2026-09-07"),
				      .last_day = (uint16_t)scene_date("2026-09-11")};
	struct writer out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_true(slice_is(writer_slice(&out), "10 sessions from Monday 7 September 2026 to "
						 "Friday 11 September 2026; 44.4 %. {unknown} {"));
	change = (struct watch_change){
		.watch = RULE_PERSISTENT, .kind = ALERT_PERSISTENT, .up = true, .count = 4, .of = 40};
	out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_true(slice_is(writer_slice(&out), "up: 4 of 40"));
	change.up = false;
	out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_true(slice_is(writer_slice(&out), "down: 4 of 40"));
	change.watch = RULE_SEVERE; /* no text: nothing is said */
	out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_int_equal(writer_size(&out), 0);
}

static void alerts_of_deadlines_change_no_watch(void **state)
{
	struct scene *s = *state;
	static const uint8_t kinds[] = {ALERT_BREACH,
					ALERT_DUE_SOON,
					ALERT_DUE,
					ALERT_OVERDUE,
					ALERT_DECISION,
					ALERT_DEADLINE_MOVED,
					ALERT_ESCALATED,
					ALERT_REMINDER,
					ALERT_DRIFT,
					ALERT_FACT_CHANGED,
					0,
					32,
					255};
	scene_days(s, scene_date("2026-09-07"), 1, CODE_O, CODE_O);
	struct pupil before = s->pupil;
	for (size_t i = 0; i < sizeof kinds; i++) {
		struct event_alert_raised event = {
			.kind = kinds[i], .up = true, .first_day = 20000, .last_day = 20001};
		watch_apply_raised(&s->pupil, &s->standing, &event, 5, 10);
	}
	assert_memory_equal(&before, &s->pupil, sizeof before);
	assert_int_equal(s->standing.count, 0);
	watch_apply_withdrawn(&s->pupil, &s->standing, 5); /* unknown: nothing */
	assert_int_equal(s->standing.count, 0);
}

static void standing_keeps_the_newest_and_one_threshold(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 6, CODE_O, CODE_O);
	s->standing = (struct standing){0};
	struct event_alert_raised event = {
		.kind = ALERT_THRESHOLD, .up = true, .first_day = 20000, .last_day = 20010};
	watch_apply_raised(&s->pupil, &s->standing, &event, 1000, 10);
	watch_apply_raised(&s->pupil, &s->standing, &event, 1001, 10);
	assert_int_equal(s->standing.count, 1);
	assert_int_equal(s->standing.alerts[0].alert, 1001);
	event.kind = ALERT_ATTENDANCE_RETURN;
	event.up = false;
	for (uint64_t alert = 1002; alert < 1002 + STANDING_MAX; alert++)
		watch_apply_raised(&s->pupil, &s->standing, &event, alert, 10);
	assert_int_equal(s->standing.count, STANDING_MAX);
	/* the oldest of its kind made room, and not the threshold */
	assert_int_equal(s->standing.alerts[0].alert, 1001);
	assert_int_equal(s->standing.alerts[1].alert, 1003);
	event.kind = ALERT_SICKNESS_RETURN; /* of another kind: again the oldest of the kind that most stand of */
	watch_apply_raised(&s->pupil, &s->standing, &event, 1500, 10);
	assert_int_equal(s->standing.count, STANDING_MAX);
	assert_int_equal(s->standing.alerts[0].alert, 1001);
	assert_int_equal(s->standing.alerts[1].alert, 1004);
	assert_int_equal(s->standing.alerts[STANDING_MAX - 1].alert, 1500);
	watch_apply_raised(&s->pupil, &s->standing, &event, 1501, 10); /* and not the other of its own, of which there are few */
	assert_int_equal(s->standing.alerts[STANDING_MAX - 2].alert, 1500);
	assert_int_equal(s->standing.alerts[1].alert, 1005);
	watch_apply_withdrawn(&s->pupil, &s->standing, 1006);
	assert_int_equal(s->standing.count, STANDING_MAX - 1);
	assert_int_equal(s->standing.alerts[2].alert, 1007);
	/* A share is not kept. */
	event = (struct event_alert_raised){
		.kind = ALERT_SEVERE, .up = true, .last_day = s->pupil.latest_day};
	watch_apply_raised(&s->pupil, &s->standing, &event, 2000, 10);
	assert_int_equal(s->standing.count, STANDING_MAX - 1);
	assert_true(s->pupil.raised >> ALERT_SEVERE & 1);
}

static void standing_comes_back_and_truncations_do_not(void **state)
{
	(void)state;
	struct standing standing = {0}, back;
	uint8_t bytes[STANDING_RECORD_MAX];
	for (unsigned i = 0; i < STANDING_MAX; i++)
		standing.alerts[standing.count++] =
			(struct standing_alert){.kind = ALERT_SICKNESS_RETURN,
						.up = i % 2,
						.alert = UINT64_MAX - 100 + i,
						.first_day = (uint16_t)(20000 + i),
						.last_day = (uint16_t)(20000 + 2 * i)};
	struct writer out = writer_of(bytes, sizeof bytes);
	standing_encode(&out, &standing);
	assert_false(out.full);
	size_t size = writer_size(&out);
	memset(&back, 0xa5, sizeof back);
	assert_true(standing_decode(&back, slice_of(bytes, size)));
	assert_int_equal(back.count, standing.count);
	for (unsigned i = 0; i < STANDING_MAX; i++)
		assert_true(back.alerts[i].kind == standing.alerts[i].kind &&
			    back.alerts[i].up == standing.alerts[i].up &&
			    back.alerts[i].alert == standing.alerts[i].alert &&
			    back.alerts[i].first_day == standing.alerts[i].first_day &&
			    back.alerts[i].last_day == standing.alerts[i].last_day);
	for (size_t shorter = 0; shorter < size; shorter++)
		assert_false(standing_decode(&back, slice_of(bytes, shorter)));
	bytes[0] = STANDING_MAX + 1;
	assert_false(standing_decode(&back, slice_of(bytes, size)));
	bytes[0] = STANDING_MAX - 1; /* bytes are left over */
	assert_false(standing_decode(&back, slice_of(bytes, size)));
}

static void rules_that_are_none_are_named(void **state)
{
	(void)state;
	struct pathway *p = calloc(1, sizeof *p);
	scene_rules(p);
	for (unsigned i = 0; i < RULE_COUNT; i++)
		assert_null(watch_fault(&p->watches[i]));
	struct watch_rule rule = p->watches[RULE_THRESHOLD];
	rule.codes |= CODE_BIT(CODE_I);
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_THRESHOLD];
	rule.kind = ALERT_SEVERE;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_MISSING];
	rule.at_least = 0;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_MISSING];
	rule.codes = CODE_BIT(CODE_X);
	assert_non_null(watch_fault(&rule));
	rule.codes = 0;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_SEVERE];
	rule.at_least = 101;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_SEVERE];
	rule.type = 9;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_SEVERE];
	rule.kind = 0;
	assert_non_null(watch_fault(&rule));
	rule.kind = ALERT_BREACH;
	assert_non_null(watch_fault(&rule));
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(texts_are_filled),
		SCENE_TEST(alerts_of_deadlines_change_no_watch),
		SCENE_TEST(standing_keeps_the_newest_and_one_threshold),
		SCENE_TEST(standing_comes_back_and_truncations_do_not),
		SCENE_TEST(rules_that_are_none_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
