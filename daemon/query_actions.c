/* What may be recorded on a case next: what each action asks for, what it lacks, what it would meet.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "casework/case_deadline.h"
#include "daemon/memory.h"
#include "daemon/query_parts.h"

/* An action as it would be decided today with no fields given: what it lacks then.
 * False where this role may not record it at all. */
static bool try_action(struct engine *e, const struct request *r, const struct case_state *c, struct case_view *view,
		       unsigned action, struct lacks *lacks)
{
	const struct action_rule *rule = &view->pathway->actions[action];
	struct event_action_recorded *a = memory_new(sizeof *a);
	struct particulars roster;
	enum status status;

	a->case_no = c->number;
	a->pupil = c->pupil;
	a->name = rule->name;
	a->on = (uint16_t)view->today;
	a->opens = c->done_count == 0;
	view_particulars(e, c->pupil, view->today, &roster, view);
	memset(lacks, 0, sizeof *lacks);
	status = case_decide(c->done_count ? c : NULL, view, r->who->role, a, NULL, 0, false, lacks);
	view->particulars = NULL;
	free(a);
	return status != STATUS_FORBIDDEN && status != STATUS_NOT_FOUND;
}

void pack_next(struct engine *e, const struct request *r, struct pack *p, const struct case_state *c,
		      struct case_view *view)
{
	struct lacks *lacks = memory_new(sizeof *lacks);
	unsigned count = 0;

	for (unsigned i = 0; i < view->pathway->action_count; i++)
		count += try_action(e, r, c, view, i, lacks);
	pack_text(p, "next");
	pack_array(p, count);
	for (unsigned i = 0; i < view->pathway->action_count; i++) {
		if (!try_action(e, r, c, view, i, lacks))
			continue;
		pack_map(p, 3);
		pack_key_str(p, "action", view->pathway->actions[i].name);
		pack_key_str(p, "title", view->pathway->actions[i].title);
		pack_text(p, "lacks");
		pack_lacks(p, lacks);
	}
	free(lacks);
}

static const char *const type_names[] = {"", "yes/no", "text", "date", "number", "one of", "money"};

static unsigned titled(const struct field_rule *f)
{
	unsigned count = 0;

	for (unsigned v = 0; v < f->value_count; v++)
		count += f->value_titles[v].size > 0;
	return count;
}

void pack_fields(struct pack *p, const struct action_rule *rule)
{
	pack_array(p, rule->field_count);
	for (unsigned i = 0; i < rule->field_count; i++) {
		const struct field_rule *f = &rule->fields[i];

		pack_map(p, f->value_count ? 6 : 4);
		pack_key_str(p, "name", f->name);
		pack_key_str(p, "title", f->title);
		pack_key_text(p, "type", type_names[f->type]);
		pack_key_bool(p, "required", f->required);
		if (f->value_count) {
			pack_text(p, "values");
			pack_array(p, f->value_count);
			for (unsigned v = 0; v < f->value_count; v++)
				pack_str(p, f->values[v]);
			pack_text(p, "value_titles");
			pack_map(p, titled(f));
			for (unsigned v = 0; v < f->value_count; v++)
				if (f->value_titles[v].size) {
					pack_str(p, f->values[v]);
					pack_str(p, f->value_titles[v]);
				}
		}
	}
}

/* Is it waited for, and would the action do it? A period runs its course first; what needn't be done here is not waited for. */
static bool would_meet(const struct case_state *c, const struct case_view *view, const struct action_rule *rule, unsigned deadline)
{
	const struct case_deadline *d = &c->deadlines[deadline];
	const struct deadline_rule *of = &view->pathway->deadlines[d->rule];

	if (d->state == DEADLINE_OPEN ? of->period || (of->reminder && deadline_met_if(c, view, d)) : !case_deadline_overdue(d))
		return false;
	for (unsigned i = 0; i < rule->meet_count; i++)
		if (rule->meets[i].deadline == d->rule)
			return true;
	return false;
}

static void pack_meets(struct pack *p, const struct case_state *c, const struct case_view *view, const struct action_rule *rule)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->deadline_count; i++)
		count += would_meet(c, view, rule, i);
	pack_text(p, "meets");
	pack_array(p, count);
	for (unsigned i = 0; i < c->deadline_count; i++)
		if (would_meet(c, view, rule, i))
			pack_uint(p, i + 1);
}

/* Has what it asks for to be supplied by another step, named before it? */
static bool follows_anew(const struct action_rule *rule, unsigned condition)
{
	struct slice by = rule->conditions[condition].supplied_by;

	for (unsigned i = 0; i < condition; i++)
		if (slice_equal(rule->conditions[i].supplied_by, by))
			return false;
	return by.size > 0 && !slice_equal(by, rule->name);
}

static void pack_follows(struct pack *p, const struct action_rule *rule)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rule->condition_count; i++)
		count += follows_anew(rule, i);
	pack_text(p, "follows");
	pack_array(p, count);
	for (unsigned i = 0; i < rule->condition_count; i++)
		if (follows_anew(rule, i))
			pack_str(p, rule->conditions[i].supplied_by);
}

