/* Moving open cases to another pathway, and a school's choice of one. A changed file
 * that knows no place for an open case of its name is refused until each has one: a
 * case is moved by itself, or the load says where stages and deadlines go.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/case_move.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { TOLD_MAX = 40, PAIRS_MAX = MOVE_DEADLINES_MAX, TEXT_ROOM = 400 };

/* ---- what a message says of stages and deadlines ---- */

static const char *take_pairs(struct slice body, const char *key, struct deadline_passage pairs[PAIRS_MAX], unsigned *count,
			      bool may_end)
{
	struct mp at = mp_find(body, key);
	uint32_t n;

	*count = 0;
	if (mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL)
		return NULL;
	n = mp_map(&at);
	if (at.fault || n > PAIRS_MAX)
		return "a map of names to names is wanted, at most 64";
	for (*count = 0; *count < n; (*count)++) {
		struct deadline_passage *pair = &pairs[*count];

		pair->from = mp_str(&at);
		pair->to = slice_of(NULL, 0);
		if (may_end && mp_peek(&at) == MP_NIL)
			mp_nil(&at);
		else
			pair->to = mp_str(&at);
		if (at.fault || !pair->from.size || pair->from.size >= NAME_SIZE_MAX || pair->to.size >= NAME_SIZE_MAX)
			return "names are texts of at most 47 bytes";
	}
	return NULL;
}

static const char *take_reason(struct slice body, struct slice *reason)
{
	const char *wrong = NULL;

	*reason = mp_find_str(body, "reason", &wrong);
	return wrong || !reason->size || reason->size > TEXT_SIZE_MAX
		       ? "why the case is moved is wanted: a text of at most 4,096 bytes"
		       : NULL;
}

const char *passages_take(struct passages *p, struct slice body, const char **field)
{
	const char *fault;

	memset(p, 0, sizeof *p);
	*field = "stages";
	fault = take_pairs(body, "stages", p->stages, &p->stage_count, false);
	if (!fault) {
		*field = "deadlines";
		fault = take_pairs(body, "deadlines", p->deadlines, &p->deadline_count, true);
	}
	if (!fault && (p->stage_count || p->deadline_count)) {
		*field = "reason";
		fault = take_reason(body, &p->reason);
	}
	return fault;
}

/* ---- what has nowhere to go ---- */

/* The start of a `lacks` that more is added to: how many there are is known at the end. */
struct telling {
	struct pack items;
	unsigned count, left_off;
};

static void tell(struct telling *t, const char *field, const char *text)
{
	if (t->count == TOLD_MAX) {
		t->left_off++;
		return;
	}
	pack_map(&t->items, 3);
	pack_key_text(&t->items, "text", text);
	pack_key_bool(&t->items, "bar", false);
	pack_key_text(&t->items, "field", field);
	t->count++;
}

#define SLICE(s) (int)(s).size, (const char *)(s).bytes

static void tell_orphans(struct telling *t, const struct case_state *c, const struct pathway *from, struct slice stage,
			 const struct pathway *to, const struct case_orphans *orphans)
{
	char text[TEXT_ROOM];

	if (orphans->stage) {
		snprintf(text, sizeof text, "C%u stands at stage %.*s; %.*s of %.*s is no stage that a case can go to: say which (%.*s=...)",
			 c->number, SLICE(from->stages[c->stage - 1]), SLICE(stage), SLICE(to->name),
			 SLICE(from->stages[c->stage - 1]));
		tell(t, "stages", text);
	}
	for (unsigned i = 0; i < orphans->count; i++) {
		const struct slice name = from->deadlines[c->deadlines[orphans->deadlines[i]].rule].name;
		char why[200];

		snprintf(why, sizeof why, ", which %.*s doesn't have", SLICE(to->name));
		if (orphans->reasons[i] == ORPHAN_NO_DATE)
			snprintf(why, sizeof why, ", and what it would go on as hangs on a date that it doesn't have");
		else if (orphans->reasons[i] == ORPHAN_ENDED)
			snprintf(why, sizeof why, ", whose end has passed, and what it would go on as is of another sort (a task, a question)");
		snprintf(text, sizeof text, "C%u waits for %.*s%s: say what it goes on as, or that it falls away (%.*s=... or %.*s=none)",
			 c->number, SLICE(name), why, SLICE(name), SLICE(name));
		tell(t, "deadlines", text);
	}
	if (orphans->unknown.size) {
		snprintf(text, sizeof text, "%.*s: no deadline of either pathway has this name", SLICE(orphans->unknown));
		tell(t, "deadlines", text);
	}
}

