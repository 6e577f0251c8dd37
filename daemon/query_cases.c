/* Cases as a list: of a stage, of a school, in an officer's hands; each with what was done last and what is due next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"

struct listing {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct state *state; /* as of then, or now */
	day_t day;
	struct slice officer, pathway, stage;
	uint32_t urn;        /* 0: all schools */
	bool closed;         /* those, not the open ones */
	struct page page;
	struct case_state c;
	uint8_t room[PARTICULARS_ROOM];
};

/* Of what waits and is for the asker's role, the one whose last day comes first; NULL: none. */
static const struct case_deadline *next_due(const struct listing *l, const struct case_view *view)
{
	const struct case_deadline *next = NULL;

	for (unsigned i = 0; i < l->c.deadline_count; i++) {
		const struct case_deadline *d = &l->c.deadlines[i];
		const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];

		if ((d->state == DEADLINE_OPEN || case_deadline_overdue(d)) && !rule->reminder && access_for_role(l->request->who, rule->tells) &&
		    (!next || d->due_ms < next->due_ms))
			next = d;
	}
	return next;
}

static void pack_latest(const struct listing *l, struct pack *p, const struct pathway *pathway)
{
	const struct case_done *done = l->c.done_count ? &l->c.done[l->c.done_count - 1] : NULL;

	pack_text_or_nil(p, "latest", done ? case_action_of(l->state, &l->c, pathway, done)->title : slice_of(NULL, 0));
	pack_text(p, "latest_on");
	pack_date(p, done ? done->on : 0);
}

static void pack_due(const struct listing *l, struct pack *p, const struct case_view *view)
{
	const struct case_deadline *d = next_due(l, view);

	pack_text_or_nil(p, "due", d ? view->pathway->deadlines[d->rule].title : slice_of(NULL, 0));
	pack_text(p, "last_day");
	pack_date(p, d ? d->last : 0);
	pack_key_bool(p, "overdue", d && case_deadline_overdue(d));
}

static void pack_one(struct listing *l, const struct case_view *view, uint32_t urn)
{
	struct pack *p = &l->page.items;
	const char *wrong = NULL;

	pack_map(p, NAME_KEYS + 14);
	pack_text(p, "case");
	pack_case(p, l->c.number);
	pack_text_or_nil(p, "year_group", mp_find_str(pack_pupil_name(l->engine, p, l->txn, l->c.pupil, l->room), "year_group", &wrong));
	pack_text(p, "urn");
	pack_urn(p, urn);
	pack_school_name(p, &l->engine->state, "school", urn);
	pack_key_str(p, "pathway", view->pathway->name);
	pack_key_str(p, "stage", view->pathway->stages[l->c.stage - 1]);
	pack_key_str(p, "stage_title", view->pathway->stage_titles[l->c.stage - 1]);
	pack_text(p, "opened");
	pack_time(p, l->c.opened_ms);
	pack_hands(l->engine, l->request, p, l->txn, &l->c);
	pack_latest(l, p, view->pathway);
	pack_due(l, p, view);
}

/* A case that is asked for and may be seen. */
static void take(struct listing *l, uint32_t number)
{
	struct case_view view;
	uint32_t urn;

	if (state_case_load(l->state, number, &l->c) != STORE_OK || l->c.closed != l->closed)
		return;
	urn = state_school_of(l->state, l->c.pupil);
	if (!access_alert(l->request->who, urn, number) || (l->urn && l->urn != urn) ||
	    !in_hands_of(l->engine, l->txn, &l->c, l->officer))
		return;
	state_case_view(l->state, &l->c, l->day, &view);
	if (!view.pathway || (l->pathway.size && !slice_equal(l->pathway, view.pathway->name)) ||
	    (l->stage.size && !slice_equal(l->stage, view.pathway->stages[l->c.stage - 1])))
		return;
	l->page.more = page_full(&l->page);
	l->page.next = number;
	if (l->page.more)
		return;
	pack_one(l, &view, urn);
	l->page.count++;
}

enum status query_cases(struct engine *e, const struct request *r, struct txn *txn)
{
	struct slice body = r->message->body;
	const char *wrong = NULL;
	struct slice urn = mp_find_str(body, "urn", &wrong);
	struct listing *l = memory_new(sizeof *l);
	struct many *many = NULL;
	enum status status = STATUS_OK;
	uint64_t from;

	*l = (struct listing){.engine = e, .request = r, .txn = txn, .officer = mp_find_str(body, "officer", &wrong),
			      .pathway = mp_find_str(body, "pathway", &wrong), .stage = mp_find_str(body, "stage", &wrong),
			      .closed = mp_find_bool(body, "closed", &wrong)};
	if (wrong)
		status = query_fault(e, STATUS_BAD_FIELD, wrong, "{what, officer?, urn?, pathway?, stage?, closed?, from?, limit?, as_of?} is wanted");
	else if (urn.size && !urn_parse(urn, &l->urn))
		status = query_fault(e, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
	else if (!many_as_of(e, r, txn, 0, &many, &l->day) || !page_open(e, r, &l->page, &from))
		status = STATUS_BAD_FIELD;
	if (status == STATUS_OK) {
		l->state = many ? many->state : &e->state;
		for (uint64_t n = from > 1 ? from : 1; n <= l->state->case_count && !l->page.more; n++)
			take(l, (uint32_t)n);
		status = page_close(e, &l->page);
	}
	many_close(&many);
	free(l);
	return status;
}
