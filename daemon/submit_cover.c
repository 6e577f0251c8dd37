/* Who stands in for an officer who is away, and in whose hands a case is. (TY-14)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"

enum { COVER_DAYS_MAX = 366 };

static bool officer_role(const struct principal *p)
{
	return !p->revoked && (p->role == ROLE_OFFICER || p->role == ROLE_MANAGER || p->role == ROLE_ADMINISTRATOR);
}

/* By key, or by a name that only one has. NULL: `*why` says why not. */
static const struct principal *officer_named(const struct state *s, struct slice text, const char **why)
{
	const struct principal *found = NULL;
	uint8_t key[PUBLIC_KEY_SIZE];

	*why = "no officer or manager of this name or key; attend log shows what was granted";
	if (z85_key_parse(text, key)) {
		found = state_principal(s, key);
		return found && officer_role(found) ? found : NULL;
	}
	for (uint32_t i = 0; i < s->principal_count && text.size; i++) {
		const struct principal *p = s->principals[i];

		if (!officer_role(p) || !slice_is(text, p->name))
			continue;
		if (found) {
			*why = "several have this name: say which by the public key";
			return NULL;
		}
		found = p;
	}
	return found;
}

static const char *take_days(struct engine *e, struct slice body, struct event_cover_named *c, const char **field)
{
	const char *wrong = NULL;
	struct slice from = mp_find_str(body, "from", &wrong), until = mp_find_str(body, "until", &wrong);
	day_t today = day_of_ms(e->now_ms), first = today, last;

	*field = "from";
	if (wrong || (from.size && !day_parse(from, &first)))
		return "not a date: YYYY-MM-DD, one that exists";
	*field = "until";
	if (!day_parse(until, &last))
		return "the last day is wanted: YYYY-MM-DD, one that exists";
	if (last < first || last < today || last - first >= COVER_DAYS_MAX)
		return "before the first day, in the past, or more than a year after it";
	c->from = (uint16_t)first;
	c->until = (uint16_t)last;
	return NULL;
}

static const char *take_cover(struct engine *e, const struct request *r, struct event_cover_named *c, const char **field)
{
	const struct principal *officer = r->who, *cover;
	struct slice body = r->message->body, name;
	const char *wrong = NULL, *why;
	bool ends = mp_find_bool(body, "end", &wrong);

	*field = "officer";
	name = mp_find_str(body, "officer", &wrong);
	if (wrong)
		return "{officer?, cover, from?, until} or {officer?, end: true} is wanted";
	if (name.size)
		officer = officer_named(&e->state, name, &why);
	if (!officer)
		return why;
	if (officer != r->who && r->who->role == ROLE_OFFICER)
		return "an officer names their own cover; a manager anybody's";
	memcpy(c->officer, officer->key, PUBLIC_KEY_SIZE);
	name = mp_find_str(body, "cover", &wrong);
	*field = "cover";
	c->stands = !ends;
	if (ends) {
		for (uint32_t i = 0; i < e->state.cover_count; i++)
			if (memcmp(e->state.covers[i].officer, c->officer, PUBLIC_KEY_SIZE) == 0)
				return NULL;
		return "nobody stands in for this officer";
	}
	cover = wrong || !name.size ? NULL : officer_named(&e->state, name, &why);
	if (!cover)
		return name.size && !wrong ? why : "who stands in? a name or public key is wanted";
	if (cover == officer)
		return "somebody else is wanted";
	memcpy(c->cover, cover->key, PUBLIC_KEY_SIZE);
	return take_days(e, body, c, field);
}

void submit_cover(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"officer", "cover", "from", "until", "end", NULL};
	const char *field = NULL, *why = NULL;
	struct slice unknown;
	struct event ev;

	engine_event(e, &ev, EVENT_COVER_NAMED, r->who->number);
	engine_sign(&ev, r);
	if (!mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_BODY, NULL, "{officer?, cover, from?, until} or {officer?, end: true} is wanted");
		return;
	}
	why = take_cover(e, r, &ev.cover_named, &field);
	if (why) {
		engine_refuse(e, r, STATUS_BAD_FIELD, field, why);
		return;
	}
	engine_append(e, &ev);
	e->counters[COUNT_SUBMISSIONS]++;
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}

