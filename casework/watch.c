/* watch.c - looking at what a mark changed.
 *
 * Why it suffices to look beside the mark: a run comes into being, grows or is cut
 * only where a day's kind changes, which is the mark's own day and, when the
 * latest register passes on from a morning whose afternoon never came, the
 * marked day before it, which has then ended. Both lie in the stretches that
 * touch the mark's day.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "casework/watch.h"

struct look {
	const struct pathway *pathway;
	const struct pupil *pupil;
	const struct calendar *calendar;
	const struct standing *standing;
	const struct watch_mark *mark;
	uint32_t gone; /* bit per standing alert that is withdrawn */
	struct watch_change *out;
	size_t count;
};

_Static_assert(STANDING_MAX <= 32, "a bit for each standing alert");

const char *watch_fault(const struct watch_rule *rule)
{
	uint32_t of_year = UINT32_C(1) << ALERT_PERSISTENT | UINT32_C(1) << ALERT_SEVERE;
	if (!watch_speaks(rule->kind) || !alert_kind_text(rule->kind))
		return "no kind of alert that a watch raises";
	if (rule->at_least == 0)
		return "the number that it reaches is at least 1";
	if (rule->type != WATCH_STAYS && (rule->codes & ~CODES_POSSIBLE))
		return "a code that is no possible attendance can't be watched";
	switch ((enum watch_type)rule->type) {
	case WATCH_COUNT:
		if (rule->kind != ALERT_THRESHOLD || rule->codes != CODES_UNAUTHORISED)
			return "a count is the threshold's, of the codes G, N, O and U";
		return NULL;
	case WATCH_RUN:
	case WATCH_SICK:
		if (rule->kind == ALERT_THRESHOLD || of_year >> rule->kind & 1)
			return "this kind of alert is not of a run";
		return rule->codes ? NULL : "a run is of some codes";
	case WATCH_SHARE:
		if (rule->kind == ALERT_THRESHOLD)
			return "the threshold is a count";
		return rule->at_least <= 100 ? NULL : "a share is at most 100";
	case WATCH_STAYS:
		if (rule->kind == ALERT_THRESHOLD || of_year >> rule->kind & 1)
			return "this kind of alert is not of a mark that stays";
		return rule->codes && !(rule->codes & CODES_PRESENT) ? NULL : "what stays is a mark of some codes, of absence or of none";
	}
	return "no such type of watch";
}

static bool is_raised(const struct pupil *p, uint8_t kind)
{
	return p->raised >> kind & 1;
}

static bool share_reached(const struct pupil *p, unsigned at_least, unsigned from_possible)
{
	return p->possible > 0 && p->possible >= from_possible && p->absent * 100u >= at_least * p->possible;
}

static bool touches(const struct watch_rule *rule, uint8_t code)
{
	return code != CODE_NONE && code_in(rule->codes, code);
}

bool watch_newest(const struct pupil *p, const struct watch_mark *mark)
{
	return mark->held == CODE_NONE && mark->day == p->latest_day && mark->session == p->latest_session &&
	       !(p->standing && pupil_is_new(p));
}

bool watch_idle(const struct pathway *pathway, const struct pupil *p, const struct watch_mark *mark)
{
	if (mark->day == 0)
		return false;
	if (mark->held == mark->code)
		return true;
	bool newest = watch_newest(p, mark);
	if (!newest && p->standing)
		return false;
	/* A correction to a code that breaks no run may join two; and the newest ends the day before, which may
	 * now stand in a run, or its own. */
	uint64_t runs = pathway->run_codes;
	if (runs && (code_in(runs, mark->code) || (mark->held != CODE_NONE && !code_in(CODES_POSSIBLE, mark->code)) ||
		     (newest && code_in(runs, pupil_morning_ended(p)))))
		return false;
	if (pathway->threshold && p->window >= pathway->threshold && !is_raised(p, ALERT_THRESHOLD))
		return false;
	for (unsigned i = 0; i < pathway->share_count; i++) {
		const struct share *share = &pathway->shares[i];
		if (share_reached(p, share->at_least, share->from_possible) != is_raised(p, share->kind))
			return false;
	}
	return true;
}

static void emit(struct look *l, struct watch_change change)
{
	assert(l->count < WATCH_CHANGES_MAX);
	l->out[l->count++] = change;
}

static bool stands(const struct look *l, unsigned i, uint8_t kind)
{
	return l->standing->alerts[i].kind == kind && !(l->gone >> i & 1);
}

