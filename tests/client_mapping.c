/* Files of other programs: mappings, dates, JSON documents, what is no text at all.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/beside.h"
#include "client/encoding.h"
#include "client/entries.h"
#include "client/file.h"
#include "client/mark_rows.h"

static char told[8192];

static ssize_t read_slowly(void *context, void *room, size_t size)
{
	return text_read(context, room, size < 7 ? size : 7);
}

static struct mapping *read_mapping(const char *text, const char *school, const char *date, char why[600])
{
	return mapping_read(text, strlen(text), "m.yaml", MAPPING_MARKS, school, date, why, 600);
}

static struct mapping *mapping_of(const char *text)
{
	char why[600];
	struct mapping *m = read_mapping(text, NULL, NULL, why);
	if (!m)
		fail_msg("%s", why);
	return m;
}

static const char *rows_of(struct mapping *m, const char *text)
{
	struct text_left left = { text, strlen(text) };
	struct records *records = records_open(read_slowly, &left);
	struct mark_row row;
	char why[400];
	told[0] = '\0';
	struct mark_rows *rows = mark_rows_open(records, m, why, sizeof why);
	if (!rows)
		snprintf(told, sizeof told, "no: %s", why);
	while (rows && mark_rows_next(rows, &row)) {
		size_t used = strlen(told);
		if (row.fault)
			snprintf(told + used, sizeof told - used, "%d!%s: %s\n", (int)row.line, row.field, row.fault);
		else
			snprintf(told + used, sizeof told - used, "%d %s %s %s %s %s|%s|%d\n", (int)row.line, row.urn, row.mark.upn, row.mark.date,
			         row.mark.session, row.mark.code, row.mark.comment ? row.mark.comment : "", row.mark.minutes_late);
	}
	if (rows && mark_rows_failed(rows))
		snprintf(told + strlen(told), sizeof told - strlen(told), "failed: %s\n", mark_rows_failed(rows));
	if (rows && mark_rows_without(rows))
		snprintf(told + strlen(told), sizeof told - strlen(told), "without: %d\n", (int)mark_rows_without(rows));
	mark_rows_close(&rows);
	records_close(&records);
	return told;
}

#define WORDS "mapping: m\nfor: marks\nfile: csv\ndates: DD/MM/YYYY\n"
#define COLUMNS "columns:\n  urn: School\n  upn: [UPN, Pupil]\n  date: Day\n  session: Half\n  code: Mark\n  comment: Note\n"

static void a_date_is_read_by_the_form_named_and_no_other(void **state)
{
	(void)state;
	static const struct { const char *format, *text, *day; } cases[] = {
		{ "DD/MM/YYYY", "07/09/2026", "2026-09-07" }, { "MM/DD/YYYY", "07/09/2026", "2026-07-09" }, { "D/M/YY", "9/7/26", "2026-07-09" },
		{ "M/D/YY", "9/7/26", "2026-09-07" }, { "D/M/YYYY", "07/09/2026", "2026-09-07" }, { "DD/MM/YYYY", "7/9/2026", NULL },
		{ "DD/MM/YYYY", "31/02/2026", NULL }, { "DD/MM/YYYY", "29/02/2028", "2028-02-29" }, { "MM/DD/YYYY", "25/12/2026", NULL },
		{ "D MON YYYY", "7 September 2026", "2026-09-07" }, { "DD-MON-YY", "07-sep-26", "2026-09-07" }, { "D MON YYYY", "7 Sept 2026", NULL },
		{ "YYYYMMDD", "20260907", "2026-09-07" }, { "YYYY-MM-DD", "2026-09-07 00:00:00", NULL }, { "YYYY-MM-DD*", "2026-09-07T00:00:00Z", "2026-09-07" },
		{ "YYYY-MM-DD*", "2026-09-071", NULL }, { "DD/MM/YYYY", "07/09/20266", NULL }, { "DD/MM/YYYY", "", NULL }, { "DD/MM/YYYY", "07.09.2026", NULL },
		{ "DD/MM/YYYY", "07/09/1026", NULL },
	};
	char day[11];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(mapping_date_format_ok(cases[i].format));
		assert_int_equal(mapping_date(day, cases[i].format, cases[i].text), cases[i].day != NULL);
		if (cases[i].day)
			assert_string_equal(day, cases[i].day);
	}
	static const char *const wrong[] = { "", "DD/MM", "DD/MM/YYYY DD", "dd/mm/yyyy", "DD*MM/YYYY", "%d/%m/%Y", "DD/MM/YYYY hh:mm" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(mapping_date_format_ok(wrong[i]));
}

static void a_plain_file_asks_which_comes_first(void **state)
{
	(void)state;
	assert_string_equal(rows_of(NULL, "urn,upn,date,session,code\n123456,A1,07/09/2026,AM,/\n123456,A1,9/7/26,AM,/\n123456,A1,2026-09-07,AM,/\n"),
	                    "2!date: \"07/09/2026\": is the day or the month first? Say so with --date DD/MM/YYYY or --date MM/DD/YYYY; it is not guessed\n"
	                    "3!date: \"9/7/26\": is the day or the month first? Say so with --date DD/MM/YYYY or --date MM/DD/YYYY; it is not guessed\n"
	                    "4 123456 A1 2026-09-07 AM /||-1\n");
}

static void a_mapping_names_the_columns(void **state)
{
	(void)state;
	struct mapping *m = mapping_of(WORDS COLUMNS "values:\n  session: {AM: [Morning, \"1\"], PM: Afternoon}\n  code: {none: [\"\", \"-\"], J1: J, \"/\": Present}\n");
	assert_string_equal(rows_of(m, "Day,Half,Mark,Pupil,School,Form\n07/09/2026,Morning, Present ,A1,123456,7B\n08/09/2026,Afternoon,J,A1,123456,7B\n"
	                               "08/09/2026,1,-,A1,123456,7B\n09/09/2026,AM,,A1,123456,7B\n9/9/26,AM,N,A1,123456,7B\n10/09/2026,AM,H,A1,123456,7B\n1,2\n"),
	                    "2 123456 A1 2026-09-07 AM /||-1\n3 123456 A1 2026-09-08 PM J1||-1\n"
	                    "6!date: \"9/9/26\" is no date in the form DD/MM/YYYY, which the mapping says it has\n"
	                    "7!code: H is a code of before August 2024: leave is C where it was granted, G where it was not\n"
	                    "8!row: 2 fields where the header has 6\nwithout: 2\n");
	/* bound anew for each file: the columns stand elsewhere, the second name of the pupil's is there */
	assert_string_equal(rows_of(m, "UPN,Day,Half,Mark,School,Note\nA1,07/09/2026,AM,N,123456,caf\xe9\n"), "2 123456 A1 2026-09-07 AM N|caf\xc3\xa9|-1\n");
	assert_non_null(strstr(rows_of(m, "UPN,Date,Half,Mark,School\n"), "no: date: by the mapping m it stands in a column \"Day\""));
	assert_non_null(strstr(rows_of(m, "UPN,Day,Day,Half,Mark,School\n"), "Day: this column is there twice"));
	assert_non_null(strstr(rows_of(m, "{\"data\":[]}"), "this is JSON, and the mapping m is for CSV"));
	assert_non_null(strstr(rows_of(m, "<?xml version=\"1.0\"?><CTfile/>"), "this is XML"));
	mapping_close(&m);
	/* a heading in Windows-1252 is the one that a mapping, which is UTF-8, names */
	m = mapping_of(WORDS "school: 123456\ncolumns: {upn: \"Num\u00e9ro\", date: Day, session: Half, code: Mark}\n");
	assert_string_equal(rows_of(m, "Num\xe9ro,Day,Half,Mark\nA1,07/09/2026,AM,N\n"), "2 123456 A1 2026-09-07 AM N||-1\n");
	mapping_close(&m);
}

