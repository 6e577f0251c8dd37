/* Calendars, pathways, the clock, and acknowledging an alert.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"
#include "pathways/compile.h"

/* ---- calendars ---- */

static const char *take_row(struct mp *at, struct calendar_row *row, const char **field)
{
	day_t from, to;

	*field = "rows";
	if (mp_array(at) != 4 || at->fault)
		return "a row is [from, to, kind, name]";
	*field = "from";
	if (!day_parse(mp_str(at), &from))
		return "not a date: YYYY-MM-DD, one that exists";
	*field = "to";
	if (!day_parse(mp_str(at), &to))
		return "not a date: YYYY-MM-DD, one that exists";
	*field = "kind";
	row->kind = calendar_kind_parse(mp_str(at));
	if (!row->kind)
		return "not one of term, closure, inset, holiday, bank-holiday";
	*field = "name";
	row->name = mp_str(at);
	if (at->fault || row->name.size > 200)
		return "a text of at most 200 bytes is wanted";
	row->from = (uint16_t)from;
	row->to = (uint16_t)to;
	return NULL;
}

static const char *take_calendar(struct slice body, struct event_calendar_loaded *c, const char **field, size_t *row)
{
	static const char *const keys[] = {"urn", "rows", NULL};
	struct slice unknown, urn;
	const char *wrong = NULL, *fault;
	struct mp at;
	uint32_t count;

	*field = "urn";
	if (!mp_only(body, keys, &unknown))
		return "{urn?, rows} is wanted";
	urn = mp_find_str(body, "urn", &wrong);
	if (wrong || (urn.size && !urn_parse(urn, &c->urn)))
		return "not a school's number: six digits";
	*field = "rows";
	at = mp_find(body, "rows");
	count = mp_array(&at);
	if (at.fault || count > CALENDAR_ROWS_MAX || !count)
		return "an array of 1 to 512 rows is wanted";
	for (*row = 0; *row < count; (*row)++) {
		fault = take_row(&at, &c->rows[*row], field);
		if (fault)
			return fault;
	}
	c->row_count = (uint16_t)count;
	*field = "rows";
	return calendar_fault(c->rows, count, row);
}

void submit_calendar(struct engine *e, const struct request *r)
{
	struct event *ev = memory_new(sizeof *ev);
	const char *field, *fault;
	uint64_t position, moved;
	struct dues *dues;
	size_t row = 0;
	char text[200];

	engine_event(e, ev, EVENT_CALENDAR_LOADED, r->who->number);
	engine_sign(ev, r);
	fault = take_calendar(r->message->body, &ev->calendar_loaded, &field, &row);
	if (fault) {
		snprintf(text, sizeof text, "row %zu: %s", row + 1, fault);
		engine_refuse(e, r, STATUS_BAD_FIELD, field, text);
		free(ev);
		return;
	}
	dues = dues_before(e, ev->calendar_loaded.urn);
	engine_append(e, ev);
	position = engine_head(e);
	moved = react_to_calendar(e, ev->calendar_loaded.urn, dues);
	/* a tail must not cross a change of the rules by which it is counted */
	engine_sweep_all(e);
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_key_uint(&e->body, "rows", ev->calendar_loaded.row_count);
	pack_key_uint(&e->body, "moved", moved);
	engine_reply(e, r, STATUS_OK, position);
	free(ev);
}

/* ---- pathways ---- */

void pack_compile_faults(struct pack *p, const struct compile_report *report)
{
	pack_text(p, "faults");
	pack_array(p, report->count);
	for (unsigned i = 0; i < report->count; i++) {
		pack_array(p, report->faults[i].file ? 4 : 3);
		pack_uint(p, report->faults[i].line);
		pack_uint(p, report->faults[i].column);
		pack_text(p, report->faults[i].text);
		if (report->faults[i].file)
			pack_text(p, report->files[report->faults[i].file]);
	}
}

