/* random_world.h's actions: what is offered and taken up, what is refused and why, and
 * whether a case can be gone on with.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/random_parts.h"

/* Roles that cases must be possible with: an administrator may everything. */
static const enum who staff[] = {SCHOOL, LEAD, OFFICER, MANAGER};
static const uint8_t staff_roles[] = {ROLE_SCHOOL, ROLE_LEAD, ROLE_OFFICER, ROLE_MANAGER};
enum { STAFF_COUNT = 4 };

bool world_case(struct world *w, uint32_t number)
{
	struct engine *e = w->host.engine;
	struct txn *txn = engine_read(e);
	enum store_result result;

	if (!w->c)
		assert_non_null(w->c = malloc(sizeof *w->c));
	result = state_case_load(&e->state, number, w->c);
	engine_read_end(e, txn);
	assert_true(result == STORE_OK || result == STORE_NONE);
	return result == STORE_OK && !w->c->closed;
}

/* The pathway that a pupil's next action is of. */
static const struct pathway *pathway_of(struct world *w, unsigned pupil)
{
	struct state *s = &w->host.engine->state;
	uint32_t number = s->pupils[pupil].case_no;

	return number && world_case(w, number) ? state_pathway(s, w->c->pathway_name, w->c->pathway_version) :
	                                         state_school_pathway(s, s->pupils[pupil].urn);
}

/* ---- fields ---- */

static void write_value(FILE *out, struct world *w, const struct field_rule *f, bool sensible)
{
	char date[DATE_TEXT_SIZE + 1];
	unsigned i;

	if (!sensible && draw(4) == 0) {
		fputs("neither", out);
		return;
	}
	switch ((enum field_type)f->type) {
	case FIELD_YES_NO:
		fputs(draw(sensible ? 4 : 2) ? "yes" : "no", out);
		break;
	case FIELD_TEXT:
		fputs("said so", out);
		break;
	case FIELD_DATE:
		day_text(date, world_today(w) + (day_t)draw(45) - (sensible ? 2 : 30));
		fputs(date, out);
		break;
	case FIELD_NUMBER:
		fprintf(out, "%u", (unsigned)draw(40));
		break;
	case FIELD_ONE_OF:
		i = (unsigned)draw(f->value_count);
		fprintf(out, "%.*s", (int)f->values[i].size, f->values[i].bytes);
		break;
	case FIELD_MONEY:
		fputs(draw(3) ? draw(2) ? "160" : "80" : "59.99", out);
		break;
	}
}

static void write_fields(FILE *out, struct world *w, const struct action_rule *rule, bool sensible)
{
	const char *comma = "";

	fputs(",'fields':{", out);
	for (unsigned i = 0; i < rule->field_count; i++) {
		const struct field_rule *f = &rule->fields[i];

		if (!(f->required && sensible) && draw(5) == 0)
			continue;
		if (slice_is(f->name, "issued") || (slice_is(f->name, "received") && draw(3)))
			continue;
		fprintf(out, "%s'%.*s':'", comma, (int)f->name.size, f->name.bytes);
		write_value(out, w, f, sensible);
		fputc('\'', out);
		comma = ",";
	}
	if (!sensible && draw(10) == 0)
		fprintf(out, "%s'surely-none':'x'", comma);
	fputc('}', out);
}

/* ---- choosing ---- */

static struct slice next_part(struct mp *at)
{
	const uint8_t *start = at->at;

	mp_skip(at);
	assert_null(at->fault);
	return slice_of(start, (size_t)(at->at - start));
}

static unsigned lacks_of(struct slice offer)
{
	struct mp at = mp_find(offer, "lacks");
	const char *wrong = NULL;
	unsigned count = 0;

	for (uint32_t i = mp_array(&at); i > 0; i--)
		count += mp_find_str(next_part(&at), "field", &wrong).size == 0; /* fields can be filled in */
	return count;
}

static bool closes(const struct pathway *p, const struct action_rule *rule)
{
	for (unsigned i = 0; i < rule->move_count; i++)
		if (rule->moves[i].stage == p->closed_stage)
			return true;
	return false;
}

