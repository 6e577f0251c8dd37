/* A case as known now or as of then, and what may be recorded on it next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "casework/case_deadline.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

const struct deadline_rule *case_rule_of(const struct state *s, const struct case_state *c, const struct pathway *pathway,
					 const struct case_deadline *d)
{
	const struct pathway *then = state_chapter_pathway(s, c, d->chapter);

	return then && d->was < then->deadline_count ? &then->deadlines[d->was] : &pathway->deadlines[d->rule];
}

struct slice case_action_name(const struct state *s, const struct case_state *c, const struct pathway *pathway,
			      const struct case_done *d)
{
	const struct pathway *then = state_chapter_pathway(s, c, d->chapter);

	return then && d->was < then->action_count ? then->actions[d->was].name : pathway->actions[d->action].name;
}

static void pack_deadline(struct pack *p, const struct deadline_rule *rule, const struct case_deadline *d, unsigned number)
{

	pack_map(p, 12);
	pack_key_uint(p, "deadline", number);
	pack_key_str(p, "kind", rule->name);
	pack_key_str(p, "title", rule->title);
	pack_text(p, "due");
	pack_time(p, d->due_ms);
	pack_text(p, "from");
	pack_date(p, d->from);
	pack_text(p, "last_day");
	pack_date(p, d->last);
	pack_key_text(p, "status", deadline_state_text(d->state));
	pack_text(p, "moved_from");
	pack_array(p, d->moved_count);
	for (unsigned i = 0; i < d->moved_count; i++)
		pack_time(p, d->moved_from[i]);
	pack_key_bool(p, "provisional", d->provisional);
	pack_text(p, "parent");
	pack_text(p, d->parent[0] ? d->parent : NULL);
	pack_key_bool(p, "overdue", case_deadline_overdue(d));
	pack_text(p, "breach");
	if (d->breach_alert)
		pack_uint(p, d->breach_alert);
	else
		pack_nil(p);
}

void pack_notice(struct pack *p, const struct case_notice *n, day_t today)
{
	bool lapsed = false;
	unsigned amount = case_notice_amount(n, today, &lapsed);

	pack_map(p, 11);
	pack_key_text(p, "parent", n->parent);
	pack_text(p, "issued");
	pack_date(p, n->issued);
	pack_text(p, "received");
	pack_date(p, n->received);
	pack_key_uint(p, "number", n->number);
	pack_key_uint(p, "amount_now", amount);
	pack_text(p, "due");
	pack_date(p, n->full_last);
	pack_text(p, "reduced_until");
	pack_date(p, n->reduced ? n->reduced_last : 0);
	pack_text(p, "paid");
	pack_date(p, n->paid_on);
	pack_text(p, "paid_amount");
	if (n->paid_on)
		msgpack_pack_double(&p->packer, n->paid_pence / 100.0);
	else
		pack_nil(p);
	pack_key_bool(p, "withdrawn", n->withdrawn);
	pack_key_bool(p, "lapsed", lapsed);
}

static void pack_done(struct pack *p, struct slice action, const struct case_done *d)
{
	pack_map(p, 5);
	pack_key_str(p, "action", action);
	pack_text(p, "on");
	pack_date(p, d->on);
	pack_key_uint(p, "seq", d->position);
	pack_text(p, "parent");
	pack_text(p, d->parent[0] ? d->parent : NULL);
	pack_key_bool(p, "overridden", d->overridden);
}

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

static void pack_next(struct engine *e, const struct request *r, struct pack *p, const struct case_state *c,
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

/* What is known of the pupil today, by name. */
static void pack_facts(struct pack *p, const struct case_view *view)
{
	unsigned count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1)
			pack_array(p, count);
		for (unsigned i = 0; view->facts && i < view->facts->count; i++) {
			const struct fact *f = &view->facts->list[i];

			if (!f->holds || !facts_stands(view->facts, i, view->today))
				continue;
			count++;
			if (pass == 0)
				continue;
			pack_map(p, 3);
			pack_key_text(p, "fact", fact_text(f->kind));
			pack_text(p, "since");
			pack_date(p, f->since);
			pack_text(p, "parent");
			pack_text(p, f->parent[0] ? f->parent : NULL);
		}
	}
}

static void pack_case_map(struct engine *e, const struct request *r, struct txn *txn, const struct case_state *c,
			  struct case_view *view, bool now, uint64_t position)
{
	struct pack *p = &e->body;

