/* pathway_record.c - a pathway's canonical bytes, written and read.
 *
 * The bytes stand in the log for ever: a later form takes another number in the
 * first byte and a reader of its own. Form 2 is form 1 with what
 * pathway_timing.h adds behind it (and nothing in `starts at end`), form 3 that with
 * pathway_days.h, form 4 that with pathway_meetings.h, form 5 that with the
 * letters of letter.h as a blob, form 6 that with pathway_titles.h. The reader checks shape only (counts
 * within their arrays, flags 0 or 1); pathway_sound() then checks that what is
 * referred to is there, so that the rules may run it unasked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/pathway_days.h"
#include "casework/pathway_meetings.h"
#include "casework/pathway_record.h"
#include "casework/pathway_sound.h"
#include "casework/pathway_timing.h"
#include "casework/pathway_titles.h"

enum { PATHWAY_FORMAT_1 = 1, PATHWAY_FORMAT = 6 };

static void put_length(struct writer *out, const struct length *length)
{
	write_varint(out, length->count);
	write_u8(out, length->unit);
}

void expression_encode(struct writer *out, const struct expression *e)
{
	write_varint(out, e->first);
	write_u8(out, e->count);
}

static void put_slices(struct writer *out, const struct slice list[], unsigned count)
{
	write_u8(out, (uint8_t)count);
	for (unsigned i = 0; i < count; i++)
		write_blob(out, list[i]);
}

static void put_deadline(struct writer *out, const struct deadline_rule *d)
{
	write_blob(out, d->name);
	write_blob(out, d->title);
	write_blob(out, d->clause);
	put_length(out, &d->length);
	write_u8(out, d->period);
	write_u8(out, d->per_parent);
	put_length(out, &d->soon);
	put_length(out, &d->overdue);
	write_u64(out, d->breach_codes);
	write_blob(out, d->breach_text);
	write_u8(out, d->stage_at_end);
	write_u8(out, 0); /* form 1's deadline that starts at its end: now in the list of pathway_timing.h */
	write_u8(out, d->decides);
	write_u8(out, d->question_count);
	for (unsigned i = 0; i < d->question_count; i++) {
		expression_encode(out, &d->questions[i].when);
		write_blob(out, d->questions[i].text);
		put_slices(out, d->questions[i].outcomes, d->questions[i].outcome_count);
	}
	write_blob(out, d->text);
}

static void put_effects(struct writer *out, const struct effect list[], unsigned count)
{
	write_u8(out, (uint8_t)count);
	for (unsigned i = 0; i < count; i++) {
		write_u8(out, list[i].deadline);
		expression_encode(out, &list[i].when);
	}
}

void action_encode(struct writer *out, const struct action_rule *a)
{
	write_blob(out, a->name);
	write_blob(out, a->title);
	write_blob(out, a->clause);
	write_varint(out, a->roles);
	write_varint(out, a->override_roles);
	write_u8(out, a->needs_parent);
	write_u8(out, a->effect);
	write_u8(out, a->forward_only);
	write_u8(out, a->from_receipt);
	write_u8(out, a->field_count);
	for (unsigned i = 0; i < a->field_count; i++) {
		const struct field_rule *f = &a->fields[i];

		write_blob(out, f->name);
		write_blob(out, f->title);
		write_blob(out, f->clause);
		write_u8(out, f->type);
		write_u8(out, f->required);
		put_slices(out, f->values, f->value_count);
	}
	write_u8(out, a->condition_count);
	for (unsigned i = 0; i < a->condition_count; i++) {
		const struct condition *c = &a->conditions[i];

		write_blob(out, c->clause);
		write_blob(out, c->lacks);
		write_blob(out, c->unknown);
		write_blob(out, c->supplied_by);
		write_u8(out, c->bar);
		write_u8(out, c->lenient);
		expression_encode(out, &c->need);
	}
	put_effects(out, a->starts, a->start_count);
	put_effects(out, a->meets, a->meet_count);
	put_effects(out, a->cancels, a->cancel_count);
	write_u8(out, a->move_count);
	for (unsigned i = 0; i < a->move_count; i++) {
		write_u8(out, a->moves[i].stage);
		expression_encode(out, &a->moves[i].when);
	}
}

