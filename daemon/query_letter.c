/* Letters of a case: what may be made, and one of them, filled. Nothing is recorded by it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/letter.h"
#include "daemon/memory.h"
#include "daemon/query_parts.h"

enum { PARENTS_MAX = 32, LETTER_ROOM = 512 * 1024, CELL_ROOM = 64 * 1024, MISSING_ROOM = 64 * 1024,
       EVENT_ROOM = 256 * 1024 };

struct writing {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct case_state c;
	struct case_view view;
	struct letter letter;
	struct event given;           /* the letter's own fields, as an action's would be */
	struct slice text_fields[ACTION_FIELDS_MAX];
	size_t text_count;
	struct filled filled;
	struct lacks lacks;
	struct particulars roster;
	struct slice particulars;     /* the roster's map; empty: none */
	struct slice parents[PARENTS_MAX];
	unsigned parent_count;
	struct letter_source source;
	uint8_t particulars_room[PARTICULARS_ROOM], out[LETTER_ROOM], cell[CELL_ROOM], missing[MISSING_ROOM], event[EVENT_ROOM];
};

/* ---- what only the daemon knows ---- */

static bool put_slice(struct writer *out, struct slice text)
{
	if (text.size)
		write_bytes(out, text.bytes, text.size);
	return text.size > 0;
}

static struct slice particular(const struct writing *l, const char *key)
{
	const char *wrong = NULL;

	return mp_find_str(l->particulars, key, &wrong);
}

/* A value of a parent of the roster; `id` empty: of the first who has it. */
static struct slice of_parent(const struct writing *l, struct slice id, const char *key)
{
	struct mp at = mp_find(l->particulars, "parents");
	unsigned count = mp_peek(&at) == MP_ARRAY ? mp_array(&at) : 0;
	const char *wrong = NULL;

	for (unsigned i = 0; i < count && !at.fault; i++) {
		const uint8_t *start = at.at;
		struct slice parent, value;

		mp_pass(&at);
		parent = slice_of(start, (size_t)(at.at - start));
		value = mp_find_str(parent, key, &wrong);
		if (value.size && (!id.size || slice_equal(mp_find_str(parent, "id", &wrong), id)))
			return value;
	}
	return slice_of(NULL, 0);
}

static bool put_name(const struct writing *l, struct writer *out)
{
	struct slice forename = particular(l, "forename"), surname = particular(l, "surname");

	if (!forename.size || !surname.size)
		return false;
	put_slice(out, forename);
	write_u8(out, ' ');
	return put_slice(out, surname);
}

static bool put_birth_date(const struct writing *l, struct writer *out)
{
	char text[32];
	day_t day;

	if (!day_parse(particular(l, "birth_date"), &day))
		return false;
	day_text_long(text, day);
	return put_slice(out, slice_text(strchr(text, ' ') + 1)); /* nobody asks for its weekday */
}

static bool put_upn(const struct writing *l, struct writer *out)
{
	struct person person;

	return state_person(&l->engine->state, l->c.pupil, &person) == STORE_OK &&
	       persons_unseal(l->engine->persons, l->c.pupil, EVENT_PUPIL_REGISTERED, person.upn_position, person.sealed_upn, out);
}

static bool put_urn(const struct writing *l, struct writer *out)
{
	char text[12];
	uint32_t urn = state_school_of(&l->engine->state, l->c.pupil);

	snprintf(text, sizeof text, "%06u", (unsigned)urn);
	return urn && put_slice(out, slice_text(text));
}

static bool put_word(void *context, uint8_t word, struct slice parent, struct writer *out)
{
	const struct writing *l = context;

	switch (word) {
	case WORD_NAME: return put_name(l, out);
	case WORD_FORENAME: return put_slice(out, particular(l, "forename"));
	case WORD_SURNAME: return put_slice(out, particular(l, "surname"));
	case WORD_BIRTH_DATE: return put_birth_date(l, out);
	case WORD_YEAR_GROUP: return put_slice(out, particular(l, "year_group"));
	case WORD_GROUPS: return put_slice(out, particular(l, "groups"));
	case WORD_UPN: return put_upn(l, out);
	case WORD_URN: return put_urn(l, out);
	/* the roster has no address of the pupil's own: it is where a parent lives */
	case WORD_ADDRESS: return put_slice(out, of_parent(l, slice_of(NULL, 0), "address"));
	case WORD_PARENT_NAME: return parent.size && put_slice(out, of_parent(l, parent, "name"));
	case WORD_PARENT_ADDRESS: return parent.size && put_slice(out, of_parent(l, parent, "address"));
	case WORD_AUTHORITY: return put_slice(out, slice_text(l->engine->state.authority));
	case WORD_WRITER: return put_slice(out, slice_text(l->request->who->name));
	default: return false;
	}
}

