/* What differs for a pupil between the two worlds of a trial.
 *
 * Alerts, deadlines and notices are all things that have a day: of one sort and parent
 * those of equal days belong together, and of the rest the first to the first. So one
 * thing that moved is told as moved, and not as one gone and another come.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/trial_parts.h"
#include "proto/utf8.h"

enum { CASES_OF_PUPIL_MAX = 64 };
static const char closed[] = " (closed)";

struct thing {
	uint8_t subject, alert_kind;
	bool up, used;
	uint16_t name, day;
	uint32_t case_no, state; /* state: what is compared beside the day */
	char parent[PARENT_SIZE_MAX + 1];
	struct slice text;
};

struct side {
	struct trial_world *world;
	struct thing *things;
	size_t count, room;
	size_t alert_at, refusal_at, deed_at;
	struct trial_alert **alerts;         /* by pupil */
	struct trial_refusal **refusals;     /* by pupil */
	struct trial_deed **deeds;           /* by pupil */
	uint32_t case_no;                    /* the log's, of the pupil's last case; 0: none */
	char stage[200];
};

/* ---- gathering ---- */

static struct thing *add(struct side *s, uint8_t subject)
{
	struct thing *thing;

	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->things = memory_grow(s->things, s->room * sizeof *s->things);
	}
	thing = &s->things[s->count++];
	memset(thing, 0, sizeof *thing);
	thing->subject = subject;
	return thing;
}

static void add_alerts(struct side *s, uint32_t pupil)
{
	for (; s->alert_at < s->world->alert_count && s->alerts[s->alert_at]->pupil == pupil; s->alert_at++) {
		const struct trial_alert *a = s->alerts[s->alert_at];
		struct thing *thing = add(s, TRIAL_ALERT);

		thing->alert_kind = a->kind;
		thing->up = a->up;
		thing->name = a->name;
		thing->day = a->day;
		thing->case_no = a->case_no;
		thing->state = a->question | (uint32_t)a->withdrawn << 8;
		memcpy(thing->parent, a->parent, sizeof thing->parent);
		if (a->withdrawn)
			thing->text = slice_text("withdrawn");
		else if (a->kind == ALERT_DECISION)
			thing->text = slice_text(a->question == 1 ? "the first question" : a->question == 2 ? "the second question" :
				      a->question ? "a later question" : "no question");
	}
}

static void add_deeds(struct side *s, uint32_t pupil)
{
	for (; s->deed_at < s->world->deed_count && s->deeds[s->deed_at]->pupil == pupil; s->deed_at++) {
		const struct trial_deed *d = s->deeds[s->deed_at];
		struct thing *thing = add(s, TRIAL_ACTION);

		thing->name = d->action;
		thing->day = d->day;
		thing->case_no = d->case_no;
		memcpy(thing->parent, d->parent, sizeof thing->parent);
	}
}

static uint32_t log_case(const struct trial_world *w, uint32_t number)
{
	return number && number <= w->case_count ? w->cases[number - 1].number : 0;
}

static void add_deadlines(struct side *s, const struct case_state *c, const struct pathway *p)
{
	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct case_deadline *d = &c->deadlines[i];
		struct thing *thing;

		if (d->chapter)
			continue;
		thing = add(s, TRIAL_DEADLINE);
		thing->name = trial_name(s->world->names, p->deadlines[d->rule].name, p->deadlines[d->rule].title);
		thing->day = d->last;
		thing->case_no = log_case(s->world, c->number);
		thing->state = d->state;
		thing->text = slice_text(deadline_state_text(d->state));
		memcpy(thing->parent, d->parent, sizeof thing->parent);
	}
}

static void add_notices(struct side *s, const struct case_state *c)
{
	for (unsigned i = 0; i < c->notice_count; i++) {
		const struct case_notice *n = &c->notices[i];
		struct thing *thing = add(s, TRIAL_NOTICE);

		thing->day = n->full_last;
		thing->case_no = log_case(s->world, c->number);
		thing->state = (uint32_t)n->reduced << 16 | n->full;
		thing->text = slice_text(n->reduced ? "a reduced and a full amount" : "the full amount alone");
		memcpy(thing->parent, n->parent, sizeof thing->parent);
	}
}

