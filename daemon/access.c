/* Who may what: the contract's table, in one place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine_parts.h"

#define R(role) (1u << ROLE_##role)
#define STAFF (R(OFFICER) | R(MANAGER) | R(ADMINISTRATOR))
#define READERS (STAFF | R(AUDITOR))
#define ANYBODY (READERS | R(CONNECTOR) | R(SCHOOL) | R(LEAD) | R(MONITOR) | R(BOARD))

/* Actions are for whom the pathway says, so anybody may ask; feeds sort out what
 * each may see. */
bool access_command(uint8_t role, uint8_t command)
{
	unsigned may = 0;

	switch (command) {
	case COMMAND_HELLO:
	case COMMAND_QUERY:
		may = ANYBODY;
		break;
	case COMMAND_MARKS:
	case COMMAND_ROSTER:
		may = STAFF | R(CONNECTOR);
		break;
	case COMMAND_ACTION:
	case COMMAND_FACT:
		may = STAFF | R(SCHOOL) | R(LEAD);
		break;
	case COMMAND_TASK:
		may = STAFF | R(SCHOOL);
		break;
	case COMMAND_CALENDAR:
	case COMMAND_ACKNOWLEDGE:
	case COMMAND_LINK:
	case COMMAND_COVER:
	case COMMAND_OFFER:
	case COMMAND_SCHOOL:
		may = STAFF;
		break;
	case COMMAND_MOVE:
		may = R(MANAGER) | R(ADMINISTRATOR);
		break;
	case COMMAND_PATHWAY:
	case COMMAND_CHOOSE:
	case COMMAND_GRANT:
	case COMMAND_REVOKE:
	case COMMAND_CLOCK:
		may = R(ADMINISTRATOR);
		break;
	case COMMAND_SUBSCRIBE:
	case COMMAND_CREDIT:
	case COMMAND_CURSOR:
	case COMMAND_UNSUBSCRIBE:
		may = READERS | R(SCHOOL) | R(LEAD);
		break;
	default:
		break;
	}
	return may >> role & 1;
}

/* A board lends nobody what a stolen key of it could do most harm with: no grants, no pathways, no
 * clock, no registers, and no cursor in another's name. */
bool access_for(uint8_t reader, uint8_t command)
{
	switch (command) {
	case COMMAND_HELLO:
	case COMMAND_QUERY:
	case COMMAND_ACTION:
	case COMMAND_ACKNOWLEDGE:
	case COMMAND_FACT:
	case COMMAND_LINK:
	case COMMAND_COVER:
	case COMMAND_OFFER:
	case COMMAND_SCHOOL:
	case COMMAND_TASK:
	case COMMAND_SUBSCRIBE:
	case COMMAND_CREDIT:
	case COMMAND_UNSUBSCRIBE:
		return (R(SCHOOL) | R(LEAD) | R(OFFICER) | R(MANAGER) | R(AUDITOR)) >> reader & 1;
	default:
		return false;
	}
}

bool access_query(uint8_t role, struct slice what)
{
	static const struct {
		const char *what;
		unsigned may;
	} table[] = {
		{"pupil", READERS | R(SCHOOL) | R(LEAD)},
		{"marks", READERS | R(SCHOOL) | R(LEAD)},
		{"case", READERS | R(SCHOOL) | R(LEAD)},
		{"actions", READERS | R(SCHOOL) | R(LEAD)},
		{"deadlines", READERS | R(SCHOOL) | R(LEAD)},
		{"alerts", READERS | R(SCHOOL) | R(LEAD)},
		{"log", READERS},
		{"stats", READERS | R(MONITOR)},
		{"health", ANYBODY},
		{"checkpoint", READERS},
		{"prove", READERS},
		{"consistency", READERS},
		{"pathways", READERS | R(SCHOOL) | R(LEAD)},
		{"pathway", READERS | R(SCHOOL) | R(LEAD)},
		{"calendar", ANYBODY},
		{"people", READERS | R(SCHOOL) | R(LEAD)},
		{"letter", STAFF | R(SCHOOL) | R(LEAD)}, /* each is for whom the pathway says */
		{"covers", READERS},
		{"report", READERS | R(SCHOOL)},
		{"schools", READERS | R(SCHOOL)},
		{"backup", R(ADMINISTRATOR)},
		{"try", R(MANAGER) | R(ADMINISTRATOR)},
		{"reader", R(BOARD)},
		{"today", READERS | R(SCHOOL) | R(LEAD)},
		{"timeline", READERS | R(SCHOOL) | R(LEAD)}, /* of a school or lead its own entries */
		{"year", READERS | R(SCHOOL) | R(LEAD)},
		{"school", READERS | R(SCHOOL)},
		{"authority", READERS | R(SCHOOL)},
		{"names", READERS | R(SCHOOL)},
		{"cases", READERS | R(SCHOOL) | R(LEAD)},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (slice_is(what, table[i].what))
			return table[i].may >> role & 1;
	return true; /* no such question: said so further on */
}

bool access_reads_all(uint8_t role)
{
	return (READERS >> role) & 1;
}

static bool among(const uint32_t numbers[], uint16_t count, uint32_t wanted)
{
	for (uint16_t i = 0; i < count; i++)
		if (numbers[i] == wanted)
			return true;
	return false;
}

bool access_school(const struct principal *p, uint32_t urn)
{
	if (p->role == ROLE_CONNECTOR || p->role == ROLE_SCHOOL)
		return among(p->schools, p->school_count, urn);
	return access_reads_all(p->role);
}

/* A lead sees the cases it is named on, and those cases' pupils. */
bool access_alert(const struct principal *p, uint32_t urn, uint32_t case_no)
{
	if (p->role == ROLE_LEAD)
		return case_no && among(p->cases, p->case_count, case_no);
	if (p->role == ROLE_CONNECTOR || p->role == ROLE_BOARD)
		return false;
	return access_school(p, urn);
}

/* Whoever reads all to see that all is right is told of everything. */
bool access_for_role(const struct principal *p, uint32_t tells)
{
	return !tells || (tells | R(AUDITOR) | R(ADMINISTRATOR)) >> p->role & 1;
}

bool access_told(const struct principal *p, const struct alert *a)
{
	return access_alert(p, a->urn, a->case_no) && access_for_role(p, a->tells);
}

bool access_pupil(struct engine *e, const struct principal *p, uint32_t pupil, uint32_t urn)
{
	struct key key;
	struct slice value;

	if (p->role != ROLE_LEAD)
		return p->role != ROLE_CONNECTOR && access_school(p, urn);
	for (uint16_t i = 0; i < p->case_count; i++) {
		key = key_u32_u32(pupil, p->cases[i]);
		if (e->state.txn && store_get(e->state.txn, TABLE_PUPIL_CASES, key_slice(&key), &value) == STORE_OK)
			return true;
	}
	return false;
}