static void put_notices(struct writer *out, const struct notice_rule *n)
{
	write_u8(out, n->count);
	write_blob(out, n->clause);
	put_length(out, &n->window);
	put_length(out, &n->delivery);
	write_u8(out, n->from_receipt);
	for (unsigned i = 0; i < n->count; i++) {
		write_varint(out, n->steps[i].reduced);
		write_varint(out, n->steps[i].full);
		write_u8(out, n->steps[i].reduced_days);
		write_u8(out, n->steps[i].full_days);
	}
}

void pathway_encode(struct writer *out, const struct pathway *p)
{
	write_u8(out, PATHWAY_FORMAT);
	write_blob(out, p->name);
	write_blob(out, p->title);
	write_blob(out, p->source_name);
	put_slices(out, p->stages, p->stage_count);
	put_slices(out, p->stage_titles, p->stage_count);
	write_u8(out, p->first_stage);
	write_u8(out, p->closed_stage);
	write_varint(out, p->step_count);
	for (unsigned i = 0; i < p->step_count; i++) {
		write_u8(out, p->steps[i].kind);
		write_u8(out, p->steps[i].field);
		write_u8(out, p->steps[i].chosen);
		write_zigzag(out, p->steps[i].value);
	}
	write_u8(out, p->deadline_count);
	for (unsigned i = 0; i < p->deadline_count; i++)
		put_deadline(out, &p->deadlines[i]);
	write_u8(out, p->action_count);
	for (unsigned i = 0; i < p->action_count; i++)
		action_encode(out, &p->actions[i]);
	write_u8(out, p->watch_count);
	for (unsigned i = 0; i < p->watch_count; i++) {
		const struct watch_rule *w = &p->watches[i];

		write_u8(out, w->kind);
		write_u8(out, w->type);
		write_u64(out, w->codes);
		write_varint(out, w->at_least);
		write_varint(out, w->from_possible);
		write_blob(out, w->clause);
		write_blob(out, w->text);
		write_blob(out, w->text_down);
	}
	put_notices(out, &p->notices);
	timing_encode(out, p);
	days_encode(out, p);
	meetings_encode(out, p);
	write_blob(out, p->letters);
	titles_encode(out, p);
}

/* --- reading -------------------------------------------------------------- */

static bool get_flag(struct reader *in)
{
	return get_count(in, 1) == 1;
}

static struct length get_length(struct reader *in)
{
	struct length length = {.count = (uint16_t)get_up_to(in, UINT16_MAX)};

	length.unit = read_u8(in);
	return length;
}

void expression_decode(struct reader *in, struct expression *e)
{
	e->first = (uint16_t)get_up_to(in, STEPS_MAX);
	e->count = get_count(in, EXPRESSION_MAX);
}

static uint8_t get_slices(struct reader *in, struct slice list[], unsigned most)
{
	uint8_t count = get_count(in, most);

	for (unsigned i = 0; i < count; i++)
		list[i] = read_blob(in);
	return count;
}