static bool add_cases(struct side *s, uint32_t pupil)
{
	struct engine *e = s->world->engine;
	struct key from = key_u32_u32(pupil, 0);
	uint32_t numbers[CASES_OF_PUPIL_MAX];
	unsigned count = 0;
	struct scan scan;
	struct slice key, value;
	enum store_result result = scan_open(&scan, e->txn, TABLE_PUPIL_CASES, key_slice(&from));

	s->case_no = 0;
	s->stage[0] = '\0';
	while (result == STORE_OK && count < CASES_OF_PUPIL_MAX && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader r = reader_of(key);

		if (read_u32(&r) != pupil)
			break;
		numbers[count++] = read_u32(&r);
	}
	scan_close(&scan);
	if (result != STORE_OK && result != STORE_NONE)
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct case_state *c = s->world->room;
		const struct pathway *p;

		if (state_case_load(&e->state, numbers[i], c) != STORE_OK)
			return false;
		p = state_pathway(&e->state, c->pathway_name, c->pathway_version);
		add_deadlines(s, c, p);
		add_notices(s, c);
		s->case_no = log_case(s->world, c->number);
		snprintf(s->stage, sizeof s->stage, "%.*s%s", UTF8_HEAD(p->stage_titles[c->stage - 1], sizeof s->stage - sizeof closed),
			 c->closed && c->stage != p->closed_stage ? closed : "");
	}
	return true;
}

/* ---- pairing ---- */

static int by_sort(const struct thing *a, const struct thing *b)
{
	if (a->subject != b->subject)
		return a->subject - b->subject;
	if (a->alert_kind != b->alert_kind)
		return a->alert_kind - b->alert_kind;
	if (a->up != b->up)
		return a->up - b->up;
	return a->name != b->name ? a->name - b->name : strcmp(a->parent, b->parent);
}

static int by_sort_and_day(const void *left, const void *right)
{
	const struct thing *a = left, *b = right;
	int order = by_sort(a, b);

	if (order)
		return order;
	return a->day != b->day ? a->day - b->day : (a->state > b->state) - (a->state < b->state);
}

static void tell(const struct trial_pair *pair, uint32_t pupil, const struct thing *a, const struct thing *b)
{
	const struct thing *either = b ? b : a;
	struct trial_difference d = {.subject = either->subject, .alert_kind = either->alert_kind, .name = either->name,
				     .case_no = either->case_no};

	memcpy(d.parent, either->parent, sizeof d.parent);
	if (a && b && a->day == b->day)
		d.kind = a->state == b->state ? TRIAL_SAME : TRIAL_OTHERWISE;
	else if (a && b)
		d.kind = b->day < a->day ? TRIAL_EARLIER : TRIAL_LATER;
	else
		d.kind = a ? TRIAL_NEVER : TRIAL_NEW;
	if (a) {
		d.day[0] = a->day;
		d.text[0] = a->text;
	}
	if (b) {
		d.day[1] = b->day;
		d.text[1] = b->text;
	}
	pair->tell(pair->context, pupil, &d);
}

/* One sort and parent: first those of a day, and of them first those that are alike in all. */
static void pair_group(const struct trial_pair *pair, uint32_t pupil, struct thing a[], size_t a_count, struct thing b[],
		       size_t b_count)
{
	for (unsigned strict = 2; strict-- > 0;)
		for (size_t i = 0; i < a_count; i++)
			for (size_t j = 0; j < b_count && !a[i].used; j++) {
				if (b[j].used || a[i].day != b[j].day || (strict && a[i].state != b[j].state))
					continue;
				a[i].used = b[j].used = true;
				tell(pair, pupil, &a[i], &b[j]);
			}
	for (size_t i = 0, j = 0; i < a_count || j < b_count;) {
		while (i < a_count && a[i].used)
			i++;
		while (j < b_count && b[j].used)
			j++;
		if (i < a_count || j < b_count)
			tell(pair, pupil, i < a_count ? &a[i] : NULL, j < b_count ? &b[j] : NULL);
		i += i < a_count;
		j += j < b_count;
	}
}

static size_t group_end(const struct side *s, size_t from)
{
	size_t end = from;

	while (end < s->count && by_sort(&s->things[end], &s->things[from]) == 0)
		end++;
	return end;
}

static void pair_things(const struct trial_pair *pair, uint32_t pupil, struct side sides[2])
{
	size_t i = 0, j = 0;

	for (unsigned k = 0; k < 2; k++)
		if (sides[k].count)
			qsort(sides[k].things, sides[k].count, sizeof *sides[k].things, by_sort_and_day);
	while (i < sides[0].count || j < sides[1].count) {
		int order = i == sides[0].count ? 1 : j == sides[1].count ? -1 : by_sort(&sides[0].things[i], &sides[1].things[j]);
		size_t i_end = order <= 0 ? group_end(&sides[0], i) : i;
		size_t j_end = order >= 0 ? group_end(&sides[1], j) : j;

		pair_group(pair, pupil, sides[0].things + i, i_end - i, sides[1].things + j, j_end - j);
		i = i_end;
		j = j_end;
	}
}

