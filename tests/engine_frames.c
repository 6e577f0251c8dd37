/* A frame of items is one that any client takes, and a page too: of so many, or of so many bytes. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

enum { ITEMS_MAX = 256, BYTES_MAX = 256 * 1024 };

static struct host h;

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z"});
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_end(&h);
	return 0;
}

/* The largest frames of items, in items and in bytes, and how many items came in all. */
struct largest {
	unsigned items, count;
	size_t bytes;
};

static void look(struct largest *l)
{
	for (unsigned i = 0; i < h.count; i++) {
		unsigned items;

		if (h.answers[i].command != COMMAND_ITEMS)
			continue;
		items = times_in(h.answers[i].text, "\"recorded\":");
		l->count += items;
		l->items = items > l->items ? items : l->items;
		l->bytes = h.answers[i].body.size > l->bytes ? h.answers[i].body.size : l->bytes;
	}
}

static struct largest read_all(void)
{
	struct largest l = {0};

	host_begin(&h);
	host_put(&h, AUDITOR, COMMAND_SUBSCRIBE, NULL, "{'what':'log','from':1,'credit':100000}");
	host_commit(&h);
	for (look(&l); l.count < host_head(&h); look(&l)) {
		host_begin(&h);
		host_commit(&h);
		assert_true(h.count > 0);
	}
	assert_int_equal(l.count, host_head(&h));
	return l;
}

static void some_events(unsigned count)
{
	char key[Z85_KEY_SIZE + 1];

	host_key_text(key, SPARE);
	host_begin(&h);
	while (count--)
		host_put(&h, ADMIN, COMMAND_GRANT, NULL, "{'key':'%s','role':'auditor'}", key);
	host_commit(&h);
}

static void of_small_ones_256(void **context)
{
	(void)context;
	some_events(ITEMS_MAX + 100);
	assert_int_equal(read_all().items, ITEMS_MAX);
}

/* And a page of an answer a thousand, however many are asked for. */
static void a_page_has_a_thousand(void **context)
{
	const struct answer *a;

	(void)context;
	some_events(1100);
	a = host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log','limit':5000}");
	assert_answer(a, STATUS_OK, "\"next\":1001");
	assert_int_equal(times_in(a->text, "\"recorded\":"), 1000);
}

/* Of large ones as many as stay under it, and one that goes beyond. */
static void of_large_ones_256_kib(void **context)
{
	enum { TEXT = 3000, ONE = 5 * TEXT + 1000 };
	static char text[TEXT + 1];
	char upn[UPN_SIZE + 1];
	struct largest l;

	(void)context;
	memset(text, 'x', TEXT);
	host_begin(&h);
	for (unsigned i = 0; i < 40; i++) {
		host_upn(upn, i + 1);
		host_put(&h, CONNECTOR, COMMAND_MARKS, NULL,
			 "{'urn':'" SCHOOL_URN "','registers':[['2026-09-07','AM',[['%s','N',{'comment':'%s'}]]],['2026-09-07','PM',[['%s','N',{'comment':'%s'}]]],"
			 "['2026-09-08','AM',[['%s','N',{'comment':'%s'}]]],['2026-09-08','PM',[['%s','N',{'comment':'%s'}]]],['2026-09-09','AM',[['%s','N',{'comment':'%s'}]]]]}",
			 upn, text, upn, text, upn, text, upn, text, upn, text);
	}
	host_commit(&h);
	l = read_all();
	assert_in_range(l.bytes, BYTES_MAX, BYTES_MAX + 2 * ONE);
	assert_true(l.items < ITEMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_small_ones_256, setup, teardown),
		cmocka_unit_test_setup_teardown(of_large_ones_256_kib, setup, teardown),
		cmocka_unit_test_setup_teardown(a_page_has_a_thousand, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
