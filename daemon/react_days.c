/* What follows from the end of a day: watches that ask whether a mark is still what it was.
 * A mark costs them nothing but a look at its code.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum {
	LATE_DAYS = 28, /* a mark that comes later than so long after it was due is history */
	MOVED_DAYS = 7, /* by which a change of calendar brings forward what is due */
};

/* Does what is recorded excuse it? A case is asked by the rules that it is on. */
static bool excused(struct engine *e, const struct pathway *pathway, struct pupil *p, uint32_t number, uint8_t kind, day_t on)
{
	struct case_state *c = p->case_no ? memory_new(sizeof *c) : NULL;
	struct case_view view = {.pathway = pathway, .calendar = state_calendar(&e->state, p->urn), .pupil = p,
				 .today = on, .compulsory_age = UNKNOWN, .facts = &e->state.view_people.facts};
	bool yes = false;
	int rule;

	e->broken = c ? state_case_load(&e->state, p->case_no, c) : state_people(&e->state, number, &e->state.view_people);
	if (e->broken == STORE_OK && c)
		e->broken = state_case_view(&e->state, c, on, &view);
	if (e->broken == STORE_OK) {
		rule = pathway_watch(view.pathway, kind);
		yes = rule >= 0 && watch_excused(&view.pathway->watches[rule], c, &view, on);
	}
	free(c);
	return yes;
}

/* One watch at the marks of one day, due at the end of `until`. */
static void look(struct engine *e, const struct pathway *pathway, struct pupil *p, uint32_t number, uint8_t watch,
		 day_t day, day_t until, uint64_t late_ms)
{
	struct standing standing = {0};
	struct watch_change change;

	if (e->broken != STORE_OK || !watch_touched(&pathway->watches[watch], p, day))
		return;
	if (p->standing)
		e->broken = state_standing(&e->state, number, &standing);
	if (e->broken == STORE_OK && watch_stays(pathway, watch, p, &standing, day, until, &change) &&
	    !excused(e, pathway, p, number, change.kind, until) && e->broken == STORE_OK)
		raise_watch(e, pathway, p, number, &change, late_ms);
}

/* The marks that are due when a day ends, by watch: the same for all pupils of a school. */
struct due_marks {
	const struct pathway *pathway;
	uint32_t urn;
	bool due[WATCHES_MAX];
	day_t first[WATCHES_MAX], last[WATCHES_MAX];
};

static void find_due(struct engine *e, struct due_marks *d, uint32_t urn, day_t ended)
{
	const struct calendar *calendar = state_calendar(&e->state, urn);

	d->urn = urn;
	d->pathway = state_school_pathway(&e->state, urn);
	for (unsigned i = 0; d->pathway && i < d->pathway->watch_count; i++)
		d->due[i] = d->pathway->watches[i].type == WATCH_STAYS &&
			    watch_days(&d->pathway->watches[i], calendar, ended, &d->first[i], &d->last[i]);
}

void react_to_day(struct engine *e, day_t ended, uint64_t late_ms)
{
	struct due_marks d = {0};

	remind_schools(e, ended, late_ms);

	for (uint32_t n = 1; n <= e->state.pupil_count && e->broken == STORE_OK; n++) {
		struct pupil *p = state_pupil(&e->state, n);

		if (!p->urn)
			continue;
		if (p->urn != d.urn)
			find_due(e, &d, p->urn, ended);
		for (uint8_t i = 0; d.pathway && i < d.pathway->watch_count; i++)
			for (day_t day = d.first[i]; d.due[i] && day <= d.last[i]; day++)
				look(e, d.pathway, p, n, i, day, ended, late_ms);
	}
}

/* Marks from `from` to `to` whose time was over on a day after `after`. */
static void look_back(struct engine *e, const struct pathway *pathway, struct pupil *p, uint32_t number, day_t from,
		      day_t to, day_t after)
{
	const struct calendar *calendar = state_calendar(&e->state, p->urn);
	day_t over = state_over(&e->state, day_of_ms(e->now_ms));

	for (day_t day = from; day <= to && day <= over; day++)
		for (uint8_t i = 0; i < pathway->watch_count; i++) {
			const struct watch_rule *rule = &pathway->watches[i];
			day_t until;

			if (rule->type != WATCH_STAYS || !watch_touched(rule, p, day))
				continue;
			until = watch_stays_until(rule, calendar, day);
			if (until <= over && until > after)
				look(e, pathway, p, number, i, day, until, 0);
		}
}

void react_to_stay(struct engine *e, const struct pathway *pathway, const struct applied_mark *a, uint32_t pupil)
{
	day_t day = a->mark.day, over = state_over(&e->state, day_of_ms(e->now_ms));

	/* where a mark was taken away, the next of its absence may speak for it */
	look_back(e, pathway, a->pupil, pupil, day, code_in(pathway->day_codes, a->mark.held) ? over : day, over - LATE_DAYS);
}

void react_to_moved_stays(struct engine *e, const struct pathway *pathway, struct pupil *p, uint32_t number)
{
	day_t over = state_over(&e->state, day_of_ms(e->now_ms));

	look_back(e, pathway, p, number, over - LATE_DAYS, over, over - MOVED_DAYS);
}

void react_to_excuse(struct engine *e, uint32_t case_no)
{
	struct case_state *c = memory_new(sizeof *c);
	struct standing standing = {0};
	struct case_view view;
	const struct pupil *p;

	if (e->broken == STORE_OK)
		e->broken = state_case_load(&e->state, case_no, c);
	p = e->broken == STORE_OK ? state_pupil(&e->state, c->pupil) : NULL;
	if (p && p->standing) {
		e->broken = state_standing(&e->state, c->pupil, &standing);
		if (e->broken == STORE_OK)
			e->broken = state_case_view(&e->state, c, day_of_ms(e->now_ms), &view);
	}
	for (unsigned i = 0; i < standing.count && e->broken == STORE_OK; i++) {
		const struct standing_alert *alert = &standing.alerts[i];
		int rule = pathway_watch(view.pathway, alert->kind);

		if (rule >= 0 && watch_excused(&view.pathway->watches[rule], c, &view, alert->last_day))
			withdraw_alert(e, alert->kind, alert->alert, c->pupil, case_no, 0);
	}
	free(c);
}
