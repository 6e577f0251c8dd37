/* pathway_meetings.c - meetings offered to schools, in a file: what is read, what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "casework/pathway_meetings.h"
#include "pathways/compile.h"

static const char file[] =
	"pathway: p\ntitle: P\nsource: s\nstages:\n  one: One\n  shut: Shut\nfirst stage: one\nclosed stage: shut\n"
	"actions:\n"
	"  contact:\n    title: Contact\n    may record: [school]\n    fields:\n      reason: {type: text, title: Why}\n"
	"  close: {title: End, may record: [officer], moves to: shut}\n"
	"meetings:\n"
	"  targeted:\n    title: Targeted meeting\n    clause: TY-08\n    at least: 1\n"
	"    lists:\n"
	"      persistent: {title: Persistent, attendance at most: 90}\n"
	"      severe: {title: Severe, attendance at most: 50}\n"
	"    trends: [free-school-meals, ehcp]\n"
	"    pack:\n"
	"      contact: {title: Contact, actions: [contact, contact(reason)]}\n"
	"      lead: {title: Lead, facts: [social-worker]}\n";

static struct pathway pathway;
static struct compile_report report;
static uint8_t room[PATHWAY_SIZE_MAX];

/* The file with `from` changed to `to` (NULL: as it is); its compiled bytes, or none. */
static struct slice compile(const char *from, const char *to)
{
	struct writer out = writer_of(room, sizeof room);
	const char *at = from ? strstr(file, from) : file;
	char text[2 * sizeof file];

	assert_non_null(at);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - file), file, from ? to : "", from ? at + strlen(from) : at);
	return pathway_compile(slice_text(text), &out, &report) ? writer_slice(&out) : slice_of(NULL, 0);
}

static void ty_08_a_meeting_is_read(void **state)
{
	struct slice bytes = compile(NULL, NULL);
	const struct meeting_rule *m = &pathway.meetings[0];

	(void)state;
	assert_true(pathway_decode(&pathway, bytes));
	assert_int_equal(pathway.meeting_count, 1);
	assert_int_equal(m->at_least, 1);
	assert_int_equal(m->from_possible, 20);
	assert_int_equal(m->trends, 1u << FACT_FREE_SCHOOL_MEALS | 1u << FACT_EHCP);
	assert_int_equal(m->heading_count, 2);
	assert_true(slice_is(m->headings[0].sources[1].action, "contact"));
	assert_true(slice_is(m->headings[0].sources[1].field, "reason"));
	assert_int_equal(m->headings[1].facts, 1u << FACT_SOCIAL_WORKER);
}

/* Exactly, on either side of each share and of the twentieth session; the lowest list first. */
static void ty_08_who_is_listed(void **state)
{
	static const struct {
		unsigned attended, possible;
		const char *list;
	} rows[] = {
		{18, 20, "persistent"}, {19, 20, NULL}, {17, 19, NULL}, {900, 1000, "persistent"}, {901, 1000, NULL},
		{20, 40, "severe"}, {21, 40, "persistent"}, {0, 20, "severe"}, {0, 0, NULL}, {289, 321, NULL}, {288, 321, "persistent"},
	};

	(void)state;
	assert_true(pathway_decode(&pathway, compile(NULL, NULL)));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct meeting_list *list = meeting_list_of(&pathway.meetings[0], rows[i].attended, rows[i].possible);

		if (rows[i].list)
			assert_true(list && slice_is(list->name, rows[i].list));
		else
			assert_null(list);
	}
}

static void what_a_meeting_cannot_say(void **state)
{
	static const struct {
		const char *from, *to, *fault;
	} rows[] = {
		{"contact(reason)", "contact(raeson)", "has no field \"raeson\": is \"reason\" meant?"},
		{"[contact, ", "[contakt, ", "no action \"contakt\": is \"contact\" meant?"},
		{"ehcp]", "ehpc]", "\"ehpc\" is no fact about a pupil: is \"ehcp\" meant?"},
		{"ehcp]", "prosecuted-before]", "is no fact about a pupil"},
		{"at most: 50", "at most: 90", "has the same \"attendance at most\""},
		{"at most: 50", "at most: 101", "a whole number from 1 to 100"},
		{"at least: 1", "at least: 0", "a whole number from 1 to 50"},
		{"    at least: 1\n", "", "\"at least\" is missing in a meeting"},
		{", facts: [social-worker]", "", "name \"actions\" or \"facts\""},
		{"trends:", "trend:", "unknown word \"trend\" in a meeting"},
		{"attendance at most: 90", "attendance at least: 90", "unknown word \"attendance at least\" in a list"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool said = false;

		assert_int_equal(compile(rows[i].from, rows[i].to).size, 0);
		for (unsigned f = 0; f < report.count; f++)
			said = said || (strstr(report.faults[f].text, rows[i].fault) && report.faults[f].line > 1);
		if (!said)
			fail_msg("%s: %s", rows[i].to, report.faults[0].text);
	}
}

/* A store may hold files compiled before meetings were: form 3 ends where they begin. */
static void an_older_form_has_none(void **state)
{
	const char *section = strstr(file, "meetings:");
	struct slice bytes = compile(section, "");

	(void)state;
	assert_true(bytes.size > 0);
	assert_int_equal(bytes.bytes[bytes.size - 1], 0); /* no letters */
	assert_int_equal(bytes.bytes[bytes.size - 2], 0); /* no meetings */
	room[0] = 3;
	assert_true(pathway_decode(&pathway, slice_of(room, bytes.size - 2)));
	assert_int_equal(pathway.meeting_count, 0);
	assert_false(pathway_decode(&pathway, slice_of(room, bytes.size - 1))); /* nothing may stand behind it */
}

/* Whatever passes the check is safe to run: no bytes spoilt by one do harm. */
static void spoilt_bytes_are_refused_or_sound(void **state)
{
	struct slice bytes = compile(NULL, NULL);

	(void)state;
	for (size_t i = 0; i < bytes.size; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			room[i] ^= (uint8_t)(1u << bit);
			if (pathway_decode(&pathway, bytes))
				assert_true(meetings_sound(&pathway));
			room[i] ^= (uint8_t)(1u << bit);
		}
	for (size_t cut = 0; cut < bytes.size; cut++)
		assert_false(pathway_decode(&pathway, slice_of(room, cut)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ty_08_a_meeting_is_read),
		cmocka_unit_test(ty_08_who_is_listed),
		cmocka_unit_test(what_a_meeting_cannot_say),
		cmocka_unit_test(an_older_form_has_none),
		cmocka_unit_test(spoilt_bytes_are_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
