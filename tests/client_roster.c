/* Rosters: rows of one pupil are one pupil, taken whole or not at all; and rosters of other programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/file.h"
#include "client/roster_rows.h"
#include "proto/ids.h"

#define HEADER "urn,upn,surname,forename,birth_date,parent,parent_name,parent_address\n"

/* What became of a file, as text: `told` a line a fault, `sent` a line a pupil, `rejected` the rows with the reason. */
static char told[8192], sent[8192], rejected[8192], totals[1024];
static size_t sent_count;

__attribute__((format(printf, 3, 4)))
static void add(char *to, size_t room, const char *format, ...)
{
	size_t used = strlen(to);
	va_list list;
	va_start(list, format);
	vsnprintf(to + used, room - used, format, list);
	va_end(list);
}

static void tell(void *context, uint64_t line, const char *field, const char *reason)
{
	(void)context;
	add(told, sizeof told, "%d %s: %s\n", (int)line, field, reason);
}

static void reject(void *context, const char *raw, size_t raw_size, const char *field, const char *reason)
{
	(void)context;
	for (size_t at = 0; at < raw_size; at += strnlen(raw + at, raw_size - at) + 1)
		add(rejected, sizeof rejected, "%.*s|%s: %s\n", (int)strnlen(raw + at, raw_size - at), raw + at, field, reason);
}

static const char *text_of(const char *value)
{
	return value ? value : "-";
}

static bool send_pupils(void *context, struct roster_pupil *const pupils[], size_t count)
{
	(void)context;
	sent_count += count;
	for (size_t i = 0; i < count; i++) {
		const struct roster_pupil *p = pupils[i];
		for (unsigned k = 0; k < ROSTER_OWN; k++)
			add(sent, sizeof sent, "%s%s", k ? "/" : "", text_of(p->values[k]));
		for (unsigned k = 0; k < p->parent_count; k++)
			add(sent, sizeof sent, " %s=%s@%s", p->parents[k].id, text_of(p->parents[k].name), text_of(p->parents[k].address));
		add(sent, sizeof sent, "\n");
	}
	return true;
}

static void tell_total(void *context, const struct ctf_year *y)
{
	(void)context;
	add(totals, sizeof totals, "%s %s %s/%s %ld %ld %ld %ld\n", text_of(y->upn), text_of(y->year), text_of(y->lea), text_of(y->estab),
	    y->possible, y->attended, y->authorised, y->unauthorised);
}

/* Gives few bytes at a time, so that everything lies across a border. */
static ssize_t read_slowly(void *context, void *room, size_t size)
{
	return text_read(context, room, size < 5 ? size : 5);
}

/* NULL: read to its end; else why not. */
static const char *read_roster(const char *text, size_t size, struct mapping *mapping, const char *school, struct roster *counts)
{
	static char why[400];
	static const struct roster_sink sink = { NULL, tell, reject, send_pupils };
	static const struct ctf_totals years = { tell_total, NULL };
	struct text_left left = { text, size };
	struct roster roster;
	struct roster_row row;
	told[0] = sent[0] = rejected[0] = totals[0] = why[0] = '\0';
	sent_count = 0;
	struct records *records = records_open(size > 100000 ? text_read : read_slowly, &left);
	struct roster_rows *rows = roster_rows_open(records, mapping, school, &years, why, sizeof why);
	if (rows) {
		why[0] = '\0';
		assert_true(roster_begin(&roster, &sink));
		while (roster_rows_next(rows, &row))
			roster_take(&roster, &row);
		assert_true(roster_end(&roster));
		if (roster_rows_failed(rows))
			snprintf(why, sizeof why, "%s", roster_rows_failed(rows));
		if (counts)
			*counts = roster;
		roster_free(&roster);
	}
	roster_rows_close(&rows);
	records_close(&records);
	return why[0] ? why : NULL;
}

static const char *read_plain(const char *text, struct roster *counts)
{
	return read_roster(text, strlen(text), NULL, NULL, counts);
}

static struct mapping *shipped(const char *name, const char *school)
{
	char path[200], why[400];
	snprintf(path, sizeof path, "client/mappings/%s.yaml", name);
	struct mapping *m = mapping_open(path, MAPPING_ROSTER, school, NULL, why, sizeof why);
	if (!m)
		fail_msg("%s", why);
	return m;
}