static bool brings_on(const struct action_rule *rule)
{
	return rule->start_count || rule->meet_count || rule->cancel_count || rule->move_count || rule->effect != EFFECT_NONE;
}

/* Of four drawn from what is offered, the one that lacks least; seldom one that closes the
 * case, or that changes nothing, so that cases grow old. */
static void choose(struct world *w, const struct answer *a, enum who who, unsigned pupil)
{
	const struct pathway *p = pathway_of(w, pupil);
	struct mp at = mp_find(a->body, "items");
	struct slice offers[ACTIONS_MAX], best = {0}, name;
	uint32_t count = mp_array(&at);
	const char *wrong = NULL;
	struct chosen *c = &w->acts[w->act_count];

	for (uint32_t i = 0; i < count; i++)
		offers[i] = next_part(&at);
	for (unsigned i = 0; count && i < 4; i++) {
		struct slice offer = offers[draw(count)];
		int index = pathway_action(p, mp_find_str(offer, "action", &wrong));

		if (index >= 0 && draw(closes(p, &p->actions[index]) ? 30 : brings_on(&p->actions[index]) ? 1 : 6))
			continue;
		if (!best.size || lacks_of(offer) < lacks_of(best))
			best = offer;
	}
	if (!best.size)
		return;
	name = mp_find_str(best, "action", &wrong);
	*c = (struct chosen){.who = who, .pupil = (uint8_t)pupil, .sensible = draw(20) > 0};
	memcpy(c->action, name.bytes, name.size);
	w->act_count++;
}

/* Out of the blue: any action of any council. */
static void choose_blindly(struct world *w, enum who who, unsigned pupil)
{
	const struct state *s = &w->host.engine->state;
	const struct pathway *p = s->pathways[draw(s->pathway_count)]->pathway;
	struct slice name = p->actions[draw(p->action_count)].name;
	struct chosen *c = &w->acts[w->act_count++];

	*c = (struct chosen){.who = who, .pupil = (uint8_t)pupil};
	memcpy(c->action, name.bytes, name.size);
}

void look_at_offers(struct world *w)
{
	static const enum who askers[] = {SCHOOL, SCHOOL, LEAD, OFFICER, OFFICER, OFFICER, MANAGER, MANAGER, ADMIN};
	enum who who[WORLD_ACTS];
	unsigned pupil[WORLD_ACTS], asked = 0;
	struct host *h = &w->host;

	w->act_count = 0;
	host_begin(h);
	for (unsigned i = 0; i < WORLD_ACTS; i++) {
		who[asked] = askers[draw(sizeof askers / sizeof *askers)];
		pupil[asked] = (unsigned)draw(WORLD_PUPILS);
		if (!draw(12)) {
			choose_blindly(w, draw(10) ? who[asked] : CONNECTOR, pupil[asked]);
			continue;
		}
		host_put(h, who[asked], COMMAND_QUERY, NULL, "{'what':'actions','upn':'%s'}", w->upn[pupil[asked]]);
		asked++;
	}
	host_commit(h);
	assert_int_equal(h->count, asked);
	for (unsigned i = 0; i < asked; i++) {
		must_be_explained(w, &h->answers[i]);
		if (h->answers[i].status == STATUS_OK)
			choose(w, &h->answers[i], who[i], pupil[i]);
	}
}

void put_actions(struct world *w)
{
	for (unsigned i = 0; i < w->act_count; i++) {
		const struct chosen *c = &w->acts[i];
		const struct pathway *p = pathway_of(w, c->pupil);
		int index = pathway_action(p, slice_text(c->action));
		unsigned back = (unsigned)draw(100);
		char on[DATE_TEXT_SIZE + 1], *more = NULL;
		size_t size;
		FILE *out = open_memstream(&more, &size);

		if (draw(4) && (index < 0 || p->actions[index].needs_parent || !draw(3)))
			fprintf(out, ",'parent':'%s'", draw(2) ? "p1" : "p2");
		if (draw(3) == 0)
			fputs(",'override':'agreed with the family'", out);
		if (index >= 0)
			write_fields(out, w, &p->actions[index], c->sensible);
		fclose(out);
		day_text(on, world_today(w) + (back < 2) - (day_t)(back < 80 ? 0 : back < 96 ? draw(4) : draw(50)));
		host_put(&w->host, c->who, COMMAND_ACTION, NULL, "{'upn':'%s','action':'%s','on':'%s'%s}", w->upn[c->pupil], c->action, on, more);
		free(more);
	}
}

