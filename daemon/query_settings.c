/* What is in force: the pathways, one with its source, a calendar.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/query_parts.h"

static void pack_schools(struct pack *p, const struct state *s, const struct loaded_pathway *l)
{
	const struct loaded_pathway *newest = state_newest_pathway(s, slice_text(l->name));
	unsigned count = 0;

	for (uint32_t i = 0; i < s->choice_count; i++)
		count += l == newest && strcmp(s->choices[i].pathway, l->name) == 0;
	pack_text(p, "schools");
	pack_array(p, count);
	for (uint32_t i = 0; i < s->choice_count && count; i++)
		if (strcmp(s->choices[i].pathway, l->name) == 0)
			pack_urn(p, s->choices[i].urn);
}

enum status query_pathways(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	const struct pathway *now = state_default_pathway(&e->state);

	(void)r;
	(void)txn;
	pack_map(p, 2);
	pack_text(p, "items");
	pack_array(p, e->state.pathway_count);
	for (uint32_t i = 0; i < e->state.pathway_count; i++) {
		const struct loaded_pathway *l = e->state.pathways[i];

		pack_map(p, 6);
		pack_key_text(p, "name", l->name);
		pack_key_uint(p, "version", l->version);
		pack_key_bool(p, "default", l->pathway == now);
		pack_key_str(p, "title", l->pathway->title);
		pack_text(p, "loaded");
		pack_time(p, l->loaded_ms ? l->loaded_ms : e->state.created_ms);
		pack_schools(p, &e->state, l);
	}
	pack_text(p, "next");
	pack_nil(p);
	return STATUS_OK;
}

enum status query_pathway(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice name = mp_find_str(r->message->body, "name", &wrong), value;
	uint64_t version = mp_find_uint(r->message->body, "version", 0, &wrong);
	const struct loaded_pathway *l = wrong ? NULL : state_newest_pathway(&e->state, name);
	struct key key;
	struct writer k = writer_of(key.bytes, sizeof key.bytes);
	struct reader in;

	if (l && !version)
		version = l->version;
	write_bytes(&k, name.bytes, name.size <= NAME_SIZE_MAX ? name.size : 0);
	write_u8(&k, 0);
	write_u32(&k, (uint32_t)version);
	key.size = writer_size(&k);
	if (!l || store_get(txn, TABLE_PATHWAYS, key_slice(&key), &value) != STORE_OK)
		return query_fault(e, STATUS_NOT_FOUND, "name", "no such pathway is loaded; attend pathway list names them");
	in = reader_of(value);
	read_u64(&in);
	read_u48(&in);
	read_u8(&in);
	pack_map(&e->body, 3);
	pack_key_str(&e->body, "name", name);
	pack_key_uint(&e->body, "version", version);
	pack_key_str(&e->body, "source", read_blob(&in));
	return STATUS_OK;
}

enum status query_calendar(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice text = mp_find_str(r->message->body, "urn", &wrong), value;
	struct pack *p = &e->body;
	uint32_t urn = 0;
	uint16_t count;
	struct key key;
	struct reader in;

	if (wrong || (text.size && !urn_parse(text, &urn)))
		return query_fault(e, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
	key = key_u32(urn);
	if (store_get(txn, TABLE_CALENDARS, key_slice(&key), &value) != STORE_OK)
		return query_fault(e, STATUS_NOT_FOUND, "urn", "no calendar is loaded for this scope");
	in = reader_of(value);
	read_u64(&in);
	count = read_u16(&in);
	pack_map(p, 1);
	pack_text(p, "rows");
	pack_array(p, count);
	for (unsigned i = 0; i < count; i++) {
		pack_array(p, 4);
		pack_date(p, read_u16(&in));
		pack_date(p, read_u16(&in));
		pack_text(p, calendar_kind_text(read_u8(&in)));
		pack_str(p, read_blob(&in));
	}
	return STATUS_OK;
}
