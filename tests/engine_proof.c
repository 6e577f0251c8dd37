/* Evidence: every event proven and every growth of the log, checked by the side that
 * holds no log; and verify finds what was tampered with.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[4][UPN_SIZE + 1];

/* A little of everything, so that no table is empty. */
static int setup(void **context)
{
	char key[Z85_KEY_SIZE + 1];

	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T15:30:00Z"});
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i + 1);
	for (unsigned i = 1; i <= 3; i++)
		host_marks(&h, SCHOOL_URN, i, "2026-09-07", "2026-09-11", "O");
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','x']]}");
	host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A','birth_date':'2014-01-02'}]}", upn[0]);
	host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", upn[0]);
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'looked-after'}", upn[0]), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", upn[0], upn[1]), STATUS_OK, NULL);
	host_key_text(key, MANAGER);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_COVER, "{'cover':'%s','until':'2026-10-01'}", key), STATUS_OK, NULL);
	host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'c','position':3}");
	engine_clock_stepped(h.engine, h.now_ms, 400000);
	host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}");
	for (unsigned day = 7; day <= 18; day++)
		if (day < 12 || day > 13) {
			char date[20];

			snprintf(date, sizeof date, "2026-09-%02u", day);
			for (unsigned pupil = day < 12 ? 4 : 2; pupil <= 4; pupil++) { /* so many that the tree keeps a hash */
				host_mark(&h, SCHOOL_URN, pupil, date, "AM", "/");
				host_mark(&h, SCHOOL_URN, pupil, date, "PM", "\\");
			}
		}
	host_restart(&h); /* writes the pupils' figures */
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

/* ---- proofs ---- */

static void hex_of(const char *text, const char *key, uint8_t hash[static HASH_SIZE])
{
	char wanted[40];
	const char *at;

	snprintf(wanted, sizeof wanted, "\"%s\":\"", key);
	at = strstr(text, wanted);
	assert_non_null(at);
	assert_true(hex_parse(slice_of(at + strlen(wanted), 2 * HASH_SIZE), hash, HASH_SIZE));
}

static void path_of(const char *text, struct proof *proof)
{
	const char *at = strstr(text, "\"path\":[");

	assert_non_null(at);
	proof->count = 0;
	for (at += strlen("\"path\":["); *at == '"' || *at == ','; at++)
		if (*at == '"') {
			assert_true(hex_parse(slice_of(at + 1, 2 * HASH_SIZE), proof->path[proof->count++], HASH_SIZE));
			at += 1 + 2 * HASH_SIZE;
		}
}

static void every_event_is_proven(void **context)
{
	struct proof *proof = malloc(sizeof *proof);
	uint64_t size = host_head(&h);

	(void)context;
	assert_true(size >= 64);
	for (uint64_t seq = 1; seq <= size; seq++) {
		const char *text = host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'prove','seq':%llu}", (unsigned long long)seq)->text;
		const char *leaf = strstr(text, "\"leaf\":\"") + 8;
		uint8_t root[HASH_SIZE], told[HASH_SIZE], hash[HASH_SIZE], *record = malloc(strlen(text));
		size_t record_size;

		assert_int_equal(number_of(text, "size"), size);
		assert_int_equal(sodium_base642bin(record, strlen(text), leaf, strcspn(leaf, "\""), NULL, &record_size, NULL,
						   sodium_base64_VARIANT_ORIGINAL),
				 0);
		tree_leaf_hash(hash, slice_of(record, record_size));
		hex_of(text, "leaf_hash", told);
		assert_memory_equal(hash, told, HASH_SIZE);
		hex_of(text, "root", root);
		path_of(text, proof);
		assert_true(tree_check_inclusion(hash, seq - 1, size, proof, root));
		/* it proves this event at this place and nothing else */
		assert_false(tree_check_inclusion(hash, seq % size, size, proof, root));
		record[record_size - 1] ^= 1;
		tree_leaf_hash(hash, slice_of(record, record_size));
		assert_false(tree_check_inclusion(hash, seq - 1, size, proof, root));
		free(record);
	}
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'prove','seq':%llu}", (unsigned long long)size + 1), STATUS_NOT_FOUND, NULL);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'prove','seq':0}"), STATUS_NOT_FOUND, NULL);
	free(proof);
}

