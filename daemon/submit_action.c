/* Actions on a case: the pathway says who may, what is asked for and what must have
 * been done before; free text is sealed before it is looked at no more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/condition.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { SEALED_ROOM = ACTION_FIELDS_MAX * (TEXT_SIZE_MAX + 64) };

/* An action being looked at. */
struct looked_at {
	struct event ev;
	struct case_state *c;       /* the open case; NULL: one would be opened */
	struct case_state room;
	struct case_view view;
	struct particulars roster;
	char figures[FIELDS_MAX][24];
	struct slice text_fields[ACTION_FIELDS_MAX], text_values[ACTION_FIELDS_MAX];
	size_t text_count;
	struct slice reason;        /* of an override; empty: none */
	struct lacks lacks;
};

static bool fault(struct engine *e, const struct request *r, enum status status, const char *field, const char *reason)
{
	engine_refuse(e, r, status, field, reason);
	return false;
}

static void take_particulars(struct slice roster, struct particulars *out)
{
	struct mp at = mp_find(roster, "parents");
	unsigned count = mp_peek(&at) == MP_ARRAY ? mp_array(&at) : 0;
	const char *wrong = NULL;

	if (!day_parse(mp_find_str(roster, "birth_date", &wrong), &out->birth))
		out->birth = 0;
	for (unsigned i = 0; i < count && out->parent_count < ROSTER_PARENTS_MAX; i++) {
		const uint8_t *start = at.at;
		struct slice id;

		mp_skip(&at);
		if (at.fault)
			return;
		id = mp_find_str(slice_of(start, (size_t)(at.at - start)), "id", &wrong);
		if (id.size && id.size <= PARENT_SIZE_MAX)
			memcpy(out->parents[out->parent_count++], id.bytes, id.size);
	}
}

/* They are sealed, so this is asked anew each time and kept nowhere. */
void particulars_of(struct engine *e, uint32_t pupil, struct particulars *out)
{
	enum { ROOM = 32 * 1024 };
	struct person person;
	uint8_t *room = memory_new(ROOM);
	struct writer w = writer_of(room, ROOM);

	memset(out, 0, sizeof *out);
	if (state_person(&e->state, pupil, &person) == STORE_OK && person.sealed_particulars.size &&
	    persons_unseal(e->persons, pupil, EVENT_ROSTER_RECORDED, person.particulars_position,
			   person.sealed_particulars, &w))
		take_particulars(writer_slice(&w), out);
	free(room);
}

void view_particulars(struct engine *e, uint32_t pupil, day_t day, struct particulars *room, struct case_view *view)
{
	particulars_of(e, pupil, room);
	view->particulars = room;
	view->compulsory_age = case_compulsory_age(room->birth, day);
}

static bool find_case(struct engine *e, const struct request *r, struct looked_at *l)
{
	struct event_action_recorded *a = &l->ev.action_recorded;
	const struct pupil *p = state_pupil(&e->state, a->pupil);
	struct slice wanted;
	const char *wrong = NULL;
	uint32_t number = 0;
	const struct pathway *pathway;

	wanted = mp_find_str(r->message->body, "case", &wrong);
	if (wrong || (wanted.size && !case_id_parse(wanted, &number)))
		return fault(e, r, STATUS_BAD_FIELD, "case", "not a case's id: C1, C2 ...");
	if (number && number != p->case_no)
		return fault(e, r, STATUS_NOT_FOUND, "case", "not this pupil's open case");
	/* a lead sees a pupil for a case that is over, too, and opens none */
	if (r->who->role == ROLE_LEAD && !access_alert(r->who, p->urn, p->case_no))
		return fault(e, r, STATUS_NOT_FOUND, "case", "this pupil has no open case that you are named on");
	if (p->case_no) {
		e->broken = state_case_load(&e->state, p->case_no, &l->room);
		if (e->broken != STORE_OK)
			return false;
		l->c = &l->room;
		a->case_no = p->case_no;
	} else {
		pathway = state_school_pathway(&e->state, state_school_of(&e->state, a->pupil));
		if (!pathway)
			return fault(e, r, STATUS_UNMET, "action", "no pathway is loaded: attend pathway load FILE");
		a->opens = true;
		a->case_no = e->state.case_count + 1;
		a->pathway = pathway->name;
		a->pathway_version = pathway->version;
		case_open(&l->room, pathway, a, p->urn, e->now_ms);
	}
	return true;
}

/* Blanks are no reason, and answer no field that is required. */
static bool says_nothing(struct slice text)
{
	size_t at = 0;

	while (at < text.size && text.bytes[at] <= ' ')
		at++;
	return at == text.size;
}

