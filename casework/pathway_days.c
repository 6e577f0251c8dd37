/* pathway_days.c - the bytes of what is looked at when a day ends.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/pathway_days.h"

void days_encode(struct writer *out, const struct pathway *p)
{
	for (unsigned i = 0; i < p->watch_count; i++) {
		const struct watch_rule *w = &p->watches[i];

		write_u8(out, w->new_pupils);
		write_u8(out, w->once);
		write_varint(out, w->unless.first);
		write_u8(out, w->unless.count);
	}
	write_u8(out, p->task_count);
	for (unsigned i = 0; i < p->task_count; i++) {
		const struct task_rule *t = &p->tasks[i];

		write_blob(out, t->name);
		write_blob(out, t->title);
		write_blob(out, t->clause);
		write_u8(out, t->every);
		write_u8(out, t->month);
		write_u8(out, t->schools);
		write_varint(out, t->roles);
		write_varint(out, t->tells);
	}
}

static uint32_t get_up_to(struct reader *in, uint64_t value, uint32_t most)
{
	if (value > most)
		in->bad = true;
	return in->bad ? 0 : (uint32_t)value;
}

void days_decode(struct reader *in, struct pathway *p)
{
	for (unsigned i = 0; i < p->watch_count && !in->bad; i++) {
		struct watch_rule *w = &p->watches[i];

		w->new_pupils = get_up_to(in, read_u8(in), 1) == 1;
		w->once = get_up_to(in, read_u8(in), 1) == 1;
		w->unless.first = (uint16_t)get_up_to(in, read_varint(in), STEPS_MAX);
		w->unless.count = (uint8_t)get_up_to(in, read_u8(in), EXPRESSION_MAX);
	}
	p->task_count = (uint8_t)get_up_to(in, read_u8(in), TASKS_MAX);
	for (unsigned i = 0; i < p->task_count && !in->bad; i++) {
		struct task_rule *t = &p->tasks[i];

		t->name = read_blob(in);
		t->title = read_blob(in);
		t->clause = read_blob(in);
		t->every = read_u8(in);
		t->month = read_u8(in);
		t->schools = read_u8(in);
		t->roles = get_up_to(in, read_varint(in), UINT32_MAX);
		t->tells = get_up_to(in, read_varint(in), UINT32_MAX);
	}
}
