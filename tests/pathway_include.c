/* pathway_include.c - a file and those that it includes: what adds up, what stands
 * against what, and where a fault is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "pathways/bundle.h"

static uint8_t room[PATHWAY_SIZE_MAX];
static struct compile_report report;

#define HEAD "pathway: p\ntitle: T\nsource: S\ninclude: [nation.yaml]\n" \
	"stages: {open: Open, shut: Shut}\nfirst stage: open\nclosed stage: shut\n"
#define END "    title: End\n    may record: [officer]\n    moves to: shut\n"
#define ACTIONS "actions:\n  end:\n" END
#define NATION "--- # file nation.yaml\ntitle: The nation\nsource: An act\n"
#define COUNT(name, fixed, number) "watches:\n  " name ":\n    kind: count\n    codes: [G, N, O, U]\n    at least: " number "\n    text: x\n" fixed

static bool compile(const char *text, struct pathway *p)
{
	struct writer out = writer_of(room, sizeof room);

	return pathway_compile(slice_text(text), &out, &report) && pathway_decode(p, writer_slice(&out));
}

static struct pathway *good(const char *text)
{
	struct pathway *p = calloc(1, sizeof *p);

	assert_non_null(p);
	if (!compile(text, p))
		fail_msg("%s:%u:%u: %s", report.files[report.faults[0].file], report.faults[0].line, report.faults[0].column,
		         report.faults[0].text);
	return p;
}

static void sections_add_up(void **state)
{
	struct pathway *p = good(HEAD ACTIONS "  note:\n    title: Note\n    may record: [school]\n"
	                         NATION COUNT("threshold", "", "10") "actions:\n  more:\n    title: More\n    may record: [officer]\n");

	(void)state;
	assert_int_equal(p->action_count, 3);
	assert_true(pathway_action(p, slice_text("more")) >= 0);
	assert_int_equal(p->threshold, 10);
	assert_true(slice_is(p->title, "T")); /* an included file's own is for its readers */
	free(p);
	/* what is included may include, by a path from where it stands, and be included twice */
	p = good("pathway: p\ntitle: T\nsource: S\ninclude: [parts/a.yaml, nation.yaml]\nstages: {open: Open, shut: Shut}\n"
	         "first stage: open\nclosed stage: shut\n" ACTIONS
	         "--- # file parts/a.yaml\ninclude: [../nation.yaml]\n" NATION COUNT("threshold", "", "7"));
	assert_int_equal(p->threshold, 7);
	free(p);
}

static void the_one_that_includes_may_replace(void **state)
{
	struct pathway *p = good(HEAD ACTIONS COUNT("threshold", "    replaces: yes\n", "8") NATION COUNT("threshold", "", "10"));

	(void)state;
	assert_int_equal(p->threshold, 8);
	assert_int_equal(p->watch_count, 1);
	free(p);
}

struct row {
	const char *text;
	const char *file;
	unsigned line;
	const char *says;
};