/* A UPN with the right letter, made of a serial number. */
static const char *upn(char out[14], unsigned serial)
{
	char digits[16];
	snprintf(digits, sizeof digits, "356%04u20%03u", 4000 + serial / 1000, serial % 1000);
	snprintf(out, 14, "%c%.12s", upn_check_letter(digits), digits);
	return out;
}

static void parents_of_one_pupil_are_gathered(void **state)
{
	(void)state;
	struct roster r;
	char text[2000], wanted[400], a[14], b[14];
	snprintf(text, sizeof text, HEADER "123456,%s,Brown,Ada,2014-05-06,p1,Mary,1 High St\n123456,%s,Green,Bo,2014-05-07,,,\n"
	         "123456,%s,Brown,,,p2,John,\n123456,%s,,,,p1,Mary,1 High St\n", upn(a, 1), upn(b, 2), upn(a, 1), upn(a, 1));
	assert_null(read_plain(text, &r));
	assert_string_equal(told, "");
	assert_int_equal(r.rows, 4);
	assert_int_equal(r.all, 2);
	/* p1 said twice is one */
	snprintf(wanted, sizeof wanted, "123456/%s/Brown/Ada/2014-05-06/-/-/-/- p1=Mary@1 High St p2=John@-\n"
	         "123456/%s/Green/Bo/2014-05-07/-/-/-/-\n", a, b);
	assert_string_equal(sent, wanted);
}

static void a_pupil_of_whom_a_row_is_wrong_is_refused_whole(void **state)
{
	(void)state;
	struct roster r;
	char text[2000], wanted[2000], a[14], b[14];
	snprintf(text, sizeof text, HEADER "123456,%s,Brown,Ada,2014-05-06,p1,Mary,\n123456,%s,Green,Bo,2014-05-07,,,\n"
	         "123456,%s,Browne,Ada,2014-05-06,p2,,\n123456,%s,Brown,Ada,2014-05-06,p1,Marie,\n123456,%s,Brown,Ada,2014-05-06,,Nobody,\n"
	         "12345,%s,Brown,Ada,2014-05-06,,,\n123456,A1,Brown,Ada,2014-05-06,,,\n123456,,Brown,Ada,2014-05-06,,,\n1,2\n",
	         upn(a, 1), upn(b, 2), a, a, a, a);
	assert_null(read_plain(text, &r));
	assert_int_equal(r.all, 2);
	assert_int_equal(r.refused, 5); /* the pupil, and four rows that are nobody's */
	assert_non_null(strstr(told, "4 surname: another than in line 2"));
	assert_non_null(strstr(told, "5 parent: this id stood before"));
	assert_non_null(strstr(told, "6 parent: a name or address without an id"));
	assert_non_null(strstr(told, "7 urn: "));
	assert_non_null(strstr(told, "8 upn: "));
	assert_non_null(strstr(told, "9 upn: missing"));
	assert_non_null(strstr(told, "10 row: 2 fields where the header has 8"));
	snprintf(wanted, sizeof wanted, "123456/%s/Green/Bo/2014-05-07/-/-/-/-\n", b);
	assert_string_equal(sent, wanted);
	/* All four of its rows can be mended, the first one too. */
	snprintf(wanted, sizeof wanted, "123456,%s,Brown,Ada,2014-05-06,p1,Mary,|pupil: surname: another than in line 2, which is about the same "
	         "pupil (line 4)\n123456,%s,Browne,", a, a);
	assert_non_null(strstr(rejected, wanted));
	assert_non_null(strstr(rejected, "1,2|row: 2 fields"));
}

static void what_a_pupil_can_not_do_without_is_wanted(void **state)
{
	(void)state;
	char text[1000], a[14];
	assert_non_null(strstr(read_plain("urn,upn,forename,birth_date\n", NULL), "surname: this column is missing"));
	assert_non_null(read_plain("", NULL));
	snprintf(text, sizeof text, HEADER "123456,%s,,Ada,2014-05-06,,,\n", upn(a, 1));
	assert_null(read_plain(text, NULL));
	assert_non_null(strstr(told, "2 surname: missing"));
	snprintf(text, sizeof text, HEADER "123456,%s,Brown,Ada,2014-02-30,,,\n", a);
	assert_null(read_plain(text, NULL));
	assert_non_null(strstr(told, "2 birth_date: \"2014-02-30\" is not a date"));
	snprintf(text, sizeof text, HEADER "123456,%s,Brown,Ada,07/09/2014,,,\n", a);
	assert_null(read_plain(text, NULL));
	assert_non_null(strstr(told, "2 birth_date: \"07/09/2014\": is the day or the month first?"));
	assert_string_equal(sent, "");
}

