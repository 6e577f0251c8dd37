/* The authority as a whole: its schools, open cases by stage, deadlines met and missed in the school
 * year, what was recorded although something was lacking.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"
#include "daemon/query_parts.h"

enum { SCHOOL_SUMS_MAX = 2048, STAGES_ROOM = 256, OVERRIDES_SHOWN = 50 };

struct school_sum {
	uint32_t urn;
	unsigned pupils, am, pm, cases;
};

struct stage_sum {
	const struct pathway *pathway; /* the newest of that name that a case is on */
	uint8_t stage;
	unsigned open;
};

struct override {
	uint32_t case_no, pupil;
	uint64_t position;
	uint16_t on;
	struct slice title;
};

struct sums {
	struct engine *engine;
	struct state *state;
	const struct request *request;
	struct txn *txn;
	bool then;        /* not now */
	day_t day, since; /* today; the first of the school year */
	struct school_sum schools[SCHOOL_SUMS_MAX];
	struct stage_sum stages[STAGES_ROOM];
	struct override overrides[OVERRIDES_SHOWN]; /* the newest of them, falling by position */
	unsigned school_count, stage_count, overridden;
	unsigned met, missed, open, overdue, closed;
	struct case_state c;
	struct event event;
	bool given;             /* it was, of the override that is packed */
	uint8_t room[PARTICULARS_ROOM];
};

static struct school_sum *school_of(struct sums *s, uint32_t urn)
{
	unsigned low = 0, high = s->school_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (s->schools[middle].urn < urn)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < s->school_count && s->schools[low].urn == urn)
		return &s->schools[low];
	if (s->school_count == SCHOOL_SUMS_MAX)
		return NULL;
	memmove(&s->schools[low + 1], &s->schools[low], (s->school_count - low) * sizeof *s->schools);
	s->school_count++;
	s->schools[low] = (struct school_sum){.urn = urn};
	return &s->schools[low];
}

static void count_pupils(struct sums *s)
{
	struct school_sum *last = NULL;

	for (uint32_t n = 1; n <= s->state->pupil_count; n++) {
		const struct pupil *p = state_pupil(s->state, n);

		if (!p || !p->urn || !access_school(s->request->who, p->urn))
			continue;
		if (!last || last->urn != p->urn)
			last = school_of(s, p->urn);
		if (!last)
			continue;
		last->pupils++;
		if (p->latest_day == s->day) {
			last->am += pupil_code(p, s->day, AM) != CODE_NONE;
			last->pm += pupil_code(p, s->day, PM) != CODE_NONE;
		}
	}
}

static void count_stage(struct sums *s, const struct pathway *pathway, uint8_t stage)
{
	for (unsigned i = 0; i < s->stage_count; i++)
		if (s->stages[i].stage == stage && slice_equal(s->stages[i].pathway->name, pathway->name)) {
			s->stages[i].open++;
			return;
		}
	if (s->stage_count < STAGES_ROOM)
		s->stages[s->stage_count++] = (struct stage_sum){pathway, stage, 1};
}

/* Periods run their course and reminders only remind. */
static void count_deadlines(struct sums *s, const struct case_state *c, const struct pathway *pathway)
{
	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct case_deadline *d = &c->deadlines[i];
		const struct deadline_rule *rule = case_rule_of(s->state, c, pathway, d);

		if (rule->period || rule->reminder)
			continue;
		s->open += d->state == DEADLINE_OPEN && !c->closed;
		s->overdue += case_deadline_overdue(d) && !c->closed;
		s->met += d->state == DEADLINE_MET && d->last >= s->since;
		s->missed += d->state == DEADLINE_MISSED && d->last >= s->since;
	}
}

/* Cases come in the order of their numbers, and what is new may be of any of them. */
static void keep_newest(struct sums *s, const struct override *o)
{
	unsigned at = s->overridden < OVERRIDES_SHOWN ? s->overridden : OVERRIDES_SHOWN;

	s->overridden++;
	if (at == OVERRIDES_SHOWN && s->overrides[--at].position > o->position)
		return;
	for (; at > 0 && s->overrides[at - 1].position < o->position; at--)
		s->overrides[at] = s->overrides[at - 1];
	s->overrides[at] = *o;
}

static void count_overrides(struct sums *s, const struct case_state *c, const struct pathway *pathway)
{
	for (unsigned i = 0; i < c->done_count; i++) {
		const struct case_done *d = &c->done[i];

		if (!d->overridden || d->on < s->since)
			continue;
		keep_newest(s, &(struct override){c->number, c->pupil, d->position, d->on, case_action_of(s->state, c, pathway, d)->title});
	}
}

static void count_cases(struct sums *s)
{
	for (uint32_t n = 1; n <= s->state->case_count; n++) {
		struct case_state *c = &s->c;
		const struct pathway *pathway;
		struct school_sum *school;
		uint32_t urn;

		if (state_case_load(s->state, n, c) != STORE_OK)
			continue;
		urn = state_school_of(s->state, c->pupil);
		pathway = state_pathway(s->state, c->pathway_name, c->pathway_version);
		if (!pathway || !access_alert(s->request->who, urn, n))
			continue;
		school = c->closed ? NULL : school_of(s, urn);
		if (school)
			school->cases++;
		if (!c->closed)
			count_stage(s, pathway, c->stage);
		s->closed += c->closed;
		count_deadlines(s, c, pathway);
		count_overrides(s, c, pathway);
	}
}

