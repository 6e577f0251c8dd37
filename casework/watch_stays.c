/* watch_stays.c - watches that look when a day ends: is a mark still what it was?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/condition.h"
#include "casework/watch.h"

bool watch_days(const struct watch_rule *rule, const struct calendar *c, day_t ended, day_t *first, day_t *last)
{
	*first = *last = ended;
	if (rule->at_least == 1)
		return true;
	if (!calendar_is_school_day(c, ended))
		return false;
	*first = *last = calendar_subtract(c, ended, rule->at_least - 1u, UNIT_SCHOOL_DAYS);
	while (!calendar_is_school_day(c, *last + 1)) /* `ended` is one, so this ends */
		++*last;
	return true;
}

day_t watch_stays_until(const struct watch_rule *rule, const struct calendar *c, day_t day)
{
	return rule->at_least == 1 ? day : calendar_add(c, day, rule->at_least - 1u, UNIT_SCHOOL_DAYS, NULL);
}

/* A mark that says that the absence was over, or another one. */
static bool breaks(const struct watch_rule *rule, uint8_t code)
{
	return code != CODE_NONE && !code_in(rule->codes, code) && code_in(CODES_POSSIBLE, code);
}

/* Does no session break from the first such mark of one day to the first of the other? */
static bool one_absence(const struct watch_rule *rule, const struct pupil *p, day_t one, day_t other)
{
	day_t first = one < other ? one : other, last = one < other ? other : one;
	bool begun = false;

	for (day_t day = first; day <= last; day++)
		for (uint8_t session = AM; session <= PM; session++) {
			uint8_t code = pupil_code(p, day, session);
			bool such = code != CODE_NONE && code_in(rule->codes, code);

			if (day == last && such)
				return true;
			if (begun && breaks(rule, code))
				return false;
			begun = begun || such;
		}
	return true;
}

/* Nobody has ever seen the pupil: no mark before `day`, and no other since. */
static bool never_seen(const struct watch_rule *rule, const struct pupil *p, day_t day, day_t until)
{
	for (day_t at = pupil_first_held(p); at <= until; at++)
		for (uint8_t session = AM; session <= PM; session++) {
			uint8_t code = pupil_code(p, at, session);

			if (code != CODE_NONE && (at < day || breaks(rule, code)))
				return false;
		}
	return true;
}

static bool spoken_of(const struct watch_rule *rule, const struct pupil *p, const struct standing *standing, day_t day)
{
	for (unsigned i = 0; i < standing->count; i++) {
		const struct standing_alert *alert = &standing->alerts[i];

		if (alert->kind == rule->kind &&
		    (rule->once ? day_school_year(alert->first_day) == day_school_year(day)
				: one_absence(rule, p, alert->first_day, day)))
			return true;
	}
	return false;
}

bool watch_stays(const struct pathway *pathway, uint8_t watch, const struct pupil *p, const struct standing *standing,
                 day_t day, day_t until, struct watch_change *out)
{
	const struct watch_rule *rule = &pathway->watches[watch];

	if (!watch_touched(rule, p, day) || (rule->new_pupils && !never_seen(rule, p, day, until)) ||
	    spoken_of(rule, p, standing, day))
		return false;
	*out = (struct watch_change){.watch = watch,
				     .kind = rule->kind,
				     .first_day = (uint16_t)day,
				     .last_day = (uint16_t)until,
				     .count = rule->at_least};
	return true;
}

bool watch_stands(const struct watch_rule *rule, const struct pupil *p, const struct standing_alert *alert)
{
	/* What has begun to leave the weeks held can't be looked at again, and stands. */
	if (alert->first_day < pupil_first_held(p))
		return true;
	return watch_touched(rule, p, alert->first_day) &&
	       (!rule->new_pupils || never_seen(rule, p, alert->first_day, alert->last_day));
}

bool watch_excused(const struct watch_rule *rule, const struct case_state *c, const struct case_view *view, day_t on)
{
	struct scope scope = {.c = c, .view = view, .on = on};

	return rule->unless.count > 0 && expression_holds(&scope, &rule->unless) == YES;
}