static void old_encodings_are_converted(void **state)
{
	(void)state;
	char text[400], a[14];
	snprintf(text, sizeof text, HEADER "123456,%s,Br\xf6wn,Ada,2014-05-06,,,\n", upn(a, 1));
	assert_null(read_plain(text, NULL));
	assert_non_null(strstr(sent, "/Br\xc3\xb6wn/"));
}

/* Rows of one pupil anywhere within the window; beyond it they are refused, not half taken. */
static void memory_holds_a_window_of_pupils(void **state)
{
	(void)state;
	enum { FAR = ROSTER_WINDOW + 500 };
	struct roster r;
	char *text = NULL, a[14];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(HEADER, out);
	for (unsigned parent = 1; parent <= 2; parent++)
		for (unsigned i = 0; i < 3000; i++)
			fprintf(out, "123456,%s,Name,N,2014-05-06,p%u,,\n", upn(a, i), parent);
	fclose(out);
	assert_null(read_roster(text, size, NULL, NULL, &r));
	assert_int_equal(sent_count, 3000);
	assert_int_equal(r.refused, 0);
	free(text);
	out = open_memstream(&text, &size);
	fputs(HEADER, out);
	for (unsigned i = 0; i <= FAR; i++)
		fprintf(out, "123456,%s,Name,N,2014-05-06,p%u,,\n", upn(a, i == FAR ? 3 : i), i == FAR ? 2 : 1);
	fclose(out);
	assert_null(read_roster(text, size, NULL, NULL, &r));
	assert_int_equal(sent_count, FAR);
	assert_int_equal(r.refused, 1);
	assert_non_null(strstr(told, "row: this pupil's other rows stand so far above"));
	free(text);
}

static void contacts_in_columns_are_parents(void **state)
{
	(void)state;
	char text[2000], wanted[1000], a[14], b[14];
	struct mapping *m = shipped("sims-roster", "123456");
	snprintf(text, sizeof text, "UPN,Legal Surname,Legal Forename,Date of birth,Year,Reg,SEN Status,Contact 1 Title,Contact 1 Forename,"
	         "Contact 1 Surname,Contact 1 Address,Contact 2 Forename,Contact 2 Surname,Contact 2 Title,Contact 2 Address\n"
	         "%s,Brown,Ada,06/05/2014,Year 7,7B,SEN Support,Mrs,Mary,Brown,\"1 High St, Stockport\",,,,\n"
	         "%s,Green,Bo,07/05/2014,Reception,,Other,,,,,,,,\n", upn(a, 1), upn(b, 2));
	assert_null(read_roster(text, strlen(text), m, NULL, NULL));
	assert_string_equal(told, "");
	snprintf(wanted, sizeof wanted, "123456/%s/Brown/Ada/2014-05-06/7/7B/K/- p1=Mrs Mary Brown@1 High St, Stockport\n"
	         "123456/%s/Green/Bo/2014-05-07/R/-/Other/-\n", a, b);
	assert_string_equal(sent, wanted);
	mapping_close(&m);
}

