/* One event of the log, for people and machines: its header, and its own fields.
 * Sealed texts are opened for those who may read them; of a person who was erased
 * they stay nil. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"
#include "daemon/query_parts.h"

enum { OPENED_ROOM = 256 * 1024 };

/* A sealed msgpack map, opened, or nil. */
static void pack_sealed(struct engine *e, struct pack *p, uint32_t pupil, uint8_t kind, uint64_t position, struct slice sealed)
{
	uint8_t *room;
	struct writer w;

	if (!sealed.size) {
		pack_nil(p);
		return;
	}
	room = memory_new(OPENED_ROOM);
	w = writer_of(room, OPENED_ROOM);
	if (persons_unseal(e->persons, pupil, kind, position, sealed, &w))
		pack_raw(p, writer_slice(&w));
	else
		pack_nil(p);
	free(room);
}

/* By the name and role of the grant that counted then. */
static void pack_actor(struct engine *e, struct pack *p, struct txn *txn, uint64_t number)
{
	const struct principal *who = number ? state_principal_number(&e->state, number) : NULL;
	struct event *before = number && !who ? memory_new(sizeof *before) : NULL;
	struct slice name = who ? slice_text(who->name) : slice_of(NULL, 0);
	uint8_t role = who ? who->role : 0;
	char text[120];

	if (before && grant_at(e, txn, number, before)) {
		name = before->access_granted.name;
		role = before->access_granted.role;
	}
	if (!number)
		snprintf(text, sizeof text, "attendd");
	else if (name.size)
		snprintf(text, sizeof text, "%.*s (%s)", (int)name.size, (const char *)name.bytes, role_text(role));
	else if (role)
		snprintf(text, sizeof text, "%s %llu", role_text(role), (unsigned long long)number);
	else
		snprintf(text, sizeof text, "grant %llu", (unsigned long long)number);
	pack_text(p, text);
	free(before);
}

static void head(struct engine *e, struct pack *p, struct txn *txn, const struct event *ev, uint64_t position, size_t fields)
{
	char id[UUID_TEXT_SIZE + 1];

	pack_map(p, 6 + (ev->via != 0) + fields);
	pack_key_uint(p, "seq", position);
	pack_text(p, "id");
	if (ev->submitted)
		uuid_text(id, ev->id);
	pack_text(p, ev->submitted ? id : NULL);
	pack_key_text(p, "kind", event_kind_text(ev->kind));
	pack_text(p, "recorded");
	pack_time(p, ev->at_ms ? ev->at_ms : e->state.created_ms);
	pack_text(p, "actor");
	pack_actor(e, p, txn, ev->actor);
	if (ev->via) {
		pack_text(p, "via");
		pack_actor(e, p, txn, ev->via);
	}
	pack_key_uint(p, "version", ev->version);
}

static void pack_key_value(struct pack *p, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	char text[Z85_KEY_SIZE + 1];

	z85_key_text(text, key);
	pack_key_text(p, "key", text);
}

static void pack_granted(struct pack *p, const struct event_access_granted *g)
{
	pack_key_value(p, g->key);
	pack_key_text(p, "role", role_text(g->role));
	pack_key_str(p, "name", g->name);
	pack_text(p, "schools");
	pack_array(p, g->school_count);
	for (unsigned i = 0; i < g->school_count; i++)
		pack_urn(p, g->schools[i]);
	pack_text(p, "cases");
	pack_array(p, g->case_count);
	for (unsigned i = 0; i < g->case_count; i++)
		pack_case(p, g->cases[i]);
}

