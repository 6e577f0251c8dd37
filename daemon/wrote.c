/* Whose is the mark that is held? Asked of a D alone, of a pupil for whom two schools or more have written: so
 * it is looked for in the log, from its end on, where the mark mostly stands among the newest records.
 *
 * The bits beside the pupil (people.h) know the first school from all others, which are one to them once a third has
 * written, and a mark older than the weeks held turns one of a later week round: they are no answer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

struct wrote {
	uint32_t pupil, urn;     /* urn 0: not found yet */
	day_t day;
	uint8_t session;
	struct event *event;
	bool bad;
};

static bool take(void *context, uint64_t position, struct slice record)
{
	struct wrote *wrote = context;
	struct event *ev = wrote->event;
	struct marks_reader in;
	struct reader rest;
	struct mark m;

	(void)position;
	if (!record.size || record.bytes[0] != EVENT_MARKS_RECORDED)
		return true;
	if (!event_decode_header(ev, record, &rest) || !event_decode(ev, record, true)) {
		wrote->bad = true;
		return false;
	}
	marks_open(&in, ev->version, ev->marks_recorded.body);
	while (marks_next(&in, &m))
		if (m.pupil == wrote->pupil && m.day == wrote->day && m.session == wrote->session)
			wrote->urn = in.urn;
	return !wrote->urn;
}

/* What was gathered and is not in the log yet. */
static void look_in_batch(const struct batch *b, struct wrote *wrote)
{
	for (size_t i = b ? b->record_count : 0; i-- > 0 && !wrote->urn && !wrote->bad;)
		take(wrote, 0, b->records[i]);
}

static enum store_result look_in_log(struct engine *e, struct wrote *wrote)
{
	struct positions p = {0};
	enum store_result result = concerns_of_pupil(e->state.concerns, e->txn, wrote->pupil,
						     state_pupil(&e->state, wrote->pupil)->urn, e->committed, &p);

	positions_order(&p);
	for (size_t i = p.count; i-- > 0 && result == STORE_OK && !wrote->urn && !wrote->bad;)
		result = e->log.methods->read(&e->log, e->txn, p.list[i], 1, take, wrote);
	positions_free(&p);
	if (wrote->bad)
		return store_unreadable(e->txn, TABLE_LOG);
	return result == STORE_NONE ? STORE_DAMAGED : result;
}

bool engine_other_wrote(struct engine *e, uint32_t urn, const struct mark *m)
{
	const struct pupil *p = state_pupil(&e->state, m->pupil);
	struct wrote wrote = {.pupil = m->pupil, .day = m->day, .session = m->session};
	uint8_t held = pupil_code(p, m->day, m->session);

	if (held == CODE_D || code_class(held) == CODE_CLASS_ADMINISTRATIVE) /* or none */
		return false;
	if (!(p->standing & PUPIL_SCHOOLS))
		return p->urn != urn;
	if (!engine_write(e))
		return false;
	wrote.event = memory_new(sizeof *wrote.event);
	look_in_batch(e->at, &wrote);
	look_in_batch(e->behind, &wrote);
	if (!wrote.urn)
		e->broken = look_in_log(e, &wrote);
	free(wrote.event);
	return wrote.urn != urn;
}
