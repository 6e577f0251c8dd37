/* random_ledger.h - what the log says of deadlines and alerts, kept by other rules than the
 * engine's, and held against the cases and the alerts that the engine keeps.
 *
 * Of each deadline:
 *
 *        .-- moved, started again --.
 *        v                          |
 *   -> open ------------------------+--> met, missed, cancelled, and nothing after that
 *                                          but: missed, and met all the same (dated back);
 *                                          missed, and open for a newer date that it hangs on
 *
 * A phase fires as often as the deadline says that it has fired, at its instant, and what is
 * open is never older than now. Of each alert: raised once, then changed or withdrawn only
 * while it stands; a deadline's alerts come with the phase that fires them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RANDOM_LEDGER_H
#define TESTS_RANDOM_LEDGER_H

#include "tests/engine_host.h"

struct ledger;

/* What came about in all, for people to see that it was not nothing. */
struct ledger_totals {
	unsigned cases, closed, actions, opened, met, missed, cancelled, reopened, moved, told, fired[4];
	unsigned raised, changed, withdrawn, breaches, case_moves, school_moves;
};

struct ledger *ledger_open(void);
void ledger_close(struct ledger **);
/* Reads what was appended since; fails the test where something is not so. Returns how many
 * cases something was said about; their numbers are asked for with ledger_touched. */
unsigned ledger_look(struct ledger *, struct host *);
uint32_t ledger_touched(const struct ledger *, unsigned index);
/* At the end, when no case is open: nothing may be left that was opened and did not end; and
 * the table of alerts must say what the log does. Adds to the totals. */
void ledger_settle(struct ledger *, struct host *, struct ledger_totals *);

#endif