static void get_deadline(struct reader *in, struct deadline_rule *d, uint8_t format)
{
	uint8_t starts_at_end;

	d->name = read_blob(in);
	d->title = read_blob(in);
	d->clause = read_blob(in);
	d->length = get_length(in);
	d->period = get_flag(in);
	d->per_parent = get_flag(in);
	d->soon = get_length(in);
	d->overdue = get_length(in);
	d->breach_codes = read_u64(in);
	d->breach_text = read_blob(in);
	d->stage_at_end = read_u8(in);
	starts_at_end = read_u8(in);
	if (format == PATHWAY_FORMAT_1 && starts_at_end != 0) {
		d->end_starts[0].deadline = (uint8_t)(starts_at_end - 1);
		d->end_start_count = 1;
	} else if (starts_at_end != 0) {
		in->bad = true;
	}
	d->decides = get_flag(in);
	d->question_count = get_count(in, QUESTIONS_MAX);
	for (unsigned i = 0; i < d->question_count; i++) {
		struct question *q = &d->questions[i];

		expression_decode(in, &q->when);
		q->text = read_blob(in);
		q->outcome_count = get_slices(in, q->outcomes, OUTCOMES_MAX);
	}
	d->text = read_blob(in);
}

static uint8_t get_effects(struct reader *in, struct effect list[])
{
	uint8_t count = get_count(in, EFFECTS_MAX);

	for (unsigned i = 0; i < count; i++) {
		list[i].deadline = read_u8(in);
		expression_decode(in, &list[i].when);
	}
	return count;
}

void action_decode(struct reader *in, struct action_rule *a)
{
	a->name = read_blob(in);
	a->title = read_blob(in);
	a->clause = read_blob(in);
	a->roles = get_up_to(in, UINT32_MAX);
	a->override_roles = get_up_to(in, UINT32_MAX);
	a->needs_parent = get_flag(in);
	a->effect = get_count(in, EFFECT_LAST);
	a->forward_only = get_flag(in);
	a->from_receipt = get_flag(in);
	a->field_count = get_count(in, FIELDS_MAX);
	for (unsigned i = 0; i < a->field_count; i++) {
		struct field_rule *f = &a->fields[i];

		f->name = read_blob(in);
		f->title = read_blob(in);
		f->clause = read_blob(in);
		f->type = read_u8(in);
		f->required = get_flag(in);
		f->value_count = get_slices(in, f->values, OUTCOMES_MAX);
	}
	a->condition_count = get_count(in, CONDITIONS_MAX);
	for (unsigned i = 0; i < a->condition_count; i++) {
		struct condition *c = &a->conditions[i];

		c->clause = read_blob(in);
		c->lacks = read_blob(in);
		c->unknown = read_blob(in);
		c->supplied_by = read_blob(in);
		c->bar = get_flag(in);
		c->lenient = get_flag(in);
		expression_decode(in, &c->need);
	}
	a->start_count = get_effects(in, a->starts);
	a->meet_count = get_effects(in, a->meets);
	a->cancel_count = get_effects(in, a->cancels);
	a->move_count = get_count(in, MOVES_MAX);
	for (unsigned i = 0; i < a->move_count; i++) {
		a->moves[i].stage = read_u8(in);
		expression_decode(in, &a->moves[i].when);
	}
	a->stage = a->move_count ? a->moves[a->move_count - 1].stage : 0;
}

static void get_notices(struct reader *in, struct notice_rule *n)
{
	n->count = get_count(in, NOTICE_STEPS_MAX);
	n->clause = read_blob(in);
	n->window = get_length(in);
	n->delivery = get_length(in);
	n->from_receipt = get_flag(in);
	for (unsigned i = 0; i < n->count; i++) {
		n->steps[i].reduced = (uint16_t)get_up_to(in, UINT16_MAX);
		n->steps[i].full = (uint16_t)get_up_to(in, UINT16_MAX);
		n->steps[i].reduced_days = read_u8(in);
		n->steps[i].full_days = read_u8(in);
	}
}

static void get_watch(struct reader *in, struct watch_rule *w)
{
	w->kind = read_u8(in);
	w->type = read_u8(in);
	w->codes = read_u64(in);
	w->at_least = (uint16_t)get_up_to(in, UINT16_MAX);
	w->from_possible = (uint16_t)get_up_to(in, UINT16_MAX);
	w->clause = read_blob(in);
	w->text = read_blob(in);
	w->text_down = read_blob(in);
}

