/* Meetings that schools are offered: which were, who is listed for them, and what is known
 * of each pupil: contact, barriers, strategies, early help, who leads. (TY-08, TY-13)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/report.h"

/* ---- schools, and the meetings that they were offered ---- */

uint32_t report_schools(struct report *r)
{
	struct state *s = &r->engine->state;
	uint32_t room = 0;

	for (uint32_t n = 1; n <= s->pupil_count; n++) {
		uint32_t urn = state_school_of(s, n), low = 0, high = r->school_count;

		while (low < high) {
			uint32_t middle = (low + high) / 2;

			if (r->schools[middle] < urn)
				low = middle + 1;
			else
				high = middle;
		}
		if (!urn || (low < r->school_count && r->schools[low] == urn) || !report_covers(r, urn))
			continue;
		if (r->school_count == room) {
			room = room ? 2 * room : 64;
			r->schools = memory_grow(r->schools, room * sizeof *r->schools);
		}
		memmove(&r->schools[low + 1], &r->schools[low], (r->school_count++ - low) * sizeof *r->schools);
		r->schools[low] = urn;
	}
	return r->school_count;
}

/* In the school year of the last day, up to it. */
static bool counts(const struct report *r, const struct offer *o, uint32_t urn, struct slice meeting)
{
	return o->urn == urn && slice_is(meeting, o->meeting) && o->on <= r->last &&
	       o->on >= school_year_start(day_school_year(r->last));
}

static void pack_trends(struct pack *p, uint32_t facts)
{
	unsigned count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "trends");
			pack_array(p, count);
			count = 0;
		}
		for (uint8_t fact = 1; fact < 32; fact++) {
			count += facts >> fact & 1;
			if (pass == 1 && (facts >> fact & 1))
				pack_text(p, fact_text(fact));
		}
	}
}

enum store_result report_school(struct report *r, uint32_t number)
{
	struct state *s = &r->engine->state;
	struct pack *p = &r->page.items;
	uint32_t urn = r->schools[number - 1];
	const struct pathway *pathway = state_school_pathway(s, urn);

	for (unsigned i = 0; pathway && i < pathway->meeting_count; i++) {
		const struct meeting_rule *m = &pathway->meetings[i];
		unsigned count = 0;

		for (uint32_t n = 0; n < s->offer_count; n++)
			count += counts(r, &s->offers[n], urn, m->name);
		pack_map(p, 7);
		pack_text(p, "urn");
		pack_urn(p, urn);
		pack_key_str(p, "meeting", m->name);
		pack_key_str(p, "title", m->title);
		pack_text_or_nil(p, "clause", m->clause);
		pack_key_uint(p, "at_least", m->at_least);
		pack_text(p, "offered");
		pack_array(p, count);
		for (uint32_t n = 0; n < s->offer_count; n++)
			if (counts(r, &s->offers[n], urn, m->name))
				pack_date(p, s->offers[n].on);
		pack_trends(p, m->trends);
		r->page.count++;
	}
	return STORE_OK;
}

/* ---- what stands under a heading ---- */

/* What was given in a field of a recorded action, in the clear or sealed. */
struct opening {
	struct report *report;
	struct slice field, value;
	uint8_t *room;
};

static bool take_value(void *context, uint64_t position, struct slice record)
{
	struct opening *o = context;
	struct engine *e = o->report->engine;
	struct event *ev = memory_new(sizeof *ev);
	const struct event_action_recorded *a = &ev->action_recorded;
	struct writer w = writer_of(o->room, REPORT_ROOM);
	const char *wrong = NULL;
	char name[NAME_SIZE_MAX + 1] = "";

	memcpy(name, o->field.bytes, o->field.size < NAME_SIZE_MAX ? o->field.size : NAME_SIZE_MAX);
	if (event_decode(ev, record, true) && ev->kind == EVENT_ACTION_RECORDED) {
		for (unsigned i = 0; i < a->field_count && !o->value.size; i++)
			if (slice_equal(a->fields[i].name, o->field)) {
				write_bytes(&w, a->fields[i].value.bytes, a->fields[i].value.size);
				o->value = writer_slice(&w);
			}
		if (!o->value.size && a->sealed.size &&
		    persons_unseal(e->persons, a->pupil, EVENT_ACTION_RECORDED, position, a->sealed, &w))
			o->value = mp_find_str(writer_slice(&w), name, &wrong);
	}
	free(ev);
	return false;
}

/* How often the action was recorded on the open case, and when last; of a field, what was given in it last. */
struct source {
	const struct action_rule *rule;
	struct slice action, field, value;
	unsigned times;
	uint16_t on;
};