static void pack_marks(struct engine *e, struct pack *p, struct txn *txn, uint8_t version, struct slice body,
		       uint64_t position)
{
	struct marks_reader in;
	struct mark m;
	uint32_t count = 0;

	marks_open(&in, version, body);
	while (marks_next(&in, &m))
		count++;
	marks_open(&in, version, body);
	pack_text(p, "urn");
	pack_urn(p, in.urn);
	pack_key_uint(p, "known", in.known);
	pack_text(p, "marks");
	pack_array(p, count);
	while (marks_next(&in, &m)) {
		pack_map(p, 4u + m.has_minutes + m.has_recorded + (m.comment.size > 0));
		pack_text(p, "upn");
		pack_upn(e, p, txn, m.pupil);
		pack_text(p, "date");
		pack_date(p, m.day);
		pack_key_text(p, "session", m.session == PM ? "PM" : "AM");
		pack_key_text(p, "code", code_text(m.code));
		if (m.has_minutes)
			pack_key_uint(p, "minutes_late", m.minutes_late);
		if (m.has_recorded) {
			pack_text(p, "recorded_at");
			pack_time(p, m.recorded_ms);
		}
		if (m.comment.size) {
			uint8_t room[TEXT_SIZE_MAX + SEAL_EXTRA];
			struct writer w = writer_of(room, sizeof room);

			pack_text(p, "comment");
			if (persons_unseal(e->persons, m.pupil, EVENT_MARKS_RECORDED, position, m.comment, &w))
				pack_str(p, writer_slice(&w));
			else
				pack_nil(p);
		}
	}
}

static void pack_recorded(struct engine *e, struct pack *p, struct txn *txn, const struct event_action_recorded *a, uint64_t position)
{
	pack_text(p, "case");
	pack_case(p, a->case_no);
	pack_text(p, "upn");
	pack_upn(e, p, txn, a->pupil);
	pack_key_str(p, "action", a->name);
	pack_text(p, "on");
	pack_date(p, a->on);
	pack_text(p, "parent");
	if (a->parent.size)
		pack_str(p, a->parent);
	else
		pack_nil(p);
	pack_key_bool(p, "opens", a->opens);
	pack_key_bool(p, "overridden", a->overridden);
	pack_text(p, "fields");
	pack_map(p, a->field_count);
	for (unsigned i = 0; i < a->field_count; i++) {
		pack_str(p, a->fields[i].name);
		pack_str(p, a->fields[i].value);
	}
	pack_text(p, "texts");
	pack_sealed(e, p, a->pupil, EVENT_ACTION_RECORDED, position, a->sealed);
}

static void pack_raised(struct engine *e, struct pack *p, struct txn *txn, const struct event_alert_raised *a, uint64_t position)
{
	pack_key_uint(p, "alert", position);
	pack_key_text(p, "alert_kind", alert_kind_text(a->kind));
	pack_text(p, "upn");
	pack_upn(e, p, txn, a->pupil);
	pack_text(p, "case");
	pack_case(p, a->case_no);
	pack_text(p, "deadline");
	if (a->deadline_kind.size)
		pack_str(p, a->deadline_kind);
	else
		pack_nil(p);
	pack_text(p, "due");
	pack_time(p, a->due_ms);
	pack_key_uint(p, "late_ms", a->late_ms);
	pack_key_bool(p, "up", a->up);
	pack_key_str(p, "text", a->text);
	pack_text(p, "clause");
	if (a->clause.size)
		pack_str(p, a->clause);
	else
		pack_nil(p);
	pack_tells(p, a->tells);
}

static void pack_calendar(struct pack *p, const struct event_calendar_loaded *c)
{
	pack_text(p, "urn");
	pack_urn(p, c->urn);
	pack_text(p, "rows");
	pack_array(p, c->row_count);
	for (unsigned i = 0; i < c->row_count; i++) {
		pack_array(p, 4);
		pack_date(p, c->rows[i].from);
		pack_date(p, c->rows[i].to);
		pack_text(p, calendar_kind_text(c->rows[i].kind));
		pack_str(p, c->rows[i].name);
	}
}

static void pack_fired(struct pack *p, const struct event_deadline_fired *f)
{
	static const char *const phases[] = {NULL, "soon", "due", "overdue"};

	pack_text(p, "case");
	pack_case(p, f->case_no);
	pack_key_uint(p, "deadline", f->deadline);
	pack_key_text(p, "phase", f->phase <= PHASE_OVERDUE ? phases[f->phase] : NULL);
	pack_text(p, "due");
	pack_time(p, f->due_ms);
}

static void pack_pathway(struct pack *p, const struct event_pathway_loaded *l)
{
	pack_key_str(p, "name", l->name);
	pack_key_uint(p, "pathway_version", l->version);
	pack_key_bool(p, "default", l->is_default);
}

static void pack_id(struct pack *p, const char *key, struct slice id)
{
	pack_text(p, key);
	if (id.size)
		pack_str(p, id);
	else
		pack_nil(p);
}

