/* A meeting of the pathway's was offered to a school: so an officer says. (TY-08)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine_parts.h"

enum { OFFERED_DAYS = 400 }; /* so long after the day it may still be recorded */

void pack_offer(struct pack *p, const struct event_meeting_offered *o)
{
	pack_text(p, "urn");
	pack_urn(p, o->urn);
	pack_key_str(p, "meeting", o->meeting);
	pack_text(p, "on");
	pack_date(p, o->on);
	pack_key_bool(p, "stands", o->stands);
}

static bool is_school(struct engine *e, uint32_t urn)
{
	for (uint32_t n = 1; n <= e->state.pupil_count; n++)
		if (state_school_of(&e->state, n) == urn)
			return true;
	return false;
}

/* The meeting named, or the only one there is. */
static const char *take_meeting(const struct pathway *p, struct event_meeting_offered *o)
{
	if (!p || !p->meeting_count)
		return "the pathway of this school offers none: its file has no `meetings`";
	if (!o->meeting.size && p->meeting_count > 1)
		return "which? The pathway of this school has several";
	if (!o->meeting.size)
		o->meeting = p->meetings[0].name;
	return pathway_meeting(p, o->meeting) < 0 ? "the pathway of this school has no meeting of this name" : NULL;
}

static const char *take_offer(struct engine *e, struct slice body, struct event_meeting_offered *o, const char **field)
{
	struct slice on = mp_find_str(body, "on", field);
	day_t day = day_of_ms(e->now_ms), today = day;

	o->stands = body_flag(body, "stands", field);
	o->meeting = mp_find_str(body, "meeting", field);
	if (*field)
		return "of another type than is wanted";
	*field = "urn";
	if (!urn_parse(mp_find_str(body, "urn", &(const char *){NULL}), &o->urn))
		return "not a school's number: six digits";
	if (!is_school(e, o->urn))
		return "no pupil of this school is known: is the number right?";
	*field = "on";
	if (on.size && !day_parse(on, &day))
		return "not a date: YYYY-MM-DD, one that exists";
	if (day > today)
		return "in the future: record it when it is so";
	if (day < today - OFFERED_DAYS)
		return "more than 400 days ago";
	o->on = (uint16_t)day;
	*field = "meeting";
	if (o->stands)
		return take_meeting(state_school_pathway(&e->state, o->urn), o);
	take_meeting(state_school_pathway(&e->state, o->urn), o);
	return state_offered(&e->state, o) ? NULL : "none was recorded as offered on that day";
}

void submit_offer(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"urn", "meeting", "on", "stands", NULL};
	const char *field = NULL, *why;
	struct slice unknown;
	struct event ev;

	engine_event(e, &ev, EVENT_MEETING_OFFERED, r->who->number);
	engine_sign(&ev, r);
	if (!mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_BODY, NULL, "{urn, meeting?, on?, stands?} is wanted");
		return;
	}
	why = take_offer(e, r->message->body, &ev.meeting_offered, &field);
	if (why) {
		engine_refuse(e, r, STATUS_BAD_FIELD, field, why);
		return;
	}
	engine_append(e, &ev);
	e->counters[COUNT_SUBMISSIONS]++;
	pack_clear(&e->body);
	pack_map(&e->body, OFFER_KEYS);
	pack_offer(&e->body, &ev.meeting_offered);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}