/* Fields go to the clear or to the sealed part by the type that the pathway gives them. */
static bool take_fields(struct engine *e, const struct request *r, struct looked_at *l)
{
	struct event_action_recorded *a = &l->ev.action_recorded;
	struct mp at = mp_find(r->message->body, "fields");
	int action = pathway_action(l->view.pathway, a->name);
	uint32_t count;

	if (mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL)
		return true;
	count = mp_map(&at);
	if (at.fault || count > ACTION_FIELDS_MAX)
		return fault(e, r, STATUS_BAD_FIELD, "fields", "a map of at most 32 texts is wanted");
	for (uint32_t i = 0; i < count; i++) {
		struct slice name = mp_str(&at), value = mp_str(&at);
		const struct action_rule *rule = action >= 0 ? &l->view.pathway->actions[action] : NULL;
		int field = rule ? action_field(rule, name) : -1;

		if (at.fault || value.size > TEXT_SIZE_MAX)
			return fault(e, r, STATUS_BAD_FIELD, "fields", "each field is a text of at most 4,096 bytes");
		if (field >= 0 && rule->fields[field].type == FIELD_TEXT && says_nothing(value))
			continue;
		if (field >= 0 && rule->fields[field].type == FIELD_TEXT) {
			l->text_fields[l->text_count] = name;
			l->text_values[l->text_count++] = value;
		} else {
			a->fields[a->field_count++] = (struct action_field){name, value};
		}
	}
	return true;
}

/* A number named for a figure is that figure as it stands, where nobody gives it (SP-40). What rests
 * on the birth date stays sealed. */
static void fill_figures(struct looked_at *l)
{
	static const struct {
		const char *text;
		enum figure figure;
	} names[] = {
#define X(name, number, text) {text, FIGURE_##name},
		FIGURES(X)
#undef X
	};
	struct event_action_recorded *a = &l->ev.action_recorded;
	int index = pathway_action(l->view.pathway, a->name);
	const struct action_rule *rule = index >= 0 ? &l->view.pathway->actions[index] : NULL;
	struct scope scope = {.c = l->c, .view = &l->view, .action = rule, .parent = a->parent, .on = a->on};

	for (size_t i = 0; rule && i < sizeof names / sizeof *names && a->field_count < ACTION_FIELDS_MAX; i++) {
		int field = action_field(rule, slice_text(names[i].text));
		int64_t number;

		if (field < 0 || rule->fields[field].type != FIELD_NUMBER || names[i].figure == FIGURE_COMPULSORY_AGE ||
		    event_value(a, names[i].text).size || !scope_figure(&scope, names[i].figure, &number))
			continue;
		snprintf(l->figures[field], sizeof l->figures[field], "%lld", (long long)number);
		a->fields[a->field_count++] = (struct action_field){rule->fields[field].name, slice_text(l->figures[field])};
	}
}

static bool take_on(struct engine *e, const struct request *r, struct looked_at *l)
{
	struct event_action_recorded *a = &l->ev.action_recorded;
	const char *wrong = NULL;
	struct slice on = mp_find_str(r->message->body, "on", &wrong);
	day_t day = day_of_ms(e->now_ms);

	if (wrong || (on.size && !day_parse(on, &day)))
		return fault(e, r, STATUS_BAD_FIELD, "on", "not a date: YYYY-MM-DD, one that exists");
	a->on = (uint16_t)day;
	a->parent = mp_find_str(r->message->body, "parent", &wrong);
	if (wrong || (a->parent.size && !parent_ok(a->parent)))
		return fault(e, r, STATUS_BAD_FIELD, "parent", "not a parent's id: a letter, then letters, digits or -");
	l->reason = mp_find_str(r->message->body, "override", &wrong);
	if (wrong || l->reason.size > TEXT_SIZE_MAX || (l->reason.size && says_nothing(l->reason)))
		return fault(e, r, STATUS_BAD_FIELD, "override", "a reason is wanted, of at most 4,096 bytes");
	return true;
}

static bool look(struct engine *e, const struct request *r, struct looked_at *l)
{
	static const char *const keys[] = {"action", "upn", "case", "on", "parent", "fields", "override", NULL};
	struct event_action_recorded *a = &l->ev.action_recorded;
	struct slice unknown, upn;
	const char *wrong = NULL;
	const struct pupil *p;

	if (!mp_only(r->message->body, keys, &unknown))
		return fault(e, r, STATUS_BAD_BODY, NULL, "{action, upn, case?, on?, parent?, fields?, override?} is wanted");
	upn = mp_find_str(r->message->body, "upn", &wrong);
	if (wrong || upn_fault(upn))
		return fault(e, r, STATUS_BAD_FIELD, "upn", wrong ? "a text is wanted" : upn_fault(upn));
	a->pupil = engine_pupil_of(e, upn, 0, r->who, false);
	p = a->pupil ? state_pupil(&e->state, a->pupil) : NULL;
	if (!p || !access_pupil(e, r->who, a->pupil, state_school_of(&e->state, a->pupil)))
		return fault(e, r, STATUS_NOT_FOUND, "upn", "no pupil with this UPN is known to you");
	a->name = mp_find_str(r->message->body, "action", &wrong);
	if (wrong || !a->name.size || a->name.size > NAME_SIZE_MAX)
		return fault(e, r, STATUS_BAD_FIELD, "action", "the name of an action is wanted; attend actions lists them");
	if (!take_on(e, r, l) || !find_case(e, r, l))
		return false;
	e->broken = state_case_view(&e->state, &l->room, day_of_ms(e->now_ms), &l->view);
	if (e->broken != STORE_OK)
		return false;
	view_particulars(e, a->pupil, a->on, &l->roster, &l->view);
	e->broken = state_view_earlier(&e->state, &l->room, &l->view);
	if (e->broken != STORE_OK || !take_fields(e, r, l))
		return false;
	fill_figures(l);
	return true;
}

