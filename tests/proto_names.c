/* proto_names.c - what is numbered in the log and has a name outside it: kinds of events and alerts, roles.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/event.h"

static void names_and_numbers_agree(void **state)
{
	(void)state;
#define X(name, number, version, spelling, body) assert_string_equal(event_kind_text(EVENT_##name), spelling);
	EVENT_KINDS(X)
#undef X
#define X(name, number, spelling) \
	assert_string_equal(alert_kind_text(ALERT_##name), spelling); \
	assert_int_equal(alert_kind_parse(slice_text(spelling)), number);
	ALERT_KINDS(X)
#undef X
#define X(name, number, spelling) \
	assert_string_equal(role_text(ROLE_##name), spelling); \
	assert_int_equal(role_parse(slice_text(spelling)), number);
	ROLES(X)
#undef X
	assert_null(event_kind_text(0));
	assert_null(alert_kind_text(0));
	assert_null(role_text(10));
	assert_int_equal(role_parse(slice_text("Officer")), 0);
	assert_int_equal(role_parse((struct slice){NULL, 0}), 0);
	assert_int_equal(alert_kind_parse(slice_text("due-")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
