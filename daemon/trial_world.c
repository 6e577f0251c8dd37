/* One world of a trial: the engine without a log.
 *
 * What came from outside keeps its position in the log, because what is sealed in it is
 * bound to that; what the world makes by itself is numbered above all of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "casework/case_deadline.h"
#include "casework/case_move.h"
#include "daemon/memory.h"
#include "daemon/trial_parts.h"
#include "proto/utf8.h"

enum { COMMIT_EVERY = 20000 };
static const uint64_t OWN_POSITIONS = UINT64_C(1) << 48, MAP_SIZE = UINT64_C(16) << 30;

/* ---- names ---- */

uint16_t trial_name(struct trial_names *n, struct slice name, struct slice title)
{
	if (!name.size)
		return 0;
	for (unsigned i = 0; i < n->count; i++)
		if (slice_is(name, n->list[i].name))
			return (uint16_t)(i + 1);
	n->list = memory_grow(n->list, (n->count + 1) * sizeof *n->list);
	memset(&n->list[n->count], 0, sizeof *n->list);
	snprintf(n->list[n->count].name, sizeof n->list->name, "%.*s", (int)name.size, (const char *)name.bytes);
	snprintf(n->list[n->count].title, sizeof n->list->title, "%.*s", UTF8_HEAD(title, sizeof n->list->title - 1));
	return (uint16_t)++n->count;
}

/* ---- what it says ---- */

static void note_raised(struct trial_world *w, const struct event *ev, uint64_t position)
{
	const struct event_alert_raised *r = &ev->alert_raised;
	struct state *s = &w->engine->state;
	struct trial_alert *a;
	struct case_view view;

	if (w->alert_count == w->alert_room) {
		w->alert_room = w->alert_room ? 2 * w->alert_room : 4096;
		w->alerts = memory_grow(w->alerts, w->alert_room * sizeof *w->alerts);
	}
	a = &w->alerts[w->alert_count++];
	*a = (struct trial_alert){.number = position, .ms = ev->at_ms, .pupil = r->pupil, .kind = r->kind, .up = r->up,
				  .day = (uint16_t)day_of_ms(ev->at_ms),
				  .case_no = r->case_no && r->case_no <= w->case_count ? w->cases[r->case_no - 1].number : 0};
	if (!r->deadline || state_case_load(s, r->case_no, w->room) != STORE_OK || r->deadline > w->room->deadline_count)
		return;
	const struct case_deadline *d = &w->room->deadlines[r->deadline - 1];

	if (state_case_view(s, w->room, a->day, &view) != STORE_OK)
		return;
	a->name = trial_name(w->names, r->deadline_kind, view.pathway->deadlines[d->rule].title);
	memcpy(a->parent, d->parent, sizeof a->parent);
	if (r->kind == ALERT_DECISION) {
		const struct question *put = deadline_question(w->room, &view, d);

		a->question = put ? (uint8_t)(put - view.pathway->deadlines[d->rule].questions + 1) : 0;
	}
}