static void pack_fact(struct engine *e, struct pack *p, struct txn *txn, const struct event_pupil_fact *f, uint64_t position)
{
	pack_text(p, "upn");
	pack_upn(e, p, txn, f->pupil);
	pack_key_text(p, "fact", fact_text(f->fact));
	pack_key_bool(p, "holds", f->holds);
	pack_text(p, "since");
	pack_date(p, f->since);
	pack_id(p, "parent", f->parent);
	pack_text(p, "urn");
	pack_urn(p, f->urn);
	pack_text(p, "texts");
	pack_sealed(e, p, f->pupil, EVENT_PUPIL_FACT, position, f->sealed);
}

static void pack_linked(struct engine *e, struct pack *p, struct txn *txn, const struct event_pupils_linked *l)
{
	pack_text(p, "upn");
	pack_upn(e, p, txn, l->pupil);
	pack_id(p, "parent", l->parent);
	pack_text(p, "other");
	pack_upn(e, p, txn, l->other);
	pack_id(p, "other_parent", l->other_parent);
	pack_key_bool(p, "stands", l->stands);
}

static void pack_cover(struct pack *p, const struct event_cover_named *c)
{
	char text[Z85_KEY_SIZE + 1];

	z85_key_text(text, c->officer);
	pack_key_text(p, "officer", text);
	z85_key_text(text, c->cover);
	pack_key_text(p, "cover", c->stands ? text : NULL);
	pack_text(p, "from");
	pack_date(p, c->from);
	pack_text(p, "until");
	pack_date(p, c->until);
	pack_key_bool(p, "stands", c->stands);
}

static void pack_moved(struct engine *e, struct pack *p, struct txn *txn, const struct event_case_moved *m, uint64_t position)
{
	pack_text(p, "case");
	pack_case(p, m->case_no);
	pack_text(p, "upn");
	pack_upn(e, p, txn, m->pupil);
	pack_key_str(p, "pathway", m->pathway);
	pack_key_uint(p, "pathway_version", m->pathway_version);
	pack_key_str(p, "stage", m->stage);
	pack_text(p, "deadlines");
	pack_map(p, m->deadline_count);
	for (unsigned i = 0; i < m->deadline_count; i++) {
		pack_str(p, m->deadlines[i].from);
		if (m->deadlines[i].to.size)
			pack_str(p, m->deadlines[i].to);
		else
			pack_nil(p);
	}
	pack_text(p, "texts");
	pack_sealed(e, p, m->pupil, EVENT_CASE_MOVED, position, m->sealed);
}

static void pack_chosen(struct pack *p, const struct event_pathway_chosen *c)
{
	pack_text(p, "urn");
	pack_urn(p, c->urn);
	pack_text(p, "pathway");
	if (c->pathway.size)
		pack_str(p, c->pathway);
	else
		pack_nil(p);
}

