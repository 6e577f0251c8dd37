/* Grants and revocations.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

bool case_id_parse(struct slice text, uint32_t *number)
{
	uint64_t n = 0;

	if (text.size < 2 || text.size > 10 || text.bytes[0] != 'C')
		return false;
	for (size_t i = 1; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text.bytes[i] - '0');
	}
	*number = (uint32_t)n;
	return n >= 1 && n <= UINT32_MAX && text.bytes[1] != '0';
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* A list of texts into rising numbers without repeats; false: one is wrong or too many. */
static bool take_list(struct slice body, const char *key, bool (*parse)(struct slice, uint32_t *), uint32_t out[],
		      size_t max, uint16_t *count)
{
	struct mp at = mp_find(body, key);
	uint32_t n;

	*count = 0;
	if (mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL)
		return true;
	n = mp_array(&at);
	if (at.fault || n > max)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!parse(mp_str(&at), &out[i]) || at.fault)
			return false;
	qsort(out, n, sizeof *out, by_value);
	for (uint32_t i = 0; i < n; i++)
		if (!i || out[i] != out[*count - 1])
			out[(*count)++] = out[i];
	return true;
}

static const char *take_grant(struct slice body, struct event_access_granted *g, const char **field)
{
	static const char *const keys[] = {"key", "role", "name", "schools", "cases", NULL};
	struct slice unknown;
	const char *wrong = NULL;

	*field = "key";
	if (!mp_only(body, keys, &unknown))
		return "{key, role, name?, schools?, cases?} is wanted";
	if (!z85_key_parse(mp_find_str(body, "key", &wrong), g->key))
		return "not a public key: 40 characters, as attend keygen prints it";
	*field = "role";
	g->role = role_parse(mp_find_str(body, "role", &wrong));
	if (!g->role)
		return "not a role: connector, school, lead, officer, manager, auditor, administrator or board";
	*field = "name";
	g->name = mp_find_str(body, "name", &wrong);
	if (wrong || g->name.size > 63)
		return "a text of at most 63 bytes is wanted";
	*field = "schools";
	if (!take_list(body, "schools", urn_parse, g->schools, GRANT_SCHOOLS_MAX, &g->school_count))
		return "a list of at most 512 schools' numbers (six digits) is wanted";
	if ((g->role == ROLE_CONNECTOR || g->role == ROLE_SCHOOL) && !g->school_count)
		return "this role needs at least one school";
	*field = "cases";
	if (!take_list(body, "cases", case_id_parse, g->cases, GRANT_CASES_MAX, &g->case_count))
		return "a list of at most 64 cases (C1, C2 ...) is wanted";
	if (g->role == ROLE_BOARD && (g->school_count || g->case_count))
		return "a board has the schools and cases of whoever it asks for, and none of its own";
	return NULL;
}

/* Without an administrator nobody could ever grant again. */
static bool last_administrator(const struct state *s, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	const struct principal *p = state_principal(s, key);
	unsigned count = 0;

	for (uint32_t i = 0; i < s->principal_count; i++)
		count += s->principals[i]->role == ROLE_ADMINISTRATOR && !s->principals[i]->revoked;
	return p && !p->revoked && p->role == ROLE_ADMINISTRATOR && count == 1;
}

static void refuse_last(struct engine *e, const struct request *r)
{
	engine_refuse(e, r, STATUS_BAD_FIELD, "key", "the last administrator: grant another one first");
}

void submit_grant(struct engine *e, const struct request *r)
{
	struct event *ev = memory_new(sizeof *ev);
	const char *field, *fault;

	engine_event(e, ev, EVENT_ACCESS_GRANTED, r->who->number);
	engine_sign(ev, r);
	fault = take_grant(r->message->body, &ev->access_granted, &field);
	if (fault) {
		engine_refuse(e, r, STATUS_BAD_FIELD, field, fault);
	} else if (ev->access_granted.role != ROLE_ADMINISTRATOR && last_administrator(&e->state, ev->access_granted.key)) {
		refuse_last(e, r);
	} else {
		engine_append(e, ev);
		pack_map(&e->body, 1);
		pack_key_uint(&e->body, "principal", engine_head(e));
		engine_reply(e, r, STATUS_OK, engine_head(e));
	}
	free(ev);
}

/* Its subscriptions end with the commit, also where the key is granted anew before anybody is told something again. */
static void end_subscriptions(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE], uint64_t position)
{
	for (unsigned i = 0; i < e->subscription_count; i++) {
		struct subscription *s = e->subscriptions[i];

		if (!s->revoked && (memcmp(s->key, key, PUBLIC_KEY_SIZE) == 0 || memcmp(s->board, key, PUBLIC_KEY_SIZE) == 0))
			s->revoked = position;
	}
}

void submit_revoke(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"key", NULL};
	struct slice unknown;
	const char *wrong = NULL;
	const struct principal *p = NULL;
	struct event ev;
	uint8_t key[PUBLIC_KEY_SIZE];

	if (!mp_only(r->message->body, keys, &unknown) ||
	    !z85_key_parse(mp_find_str(r->message->body, "key", &wrong), key)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "key", "not a public key: 40 characters, as attend keygen prints it");
		return;
	}
	p = state_principal(&e->state, key);
	if (!p || p->revoked) {
		engine_refuse(e, r, STATUS_NOT_FOUND, "key", "no grant stands for this key");
		return;
	}
	if (last_administrator(&e->state, key)) {
		refuse_last(e, r);
		return;
	}
	engine_event(e, &ev, EVENT_ACCESS_REVOKED, r->who->number);
	engine_sign(&ev, r);
	memcpy(ev.access_revoked.key, key, sizeof key);
	engine_append(e, &ev);
	end_subscriptions(e, key, engine_head(e));
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}