/* A refusal with all of it; takes the telling. */
static void refuse_orphans(struct engine *e, const struct request *r, struct telling *t, const char *reason)
{
	char text[TEXT_ROOM];

	if (t->left_off)
		snprintf(text, sizeof text, "%s; %u more", reason, t->left_off);
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_key_text(&e->body, "reason", t->left_off ? text : reason);
	pack_text(&e->body, "lacks");
	pack_array(&e->body, t->count);
	pack_raw(&e->body, pack_slice(&t->items));
	pack_free(&t->items);
	e->counters[COUNT_REFUSED_CONTENT]++;
	engine_reply(e, r, STATUS_UNMET, engine_head(e));
}

/* ---- one case ---- */

static struct slice seal_reason(struct engine *e, uint32_t pupil, struct slice reason, uint8_t *room, size_t size)
{
	struct writer w = writer_of(room, size);
	struct slice sealed = {0};
	struct pack text;

	pack_init(&text);
	pack_map(&text, 1);
	pack_key_str(&text, "reason", reason);
	if (persons_seal(e->persons, pupil, EVENT_CASE_MOVED, engine_head(e) + 1, pack_slice(&text), &w))
		sealed = writer_slice(&w);
	else
		e->broken = STORE_FAILED;
	pack_free(&text);
	return sealed;
}

/* Appends the move and what follows from it; how many deadlines have another last day. */
static uint64_t move(struct engine *e, struct event *ev, struct slice reason, uint64_t *position)
{
	uint8_t *room = memory_new(TEXT_SIZE_MAX + 64 + SEAL_EXTRA);
	struct dues *dues = dues_of_case(e, ev->case_moved.case_no);
	uint64_t moved;

	ev->case_moved.sealed = seal_reason(e, ev->case_moved.pupil, reason, room, TEXT_SIZE_MAX + 64 + SEAL_EXTRA);
	if (e->broken == STORE_OK)
		engine_append(e, ev);
	*position = engine_head(e);
	moved = react_to_moved_case(e, ev->case_moved.case_no, dues);
	free(room);
	return moved;
}

static bool refuse(struct engine *e, const struct request *r, enum status status, const char *field, const char *reason)
{
	engine_refuse(e, r, status, field, reason);
	return false;
}

/* Fills the event from the message; false: refused. */
static bool look(struct engine *e, const struct request *r, struct case_state *c, struct event_case_moved *m,
		 struct slice *reason)
{
	static const char *const keys[] = {"case", "pathway", "version", "stage", "deadlines", "reason", NULL};
	struct slice body = r->message->body, unknown, id;
	const char *wrong = NULL, *fault;
	const struct loaded_pathway *newest;
	unsigned count;
	uint64_t version;

	if (!mp_only(body, keys, &unknown))
		return refuse(e, r, STATUS_BAD_BODY, NULL, "{case, pathway, version?, stage?, deadlines?, reason} is wanted");
	id = mp_find_str(body, "case", &wrong);
	if (wrong || !case_id_parse(id, &m->case_no))
		return refuse(e, r, STATUS_BAD_FIELD, "case", "not a case's id: C1, C2 ...");
	if (state_case_load(&e->state, m->case_no, c) != STORE_OK)
		return refuse(e, r, STATUS_NOT_FOUND, "case", "no case with this id is known to you");
	if (c->closed)
		return refuse(e, r, STATUS_BAD_FIELD, "case", "it is closed; a new case begins on the pathway in force");
	if (c->chapter_count == CASE_CHAPTERS_MAX)
		return refuse(e, r, STATUS_UNMET, "case", "it was moved eight times; close it and begin another");
	m->pupil = c->pupil;
	m->pathway = mp_find_str(body, "pathway", &wrong);
	version = mp_find_uint(body, "version", 0, &wrong);
	newest = wrong ? NULL : state_newest_pathway(&e->state, m->pathway);
	m->pathway_version = !newest || version > UINT32_MAX ? 0 : version ? (uint32_t)version : newest->version;
	if (!newest || !state_pathway(&e->state, m->pathway, m->pathway_version))
		return refuse(e, r, STATUS_NOT_FOUND, "pathway", "no such pathway is loaded; attend pathway list names them");
	m->stage = mp_find_str(body, "stage", &wrong);
	if (wrong)
		return refuse(e, r, STATUS_BAD_FIELD, wrong, "a text is wanted");
	fault = take_pairs(body, "deadlines", m->deadlines, &count, true);
	m->deadline_count = (uint8_t)count;
	if (fault)
		return refuse(e, r, STATUS_BAD_FIELD, "deadlines", fault);
	fault = take_reason(body, reason);
	return !fault || refuse(e, r, STATUS_BAD_FIELD, "reason", fault);
}

