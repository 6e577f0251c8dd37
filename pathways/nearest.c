/* nearest.c - what an unknown name was probably meant to be.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "pathways/nearest.h"
#include "proto/utf8.h"

enum { WORD_MAX = 63, APART_MAX = 2 };

#define SHOW(s) UTF8_HEAD(s, 60)

/* Letters to add, drop or change; only whether it is one or two matters. */
static unsigned letters_apart(struct slice a, struct slice b)
{
	unsigned row[WORD_MAX + 1];

	if (a.size > WORD_MAX || b.size > WORD_MAX)
		return APART_MAX + 1;
	for (unsigned j = 0; j <= b.size; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.size; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.size; j++) {
			unsigned change = diagonal + (a.bytes[i - 1] != b.bytes[j - 1]);
			unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < best ? change : best;
		}
	}
	return row[b.size];
}

void nearest_offer(struct nearest *near, struct slice candidate)
{
	unsigned apart = letters_apart(near->name, candidate);

	/* Of a word of two letters, every other one is two letters away. */
	if (apart <= APART_MAX && 2 * apart <= near->name.size && (near->best.size == 0 || apart < near->apart)) {
		near->best = candidate;
		near->apart = apart;
	}
	if (near->size + candidate.size + 7 < sizeof near->list)
		near->size += (size_t)snprintf(near->list + near->size, sizeof near->list - near->size, "%s%.*s",
		                               near->size > 0 ? ", " : "", SHOW(candidate));
	else if (near->size > 0 && near->list[near->size - 1] != '.')
		near->size += (size_t)snprintf(near->list + near->size, sizeof near->list - near->size, " ...");
}

const char *nearest_text(struct nearest *near)
{
	if (near->best.size > 0)
		snprintf(near->text, sizeof near->text, "is \"%.*s\" meant?", SHOW(near->best));
	else
		snprintf(near->text, sizeof near->text, "there is %s", near->size > 0 ? near->list : "none");
	return near->text;
}

void nearest_stages(struct nearest *near, const struct pathway *p)
{
	for (unsigned i = 0; i < p->stage_count; i++)
		nearest_offer(near, p->stages[i]);
}

void nearest_actions(struct nearest *near, const struct pathway *p)
{
	for (unsigned i = 0; i < p->action_count; i++)
		nearest_offer(near, p->actions[i].name);
}

void nearest_deadlines(struct nearest *near, const struct pathway *p)
{
	for (unsigned i = 0; i < p->deadline_count; i++)
		nearest_offer(near, p->deadlines[i].name);
}

/* One whose name is itself unknown has no kind. */
void nearest_watches(struct nearest *near, const struct pathway *p)
{
	for (unsigned i = 0; i < p->watch_count; i++)
		if (alert_kind_text(p->watches[i].kind) != NULL)
			nearest_offer(near, slice_text(alert_kind_text(p->watches[i].kind)));
}

void nearest_fields(struct nearest *near, const struct action_rule *a)
{
	for (unsigned i = 0; i < a->field_count; i++)
		nearest_offer(near, a->fields[i].name);
}

void nearest_values(struct nearest *near, const struct field_rule *field)
{
	if (field->type == FIELD_YES_NO) {
		nearest_offer(near, slice_text("yes"));
		nearest_offer(near, slice_text("no"));
	}
	for (unsigned i = 0; i < field->value_count; i++)
		nearest_offer(near, field->values[i]);
}