static void note_withdrawn(struct trial_world *w, uint64_t number)
{
	size_t low = 0, high = w->alert_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (w->alerts[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < w->alert_count && w->alerts[low].number == number)
		w->alerts[low].withdrawn = true;
}

/* People answer what asks something of them; of a reminder, or of a case that lies still, they only hear. */
static void note_due(struct trial_world *w, const struct event *ev)
{
	const struct event_deadline_fired *fired = &ev->deadline_fired;
	struct state *s = &w->engine->state;
	struct case_state *c;
	struct case_view view;
	const struct deadline_rule *rule;

	if (fired->phase != PHASE_DUE || fired->case_no < 1 || fired->case_no > w->case_count)
		return;
	c = memory_new(sizeof *c);
	if (state_case_load(s, fired->case_no, c) == STORE_OK &&
	    state_case_view(s, c, day_of_ms(ev->at_ms), &view) == STORE_OK) {
		rule = &view.pathway->deadlines[c->deadlines[fired->deadline - 1].rule];
		if (!rule->reminder && !rule->idle)
			w->cases[fired->case_no - 1].due_ms = ev->at_ms;
	}
	free(c);
}

/* What the engine appends comes here instead of into a log. */
static void take_own(void *context, struct event *ev)
{
	struct trial_world *w = context;
	struct engine *e = w->engine;

	e->broken = state_apply(&e->state, ev, ++w->position);
	e->timer_known = false;
	w->uncommitted++;
	if (ev->kind == EVENT_ALERT_RAISED && e->broken == STORE_OK)
		note_raised(w, ev, w->position);
	else if (ev->kind == EVENT_ALERT_WITHDRAWN)
		note_withdrawn(w, ev->alert_withdrawn.alert);
	else if (ev->kind == EVENT_DEADLINE_FIRED && e->broken == STORE_OK)
		note_due(w, ev);
}

/* ---- opening ---- */

/* The folder is gone as soon as it is open: whatever happens, nothing is left of it. */
static bool open_scratch(struct engine *e, const char *dir, char *why, size_t why_size)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "lock"};
	struct store_options options = {.mode = STORE_SCRATCH, .map_size = MAP_SIZE};
	char path[440], file[500];
	const char *tmp = getenv("TMPDIR");
	bool good;

	memcpy(options.check_key, e->key.check, sizeof options.check_key);
	snprintf(path, sizeof path, "%.400s/trial.XXXXXX", dir);
	if (!mkdtemp(path)) {
		snprintf(path, sizeof path, "%.300s/attend-trial.XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(path)) {
			snprintf(why, why_size, "no folder for the trial can be made in %s", dir);
			return false;
		}
	}
	good = store_open(&e->store, path, &options, why, why_size) == STORE_OK;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(file, sizeof file, "%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
	return good;
}

static bool begin(struct engine *e)
{
	e->txn = NULL;
	e->broken = store_begin(e->store, true, &e->txn);
	e->state.txn = e->txn;
	return e->broken == STORE_OK;
}

bool world_open(struct trial_world *w, const char *dir, struct persons *persons, const struct store_key *key,
		struct trial_names *names, char *why, size_t why_size)
{
	struct engine *e = memory_new(sizeof *e);

	memset(w, 0, sizeof *w);
	w->engine = e;
	w->names = names;
	w->position = OWN_POSITIONS;
	w->event = memory_new(sizeof *w->event);
	w->room = memory_new(sizeof *w->room);
	w->texts = memory_new(TRIAL_TEXTS_ROOM);
	e->options.manual_clock = true;
	e->key = *key;
	e->persons = persons;
	e->at = &e->two[0];
	e->own = take_own;
	e->own_context = w;
	pack_init(&e->body);
	state_init(&e->state, &e->key, persons);
	if (!open_scratch(e, dir, why, why_size))
		return false;
	if (!begin(e))
		snprintf(why, why_size, "the trial's own store: %s", store_why(e->store));
	return e->broken == STORE_OK;
}

void world_close(struct trial_world *w)
{
	struct engine *e = w->engine;

	if (!e)
		return;
	if (e->txn)
		store_abort(&e->txn);
	state_free(&e->state);
	store_close(&e->store);
	pack_free(&e->body);
	free(e);
	free(w->alerts);
	free(w->refusals);
	for (size_t i = 0; i < w->wait_count; i++)
		free(w->waits[i].record);
	free(w->waits);
	free(w->deeds);
	free(w->cases);
	free(w->event);
	free(w->room);
	free(w->texts);
	memset(w, 0, sizeof *w);
}

void world_pathway(struct trial_world *w, struct slice name, uint32_t version, struct slice compiled, bool is_default)
{
	struct event *ev = w->event;

	engine_event(w->engine, ev, EVENT_PATHWAY_LOADED, 0);
	ev->pathway_loaded = (struct event_pathway_loaded){
		.name = name, .version = version, .is_default = is_default, .compiled = compiled};
	engine_append(w->engine, ev);
}