static void every_growth_is_proven(void **context)
{
	struct proof *proof = malloc(sizeof *proof);
	uint64_t size = host_head(&h);
	uint8_t(*roots)[HASH_SIZE] = calloc(size + 1, HASH_SIZE);

	(void)context;
	for (uint64_t first = 1; first <= size; first++)
		for (uint64_t second = first; second <= size; second++) {
			const char *text = host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'consistency','first':%llu,'second':%llu}",
						    (unsigned long long)first, (unsigned long long)second)
						   ->text;
			uint8_t a[HASH_SIZE], b[HASH_SIZE];

			hex_of(text, "first_root", a);
			hex_of(text, "second_root", b);
			path_of(text, proof);
			assert_true(tree_check_consistency(first, second, a, b, proof));
			if (first == 1)
				memcpy(roots[second], b, HASH_SIZE);
			assert_memory_equal(a, roots[first], HASH_SIZE); /* one root a size */
			assert_memory_equal(b, roots[second], HASH_SIZE);
			if (first != second) {
				a[0] ^= 1;
				assert_false(tree_check_consistency(first, second, a, b, proof));
			}
		}
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'consistency','first':2,'second':1}"), STATUS_BAD_FIELD, NULL);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'consistency','first':1,'second':%llu}", (unsigned long long)size + 1), STATUS_BAD_FIELD, NULL);
	free(roots);
	free(proof);
}

/* The signed head is the root that the proofs lead to, and of what is on disk: a
 * batch that is under way is not proven yet. */
static void the_checkpoint_is_their_root(void **context)
{
	uint64_t size = host_head(&h);
	uint8_t root[HASH_SIZE], signed_root[HASH_SIZE];
	uint64_t signed_size = 0;
	char *note, *at;

	(void)context;
	hex_of(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'prove','seq':1}")->text, "root", root);
	host_begin(&h);
	host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'note'}", upn[0]);
	host_put(&h, AUDITOR, COMMAND_QUERY, NULL, "{'what':'checkpoint'}");
	host_put(&h, AUDITOR, COMMAND_QUERY, NULL, "{'what':'prove','seq':%llu}", (unsigned long long)size + 1);
	host_commit(&h);
	assert_int_equal(h.answers[0].status, STATUS_OK);
	assert_int_equal(h.answers[2].status, STATUS_NOT_FOUND);
	note = strdup(strstr(h.answers[1].text, "{\"note\":\"") + 9);
	at = strrchr(note, '"');
	*at = '\0';
	assert_true(note_open(slice_text(note), &h.engine->note, &signed_size, signed_root));
	assert_int_equal(signed_size, size);
	assert_memory_equal(signed_root, root, HASH_SIZE);
	note[strlen("Stockport\n")] ^= 1; /* another size under the same signature */
	assert_false(note_open(slice_text(note), &h.engine->note, &signed_size, signed_root));
	free(note);
}

/* ---- tampering: with the right checksums, by somebody who holds the store's key ---- */