/* A field of an action that was recorded: in the clear, or sealed. */
struct reading {
	struct writing *l;
	struct slice field;
	struct writer *out;
	bool found;
};

static bool take_recorded(void *context, uint64_t position, struct slice record)
{
	struct reading *r = context;
	struct event *ev = memory_new(sizeof *ev);
	struct writer w = writer_of(r->l->event, EVENT_ROOM);
	const struct action_field *fields = ev->action_recorded.fields;
	const char *wrong = NULL;

	if (event_decode(ev, record, true) && ev->kind == EVENT_ACTION_RECORDED) {
		for (unsigned i = 0; i < ev->action_recorded.field_count && !r->found; i++)
			r->found = slice_equal(fields[i].name, r->field) && put_slice(r->out, fields[i].value);
		if (!r->found && ev->action_recorded.sealed.size &&
		    persons_unseal(r->l->engine->persons, r->l->c.pupil, EVENT_ACTION_RECORDED, position, ev->action_recorded.sealed, &w)) {
			char key[NAME_SIZE_MAX];

			memcpy(key, r->field.bytes, r->field.size);
			key[r->field.size] = '\0';
			r->found = put_slice(r->out, mp_find_str(writer_slice(&w), key, &wrong));
		}
	}
	free(ev);
	return false;
}

static bool put_recorded(void *context, const struct case_done *done, struct slice field, struct writer *out)
{
	struct writing *l = context;
	struct reading r = {.l = l, .field = field, .out = out};

	engine_log_at(l->engine, l->txn, done->position, take_recorded, &r);
	return r.found;
}

/* What the newest alert of a kind that stands says. */
static bool put_alert(void *context, uint8_t kind, struct writer *out)
{
	const struct writing *l = context;
	struct standing standing;
	struct alert a;

	if (state_standing(&l->engine->state, l->c.pupil, &standing) != STORE_OK)
		return false;
	for (unsigned i = standing.count; i-- > 0;) {
		if (standing.alerts[i].kind != kind)
			continue;
		return alert_get(l->txn, standing.alerts[i].alert, &a) == STORE_OK && put_slice(out, a.text);
	}
	return false;
}

/* ---- taking the question ---- */

static void gather_parents(struct writing *l)
{
	struct mp at = mp_find(l->particulars, "parents");
	unsigned count = mp_peek(&at) == MP_ARRAY ? mp_array(&at) : 0;
	const char *wrong = NULL;

	for (unsigned i = 0; i < count && !at.fault && l->parent_count < PARENTS_MAX; i++) {
		const uint8_t *start = at.at;

		mp_pass(&at);
		l->parents[l->parent_count++] = mp_find_str(slice_of(start, (size_t)(at.at - start)), "id", &wrong);
	}
	l->source.parents = l->parents;
	l->source.parent_count = l->parent_count;
}

/* The letter's own fields; an empty one is as if it weren't given. */
static enum status take_fields(struct writing *l)
{
	struct event_action_recorded *a = &l->given.action_recorded;
	struct mp at = mp_find(l->request->message->body, "fields");
	uint32_t count = mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL ? 0 : mp_map(&at);