/* ---- in whose hands ---- */

static bool take_grant(void *context, uint64_t position, struct slice record)
{
	struct event *ev = context;

	(void)position;
	if (!event_decode(ev, record, true))
		ev->kind = 0;
	return false;
}

bool grant_at(struct engine *e, struct txn *txn, uint64_t number, struct event *ev)
{
	ev->kind = 0;
	engine_log_at(e, txn, number, take_grant, ev);
	return ev->kind == EVENT_ACCESS_GRANTED;
}

const struct principal *principal_of_grant(struct engine *e, struct txn *txn, uint64_t number)
{
	const struct principal *who = state_principal_number(&e->state, number);
	struct event *ev;

	if (who || !number)
		return who;
	ev = memory_new(sizeof *ev);
	if (grant_at(e, txn, number, ev))
		who = state_principal(&e->state, ev->access_granted.key);
	free(ev);
	return who;
}

static bool take_actor(void *context, uint64_t position, struct slice record)
{
	uint64_t *grant = context;
	struct event ev;
	struct reader rest;

	(void)position;
	if (event_decode_header(&ev, record, &rest))
		*grant = ev.actor;
	return false;
}

const struct principal *case_officer(struct engine *e, struct txn *txn, const struct case_state *c)
{
	const struct principal *latest = NULL;

	for (unsigned i = c->done_count; i-- > 0;) {
		const struct principal *who;
		uint64_t grant = 0;

		engine_log_at(e, txn, c->done[i].position, take_actor, &grant);
		who = principal_of_grant(e, txn, grant);
		if (who && (who->role == ROLE_OFFICER || who->role == ROLE_MANAGER))
			return who;
		latest = latest ? latest : who;
	}
	return latest;
}

void pack_hands(struct engine *e, const struct request *r, struct pack *p, struct txn *txn, const struct case_state *c)
{
	const struct principal *who = access_reads_all(r->who->role) ? case_officer(e, txn, c) : NULL;

	pack_text_or_nil(p, "officer", who ? slice_text(who->name) : slice_of(NULL, 0));
}

bool in_hands_of(struct engine *e, struct txn *txn, const struct case_state *c, struct slice officer)
{
	const struct principal *who;

	if (!officer.size)
		return true;
	who = case_officer(e, txn, c);
	if (!who)
		return false;
	return slice_is(officer, who->name) || slice_is(officer, state_cover_of(&e->state, who, day_of_ms(e->now_ms))->name);
}

bool officer_known(const struct engine *e, const struct request *r, struct slice officer)
{
	bool known = !officer.size || !access_reads_all(r->who->role);

	for (uint32_t i = 0; i < e->state.principal_count && !known; i++)
		known = slice_is(officer, e->state.principals[i]->name);
	return known;
}

/* What is of no case yet is in nobody's hands: everybody is told. */
bool alert_in_hands_of(struct engine *e, struct state *s, struct txn *txn, const struct alert *a, struct slice officer)
{
	struct case_state *c;
	bool in;

	if (!officer.size || !a->case_no)
		return true;
	c = memory_new(sizeof *c);
	in = state_case_load(s, a->case_no, c) == STORE_OK && in_hands_of(e, txn, c, officer);
	free(c);
	return in;
}

enum status query_covers(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	day_t today = day_of_ms(e->now_ms);

	(void)r;
	(void)txn;
	pack_map(p, 2);
	pack_text(p, "items");
	pack_array(p, e->state.cover_count);
	for (uint32_t i = 0; i < e->state.cover_count; i++) {
		const struct cover *c = &e->state.covers[i];
		const struct principal *officer = state_principal(&e->state, c->officer);
		const struct principal *cover = state_principal(&e->state, c->cover);

		pack_map(p, 5);
		pack_key_text(p, "officer", officer ? officer->name : NULL);
		pack_key_text(p, "cover", cover ? cover->name : NULL);
		pack_text(p, "from");
		pack_date(p, c->from);
		pack_text(p, "until");
		pack_date(p, c->until);
		pack_key_bool(p, "now", c->from <= today && today <= c->until);
	}
	pack_text(p, "next");
	pack_nil(p);
	return STATUS_OK;
}