static void put(enum table table, struct slice key, struct slice value)
{
	struct txn *txn;

	assert_int_equal(store_begin(h.engine->store, true, &txn), STORE_OK);
	assert_int_equal(store_put(txn, table, key, value), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
}

static void assert_found(const char *names)
{
	char *told;

	assert_int_equal(host_verify(&h, &told), 1);
	if (!strstr(told, names))
		fail_msg("nothing of %s in: %s", names, told);
	free(told);
}

static size_t nth_record(enum table table, uint64_t n, uint8_t key[static 600], size_t *key_size, uint8_t value[static 1 << 18])
{
	struct slice k, v;
	struct scan scan;
	struct txn *txn;
	size_t size = 0;

	assert_int_equal(store_begin(h.engine->store, false, &txn), STORE_OK);
	assert_int_equal(scan_open(&scan, txn, table, slice_of(NULL, 0)), STORE_OK);
	do
		assert_int_equal(scan_next(&scan, &k, &v), STORE_OK);
	while (n--);
	memcpy(key, k.bytes, k.size);
	*key_size = k.size;
	if (v.size)
		memcpy(value, v.bytes, v.size);
	size = v.size;
	scan_close(&scan);
	store_abort(&txn);
	return size;
}

static uint64_t records(enum table table)
{
	struct txn *txn;
	uint64_t count;

	assert_int_equal(store_begin(h.engine->store, false, &txn), STORE_OK);
	count = store_count(txn, table);
	store_abort(&txn);
	return count;
}

/* What verify calls it. */
static const char *name_of(enum table table)
{
	if (table == TABLE_LOG || table == TABLE_META)
		return "WRONG";
	return table == TABLE_PUPILS ? "pupil" : table_text(table);
}

static bool left_out(enum table table, const uint8_t *key, size_t size)
{
	struct slice k = slice_of(key, size);

	/* a cursor is nobody's projection; the schema is the store's own, and where the
	 * figures stand may be earlier than it need be */
	return table == TABLE_CURSORS || (table == TABLE_META && (slice_is(k, "schema") || slice_is(k, "pupils-from")));
}

/* Every record of every table, its first, middle and last byte in turn. */
static void one_byte_of_any_record(void **context)
{
	static uint8_t key[600], value[1 << 18];
	size_t key_size;
	unsigned tried = 0;

	(void)context;
	host_keep_data(&h);
	for (int t = 0; t < TABLE_COUNT; t++) {
		enum table table = (enum table)t;
		uint64_t count = records(table);

		assert_true(count > 0); /* nothing is left untried for want of a record */
		for (uint64_t n = 0; n < count; n += 1 + count / 3) {
			size_t size = nth_record(table, n, key, &key_size, value);
			size_t at[] = {0, size / 2, size - 1};

			if (left_out(table, key, key_size) || !size)
				continue;
			for (int i = 0; i < 3; i++) {
				char *told;

				value[at[i]] ^= 1;
				put(table, slice_of(key, key_size), slice_of(value, size));
				if (host_verify(&h, &told) != 1 || !strstr(told, name_of(table)))
					fail_msg("byte %zu of record %llu of %s: %s", at[i], (unsigned long long)n, table_text(table), told);
				free(told);
				value[at[i]] ^= 1;
				tried++;
			}
			put(table, slice_of(key, key_size), slice_of(value, size));
		}
	}
	assert_true(tried > 60);
	host_back_to_kept_data(&h);
}

static void a_record_taken_away(void **context)
{
	static uint8_t key[600], value[1 << 18];
	size_t key_size;

	(void)context;
	host_keep_data(&h);
	for (int t = 0; t < TABLE_COUNT; t++) {
		enum table table = (enum table)t;
		size_t size = nth_record(table, records(table) - 1, key, &key_size, value);
		struct txn *txn;
		char *told;

		if (left_out(table, key, key_size))
			continue;
		assert_int_equal(store_begin(h.engine->store, true, &txn), STORE_OK);
		assert_int_equal(store_delete(txn, table, slice_of(key, key_size)), STORE_OK);
		assert_int_equal(store_commit(&txn), STORE_OK);
		if (host_verify(&h, &told) != 1 || !strstr(told, name_of(table)))
			fail_msg("%s: %s", table_text(table), told);
		free(told);
		put(table, slice_of(key, key_size), slice_of(value, size));
	}
	host_back_to_kept_data(&h);
}

/* N in place of O in a register, the log made whole again round it: but for the tree. */
static void a_mark_changed_in_the_log(void **context)
{
	static uint8_t key[600], value[1 << 18];
	size_t key_size, size;
	uint64_t n = 0;
	struct event *ev = malloc(sizeof *ev);

	(void)context;
	host_keep_data(&h);
	do
		size = nth_record(TABLE_LOG, n++, key, &key_size, value);
	while (!event_decode(ev, slice_of(value, size), true) || ev->kind != EVENT_MARKS_RECORDED);
	value[size - 2] = CODE_I; /* the last mark's code, before the number of refusals */
	assert_true(event_decode(ev, slice_of(value, size), false));
	put(TABLE_LOG, slice_of(key, key_size), slice_of(value, size));
	assert_found("tree");
	assert_found("do not add up to the signed root");
	host_back_to_kept_data(&h);
	free(ev);
}

/* Figures that nobody wrote down, and a tail that starts too late to mend it. */
static void figures_left_behind(void **context)
{
	struct key pupil = key_u32(2), head = key_u64(host_head(&h));
	struct txn *txn;

	(void)context;
	host_keep_data(&h);
	assert_int_equal(store_begin(h.engine->store, true, &txn), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_META, slice_text("pupils-from"), key_slice(&head)), STORE_OK);
	assert_int_equal(store_delete(txn, TABLE_PUPILS, key_slice(&pupil)), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_found("number: 2");
	host_back_to_kept_data(&h);
}

/* The name stands in every checkpoint: one that can't is refused before a file is made. */
static void a_name_that_signs_no_checkpoint(void **context)
{
	static const char *const names[] = {"", "Stock\x01port", "Stock\xc2\xa0port", "Stock\xffport"};
	uint8_t admin[PUBLIC_KEY_SIZE] = {1};
	char dir[300], why[300];

	(void)context;
	snprintf(dir, sizeof dir, "%s.named", h.dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct engine_init init = {.dir = dir, .authority = names[i], .admin_key = admin, .now_ms = h.now_ms};

		why[0] = '\0';
		assert_int_equal(engine_create(&init, why, sizeof why), -1);
		assert_non_null(strstr(why, "authority's name"));
	}
	assert_int_equal(rmdir(dir), 0); /* empty */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_event_is_proven),
		T(every_growth_is_proven),
		T(the_checkpoint_is_their_root),
		T(one_byte_of_any_record),
		T(a_record_taken_away),
		T(a_mark_changed_in_the_log),
		T(figures_left_behind),
		T(a_name_that_signs_no_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