/* Is there a run of `n` days that has a day from the alert's first to its last? */
static bool has_run(const struct look *l, const struct watch_rule *rule, const struct standing_alert *alert)
{
	/* What has begun to leave the weeks held can't be counted again, and stands. */
	if (alert->first_day < pupil_first_held(l->pupil))
		return true;
	for (day_t day = alert->first_day; day <= alert->last_day; day++) {
		struct stretch s;
		if (!pupil_stretch(l->pupil, rule->codes, day, rule->at_least, &s) || s.count == 0)
			continue;
		if (s.nth_day && s.first <= alert->last_day && s.last >= alert->first_day)
			return true;
		if (s.last > day)
			day = s.last;
	}
	return false;
}

static unsigned year_total(const struct look *l, const struct watch_rule *rule, int year)
{
	day_t start = school_year_start(year);
	if (year == day_school_year(l->pupil->latest_day) && rule->codes == CODE_BIT(CODE_I))
		return l->pupil->sick;
	return pupil_count(l->pupil, rule->codes, start, school_year_start(year + 1) - 1);
}

/* Does the total that an alert spoke of still stand? Yes where its year has begun
 * to leave the weeks held: nothing can be said against it any more. */
static bool has_total(const struct look *l, const struct watch_rule *rule, const struct standing_alert *alert)
{
	int year = day_school_year(alert->last_day);
	if (!alert->up)
		return false;
	if (school_year_start(year) < pupil_first_held(l->pupil))
		return true;
	return year_total(l, rule, year) >= 2u * rule->at_least;
}

/* Not where this correction took a session out of the current window and with
 * it the number that was reached. */
static bool count_holds(const struct look *l, const struct watch_rule *rule)
{
	const struct pupil *p = l->pupil;
	const struct watch_mark *mark = l->mark;
	if (mark->below || !touches(rule, mark->held) || touches(rule, mark->code) || p->window + 1u != rule->at_least)
		return true;
	int week = day_week(mark->day), latest = day_week(p->latest_day);
	return week != latest && (!calendar_is_school_week(l->calendar, week) ||
				  week < calendar_window_start(l->calendar, latest, PUPIL_WINDOW_WEEKS));
}

static bool holds(const struct look *l, const struct watch_rule *rule, const struct standing_alert *alert)
{
	switch ((enum watch_type)rule->type) {
	case WATCH_COUNT:
		return count_holds(l, rule);
	case WATCH_RUN:
		return has_run(l, rule, alert);
	case WATCH_SICK:
		return has_run(l, rule, alert) || has_total(l, rule, alert);
	case WATCH_SHARE:
		return true;
	case WATCH_STAYS:
		return watch_stands(rule, l->pupil, alert);
	}
	return true;
}

static void withdraw(struct look *l)
{
	for (unsigned i = 0; i < l->standing->count; i++) {
		const struct standing_alert *alert = &l->standing->alerts[i];
		for (unsigned w = 0; w < l->pathway->watch_count; w++) {
			const struct watch_rule *rule = &l->pathway->watches[w];
			if (rule->kind != alert->kind || holds(l, rule, alert))
				continue;
			l->gone |= UINT32_C(1) << i;
			emit(l, (struct watch_change){.withdraw = true,
						      .alert = alert->alert,
						      .kind = alert->kind,
						      .watch = (uint8_t)w,
						      .up = alert->up,
						      .first_day = alert->first_day,
						      .last_day = alert->last_day});
		}
	}
}

/* Was this stretch spoken of by an alert that stands, or by one of this look? One
 * that has left the weeks held is deemed to be of a stretch that goes back so
 * far, unless the number is only now reached. */
static bool spoken_of(const struct look *l, const struct watch_rule *rule, const struct stretch *s,
		      day_t since)
{
	day_t held = pupil_first_held(l->pupil);
	for (unsigned i = 0; i < l->standing->count; i++) {
		const struct standing_alert *alert = &l->standing->alerts[i];
		if (!stands(l, i, rule->kind) || alert->last_day < since)
			continue;
		if (alert->first_day <= s->last && alert->last_day >= s->first)
			return true;
		if (s->edge && alert->last_day < held && s->count > rule->at_least)
			return true;
	}
	for (size_t i = 0; i < l->count; i++)
		if (!l->out[i].withdraw && l->out[i].kind == rule->kind && l->out[i].first_day <= s->last &&
		    l->out[i].last_day >= s->first)
			return true;
	return false;
}

static bool total_unspoken(const struct look *l, const struct watch_rule *rule)
{
	int year = day_school_year(l->pupil->latest_day);
	if (year_total(l, rule, year) < 2u * rule->at_least)
		return false;
	for (unsigned i = 0; i < l->standing->count; i++)
		if (stands(l, i, rule->kind) && l->standing->alerts[i].up &&
		    day_school_year(l->standing->alerts[i].last_day) == year)
			return false;
	for (size_t i = 0; i < l->count; i++)
		if (!l->out[i].withdraw && l->out[i].kind == rule->kind && l->out[i].up)
			return false;
	return true;
}

