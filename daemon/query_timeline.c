/* What was done on a case, by whom and with what answers, and what was told of its pupil: the events
 * themselves, found by the case and not by a search of the log. A school or lead reads what it wrote itself, not others' notes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { ALERTS_SHOWN = 200 };

struct timeline {
	struct engine *engine;
	struct txn *txn;
	struct page *page;
	struct event *event;
	const struct principal *own; /* whose entries alone are told; NULL: everybody's */
	uint64_t until;
	bool bad;
};

static bool take_event(void *context, uint64_t position, struct slice record)
{
	struct timeline *t = context;

	t->bad = !event_decode(t->event, record, true);
	if (!t->bad && (!t->own || state_principal_number(&t->engine->state, t->event->actor) == t->own)) {
		pack_event(t->engine, &t->page->items, t->txn, t->event, position);
		t->page->count++;
	}
	return false;
}

static void give(struct timeline *t, uint64_t position)
{
	struct engine *e = t->engine;

	if (position <= t->until && position <= e->committed && !t->bad)
		e->log.methods->read(&e->log, t->txn, position, 1, take_event, t);
}

/* An alert as it stood then: what became of it later is not told. */
static void give_alert(struct timeline *t, struct alert *a)
{
	if (a->newest > t->until) {
		a->newest = a->number;
		a->status = ALERT_STATUS_RAISED;
	}
	pack_alert(t->engine, &t->page->items, t->txn, a, a->newest, a->status);
	t->page->count++;
}

/* The newest of them, the newest first. */
static enum store_result give_alerts(struct timeline *t, const struct case_state *c, const struct request *r)
{
	uint64_t ring[ALERTS_SHOWN], count = 0;
	struct slice key, value;
	struct scan scan;
	struct alert a;
	enum store_result result = scan_open(&scan, t->txn, TABLE_ALERTS, slice_of(NULL, 0));

	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader k = reader_of(key);
		uint64_t number = read_u64(&k);

		if (number > t->until)
			break;
		if (!alert_decode(&a, number, value))
			result = STORE_DAMAGED;
		else if (a.pupil == c->pupil && (!a.case_no || a.case_no == c->number) && access_told(r->who, &a))
			ring[count++ % ALERTS_SHOWN] = number;
	}
	scan_close(&scan);
	if (result == STORE_DAMAGED)
		return result;
	for (uint64_t i = 0; i < count && i < ALERTS_SHOWN; i++) {
		uint64_t number = ring[(count - 1 - i) % ALERTS_SHOWN];

		if (alert_get(t->txn, number, &a) != STORE_OK)
			return STORE_DAMAGED;
		give_alert(t, &a);
	}
	return STORE_OK;
}

enum status query_timeline(struct engine *e, const struct request *r, struct txn *txn)
{
	struct case_state *c = memory_new(sizeof *c);
	struct page page;
	struct timeline t = {.engine = e, .txn = txn, .page = &page, .own = access_reads_all(r->who->role) ? NULL : r->who};
	enum status status = query_find_case(e, r, txn, c);
	uint64_t from;

	if (status == STATUS_OK && !query_as_of(e, r, txn, &t.until))
		status = STATUS_BAD_FIELD;
	if (status == STATUS_OK && !page_open(e, r, &page, &from))
		status = STATUS_BAD_FIELD;
	if (status == STATUS_OK) {
		t.event = memory_new(sizeof *t.event);
		for (unsigned i = 0; i < c->done_count; i++)
			give(&t, c->done[i].position);
		for (unsigned i = 0; i < c->chapter_count; i++)
			give(&t, c->chapters[i].moved);
		if (give_alerts(&t, c, r) != STORE_OK)
			t.bad = true;
		free(t.event);
		if (t.bad)
			pack_free(&page.items);
		status = t.bad ? query_fault(e, STATUS_DAMAGED, NULL, "a record can't be read; attendd verify says which") : page_close(e, &page);
	}
	free(c);
	return status;
}
