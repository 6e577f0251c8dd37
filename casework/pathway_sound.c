/* pathway_sound.c - the checks that let the rules run a pathway unasked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/pathway_sound.h"

#include "casework/letter.h"
#include "casework/pathway_meetings.h"
#include "casework/pupil.h"

static bool name_sound(struct slice name)
{
	return name.size > 0 && name.size < NAME_SIZE_MAX;
}

static bool names_differ(const struct slice list[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			if (slice_equal(list[i], list[j]))
				return false;
	return true;
}

static bool length_sound(const struct length *length, bool may_be_none)
{
	if (length->count == 0)
		return may_be_none && length->unit == 0;
	return unit_text(length->unit) != NULL;
}

/* A field of an action, and a value of it where one is asked for. */
static bool field_sound(const struct action_rule *action, const struct step *step, enum place place)
{
	const struct field_rule *field;

	if (step->field == 0)
		return step->kind != STEP_GIVEN && step->kind != STEP_DAYS_UNTIL && step->chosen == 0;
	if (step->field > action->field_count)
		return false;
	field = &action->fields[step->field - 1];
	if (field->type == FIELD_TEXT && (place != PLACE_NEED || step->kind != STEP_GIVEN))
		return false;
	if (field->type == FIELD_YES_NO)
		return step->chosen <= 2;
	return step->chosen <= (field->type == FIELD_ONE_OF ? field->value_count : 0);
}

static bool length_of_step_sound(const struct step *step)
{
	return step->value >> 8 >= 1 && step->value >> 8 <= 1000 && unit_text((uint8_t)step->value) != NULL;
}

static bool operand_sound(const struct pathway *p, const struct action_rule *action,
                          const struct step *step, enum place place)
{
	uint32_t value = (uint32_t)step->value;

	switch ((enum step_kind)step->kind) {
	case STEP_NUMBER:
		return step->value >= 0 && !step->field && !step->chosen;
	case STEP_FIGURE:
		/* A birth date is sealed: replay can't ask for it. */
		if (step->value == FIGURE_COMPULSORY_AGE && place != PLACE_NEED)
			return false;
		if ((step->value == FIGURE_ATTENDED_LAST_DAY || step->value == FIGURE_ATTENDED_IN_DEADLINE) &&
		    place != PLACE_QUESTION)
			return false;
		switch (step->value) {
#define X(name, number, text) case FIGURE_##name:
		FIGURES(X)
#undef X
			return !step->field && !step->chosen;
		default:
			return false;
		}
	case STEP_DONE_EACH: /* so are the parents */
		if (place != PLACE_NEED)
			return false;
		/* fall through */
	case STEP_DONE:
	case STEP_DONE_PARENT:
	case STEP_DAYS_SINCE:
		return value < p->action_count && field_sound(&p->actions[value], step, place);
	case STEP_LATEST: /* what a record keeps of a field, and so can be said otherwise */
		return value < p->action_count && step->field > 0 && field_sound(&p->actions[value], step, place) &&
		       (p->actions[value].fields[step->field - 1].type == FIELD_YES_NO || step->chosen > 0);
	case STEP_GIVEN:
		return place < PLACE_QUESTION && step->value == 0 && field_sound(action, step, place);
	case STEP_STAGE:
		return value >= 1 && value <= p->stage_count && !step->field && !step->chosen;
	case STEP_RUNNING:
	case STEP_DAYS_INTO:
	case STEP_AT_END:
	case STEP_IN_FORCE:
		return value < p->deadline_count && !step->field && !step->chosen;
	case STEP_IN_WEEKS:
	case STEP_ATTENDANCE_BEFORE:
		return step->value >= 1 && step->value <= PUPIL_WINDOW_WEEKS && !step->field && !step->chosen;
	case STEP_NOTICES:
		return length_of_step_sound(step) && !step->field && step->chosen <= 1;
	case STEP_WITHIN:
		if (!length_of_step_sound(step) || step->chosen > p->deadline_count)
			return false;
		return step->field == 0 ? step->chosen > 0 :
			place != PLACE_QUESTION && step->field <= action->field_count && action->fields[step->field - 1].type == FIELD_DATE;
	case STEP_BY:
		return place == PLACE_NEED && value <= UINT8_MAX && role_text((uint8_t)value) != NULL && !step->field && !step->chosen;
	case STEP_DAYS_UNTIL:
		return place < PLACE_QUESTION && step->value == 0 && !step->chosen && field_sound(action, step, place) &&
		       action->fields[step->field - 1].type == FIELD_DATE;
	case STEP_LT: case STEP_LE: case STEP_EQ: case STEP_NE: case STEP_GE: case STEP_GT:
	case STEP_AND: case STEP_OR: case STEP_NOT:
		return step->value == 0 && !step->field && !step->chosen;
	}
	return false;
}

