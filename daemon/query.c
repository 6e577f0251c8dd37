/* Questions: who asks, may they, and what about. The answers are query_*.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/query_parts.h"

enum { QUESTION_KEYS = 10 };

static const struct asked {
	const char *what;
	query *answer;
	const char *keys[QUESTION_KEYS]; /* that it may hold, to the first NULL */
} table[] = {
	{"pupil", query_pupil, {"what", "upn", "as_of"}},
	{"marks", query_marks, {"what", "upn", "as_of"}},
	{"case", query_case, {"what", "case", "upn", "as_of"}},
	{"actions", query_actions, {"what", "upn", "named"}},
	{"deadlines", query_deadlines, {"what", "before", "since", "officer", "from", "limit"}},
	{"alerts", query_alerts, {"what", "officer", "from", "limit"}},
	{"log", query_log, {"what", "case", "upn", "from", "limit"}},
	{"stats", query_stats, {"what"}},
	{"health", query_health, {"what"}},
	{"checkpoint", query_checkpoint, {"what"}},
	{"prove", query_prove, {"what", "seq"}},
	{"consistency", query_consistency, {"what", "first", "second"}},
	{"pathways", query_pathways, {"what"}},
	{"pathway", query_pathway, {"what", "name", "version"}},
	{"backup", query_backup, {"what", "offset"}},
	{"calendar", query_calendar, {"what", "urn"}},
	{"people", query_people, {"what", "upn", "as_of"}},
	{"covers", query_covers, {"what"}},
	{"try", query_try, {"what", "source", "trial", "from"}},
	{"report", query_report, {"what", "of", "school", "first", "last", "from", "limit"}},
	{"letter", query_letter, {"what", "case", "upn", "letter", "parent", "fields"}},
	{"reader", query_reader, {"what", "name"}},
	{"today", query_today, {"what", "officer", "limit", "alerts", "kind", "as_of"}},
	{"timeline", query_timeline, {"what", "case", "upn", "as_of", "from", "limit"}},
	{"year", query_year, {"what", "upn", "as_of"}},
	{"school", query_school, {"what", "urn", "as_of"}},
	{"authority", query_authority, {"what", "as_of"}},
	{"schools", query_schools, {"what", "urn", "from", "limit"}},
	{"names", query_names, {"what", "name", "from", "limit"}},
	{"cases", query_cases, {"what", "officer", "urn", "pathway", "stage", "closed", "from", "limit", "as_of"}},
};

enum status query_fault(struct engine *e, enum status status, const char *field, const char *reason)
{
	pack_clear(&e->body);
	pack_map(&e->body, field ? 2 : 1);
	pack_key_text(&e->body, "reason", reason);
	if (field)
		pack_key_text(&e->body, "field", field);
	return status;
}

/* A misspelt "as_of" would be answered as of now. */
static void refuse_unknown(struct engine *e, const struct request *r, const struct asked *q, struct slice unknown)
{
	char field[64], reason[160];
	int size = snprintf(reason, sizeof reason, "not asked with this question, which takes");

	for (unsigned i = 0; i < QUESTION_KEYS && q->keys[i]; i++)
		size += snprintf(reason + size, sizeof reason - (size_t)size, "%s%s", i ? ", " : " ", q->keys[i]);
	snprintf(field, sizeof field, "%.*s", (int)(unknown.size < sizeof field ? unknown.size : 0), (const char *)unknown.bytes);
	engine_refuse(e, r, STATUS_BAD_FIELD, *field ? field : NULL, reason);
}

void answer_query(struct engine *e, const struct request *r)
{
	const char *wrong = NULL;
	struct slice what = mp_find_str(r->message->body, "what", &wrong);
	struct txn *txn;
	enum status status = STATUS_NOT_FOUND;
	enum store_result trouble;
	const struct asked *q = NULL;
	struct slice unknown;

	if (!access_query(r->who->role, what)) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "what", "your role does not allow it");
		return;
	}
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (slice_is(what, table[i].what))
			q = &table[i];
	if (!q) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "what", "no such question");
		return;
	}
	if (!mp_only(r->message->body, q->keys, &unknown)) {
		refuse_unknown(e, r, q, unknown);
		return;
	}
	txn = engine_read(e);
	if (!txn) {
		engine_refuse(e, r, STATUS_FAILED, NULL, "the store can't be read now");
		return;
	}
	/* of the batch, so far: that is no fault of the question's, and for its commit to see */
	if (txn == e->txn && e->broken == STORE_OK)
		e->broken = store_trouble(txn);
	status = q->answer(e, r, txn);
	/* what could not be read is no part of the answer, and there is none without it */
	trouble = store_trouble(txn);
	if (trouble != STORE_OK)
		status = query_fault(e, trouble == STORE_DAMAGED ? STATUS_DAMAGED : STATUS_FAILED, NULL, store_why(e->store));
	engine_read_end(e, txn);
	e->counters[COUNT_QUERIES]++;
	if (status == STATUS_FORBIDDEN)
		e->counters[COUNT_REFUSED_ROLE]++;
	engine_reply(e, r, status, engine_head(e));
}

