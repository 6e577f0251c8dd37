/* What reports are made of: a row for each pupil, penalty notice, task. Adding up is the
 * asker's, so that an answer of any length comes in pages and holds nobody up. (SP-25)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/report.h"

bool report_covers(const struct report *r, uint32_t urn)
{
	return (!r->urn || urn == r->urn) && access_school(r->request->who, urn);
}

/* ---- whom a pupil is counted among ---- */

/* What the roster's `send` says, which schools' systems give as N, K (support) or E (a plan). */
static bool roster_says(struct slice send, uint8_t fact)
{
	bool none = !send.size || slice_is(send, "N") || slice_is(send, "no");
	bool plan = slice_is(send, "E") || slice_is(send, "EHCP");

	return (fact == FACT_SEND && !none) || (fact == FACT_EHCP && plan);
}

static bool is_so(const struct facts *facts, struct slice send, uint8_t fact, day_t day)
{
	return facts_hold(facts, fact, slice_of(NULL, 0), day) || roster_says(send, fact);
}

static void pack_known(struct pack *p, const struct facts *facts, struct slice send, day_t day)
{
	unsigned count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "facts");
			pack_array(p, count);
		}
		for (uint8_t fact = 1; fact < FACT_SCHOOL; fact++) {
			if (!fact_text(fact) || fact_of_parent(fact) || !is_so(facts, send, fact, day))
				continue;
			count++;
			if (pass == 1)
				pack_text(p, fact_text(fact));
		}
	}
}

/* "PP; 7B" is two groups. */
static bool next_group(struct slice *left, struct slice *group)
{
	const uint8_t *at = left->bytes, *end, *last;

	if (left->size == 0)
		return false;
	end = at + left->size;
	while (at < end && (*at == ',' || *at == ';' || isspace(*at)))
		at++;
	for (last = at; last < end && *last != ',' && *last != ';';)
		last++;
	*left = slice_of(last, (size_t)(end - last));
	while (last > at && isspace(last[-1]))
		last--;
	*group = slice_of(at, (size_t)(last - at));
	return group->size > 0;
}

static void pack_groups(struct pack *p, struct slice groups)
{
	struct slice left = groups, group;
	unsigned count = 0;

	while (next_group(&left, &group))
		count++;
	pack_text(p, "groups");
	pack_array(p, count);
	for (left = groups; next_group(&left, &group);)
		pack_str(p, group);
}

/* ---- a pupil ---- */

bool report_figures(const struct report *r, const struct pupil *pupil, struct figures *f)
{
	pupil_figures_of(pupil, state_calendar(&r->engine->state, pupil->urn), r->first, r->last, f);
	return f->latest != 0;
}

enum store_result report_pack_who(struct report *r, uint32_t number)
{
	struct engine *e = r->engine;
	struct pack *p = &r->page.items;
	struct slice particulars = pupil_particulars(e, number, r->room);
	enum store_result result = state_people(&e->state, number, &r->people);
	const char *wrong = NULL;

	pack_text(p, "upn");
	pack_upn(e, p, r->txn, number);
	pack_text(p, "urn");
	pack_urn(p, state_school_of(&e->state, number));
	pack_text_or_nil(p, "surname", mp_find_str(particulars, "surname", &wrong));
	pack_text_or_nil(p, "forename", mp_find_str(particulars, "forename", &wrong));
	pack_text_or_nil(p, "year_group", mp_find_str(particulars, "year_group", &wrong));
	pack_groups(p, mp_find_str(particulars, "groups", &wrong));
	pack_known(p, &r->people.facts, mp_find_str(particulars, "send", &wrong), r->today < r->last ? r->today : r->last);
	return result;
}

enum store_result report_pack_pupil(struct report *r, uint32_t number, const struct figures *f)
{
	struct pack *p = &r->page.items;
	const struct pupil *pupil = state_pupil(&r->engine->state, number);
	const struct pathway *pathway = state_school_pathway(&r->engine->state, pupil->urn);
	enum store_result result = report_pack_who(r, number);

	pack_pupil_figures(p, f);
	pack_text(p, "codes");
	pack_codes(p, f, ~UINT64_C(0));
	pack_key_uint(p, "threshold", pathway ? pathway->threshold : 0);
	pack_text(p, "latest");
	pack_date(p, (uint16_t)f->latest);
	pack_text(p, "case");
	pack_case(p, pupil->case_no);
	return result;
}

static enum store_result pupil_row(struct report *r, uint32_t number)
{
	const struct pupil *pupil = state_pupil(&r->engine->state, number);
	struct figures f;