static void a_row_may_be_a_morning_and_an_afternoon(void **state)
{
	(void)state;
	struct mapping *m = mapping_of(WORDS "school: 654321\ncolumns: {upn: UPN, date: Day}\neach:\n  - {session: =AM, code: Morning, comment: \"{Why} ({Who})\"}\n"
	                               "  - {session: =PM, code: Afternoon}\nvalues:\n  code:\n    none: [\"\"]\n");
	assert_string_equal(rows_of(m, "UPN,Day,Morning,Afternoon,Why,Who\nA1,07/09/2026,N,\\,ill,Mum\nA2,07/09/2026,/,,,\n"),
	                    "2 654321 A1 2026-09-07 AM N|ill (Mum)|-1\n2 654321 A1 2026-09-07 PM \\||-1\n3 654321 A2 2026-09-07 AM /||-1\nwithout: 1\n");
	/* an afternoon that has lost its column is no afternoon without marks */
	assert_non_null(strstr(rows_of(m, "UPN,Day,Morning,Evening\nA1,07/09/2026,N,\\\n"), "no: code: by the mapping m it stands in a column \"Afternoon\""));
	mapping_close(&m);
}

static void what_is_wrong_with_a_mapping_is_told_with_its_place(void **state)
{
	(void)state;
	static const struct { const char *text, *fault; } cases[] = {
		{ WORDS "colums: {upn: UPN}\n", "m.yaml:5:1: \"colums\" is no word of a mapping" },
		{ WORDS "columns:\n  upm: UPN\n", "m.yaml:6:3: \"upm\" is nothing that attend has; it has urn, upn, date" },
		{ "for: roster\n", "this mapping is for: roster, so it is one for attend roster" },
		{ "for: marks\ndates: dd/mm/yyyy\n", "m.yaml:2:8: dates: of YYYY" },
		{ "for: marks\nschool: 123456\ncolumns: {upn: U, date: D, session: S, code: C}\n", "in which form are the dates of the file, day or month first?" },
		{ "for: marks\ndates: ask\nschool: 123456\ncolumns: {upn: U, date: D, session: S, code: C}\n", "in which form are the dates" },
		{ "for: marks\ndates: DD/MM/YYYY\ncolumns: {upn: U, date: D, session: S, code: C}\n", "which school are the rows of?" },
		{ WORDS "columns: {urn: X, upn: U, date: D, session: S}\n", "nothing for code" },
		{ WORDS "columns: {urn: \"{X\", upn: U, date: D, session: S}\n", "each { is closed by a }" },
		{ WORDS "columns: [a]\n", "a map is wanted" }, { WORDS "columns: &a {upn: U}\n", "anchors" }, { "a: b: c", "m.yaml:1:" },
		{ WORDS "each: {}\n", "each: a list of maps is wanted" }, { WORDS "file: xml\n", "stands twice" }, { "file: xml\n", "csv or json is wanted" },
	};
	char why[600];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_null(read_mapping(cases[i].text, NULL, NULL, why));
		if (!strstr(why, cases[i].fault))
			fail_msg("%s\nsaid: %s", cases[i].text, why);
	}
	/* What is missing may be given by options. */
	struct mapping *m = read_mapping(cases[5].text, NULL, "D/M/YY", why);
	assert_non_null(m);
	mapping_close(&m);
	m = read_mapping(cases[6].text, "123456", NULL, why);
	assert_non_null(m);
	mapping_close(&m);
}

