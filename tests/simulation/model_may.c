/* Who may what: the contract's and the protocol's tables, written down once more by eye.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/simulation/model.h"

const char *const role_names[ROLES] = {"connector", "school", "lead", "officer", "manager", "auditor", "administrator", "board", "monitor"};

static const struct {
	uint8_t command;
	const char *who; /* the first letters of the roles: Connector School Lead Officer Manager auDitor Administrator Board mOnitor (x) */
} commands[] = {
	{HELLO, "CSLOMDABX"},
	{MARKS, "COMA"},
	{ROSTER, "COMA"},
	{ACTION, "SLOMA"},
	{CALENDAR, "OMA"},
	{PATHWAY, "A"},
	{GRANT, "A"},
	{REVOKE, "A"},
	{ACKNOWLEDGE, "OMA"},
	{CLOCK, "A"},
	{FACT, "SLOMA"},
	{LINK, "OMA"},
	{COVER, "OMA"},
	{MOVE, "MA"},
	{CHOOSE, "A"},
	{DESCRIBE, "OMA"},
	{TASK, "SOMA"},
	{QUERY, "CSLOMDABX"},
	{SUBSCRIBE, "SLOMDA"},
	{CREDIT, "SLOMDA"},
	{CURSOR, "SLOMDA"},
	{UNSUBSCRIBE, "SLOMDA"},
	{OFFER, "OMA"},
};

static const struct {
	const char *what, *who;
} queries[] = {
	{"health", "CSLOMDABX"}, {"calendar", "CSLOMDABX"}, {"reader", "B"},
	{"pupil", "SLOMDA"}, {"marks", "SLOMDA"}, {"case", "SLOMDA"}, {"actions", "SLOMDA"}, {"deadlines", "SLOMDA"}, {"alerts", "SLOMDA"},
	{"today", "SLOMDA"}, {"year", "SLOMDA"}, {"pathways", "SLOMDA"}, {"people", "SLOMDA"},
	{"report", "SOMDA"}, {"school", "SOMDA"}, {"schools", "SOMDA"}, {"authority", "SOMDA"},
	{"names", "SOMDA"}, {"cases", "SLOMDA"},
	{"log", "OMDA"}, {"timeline", "SLOMDA"}, {"checkpoint", "OMDA"}, {"prove", "OMDA"}, {"consistency", "OMDA"}, {"covers", "OMDA"},
	{"stats", "OMDAX"}, {"try", "MA"}, {"backup", "A"},
};

static char letter_of(enum role role)
{
	static const char letters[ROLES + 1] = "CSLOMDABX";

	return letters[role];
}

bool role_may(enum role role, uint8_t command)
{
	for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++)
		if (commands[i].command == command)
			return strchr(commands[i].who, letter_of(role)) != NULL;
	return false;
}

bool role_may_ask(enum role role, const char *what)
{
	for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++)
		if (!strcmp(queries[i].what, what))
			return strchr(queries[i].who, letter_of(role)) != NULL;
	return false;
}

bool role_reads_all(enum role role)
{
	return role == OFFICER || role == MANAGER || role == AUDITOR || role == ADMINISTRATOR;
}

void scope_take(struct actor *a, struct scope scope)
{
	if (a->was_count == SCOPES_MAX)
		memmove(a->was, a->was + 1, --a->was_count * sizeof *a->was);
	a->was[a->was_count++] = a->is;
	a->is = scope;
}

bool scope_subscribes(const struct scope *is, bool log)
{
	return is->granted && role_may(is->role, SUBSCRIBE) && role_may_ask(is->role, log ? "log" : "alerts");
}

/* Those that write, each with an id that is remembered. */
bool submits(uint8_t command)
{
	return (command >= MARKS && command <= TASK) || command == OFFER;
}

static bool of_school(const struct scope *who, int school)
{
	return school == SOME_SCHOOL || (school >= 0 && (who->schools >> school & 1));
}

bool alert_told(const struct scope *who, const struct alert *a, uint64_t position, bool surely)
{
	const struct home *home = home_at(a, position);
	bool sees = false;

	if (role_reads_all(who->role))
		sees = true;
	if (who->role == SCHOOL)
		sees = surely ? of_school(who, home->school) && of_school(who, home->or) : of_school(who, home->school) || of_school(who, home->or);
	if (who->role == LEAD)
		sees = a->case_number && a->case_number >= who->first_case && a->case_number <= who->last_case;
	if (a->tells && who->role != AUDITOR && who->role != ADMINISTRATOR)
		sees = sees && (a->tells >> who->role & 1);
	return sees;
}