void world_choice(struct trial_world *w, uint32_t urn, struct slice name)
{
	struct event *ev = w->event;

	engine_event(w->engine, ev, EVENT_PATHWAY_CHOSEN, 0);
	ev->pathway_chosen = (struct event_pathway_chosen){urn, name};
	engine_append(w->engine, ev);
}

/* ---- time ---- */

static bool commit(struct trial_world *w)
{
	struct engine *e = w->engine;

	if (e->broken != STORE_OK || w->uncommitted < COMMIT_EVERY)
		return e->broken == STORE_OK;
	w->uncommitted = 0;
	e->state.txn = NULL;
	e->broken = store_commit(&e->txn);
	return e->broken == STORE_OK && begin(e);
}

bool world_until(struct trial_world *w, uint64_t ms)
{
	struct engine *e = w->engine;
	struct slice key;

	for (;;) {
		uint64_t waiting = w->next_wait;

		if (!e->timer_known)
			e->broken = first_timer(e->txn, &key, &e->next_timer);
		if (e->broken != STORE_OK)
			return false;
		e->timer_known = true;
		if (waiting && waiting <= ms && (!e->next_timer || waiting < e->next_timer)) {
			if (waiting > e->now_ms)
				e->now_ms = waiting;
			world_action_waited(w);
		} else if (e->next_timer && e->next_timer <= ms) {
			fire_due(e, waiting && waiting < ms ? waiting : ms, true);
			e->timer_known = false;
		} else {
			break;
		}
		if (!commit(w))
			return false;
	}
	if (ms > e->now_ms)
		e->now_ms = ms;
	return commit(w);
}

/* ---- what came from outside ---- */

static void take_marks(struct trial_world *w, const struct event *ev, uint64_t position)
{
	struct engine *e = w->engine;
	struct marks_reader in;
	struct mark m;

	marks_open(&in, ev->version, ev->marks_recorded.body);
	while (e->broken == STORE_OK && marks_next(&in, &m)) {
		struct applied_mark applied;

		e->broken = state_apply_mark(&e->state, ev->version, in.urn, &m, position, &applied);
		state_touch(&e->state, m.pupil, position);
		react_to_mark(e, &applied, m.pupil);
	}
	if (e->broken == STORE_OK)
		e->broken = state_save_days(&e->state, ev->at_ms);
	e->timer_known = false;
}

static void take_calendar(struct trial_world *w, const struct event *ev)
{
	struct engine *e = w->engine;
	struct dues *dues = dues_before(e, ev->calendar_loaded.urn);

	*w->event = *ev;
	engine_append(e, w->event);
	react_to_calendar(e, ev->calendar_loaded.urn, dues);
}

/* A case that was moved to another pathway is moved here too, to what is in force of it. */
static void take_move(struct trial_world *w, const struct event *ev)
{
	struct engine *e = w->engine;
	struct event_case_moved *m = &w->event->case_moved;
	const struct pupil *p = state_pupil(&e->state, ev->case_moved.pupil);
	const struct loaded_pathway *to = state_newest_pathway(&e->state, ev->case_moved.pathway);
	const struct pathway *from;
	struct case_orphans orphans;
	struct dues *dues;

	if (!p || !p->case_no || !to)
		return;
	e->broken = state_case_load(&e->state, p->case_no, w->room);
	if (e->broken != STORE_OK || slice_is(w->room->pathway_name, to->name))
		return;
	from = state_pathway(&e->state, w->room->pathway_name, w->room->pathway_version);
	*w->event = *ev;
	w->event->submitted = false;
	m->case_no = p->case_no;
	m->pathway_version = to->version;
	if (!case_move_fits(w->room, from, to->pathway, m, &orphans)) {
		w->moves_left_out++;
		return;
	}
	dues = dues_of_case(e, p->case_no);
	engine_append(e, w->event);
	react_to_moved_case(e, m->case_no, dues);
}

