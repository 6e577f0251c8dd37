/* SPDX-License-Identifier: Apache-2.0 */
#include "casework/pathway_record.h"
#include "casework/pathway_meetings.h"

int pathway_meeting(const struct pathway *p, struct slice name)
{
	for (unsigned i = 0; i < p->meeting_count; i++)
		if (slice_equal(p->meetings[i].name, name))
			return (int)i;
	return -1;
}

const struct meeting_list *meeting_list_of(const struct meeting_rule *m, unsigned attended, unsigned possible)
{
	for (unsigned i = 0; possible && possible >= m->from_possible && i < m->list_count; i++)
		if (attended * 100 <= m->lists[i].at_most * possible)
			return &m->lists[i];
	return NULL;
}

static void put_heading(struct writer *out, const struct heading *h)
{
	write_blob(out, h->name);
	write_blob(out, h->title);
	write_varint(out, h->facts);
	write_u8(out, h->source_count);
	for (unsigned i = 0; i < h->source_count; i++) {
		write_blob(out, h->sources[i].action);
		write_blob(out, h->sources[i].field);
	}
}

void meetings_encode(struct writer *out, const struct pathway *p)
{
	write_u8(out, p->meeting_count);
	for (unsigned i = 0; i < p->meeting_count; i++) {
		const struct meeting_rule *m = &p->meetings[i];

		write_blob(out, m->name);
		write_blob(out, m->title);
		write_blob(out, m->clause);
		write_varint(out, m->at_least);
		write_varint(out, m->from_possible);
		write_varint(out, m->trends);
		write_u8(out, m->list_count);
		for (unsigned j = 0; j < m->list_count; j++) {
			write_blob(out, m->lists[j].name);
			write_blob(out, m->lists[j].title);
			write_u8(out, m->lists[j].at_most);
		}
		write_u8(out, m->heading_count);
		for (unsigned j = 0; j < m->heading_count; j++)
			put_heading(out, &m->headings[j]);
	}
}

/* --- reading -------------------------------------------------------------- */

static void get_heading(struct reader *in, struct heading *h)
{
	h->name = read_blob(in);
	h->title = read_blob(in);
	h->facts = get_up_to(in, UINT32_MAX);
	h->source_count = get_count(in, HEADING_SOURCES_MAX);
	for (unsigned i = 0; i < h->source_count; i++) {
		h->sources[i].action = read_blob(in);
		h->sources[i].field = read_blob(in);
	}
}

void meetings_decode(struct reader *in, struct pathway *p)
{
	p->meeting_count = get_count(in, MEETINGS_MAX);
	for (unsigned i = 0; i < p->meeting_count && !in->bad; i++) {
		struct meeting_rule *m = &p->meetings[i];

		m->name = read_blob(in);
		m->title = read_blob(in);
		m->clause = read_blob(in);
		m->at_least = (uint16_t)get_up_to(in, UINT16_MAX);
		m->from_possible = (uint16_t)get_up_to(in, UINT16_MAX);
		m->trends = get_up_to(in, UINT32_MAX);
		m->list_count = get_count(in, MEETING_LISTS_MAX);
		for (unsigned j = 0; j < m->list_count; j++) {
			m->lists[j].name = read_blob(in);
			m->lists[j].title = read_blob(in);
			m->lists[j].at_most = read_u8(in);
		}
		m->heading_count = get_count(in, HEADINGS_MAX);
		for (unsigned j = 0; j < m->heading_count; j++)
			get_heading(in, &m->headings[j]);
	}
}

/* --- soundness ------------------------------------------------------------ */

static bool facts_sound(uint32_t facts)
{
	for (uint8_t kind = 0; kind < 32; kind++)
		if ((facts >> kind & 1) && (fact_text(kind) == NULL || kind == FACT_SCHOOL || fact_of_parent(kind)))
			return false;
	return true;
}

static bool name_sound(struct slice name)
{
	return name.size > 0 && name.size < NAME_SIZE_MAX;
}

static bool heading_sound(const struct pathway *p, const struct heading *h)
{
	for (unsigned i = 0; i < h->source_count; i++) {
		int action = pathway_action(p, h->sources[i].action);

		if (action < 0 || (h->sources[i].field.size > 0 && action_field(&p->actions[action], h->sources[i].field) < 0))
			return false;
	}
	return name_sound(h->name) && facts_sound(h->facts);
}

bool meetings_sound(const struct pathway *p)
{
	for (unsigned i = 0; i < p->meeting_count; i++) {
		const struct meeting_rule *m = &p->meetings[i];

		if (!name_sound(m->name) || pathway_meeting(p, m->name) != (int)i || m->list_count == 0 || !facts_sound(m->trends))
			return false;
		for (unsigned j = 0; j < m->list_count; j++)
			if (!name_sound(m->lists[j].name) || m->lists[j].at_most < 1 || m->lists[j].at_most > 100 ||
			    (j > 0 && m->lists[j].at_most <= m->lists[j - 1].at_most))
				return false;
		for (unsigned j = 0; j < m->heading_count; j++)
			if (!heading_sound(p, &m->headings[j]))
				return false;
	}
	return true;
}
