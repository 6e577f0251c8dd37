/* What cases hold, for reports: penalty notices issued, and tasks with a last day, in a period.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report.h"

/* False: it is of no school that is asked about. */
static enum store_result load_case(struct report *r, uint32_t number, bool *counts)
{
	struct state *s = &r->engine->state;
	enum store_result result = state_case_load(s, number, &r->c);

	*counts = result == STORE_OK && report_covers(r, state_school_of(s, r->c.pupil));
	return result == STORE_NONE ? STORE_OK : result;
}

static bool in_period(const struct report *r, day_t day)
{
	return r->first <= day && day <= r->last;
}

static enum store_result pack_whose(struct report *r)
{
	pack_text(&r->page.items, "case");
	pack_case(&r->page.items, r->c.number);
	r->page.count++;
	return report_pack_who(r, r->c.pupil);
}

static const char *state_of(const struct case_notice *n, day_t today)
{
	bool lapsed = false;

	case_notice_amount(n, today, &lapsed);
	return n->withdrawn ? "withdrawn" : n->paid_on ? "paid" : lapsed ? "unpaid" : "open";
}

enum store_result report_case_notices(struct report *r, uint32_t number)
{
	struct pack *p = &r->page.items;
	bool counts;
	enum store_result result = load_case(r, number, &counts);

	for (unsigned i = 0; counts && i < r->c.notice_count && result == STORE_OK; i++) {
		const struct case_notice *n = &r->c.notices[i];

		if (!in_period(r, n->issued))
			continue;
		pack_map(p, REPORT_WHO_KEYS + 3);
		result = pack_whose(r);
		pack_key_text(p, "state", state_of(n, r->today));
		pack_text(p, "notice");
		pack_notice(p, n, r->today);
	}
	return result;
}

/* Periods run their course and reminders only remind: neither is anybody's to meet. */
enum store_result report_case_tasks(struct report *r, uint32_t number)
{
	struct pack *p = &r->page.items;
	const struct principal *officer;
	const struct pathway *pathway;
	bool counts;
	enum store_result result = load_case(r, number, &counts);

	if (!counts)
		return result;
	pathway = state_pathway(&r->engine->state, r->c.pathway_name, r->c.pathway_version);
	officer = case_officer(r->engine, r->txn, &r->c);
	for (unsigned i = 0; pathway && i < r->c.deadline_count && result == STORE_OK; i++) {
		const struct case_deadline *d = &r->c.deadlines[i];
		const struct deadline_rule *rule = case_rule_of(&r->engine->state, &r->c, pathway, d);

		if (rule->period || rule->reminder || d->state == DEADLINE_CANCELLED || !in_period(r, d->last))
			continue;
		pack_map(p, REPORT_WHO_KEYS + 8);
		result = pack_whose(r);
		pack_key_str(p, "kind", rule->name);
		pack_key_str(p, "title", rule->title);
		pack_text(p, "last_day");
		pack_date(p, d->last);
		pack_key_text(p, "status", deadline_state_text(d->state));
		pack_key_bool(p, "done", d->state == DEADLINE_MET || d->resolved);
		pack_text(p, "officer");
		pack_text(p, officer ? officer->name : NULL);
		pack_text(p, "role");
		pack_text(p, officer ? role_text(officer->role) : NULL);
	}
	return result;
}