	if (at.fault || count > ACTION_FIELDS_MAX)
		return query_fault(l->engine, STATUS_BAD_FIELD, "fields", "a map of at most 32 texts is wanted");
	for (uint32_t i = 0; i < count; i++) {
		struct slice name = mp_str(&at), value = mp_str(&at);
		int field = action_field(&l->letter.rule, name);

		if (at.fault || value.size > TEXT_SIZE_MAX)
			return query_fault(l->engine, STATUS_BAD_FIELD, "fields", "each field is a text of at most 4,096 bytes");
		if (!value.size)
			continue;
		if (field >= 0)
			l->source.given[field] = value;
		if (field >= 0 && l->letter.rule.fields[field].type == FIELD_TEXT)
			l->text_fields[l->text_count++] = name;
		else
			a->fields[a->field_count++] = (struct action_field){name, value};
	}
	return STATUS_OK;
}

static enum status decide(struct writing *l)
{
	return case_decide_letter(&l->c, &l->view, l->request->who->role, &l->letter.rule, &l->given.action_recorded, l->text_fields,
				  l->text_count, &l->filled, &l->lacks);
}

static enum status look(struct writing *l)
{
	struct engine *e = l->engine;
	struct event_action_recorded *a = &l->given.action_recorded;
	const char *wrong = NULL;
	bool known = false;

	a->parent = mp_find_str(l->request->message->body, "parent", &wrong);
	if (wrong || (a->parent.size && !parent_ok(a->parent)))
		return query_fault(e, STATUS_BAD_FIELD, "parent", "not a parent's id: a letter, then letters, digits or -");
	if (state_case_view(&e->state, &l->c, day_of_ms(e->now_ms), &l->view) != STORE_OK ||
	    state_view_earlier(&e->state, &l->c, &l->view) != STORE_OK)
		return query_fault(e, STATUS_DAMAGED, NULL, store_why(e->store));
	view_particulars(e, l->c.pupil, l->view.today, &l->roster, &l->view);
	a->on = (uint16_t)l->view.today;
	l->particulars = pupil_particulars(e, l->c.pupil, l->particulars_room);
	gather_parents(l);
	for (unsigned i = 0; i < l->parent_count; i++)
		known = known || slice_equal(l->parents[i], a->parent);
	if (a->parent.size && l->parent_count && !known)
		return query_fault(e, STATUS_BAD_FIELD, "parent", "the roster has no such parent of this pupil; attend people UPN lists them");
	return STATUS_OK;
}

/* ---- answers ---- */

static void pack_head(struct writing *l, unsigned more)
{
	struct pack *p = &l->engine->body;

	pack_map(p, 5 + more);
	pack_text(p, "case");
	pack_case(p, l->c.number);
	pack_text(p, "upn");
	pack_upn(l->engine, p, l->txn, l->c.pupil);
	pack_key_str(p, "pathway", l->c.pathway_name);
	pack_key_uint(p, "pathway_version", l->c.pathway_version);
}

static void pack_if(struct pack *p, const char *key, struct slice text)
{
	pack_text(p, key);
	if (text.size)
		pack_str(p, text);
	else
		pack_nil(p);
}

static void pack_made(struct pack *p, struct slice parent, const struct letter_made *made)
{
	struct reader out = reader_of(writer_slice(made->out)), missing = reader_of(writer_slice(made->missing));

	pack_map(p, 3);
	pack_if(p, "parent", parent);
	pack_text(p, "blocks");
	pack_array(p, made->block_count);
	for (unsigned i = 0; i < made->block_count; i++) {
		unsigned cells;

		pack_map(p, 2);
		pack_key_text(p, "kind", block_kind_text(read_u8(&out)));
		cells = read_u8(&out);
		pack_text(p, "cells");
		pack_array(p, cells);
		while (cells-- > 0)
			pack_str(p, read_blob(&out));
	}
	pack_text(p, "missing");
	pack_array(p, made->missing_count);
	for (unsigned i = 0; i < made->missing_count; i++) {
		pack_map(p, 2);
		pack_key_str(p, "figure", read_blob(&missing));
		pack_key_str(p, "text", read_blob(&missing));
	}
}

/* One letter, or one for each parent of whom the roster knows. */
static enum status make(struct writing *l)
{
	struct engine *e = l->engine;
	struct pack *p = &e->body;
	struct slice parent = l->given.action_recorded.parent;
	bool each = l->letter.rule.needs_parent && !parent.size && l->parent_count > 0;
	unsigned count = each ? l->parent_count : 1;