/* ---- refusals ---- */

static void check_lacks(const struct answer *a)
{
	struct mp at = mp_find(a->body, "lacks");
	uint32_t count = mp_array(&at);
	const char *wrong = NULL;
	unsigned bars = 0, fields = 0;

	if (!count || at.fault)
		fail_msg("%u without what it lacks: %s", a->status, a->text);
	for (uint32_t i = 0; i < count; i++) {
		struct slice lack = next_part(&at);
		bool field = mp_find_str(lack, "field", &wrong).size > 0;

		if (!mp_find_str(lack, "text", &wrong).size || (!field && !mp_find_str(lack, "clause", &wrong).size))
			fail_msg("a lack without its text, or without clause and field: %s", a->text);
		bars += mp_find_bool(lack, "bar", &wrong);
		fields += field;
	}
	if ((a->status == STATUS_BARRED && !bars) || (a->status == STATUS_BAD_FIELD && !fields))
		fail_msg("%u, and no lack says so: %s", a->status, a->text);
}

void must_be_explained(struct world *w, const struct answer *a)
{
	const char *wrong = NULL;
	bool action = a->command == COMMAND_ACTION;

	w->taken += action && a->status < 300;
	w->refused += action && (a->status == STATUS_UNMET || a->status == STATUS_BARRED);
	w->forbidden += action && a->status == STATUS_FORBIDDEN;
	w->faulty += action && a->status == STATUS_BAD_FIELD;
	if (a->status == STATUS_OK)
		return;
	if (a->status >= 500 || (a->status >= 300 && a->status < 400))
		fail_msg("%u %s", a->status, a->text);
	if (a->status == STATUS_PARTIAL || a->status == STATUS_NOTHING_ACCEPTED) {
		assert_non_null(strstr(a->text, "\"refused\":[["));
		return;
	}
	if (!mp_find_str(a->body, "reason", &wrong).size)
		fail_msg("%u without a reason: %s", a->status, a->text);
	if (action && (a->status == STATUS_UNMET || a->status == STATUS_BARRED ||
	               (a->status == STATUS_BAD_FIELD && !mp_find_str(a->body, "field", &wrong).size)))
		check_lacks(a);
}

/* ---- can it be gone on with? ---- */

/* An action with all its fields: yes/no ones as `yes` says, of values the `nth`. */
static void fill_in(struct event_action_recorded *a, struct slice texts[], size_t *text_count, const struct action_rule *rule,
		    char date[static DATE_TEXT_SIZE + 1], bool yes, unsigned nth)
{
	*text_count = 0;
	a->name = rule->name;
	a->parent = slice_text(rule->needs_parent ? "p1" : "");
	a->field_count = 0;
	for (unsigned i = 0; i < rule->field_count; i++) {
		const struct field_rule *f = &rule->fields[i];
		struct slice value = {0};

		switch ((enum field_type)f->type) {
		case FIELD_YES_NO:
			value = slice_text(yes ? "yes" : "no");
			break;
		case FIELD_TEXT:
			texts[(*text_count)++] = f->name;
			continue;
		case FIELD_DATE:
			value = slice_text(date);
			break;
		case FIELD_NUMBER:
			value = slice_text("1");
			break;
		case FIELD_ONE_OF:
			value = f->values[nth % f->value_count];
			break;
		case FIELD_MONEY:
			value = slice_text("160");
			break;
		}
		if (!slice_is(f->name, "issued"))
			a->fields[a->field_count++] = (struct action_field){f->name, value};
	}
}

/* Something that may be recorded, by whom, and how it is filled in. */
struct way {
	unsigned role;
	const struct action_rule *rule;
	bool yes;
	unsigned nth;
};