static void count_shipped(void *context, const char *path)
{
	char why[600];
	struct mapping *marks = mapping_open(path, MAPPING_MARKS, "123456", NULL, why, sizeof why);
	struct mapping *roster = mapping_open(path, MAPPING_ROSTER, "123456", NULL, why, sizeof why);
	const struct mapping *m = marks ? marks : roster;
	if (!m)
		fail_msg("%s", why);
	assert_true(!marks != !roster);
	/* its name is that by which it is found */
	const char *name = strrchr(path, '/') + 1;
	assert_int_equal(strncmp(name, m->name, strlen(m->name)), 0);
	assert_string_equal(name + strlen(m->name), ".yaml");
	mapping_close(&marks);
	mapping_close(&roster);
	++*(unsigned *)context;
}

static void the_shipped_ones_are_sound(void **state)
{
	(void)state;
	unsigned count = 0;
	char why[600];
	setenv("ATTEND_MAPPINGS", "client/mappings", 1);
	mapping_each_shipped(count_shipped, &count);
	assert_int_equal(count, 10);
	assert_null(mapping_open("nobody", MAPPING_MARKS, NULL, NULL, why, sizeof why));
	assert_non_null(strstr(why, "there is none of this name; shipped are arbor-marks, arbor-roster, attend-marks"));
	assert_null(mapping_open("/no/where.yaml", MAPPING_MARKS, NULL, NULL, why, sizeof why));
	assert_non_null(strstr(why, "No such file"));
}

