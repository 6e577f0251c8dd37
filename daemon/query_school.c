/* A school today: its registers, who is near a threshold, its open cases.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"
#include "daemon/query_parts.h"
#include "proto/utf8.h"

enum { NEAR = 3, SHOWN_MAX = 300, YEARS_MAX = 24, YEAR_SIZE = 16 };

struct row {
	uint32_t pupil;
	unsigned count;
	struct figures figures;
};

/* How many of a year group are marked today. */
struct year {
	char name[YEAR_SIZE];
	unsigned pupils, am, pm;
};

struct school_today {
	struct engine *engine;
	struct state *state;
	struct txn *txn;
	const struct pathway *pathway;
	const struct calendar *calendar;
	uint32_t urn;
	day_t day;
	unsigned pupils, persistent, severe, at_threshold;
	struct year years[YEARS_MAX];
	unsigned year_count;
	struct row *rows;
	size_t count, room;
	struct case_state c;
	uint8_t particulars[PARTICULARS_ROOM];
};

static int by_count(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->pupil < y->pupil ? -1 : 1;
}

static void count_register(struct school_today *t, const struct pupil *p, struct slice year)
{
	struct year *y = NULL;
	char name[YEAR_SIZE];

	snprintf(name, sizeof name, "%.*s", UTF8_HEAD(year, YEAR_SIZE - 1));
	for (unsigned i = 0; i < t->year_count && !y; i++)
		if (strcmp(t->years[i].name, name) == 0)
			y = &t->years[i];
	if (!y && t->year_count < YEARS_MAX - 1) {
		y = &t->years[t->year_count++];
		memcpy(y->name, name, sizeof name);
	} else if (!y) { /* all that are too many are counted together */
		t->year_count = YEARS_MAX;
		y = &t->years[YEARS_MAX - 1];
		snprintf(y->name, sizeof y->name, "others");
	}
	y->pupils++;
	y->am += pupil_code(p, t->day, AM) != CODE_NONE;
	y->pm += pupil_code(p, t->day, PM) != CODE_NONE;
}

static bool is_near(const struct school_today *t, const struct figures *f)
{
	unsigned threshold = t->pathway ? t->pathway->threshold : 0;

	return f->persistent || f->severe || (threshold && f->unauthorised_10_weeks + NEAR >= threshold);
}

static void take_pupil(struct school_today *t, uint32_t number)
{
	const struct pupil *p = state_pupil(t->state, number);
	struct slice particulars;
	struct figures f;
	const char *wrong = NULL;

	if (!p || p->urn != t->urn)
		return;
	particulars = pupil_particulars(t->engine, number, t->particulars);
	t->pupils++;
	count_register(t, p, mp_find_str(particulars, "year_group", &wrong));
	pupil_figures(p, t->calendar, &f);
	t->persistent += f.persistent;
	t->severe += f.severe;
	t->at_threshold += t->pathway && t->pathway->threshold && f.unauthorised_10_weeks >= t->pathway->threshold;
	if (!is_near(t, &f))
		return;
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->rows = memory_grow(t->rows, t->room * sizeof *t->rows);
	}
	t->rows[t->count++] = (struct row){number, f.unauthorised_10_weeks, f};
}

static void pack_row(struct school_today *t, struct pack *p, const struct row *row)
{
	struct slice particulars = pupil_particulars(t->engine, row->pupil, t->particulars);
	const struct pupil *pupil = state_pupil(t->state, row->pupil);
	const char *wrong = NULL;
	bool in_case = pupil->case_no && state_case_load(t->state, pupil->case_no, &t->c) == STORE_OK;
	const struct pathway *pathway = in_case ? state_pathway(t->state, t->c.pathway_name, t->c.pathway_version) : NULL;

	pack_map(p, 10);
	pack_text(p, "upn");
	pack_upn(t->engine, p, t->txn, row->pupil);
	pack_text_or_nil(p, "surname", mp_find_str(particulars, "surname", &wrong));
	pack_text_or_nil(p, "forename", mp_find_str(particulars, "forename", &wrong));
	pack_text_or_nil(p, "year_group", mp_find_str(particulars, "year_group", &wrong));
	pack_key_uint(p, "unauthorised_10_weeks", row->count);
	pack_text(p, "percentage");
	pack_percentage(p, row->figures.attended, row->figures.possible);
	pack_key_bool(p, "persistent", row->figures.persistent);
	pack_key_bool(p, "severe", row->figures.severe);
	pack_text(p, "case");
	pack_case(p, pupil->case_no);
	pack_text_or_nil(p, "stage", pathway ? pathway->stage_titles[t->c.stage - 1] : slice_of(NULL, 0));
}