/* The stretch round a day, or that day alone where it breaks (one session of it was absent). */
static struct stretch stretch_round(const struct look *l, const struct watch_rule *rule, day_t day)
{
	struct stretch s;
	if (!pupil_stretch(l->pupil, rule->codes, day, rule->at_least, &s) || s.count == 0)
		s = (struct stretch){.first = day, .last = day};
	if (s.last < day)
		s.last = day; /* its morning only, so far */
	return s;
}

/* The total, if it has been reached and nothing has spoken of it. */
static void raise_total(struct look *l, uint8_t watch)
{
	const struct watch_rule *rule = &l->pathway->watches[watch];
	const struct pupil *p = l->pupil;
	if (!total_unspoken(l, rule))
		return;
	day_t start = school_year_start(day_school_year(p->latest_day)), day = p->latest_day;
	while (day > start && !touches(rule, pupil_code(p, day, AM)) &&
	       !touches(rule, pupil_code(p, day, PM)))
		day--;
	struct stretch s = stretch_round(l, rule, day);
	if (spoken_of(l, rule, &s, start))
		return;
	unsigned total = year_total(l, rule, day_school_year(p->latest_day));
	emit(l, (struct watch_change){.watch = watch,
				      .kind = rule->kind,
				      .up = true,
				      .first_day = (uint16_t)s.first,
				      .last_day = (uint16_t)day,
				      .count = total / 2});
}

static void raise_run(struct look *l, uint8_t watch, day_t day)
{
	const struct watch_rule *rule = &l->pathway->watches[watch];
	struct stretch s;
	if (!pupil_stretch(l->pupil, rule->codes, day, rule->at_least, &s) || s.nth_day == 0 ||
	    spoken_of(l, rule, &s, 0))
		return;
	bool total = rule->type == WATCH_SICK && total_unspoken(l, rule) &&
		     day_school_year(s.nth_day) == day_school_year(l->pupil->latest_day);
	emit(l, (struct watch_change){.watch = watch,
				      .kind = rule->kind,
				      .up = total,
				      .first_day = (uint16_t)s.first,
				      .last_day = (uint16_t)s.nth_day,
				      .count = s.count});
}

static void raise_runs(struct look *l, uint8_t watch)
{
	const struct watch_rule *rule = &l->pathway->watches[watch];
	day_t day = l->mark->day;
	if (day == 0)
		return;
	if (pupil_day(l->pupil, rule->codes, day) == DAY_BREAKS) {
		raise_run(l, watch, day - 1);
		raise_run(l, watch, day + 1);
	} else {
		raise_run(l, watch, day);
	}
	if (rule->type == WATCH_SICK)
		raise_total(l, watch);
}

static void raise_count(struct look *l, uint8_t watch)
{
	const struct watch_rule *rule = &l->pathway->watches[watch];
	const struct pupil *p = l->pupil;
	if (p->window < rule->at_least || is_raised(p, rule->kind))
		return;
	int week = calendar_window_start(l->calendar, day_week(p->latest_day), PUPIL_WINDOW_WEEKS);
	emit(l, (struct watch_change){.watch = watch,
				      .kind = rule->kind,
				      .up = true,
				      .first_day = (uint16_t)week_monday(week),
				      .last_day = p->latest_day,
				      .count = p->window});
}

static void raise_share(struct look *l, uint8_t watch)
{
	const struct watch_rule *rule = &l->pathway->watches[watch];
	bool reached = share_reached(l->pupil, rule->at_least, rule->from_possible);
	if (reached == is_raised(l->pupil, rule->kind))
		return;
	emit(l, (struct watch_change){.watch = watch,
				      .kind = rule->kind,
				      .up = reached,
				      .last_day = l->pupil->latest_day,
				      .count = l->pupil->absent,
				      .of = l->pupil->possible});
}

size_t watch_look(const struct pathway *pathway, const struct pupil *p, const struct calendar *c,
		  const struct standing *standing, const struct watch_mark *mark,
		  struct watch_change out[WATCH_CHANGES_MAX])
{
	struct look l = {.pathway = pathway,
			 .pupil = p,
			 .calendar = c,
			 .standing = standing,
			 .mark = mark,
			 .out = out};
	if (p->latest_day == 0)
		return 0;
	if (mark->day != 0 && !watch_newest(p, mark))
		withdraw(&l);
	for (uint8_t i = 0; i < pathway->watch_count; i++) {
		switch ((enum watch_type)pathway->watches[i].type) {
		case WATCH_COUNT:
			raise_count(&l, i);
			break;
		case WATCH_RUN:
		case WATCH_SICK:
			raise_runs(&l, i);
			break;
		case WATCH_SHARE:
			raise_share(&l, i);
			break;
		case WATCH_STAYS:
			break; /* when the day ends */
		}
	}
	return l.count;
}