void pack_event(struct engine *e, struct pack *p, struct txn *txn, const struct event *ev, uint64_t position)
{
	struct marks_reader in;

	switch ((enum event_kind)ev->kind) {
	case EVENT_STORE_CREATED:
		head(e, p, txn, ev, position, 2);
		pack_key_str(p, "authority", ev->store_created.authority);
		pack_text(p, "created");
		pack_time(p, ev->store_created.created_ms);
		break;
	case EVENT_ACCESS_GRANTED:
		head(e, p, txn, ev, position, 5);
		pack_granted(p, &ev->access_granted);
		break;
	case EVENT_ACCESS_REVOKED:
		head(e, p, txn, ev, position, 1);
		pack_key_value(p, ev->access_revoked.key);
		break;
	case EVENT_PATHWAY_LOADED:
		head(e, p, txn, ev, position, 3);
		pack_pathway(p, &ev->pathway_loaded);
		break;
	case EVENT_CALENDAR_LOADED:
		head(e, p, txn, ev, position, 2);
		pack_calendar(p, &ev->calendar_loaded);
		break;
	case EVENT_PUPIL_REGISTERED:
		head(e, p, txn, ev, position, 2);
		pack_text(p, "upn");
		pack_upn(e, p, txn, ev->pupil_registered.pupil);
		pack_text(p, "urn");
		pack_urn(p, ev->pupil_registered.urn);
		break;
	case EVENT_ROSTER_RECORDED:
		head(e, p, txn, ev, position, 3);
		pack_text(p, "upn");
		pack_upn(e, p, txn, ev->roster_recorded.pupil);
		pack_text(p, "urn");
		pack_urn(p, ev->roster_recorded.urn);
		pack_text(p, "particulars");
		pack_sealed(e, p, ev->roster_recorded.pupil, ev->kind, position, ev->roster_recorded.sealed);
		break;
	case EVENT_ROSTER_SUBMITTED:
		head(e, p, txn, ev, position, 2);
		marks_open(&in, 1, ev->roster_submitted.rows);
		pack_text(p, "urn");
		pack_urn(p, in.urn);
		pack_key_uint(p, "accepted", ev->roster_submitted.accepted);
		break;
	case EVENT_MARKS_RECORDED:
		head(e, p, txn, ev, position, 3);
		pack_marks(e, p, txn, ev->version, ev->marks_recorded.body, position);
		break;
	case EVENT_ACTION_RECORDED:
		head(e, p, txn, ev, position, 9);
		pack_recorded(e, p, txn, &ev->action_recorded, position);
		break;
	case EVENT_ALERT_RAISED:
		head(e, p, txn, ev, position, 11);
		pack_raised(e, p, txn, &ev->alert_raised, position);
		break;
	case EVENT_ALERT_CHANGED:
		head(e, p, txn, ev, position, 3);
		pack_key_uint(p, "alert", ev->alert_changed.alert);
		pack_key_str(p, "text", ev->alert_changed.text);
		pack_text(p, "urn");
		pack_urn(p, ev->alert_changed.urn);
		break;
	case EVENT_ALERT_WITHDRAWN:
		head(e, p, txn, ev, position, 2);
		pack_key_uint(p, "alert", ev->alert_withdrawn.alert);
		pack_key_uint(p, "cause", ev->alert_withdrawn.cause);
		break;
	case EVENT_ALERT_ACKNOWLEDGED:
		head(e, p, txn, ev, position, 1);
		pack_key_uint(p, "alert", ev->alert_acknowledged.alert);
		break;
	case EVENT_DEADLINE_FIRED:
		head(e, p, txn, ev, position, 4);
		pack_fired(p, &ev->deadline_fired);
		break;
	case EVENT_PUPIL_FACT:
		head(e, p, txn, ev, position, 7);
		pack_fact(e, p, txn, &ev->pupil_fact, position);
		break;
	case EVENT_PUPILS_LINKED:
		head(e, p, txn, ev, position, 5);
		pack_linked(e, p, txn, &ev->pupils_linked);
		break;
	case EVENT_COVER_NAMED:
		head(e, p, txn, ev, position, 5);
		pack_cover(p, &ev->cover_named);
		break;
	case EVENT_CASE_MOVED:
		head(e, p, txn, ev, position, 7);
		pack_moved(e, p, txn, &ev->case_moved, position);
		break;
	case EVENT_PATHWAY_CHOSEN:
		head(e, p, txn, ev, position, 2);
		pack_chosen(p, &ev->pathway_chosen);
		break;
	case EVENT_MEETING_OFFERED:
		head(e, p, txn, ev, position, OFFER_KEYS);
		pack_offer(p, &ev->meeting_offered);
		break;
	case EVENT_DAY_ENDED:
		head(e, p, txn, ev, position, 1);
		pack_text(p, "day");
		pack_date(p, ev->day_ended.day);
		break;
	case EVENT_SCHOOL_DESCRIBED:
		head(e, p, txn, ev, position, DESCRIBED_KEYS);
		pack_described(p, &ev->school_described);
		break;
	case EVENT_TASK_DONE:
		head(e, p, txn, ev, position, 5);
		pack_task_done(p, &ev->task_done);
		break;
	case EVENT_CLOCK_HELD:
		head(e, p, txn, ev, position, 1);
		pack_text(p, "seen");
		pack_time(p, ev->clock_held.seen_ms);
		break;
	case EVENT_CLOCK_CONFIRMED:
		head(e, p, txn, ev, position, 0);
		break;
	case EVENT_CLOCK_MOVED:
		head(e, p, txn, ev, position, 1);
		pack_text(p, "to");
		pack_time(p, ev->clock_moved.to_ms);
		break;
	}
}