static void pack_action(struct pack *p, const struct case_state *c, const struct case_view *view, const struct action_rule *rule,
			enum role who, const struct lacks *lacks)
{
	pack_map(p, 10);
	pack_key_str(p, "action", rule->name);
	pack_key_str(p, "title", rule->title);
	pack_text_or_nil(p, "clause", rule->clause);
	pack_text(p, "stage");
	if (rule->stage)
		pack_str(p, view->pathway->stages[rule->stage - 1]);
	else
		pack_nil(p);
	pack_meets(p, c, view, rule);
	pack_follows(p, rule);
	pack_key_bool(p, "needs_parent", rule->needs_parent);
	pack_key_bool(p, "may_override", case_may_override(rule, who));
	pack_text(p, "fields");
	pack_fields(p, rule);
	pack_text(p, "lacks");
	pack_lacks(p, lacks);
}

/* What each action of the process is called and asks, whoever may record it: for what was recorded by others. */
static void pack_named(struct pack *p, const struct pathway *pathway)
{
	pack_text(p, "named");
	pack_array(p, pathway->action_count);
	for (unsigned i = 0; i < pathway->action_count; i++) {
		pack_map(p, 3);
		pack_key_str(p, "action", pathway->actions[i].name);
		pack_key_str(p, "title", pathway->actions[i].title);
		pack_text(p, "fields");
		pack_fields(p, &pathway->actions[i]);
	}
}

static void pack_actions(struct engine *e, const struct request *r, const struct case_state *c, struct case_view *view, bool named)
{
	struct lacks *lacks = memory_new(sizeof *lacks);
	struct pack *p = &e->body;
	unsigned count = 0;

	for (unsigned i = 0; i < view->pathway->action_count; i++)
		count += try_action(e, r, c, view, i, lacks);
	pack_map(p, 6 + named);
	pack_text(p, "case");
	pack_case(p, c->done_count ? c->number : 0);
	pack_key_str(p, "pathway", c->pathway_name);
	pack_key_uint(p, "pathway_version", c->pathway_version);
	pack_key_str(p, "stage", view->pathway->stages[c->stage - 1]);
	pack_text(p, "stages");
	pack_array(p, view->pathway->stage_count);
	for (unsigned i = 0; i < view->pathway->stage_count; i++)
		pack_str(p, view->pathway->stages[i]);
	pack_text(p, "items");
	pack_array(p, count);
	for (unsigned i = 0; i < view->pathway->action_count; i++)
		if (try_action(e, r, c, view, i, lacks))
			pack_action(p, c, view, &view->pathway->actions[i], r->who->role, lacks);
	if (named)
		pack_named(p, view->pathway);
	free(lacks);
}

enum status query_actions(struct engine *e, const struct request *r, struct txn *txn)
{
	struct event_action_recorded *a = memory_new(sizeof *a);
	struct case_state *c = memory_new(sizeof *c);
	const struct pathway *pathway;
	struct case_view view;
	enum status status = STATUS_OK;
	const char *wrong = NULL;
	uint32_t pupil = query_upn(e, r, txn, &status);
	bool named = mp_find_bool(r->message->body, "named", &wrong);

	if (pupil && wrong)
		status = query_fault(e, STATUS_BAD_FIELD, "named", "true or false is wanted");
	if (!pupil || wrong)
		goto done;
	a->pupil = pupil;
	pathway = state_school_pathway(&e->state, state_school_of(&e->state, pupil));
	a->case_no = state_pupil(&e->state, pupil)->case_no;
	if (r->who->role == ROLE_LEAD && !access_alert(r->who, 0, a->case_no)) {
		status = query_fault(e, STATUS_NOT_FOUND, "upn", "this pupil has no open case that you are named on");
	} else if (a->case_no) {
		if (state_case_load(&e->state, a->case_no, c) != STORE_OK)
			status = query_fault(e, STATUS_DAMAGED, NULL, "the case can't be read");
	} else if (pathway) {
		a->case_no = e->state.case_count + 1;
		a->pathway = pathway->name;
		a->pathway_version = pathway->version;
		a->on = (uint16_t)day_of_ms(e->now_ms);
		case_open(c, pathway, a, state_pupil(&e->state, pupil)->urn, e->now_ms);
	} else {
		status = query_fault(e, STATUS_UNMET, NULL, "no pathway is loaded: attend pathway load FILE");
	}
	if (status != STATUS_OK)
		goto done;
	if (state_case_view(&e->state, c, day_of_ms(e->now_ms), &view) == STORE_OK && state_view_earlier(&e->state, c, &view) == STORE_OK)
		pack_actions(e, r, c, &view, named);
	else
		status = query_fault(e, STATUS_DAMAGED, NULL, "what surrounds the case can't be read");
done:
	free(a);
	free(c);
	return status;
}