/* ---- JSON documents ---- */

static const char *entries_of(const char *text)
{
	struct text_left left = { text, strlen(text) };
	struct records *records = records_open(read_slowly, &left);
	struct entries *e = entries_open(records);
	const json_t *entry;
	told[0] = '\0';
	while ((entry = entries_next(e))) {
		char *one = json_dumps(entry, JSON_COMPACT);
		snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", one);
		free(one);
	}
	if (entries_failed(e))
		snprintf(told + strlen(told), sizeof told - strlen(told), "failed: %s\n", entries_failed(e));
	entries_close(&e);
	records_close(&records);
	return told;
}

static void entries_are_given_page_after_page(void **state)
{
	(void)state;
	assert_string_equal(entries_of("\xef\xbb\xbf{\"data\":[{\"a\":1},{\"b\":\"]}\"}],\"meta\":{\"n\":[1,{\"x\":2}]},\"n\":12,\"t\":true,\"s\":\"x\"}\n"
	                               "{\"meta\" : null , \"data\" : [ ] }{\"data\":{\"c\":3}}[{\"d\":4} , {\"e\":{}}]\n"),
	                    "{\"a\":1}\n{\"b\":\"]}\"}\n{\"c\":3}\n{\"d\":4}\n{\"e\":{}}\n");
}

static void what_is_no_document_is_told(void **state)
{
	(void)state;
	assert_string_equal(entries_of(""), "failed: line 1: the file is empty\n");
	assert_non_null(strstr(entries_of("{\"error\":\"invalid_token\"}"), "a document without a list `data` that has entries"));
	assert_non_null(strstr(entries_of("{\"data\":[{\"a\":1},\n2]}"), "{\"a\":1}\nfailed: line 2: an entry is no object"));
	assert_non_null(strstr(entries_of("{\"data\":[{\"a\":1} {\"a\":1}]}"), "a , or ] is wanted"));
	assert_non_null(strstr(entries_of("{\"data\":[{\"a\":1,\"a\":2}]}"), "no sound JSON: duplicate object key"));
	assert_non_null(strstr(entries_of("{data:[]}"), "no sound JSON"));
	assert_non_null(strstr(entries_of("{\"data\":[{\"a\":1}]}x"), "this is no JSON document"));
	/* cut anywhere, it is told */
	static const char whole[] = "{\"data\":[{\"a\":[1,{\"x\":\"y\"}]},{\"b\":-1.5}],\"meta\":{\"pages\":3}}";
	for (size_t cut = 1; cut < sizeof whole - 1; cut++) {
		char part[sizeof whole];
		snprintf(part, sizeof part, "%.*s", (int)cut, whole);
		assert_non_null(strstr(entries_of(part), "half a file?"));
	}
	assert_null(strstr(entries_of(whole), "failed"));
}

struct endless {
	const char *first, *again;
	size_t at, size, left;
};

static ssize_t read_endless(void *context, void *room, size_t size)
{
	struct endless *e = context;
	size = size < e->left ? size : e->left;
	for (size_t i = 0; i < size; i++, e->at++)
		((char *)room)[i] = e->at < strlen(e->first) ? e->first[e->at] : e->again[(e->at - strlen(e->first)) % e->size];
	e->left -= size;
	return (ssize_t)size;
}

static void one_without_end_is_bounded(void **state)
{
	(void)state;
	struct endless cases[] = {
		{ "{\"data\":[{\"a\":\"", "0123456789", 0, 10, 64 << 20 }, { "{\"meta\":\"", "0123456789", 0, 10, 64 << 20 },
		{ "{\"data\":[", "[", 0, 1, 64 << 20 }, { "{\"", "a", 0, 1, 64 << 20 },
	};
	char why[300];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct records *records = records_open(read_endless, &cases[i]);
		assert_non_null(entries_fault(records, why, sizeof why));
		assert_true(strstr(why, "a value of more than 256 KiB") || strstr(why, "depth"));
		assert_true(cases[i].left > 62 << 20); /* and it was not read to its end */
		records_close(&records);
	}
}