static void what_is_wrong_is_told_where_it_stands(void **state)
{
	static const struct row rows[] = {
		{HEAD ACTIONS COUNT("threshold", "", "8") NATION COUNT("threshold", "", "10"), "", 14, "stands in nation.yaml too, line 4"},
		{HEAD ACTIONS COUNT("threshold", "    replaces: yes\n", "8") NATION COUNT("threshold", "    fixed: yes\n", "10"), "", 14, "is fixed in nation.yaml"},
		{HEAD ACTIONS COUNT("threshold", "    replaces: yes\n", "8") NATION, "", 14, "replaces nothing"},
		{HEAD ACTIONS COUNT("threshold", "    replaces: maybe\n", "8") NATION COUNT("threshold", "", "10"), "", 19, "is yes, or isn't said"},
		{HEAD ACTIONS, "", 4, "nation.yaml is included and not at hand"},
		{HEAD ACTIONS NATION "include: [nation.yaml]\n", "nation.yaml", 3, "a circle"},
		{HEAD ACTIONS NATION "--- # file lost.yaml\ntitle: L\n", "lost.yaml", 1, "nothing includes this file"},
		{HEAD ACTIONS NATION "first stage: open\n", "", 6, "\"first stage\" stands in nation.yaml too"},
		{HEAD ACTIONS NATION COUNT("threshold", "", "many"), "nation.yaml", 7, "number"},
		{HEAD ACTIONS NATION "watches: [", "nation.yaml", 4, "not YAML"},
		{HEAD ACTIONS NATION "watches:\n\tx: 1\n", "nation.yaml", 4, "a tab"},
		{HEAD ACTIONS "--- # file nation.yaml\n", "nation.yaml", 1, "empty"},
		{"pathway: p\ninclude: nation.yaml\n" ACTIONS NATION, "", 2, "\"include\" is a list"},
		{"pathway: p\ninclude: [{a: b}]\n" ACTIONS NATION, "", 2, "named by its path"},
	};
	struct pathway *p = calloc(1, sizeof *p);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool found = false;

		assert_false(compile(rows[i].text, p));
		for (unsigned j = 0; j < report.count; j++)
			found = found || (!strcmp(report.files[report.faults[j].file], rows[i].file) &&
			                  report.faults[j].line == rows[i].line && strstr(report.faults[j].text, rows[i].says) != NULL);
		if (!found)
			fail_msg("row %zu: %s:%u: %s", i, report.files[report.faults[0].file], report.faults[0].line, report.faults[0].text);
	}
	free(p);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void files_are_gathered_into_one_text(void **state)
{
	char dir[] = "/tmp/attend-include-XXXXXX", path[300], why[512];
	size_t size;
	char *text;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/parts", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	put_file(dir, "main.yaml", "include: [parts/a.yaml, b.yaml]\npathway: p"); /* without a line's end */
	put_file(dir, "parts/a.yaml", "include: [../b.yaml, c.yaml]\n");
	put_file(dir, "b.yaml", "title: B\n");
	put_file(dir, "parts/c.yaml", "include: [../main.yaml]\ntitle: C\n");
	snprintf(path, sizeof path, "%s/main.yaml", dir);
	text = bundle_gather(path, &size, why, sizeof why);
	assert_non_null(text);
	assert_int_equal(size, strlen(text));
	assert_string_equal(text, "include: [parts/a.yaml, b.yaml]\npathway: p\n"
	                    "--- # file parts/a.yaml\ninclude: [../b.yaml, c.yaml]\n"
	                    "--- # file b.yaml\ntitle: B\n"
	                    "--- # file parts/c.yaml\ninclude: [../main.yaml]\ntitle: C\n"
	                    "--- # file main.yaml\ninclude: [parts/a.yaml, b.yaml]\npathway: p");
	/* which, saved as it is, gathers to the same */
	put_file(dir, "main.yaml", text);
	free(text);
	text = bundle_gather(path, &size, why, sizeof why);
	assert_non_null(strstr(text, "--- # file parts/c.yaml"));
	assert_null(strstr(strstr(text, "--- # file b.yaml") + 1, "--- # file b.yaml"));
	free(text);
	put_file(dir, "main.yaml", "title: x\ninclude:\n  - gone.yaml\n");
	assert_null(bundle_gather(path, &size, why, sizeof why));
	assert_non_null(strstr(why, "main.yaml:3:5: can't include"));
	assert_non_null(strstr(why, "gone.yaml: No such file"));
	snprintf(path, sizeof path, "%s/none.yaml", dir);
	assert_null(bundle_gather(path, &size, why, sizeof why));
	assert_non_null(strstr(why, "none.yaml: No such file"));
	for (const char *const *name = (const char *const[]){"main.yaml", "b.yaml", "parts/a.yaml", "parts/c.yaml", "parts", "", NULL}; *name; name++) {
		snprintf(path, sizeof path, "%s/%s", dir, *name);
		assert_int_equal(remove(path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_add_up),
		cmocka_unit_test(the_one_that_includes_may_replace),
		cmocka_unit_test(what_is_wrong_is_told_where_it_stands),
		cmocka_unit_test(files_are_gathered_into_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