static void add_family(struct engine *e, struct family *out, uint32_t pupil)
{
	struct family more;

	if (!pupil || e->broken != STORE_OK)
		return;
	e->broken = state_family(&e->state, pupil, false, &more);
	for (unsigned i = 0; e->broken == STORE_OK && i < more.count; i++) {
		unsigned at = 0;

		while (at < out->count && out->pupils[at] != more.pupils[i])
			at++;
		if (at == out->count && at < FAMILY_MAX)
			out->pupils[out->count++] = more.pupils[i];
	}
}

/* What is learnt of a pupil or a family, with what it changes in open cases. `position` is the
 * log's: what is sealed in a roster is bound to it. */
static void learn(struct trial_world *w, const struct event *ev, uint64_t position, uint32_t pupil, uint32_t other)
{
	struct engine *e = w->engine;
	struct family family = {.count = 1, .pupils = {pupil}};
	struct outlook *before;

	if (other) {
		add_family(e, &family, pupil);
		add_family(e, &family, other);
	}
	before = outlook_before(e, &family);
	*w->event = *ev;
	w->event->submitted = false; /* no id is looked for here */
	if (e->broken == STORE_OK)
		e->broken = state_apply(&e->state, w->event, position);
	w->uncommitted++;
	react_to_known(e, before, "Something was learnt.");
}

bool world_take(struct trial_world *w, const struct event *ev, uint64_t position)
{
	struct engine *e = w->engine;

	switch ((enum event_kind)ev->kind) {
	case EVENT_STORE_CREATED:
	case EVENT_ACCESS_GRANTED:
	case EVENT_ACCESS_REVOKED:
	case EVENT_PUPIL_REGISTERED:
	case EVENT_COVER_NAMED:
		*w->event = *ev;
		w->event->submitted = false; /* no id is looked for here */
		e->broken = state_apply(&e->state, w->event, position);
		w->uncommitted++;
		break;
	case EVENT_ROSTER_RECORDED:
		if (world_until(w, ev->at_ms))
			learn(w, ev, position, ev->roster_recorded.pupil, 0);
		break;
	case EVENT_PUPIL_FACT:
		/* the school that registers show is what a world sees by itself */
		if (ev->pupil_fact.fact != FACT_SCHOOL && world_until(w, ev->at_ms))
			learn(w, ev, position, ev->pupil_fact.pupil, 0);
		break;
	case EVENT_PUPILS_LINKED:
		if (world_until(w, ev->at_ms))
			learn(w, ev, position, ev->pupils_linked.pupil, ev->pupils_linked.other);
		break;
	case EVENT_MARKS_RECORDED:
		if (world_until(w, ev->at_ms))
			take_marks(w, ev, position);
		break;
	case EVENT_CALENDAR_LOADED:
		if (world_until(w, ev->at_ms))
			take_calendar(w, ev);
		break;
	case EVENT_ACTION_RECORDED:
		if (world_until(w, ev->at_ms))
			world_action(w, ev, position);
		break;
	case EVENT_CASE_MOVED:
		if (world_until(w, ev->at_ms))
			take_move(w, ev);
		break;
	case EVENT_SCHOOL_DESCRIBED:
	case EVENT_TASK_DONE:
		if (world_until(w, ev->at_ms)) {
			*w->event = *ev;
			w->event->submitted = false;
			engine_append(e, w->event);
		}
		break;
	/* the pathways are those of now, and the rest is the world's own to make */
	case EVENT_PATHWAY_LOADED:
	case EVENT_PATHWAY_CHOSEN:
	case EVENT_MEETING_OFFERED:
	case EVENT_ROSTER_SUBMITTED:
	case EVENT_ALERT_RAISED:
	case EVENT_ALERT_CHANGED:
	case EVENT_ALERT_WITHDRAWN:
	case EVENT_ALERT_ACKNOWLEDGED:
	case EVENT_DEADLINE_FIRED:
	case EVENT_CLOCK_HELD:
	case EVENT_CLOCK_CONFIRMED:
	case EVENT_CLOCK_MOVED:
	case EVENT_DAY_ENDED:
		break;
	}
	return commit(w);
}
