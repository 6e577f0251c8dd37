/* Rosters: rows of one pupil are one pupil.
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

#include "client/roster.h"
#include "proto/ids.h"

#define HEADER "urn,upn,surname,forename,birth_date,parent,parent_name,parent_address\n"

static char refusals[4096];

static void refuse(void *context, uint64_t line, const char *field, const char *reason)
{
	size_t used = strlen(refusals);
	(void)context;
	snprintf(refusals + used, sizeof refusals - used, "%d %s: %s\n", (int)line, field, reason);
}

static bool read_text(struct roster *roster, const char *text, char why[400])
{
	refusals[0] = why[0] = '\0';
	return roster_read(roster, text, strlen(text), refuse, NULL, why, 400);
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
	char text[2000], why[400], a[14], b[14];
	snprintf(text, sizeof text, HEADER "123456,%s,Brown,Ada,2014-05-06,p1,Mary,1 High St\n123456,%s,Green,Bo,2014-05-07,,,\n"
	         "123456,%s,Brown,,,p2,John,\n123456,%s,,,,p1,Mary,1 High St\n", upn(a, 1), upn(b, 2), upn(a, 1), upn(a, 1));
	assert_true(read_text(&r, text, why));
	assert_string_equal(refusals, "");
	assert_int_equal(r.rows, 4);
	assert_int_equal(r.count, 2);
	assert_string_equal(r.pupils[0]->values[ROSTER_SURNAME], "Brown");
	assert_string_equal(r.pupils[0]->values[ROSTER_BIRTH_DATE], "2014-05-06");
	assert_int_equal(r.pupils[0]->parent_count, 2); /* p1 said twice is one */
	assert_string_equal(r.pupils[0]->parents[1].id, "p2");
	assert_null(r.pupils[0]->parents[1].address);
	assert_int_equal(r.pupils[1]->parent_count, 0);
	assert_int_equal(r.pupils[1]->line, 3);
	roster_free(&r);
}

static void what_does_not_agree_is_refused(void **state)
{
	(void)state;
	struct roster r;
	char text[2000], why[400], a[14];
	upn(a, 1);
	snprintf(text, sizeof text, HEADER "123456,%s,Brown,Ada,2014-05-06,p1,Mary,\n123456,%s,Browne,Ada,2014-05-06,p2,,\n"
	         "123456,%s,Brown,Ada,2014-05-06,p1,Marie,\n123456,%s,Brown,Ada,2014-05-06,,Nobody,\n"
	         "12345,%s,Brown,Ada,2014-05-06,,,\n123456,A1,Brown,Ada,2014-05-06,,,\n123456,,Brown,Ada,2014-05-06,,,\n1,2\n", a, a, a, a, a);
	assert_true(read_text(&r, text, why));
	assert_int_equal(r.count, 1);
	assert_int_equal(r.refused, 7);
	assert_non_null(strstr(refusals, "3 surname: another than in line 2"));
	assert_non_null(strstr(refusals, "4 parent: this id stood before"));
	assert_non_null(strstr(refusals, "5 parent: a name or address without an id"));
	assert_non_null(strstr(refusals, "6 urn: "));
	assert_non_null(strstr(refusals, "7 upn: "));
	assert_non_null(strstr(refusals, "8 upn: missing"));
	assert_non_null(strstr(refusals, "9 row: 2 fields where the header has 8"));
	roster_free(&r);
}

static void a_missing_column_is_named(void **state)
{
	(void)state;
	struct roster r;
	char why[400];
	assert_false(read_text(&r, "urn,upn,forename,birth_date\n", why));
	assert_non_null(strstr(why, "surname: this column is missing"));
	roster_free(&r);
	assert_false(read_text(&r, "", why));
	roster_free(&r);
}

static void old_encodings_are_converted(void **state)
{
	(void)state;
	struct roster r;
	char text[400], why[400], a[14];
	snprintf(text, sizeof text, HEADER "123456,%s,Br\xf6wn,Ada,2014-05-06,,,\n", upn(a, 1));
	assert_true(read_text(&r, text, why));
	assert_string_equal(r.pupils[0]->values[ROSTER_SURNAME], "Br\xc3\xb6wn");
	roster_free(&r);
}

static void many_pupils_are_found_again(void **state)
{
	(void)state;
	enum { PUPILS = 3000 };
	struct roster r;
	char *text = NULL, why[400], a[14];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(HEADER, out);
	for (unsigned parent = 1; parent <= 2; parent++)
		for (unsigned i = 0; i < PUPILS; i++)
			fprintf(out, "123456,%s,Name,N,2014-05-06,p%u,,\n", upn(a, i), parent);
	fclose(out);
	assert_true(read_text(&r, text, why));
	assert_int_equal(r.count, PUPILS);
	for (unsigned i = 0; i < PUPILS; i++)
		assert_int_equal(r.pupils[i]->parent_count, 2);
	roster_free(&r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parents_of_one_pupil_are_gathered),
		cmocka_unit_test(what_does_not_agree_is_refused),
		cmocka_unit_test(a_missing_column_is_named),
		cmocka_unit_test(old_encodings_are_converted),
		cmocka_unit_test(many_pupils_are_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
