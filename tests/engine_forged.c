/* Records of the log that are well made and say what can't be, as a mistake of ours would leave them: of a case, a pupil,
 * an alert that there is not, of a deadline beyond its case's, of a time that runs backwards. `verify` tells of each, and
 * falls over none.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "daemon/verify.h"
#include "tests/engine_sick.h"

enum { NONE = 5000 };

static struct host h;

static int setup(void **context)
{
	char upn[UPN_SIZE + 1];

	(void)context;
	sick_make_whole(&h);
	host_upn(upn, 2); /* a breach that grows */
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-10-19','parent':'p1','override':'r'}", upn),
		      STATUS_OK, NULL);
	host_mark(&h, SCHOOL_URN, 2, "2026-10-20", "AM", "O");
	host_mark(&h, SCHOOL_URN, 2, "2026-10-20", "PM", "O");
	host_keep_data(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_back_to_kept_data(&h);
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static void put(uint64_t position, struct slice record)
{
	struct key key = key_u64(position);
	struct txn *txn;

	assert_int_equal(store_begin(h.engine->store, true, &txn), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_LOG, key_slice(&key), record), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
}

static bool take(void *context, uint64_t position, struct slice record)
{
	struct slice *found = context;
	uint8_t *copy = malloc(record.size);

	(void)position;
	memcpy(copy, record.bytes, record.size);
	*found = slice_of(copy, record.size);
	return false;
}

/* The caller frees it. */
static struct slice record_at(uint64_t position)
{
	struct slice found = {0};
	struct txn *txn = engine_read(h.engine);

	engine_log_at(h.engine, txn, position, take, &found);
	engine_read_end(h.engine, txn);
	assert_non_null(found.bytes);
	return found;
}

#define FORGERIES(X) \
	X(ACTION_RECORDED, "of no case", "an event can't be applied, at", ev->action_recorded.case_no = NONE, !ev->action_recorded.opens) \
	X(ACTION_RECORDED, "on no pathway", "an event can't be applied, at", ev->action_recorded.pathway_version = NONE, ev->action_recorded.opens) \
	X(ACTION_RECORDED, "of nobody", "WRONG", ev->action_recorded.pupil = NONE, true) \
	X(ACTION_RECORDED, "of another name", "WRONG", ev->action_recorded.name = slice_text("nothing"), !ev->action_recorded.opens) \
	X(ACTION_RECORDED, "of no time before", "time runs backwards at", ev->at_ms = 1000, true) \
	X(CASE_MOVED, "of no case", "an event can't be applied, at", ev->case_moved.case_no = NONE, true) \
	X(CASE_MOVED, "to no pathway", "an event can't be applied, at", ev->case_moved.pathway = slice_text("nowhere"), true) \
	X(CASE_MOVED, "to no stage", "WRONG", ev->case_moved.stage = slice_text("nowhere"), true) \
	X(DEADLINE_FIRED, "of no case", "an event can't be applied, at", ev->deadline_fired.case_no = NONE, true) \
	X(DEADLINE_FIRED, "that the case has not", "WRONG", ev->deadline_fired.deadline = 200, true) \
	X(ALERT_RAISED, "of no case", "WRONG", ev->alert_raised.case_no = NONE, ev->alert_raised.case_no) \
	X(ALERT_RAISED, "of a deadline that the case has not", "WRONG", ev->alert_raised.deadline = 200, ev->alert_raised.kind == ALERT_BREACH) \
	X(ALERT_RAISED, "of nobody", "WRONG", ev->alert_raised.pupil = NONE, ev->alert_raised.kind == ALERT_THRESHOLD) \
	X(ALERT_CHANGED, "that is none", "WRONG", ev->alert_changed.alert = NONE, true) \
	X(ALERT_WITHDRAWN, "that is none", "WRONG", ev->alert_withdrawn.alert = NONE, true) \
	X(ALERT_WITHDRAWN, "of a deadline that the case has not", "WRONG", ev->alert_withdrawn.deadline = 200, ev->alert_withdrawn.kind == ALERT_BREACH) \
	X(ALERT_ACKNOWLEDGED, "that is none", "WRONG", ev->alert_acknowledged.alert = NONE, true) \
	X(PUPIL_REGISTERED, "out of the row", "WRONG", ev->pupil_registered.pupil = NONE, true) \
	X(ROSTER_RECORDED, "of nobody", "WRONG", ev->roster_recorded.pupil = NONE, true) \
	X(PUPIL_FACT, "of nobody", "WRONG", ev->pupil_fact.pupil = NONE, true) \
	X(PUPILS_LINKED, "of nobody", "WRONG", ev->pupils_linked.pupil = NONE, true) \
	X(PUPILS_LINKED, "with nobody", "WRONG", ev->pupils_linked.other = NONE, true) \
	X(PATHWAY_LOADED, "of what is none", "an event can't be applied, at", ev->pathway_loaded.compiled = slice_text("x"), true) \
	X(PATHWAY_CHOSEN, "that is not loaded", "WRONG", ev->pathway_chosen.pathway = slice_text("nowhere"), true) \
	X(MEETING_OFFERED, "of no name", "WRONG", ev->meeting_offered.meeting = slice_text(""), true) \
	X(TASK_DONE, "that is none", "WRONG", ev->task_done.task = slice_text("nothing"), true) \
	X(TASK_DONE, "of a school that is none", "WRONG", ev->task_done.urn = 999999, true) \
	X(ACCESS_REVOKED, "from nobody", "WRONG", memset(ev->access_revoked.key, 7, PUBLIC_KEY_SIZE), true) \
	X(COVER_NAMED, "for nobody", "WRONG", memset(ev->cover_named.officer, 7, PUBLIC_KEY_SIZE), true)

struct forgery {
	uint8_t kind;
	const char *what, *says;
};

static const struct forgery forgeries[] = {
#define X(kind, what, says, spoil, fits) {EVENT_##kind, what, says},
	FORGERIES(X)
#undef X
};

/* Spoils an event as the nth says; false: it is of another kind, or doesn't fit. */
static bool forge(struct event *ev, unsigned n)
{
	unsigned at = 0;

#define X(name, what, says, spoil, fits) \
	if (at++ == n) { \
		if (ev->kind != EVENT_##name || !(fits)) \
			return false; \
		spoil; \
		return true; \
	}
	FORGERIES(X)
#undef X
	return false;
}

/* The newest event that the forgery fits, as it was and as it is then; 0: there is none. */
static uint64_t forged(unsigned n, struct slice *was, struct slice *now)
{
	static uint8_t room[1 << 18];
	struct event *ev = malloc(sizeof *ev);
	uint64_t position = host_head(&h);
	bool found = false;

	for (; position; position--) {
		*was = record_at(position);
		assert_true(event_decode(ev, *was, true));
		found = forge(ev, n);
		if (found)
			break;
		free((void *)(uintptr_t)was->bytes);
	}
	if (found) {
		struct writer w = writer_of(room, sizeof room);

		event_encode(&w, ev);
		assert_false(w.full);
		*now = writer_slice(&w);
	}
	free(ev);
	return position;
}

static void each_is_told(void **context)
{
	(void)context;
	for (unsigned n = 0; n < sizeof forgeries / sizeof *forgeries; n++) {
		const struct forgery *f = &forgeries[n];
		struct slice was, now;
		uint64_t position = forged(n, &was, &now);
		char *told;

		if (!position)
			fail_msg("no %s for: %s", event_kind_text(f->kind), f->what);
		put(position, now);
		if (host_verify(&h, &told) != 1 || !strstr(told, f->says))
			fail_msg("%s %s: %s", event_kind_text(f->kind), f->what, told);
		free(told);
		put(position, was);
		free((void *)(uintptr_t)was.bytes);
	}
}

/* Of very many faults as many are told as somebody reads, and all are counted. */
static void more_than_are_told(void **context)
{
	struct txn *txn;
	char *told;

	(void)context;
	assert_int_equal(store_begin(h.engine->store, true, &txn), STORE_OK);
	for (uint32_t i = 0; i < 60; i++) {
		struct key key = key_u32(6000 + i);

		assert_int_equal(store_put(txn, TABLE_PUPILS, key_slice(&key), slice_text("nothing")), STORE_OK);
	}
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_int_equal(host_verify(&h, &told), 1);
	assert_non_null(strstr(told, "FAILED 60 faults"));
	assert_int_equal(times_in(told, "WRONG"), 50);
	free(told);
	host_back_to_kept_data(&h);
	host_keep_data(&h);
}

/* What keeps a store from being looked through is told, and counts as a fault. */
static void a_store_that_can_not_be_opened(void **context)
{
	static const struct { const char *file, *says; } files[] = {
		{"store.key", "WRONG  store.key"}, {"persons.keys", "WRONG  persons.keys"}, {"data.mdb", "WRONG  the store can't be opened"},
	};

	(void)context;
	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		char dir[300], path[400], *told = NULL;
		size_t size;
		FILE *out = open_memstream(&told, &size);

		snprintf(dir, sizeof dir, "%s.copy", h.kept);
		sick_copy(h.kept, dir);
		snprintf(path, sizeof path, "%s/%s", dir, files[i].file);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(verify_store(dir, out), 1);
		fclose(out);
		if (!strstr(told, files[i].says) || !strstr(told, "FAILED 1 faults"))
			fail_msg("%s: %s", files[i].file, told);
		free(told);
		host_remove_dir(dir);
	}
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_is_told),
		T(more_than_are_told),
		T(a_store_that_can_not_be_opened),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