void pack_lacks(struct pack *p, const struct lacks *lacks)
{
	pack_array(p, lacks->count);
	for (unsigned i = 0; i < lacks->count; i++) {
		const struct lack *lack = &lacks->list[i];

		pack_map(p, 2 + (lack->clause.size > 0) + (lack->supplied_by.size > 0) + (lack->field.size > 0));
		pack_key_str(p, "text", lack->text);
		pack_key_bool(p, "bar", lack->bar);
		if (lack->clause.size)
			pack_key_str(p, "clause", lack->clause);
		if (lack->supplied_by.size)
			pack_key_str(p, "supplied_by", lack->supplied_by);
		if (lack->field.size)
			pack_key_str(p, "field", lack->field);
	}
}

static const char *reason_of(enum status status)
{
	if (status == STATUS_NOT_FOUND)
		return "no such action in this pathway; attend actions lists them";
	if (status == STATUS_FORBIDDEN)
		return "this action is not for your role";
	if (status == STATUS_BARRED)
		return "barred; no override is possible";
	if (status == STATUS_UNMET)
		return "conditions are unmet; --override REASON records it all the same where your role may";
	return status_text(status);
}

static void refuse(struct engine *e, const struct request *r, enum status status, const struct looked_at *l)
{
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_key_text(&e->body, "reason", reason_of(status));
	pack_text(&e->body, "lacks");
	pack_lacks(&e->body, &l->lacks);
	if (status == STATUS_FORBIDDEN)
		e->counters[COUNT_REFUSED_ROLE]++;
	else
		e->counters[COUNT_REFUSED_CONTENT]++;
	engine_reply(e, r, status, engine_head(e));
}

/* Free text and the reason of an override, as one msgpack map, sealed. */
static struct slice seal_texts(struct engine *e, struct looked_at *l, uint8_t *room, size_t size)
{
	struct writer w = writer_of(room, size);
	bool overridden = l->ev.action_recorded.overridden;
	struct pack texts;
	struct slice sealed = {0};

	if (!l->text_count && !overridden)
		return sealed;
	pack_init(&texts);
	pack_map(&texts, l->text_count + overridden);
	for (size_t i = 0; i < l->text_count; i++) {
		pack_str(&texts, l->text_fields[i]);
		pack_str(&texts, l->text_values[i]);
	}
	if (overridden)
		pack_key_str(&texts, "override", l->reason);
	if (persons_seal(e->persons, l->ev.action_recorded.pupil, EVENT_ACTION_RECORDED, engine_head(e) + 1,
			 pack_slice(&texts), &w))
		sealed = writer_slice(&w);
	else
		e->broken = STORE_FAILED;
	pack_free(&texts);
	return sealed;
}

void pack_action_answer(struct pack *p, const struct event_action_recorded *a)
{
	pack_clear(p);
	pack_map(p, 3);
	pack_text(p, "case");
	pack_case(p, a->case_no);
	pack_key_bool(p, "opened", a->opens);
	pack_key_bool(p, "overridden", a->overridden);
}

static void record(struct engine *e, const struct request *r, struct looked_at *l)
{
	uint8_t *room = memory_new(SEALED_ROOM);
	uint32_t number = l->ev.action_recorded.case_no;
	uint64_t position;

	l->ev.action_recorded.sealed = seal_texts(e, l, room, SEALED_ROOM);
	engine_append(e, &l->ev);
	position = engine_head(e);
	e->counters[COUNT_SUBMISSIONS]++;
	/* what marks say of a period that has just begun, if it began in the past */
	if (e->broken == STORE_OK)
		react_to_case(e, number);
	pack_action_answer(&e->body, &l->ev.action_recorded);
	engine_reply(e, r, STATUS_OK, position);
	free(room);
}

void submit_action(struct engine *e, const struct request *r)
{
	struct looked_at *l = memory_new(sizeof *l);
	enum status status;
	bool overriding;

	engine_event(e, &l->ev, EVENT_ACTION_RECORDED, r->who->number);
	engine_sign(&l->ev, r);
	if (look(e, r, l)) {
		struct event_action_recorded *a = &l->ev.action_recorded;

		overriding = l->reason.size > 0;
		status = case_decide(l->c, &l->view, r->who->role, a, l->text_fields, l->text_count, overriding, &l->lacks);
		a->overridden = status == STATUS_OK && overriding && l->lacks.count > 0;
		if (status == STATUS_OK)
			record(e, r, l);
		else
			refuse(e, r, status, l);
	}
	free(l);
}