bool expression_sound(const struct pathway *p, const struct action_rule *action, const struct expression *e,
                      enum place place)
{
	unsigned depth = 0;

	if (e->count == 0)
		return e->first == 0;
	if ((unsigned)e->first + e->count > p->step_count)
		return false;
	for (unsigned i = 0; i < e->count; i++) {
		const struct step *step = &p->steps[e->first + i];

		if (!operand_sound(p, action, step, place))
			return false;
		if (step_is_operand(step->kind)) {
			if (++depth > EXPRESSION_STACK_MAX)
				return false;
		} else if (step->kind == STEP_NOT) {
			if (depth < 1)
				return false;
		} else if (depth-- < 2) {
			return false;
		}
	}
	return depth == 1;
}

static bool effects_sound(const struct pathway *p, const struct action_rule *a,
                          const struct effect list[], unsigned count, enum place place)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i].deadline >= p->deadline_count || !expression_sound(p, a, &list[i].when, place))
			return false;
	return true;
}

/* When it counts from, what starts it and what its end brings. */
static bool timing_sound(const struct pathway *p, const struct deadline_rule *d)
{
	bool dated = d->anchor >= ANCHOR_AFTER_DATE;

	if (d->anchor > ANCHOR_LAST || (dated ? !name_sound(d->anchor_field) : d->anchor_field.size > 0) ||
	    (d->anchor == ANCHOR_DONE ? d->anchor_action >= p->action_count : d->anchor_action != 0))
		return false;
	if ((d->idle && (!d->period || d->per_parent)) || (d->reminder && d->period) ||
	    (!d->idle && d->idle_while.count > 0) || (d->period && d->met_if.count > 0) ||
	    (d->started_by != 0 && (dated || d->per_parent)))
		return false;
	return expression_sound(p, NULL, &d->idle_while, PLACE_QUESTION) &&
	       expression_sound(p, NULL, &d->met_if, PLACE_QUESTION) &&
	       effects_sound(p, NULL, d->end_starts, d->end_start_count, PLACE_QUESTION) &&
	       effects_sound(p, NULL, d->end_cancels, d->end_cancel_count, PLACE_QUESTION);
}

static bool deadline_sound(const struct pathway *p, const struct deadline_rule *d)
{
	if (!name_sound(d->name) || !length_sound(&d->length, d->anchor == ANCHOR_ON_DATE) ||
	    !length_sound(&d->soon, true) || !length_sound(&d->overdue, true) || !timing_sound(p, d))
		return false;
	if (d->stage_at_end > p->stage_count || d->decides != (d->question_count > 0))
		return false;
	for (unsigned i = 0; i < d->question_count; i++) {
		const struct question *q = &d->questions[i];

		if (!expression_sound(p, NULL, &q->when, PLACE_QUESTION) || q->text.size == 0 ||
		    q->outcome_count == 0 || !names_differ(q->outcomes, q->outcome_count))
			return false;
	}
	return true;
}

static bool fields_sound(const struct action_rule *a)
{
	for (unsigned i = 0; i < a->field_count; i++) {
		const struct field_rule *f = &a->fields[i];

		if (!name_sound(f->name) || f->type < FIELD_YES_NO || f->type > FIELD_MONEY ||
		    (f->type == FIELD_ONE_OF) != (f->value_count > 0) ||
		    !names_differ(f->values, f->value_count))
			return false;
		for (unsigned j = 0; j < i; j++)
			if (slice_equal(a->fields[j].name, f->name))
				return false;
	}
	return true;
}