static void refuse_pathway(struct engine *e, const struct request *r, const struct compile_report *report)
{
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_key_text(&e->body, "reason", "the pathway file is wrong");
	pack_compile_faults(&e->body, report);
	e->counters[COUNT_REFUSED_CONTENT]++;
	engine_reply(e, r, STATUS_BAD_FIELD, engine_head(e));
}

/* Puts a compiled source in force: the next version of its name. */
bool load_pathway(struct engine *e, struct slice source, struct slice compiled, bool is_default, struct event *ev)
{
	struct pathway *p = memory_new(sizeof *p);
	const struct loaded_pathway *before;
	bool good = pathway_decode(p, compiled);

	if (good) {
		before = state_newest_pathway(&e->state, p->name);
		ev->pathway_loaded = (struct event_pathway_loaded){
			.name = p->name,
			.version = before ? before->version + 1 : 1,
			.is_default = is_default || !state_default_pathway(&e->state),
			.source = source,
			.compiled = compiled,
		};
		engine_append(e, ev);
		engine_sweep_all(e);
	}
	free(p);
	return good;
}

void pack_load_answer(struct pack *p, const struct event_pathway_loaded *l, uint64_t moved)
{
	pack_clear(p);
	pack_map(p, moved ? 3 : 2);
	pack_key_str(p, "name", l->name);
	pack_key_uint(p, "version", l->version);
	if (moved)
		pack_key_uint(p, "moved", moved);
}

/* A compiled file: in force, unless it would leave an open case without a place. */
static void put_in_force(struct engine *e, const struct request *r, struct slice source, struct slice compiled,
			 bool is_default, const struct passages *passages)
{
	struct pathway *p = memory_new(sizeof *p);
	struct event ev;
	uint64_t position, moved;

	if (!pathway_decode(p, compiled)) {
		engine_refuse(e, r, STATUS_FAILED, "source", "the compiled form can't be read back");
	} else if (!orphans_refused(e, r, p, passages)) {
		engine_event(e, &ev, EVENT_PATHWAY_LOADED, r->who->number);
		engine_sign(&ev, r);
		load_pathway(e, source, compiled, is_default, &ev);
		position = engine_head(e);
		p->version = ev.pathway_loaded.version;
		moved = orphans_carry(e, r, p, passages);
		pack_load_answer(&e->body, &(struct event_pathway_loaded){.name = p->name, .version = p->version}, moved);
		engine_reply(e, r, STATUS_OK, position);
	}
	free(p);
}

void submit_pathway(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"source", "default", "stages", "deadlines", "reason", NULL};
	struct compile_report *report;
	struct passages *passages;
	struct slice unknown, source;
	const char *wrong = NULL, *field = NULL;
	uint8_t *room;
	struct writer w;
	bool is_default;

	source = mp_find_str(r->message->body, "source", &wrong);
	is_default = mp_find_bool(r->message->body, "default", &wrong);
	if (wrong || !source.size || !mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "source", "{source, default?, stages?, deadlines?, reason?} is wanted");
		return;
	}
	if (source.size > PATHWAY_SIZE_MAX - 1024) {
		engine_refuse(e, r, STATUS_TOO_LARGE, "source", "a pathway file, with what it includes, is at most 127 KiB");
		return;
	}
	passages = memory_new(sizeof *passages);
	wrong = passages_take(passages, r->message->body, &field);
	if (wrong) {
		engine_refuse(e, r, STATUS_BAD_FIELD, field, wrong);
		free(passages);
		return;
	}
	report = memory_new(sizeof *report);
	room = memory_new(PATHWAY_SIZE_MAX);
	w = writer_of(room, PATHWAY_SIZE_MAX);
	if (pathway_compile(source, &w, report))
		put_in_force(e, r, source, writer_slice(&w), is_default, passages);
	else
		refuse_pathway(e, r, report);
	free(passages);
	free(room);
	free(report);
}

/* ---- the clock ---- */