static int by_stage(const void *a, const void *b)
{
	const struct stage_sum *x = a, *y = b;
	size_t size = x->pathway->name.size < y->pathway->name.size ? x->pathway->name.size : y->pathway->name.size;
	int order = memcmp(x->pathway->name.bytes, y->pathway->name.bytes, size);

	if (order == 0 && x->pathway->name.size != y->pathway->name.size)
		order = x->pathway->name.size < y->pathway->name.size ? -1 : 1;
	return order ? order : x->stage - y->stage;
}

static void pack_stages(struct sums *s, struct pack *p)
{
	if (s->stage_count)
		qsort(s->stages, s->stage_count, sizeof *s->stages, by_stage);
	pack_text(p, "stages");
	pack_array(p, s->stage_count);
	for (unsigned i = 0; i < s->stage_count; i++) {
		pack_map(p, 4);
		pack_key_str(p, "pathway", s->stages[i].pathway->name);
		pack_key_str(p, "stage", s->stages[i].pathway->stages[s->stages[i].stage - 1]);
		pack_key_str(p, "title", s->stages[i].pathway->stage_titles[s->stages[i].stage - 1]);
		pack_key_uint(p, "open", s->stages[i].open);
	}
}

static bool take_event(void *context, uint64_t position, struct slice record)
{
	struct sums *s = context;

	s->given = event_decode(&s->event, record, true);
	if (s->given)
		pack_event(s->engine, &s->engine->body, s->txn, &s->event, position);
	return false;
}

/* By whom, and for which reason: for those who read the log. */
static void pack_reason(struct sums *s, struct pack *p, uint64_t position)
{
	struct engine *e = s->engine;

	pack_text(p, "event");
	s->given = false;
	if (access_reads_all(s->request->who->role))
		engine_log_at(e, s->txn, position, take_event, s);
	if (!s->given)
		pack_nil(p);
}

static void pack_overrides(struct sums *s, struct pack *p)
{
	unsigned shown = s->overridden < OVERRIDES_SHOWN ? s->overridden : OVERRIDES_SHOWN;

	pack_text(p, "overrides");
	pack_map(p, 2);
	pack_key_uint(p, "count", s->overridden);
	pack_text(p, "items");
	pack_array(p, shown);
	for (unsigned i = 0; i < shown; i++) {
		pack_map(p, 5 + NAME_KEYS);
		pack_text(p, "case");
		pack_case(p, s->overrides[i].case_no);
		pack_pupil_name(s->engine, p, s->txn, s->overrides[i].pupil, s->room);
		pack_key_str(p, "title", s->overrides[i].title);
		pack_text(p, "on");
		pack_date(p, s->overrides[i].on);
		pack_key_uint(p, "seq", s->overrides[i].position);
		pack_reason(s, p, s->overrides[i].position);
	}
}

static void pack_counted(struct pack *p, const char *key, bool unknown, unsigned count)
{
	pack_text(p, key);
	if (unknown)
		pack_nil(p);
	else
		pack_uint(p, count);
}

static void pack_schools(const struct sums *s, struct pack *p)
{
	pack_text(p, "schools");
	pack_array(p, s->school_count);
	for (unsigned i = 0; i < s->school_count; i++) {
		const struct school_sum *school = &s->schools[i];

		pack_map(p, 7);
		pack_text(p, "urn");
		pack_urn(p, school->urn);
		pack_school_name(p, &s->engine->state, "name", school->urn);
		pack_key_bool(p, "school_day", calendar_is_school_day(state_calendar(s->state, school->urn), s->day));
		pack_counted(p, "pupils", s->then, school->pupils);
		pack_counted(p, "am", s->then, school->am);
		pack_counted(p, "pm", s->then, school->pm);
		pack_key_uint(p, "cases", school->cases);
	}
}

enum status query_authority(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	struct many *many;
	struct sums *s;
	day_t day;

	if (!many_as_of(e, r, txn, 0, &many, &day))
		return STATUS_BAD_FIELD;
	s = memory_new(sizeof *s);
	s->engine = e;
	s->then = many != NULL;
	s->state = many ? many->state : &e->state;
	s->request = r;
	s->txn = txn;
	s->day = day;
	s->since = school_year_start(day_school_year(s->day));
	if (!s->then) /* then only those with a case are known */
		count_pupils(s);
	count_cases(s);
	pack_map(p, 6);
	pack_text(p, "day");
	pack_date(p, (uint16_t)s->day);
	pack_key_uint(p, "closed", s->closed);
	pack_stages(s, p);
	pack_text(p, "tasks");
	pack_map(p, 4);
	pack_key_uint(p, "open", s->open);
	pack_key_uint(p, "overdue", s->overdue);
	pack_key_uint(p, "met", s->met);
	pack_key_uint(p, "missed", s->missed);
	pack_overrides(s, p);
	pack_schools(s, p);
	free(s);
	many_close(&many);
	return STATUS_OK;
}
