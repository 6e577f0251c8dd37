/* Events of a log of before: what followed from them then follows still. That a deadline fell due, version 1,
 * knew no notices of earlier cases; a calendar, version 1, kept only what moved a last day. SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .pathway = "tests/data/earlier.yaml"});
	host_upn(upn, 1);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-11", "AM", "/");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void does(const char *action)
{
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%s','parent':'p1'}", upn, action), STATUS_OK, NULL);
}

static const char *the_case(const char *id)
{
	return host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'%s'}", id)->text;
}

/* How many deadlines the second case has once its first fell due, as an event of that version says. */
static unsigned deadlines_after(uint8_t version)
{
	struct engine *e = h.engine;
	struct txn *txn = engine_read(e);
	struct state *s = shadow_open(e, txn, 1, e->committed);
	struct case_state *c = calloc(1, sizeof *c);
	struct event ev = {.kind = EVENT_DEADLINE_FIRED, .version = version};
	unsigned count;

	assert_non_null(s);
	assert_int_equal(state_case_load(s, 2, c), STORE_OK);
	assert_int_equal(c->deadline_count, 1);
	ev.at_ms = c->deadlines[0].due_ms;
	ev.deadline_fired = (struct event_deadline_fired){.case_no = 2, .deadline = 1, .phase = PHASE_DUE, .due_ms = ev.at_ms};
	assert_int_equal(state_apply(s, &ev, e->committed + 1), STORE_OK);
	assert_int_equal(state_case_load(s, 2, c), STORE_OK);
	count = c->deadline_count;
	free(c);
	shadow_close(&s);
	engine_read_end(e, txn);
	return count;
}

static void old_events_count_as_they_did(void **context)
{
	(void)context;
	does("fine");
	does("close");
	does("fine");
	assert_int_equal(deadlines_after(1), 1);
	assert_int_equal(deadlines_after(2), 2);
	/* what is written today is the newer one */
	host_set_time(&h, "2026-10-20T09:00:00Z");
	host_turns(&h);
	assert_non_null(strstr(the_case("C2"), "\"kind\":\"second\""));
	assert_null(strstr(the_case("C1"), "\"kind\":\"second\""));
}

/* Is the deadline provisional once a calendar that moves no day was loaded, by an event of that version? */
static bool provisional_after(uint8_t version)
{
	struct engine *e = h.engine;
	struct txn *txn = engine_read(e);
	struct state *s = shadow_open(e, txn, 1, e->committed);
	struct case_state *c = calloc(1, sizeof *c);
	struct event *ev = calloc(1, sizeof *ev);
	bool provisional;

	*ev = (struct event){.kind = EVENT_CALENDAR_LOADED, .version = version, .at_ms = h.now_ms};
	ev->calendar_loaded.row_count = 1;
	ev->calendar_loaded.rows[0] = (struct calendar_row){.from = (uint16_t)day_of(2026, 9, 1), .to = (uint16_t)day_of(2026, 12, 18), .kind = CALENDAR_TERM};
	assert_non_null(s);
	assert_int_equal(state_apply(s, ev, e->committed + 1), STORE_OK);
	assert_int_equal(state_case_load(s, 1, c), STORE_OK);
	assert_int_equal(c->deadline_count, 1);
	provisional = c->deadlines[0].provisional;
	free(c);
	free(ev);
	shadow_close(&s);
	engine_read_end(e, txn);
	return provisional;
}

static void old_calendars_kept_what_moved_a_day(void **context)
{
	(void)context;
	does("wait");
	assert_true(provisional_after(1));
	assert_false(provisional_after(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(old_events_count_as_they_did, setup, teardown),
		cmocka_unit_test_setup_teardown(old_calendars_kept_what_moved_a_day, setup, teardown),
	};

	return cmocka_run_group_tests_name("engine_earlier", tests, NULL, NULL);
}