static void a_json_roster_has_its_contacts_in_a_list(void **state)
{
	(void)state;
	char text[2000], wanted[1000], a[14], b[14];
	struct mapping *m = shipped("wonde-students", "123456");
	snprintf(text, sizeof text, "{\"data\":[{\"id\":\"A1\",\"surname\":\"Brown\",\"legal_surname\":null,\"forename\":\"Ada\",\"date_of_birth\":{\"date\":"
	         "\"2014-05-06 00:00:00.000000\",\"timezone_type\":3,\"timezone\":\"Europe/London\"},\"education_details\":{\"data\":{\"upn\":\"%s\"}},"
	         "\"extended_details\":{\"data\":{\"sen_status\":\"K\"}},\"year\":{\"data\":{\"code\":\"7\",\"name\":\"Year 7\"}},\"groups\":{\"data\":[{\"name\":"
	         "\"7B\"},{\"name\":\"PP\"}]},\"contacts\":{\"data\":[{\"id\":\"A77\",\"title\":\"Mrs\",\"forename\":\"Mary\",\"surname\":\"Brown\"},"
	         "{\"id\":\"A78\",\"title\":null,\"forename\":\"John\",\"surname\":\"Brown\"}]}}],\"meta\":{\"pagination\":{\"more\":true}}}\n"
	         "{\"data\":[{\"id\":\"A2\",\"surname\":\"Green\",\"forename\":\"Bo\",\"date_of_birth\":{\"date\":\"2014-05-07 00:00:00.000000\"},"
	         "\"education_details\":{\"data\":{\"upn\":\"%s\"}},\"contacts\":{\"data\":[]}},{\"id\":\"A3\",\"surname\":\"No \\\"UPN\\\"\"}],\"meta\":{}}",
	         upn(a, 1), upn(b, 2));
	assert_null(read_roster(text, strlen(text), m, NULL, NULL));
	snprintf(wanted, sizeof wanted, "123456/%s/Brown/Ada/2014-05-06/7/7B; PP/K/- A77=Mrs Mary Brown@- A78=John Brown@-\n"
	         "123456/%s/Green/Bo/2014-05-07/-/-/-/-\n", a, b);
	assert_string_equal(sent, wanted);
	assert_string_equal(told, "3 upn: missing\n");
	/* to be mended and loaded as CSV with attend's own columns */
	assert_string_equal(rejected, "123456,,\"No \"\"UPN\"\"\",,,,,,,,,|upn: missing\n");
	mapping_close(&m);
}

#define CTF(pupils) "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CTfile>\n<Header><DocumentName>Common Transfer File</DocumentName><CTFversion>21.0" \
	"</CTFversion><SourceSchool><LEA>356</LEA><Estab>4001</Estab></SourceSchool></Header>\n<CTFpupilData>" pupils "</CTFpupilData>\n</CTfile>\n"

static const char *read_ctf(const char *text)
{
	return read_roster(text, strlen(text), NULL, "123456", NULL);
}

static void a_common_transfer_file_says_who_its_pupils_are(void **state)
{
	(void)state;
	char text[4000], wanted[1000], a[14], b[14];
	snprintf(text, sizeof text, CTF("<Pupil><UPN>%s</UPN><Surname>O&apos;Brown &amp; Co</Surname><Forename> Ada </Forename><DOB>2014-05-06</DOB>"
	         "<BasicDetails><NCyearActual>7</NCyearActual><Languages><Type><LanguageType>H</LanguageType><Language>ENG</Language></Type></Languages>"
	         "</BasicDetails><SENhistory><SEN><StartDate>2022-09-01</StartDate><SENprovision>E</SENprovision></SEN><SEN><StartDate>2020-09-01</StartDate>"
	         "<SENprovision>K</SENprovision></SEN></SENhistory><Address><PAON>1</PAON><Street>High St</Street><PostCode>SK1 1AA</PostCode></Address>"
	         "<Contacts><Contact><Order>1</Order><Title>Mrs</Title><Surname>Brown</Surname><Forename>Mary</Forename><Responsibility>true</Responsibility>"
	         "<Address><AddressAsPupil>true</AddressAsPupil></Address></Contact><Contact><Order>2</Order><Surname>Aunt</Surname><Responsibility>false</Responsibility>"
	         "</Contact></Contacts><Attendance><YearData><Year>2026</Year><LEA>356</LEA><Estab>4001</Estab><SchoolName>Old</SchoolName>"
	         "<SessionsPossible>380</SessionsPossible><SessionsAttended>350</SessionsAttended><SessionsAuthorised>20</SessionsAuthorised>"
	         "<SessionsUnauthorised>10</SessionsUnauthorised></YearData></Attendance></Pupil>\n"
	         "<!-- and --><Pupil><UPN>%s</UPN><Surname>Green</Surname><Forename>Bo</Forename><DOB>2014-05-07</DOB></Pupil>"), upn(a, 1), upn(b, 2));
	assert_null(read_ctf(text));
	assert_string_equal(told, "");
	snprintf(wanted, sizeof wanted, "123456/%s/O'Brown & Co/Ada/2014-05-06/7/-/E/ENG p1=Mrs Mary Brown@1, High St, SK1 1AA\n"
	         "123456/%s/Green/Bo/2014-05-07/-/-/-/-\n", a, b);
	assert_string_equal(sent, wanted);
	snprintf(wanted, sizeof wanted, "%s 2026 356/4001 380 350 20 10\n", a);
	assert_string_equal(totals, wanted);
	/* whose they are must be said */
	assert_non_null(strstr(read_roster(text, strlen(text), NULL, NULL, NULL), "--school"));
}