static void pair_stages(const struct trial_pair *pair, uint32_t pupil, const struct side sides[2])
{
	struct trial_difference d = {.subject = TRIAL_STAGE, .case_no = sides[1].case_no ? sides[1].case_no : sides[0].case_no};

	if (!sides[0].case_no && !sides[1].case_no)
		return;
	d.kind = !sides[1].case_no ? TRIAL_NEVER : !sides[0].case_no ? TRIAL_NEW :
		 strcmp(sides[0].stage, sides[1].stage) == 0 ? TRIAL_SAME : TRIAL_OTHERWISE;
	d.text[0] = slice_text(sides[0].stage);
	d.text[1] = slice_text(sides[1].stage);
	pair->tell(pair->context, pupil, &d);
}

static void tell_refusal(const struct trial_pair *pair, uint32_t pupil, const struct trial_refusal *r, unsigned side)
{
	struct trial_difference d = {.subject = TRIAL_REFUSAL, .kind = side ? TRIAL_NEW : TRIAL_NEVER, .name = r->action,
				     .case_no = r->case_no, .refusal = r};

	d.day[side] = r->day;
	pair->tell(pair->context, pupil, &d);
}

/* Of one action what both refuse is no difference. */
static void pair_refusals(const struct trial_pair *pair, uint32_t pupil, struct side sides[2])
{
	for (;;) {
		const struct trial_refusal *r[2];

		for (unsigned k = 0; k < 2; k++) {
			bool some = sides[k].refusal_at < sides[k].world->refusal_count;

			r[k] = some && sides[k].refusals[sides[k].refusal_at]->pupil == pupil ? sides[k].refusals[sides[k].refusal_at]
											      : NULL;
		}
		if (!r[0] && !r[1])
			return;
		if (r[0] && r[1] && r[0]->position == r[1]->position) {
			sides[0].refusal_at++;
			sides[1].refusal_at++;
		} else {
			unsigned k = !r[0] || (r[1] && r[1]->position < r[0]->position);

			tell_refusal(pair, pupil, r[k], k);
			sides[k].refusal_at++;
		}
	}
}

/* ---- in the order of the pupils ---- */

static int alert_by_pupil(const void *left, const void *right)
{
	const struct trial_alert *a = *(struct trial_alert *const *)left, *b = *(struct trial_alert *const *)right;

	if (a->pupil != b->pupil)
		return a->pupil < b->pupil ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static int refusal_by_pupil(const void *left, const void *right)
{
	const struct trial_refusal *a = *(struct trial_refusal *const *)left, *b = *(struct trial_refusal *const *)right;

	if (a->pupil != b->pupil)
		return a->pupil < b->pupil ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

static int deed_by_pupil(const void *left, const void *right)
{
	const struct trial_deed *a = *(struct trial_deed *const *)left, *b = *(struct trial_deed *const *)right;

	if (a->pupil != b->pupil)
		return a->pupil < b->pupil ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

static void open_side(struct side *s, struct trial_world *w)
{
	*s = (struct side){.world = w};
	s->alerts = memory_new((w->alert_count + 1) * sizeof *s->alerts);
	for (size_t i = 0; i < w->alert_count; i++)
		s->alerts[i] = &w->alerts[i];
	qsort(s->alerts, w->alert_count, sizeof *s->alerts, alert_by_pupil);
	s->refusals = memory_new((w->refusal_count + 1) * sizeof *s->refusals);
	for (size_t i = 0; i < w->refusal_count; i++)
		s->refusals[i] = &w->refusals[i];
	qsort(s->refusals, w->refusal_count, sizeof *s->refusals, refusal_by_pupil);
	s->deeds = memory_new((w->deed_count + 1) * sizeof *s->deeds);
	for (size_t i = 0; i < w->deed_count; i++)
		s->deeds[i] = &w->deeds[i];
	qsort(s->deeds, w->deed_count, sizeof *s->deeds, deed_by_pupil);
	while (s->alert_at < w->alert_count && s->alerts[s->alert_at]->pupil == 0)
		s->alert_at++; /* of no pupil: a school's, the same in both */
}

bool trial_compare(struct trial_pair *pair)
{
	struct side sides[2];
	uint32_t pupils = pair->in_force->engine->state.pupil_count;
	bool good = true;

	open_side(&sides[0], pair->in_force);
	open_side(&sides[1], pair->changed);
	for (uint32_t pupil = 1; pupil <= pupils && good; pupil++) {
		for (unsigned k = 0; k < 2 && good; k++) {
			sides[k].count = 0;
			add_alerts(&sides[k], pupil);
			add_deeds(&sides[k], pupil);
			good = add_cases(&sides[k], pupil);
		}
		pair_things(pair, pupil, sides);
		pair_stages(pair, pupil, sides);
		pair_refusals(pair, pupil, sides);
	}
	for (unsigned k = 0; k < 2; k++) {
		free(sides[k].things);
		free(sides[k].alerts);
		free(sides[k].refusals);
		free(sides[k].deeds);
	}
	return good;
}
