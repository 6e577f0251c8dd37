/* pathway_timing.c - the bytes of a pathway's timing, written and read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/pathway_record.h"
#include "casework/pathway_timing.h"

static void put_effects(struct writer *out, const struct effect list[], unsigned count)
{
	write_u8(out, (uint8_t)count);
	for (unsigned i = 0; i < count; i++) {
		write_u8(out, list[i].deadline);
		expression_encode(out, &list[i].when);
	}
}

static void put_rule(struct writer *out, const struct deadline_rule *d)
{
	write_u8(out, d->anchor);
	write_u8(out, d->anchor_action);
	write_blob(out, d->anchor_field);
	write_u8(out, d->idle);
	expression_encode(out, &d->idle_while);
	write_u8(out, d->reminder);
	expression_encode(out, &d->met_if);
	write_varint(out, d->started_by);
	write_varint(out, d->tells);
	write_varint(out, d->escalates_to);
	put_effects(out, d->end_starts, d->end_start_count);
	put_effects(out, d->end_cancels, d->end_cancel_count);
	for (unsigned i = 0; i < d->question_count; i++) {
		write_blob(out, d->questions[i].clause);
		write_blob(out, d->questions[i].source);
	}
}

void timing_encode(struct writer *out, const struct pathway *p)
{
	for (unsigned i = 0; i < p->deadline_count; i++)
		put_rule(out, &p->deadlines[i]);
	for (unsigned i = 0; i < p->watch_count; i++)
		write_varint(out, p->watches[i].tells);
}

/* --- reading -------------------------------------------------------------- */

static uint8_t get_effects(struct reader *in, struct effect list[])
{
	uint8_t count = get_count(in, ENDS_MAX);

	for (unsigned i = 0; i < count; i++) {
		list[i].deadline = read_u8(in);
		expression_decode(in, &list[i].when);
	}
	return count;
}

/* Bits of roles that there are. */
static uint32_t get_roles(struct reader *in)
{
	uint32_t roles = get_up_to(in, UINT32_MAX);

	for (uint8_t role = 0; role < 32; role++)
		if ((roles >> role) & 1 && role_text(role) == NULL)
			in->bad = true;
	return roles;
}

static void get_rule(struct reader *in, struct deadline_rule *d)
{
	d->anchor = get_count(in, ANCHOR_LAST);
	d->anchor_action = read_u8(in);
	d->anchor_field = read_blob(in);
	d->idle = get_count(in, 1) == 1;
	expression_decode(in, &d->idle_while);
	d->reminder = get_count(in, 1) == 1;
	expression_decode(in, &d->met_if);
	d->started_by = get_up_to(in, UINT32_MAX);
	d->tells = get_roles(in);
	d->escalates_to = get_roles(in);
	d->end_start_count = get_effects(in, d->end_starts);
	d->end_cancel_count = get_effects(in, d->end_cancels);
	for (unsigned i = 0; i < d->question_count; i++) {
		d->questions[i].clause = read_blob(in);
		d->questions[i].source = read_blob(in);
	}
}

void timing_decode(struct reader *in, struct pathway *p)
{
	for (unsigned i = 0; i < p->deadline_count && !in->bad; i++)
		get_rule(in, &p->deadlines[i]);
	for (unsigned i = 0; i < p->watch_count && !in->bad; i++)
		p->watches[i].tells = get_roles(in);
}