void answer_hello(struct engine *e, const struct request *r)
{
	static const char *const none[] = {NULL};
	struct pack *p = &e->body;
	struct slice unknown;

	if (!mp_only(r->message->body, none, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_BODY, NULL, "{} or no body is wanted");
		return;
	}
	pack_map(p, 8);
	pack_key_uint(p, "protocol", MESSAGE_VERSION);
	pack_key_text(p, "authority", e->state.authority);
	pack_key_text(p, "role", role_text(r->who->role));
	pack_key_text(p, "name", r->who->name);
	pack_key_uint(p, "head", engine_head(e));
	pack_text(p, "now");
	pack_time(p, e->now_ms);
	pack_key_text(p, "clock", e->options.manual_clock ? "manual" : "system");
	pack_key_bool(p, "held", engine_clock_held(e));
	engine_reply(e, r, STATUS_OK, engine_head(e));
}

bool pack_upn(struct engine *e, struct pack *p, struct txn *txn, uint32_t pupil)
{
	struct person person;
	uint8_t room[UPN_SIZE + SEAL_EXTRA];
	struct writer w = writer_of(room, sizeof room);

	(void)txn;
	if (!pupil || state_person(&e->state, pupil, &person) != STORE_OK ||
	    !persons_unseal(e->persons, pupil, EVENT_PUPIL_REGISTERED, person.upn_position, person.sealed_upn, &w)) {
		pack_nil(p);
		return false;
	}
	pack_str(p, writer_slice(&w));
	return true;
}

/* The position of the last event recorded at or before a time: events' times never
 * run backwards, so halving finds it. */
struct time_at {
	uint64_t ms;
};

static bool take_time(void *context, uint64_t position, struct slice record)
{
	struct time_at *t = context;
	struct event ev;
	struct reader rest;

	(void)position;
	t->ms = event_decode_header(&ev, record, &rest) ? ev.at_ms : 0;
	return false;
}

uint64_t query_time_of(struct engine *e, struct txn *txn, uint64_t position)
{
	struct time_at t = {0};

	if (position)
		engine_log_at(e, txn, position, take_time, &t);
	return t.ms;
}

static uint64_t position_at(struct engine *e, struct txn *txn, uint64_t ms)
{
	uint64_t low = 0, high = e->committed;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (query_time_of(e, txn, middle) <= ms)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* What this very batch has appended is in the live state already, and in no log that
 * a shadow could be made of. */
bool query_is_now(const struct engine *e, uint64_t position)
{
	return position > e->committed || (position == e->committed && engine_head(e) == position);
}

bool query_as_of(struct engine *e, const struct request *r, struct txn *txn, uint64_t *position)
{
	struct mp at = mp_find(r->message->body, "as_of");
	struct slice text;
	uint64_t ms;
	day_t day;

	*position = UINT64_MAX;
	switch (mp_peek(&at)) {
	case MP_NONE:
	case MP_NIL:
		return true;
	case MP_UINT:
		*position = mp_uint(&at);
		return true;
	case MP_STR:
		text = mp_str(&at);
		if (time_parse(text, &ms)) {
			*position = position_at(e, txn, ms);
			return true;
		}
		if (day_parse(text, &day)) { /* the end of that day */
			*position = position_at(e, txn, day_start_ms(day + 1) - 1);
			return true;
		}
		break;
	case MP_BOOL:
	case MP_INT:
	case MP_BIN:
	case MP_ARRAY:
	case MP_MAP:
	case MP_OTHER:
		break;
	}
	query_fault(e, STATUS_BAD_FIELD, "as_of", "a position, a time (2026-09-01T08:00:00Z) or a date is wanted");
	return false;
}

uint32_t query_upn(struct engine *e, const struct request *r, struct txn *txn, enum status *status)
{
	const char *wrong = NULL;
	struct slice upn = mp_find_str(r->message->body, "upn", &wrong);
	uint8_t hash[UPN_HASH_SIZE];
	uint32_t pupil;

	(void)txn;
	if (wrong || upn_fault(upn)) {
		*status = query_fault(e, STATUS_BAD_FIELD, "upn", wrong ? "a text is wanted" : upn_fault(upn));
		return 0;
	}
	upn_hash(hash, &e->key, upn);
	pupil = state_find_upn(&e->state, hash);
	/* whom one may not see does not exist: the answer is the same */
	if (!pupil || !access_pupil(e, r->who, pupil, state_school_of(&e->state, pupil))) {
		*status = query_fault(e, STATUS_NOT_FOUND, "upn", "no pupil with this UPN is known to you");
		return 0;
	}
	return pupil;
}
