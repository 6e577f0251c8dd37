/* Answers that come in pages: deadlines, alerts, the log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"

#define NOBODY "nobody of this name: it is the name of an officer's grant (attend grant --name)"

bool page_open(struct engine *e, const struct request *r, struct page *page, uint64_t *from)
{
	const char *wrong = NULL;
	uint64_t limit = mp_find_uint(r->message->body, "limit", PAGE_ITEMS_MAX, &wrong);

	*from = mp_find_uint(r->message->body, "from", 0, &wrong);
	memset(page, 0, sizeof *page);
	page->limit = limit && limit < PAGE_ITEMS_MAX ? (uint32_t)limit : PAGE_ITEMS_MAX;
	if (wrong) {
		query_fault(e, STATUS_BAD_FIELD, wrong, "a number is wanted");
		return false;
	}
	pack_init(&page->items);
	return true;
}

bool page_full(const struct page *page)
{
	return page->count >= page->limit || page->items.buffer.size > MESSAGE_SIZE_MAX / 2 ||
	       page->looked >= PAGE_RECORDS_MAX;
}

enum status page_close(struct engine *e, struct page *page)
{
	struct pack *p = &e->body;

	pack_map(p, 2);
	pack_text(p, "items");
	pack_array(p, page->count);
	pack_raw(p, pack_slice(&page->items));
	pack_text(p, "next");
	if (page->more)
		pack_uint(p, page->next);
	else
		pack_nil(p);
	pack_free(&page->items);
	return STATUS_OK;
}

/* ---- deadlines: those open, those past for which something is still waited, and the ended ones that are asked for ---- */

struct open_deadline {
	uint64_t due_ms;
	uint32_t case_no, pupil, urn; /* case 0: a school's task */
	uint8_t number;
	bool overdue, provisional, decides, reminder, period;
	uint8_t state;
	day_t first, last;
	uint64_t moved_from_ms; /* 0: it never moved */
	uint32_t moves, tells;
	char parent[PARENT_SIZE_MAX + 1];
	struct slice kind, title, pathway;
};

static int by_due(const void *a, const void *b)
{
	const struct open_deadline *x = a, *y = b;

	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	if (x->case_no != y->case_no)
		return x->case_no < y->case_no ? -1 : 1;
	if (x->urn != y->urn)
		return x->urn < y->urn ? -1 : 1;
	return x->number - y->number;
}

struct open_list {
	struct open_deadline *list;
	size_t count, room;
};

static void add_open(struct open_list *out, struct open_deadline d)
{
	if (out->count == out->room) {
		out->room = out->room ? out->room * 2 : 256;
		out->list = memory_grow(out->list, out->room * sizeof *out->list);
	}
	out->list[out->count++] = d;
}

static void add_task(struct open_list *out, const struct school *school, const struct pathway *pathway, unsigned task,
		     struct task_span span, uint64_t before_ms, bool missed)
{
	if (day_start_ms(span.due + 1) < before_ms)
		add_open(out, (struct open_deadline){
			.due_ms = day_start_ms(span.due + 1), .urn = school->urn, .number = (uint8_t)task, .overdue = missed,
			.state = missed ? DEADLINE_MISSED : DEADLINE_OPEN, .first = span.first, .last = span.due, .pathway = pathway->name,
			.reminder = true, .tells = pathway->tasks[task].tells,
			.kind = pathway->tasks[task].name, .title = pathway->tasks[task].title});
}

static void gather_tasks(struct engine *e, struct open_list *out, struct txn *txn, const struct principal *who, uint64_t before_ms)
{
	for (uint32_t i = 0; i < e->state.school_count; i++) {
		const struct school *school = e->state.schools[i];
		const struct pathway *pathway = state_school_pathway(&e->state, school->urn);
		struct task_span span;
		uint64_t missed_ms;

		for (unsigned t = 0; pathway && access_alert(who, school->urn, 0) && t < pathway->task_count; t++) {
			if (task_missed(txn, who, school, &pathway->tasks[t], &missed_ms))
				add_task(out, school, pathway, t, (struct task_span){.due = day_of_ms(missed_ms) - 1}, before_ms, true);
			if (state_task(&e->state, school, &pathway->tasks[t], day_of_ms(e->now_ms), &span))
				add_task(out, school, pathway, t, span, before_ms, false);
		}
	}
}