static void look(struct report *r, const struct pathway *pathway, struct source *s)
{
	const struct pathway *of_case = state_pathway(&r->engine->state, r->c.pathway_name, r->c.pathway_version);
	struct opening o = {.report = r, .field = s->field, .room = r->room};

	s->rule = &pathway->actions[pathway_action(pathway, s->action)];
	for (unsigned i = r->c.done_count; of_case && i-- > 0;) {
		const struct case_done *d = &r->c.done[i];

		if (!slice_equal(case_action_of(&r->engine->state, &r->c, of_case, d)->name, s->action))
			continue;
		if (s->field.size)
			engine_log_at(r->engine, r->txn, d->position, take_value, &o);
		if (s->field.size && !o.value.size)
			continue;
		s->times++;
		if (s->times == 1)
			s->on = d->on;
		if (s->field.size)
			break;
	}
	s->value = o.value;
}

static void pack_source(struct pack *p, const struct source *s)
{
	int field = s->field.size ? action_field(s->rule, s->field) : -1;

	pack_map(p, field < 0 ? 4 : 5);
	pack_key_str(p, "action", s->action);
	pack_key_str(p, "title", field < 0 ? s->rule->title : s->rule->fields[field].title);
	pack_text(p, "on");
	pack_date(p, s->on);
	if (field < 0) {
		pack_key_uint(p, "times", s->times);
	} else {
		pack_key_str(p, "field", s->field);
		pack_key_str(p, "value", s->value);
	}
}

static void pack_fact(struct report *r, const struct fact *f)
{
	struct pack *p = &r->page.items;

	pack_map(p, 3);
	pack_key_text(p, "fact", fact_text(f->kind));
	pack_text(p, "since");
	pack_date(p, f->since);
	pack_text_or_nil(p, "text", pupil_fact_text(r->engine, r->txn, r->c.pupil, f->position, r->room));
}

/* Two passes over what there is: counted, and packed. */
static void pack_heading(struct report *r, const struct pathway *pathway, const struct heading *h)
{
	const struct facts *facts = &r->people.facts;
	struct pack *p = &r->page.items;
	unsigned count = 0;

	pack_map(p, 3);
	pack_key_str(p, "heading", h->name);
	pack_key_str(p, "title", h->title);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "entries");
			pack_array(p, count);
		}
		for (unsigned i = 0; i < facts->count; i++) {
			if (!(h->facts >> facts->list[i].kind & 1) || !facts->list[i].holds || !facts_stands(facts, i, r->today))
				continue;
			count++;
			if (pass == 1)
				pack_fact(r, &facts->list[i]);
		}
		for (unsigned i = 0; i < h->source_count; i++) {
			struct source s = {.action = h->sources[i].action, .field = h->sources[i].field};

			look(r, pathway, &s);
			count += s.times > 0;
			if (pass == 1 && s.times)
				pack_source(p, &s);
		}
	}
}

/* ---- a pupil who is listed ---- */

static enum store_result load_open_case(struct report *r, uint32_t number, const struct pupil *pupil)
{
	memset(&r->c, 0, sizeof r->c);
	r->c.pupil = number;
	return pupil->case_no ? state_case_load(&r->engine->state, pupil->case_no, &r->c) : STORE_OK;
}

enum store_result report_listed(struct report *r, uint32_t number)
{
	const struct pupil *pupil = state_pupil(&r->engine->state, number);
	const struct pathway *pathway = state_school_pathway(&r->engine->state, pupil->urn);
	enum store_result result = STORE_OK;
	struct figures f;

	if (!pathway || !pathway->meeting_count || !report_covers(r, pupil->urn) || !report_figures(r, pupil, &f))
		return STORE_OK;
	for (unsigned i = 0; i < pathway->meeting_count && result == STORE_OK; i++) {
		const struct meeting_rule *m = &pathway->meetings[i];
		const struct meeting_list *list = meeting_list_of(m, f.attended, f.possible);
		struct pack *p = &r->page.items;

		if (!list)
			continue;
		r->page.count++;
		pack_map(p, REPORT_PUPIL_KEYS + 4);
		result = report_pack_pupil(r, number, &f);
		if (result == STORE_OK)
			result = load_open_case(r, number, pupil);
		pack_key_str(p, "meeting", m->name);
		pack_key_str(p, "list", list->name);
		pack_key_str(p, "list_title", list->title);
		pack_text(p, "pack");
		pack_array(p, m->heading_count);
		for (unsigned h = 0; h < m->heading_count; h++)
			pack_heading(r, pathway, &m->headings[h]);
	}
	return result;
}