bool action_sound(const struct pathway *p, const struct action_rule *a)
{
	if (!name_sound(a->name) || !fields_sound(a))
		return false;
	if ((a->effect == EFFECT_ISSUE_NOTICE || a->effect == EFFECT_PAYMENT ||
	     a->effect == EFFECT_WITHDRAW_NOTICE) && p->notices.count == 0)
		return false;
	for (unsigned i = 0; i < a->condition_count; i++) {
		const struct condition *c = &a->conditions[i];

		if (c->lacks.size == 0 || c->need.count == 0 || (c->lenient && !c->bar) ||
		    !expression_sound(p, a, &c->need, PLACE_NEED))
			return false;
		if (c->supplied_by.size > 0 && pathway_action(p, c->supplied_by) < 0)
			return false;
	}
	for (unsigned i = 0; i < a->move_count; i++)
		if (a->moves[i].stage < 1 || a->moves[i].stage > p->stage_count ||
		    !expression_sound(p, a, &a->moves[i].when, PLACE_EFFECT))
			return false;
	return effects_sound(p, a, a->starts, a->start_count, PLACE_EFFECT) &&
	       effects_sound(p, a, a->meets, a->meet_count, PLACE_EFFECT) &&
	       effects_sound(p, a, a->cancels, a->cancel_count, PLACE_EFFECT);
}

static bool notices_sound(const struct notice_rule *n)
{
	if (!length_sound(&n->window, n->count == 0) || !length_sound(&n->delivery, true))
		return false;
	for (unsigned i = 0; i < n->count; i++)
		if (n->steps[i].full == 0 || n->steps[i].full_days == 0 ||
		    (n->steps[i].reduced == 0) != (n->steps[i].reduced_days == 0) ||
		    n->steps[i].reduced_days > n->steps[i].full_days)
			return false;
	return true;
}

static bool roles_sound(uint32_t roles)
{
	for (uint8_t role = 0; role < 32; role++)
		if ((roles >> role & 1) && role_text(role) == NULL)
			return false;
	return true;
}

static bool task_sound(const struct task_rule *t)
{
	if (!roles_sound(t->roles) || !roles_sound(t->tells))
		return false;
	return name_sound(t->name) && t->title.size > 0 && t->every >= EVERY_WEEK && t->every <= EVERY_YEAR &&
	       (t->every == EVERY_YEAR ? t->month >= 1 && t->month <= 12 : t->month == 0) && t->roles != 0 &&
	       (t->schools & ~SCHOOL_KINDS_ALL) == 0;
}

bool pathway_sound(const struct pathway *p)
{
	if (!name_sound(p->name) || p->stage_count == 0 || !names_differ(p->stages, p->stage_count) ||
	    p->first_stage < 1 || p->first_stage > p->stage_count || p->closed_stage < 1 ||
	    p->closed_stage > p->stage_count || p->first_stage == p->closed_stage)
		return false;
	for (unsigned i = 0; i < p->stage_count; i++)
		if (!name_sound(p->stages[i]))
			return false;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (!deadline_sound(p, &p->deadlines[i]) ||
		    pathway_deadline(p, p->deadlines[i].name) != (int)i)
			return false;
	for (unsigned i = 0; i < p->action_count; i++)
		if (!action_sound(p, &p->actions[i]) || pathway_action(p, p->actions[i].name) != (int)i)
			return false;
	for (unsigned i = 0; i < p->watch_count; i++) {
		const struct watch_rule *w = &p->watches[i];

		if (alert_kind_text(w->kind) == NULL || pathway_watch(p, w->kind) != (int)i ||
		    w->type < WATCH_COUNT || w->type > WATCH_STAYS || w->at_least == 0 ||
		    ((w->new_pupils || w->once || w->unless.count > 0) && w->type != WATCH_STAYS) ||
		    !expression_sound(p, NULL, &w->unless, PLACE_WATCH))
			return false;
	}
	for (unsigned i = 0; i < p->task_count; i++)
		if (!task_sound(&p->tasks[i]) || pathway_task(p, p->tasks[i].name) != (int)i)
			return false;
	return notices_sound(&p->notices) && meetings_sound(p) && letters_sound(p);
}
