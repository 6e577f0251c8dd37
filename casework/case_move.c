/* SPDX-License-Identifier: Apache-2.0 */
#include "casework/case_move.h"

#include <string.h>

#include "casework/case_deadline.h"

bool case_deadline_waits(const struct case_deadline *d)
{
	return d->chapter == 0 && (d->state == DEADLINE_OPEN || case_deadline_overdue(d));
}

/* Under which name a deadline goes on; empty: it falls away. */
static struct slice passage(const struct event_case_moved *event, struct slice name)
{
	for (unsigned i = 0; i < event->deadline_count; i++)
		if (slice_equal(event->deadlines[i].from, name))
			return event->deadlines[i].to;
	return name;
}

static struct slice unknown_name(const struct pathway *from, const struct pathway *to,
                                 const struct event_case_moved *event)
{
	for (unsigned i = 0; i < event->deadline_count; i++) {
		const struct deadline_passage *d = &event->deadlines[i];

		if (pathway_deadline(from, d->from) < 0)
			return d->from;
		if (d->to.size > 0 && pathway_deadline(to, d->to) < 0)
			return d->to;
	}
	return slice_of(NULL, 0);
}

/* Why a deadline can't go on under a name of `to`; 0: it can, or it falls away. */
static uint8_t orphan_reason(const struct case_deadline *d, const struct deadline_rule *was, const struct pathway *to,
                             struct slice name)
{
	int rule = pathway_deadline(to, name);
	const struct deadline_rule *is = &to->deadlines[rule < 0 ? 0 : rule];

	if (name.size == 0)
		return 0;
	if (rule < 0)
		return ORPHAN_NO_NAME;
	if (is->anchor >= ANCHOR_AFTER_DATE && d->date == 0)
		return ORPHAN_NO_DATE;
	if (d->state != DEADLINE_OPEN && (is->period != was->period || (is->period && !is->decides)))
		return ORPHAN_ENDED;
	return 0;
}

bool case_move_fits(const struct case_state *c, const struct pathway *from, const struct pathway *to,
                    const struct event_case_moved *event, struct case_orphans *orphans)
{
	int stage = pathway_stage(to, event->stage);

	memset(orphans, 0, sizeof *orphans);
	orphans->unknown = unknown_name(from, to, event);
	orphans->stage = stage < 0 || stage + 1 == to->closed_stage;
	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct deadline_rule *was = &from->deadlines[c->deadlines[i].rule];
		uint8_t reason;

		if (!case_deadline_waits(&c->deadlines[i]))
			continue;
		reason = orphan_reason(&c->deadlines[i], was, to, passage(event, was->name));
		if (reason == 0)
			continue;
		orphans->reasons[orphans->count] = reason;
		orphans->deadlines[orphans->count++] = (uint8_t)i;
	}
	return !orphans->stage && orphans->count == 0 && orphans->unknown.size == 0;
}

/* Fields and values keep their names; what the new pathway does not ask for is left to the log. */
static void move_fields(struct case_done *done, const struct action_rule *from, const struct action_rule *to)
{
	struct case_done before = *done;

	done->given = 0;
	memset(done->chosen, 0, sizeof done->chosen);
	for (unsigned i = 0; i < from->field_count; i++) {
		int field = action_field(to, from->fields[i].name), value = -1;

		if (field < 0 || to->fields[field].type != from->fields[i].type)
			continue;
		if ((before.given >> i) & 1)
			done->given |= UINT32_C(1) << field;
		if (before.chosen[i] != 0 && from->fields[i].type == FIELD_YES_NO)
			done->chosen[field] = before.chosen[i];
		else if (before.chosen[i] != 0 && before.chosen[i] <= from->fields[i].value_count)
			value = field_value(&to->fields[field], from->fields[i].values[before.chosen[i] - 1]);
		if (value >= 0)
			done->chosen[field] = (uint8_t)(value + 1);
	}
}

/* Has the case come back to a pathway that it was on? */
static bool is_chapter_of(const struct case_state *c, uint8_t chapter, const struct event_case_moved *event)
{
	const struct case_chapter *was = &c->chapters[chapter - 1];

	return was->version == event->pathway_version && slice_is(event->pathway, was->pathway);
}

static void move_done(struct case_state *c, struct case_done *done, const struct pathway *from, const struct pathway *to,
                      const struct event_case_moved *event)
{
	int action;

	if (done->chapter != 0) {
		if (is_chapter_of(c, done->chapter, event)) {
			done->action = done->was;
			done->chapter = done->was = 0;
		}
		return;
	}
	action = pathway_action(to, from->actions[done->action].name);
	if (action >= 0) {
		move_fields(done, &from->actions[done->action], &to->actions[action]);
		done->action = (uint8_t)action;
		return;
	}
	done->chapter = c->chapter_count;
	done->was = done->action;
	done->action = ACTION_ELSEWHERE;
}

static void move_deadline(struct case_state *c, struct case_deadline *d, const struct pathway *from,
                          const struct case_view *view, const struct event_case_moved *event)
{
	struct slice name;
	int rule;

	if (d->chapter != 0) {
		if (is_chapter_of(c, d->chapter, event)) {
			d->rule = d->was;
			d->chapter = d->was = 0;
		}
		return;
	}
	name = from->deadlines[d->rule].name;
	if (case_deadline_waits(d))
		name = passage(event, name);
	rule = name.size > 0 ? pathway_deadline(view->pathway, name) : -1;
	if (rule >= 0) {
		d->rule = (uint8_t)rule;
		if (d->state == DEADLINE_OPEN)
			deadline_count(view, d);
		return;
	}
	if (d->state == DEADLINE_OPEN)
		d->state = DEADLINE_CANCELLED;
	d->resolved = true;
	d->chapter = c->chapter_count;
	d->was = d->rule;
	d->rule = DEADLINE_ELSEWHERE;
}

void case_apply_moved(struct case_state *c, const struct pathway *from, const struct case_view *view,
                      const struct event_case_moved *event, uint64_t position)
{
	int stage = pathway_stage(view->pathway, event->stage);
	struct case_chapter *chapter;

	if (c->chapter_count == CASE_CHAPTERS_MAX || stage < 0 || event->pathway.size >= NAME_SIZE_MAX)
		return;
	chapter = &c->chapters[c->chapter_count++];
	memset(chapter, 0, sizeof *chapter);
	memcpy(chapter->pathway, c->pathway_name.bytes, c->pathway_name.size);
	chapter->version = c->pathway_version;
	chapter->moved = position;
	for (unsigned i = 0; i < c->done_count; i++)
		move_done(c, &c->done[i], from, view->pathway, event);
	for (unsigned i = 0; i < c->deadline_count; i++)
		move_deadline(c, &c->deadlines[i], from, view, event);
	memset(c->name_room, 0, sizeof c->name_room);
	memcpy(c->name_room, event->pathway.bytes, event->pathway.size);
	c->pathway_name.size = event->pathway.size;
	case_copied(c);
	c->pathway_version = event->pathway_version;
	c->stage = (uint8_t)(stage + 1);
}
