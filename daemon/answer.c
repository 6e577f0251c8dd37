/* A submission sent again gets the first answer again, made from the event that it
 * made then. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

struct again {
	struct engine *engine;
	struct event *event;
	bool found;
};

static void answer_rows(struct pack *p, struct slice body, uint32_t accepted, bool count_marks)
{
	struct marks_reader in;
	struct refusal *refusals;
	struct mark m;
	uint32_t refused = 0;

	marks_open(&in, body);
	while (marks_next(&in, &m))
		accepted += count_marks;
	refusals = memory_new((in.refused_left + 1u) * sizeof *refusals);
	while (marks_refused(&in, &refusals[refused]))
		refused++;
	pack_answer(p, accepted, in.known, refusals, refused);
	free(refusals);
}

static void answer(struct engine *e, const struct event *ev, uint64_t position)
{
	struct pack *p = &e->body;

	pack_clear(p);
	if (ev->kind == EVENT_MARKS_RECORDED) {
		answer_rows(p, ev->marks_recorded.body, 0, true);
	} else if (ev->kind == EVENT_ROSTER_SUBMITTED) {
		answer_rows(p, ev->roster_submitted.rows, ev->roster_submitted.accepted, false);
	} else if (ev->kind == EVENT_ACTION_RECORDED) {
		pack_action_answer(p, &ev->action_recorded);
	} else if (ev->kind == EVENT_CALENDAR_LOADED) {
		pack_map(p, 1);
		pack_key_uint(p, "rows", ev->calendar_loaded.row_count);
	} else if (ev->kind == EVENT_PATHWAY_LOADED) {
		pack_map(p, 2);
		pack_key_str(p, "name", ev->pathway_loaded.name);
		pack_key_uint(p, "version", ev->pathway_loaded.version);
	} else if (ev->kind == EVENT_ACCESS_GRANTED) {
		pack_map(p, 1);
		pack_key_uint(p, "principal", position);
	} else if (ev->kind == EVENT_CLOCK_MOVED) {
		pack_map(p, 2);
		pack_text(p, "now");
		pack_time(p, ev->clock_moved.to_ms);
		pack_key_uint(p, "fired", 0);
	}
}

static bool take(void *context, uint64_t position, struct slice record)
{
	struct again *a = context;

	if (event_decode(a->event, record, true)) {
		answer(a->engine, a->event, position);
		a->found = true;
	}
	return false;
}

void answer_again(struct engine *e, const struct request *r, uint64_t position)
{
	struct again a = {.engine = e, .event = memory_new(sizeof *a.event)};

	if (position > e->committed) { /* of this very batch */
		struct slice record = e->records[position - e->committed - 1];

		take(&a, position, record);
	} else {
		e->log.methods->read(&e->log, e->txn, position, 1, take, &a);
	}
	free(a.event);
	if (a.found)
		engine_reply(e, r, STATUS_KNOWN, position);
	else
		e->broken = STORE_DAMAGED;
}
