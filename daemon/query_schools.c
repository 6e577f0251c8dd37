/* What schools are, and how far their recurring tasks have come.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/names.h"
#include "daemon/query_parts.h"

bool task_missed(struct txn *txn, const struct principal *told, const struct school *school, const struct task_rule *rule,
		 uint64_t *due_ms)
{
	const struct school_task *task = school_task(school, rule->name);
	struct alert a;

	if (!task || !task->alert || !task_concerns(rule, school) ||
	    alert_get(txn, task->alert, &a) != STORE_OK)
		return false;
	*due_ms = a.due_ms;
	return a.status == ALERT_STATUS_RAISED && (!told || access_told(told, &a));
}

static void pack_task(struct engine *e, struct pack *p, struct txn *txn, const struct school *school, const struct task_rule *rule)
{
	const struct school_task *task = school_task(school, rule->name);
	struct task_span span = {0};
	uint64_t missed = 0;
	bool open = state_task(&e->state, school, rule, day_of_ms(e->now_ms), &span);

	pack_map(p, 7);
	pack_key_str(p, "task", rule->name);
	pack_key_str(p, "title", rule->title);
	pack_text_or_nil(p, "clause", rule->clause);
	pack_text(p, "first");
	pack_date(p, open ? (uint16_t)span.first : 0);
	pack_text(p, "due");
	pack_date(p, open ? (uint16_t)span.due : 0);
	pack_text(p, "done_through");
	pack_date(p, task && !task->alert ? task->through : 0);
	pack_text(p, "missed");
	pack_time(p, task_missed(txn, NULL, school, rule, &missed) ? missed : 0);
}

static void pack_school(struct engine *e, struct pack *p, struct txn *txn, const struct school *school)
{
	const struct pathway *pathway = state_school_pathway(&e->state, school->urn);
	const struct event_school_described described = {.urn = school->urn, .kinds = school->kinds, .name = slice_text(school->name)};
	unsigned count = 0;

	for (unsigned t = 0; pathway && t < pathway->task_count; t++)
		count += task_concerns(&pathway->tasks[t], school);
	pack_map(p, DESCRIBED_KEYS + 3);
	pack_described(p, &described);
	pack_text(p, "since");
	pack_date(p, school->kinds ? school->since : 0);
	pack_text(p, "pathway");
	if (pathway)
		pack_str(p, pathway->name);
	else
		pack_nil(p);
	pack_text(p, "tasks");
	pack_array(p, count);
	for (unsigned t = 0; pathway && t < pathway->task_count; t++)
		if (task_concerns(&pathway->tasks[t], school))
			pack_task(e, p, txn, school, &pathway->tasks[t]);
}

/* The one with the lowest number from there on, whatever order they were described in; NULL: none. */
static const struct school *school_from(const struct state *s, const struct principal *who, uint64_t from)
{
	const struct school *next = NULL;

	for (uint32_t i = 0; i < s->school_count; i++)
		if (s->schools[i]->urn >= from && (!next || s->schools[i]->urn < next->urn) && access_school(who, s->schools[i]->urn))
			next = s->schools[i];
	return next;
}

enum status query_schools(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice text = mp_find_str(r->message->body, "urn", &wrong);
	struct page page;
	const struct school *school;
	uint64_t from;
	uint32_t urn = 0;

	if (wrong || (text.size && !urn_parse(text, &urn)))
		return query_fault(e, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
	if (urn && (!access_school(r->who, urn) || !state_school(&e->state, urn)))
		return query_fault(e, STATUS_NOT_FOUND, "urn", "nobody has said what this school is: attend school URN KIND");
	if (!page_open(e, r, &page, &from))
		return STATUS_BAD_FIELD;
	for (from = urn > from ? urn : from; (school = school_from(&e->state, r->who, from)) && !page.more; from = school->urn + 1u) {
		if (urn && school->urn != urn)
			break;
		page.more = page_full(&page);
		page.next = school->urn;
		if (page.more)
			break;
		pack_school(e, &page.items, txn, school);
		page.count++;
	}
	return page_close(e, &page);
}