/* `since`: those that have ended too, where their last day is that day or a later one; 0: none. */
static void gather(struct engine *e, struct open_list *out, const struct case_state *c, uint64_t before_ms, day_t since)
{
	struct case_view view;

	/* where it can't be read, the question as a whole is not answered (store_trouble) */
	if (state_case_view(&e->state, c, day_of_ms(e->now_ms), &view) != STORE_OK)
		return;
	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct case_deadline *d = &c->deadlines[i];
		const struct deadline_rule *rule = case_rule_of(&e->state, c, view.pathway, d);
		bool overdue = case_deadline_overdue(d);

		if ((d->state != DEADLINE_OPEN && !overdue && (!since || d->last < since)) || d->due_ms >= before_ms)
			continue;
		struct open_deadline open = {
			.due_ms = d->due_ms, .case_no = c->number, .pupil = c->pupil, .urn = c->urn, .number = (uint8_t)(i + 1),
			.overdue = overdue, .provisional = d->provisional, .decides = overdue && rule->decides, .state = d->state,
			.reminder = rule->reminder, .period = rule->period, .tells = rule->tells, .first = d->from, .last = d->last, .moves = d->moves_dropped + d->moved_count,
			.moved_from_ms = d->moved_count ? d->moved_from[d->moved_count - 1] : 0,
			.kind = rule->name, .title = rule->title, .pathway = view.pathway->name};
		memcpy(open.parent, d->parent, sizeof open.parent);
		add_open(out, open);
	}
}

static void pack_open(struct engine *e, struct pack *p, struct txn *txn, const struct open_deadline *d)
{
	pack_map(p, 20);
	pack_text(p, "case");
	pack_case(p, d->case_no);
	pack_text(p, "upn");
	pack_upn(e, p, txn, d->pupil);
	pack_text(p, "urn");
	pack_urn(p, d->urn);
	pack_text(p, "deadline");
	if (d->case_no)
		pack_uint(p, d->number);
	else
		pack_nil(p);
	pack_key_str(p, "kind", d->kind);
	pack_key_str(p, "title", d->title);
	pack_text(p, "due");
	pack_time(p, d->due_ms);
	pack_key_text(p, "status", deadline_state_text(d->state));
	pack_key_bool(p, "overdue", d->overdue);
	pack_key_bool(p, "provisional", d->provisional);
	pack_key_bool(p, "decision", d->decides);
	pack_text(p, "from");
	pack_date(p, d->first);
	pack_text(p, "last_day");
	pack_date(p, d->last);
	pack_key_uint(p, "moves", d->moves);
	pack_text(p, "moved_from");
	pack_time(p, d->moved_from_ms);
	pack_key_str(p, "pathway", d->pathway);
	pack_text(p, "parent");
	pack_text(p, d->parent[0] ? d->parent : NULL);
	pack_key_bool(p, "period", d->period);
	pack_key_bool(p, "reminder", d->reminder);
	pack_tells(p, d->tells);
}

