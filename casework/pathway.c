/* pathway.c - finding things in a pathway by name.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/pathway.h"

int pathway_action(const struct pathway *p, struct slice name)
{
	for (int i = 0; i < p->action_count; i++)
		if (slice_equal(p->actions[i].name, name))
			return i;
	return -1;
}

int pathway_deadline(const struct pathway *p, struct slice name)
{
	for (int i = 0; i < p->deadline_count; i++)
		if (slice_equal(p->deadlines[i].name, name))
			return i;
	return -1;
}

int pathway_stage(const struct pathway *p, struct slice name)
{
	for (int i = 0; i < p->stage_count; i++)
		if (slice_equal(p->stages[i], name))
			return i;
	return -1;
}

int pathway_task(const struct pathway *p, struct slice name)
{
	for (int i = 0; i < p->task_count; i++)
		if (slice_equal(p->tasks[i].name, name))
			return i;
	return -1;
}

int pathway_watch(const struct pathway *p, uint8_t alert_kind)
{
	for (int i = 0; i < p->watch_count; i++)
		if (p->watches[i].kind == alert_kind)
			return i;
	return -1;
}

int action_field(const struct action_rule *action, struct slice name)
{
	for (int i = 0; i < action->field_count; i++)
		if (slice_equal(action->fields[i].name, name))
			return i;
	return -1;
}

int field_value(const struct field_rule *field, struct slice value)
{
	if (field->type == FIELD_YES_NO)
		return slice_is(value, "yes") ? 0 : slice_is(value, "no") ? 1 : -1;
	if (field->type != FIELD_ONE_OF)
		return -1;
	for (int i = 0; i < field->value_count; i++)
		if (slice_equal(field->values[i], value))
			return i;
	return -1;
}

bool action_answers(const struct action_rule *action, unsigned deadline, struct slice outcome)
{
	int field = action_field(action, slice_text("outcome"));
	bool answers = action->effect == EFFECT_DECISION;

	for (unsigned i = 0; i < action->meet_count; i++)
		answers |= action->meets[i].deadline == deadline;
	return answers && field >= 0 && field_value(&action->fields[field], outcome) >= 0;
}

struct slice pathway_outcome_title(const struct pathway *pathway, unsigned deadline, struct slice outcome)
{
	for (unsigned i = 0; i < pathway->action_count; i++) {
		const struct action_rule *action = &pathway->actions[i];
		const struct field_rule *field;

		if (!action_answers(action, deadline, outcome))
			continue;
		field = &action->fields[action_field(action, slice_text("outcome"))];
		return field->value_titles[field_value(field, outcome)];
	}
	return slice_of(NULL, 0);
}

bool pathway_brace(struct slice name, bool watch)
{
	static const char *const of_cases[] = {
		"due", "from", "last", "sessions", "count", "unauthorised_10_weeks", "percentage",
		"parent", "for_parent", "notice", "amount", "kind", "title", "question", "outcomes",
	};
	static const char *const of_watches[] = {"count", "of", "first", "last", "percentage"};
	const char *const *list = watch ? of_watches : of_cases;
	size_t count = watch ? sizeof of_watches / sizeof *of_watches : sizeof of_cases / sizeof *of_cases;

	for (size_t i = 0; i < count; i++)
		if (slice_is(name, list[i]))
			return true;
	return false;
}
