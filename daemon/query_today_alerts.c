/* What came in and nobody has dealt with, by its kind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"
#include "daemon/today.h"

enum { EARLIER_SHOWN = 64 };

/* By their ids, which texts have, those of the roster whose names are known. */
static void pack_parents(struct pack *p, struct slice particulars)
{
	const char *wrong = NULL;
	unsigned count = 0;

	for (int pass = 0; pass < 2; pass++) {
		struct mp at = mp_find(particulars, "parents");

		if (pass == 1) {
			pack_text(p, "parents");
			pack_array(p, count);
		}
		for (unsigned left = mp_peek(&at) == MP_ARRAY ? mp_array(&at) : 0; left > 0 && !at.fault; left--) {
			const uint8_t *start = at.at;
			struct slice parent, name;

			mp_skip(&at);
			parent = slice_of(start, (size_t)(at.at - start));
			name = mp_find_str(parent, "name", &wrong);
			if (!name.size)
				continue;
			count++;
			if (pass == 1) {
				pack_map(p, 2);
				pack_key_str(p, "parent", mp_find_str(parent, "id", &wrong));
				pack_key_str(p, "name", name);
			}
		}
	}
}

void today_pack_name(struct engine *e, struct pack *p, struct txn *txn, uint32_t pupil, uint8_t room[static PARTICULARS_ROOM])
{
	struct slice particulars = pupil ? pupil_particulars(e, pupil, room) : slice_of(NULL, 0);
	const char *wrong = NULL;

	pack_text(p, "upn");
	pack_upn(e, p, txn, pupil);
	pack_text_or_nil(p, "surname", mp_find_str(particulars, "surname", &wrong));
	pack_text_or_nil(p, "forename", mp_find_str(particulars, "forename", &wrong));
	pack_parents(p, particulars);
}

/* What a deadline says of itself stands in the groups already. */
static bool says_more(uint8_t kind)
{
	return kind != ALERT_DUE_SOON && kind != ALERT_DUE && kind != ALERT_OVERDUE && kind != ALERT_DECISION;
}

/* Of these a pupil's newest says how it is, and those before it how it was. */
static bool replaces(uint8_t kind)
{
	return kind == ALERT_PERSISTENT || kind == ALERT_SEVERE || kind == ALERT_APPROACHING;
}

static bool stands(const struct came_in *in, const struct alert *a)
{
	if (!in->many)
		return a->status == ALERT_STATUS_RAISED;
	return a->number <= in->many->position && !(in->many->closed[a->number / 8] >> (a->number % 8) & 1);
}

struct one {
	uint64_t number;
	uint32_t pupil;
	uint8_t kind;
};

/* The numbers of the newest of each kind, each kind's in a ring; and all of those that replace one another. */
struct gathered {
	struct one *replacing;
	size_t count_replacing, room;
	uint64_t count[ALERT_KIND_LIMIT];
	uint64_t rings[];
};

static uint64_t *ring_of(const struct came_in *in, struct gathered *g, unsigned kind, uint64_t place)
{
	return &g->rings[kind * in->most + place % in->most];
}

static void keep(const struct came_in *in, struct gathered *g, const struct alert *a)
{
	if (!replaces(a->kind) || !a->pupil) {
		*ring_of(in, g, a->kind, g->count[a->kind]++) = a->number;
		return;
	}
	if (g->count_replacing == g->room) {
		g->room = g->room ? g->room * 2 : 256;
		g->replacing = memory_grow(g->replacing, g->room * sizeof *g->replacing);
	}
	g->replacing[g->count_replacing++] = (struct one){a->number, a->pupil, a->kind};
}

static enum store_result gather(const struct came_in *in, struct gathered *g)
{
	struct slice key, value;
	struct scan scan;
	struct alert a;
	enum store_result result = scan_open(&scan, in->txn, TABLE_ALERTS, slice_of(NULL, 0));

	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader k = reader_of(key);
		uint64_t number = read_u64(&k);

		if (!alert_decode(&a, number, value))
			result = STORE_DAMAGED;
		else if (stands(in, &a) && says_more(a.kind) && (!in->kind || a.kind == in->kind) && access_told(in->request->who, &a) &&
			 alert_in_hands_of(in->engine, in->many ? in->many->state : &in->engine->state, in->txn, &a, in->officer))
			keep(in, g, &a);
	}
	scan_close(&scan);
	return result == STORE_NONE ? STORE_OK : result;
}

/* ---- those that replace one another ---- */