static void xml_with_more_in_mind_is_refused(void **state)
{
	(void)state;
	static const char laughs[] = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]>\n<CTfile>&lol2;</CTfile>";
	static const char file[] = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><CTfile><CTFpupilData><Pupil><UPN>&f;</UPN></Pupil></CTFpupilData></CTfile>";
	assert_non_null(strstr(read_ctf(laughs), "it declares a document type"));
	assert_non_null(strstr(read_ctf(file), "it declares a document type"));
	assert_string_equal(sent, "");
	assert_non_null(strstr(read_ctf(CTF("<Pupil><UPN>&e;</UPN></Pupil>")), "no sound XML: undefined entity"));
	assert_non_null(strstr(read_ctf("<html><body>Sign in</body></html>"), "no Common Transfer File: its root is <html>"));
	assert_non_null(strstr(read_ctf("<a><b></a>"), "no Common Transfer File"));
	assert_non_null(strstr(read_ctf(CTF("<Pupil><UPN></Pupil>")), "mismatched tag"));
	assert_non_null(strstr(read_ctf("<?xml version=\"1.0\" encoding=\"EBCDIC\"?><CTfile/>"), "unknown encoding"));
}

static const char *read_repeated(const char *before, const char *again, unsigned times, const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(before, out);
	for (unsigned i = 0; i < times; i++)
		fputs(again, out);
	fputs(after, out);
	fclose(out);
	const char *why = read_roster(text, size, NULL, "123456", NULL);
	free(text);
	return why;
}

static void xml_without_end_is_bounded(void **state)
{
	(void)state;
	assert_non_null(strstr(read_repeated("<CTfile>", "<a>", 100, ""), "nested more than 16 deep"));
	assert_non_null(strstr(read_repeated("<CTfile><CTFpupilData><Pupil><UPN>", "xxxxxxxxxx", 500, ""), "a text of more than 4096 bytes"));
	assert_non_null(strstr(read_repeated("<CTfile><CTFpupilData><Pupil>", "<UPN>xxxxxxxxxx</UPN><Address><Line>0123456789012345678901234567890123456789"
	                                     "</Line></Address>", 4000, ""), "a pupil of more than 64 KiB"));
	assert_non_null(strstr(read_repeated("<CTfile><!--", "0123456789", 60000, "--></CTfile>"), "a tag or comment of more than 256 KiB"));
	assert_non_null(strstr(read_repeated("<CTfile><a b=\"", "0123456789", 60000, "\"/></CTfile>"), "a tag or comment of more than 256 KiB"));
}

static void half_a_common_transfer_file_is_told(void **state)
{
	(void)state;
	char text[1000], a[14];
	snprintf(text, sizeof text, CTF("<Pupil><UPN>%s</UPN><Surname>Green</Surname><Forename>Bo</Forename><DOB>2014-05-07</DOB></Pupil>"), upn(a, 2));
	size_t whole = strlen(text) - 1;
	for (size_t cut = 60; cut < whole; cut += 7)
		assert_non_null(read_roster(text, cut, NULL, "123456", NULL));
	assert_null(read_roster(text, whole, NULL, "123456", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parents_of_one_pupil_are_gathered),
		cmocka_unit_test(a_pupil_of_whom_a_row_is_wrong_is_refused_whole),
		cmocka_unit_test(what_a_pupil_can_not_do_without_is_wanted),
		cmocka_unit_test(old_encodings_are_converted),
		cmocka_unit_test(memory_holds_a_window_of_pupils),
		cmocka_unit_test(contacts_in_columns_are_parents),
		cmocka_unit_test(a_json_roster_has_its_contacts_in_a_list),
		cmocka_unit_test(a_common_transfer_file_says_who_its_pupils_are),
		cmocka_unit_test(xml_with_more_in_mind_is_refused),
		cmocka_unit_test(xml_without_end_is_bounded),
		cmocka_unit_test(half_a_common_transfer_file_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
