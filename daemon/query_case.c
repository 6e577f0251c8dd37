/* A case as known now or as of then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "casework/case_deadline.h"
#include "daemon/memory.h"
#include "daemon/query_parts.h"

const struct deadline_rule *case_rule_of(const struct state *s, const struct case_state *c, const struct pathway *pathway,
					 const struct case_deadline *d)
{
	const struct pathway *then = state_chapter_pathway(s, c, d->chapter);

	return then && d->was < then->deadline_count ? &then->deadlines[d->was] : &pathway->deadlines[d->rule];
}

const struct action_rule *case_action_of(const struct state *s, const struct case_state *c, const struct pathway *pathway,
					 const struct case_done *d)
{
	const struct pathway *then = state_chapter_pathway(s, c, d->chapter);

	return then && d->was < then->action_count ? &then->actions[d->was] : &pathway->actions[d->action];
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

	pack_map(p, now ? 19 : 18);
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
		pack_done(p, case_action_of(&e->state, c, view->pathway, &c->done[i])->name, &c->done[i]);
	pack_text(p, "facts");
	pack_facts(p, view);
	pack_hands(e, r, p, txn, c);
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
