/* Records that are not what their tables hold, though their checksums are right, as a mistake of ours would leave them: the
 * start says so, or what is asked does, and verify tells of each. Nothing ends the process.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <stdio.h>

#include "daemon/verify.h"
#include "store/secrets.h"
#include "store/store.h"

enum way { EMPTIED, CUT, LONGER, OTHER_FIRST, OTHER_LAST, ALL_ONES, KEY_CUT, KEY_LONGER, GONE, WAYS };

static struct host h;
static char whole[300], base[256];

static int setup(void **context)
{
	const char *tmp = getenv("TMPDIR");

	(void)context;
	snprintf(base, sizeof base, "%.200s/attend-unreadable.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(base));
	snprintf(whole, sizeof whole, "%s/whole", base);
	sick_make_whole(&h);
	host_close(&h);
	sick_copy(h.dir, whole);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_open(&h);
	host_end(&h);
	host_remove_dir(whole);
	host_remove_dir(base);
	return 0;
}

static struct store *open_store(void)
{
	struct store_options options = {.mode = STORE_WRITE};
	struct store_key key;
	struct store *store;
	char why[300] = "";

	assert_int_equal(store_key_read(h.dir, &key, why, sizeof why), 0);
	memcpy(options.check_key, key.check, sizeof options.check_key);
	if (store_open(&store, h.dir, &options, why, sizeof why) != STORE_OK)
		fail_msg("%s", why);
	return store;
}

/* Spoils the nth record of the table. False: there is no such, or it would be as before. */
static bool spoil(enum table table, unsigned n, enum way way)
{
	static uint8_t key_room[STORE_KEY_MAX + 1], room[1 << 18];
	struct store *store = open_store();
	struct slice key, value;
	struct scan scan;
	struct txn *txn;
	bool spoilt;

	assert_int_equal(store_begin(store, true, &txn), STORE_OK);
	assert_int_equal(scan_open(&scan, txn, table, slice_of(NULL, 0)), STORE_OK);
	do
		spoilt = scan_next(&scan, &key, &value) == STORE_OK;
	while (spoilt && n--);
	if (spoilt) {
		struct slice new_key, new_value;

		assert_true(value.size < sizeof room && key.size < sizeof key_room);
		memset(room, 0, value.size + 1);
		memset(key_room, 0, sizeof key_room);
		if (value.size)
			memcpy(room, value.bytes, value.size);
		memcpy(key_room, key.bytes, key.size);
		new_key = slice_of(key_room, key.size);
		new_value = slice_of(room, value.size);
		switch (way) {
		case EMPTIED: new_value.size = 0; break;
		case CUT: new_value.size -= value.size > 0; break;
		case LONGER: new_value.size++; break;
		case OTHER_FIRST: room[0] ^= value.size > 0; break;
		case OTHER_LAST: room[value.size ? value.size - 1 : 0] ^= value.size > 0; break;
		case ALL_ONES: memset(room, 0xff, value.size); break;
		case KEY_CUT: new_key.size -= key.size > 1; break;
		case KEY_LONGER: new_key.size++; break;
		case GONE:
		case WAYS: break;
		}
		spoilt = way == GONE || !slice_equal(value, new_value) || !slice_equal(key, new_key);
		scan_close(&scan);
		if (way == GONE || !slice_equal(slice_of(key_room, key.size), new_key)) {
			/* the store keeps no more than it is told, so this one first */
			uint8_t old[STORE_KEY_MAX];
			size_t size = way == KEY_CUT ? new_key.size + (new_key.size < STORE_KEY_MAX) : way == KEY_LONGER ? new_key.size - 1 : key.size;

			memcpy(old, key_room, size);
			assert_int_equal(store_delete(txn, table, slice_of(old, size)), STORE_OK);
		}
		if (way != GONE)
			assert_int_equal(store_put(txn, table, new_key, new_value), STORE_OK);
	}
	scan_close(&scan);
	assert_int_equal(store_commit(&txn), STORE_OK);
	store_close(&store);
	return spoilt;
}