enum status query_deadlines(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice before = mp_find_str(r->message->body, "before", &wrong);
	struct slice since = mp_find_str(r->message->body, "since", &wrong);
	struct slice officer = mp_find_str(r->message->body, "officer", &wrong);
	struct case_state *c;
	struct open_list open = {0};
	struct page page;
	uint64_t from, before_ms = UINT64_MAX;
	day_t day, since_day = 0;

	if (!wrong && since.size && !day_parse(since, &since_day))
		wrong = "since";
	if (wrong || (before.size && !day_parse(before, &day)))
		return query_fault(e, STATUS_BAD_FIELD, wrong ? wrong : "before", "not a date: YYYY-MM-DD, one that exists");
	if (!officer_known(e, r, officer))
		return query_fault(e, STATUS_BAD_FIELD, "officer", NOBODY);
	if (before.size)
		before_ms = day_start_ms(day) + 1; /* what is due as that day begins has its last day before it */
	if (!page_open(e, r, &page, &from))
		return STATUS_BAD_FIELD;
	c = memory_new(sizeof *c);
	for (uint32_t n = 1; n <= e->state.case_count; n++)
		if (state_case_load(&e->state, n, c) == STORE_OK && (!c->closed || since_day) &&
		    access_alert(r->who, state_school_of(&e->state, c->pupil), n) && in_hands_of(e, txn, c, officer))
			gather(e, &open, c, before_ms, since_day);
	free(c);
	if (!officer.size) /* a school's tasks are in no officer's hands */
		gather_tasks(e, &open, txn, r->who, before_ms);
	if (open.count)
		qsort(open.list, open.count, sizeof *open.list, by_due);
	for (size_t i = (size_t)from; i < open.count; i++) {
		if (page_full(&page)) {
			page.more = true;
			page.next = i;
			break;
		}
		pack_open(e, &page.items, txn, &open.list[i]);
		page.count++;
	}
	free(open.list);
	return page_close(e, &page);
}

/* ---- alerts: each once, in the order of what last became of them ---- */

/* Roles; none: all who may see the pupil. */
void pack_tells(struct pack *p, uint32_t roles)
{
	unsigned count = 0;

	for (uint8_t role = 0; role < 32; role++)
		count += (roles >> role) & 1;
	pack_text(p, "tells");
	pack_array(p, count);
	for (uint8_t role = 0; role < 32; role++)
		if ((roles >> role) & 1)
			pack_text(p, role_text(role));
}

void pack_alert(struct engine *e, struct pack *p, struct txn *txn, const struct alert *a, uint64_t seq, uint8_t status)
{
	pack_map(p, 14);
	pack_key_uint(p, "alert", a->number);
	pack_key_uint(p, "seq", seq);
	pack_key_text(p, "kind", alert_kind_text(a->kind));
	pack_text(p, "upn");
	pack_upn(e, p, txn, a->pupil);
	pack_text(p, "urn");
	pack_urn(p, a->urn);
	pack_text(p, "case");
	pack_case(p, a->case_no);
	pack_text_or_nil(p, "deadline", a->deadline_kind);
	pack_text(p, "due");
	pack_time(p, a->due_ms);
	pack_text(p, "raised");
	pack_time(p, a->raised_ms);
	pack_key_text(p, "status", alert_status_text(status));
	pack_key_uint(p, "late_ms", a->late_ms);
	pack_key_str(p, "text", a->text);
	pack_text_or_nil(p, "clause", a->clause);
	pack_tells(p, a->tells);
}

static bool take_said(void *context, uint64_t position, struct slice record)
{
	struct alert *a = context;
	struct event *ev = memory_new(sizeof *ev);

	(void)position;
	if (!event_decode(ev, record, true))
		ev->kind = 0;
	if (ev->kind == EVENT_ALERT_RAISED) {
		a->text = ev->alert_raised.text;
		a->urn = ev->alert_raised.urn;
	} else if (ev->kind == EVENT_ALERT_CHANGED) {
		a->text = ev->alert_changed.text;
		a->urn = ev->alert_changed.urn ? ev->alert_changed.urn : a->urn;
	}
	free(ev);
	return false;
}

bool alert_said(struct engine *e, struct txn *txn, uint64_t position, struct alert *a)
{
	a->text = slice_of(NULL, 0);
	engine_log_at(e, txn, position, take_said, a);
	return a->text.bytes != NULL;
}