static void ids_lead_to_other_files(void **state)
{
	(void)state;
	struct mapping *m = mapping_of("mapping: w\nfor: marks\nfile: json\ndates: YYYY-MM-DD*\nschool: S1\ncolumns:\n  upn: student.education_details.upn\n"
	                               "  date: [date.date, date]\n  session: session\n  code: attendance_code.code\n");
	struct beside *b = beside_new();
	char why[400], path[] = P_tmpdir "/attend-beside-XXXXXX";
	static const char text[] = "{\"data\":[{\"id\":\"A1\",\"education_details\":{\"data\":{\"upn\":\"U1\"}}},{\"id\":7,\"code\":\"/\"},{\"id\":\"S1\",\"urn\":123456}]}";
	int fd = mkstemp(path);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	assert_true(beside_add(b, m, path, why, sizeof why));
	m->beside = b;
	assert_string_equal(rows_of(m, "{\"data\":[{\"student\":\"A1\",\"date\":{\"date\":\"2026-09-07 00:00:00.000000\"},\"session\":\"AM\",\"attendance_code\":7},"
	                               "{\"student\":{\"data\":{\"id\":\"A2\",\"education_details\":{\"data\":{\"upn\":\"U2\"}}}},\"date\":\"2026-09-07\",\"session\":\"PM\","
	                               "\"attendance_code\":{\"data\":{\"code\":\"N\"}}},{\"student\":\"A9\",\"date\":\"2026-09-07\",\"session\":\"PM\",\"attendance_code\":7}]}"),
	                    "1 123456 U1 2026-09-07 AM /||-1\n2 123456 U2 2026-09-07 PM N||-1\n3!upn: missing: the entry gives the id \"A9\" instead; give the file that says what that is by --with\n");
	assert_int_equal(ftruncate(fd, 30), 0);
	assert_false(beside_add(b, m, path, why, sizeof why));
	assert_non_null(strstr(why, "half a file?"));
	close(fd);
	unlink(path);
	assert_false(beside_add(b, m, path, why, sizeof why));
	beside_free(&b);
	mapping_close(&m);
}

static void what_is_no_text_is_refused_by_name(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t size; const char *what; } cases[] = {
		{ "PK\3\4\x14\0\0\0", 8, "a zip file" }, { "PK\5\6\0\0\0\0", 8, "a zip file" }, { "\x1f\x8b\x08\0\0\0\0\0", 8, "packed" },
		{ "BZh91AY&", 8, "packed" }, { "\xfd" "7zXZ\0\0\4", 8, "packed" }, { "7z\xbc\xaf\x27\x1c\0\4", 8, "packed" },
		{ "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "a spreadsheet" }, { "%PDF-1.7", 8, "a PDF" }, { "\xff\xfeu\0r\0n\0", 8, "UTF-16" },
		{ "\xfe\xff\0u\0r\0n", 8, "UTF-16" }, { "u\0r\0n\0,\0", 8, "UTF-16" }, { "\0u\0r\0n\0,", 8, "UTF-16" },
		{ "urn,upn,", 8, NULL }, { "\0\0\0\0\0\0\0\0", 8, NULL }, { "", 0, NULL }, { "P", 1, NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct text_left left = { cases[i].bytes, cases[i].size };
		struct record record;
		struct records *records = records_open(text_read, &left);
		while (records_next(records, &record))
			;
		assert_int_equal(records_failed(records) != NULL, cases[i].what != NULL);
		if (cases[i].what)
			assert_non_null(strstr(records_failed(records), cases[i].what));
		records_close(&records);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_date_is_read_by_the_form_named_and_no_other),
		cmocka_unit_test(a_plain_file_asks_which_comes_first),
		cmocka_unit_test(a_mapping_names_the_columns),
		cmocka_unit_test(a_row_may_be_a_morning_and_an_afternoon),
		cmocka_unit_test(what_is_wrong_with_a_mapping_is_told_with_its_place),
		cmocka_unit_test(the_shipped_ones_are_sound),
		cmocka_unit_test(entries_are_given_page_after_page),
		cmocka_unit_test(what_is_no_document_is_told),
		cmocka_unit_test(one_without_end_is_bounded),
		cmocka_unit_test(ids_lead_to_other_files),
		cmocka_unit_test(what_is_no_text_is_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