static bool verifies(void)
{
	char *told = NULL;
	size_t size;
	FILE *out = open_memstream(&told, &size);
	bool well = verify_store(h.dir, out) == 0;

	fclose(out);
	free(told);
	return well;
}

struct seen {
	unsigned tried, refused, said, ended;
};

static void ask_all(struct seen *seen)
{
	bool said = false;

	for (unsigned i = 0; i < sick_question_count; i++) {
		const struct answer *a = sick_ask(&h, i);

		assert_non_null(a);
		said |= a->status == STATUS_DAMAGED || a->status == STATUS_FAILED;
	}
	seen->said += said;
}

/* What goes on from there: each is taken, or refused, or ends all with a word why. */
static void go_on(struct seen *seen)
{
	static const struct sick_step steps[] = {
		{OFFICER, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-10-19','AM',[['@1','O'],['@2','O'],['@3','O']]]]}"},
		{OFFICER, COMMAND_MARKS, "{'urn':'" OTHER_URN "','registers':[['2026-10-19','PM',[['@1','O'],['@4','O']]]]}"},
		{OFFICER, COMMAND_ACTION, "{'upn':'@2','action':'contact','on':'2026-10-20','override':'r'}"},
		{OFFICER, COMMAND_FACT, "{'upn':'@1','fact':'child-in-need','since':'2026-10-01'}"},
		{OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','Autumn 1'],['2026-11-02','2026-12-18','term','Autumn 2']]}"},
		{ADMIN, COMMAND_CLOCK, "{'to':'2026-12-20T09:00:00Z'}"},
		{ADMIN, COMMAND_CLOCK, "{'to':'2027-01-20T09:00:00Z'}"},
	};
	char json[1024];

	bool ended = false;

	h.now_ms = host_ms("2026-10-20T09:00:00Z");
	h.commit_failed = true; /* it may */
	for (unsigned i = 0; i < sizeof steps / sizeof *steps && !ended; i++) {
		sick_expand(&h, json, sizeof json, steps[i].json);
		host_begin(&h);
		host_put(&h, steps[i].who, steps[i].command, NULL, "%s", json);
		host_commit(&h);
		ended = !host_first(&h);
	}
	seen->ended += ended;
	h.commit_failed = false;
}

static bool spoil_and_look(enum table table, unsigned n, enum way way, struct seen *seen)
{
	char why[300] = "";
	struct engine_options options = {.dir = h.dir, .manual_clock = true};

	host_remove_dir(h.dir);
	sick_copy(whole, h.dir);
	if (!spoil(table, n, way))
		return false;
	seen->tried++;
	if (verifies())
		fail_msg("table %s, record %u, way %d: verify says nothing", table_text(table), n, (int)way);
	if (engine_open(&h.engine, &options, why, sizeof why) != 0) {
		assert_true(*why);
		seen->refused++;
		return true;
	}
	ask_all(seen);
	go_on(seen);
	host_close(&h);
	return true;
}

static void each_is_noticed(void **context)
{
	struct seen all = {0};

	(void)context;
	for (int table = 0; table < TABLE_COUNT; table++) { /* the scene has nothing in cursors, which are no projection */
		struct seen seen = {0};

		for (int way = 0; way < WAYS; way++) /* of the first record, or the third where there is one */
			if (way % 2 == 0 || !spoil_and_look((enum table)table, 2, (enum way)way, &seen))
				spoil_and_look((enum table)table, 0, (enum way)way, &seen);
		print_message("%-14s %3u spoilt: %3u refused at the start, %3u said when asked, %3u ended\n",
			      table_text((enum table)table), seen.tried, seen.refused, seen.said, seen.ended);
		all.tried += seen.tried;
		all.refused += seen.refused;
		all.said += seen.said;
		all.ended += seen.ended;
	}
	assert_true(all.tried > 130 && all.refused > 20 && all.said > 10 && all.ended > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(each_is_noticed, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