	pack_map(p, now ? 18 : 17);
	pack_text(p, "case");
	pack_case(p, c->number);
	pack_text(p, "upn");
	pack_upn(e, p, txn, c->pupil);
	pack_key_str(p, "pathway", c->pathway_name);
	pack_key_uint(p, "pathway_version", c->pathway_version);
	pack_key_str(p, "stage", view->pathway->stages[c->stage - 1]);
	pack_key_str(p, "stage_title", view->pathway->stage_titles[c->stage - 1]);
	pack_text(p, "stages");
	pack_array(p, view->pathway->stage_count);
	for (unsigned i = 0; i < view->pathway->stage_count; i++) {
		pack_map(p, 2);
		pack_key_str(p, "stage", view->pathway->stages[i]);
		pack_key_str(p, "title", view->pathway->stage_titles[i]);
	}
	pack_key_text(p, "status", c->closed ? "closed" : "open");
	pack_text(p, "opened");
	pack_time(p, c->opened_ms);
	pack_text(p, "closed");
	pack_time(p, c->closed_ms);
	pack_text(p, "deadlines");
	pack_array(p, c->deadline_count);
	for (unsigned i = 0; i < c->deadline_count; i++)
		pack_deadline(p, case_rule_of(&e->state, c, view->pathway, &c->deadlines[i]), &c->deadlines[i], i + 1);
	pack_text(p, "pathways_before");
	pack_array(p, c->chapter_count);
	for (unsigned i = 0; i < c->chapter_count; i++) {
		pack_map(p, 3);
		pack_key_text(p, "pathway", c->chapters[i].pathway);
		pack_key_uint(p, "version", c->chapters[i].version);
		pack_key_uint(p, "seq", c->chapters[i].moved);
	}
	pack_decisions(e, c, view, now, access_reads_all(r->who->role));
	pack_text(p, "penalty_notices");
	pack_array(p, c->notice_count);
	for (unsigned i = 0; i < c->notice_count; i++)
		pack_notice(p, &c->notices[i], view->today);
	pack_text(p, "actions");
	pack_array(p, c->done_count);
	for (unsigned i = 0; i < c->done_count; i++)
		pack_done(p, case_action_name(&e->state, c, view->pathway, &c->done[i]), &c->done[i]);
	pack_text(p, "facts");
	pack_facts(p, view);
	pack_key_uint(p, "as_of", position);
	if (now)
		pack_next(e, r, p, c, view);
}

/* The pupil that is meant, and the case where it is named by its id; else 0. */
static enum status find(struct engine *e, const struct request *r, struct txn *txn, uint32_t *number, uint32_t *pupil)
{
	const char *wrong = NULL;
	struct slice id = mp_find_str(r->message->body, "case", &wrong);
	enum status status = STATUS_OK;
	struct case_state *c;

	if (wrong || (id.size && !case_id_parse(id, number)))
		return query_fault(e, STATUS_BAD_FIELD, "case", "not a case's id: C1, C2 ...");
	if (!id.size) {
		*pupil = query_upn(e, r, txn, &status);
		return status;
	}
	c = memory_new(sizeof *c);
	if (state_case_load(&e->state, *number, c) != STORE_OK ||
	    !access_alert(r->who, state_school_of(&e->state, c->pupil), *number))
		status = query_fault(e, STATUS_NOT_FOUND, "case", "no case with this id is known to you");
	*pupil = c->pupil;
	free(c);
	return status;
}

/* A pupil's case: the open one, or else the latest; of now or of then. 0: none. */
static uint32_t case_of(struct engine *e, struct txn *txn, struct state *s, uint32_t pupil)
{
	uint32_t numbers[64];
	unsigned count = cases_of(e, txn, s, pupil, numbers, 64);
	uint32_t open = state_pupil(s, pupil)->case_no;

	return open ? open : count ? numbers[count - 1] : 0;
}

enum status query_find_case(struct engine *e, const struct request *r, struct txn *txn, struct case_state *c)
{
	uint32_t number = 0, pupil = 0;
	enum status status = find(e, r, txn, &number, &pupil);

	if (status != STATUS_OK)
		return status;
	if (!number) {
		number = case_of(e, txn, &e->state, pupil);
		if (!number || !access_alert(r->who, state_school_of(&e->state, pupil), number))
			return query_fault(e, STATUS_NOT_FOUND, "upn", "this pupil has no case");
	}
	return state_case_load(&e->state, number, c) == STORE_OK ? STATUS_OK : query_fault(e, STATUS_DAMAGED, NULL, "the case can't be read");
}

enum status query_case(struct engine *e, const struct request *r, struct txn *txn)
{
	struct case_state *c = memory_new(sizeof *c);
	struct state *shadow = NULL, *s = &e->state;
	struct case_view view;
	uint32_t number = 0, pupil = 0;
	uint64_t position;
	enum status status = find(e, r, txn, &number, &pupil);
	bool now, by_upn = !number;

	if (status == STATUS_OK && !query_as_of(e, r, txn, &position))
		status = STATUS_BAD_FIELD;
	if (status != STATUS_OK)
		goto done;
	now = query_is_now(e, position);
	if (!now) {
		shadow = shadow_open(e, txn, pupil, position);
		s = shadow;
	}
	if (!s) {
		status = query_fault(e, STATUS_DAMAGED, "as_of", "the log can't be replayed; attendd verify says where");
		goto done;
	}
	if (by_upn)
		number = case_of(e, txn, s, pupil);
	if (by_upn && (!number || !access_alert(r->who, state_school_of(&e->state, pupil), number)))
		status = query_fault(e, STATUS_NOT_FOUND, "upn", now ? "this pupil has no case" : "this pupil had no case then");
	else if (state_case_load(s, number, c) != STORE_OK)
		status = query_fault(e, STATUS_NOT_FOUND, "as_of", "the case was not open yet");
	if (status != STATUS_OK)
		goto done;
	if (state_case_view(s, c, now ? day_of_ms(e->now_ms) : day_of_ms(s->last_ms), &view) == STORE_OK &&
	    state_view_earlier(s, c, &view) == STORE_OK)
		pack_case_map(e, r, txn, c, &view, now, now ? engine_head(e) : position);
	else
		status = query_fault(e, STATUS_DAMAGED, NULL, "what surrounds the case can't be read");
done:
	shadow_close(&shadow);
	free(c);
	return status;
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
	pack_map(p, 4 + named);
	pack_text(p, "case");
	pack_case(p, c->done_count ? c->number : 0);
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
