/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tell.h"

#include "daemon/journal.h"
#include "daemon/supervise.h"

enum { STATUS_MS = 10000 };

static const char *const problem_names[] = {
#define X(name, text) text,
	PROBLEMS(X)
#undef X
};

static void tell_problems(struct tell *tell, struct engine *engine)
{
	unsigned problems = engine_problems(engine), changed = problems ^ tell->problems;
	char text[PROBLEM_SIZE], room[JOURNAL_QUOTED_SIZE];

	for (unsigned i = 0; changed && i < PROBLEM_COUNT; i++)
		if (changed & problems & 1u << i)
			journal(JOURNAL_PROBLEM_BEGAN, "problem=%s reason=%s", problem_names[i],
			        journal_quoted(room, engine_problem_text(engine, (enum problem)i, text)));
		else if (changed & 1u << i)
			journal(JOURNAL_PROBLEM_ENDED, "problem=%s", problem_names[i]);
	if (changed)
		tell->status_ms = 0;
	tell->problems = problems;
}

void tell_status(struct tell *tell, struct engine *engine, const char *endpoint, uint64_t monotonic_ms)
{
	const uint64_t *shell = engine_metrics(engine)->shell;
	uint64_t refused = shell[SHELL_HANDSHAKES_REFUSED];

	tell_problems(tell, engine);
	if (tell->status_ms && monotonic_ms - tell->status_ms < STATUS_MS)
		return;
	tell->status_ms = monotonic_ms;
	if (refused > tell->refused)
		journal(JOURNAL_HANDSHAKES_REFUSED, "count=%llu total=%llu",
		        (unsigned long long)(refused - tell->refused), (unsigned long long)refused);
	tell->refused = refused;
	uint64_t away = shell[SHELL_TURNED_AWAY];
	if (away > tell->turned_away)
		journal(JOURNAL_TURNED_AWAY, "count=%llu total=%llu open=%llu", (unsigned long long)(away - tell->turned_away),
		        (unsigned long long)away, (unsigned long long)engine_metrics(engine)->connections);
	tell->turned_away = away;
	supervise_status("%s%s; %llu frames, %llu refused handshakes, %llu replies nobody took",
	                 tell->problems ? "NOT WELL, attend health says why; " : "", endpoint,
	                 (unsigned long long)shell[SHELL_FRAMES], (unsigned long long)refused,
	                 (unsigned long long)shell[SHELL_UNSENT]);
}