/* What somebody may record on w->c now that brings it on; at most `max`. */
static unsigned ways(struct world *w, struct way out[], unsigned max, bool overriding)
{
	static struct event_action_recorded a;
	static struct lacks lacks;
	static struct particulars roster;
	struct engine *e = w->host.engine;
	struct txn *txn = engine_read(e);
	struct case_view view;
	char date[DATE_TEXT_SIZE + 1];
	unsigned count = 0;

	assert_int_equal(state_case_view(&e->state, w->c, world_today(w), &view), STORE_OK);
	assert_int_equal(state_view_earlier(&e->state, w->c, &view), STORE_OK);
	view_particulars(e, w->c->pupil, world_today(w), &roster, &view);
	day_text(date, world_today(w) + 7);
	for (unsigned i = 0; i < view.pathway->action_count; i++)
		for (unsigned way = 0; brings_on(&view.pathway->actions[i]) && way < STAFF_COUNT * 16 && count < max; way++) {
			struct way one = {way % STAFF_COUNT, &view.pathway->actions[i], way / STAFF_COUNT % 2 == 0, way / STAFF_COUNT / 2};
			struct slice texts[FIELDS_MAX];
			size_t text_count;

			if (staff[one.role] == LEAD && w->c->number > 64)
				continue;
			a = (struct event_action_recorded){.case_no = w->c->number, .pupil = w->c->pupil, .on = (uint16_t)world_today(w)};
			fill_in(&a, texts, &text_count, one.rule, date, one.yes, one.nth);
			if (case_decide(w->c, &view, staff_roles[one.role], &a, texts, text_count, overriding, &lacks) == STATUS_OK)
				out[count++] = one;
		}
	engine_read_end(e, txn);
	return count;
}

bool world_goes_on(struct world *w, uint32_t number)
{
	struct way one;
	uint8_t phase;

	if (!world_case(w, number))
		return true;
	for (unsigned i = 0; i < w->c->deadline_count; i++)
		if (case_timer(&w->c->deadlines[i], &phase))
			return true;
	return ways(w, &one, 1, true) > 0;
}

static void take(struct world *w, const struct way *way)
{
	static struct event_action_recorded a;
	struct slice texts[FIELDS_MAX];
	size_t text_count, size;
	char date[DATE_TEXT_SIZE + 1], *fields = NULL;
	FILE *out = open_memstream(&fields, &size);

	day_text(date, world_today(w) + 7);
	fill_in(&a, texts, &text_count, way->rule, date, way->yes, way->nth);
	for (unsigned i = 0; i < a.field_count; i++)
		fprintf(out, "%s'%.*s':'%.*s'", i ? "," : "", (int)a.fields[i].name.size, a.fields[i].name.bytes,
			(int)a.fields[i].value.size, a.fields[i].value.bytes);
	for (size_t i = 0; i < text_count; i++)
		fprintf(out, "%s'%.*s':'t'", a.field_count || i ? "," : "", (int)texts[i].size, texts[i].bytes);
	fclose(out);
	/* what the rules allow, the engine takes */
	assert_answer(host_ask(&w->host, staff[way->role], COMMAND_ACTION, "{'upn':'%s','action':'%.*s','override':'r','fields':{%s}%s}",
			       w->upn[w->c->pupil - 1], (int)a.name.size, a.name.bytes, fields, a.parent.size ? ",'parent':'p1'" : ""),
		      STATUS_OK, NULL);
	w->taken++;
	free(fields);
}

bool world_bring_to_an_end(struct world *w, uint32_t number)
{
	static struct way found[2000];

	for (unsigned round = 0; round < 60; round++) {
		const struct pathway *p;
		unsigned count, last = 0;

		if (!world_case(w, number))
			return true;
		p = state_pathway(&w->host.engine->state, w->c->pathway_name, w->c->pathway_version);
		count = ways(w, found, sizeof found / sizeof *found, true);
		for (unsigned i = 0; i < count; i++)
			if (closes(p, found[i].rule))
				found[last++] = found[i];
		if (last)
			count = last;
		if (count)
			take(w, &found[draw(count)]);
		else
			world_clock(w, engine_now(w->host.engine) + draw(10 * 86400000));
	}
	return !world_case(w, number);
}
