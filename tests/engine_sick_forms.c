/* A value of a table is not of its form, though its checksum is right: a byte short, a byte long, or empty. A start refuses
 * it, or the questions that meet it say so and all others are answered as before; attendd verify finds it either way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/verify.h"
#include "store/secrets.h"

static struct host h;
static char base[256], world[300], try[300];
static char *right[128];
static struct store_key key;

static void remove_dir(const char *dir)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(dir);
}

static int setup(void **context)
{
	const char *tmp = getenv("TMPDIR");
	char why[300];

	(void)context;
	snprintf(base, sizeof base, "%.200s/attend-forms.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(base));
	snprintf(world, sizeof world, "%s/world", base);
	snprintf(try, sizeof try, "%s/try", base);
	sick_make(&h);
	for (unsigned i = 0; i < sick_step_count; i++) {
		sick_step(&h, i);
		host_turns(&h);
	}
	for (unsigned i = 0; i < sick_question_count; i++)
		right[i] = strdup(sick_ask(&h, i)->text);
	host_close(&h);
	sick_copy(h.dir, world);
	assert_int_equal(store_key_read(world, &key, why, sizeof why), 0);
	host_open(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	for (unsigned i = 0; i < sick_question_count; i++)
		free(right[i]);
	host_end(&h);
	remove_dir(world);
	remove_dir(try);
	rmdir(base);
	return 0;
}

enum way { SHORT, LONG, EMPTY, WAYS };

/* Writes the nth record of a table otherwise; false: there is none. */
static bool spoil(enum table table, unsigned nth, enum way way)
{
	struct store_options options = {.mode = STORE_WRITE};
	struct store *store;
	struct txn *txn;
	struct scan scan;
	struct slice k, v;
	static uint8_t name[STORE_KEY_MAX], value[1 << 20];
	size_t size = 0, name_size = 0;
	char why[300];

	remove_dir(try);
	sick_copy(world, try);
	memcpy(options.check_key, key.check, sizeof options.check_key);
	assert_int_equal(store_open(&store, try, &options, why, sizeof why), STORE_OK);
	assert_int_equal(store_begin(store, true, &txn), STORE_OK);
	assert_int_equal(scan_open(&scan, txn, table, slice_of(NULL, 0)), STORE_OK);
	for (unsigned i = 0; i <= nth && scan_next(&scan, &k, &v) == STORE_OK; i++)
		if (i == nth) {
			assert_true(v.size < sizeof value);
			memcpy(name, k.bytes, k.size);
			memcpy(value, v.bytes, v.size);
			name_size = k.size;
			size = v.size;
		}
	scan_close(&scan);
	value[size] = 1;
	if (name_size)
		assert_int_equal(store_put(txn, table, slice_of(name, name_size),
					   slice_of(value, way == SHORT && size ? size - 1 : way == EMPTY ? 0 : size + 1)), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	store_close(&store);
	return name_size > 0;
}

static unsigned refused, told, found;

static void look_at(enum table table, unsigned nth, enum way way)
{
	struct engine_options options = {.dir = try, .manual_clock = true};
	char why[400] = "", *said = NULL;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	snprintf(h.dir, sizeof h.dir, "%.255s", try);
	if (engine_open(&h.engine, &options, why, sizeof why) != 0) {
		refused++;
		if (!why[0])
			fail_msg("table %s, record %u, way %d: refused, and nothing said", table_text(table), nth, way);
	} else {
		for (unsigned i = (nth + way) % 2; i < sick_question_count; i += 2) {
			const struct answer *a;

			/* a root is that of the bytes, whatever they say; verify compares it */
			if (strstr(sick_questions[i].json, "'stats'") || strstr(sick_questions[i].json, "'consistency'") ||
			    strstr(sick_questions[i].json, "'prove'"))
				continue;
			a = sick_ask(&h, i);
			if (a->status == STATUS_DAMAGED || a->status == STATUS_FAILED)
				told++;
			else if (a->status != STATUS_OK || strcmp(a->text, right[i]) != 0)
				fail_msg("table %s, record %u, way %d: %s: %u %s\nwas %s", table_text(table), nth, way, sick_questions[i].json, a->status, a->text,
					 right[i]);
		}
		host_close(&h);
	}
	/* cursors are nobody's projection */
	if (verify_store(try, out) != 0)
		found++;
	else if (table != TABLE_CURSORS)
		fail_msg("table %s, record %u, way %d: verify found nothing", table_text(table), nth, way);
	fclose(out);
	free(said);
}

static void a_value_of_another_form_is_found(void **context)
{
	char own[256];
	unsigned spoilt = 0;

	(void)context;
	snprintf(own, sizeof own, "%s", h.dir);
	host_close(&h);
	for (enum table table = TABLE_LOG; table < TABLE_COUNT; table++)
		for (unsigned nth = 0; nth < 3; nth++)
			for (enum way way = SHORT; way < WAYS; way++)
				if (nth + (unsigned)way < 3 && spoil(table, nth, way)) {
					spoilt++;
					look_at(table, nth, way);
				}
	snprintf(h.dir, sizeof h.dir, "%s", own);
	host_open(&h);
	print_message("%u values: %u starts refused, %u answers that said so, verify found %u\n", spoilt, refused, told, found);
	assert_true(spoilt > 60 && refused > 20 && told > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_of_another_form_is_found),
	};

	return cmocka_run_group_tests_name("engine_sick_forms", tests, setup, teardown);
}