static void get_steps(struct reader *in, struct pathway *p)
{
	p->step_count = (uint16_t)get_up_to(in, STEPS_MAX);
	for (unsigned i = 0; i < p->step_count && !in->bad; i++) {
		int64_t value;

		p->steps[i].kind = read_u8(in);
		p->steps[i].field = read_u8(in);
		p->steps[i].chosen = read_u8(in);
		value = read_zigzag(in);
		if (value < INT32_MIN || value > INT32_MAX)
			in->bad = true;
		else
			p->steps[i].value = (int32_t)value;
	}
}

/* What is asked at every mark is worked out once, here. */
void pathway_work_out(struct pathway *p)
{
	p->threshold = p->share_count = p->day_reach = 0;
	p->run_codes = p->day_codes = p->breach_codes = p->alert_starts = 0;
	p->deadlines[DEADLINE_ELSEWHERE].name = p->actions[ACTION_ELSEWHERE].name = slice_text("elsewhere");
	p->deadlines[DEADLINE_ELSEWHERE].title = p->actions[ACTION_ELSEWHERE].title =
		slice_text("Of the pathway before");
	for (unsigned i = 0; i < p->watch_count; i++)
		switch ((enum watch_type)p->watches[i].type) {
		case WATCH_COUNT:
			p->threshold = p->watches[i].at_least;
			break;
		case WATCH_RUN:
		case WATCH_SICK:
			p->run_codes |= p->watches[i].codes;
			break;
		case WATCH_SHARE:
			p->shares[p->share_count++] =
				(struct share){p->watches[i].kind, p->watches[i].at_least, p->watches[i].from_possible};
			break;
		case WATCH_STAYS:
			p->day_codes |= p->watches[i].codes;
			if (p->watches[i].at_least > p->day_reach)
				p->day_reach = p->watches[i].at_least;
			break;
		}
	for (unsigned i = 0; i < p->deadline_count; i++) {
		p->breach_codes |= p->deadlines[i].breach_codes;
		p->alert_starts |= p->deadlines[i].started_by;
	}
}

bool pathway_decode(struct pathway *p, struct slice compiled)
{
	struct reader in = reader_of(compiled);
	uint8_t titles, format = read_u8(&in);

	memset(p, 0, sizeof *p);
	if (compiled.size > PATHWAY_SIZE_MAX || format < PATHWAY_FORMAT_1 || format > PATHWAY_FORMAT)
		return false;
	p->name = read_blob(&in);
	p->title = read_blob(&in);
	p->source_name = read_blob(&in);
	p->stage_count = get_slices(&in, p->stages, STAGES_MAX);
	titles = get_slices(&in, p->stage_titles, STAGES_MAX);
	p->first_stage = read_u8(&in);
	p->closed_stage = read_u8(&in);
	get_steps(&in, p);
	p->deadline_count = get_count(&in, DEADLINES_MAX);
	for (unsigned i = 0; i < p->deadline_count && !in.bad; i++)
		get_deadline(&in, &p->deadlines[i], format);
	p->action_count = get_count(&in, ACTIONS_MAX);
	for (unsigned i = 0; i < p->action_count && !in.bad; i++)
		action_decode(&in, &p->actions[i]);
	p->watch_count = get_count(&in, WATCHES_MAX);
	for (unsigned i = 0; i < p->watch_count && !in.bad; i++)
		get_watch(&in, &p->watches[i]);
	get_notices(&in, &p->notices);
	if (format >= 2)
		timing_decode(&in, p);
	if (format >= 3)
		days_decode(&in, p);
	if (format >= 4)
		meetings_decode(&in, p);
	if (format >= 5)
		p->letters = read_blob(&in);
	if (format >= 6)
		titles_decode(&in, p);
	if (!reader_done(&in) || titles != p->stage_count || !pathway_sound(p))
		return false;
	pathway_work_out(p);
	return true;
}