	if (!report_covers(r, pupil->urn) || !report_figures(r, pupil, &f))
		return STORE_OK;
	pack_map(&r->page.items, REPORT_PUPIL_KEYS);
	r->page.count++;
	return report_pack_pupil(r, number, &f);
}

/* ---- the question ---- */

static uint32_t pupils(struct report *r)
{
	return r->engine->state.pupil_count;
}

static uint32_t cases(struct report *r)
{
	return r->engine->state.case_count;
}

static const struct {
	const char *of;
	uint32_t (*most)(struct report *); /* rows are asked for by number, from 1 */
	enum store_result (*row)(struct report *, uint32_t number);
} tables[] = {
	{"pupils", pupils, pupil_row},
	{"notices", cases, report_case_notices},
	{"deadlines", cases, report_case_tasks},
	{"schools", report_schools, report_school},
	{"meeting", pupils, report_listed},
};

static bool take_day(struct report *r, const char *key, day_t *day, enum status *status)
{
	const char *wrong = NULL;
	struct slice text = mp_find_str(r->request->message->body, key, &wrong);

	if (!wrong && (!text.size || day_parse(text, day)))
		return true;
	*status = query_fault(r->engine, STATUS_BAD_FIELD, key, "not a date: YYYY-MM-DD, one that exists");
	return false;
}

/* The school year of today, where nothing else is asked. */
static bool take_period(struct report *r, enum status *status)
{
	char reason[120], text[DATE_TEXT_SIZE + 1];
	day_t reach = week_monday(day_week(r->today) - PUPIL_WEEKS + 1);

	r->first = school_year_start(day_school_year(r->today));
	r->last = r->today;
	if (!take_day(r, "first", &r->first, status) || !take_day(r, "last", &r->last, status))
		return false;
	if (r->first > r->last) {
		*status = query_fault(r->engine, STATUS_BAD_FIELD, "last", "it lies before the first day");
		return false;
	}
	if (r->first < reach) {
		day_text(text, reach);
		snprintf(reason, sizeof reason, "reports reach %d weeks back: ask from %s on; the log has what is older", PUPIL_WEEKS, text);
		*status = query_fault(r->engine, STATUS_BAD_FIELD, "first", reason);
		return false;
	}
	return true;
}

static bool take_school(struct report *r, enum status *status)
{
	const char *wrong = NULL;
	struct slice school = mp_find_str(r->request->message->body, "school", &wrong);

	if (wrong || (school.size && !urn_parse(school, &r->urn)))
		*status = query_fault(r->engine, STATUS_BAD_FIELD, "school", "a school's URN, of six digits, is wanted");
	else if (r->urn && !access_school(r->request->who, r->urn))
		*status = query_fault(r->engine, STATUS_NOT_FOUND, "school", "no school of this URN is known to you");
	else
		return true;
	return false;
}

static enum status answer(struct report *r, size_t table, uint64_t from)
{
	uint32_t most = tables[table].most(r);
	enum store_result result = STORE_OK;

	for (uint64_t number = from ? from : 1; number <= most && result == STORE_OK; number++) {
		if (page_full(&r->page)) {
			r->page.more = true;
			r->page.next = number;
			break;
		}
		r->page.looked++;
		result = tables[table].row(r, (uint32_t)number);
	}
	if (result == STORE_OK)
		return page_close(r->engine, &r->page);
	pack_free(&r->page.items);
	return query_fault(r->engine, STATUS_DAMAGED, NULL, store_why(r->engine->store));
}

enum status query_report(struct engine *e, const struct request *request, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice of = mp_find_str(request->message->body, "of", &wrong);
	enum status status = STATUS_OK;
	struct report *r;
	uint64_t from;
	size_t table = 0;

	while (table < sizeof tables / sizeof *tables && !slice_is(of, tables[table].of))
		table++;
	if (table == sizeof tables / sizeof *tables)
		return query_fault(e, STATUS_BAD_FIELD, "of", "pupils, notices, deadlines, schools or meeting is wanted");
	r = memory_new(sizeof *r);
	*r = (struct report){.engine = e, .request = request, .txn = txn, .today = day_of_ms(e->now_ms)};
	if (!take_period(r, &status) || !take_school(r, &status))
		;
	else if (!page_open(e, request, &r->page, &from))
		status = STATUS_BAD_FIELD;
	else
		status = answer(r, table, from);
	free(r->schools);
	free(r);
	return status;
}