enum status query_alerts(struct engine *e, const struct request *r, struct txn *txn)
{
	struct page page;
	struct scan scan;
	struct slice key, value;
	uint64_t from;
	struct key start;
	enum store_result result;
	const char *wrong = NULL;
	struct slice officer = mp_find_str(r->message->body, "officer", &wrong);

	if (wrong || !officer_known(e, r, officer))
		return query_fault(e, STATUS_BAD_FIELD, wrong ? wrong : "officer", NOBODY);
	if (!page_open(e, r, &page, &from))
		return STATUS_BAD_FIELD;
	start = key_u64(from);
	result = scan_open(&scan, txn, TABLE_ALERT_CHANGES, key_slice(&start));
	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader k = reader_of(key), v = reader_of(value);
		uint64_t seq = read_u64(&k), number = read_u64(&v);
		struct alert a;

		if (page_full(&page)) {
			page.more = true;
			page.next = seq;
			break;
		}
		page.looked++;
		result = alert_get(txn, number, &a);
		if (result != STORE_OK || a.newest != seq || !access_told(r->who, &a) ||
		    !alert_in_hands_of(e, &e->state, txn, &a, officer))
			continue;
		pack_alert(e, &page.items, txn, &a, seq, a.status);
		page.count++;
	}
	scan_close(&scan);
	if (result != STORE_OK && result != STORE_NONE) {
		pack_free(&page.items);
		return query_fault(e, STATUS_DAMAGED, NULL, store_why(e->store));
	}
	return page_close(e, &page);
}

/* ---- the log ---- */

enum { LOG_PAGE_OTHER = 1024 }; /* of a message, beside its items */

struct log_page {
	struct engine *engine;
	struct page *page;
	struct txn *txn;
	struct event *event;
	uint32_t case_no, pupil;
	bool bad;
};

static bool end_page(struct log_page *l, uint64_t position)
{
	l->page->more = true;
	l->page->next = position;
	return false;
}

static bool take_record(void *context, uint64_t position, struct slice record)
{
	struct log_page *l = context;
	size_t before = l->page->items.buffer.size;

	if (page_full(l->page))
		return end_page(l, position);
	l->page->looked++;
	if (!event_decode(l->event, record, true)) {
		l->bad = true;
		return false;
	}
	if ((l->case_no || l->pupil) && !event_concerns(l->txn, l->event, l->case_no, l->pupil))
		return true;
	pack_event(l->engine, &l->page->items, l->txn, l->event, position);
	/* ten thousand marks are half of a message */
	if (l->page->count && l->page->items.buffer.size > MESSAGE_SIZE_MAX - LOG_PAGE_OTHER) {
		l->page->items.buffer.size = before;
		return end_page(l, position);
	}
	l->page->count++;
	return true;
}

enum status query_log(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice id = mp_find_str(r->message->body, "case", &wrong);
	struct slice upn = mp_find_str(r->message->body, "upn", &wrong);
	struct log_page l = {.engine = e, .txn = txn};
	struct page page;
	enum status status = STATUS_OK;
	uint64_t from;

	if (wrong || (id.size && !case_id_parse(id, &l.case_no)))
		return query_fault(e, STATUS_BAD_FIELD, "case", "not a case's id: C1, C2 ...");
	if (upn.size) {
		l.pupil = query_upn(e, r, txn, &status);
		if (!l.pupil)
			return status;
	}
	if (!page_open(e, r, &page, &from))
		return STATUS_BAD_FIELD;
	l.page = &page;
	l.event = memory_new(sizeof *l.event);
	/* what this very batch has appended is not on disk yet and is not told */
	e->log.methods->read(&e->log, txn, from ? from : 1, UINT64_MAX, take_record, &l);
	free(l.event);
	if (l.bad) {
		pack_free(&page.items);
		return query_fault(e, STATUS_DAMAGED, NULL, "a record of the log can't be read; attendd verify says which");
	}
	return page_close(e, &page);
}