void pack_move_answer(struct pack *p, const struct event_case_moved *m, uint64_t moved)
{
	pack_clear(p);
	pack_map(p, 5);
	pack_text(p, "case");
	pack_case(p, m->case_no);
	pack_key_str(p, "pathway", m->pathway);
	pack_key_uint(p, "version", m->pathway_version);
	pack_key_str(p, "stage", m->stage);
	pack_key_uint(p, "moved", moved);
}

void submit_move(struct engine *e, const struct request *r)
{
	struct case_state *c = memory_new(sizeof *c);
	struct event *ev = memory_new(sizeof *ev);
	struct event_case_moved *m = &ev->case_moved;
	struct telling t = {0};
	struct case_orphans orphans;
	const struct pathway *from, *to;
	struct slice reason;
	uint64_t position, moved;

	engine_event(e, ev, EVENT_CASE_MOVED, r->who->number);
	engine_sign(ev, r);
	if (!look(e, r, c, m, &reason))
		goto done;
	from = state_pathway(&e->state, c->pathway_name, c->pathway_version);
	to = state_pathway(&e->state, m->pathway, m->pathway_version);
	if (!m->stage.size)
		m->stage = from->stages[c->stage - 1];
	if (!case_move_fits(c, from, to, m, &orphans)) {
		pack_init(&t.items);
		tell_orphans(&t, c, from, m->stage, to, &orphans);
		refuse_orphans(e, r, &t, "the case would be left with nobody to see to it");
		goto done;
	}
	moved = move(e, ev, reason, &position);
	e->counters[COUNT_SUBMISSIONS]++;
	pack_move_answer(&e->body, m, moved);
	engine_reply(e, r, STATUS_OK, position);
done:
	free(ev);
	free(c);
}

/* ---- all open cases of a changed file ---- */

static struct slice passage_of(const struct passages *p, struct slice stage)
{
	for (unsigned i = 0; i < p->stage_count; i++)
		if (slice_equal(p->stages[i].from, stage))
			return p->stages[i].to;
	return stage;
}

/* Those of the message's that this case's pathway has. */
static void fill_passage(struct event_case_moved *m, const struct passages *p, const struct case_state *c,
			 const struct pathway *from)
{
	m->case_no = c->number;
	m->pupil = c->pupil;
	m->stage = passage_of(p, from->stages[c->stage - 1]);
	m->deadline_count = 0;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (pathway_deadline(from, p->deadlines[i].from) >= 0)
			m->deadlines[m->deadline_count++] = p->deadlines[i];
}

typedef void visit_orphan(struct engine *, struct case_state *, const struct pathway *from, void *context);

/* Each open case of the name that the new file has no place for as it stands. */
static void each_orphan(struct engine *e, const struct pathway *to, visit_orphan *visit, void *context)
{
	struct case_state *c = memory_new(sizeof *c);
	struct event *as_it_is = memory_new(sizeof *as_it_is);
	struct case_orphans orphans;

	for (uint32_t n = 1; n <= e->state.case_count && e->broken == STORE_OK; n++) {
		const struct pathway *from;

		if (state_case_load(&e->state, n, c) != STORE_OK || c->closed || !slice_equal(c->pathway_name, to->name))
			continue;
		from = state_pathway(&e->state, c->pathway_name, c->pathway_version);
		as_it_is->case_moved.stage = from->stages[c->stage - 1];
		if (!case_move_fits(c, from, to, &as_it_is->case_moved, &orphans))
			visit(e, c, from, context);
	}
	free(as_it_is);
	free(c);
}