	pack_head(l, 5);
	pack_key_str(p, "letter", l->letter.rule.name);
	pack_key_str(p, "title", l->letter.rule.title);
	pack_if(p, "clause", l->letter.rule.clause);
	pack_if(p, "source", l->letter.source);
	pack_text(p, "made");
	pack_date(p, (uint16_t)l->view.today);
	pack_text(p, "items");
	pack_array(p, count);
	for (unsigned i = 0; i < count; i++) {
		struct writer out = writer_of(l->out, LETTER_ROOM), cell = writer_of(l->cell, CELL_ROOM), missing = writer_of(l->missing, MISSING_ROOM);
		struct letter_made made = {.out = &out, .missing = &missing, .cell = &cell};
		struct scope scope = {.c = &l->c, .view = &l->view, .action = &l->letter.rule, .filled = &l->filled,
				      .parent = each ? l->parents[i] : parent, .on = l->view.today, .role = l->request->who->role};

		letter_make(&l->letter, &scope, &l->source, &made);
		if (out.full || missing.full || pack_slice(p).size + writer_size(&out) > MESSAGE_SIZE_MAX / 2)
			return query_fault(e, STATUS_TOO_LARGE, "letter", "so much was recorded that the letter is too long; of several parents ask for one alone");
		pack_made(p, scope.parent, &made);
	}
	return STATUS_OK;
}

static enum status refuse(struct writing *l, enum status status)
{
	struct pack *p = &l->engine->body;

	pack_clear(p);
	pack_map(p, 2);
	pack_key_text(p, "reason", status == STATUS_FORBIDDEN ? "this letter is not for your role" :
		      status == STATUS_BAD_FIELD ? "the letter's fields are not well given" : "the letter can't be made now");
	pack_text(p, "lacks");
	pack_lacks(p, &l->lacks);
	return status;
}

/* Which may be made by whoever asks, and what each would lack now. */
static enum status list(struct writing *l)
{
	struct pack *p = &l->engine->body;
	unsigned count = 0;

	pack_head(l, 0);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "items");
			pack_array(p, count);
		}
		for (unsigned i = 0; letter_at(l->view.pathway, i, &l->letter); i++) {
			if (decide(l) == STATUS_FORBIDDEN)
				continue;
			count++;
			if (pass == 0)
				continue;
			pack_map(p, 7);
			pack_key_str(p, "letter", l->letter.rule.name);
			pack_key_str(p, "title", l->letter.rule.title);
			pack_if(p, "clause", l->letter.rule.clause);
			pack_if(p, "source", l->letter.source);
			pack_key_bool(p, "per_parent", l->letter.rule.needs_parent);
			pack_text(p, "fields");
			pack_fields(p, &l->letter.rule);
			pack_text(p, "lacks");
			pack_lacks(p, &l->lacks);
		}
	}
	return STATUS_OK;
}

static enum status answer(struct writing *l)
{
	struct slice name;
	const char *wrong = NULL;
	enum status status;

	status = query_find_case(l->engine, l->request, l->txn, &l->c);
	if (status == STATUS_OK)
		status = look(l);
	if (status != STATUS_OK)
		return status;
	name = mp_find_str(l->request->message->body, "letter", &wrong);
	if (wrong)
		return query_fault(l->engine, STATUS_BAD_FIELD, "letter", "the name of a letter is wanted");
	if (!name.size)
		return list(l);
	if (!letter_find(l->view.pathway, name, &l->letter))
		return query_fault(l->engine, STATUS_NOT_FOUND, "letter", "no such letter in this case's pathway; attend letter CASE lists them");
	status = take_fields(l);
	if (status != STATUS_OK)
		return status;
	status = decide(l);
	return status == STATUS_OK ? make(l) : refuse(l, status);
}

enum status query_letter(struct engine *e, const struct request *r, struct txn *txn)
{
	struct writing *l = memory_new(sizeof *l);
	enum status status;

	l->engine = e;
	l->request = r;
	l->txn = txn;
	l->source = (struct letter_source){.context = l, .word = put_word, .recorded = put_recorded, .alert = put_alert};
	status = answer(l);
	free(l);
	return status;
}