static void confirm_clock(struct engine *e, const struct request *r)
{
	struct event ev;

	if (!e->state.clock_held) {
		engine_refuse(e, r, STATUS_WRONG_CLOCK, "confirm", "the clock is not held");
		return;
	}
	engine_event(e, &ev, EVENT_CLOCK_CONFIRMED, r->who->number);
	engine_sign(&ev, r);
	engine_append(e, &ev);
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_text(&e->body, "now");
	pack_time(&e->body, e->now_ms);
	pack_key_uint(&e->body, "fired", 0);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}

static void move_clock(struct engine *e, const struct request *r, uint64_t to_ms)
{
	bool more = fire_due(e, to_ms, true);
	struct event ev;

	if (!more && to_ms > e->now_ms)
		e->now_ms = to_ms;
	engine_event(e, &ev, EVENT_CLOCK_MOVED, r->who->number);
	engine_sign(&ev, r);
	ev.clock_moved.to_ms = e->now_ms;
	engine_append(e, &ev);
	pack_clear(&e->body);
	pack_map(&e->body, more ? 3 : 2);
	pack_text(&e->body, "now");
	pack_time(&e->body, e->now_ms);
	pack_key_uint(&e->body, "fired", fired_by(e, engine_head(e)));
	if (more)
		pack_key_bool(&e->body, "more", true);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}

void submit_clock(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"to", "confirm", NULL};
	struct slice unknown, to;
	const char *wrong = NULL;
	uint64_t to_ms;
	bool confirm;

	to = mp_find_str(r->message->body, "to", &wrong);
	confirm = mp_find_bool(r->message->body, "confirm", &wrong);
	if (wrong || confirm == (to.size > 0) || !mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "to", "either {to: time} or {confirm: true} is wanted");
		return;
	}
	if (confirm) {
		confirm_clock(e, r);
		return;
	}
	if (!e->options.manual_clock) {
		engine_refuse(e, r, STATUS_WRONG_CLOCK, "to",
			      "the daemon runs on the system clock; only one started with --clock manual can be moved");
		return;
	}
	if (!time_parse(to, &to_ms)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "to", "not a time such as 2026-09-01T08:00:00Z");
		return;
	}
	if (e->state.clock_held) {
		engine_refuse(e, r, STATUS_CLOCK_HELD, "to", "the clock is held: attend clock --confirm comes first");
		return;
	}
	if (to_ms < e->now_ms) {
		engine_refuse(e, r, STATUS_WRONG_CLOCK, "to", "time moves forward only");
		return;
	}
	move_clock(e, r, to_ms);
}

/* ---- alerts ---- */

void submit_acknowledge(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"alert", NULL};
	struct slice unknown, value;
	const char *wrong = NULL;
	struct alert a;
	struct event ev;
	uint64_t number = mp_find_uint(r->message->body, "alert", 0, &wrong);
	struct key key = key_u64(number);
	enum store_result result;

	if (wrong || !number || !mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "alert", "{alert: number} is wanted");
		return;
	}
	result = store_get(e->txn, TABLE_ALERTS, key_slice(&key), &value);
	if (result == STORE_NONE) {
		engine_refuse(e, r, STATUS_NOT_FOUND, "alert", "no alert has this number");
		return;
	}
	if (result != STORE_OK || !alert_decode(&a, number, value)) {
		e->broken = result == STORE_OK ? STORE_DAMAGED : result;
		return;
	}
	if (!access_told(r->who, &a)) {
		engine_refuse(e, r, STATUS_NOT_FOUND, "alert", "the alert of this number is not for your role");
		return;
	}
	if (a.status != ALERT_STATUS_RAISED) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "alert",
			      a.status == ALERT_STATUS_WITHDRAWN ? "it was withdrawn" : "it was acknowledged before");
		return;
	}
	engine_event(e, &ev, EVENT_ALERT_ACKNOWLEDGED, r->who->number);
	engine_sign(&ev, r);
	ev.alert_acknowledged.alert = number;
	engine_append(e, &ev);
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}