struct checking {
	struct telling t;
	const struct passages *passages;
	const struct pathway *to;
	struct event *ev;
	unsigned cases;
};

static void check_orphan(struct engine *e, struct case_state *c, const struct pathway *from, void *context)
{
	struct checking *k = context;
	struct case_orphans orphans;
	char text[TEXT_ROOM];

	(void)e;
	fill_passage(&k->ev->case_moved, k->passages, c, from);
	if (c->chapter_count == CASE_CHAPTERS_MAX) {
		k->cases++;
		snprintf(text, sizeof text, "C%u was moved eight times, as often as can be: close it and begin another", c->number);
		tell(&k->t, "stages", text);
		return;
	}
	if (case_move_fits(c, from, k->to, &k->ev->case_moved, &orphans))
		return;
	k->cases++;
	tell_orphans(&k->t, c, from, k->ev->case_moved.stage, k->to, &orphans);
}

bool orphans_refused(struct engine *e, const struct request *r, const struct pathway *to, const struct passages *passages)
{
	struct checking k = {.passages = passages, .to = to, .ev = memory_new(sizeof *k.ev)};
	char reason[TEXT_ROOM];

	pack_init(&k.t.items);
	each_orphan(e, to, check_orphan, &k);
	free(k.ev);
	if (!k.cases) {
		pack_free(&k.t.items);
		return false;
	}
	snprintf(reason, sizeof reason,
		 "%u open case%s would have no place in the changed file: say where %s (attend pathway load --stage, --deadline), "
		 "or move each first (attend pathway move)",
		 k.cases, k.cases == 1 ? "" : "s", k.cases == 1 ? "it goes" : "they go");
	refuse_orphans(e, r, &k.t, reason);
	return true;
}

struct carrying {
	const struct passages *passages;
	const struct request *request;
	const struct pathway *to;
	uint64_t cases;
};

static void carry(struct engine *e, struct case_state *c, const struct pathway *from, void *context)
{
	struct carrying *k = context;
	struct event *ev = memory_new(sizeof *ev);
	uint64_t position;

	engine_event(e, ev, EVENT_CASE_MOVED, k->request->who->number);
	fill_passage(&ev->case_moved, k->passages, c, from);
	ev->case_moved.pathway = k->to->name;
	ev->case_moved.pathway_version = k->to->version;
	move(e, ev, k->passages->reason, &position);
	k->cases++;
	free(ev);
}

uint64_t orphans_carry(struct engine *e, const struct request *r, const struct pathway *to, const struct passages *passages)
{
	struct carrying k = {.passages = passages, .request = r, .to = to};

	each_orphan(e, to, carry, &k);
	return k.cases;
}

/* ---- a school's own pathway ---- */

void pack_choice(struct pack *p, const struct event_pathway_chosen *c)
{
	pack_clear(p);
	pack_map(p, 2);
	pack_text(p, "urn");
	pack_urn(p, c->urn);
	pack_text(p, "pathway");
	if (c->pathway.size)
		pack_str(p, c->pathway);
	else
		pack_nil(p);
}

void submit_choose(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"urn", "pathway", NULL};
	struct slice body = r->message->body, unknown, urn, name;
	const char *wrong = NULL;
	struct event ev;

	engine_event(e, &ev, EVENT_PATHWAY_CHOSEN, r->who->number);
	engine_sign(&ev, r);
	urn = mp_find_str(body, "urn", &wrong);
	name = mp_find_str(body, "pathway", &wrong);
	if (wrong || !mp_only(body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "urn", "{urn, pathway?} is wanted");
		return;
	}
	if (!urn_parse(urn, &ev.pathway_chosen.urn)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
		return;
	}
	if (name.size && !state_newest_pathway(&e->state, name)) {
		engine_refuse(e, r, STATUS_NOT_FOUND, "pathway", "no such pathway is loaded; attend pathway list names them");
		return;
	}
	ev.pathway_chosen.pathway = name;
	engine_append(e, &ev);
	/* a tail must not cross a change of the rules by which it is counted */
	engine_sweep_all(e);
	e->counters[COUNT_SUBMISSIONS]++;
	pack_choice(&e->body, &ev.pathway_chosen);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}