/* A pupil's of a kind stand together, the newest first. */
static int by_pupil(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind - y->kind;
	if (x->pupil != y->pupil)
		return x->pupil < y->pupil ? -1 : 1;
	return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

static bool same(const struct one *a, const struct one *b)
{
	return a->kind == b->kind && a->pupil == b->pupil;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Each pupil's newest goes where those of other kinds went, in the order of their numbers. */
static void give_newest(const struct came_in *in, struct gathered *g, unsigned kind)
{
	uint64_t *newest = memory_new((g->count_replacing + 1) * sizeof *newest);
	size_t count = 0;

	for (size_t i = 0; i < g->count_replacing; i++)
		if (g->replacing[i].kind == kind && (i == 0 || !same(&g->replacing[i - 1], &g->replacing[i])))
			newest[count++] = g->replacing[i].number;
	qsort(newest, count, sizeof *newest, by_number);
	for (size_t i = 0; i < count; i++)
		*ring_of(in, g, kind, g->count[kind]++) = newest[i];
	free(newest);
}

static void give_all_newest(const struct came_in *in, struct gathered *g)
{
	if (g->count_replacing)
		qsort(g->replacing, g->count_replacing, sizeof *g->replacing, by_pupil);
	for (unsigned kind = 0; kind < ALERT_KIND_LIMIT; kind++)
		if (replaces((uint8_t)kind))
			give_newest(in, g, kind);
}

/* Those before it that still wait, the newest first. */
static void pack_earlier(struct pack *p, const struct gathered *g, const struct alert *a)
{
	const struct one wanted = {a->number, a->pupil, a->kind};
	const struct one *at = g->count_replacing ? bsearch(&wanted, g->replacing, g->count_replacing, sizeof wanted, by_pupil) : NULL;
	const struct one *end = at ? g->replacing + g->count_replacing : NULL; /* without any there is no list */
	uint32_t count = 0;

	while (at && at + count + 1 < end && same(at, at + count + 1) && count < EARLIER_SHOWN)
		count++;
	pack_text(p, "earlier");
	pack_array(p, count);
	for (uint32_t i = 1; i <= count; i++)
		pack_uint(p, at[i].number);
}

/* ---- as an answer ---- */

/* The case that is open of its pupil, where who asks may see it: what was raised before a case was opened is worked on there. */
static void pack_open_case(const struct came_in *in, struct pack *p, const struct alert *a)
{
	struct state *s = in->many ? in->many->state : &in->engine->state;
	const struct pupil *pupil = a->pupil ? state_pupil(s, a->pupil) : NULL;
	uint32_t open = pupil ? pupil->case_no : 0;

	pack_text(p, "open_case");
	pack_case(p, open && access_alert(in->request->who, state_school_of(s, a->pupil), open) ? open : 0);
}

static bool pack_one(const struct came_in *in, const struct gathered *g, uint64_t number, uint8_t *room)
{
	struct pack *p = &in->engine->body;
	struct alert a;

	if (alert_get(in->txn, number, &a) != STORE_OK)
		return false;
	/* as it was said then */
	if (in->many && a.newest > in->many->position && !alert_said(in->engine, in->txn, many_said(in->many, number), &a))
		return false;
	pack_map(p, 13);
	pack_key_uint(p, "alert", a.number);
	pack_key_text(p, "kind", alert_kind_text(a.kind));
	today_pack_name(in->engine, p, in->txn, a.pupil, room);
	pack_text(p, "urn");
	pack_urn(p, a.urn);
	pack_school_name(p, &in->engine->state, "school", a.urn);
	pack_text(p, "case");
	pack_case(p, a.case_no);
	pack_open_case(in, p, &a);
	pack_text(p, "raised");
	pack_time(p, a.raised_ms);
	pack_key_str(p, "text", a.text);
	pack_earlier(p, g, &a);
	return true;
}

static bool pack_kind(const struct came_in *in, struct gathered *g, unsigned kind, uint8_t *room)
{
	struct pack *p = &in->engine->body;
	uint64_t count = g->count[kind], shown = count < in->most ? count : in->most;
	bool good = true;

	pack_map(p, 3);
	pack_key_text(p, "kind", alert_kind_text((uint8_t)kind));
	pack_key_uint(p, "count", count);
	pack_text(p, "items");
	pack_array(p, (uint32_t)shown);
	for (uint64_t i = 0; i < shown && good; i++)
		good = pack_one(in, g, *ring_of(in, g, kind, count - 1 - i), room);
	return good;
}

enum store_result today_pack_alerts(const struct came_in *in)
{
	struct pack *p = &in->engine->body;
	struct gathered *g = memory_new(sizeof *g + ALERT_KIND_LIMIT * in->most * sizeof *g->rings);
	uint8_t *room = memory_new(PARTICULARS_ROOM);
	enum store_result result = gather(in, g);
	uint64_t all = 0;
	unsigned kinds = 0;

	give_all_newest(in, g);
	for (unsigned kind = 0; kind < ALERT_KIND_LIMIT; kind++) {
		all += g->count[kind];
		kinds += g->count[kind] > 0;
	}
	pack_text(p, "alerts");
	pack_map(p, 2);
	pack_key_uint(p, "count", all);
	pack_text(p, "kinds");
	pack_array(p, kinds);
	for (unsigned kind = 0; kind < ALERT_KIND_LIMIT && result == STORE_OK; kind++)
		if (g->count[kind] && !pack_kind(in, g, kind, room))
			result = STORE_DAMAGED;
	free(g->replacing);
	free(g);
	free(room);
	return result;
}