static void pack_registers(const struct school_today *t, struct pack *p)
{
	pack_key_bool(p, "school_day", calendar_is_school_day(t->calendar, t->day));
	pack_text(p, "registers");
	pack_array(p, t->year_count);
	for (unsigned i = 0; i < t->year_count; i++) {
		pack_map(p, 4);
		pack_key_text(p, "year_group", t->years[i].name);
		pack_key_uint(p, "pupils", t->years[i].pupils);
		pack_key_uint(p, "am", t->years[i].am);
		pack_key_uint(p, "pm", t->years[i].pm);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct year *)a)->name, ((const struct year *)b)->name);
}

/* The recurring tasks, each with its open instance. */
static void pack_tasks(const struct school_today *t, struct pack *p)
{
	const struct school *school = state_school(t->state, t->urn);
	struct task_span span;
	unsigned count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "tasks");
			pack_array(p, count);
		}
		for (unsigned n = 0; school && t->pathway && n < t->pathway->task_count; n++) {
			if (!state_task(t->state, school, &t->pathway->tasks[n], t->day, &span))
				continue;
			count += pass == 0;
			if (pass == 0)
				continue;
			pack_map(p, 3);
			pack_key_str(p, "task", t->pathway->tasks[n].name);
			pack_key_str(p, "title", t->pathway->tasks[n].title);
			pack_text(p, "last_day");
			pack_date(p, (uint16_t)span.due);
		}
	}
}

static void pack_school(struct school_today *t)
{
	struct pack *p = &t->engine->body;
	size_t shown = t->count < SHOWN_MAX ? t->count : SHOWN_MAX;

	qsort(t->years, t->year_count, sizeof *t->years, by_name);
	if (t->count)
		qsort(t->rows, t->count, sizeof *t->rows, by_count);
	pack_map(p, 12);
	pack_text(p, "urn");
	pack_urn(p, t->urn);
	pack_school_name(p, &t->engine->state, "name", t->urn);
	pack_text(p, "day");
	pack_date(p, (uint16_t)t->day);
	pack_registers(t, p);
	pack_key_uint(p, "pupils", t->pupils);
	pack_key_uint(p, "threshold", t->pathway ? t->pathway->threshold : 0);
	pack_key_uint(p, "at_threshold", t->at_threshold);
	pack_key_uint(p, "persistent", t->persistent);
	pack_key_uint(p, "severe", t->severe);
	pack_tasks(t, p);
	pack_text(p, "near");
	pack_map(p, 2);
	pack_key_uint(p, "count", t->count);
	pack_text(p, "items");
	pack_array(p, (uint32_t)shown);
	for (size_t i = 0; i < shown; i++)
		pack_row(t, p, &t->rows[i]);
}

enum status query_school(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice text = mp_find_str(r->message->body, "urn", &wrong);
	enum status status = STATUS_OK;
	struct school_today *t;
	struct many *many;
	uint32_t urn = 0;
	day_t day;

	if (wrong || !urn_parse(text, &urn))
		return query_fault(e, STATUS_BAD_FIELD, "urn", "a school's URN, of six digits, is wanted");
	if (!access_school(r->who, urn))
		return query_fault(e, STATUS_NOT_FOUND, "urn", "no school of this URN is known to you");
	if (!many_as_of(e, r, txn, urn, &many, &day))
		return STATUS_BAD_FIELD;
	t = memory_new(sizeof *t);
	t->engine = e;
	t->state = many ? many->state : &e->state;
	t->txn = txn;
	t->urn = urn;
	t->day = day;
	t->pathway = state_school_pathway(t->state, urn);
	t->calendar = state_calendar(t->state, urn);
	for (uint32_t n = 1; n <= t->state->pupil_count; n++)
		take_pupil(t, n);
	if (t->pupils)
		pack_school(t);
	else
		status = query_fault(e, STATUS_NOT_FOUND, "urn", "no school of this URN is known to you");
	free(t->rows);
	free(t);
	many_close(&many);
	return status;
}
