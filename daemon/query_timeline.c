/* What was done on a case, by whom and with what answers, and what was told of its pupil: the events
 * themselves, found by the case and not by a search of the log. A school or lead reads what it wrote itself, not others' notes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"

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
	if (!t->bad && (!t->own || principal_of_grant(t->engine, t->txn, t->event->actor) == t->own)) {
		pack_event(t->engine, &t->page->items, t->txn, t->event, position);
		t->page->count++;
	}
	return false;
}

static void give(struct timeline *t, uint64_t position)
{
	if (position <= t->until && !t->bad)
		engine_log_at(t->engine, t->txn, position, take_event, t);
}

/* An alert as it stood then: what became of it later is not told. */
struct stood {
	uint64_t number, newest, said; /* positions: its own, that of what was newest of it, and of its text */
	uint8_t status;
};

static int by_number(const void *a, const void *b)
{
	const uint64_t *number = a;
	const struct stood *s = b;

	return *number < s->number ? -1 : *number > s->number;
}

static bool take_change(void *context, uint64_t position, struct slice record)
{
	struct stood *s = context;
	struct event ev;
	struct reader rest;

	if (!event_decode_header(&ev, record, &rest))
		return false;
	s->newest = position;
	s->status = ALERT_STATUS_RAISED;
	if (ev.kind == EVENT_ALERT_WITHDRAWN)
		s->status = ALERT_STATUS_WITHDRAWN;
	else if (ev.kind == EVENT_ALERT_ACKNOWLEDGED)
		s->status = ALERT_STATUS_ACKNOWLEDGED;
	else
		s->said = position;
	return false;
}

/* What became of them up to then: one walk over all that became of alerts. `list` rises by number. */
static enum store_result look_back(struct timeline *t, struct stood list[], size_t count)
{
	struct key from = key_u64(count ? list[0].number : 0);
	struct slice key, value;
	struct scan scan;
	enum store_result result = count ? scan_open(&scan, t->txn, TABLE_ALERT_CHANGES, key_slice(&from)) : STORE_NONE;

	if (!count)
		return STORE_OK;
	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader k = reader_of(key), v = reader_of(value);
		uint64_t position = read_u64(&k), number = read_u64(&v);
		struct stood *s;

		if (position > t->until)
			break;
		s = bsearch(&number, list, count, sizeof *list, by_number);
		if (s)
			engine_log_at(t->engine, t->txn, position, take_change, s);
	}
	scan_close(&scan);
	return result == STORE_NONE ? STORE_OK : result;
}

static bool give_alert(struct timeline *t, struct alert *a, const struct stood *then)
{
	if (then && !alert_said(t->engine, t->txn, then->said, a))
		return false;
	pack_alert(t->engine, &t->page->items, t->txn, a, then ? then->newest : a->newest, then ? then->status : a->status);
	t->page->count++;
	return true;
}

/* The newest of them, the newest first. */
static enum store_result give_alerts(struct timeline *t, const struct case_state *c, const struct request *r)
{
	struct stood then[ALERTS_SHOWN];
	size_t then_count = 0;
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
	for (uint64_t i = count > ALERTS_SHOWN ? count - ALERTS_SHOWN : 0; i < count; i++) {
		if (alert_get(t->txn, ring[i % ALERTS_SHOWN], &a) != STORE_OK)
			return STORE_DAMAGED;
		if (a.newest > t->until)
			then[then_count++] = (struct stood){a.number, a.number, a.number, ALERT_STATUS_RAISED};
	}
	if (look_back(t, then, then_count) != STORE_OK)
		return STORE_DAMAGED;
	for (uint64_t i = 0; i < count && i < ALERTS_SHOWN; i++) {
		uint64_t number = ring[(count - 1 - i) % ALERTS_SHOWN];

		if (alert_get(t->txn, number, &a) != STORE_OK ||
		    !give_alert(t, &a, then_count ? bsearch(&number, then, then_count, sizeof *then, by_number) : NULL))
			return STORE_DAMAGED;
	}
	return STORE_OK;
}

/* A pupil's case as of then: the latest that had begun. */
static enum status find_then(struct engine *e, struct txn *txn, uint64_t until, struct case_state *c)
{
	uint32_t numbers[64], pupil = c->pupil;
	unsigned count = cases_of(e, txn, &e->state, pupil, numbers, 64);

	while (count-- > 0) {
		if (state_case_load(&e->state, numbers[count], c) != STORE_OK)
			return query_fault(e, STATUS_DAMAGED, NULL, "the case can't be read");
		if (c->done[0].position <= until)
			return STATUS_OK;
	}
	return query_fault(e, STATUS_NOT_FOUND, "upn", "this pupil had no case then");
}

enum status query_timeline(struct engine *e, const struct request *r, struct txn *txn)
{
	struct case_state *c = memory_new(sizeof *c);
	struct page page;
	struct timeline t = {.engine = e, .txn = txn, .page = &page, .own = access_reads_all(r->who->role) ? NULL : r->who};
	enum status status = query_find_case(e, r, txn, c);
	bool by_upn = !mp_find_str(r->message->body, "case", &(const char *){NULL}).size;
	uint64_t from;

	if (status == STATUS_OK && !query_as_of(e, r, txn, &t.until))
		status = STATUS_BAD_FIELD;
	if (status == STATUS_OK && by_upn)
		status = find_then(e, txn, t.until, c);
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
