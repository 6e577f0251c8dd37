/* proto_golden_event.c - every kind of event, in every version ever written, has a
 * file in tests/golden: it is read as it was then, and the newest is written so.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/golden.h"

#include "proto/event.h"

static struct golden g;
static struct event event;
static uint8_t body_room[4096];

static struct slice text(const char *name)
{
	return slice_text(golden_text(&g, name));
}

static uint64_t number(const char *name)
{
	return golden_number(&g, name);
}

/* The text that follows `count` words and a space each. */
static struct slice after_words(const char *value, unsigned count)
{
	for (; count > 0; count--) {
		const char *space = strchr(value, ' ');

		if (space == NULL)
			return slice_text("");
		value = space + 1;
	}
	return slice_text(value);
}

static void fill_refused(struct marks_writer *m, uint32_t known)
{
	static struct refusal refusals[8];
	uint32_t count = 0;

	for (const char *line; (line = golden_next(&g, "refused")) != NULL; count++) {
		unsigned row, reason;

		assert_int_equal(sscanf(line, "%u %u", &row, &reason), 2);
		refusals[count] = (struct refusal){row, (uint8_t)reason, after_words(line, 2)};
	}
	marks_end(m, known, count, refusals);
}

static struct slice fill_marks(void)
{
	struct writer w = writer_of(body_room, sizeof body_room);
	struct marks_writer m;
	unsigned day_before = 0, session_before = 0;

	marks_begin(&m, &w, (uint32_t)number("urn"));
	for (const char *line; (line = golden_next(&g, "mark")) != NULL;) {
		unsigned day, session, pupil, code;
		char minutes[16], recorded[24];

		assert_int_equal(sscanf(line, "%u %u %u %u %15s %23s", &day, &session, &pupil, &code, minutes, recorded), 6);
		if (day != day_before || session != session_before)
			marks_register(&m, (uint16_t)day, (uint8_t)session);
		struct mark mark = {.pupil = pupil, .code = (uint8_t)code, .comment = after_words(line, 6)};
		mark.has_minutes = *minutes != '-';
		mark.minutes_late = mark.has_minutes ? (uint16_t)strtoul(minutes, NULL, 10) : 0;
		mark.has_recorded = *recorded != '-';
		mark.recorded_ms = mark.has_recorded ? strtoull(recorded, NULL, 10) : 0;
		if (slice_is(mark.comment, "-"))
			mark.comment = (struct slice){NULL, 0};
		marks_put(&m, &mark);
		day_before = day;
		session_before = session;
	}
	fill_refused(&m, (uint32_t)number("known"));
	return writer_slice(&w);
}

static struct slice fill_rows(void)
{
	struct writer w = writer_of(body_room, sizeof body_room);
	struct marks_writer m;

	marks_begin(&m, &w, (uint32_t)number("urn"));
	fill_refused(&m, (uint32_t)number("known"));
	return writer_slice(&w);
}

static void fill_grant(struct event_access_granted *e)
{
	const char *value;

	assert_true(z85_key_parse(text("key"), e->key));
	e->role = role_parse(text("role"));
	e->name = text("name");
	while ((value = golden_next(&g, "school")) != NULL)
		e->schools[e->school_count++] = (uint32_t)strtoul(value, NULL, 10);
	while ((value = golden_next(&g, "case")) != NULL)
		e->cases[e->case_count++] = (uint32_t)strtoul(value, NULL, 10);
}

static void fill_calendar(struct event_calendar_loaded *e)
{
	e->urn = (uint32_t)number("urn");
	for (const char *line; (line = golden_next(&g, "row")) != NULL;) {
		struct calendar_row *row = &e->rows[e->row_count++];
		unsigned from, to, kind;

		assert_int_equal(sscanf(line, "%u %u %u", &from, &to, &kind), 3);
		*row = (struct calendar_row){(uint16_t)from, (uint16_t)to, (uint8_t)kind, after_words(line, 3)};
	}
}

static void fill_action(struct event_action_recorded *e)
{
	*e = (struct event_action_recorded){
		.case_no = (uint32_t)number("case"), .pupil = (uint32_t)number("pupil"), .opens = number("opens") != 0,
		.name = text("name"), .on = (uint16_t)number("on"), .parent = text("parent"),
		.overridden = number("overridden") != 0, .sealed = text("sealed")};
	if (e->opens) {
		e->pathway = text("pathway");
		e->pathway_version = (uint32_t)number("pathway_version");
	}
	for (const char *line; (line = golden_next(&g, "field")) != NULL; e->field_count++)
		e->fields[e->field_count] =
			(struct action_field){slice_of(line, strcspn(line, " ")), after_words(line, 1)};
}

static void fill_moved(struct event_case_moved *e)
{
	*e = (struct event_case_moved){
		.case_no = (uint32_t)number("case"), .pupil = (uint32_t)number("pupil"), .pathway = text("pathway"),
		.pathway_version = (uint32_t)number("pathway_version"), .stage = text("stage"), .sealed = text("sealed")};
	for (const char *line; (line = golden_next(&g, "deadline")) != NULL; e->deadline_count++)
		e->deadlines[e->deadline_count] =
			(struct deadline_passage){slice_of(line, strcspn(line, " ")), after_words(line, 1)};
}

static void fill_alert_raised(struct event_alert_raised *e)
{
	*e = (struct event_alert_raised){
		alert_kind_parse(text("alert_kind")), (uint32_t)number("pupil"), (uint32_t)number("case"),
		(uint32_t)number("urn"), (uint8_t)number("deadline"), text("deadline_kind"), number("due"),
		(uint16_t)number("first_day"), (uint16_t)number("last_day"), number("up") != 0, number("late"), text("text"), 0, {NULL, 0}};
	if (event.version == 1)
		return;
	e->clause = text("clause");
	for (const char *value; (value = golden_next(&g, "tells")) != NULL;)
		e->tells |= UINT32_C(1) << role_parse(slice_text(value));
}

static void fill_body(struct event *e)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_STORE_CREATED:
		e->store_created = (struct event_store_created){text("authority"), (uint16_t)number("format"), number("created")};
		return;
	case EVENT_ACCESS_GRANTED:
		fill_grant(&e->access_granted);
		return;
	case EVENT_ACCESS_REVOKED:
		assert_true(z85_key_parse(text("key"), e->access_revoked.key));
		return;
	case EVENT_PATHWAY_LOADED:
		e->pathway_loaded = (struct event_pathway_loaded){text("name"), (uint32_t)number("number"),
		                                                  number("default") != 0, text("source"), text("compiled")};
		return;
	case EVENT_CALENDAR_LOADED:
		fill_calendar(&e->calendar_loaded);
		return;
	case EVENT_PUPIL_REGISTERED:
		e->pupil_registered =
			(struct event_pupil_registered){(uint32_t)number("pupil"), (uint32_t)number("urn"), text("sealed")};
		return;
	case EVENT_ROSTER_RECORDED:
		e->roster_recorded =
			(struct event_roster_recorded){(uint32_t)number("pupil"), (uint32_t)number("urn"), text("sealed")};
		return;
	case EVENT_MARKS_RECORDED:
		e->marks_recorded.body = fill_marks();
		return;
	case EVENT_ACTION_RECORDED:
		fill_action(&e->action_recorded);
		return;
	case EVENT_ALERT_RAISED:
		fill_alert_raised(&e->alert_raised);
		return;
	case EVENT_ALERT_CHANGED:
		e->alert_changed = (struct event_alert_changed){number("alert"), text("text"),
		                                                event.version == 1 ? 0 : (uint32_t)number("urn")};
		return;
	case EVENT_ALERT_WITHDRAWN:
		e->alert_withdrawn = (struct event_alert_withdrawn){
			number("alert"), number("cause"), alert_kind_parse(text("alert_kind")), (uint32_t)number("pupil"),
			(uint32_t)number("case"), (uint8_t)number("deadline")};
		return;
	case EVENT_ALERT_ACKNOWLEDGED:
		e->alert_acknowledged.alert = number("alert");
		return;
	case EVENT_DEADLINE_FIRED:
		e->deadline_fired = (struct event_deadline_fired){(uint32_t)number("case"), (uint8_t)number("deadline"),
		                                                  (uint8_t)number("phase"), number("due")};
		return;
	case EVENT_CLOCK_HELD:
		e->clock_held = (struct event_clock_held){number("seen"), (int64_t)number("step")};
		return;
	case EVENT_CLOCK_CONFIRMED:
		return;
	case EVENT_CLOCK_MOVED:
		e->clock_moved.to_ms = number("to");
		return;
	case EVENT_ROSTER_SUBMITTED:
		e->roster_submitted.accepted = (uint32_t)number("accepted");
		e->roster_submitted.rows = fill_rows();
		return;
	case EVENT_PUPIL_FACT:
		e->pupil_fact = (struct event_pupil_fact){(uint32_t)number("pupil"), fact_parse(text("fact")), number("holds") != 0,
		                                          (uint16_t)number("since"), text("parent"), (uint32_t)number("urn"), text("sealed")};
		return;
	case EVENT_PUPILS_LINKED:
		e->pupils_linked = (struct event_pupils_linked){(uint32_t)number("pupil"), (uint32_t)number("other"), text("parent"),
		                                                text("other_parent"), number("stands") != 0};
		return;
	case EVENT_COVER_NAMED:
		assert_true(z85_key_parse(text("officer"), e->cover_named.officer));
		assert_true(z85_key_parse(text("cover"), e->cover_named.cover));
		e->cover_named.from = (uint16_t)number("from");
		e->cover_named.until = (uint16_t)number("until");
		e->cover_named.stands = number("stands") != 0;
		return;
	case EVENT_CASE_MOVED:
		fill_moved(&e->case_moved);
		return;
	case EVENT_PATHWAY_CHOSEN:
		e->pathway_chosen = (struct event_pathway_chosen){(uint32_t)number("urn"), text("pathway")};
		return;
	case EVENT_MEETING_OFFERED:
		e->meeting_offered = (struct event_meeting_offered){(uint32_t)number("urn"), (uint16_t)number("on"), number("stands") != 0, text("meeting")};
		return;
	case EVENT_DAY_ENDED:
		e->day_ended.day = (uint16_t)number("day");
		return;
	case EVENT_SCHOOL_DESCRIBED:
		e->school_described = (struct event_school_described){(uint32_t)number("urn"), (uint8_t)number("kinds"),
		                                                        event.version == 1 ? (struct slice){NULL, 0} : text("name")};
		return;
	case EVENT_TASK_DONE:
		e->task_done = (struct event_task_done){(uint32_t)number("urn"), text("task"), (uint16_t)number("on"),
		                                        (uint16_t)number("first"), (uint16_t)number("through")};
		return;
	}
}

static void fill(struct event *e, uint8_t kind, uint8_t version)
{
	const char *value;

	memset(e, 0, sizeof *e);
	assert_string_equal(golden_text(&g, "kind"), event_kind_text(kind));
	assert_int_equal(number("version"), version);
	e->kind = kind;
	e->version = version;
	e->at_ms = number("at");
	e->actor = number("actor");
	value = golden_next(&g, "id");
	if (value != NULL) {
		e->submitted = true;
		assert_true(uuid_parse(slice_text(value), e->id));
		e->receipt = strtoull(golden_text(&g, "receipt"), NULL, 16);
		value = golden_next(&g, "via");
		e->via = value ? strtoull(value, NULL, 10) : 0;
	}
	fill_body(e);
}

static void check_file(const char *name, uint8_t kind, uint8_t version, uint8_t newest)
{
	static uint8_t room[8192], again[8192];
	static struct event back;
	struct slice bytes;
	struct writer w = writer_of(room, sizeof room), v = writer_of(again, sizeof again);

	golden_open(&g, name);
	bytes = golden_bytes(&g, "bytes");
	fill(&event, kind, version);
	golden_close(&g);
	assert_true(event_decode(&back, bytes, false));
	assert_int_equal(back.kind, kind);
	assert_int_equal(back.version, version);
	/* As described, and as read: both are written with today's version. */
	event_encode(&w, &event);
	event_encode(&v, &back);
	golden_equal(&g, writer_slice(&w), writer_slice(&v));
	if (version == newest)
		golden_equal(&g, bytes, writer_slice(&w));
	free((void *)(uintptr_t)bytes.bytes);
}

static void check_kind(uint8_t kind, uint8_t version, uint8_t newest)
{
	char name[64];

	snprintf(name, sizeof name, "event-%s-%u", event_kind_text(kind), version);
	check_file(name, kind, version, newest);
}

static void what_a_board_submitted_names_both(void **state)
{
	(void)state;
	check_file("event-alert-acknowledged-1-via", EVENT_ALERT_ACKNOWLEDGED, 1, 1);
	assert_int_equal(event.via, 9);
}

static void every_version_of_every_event_has_its_golden_file(void **state)
{
	(void)state;
#define X(name, number, newest, text, body) \
	for (uint8_t version = 1; version <= (newest); version++) \
		check_kind(number, version, newest);
	EVENT_KINDS(X)
#undef X
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_of_every_event_has_its_golden_file),
		cmocka_unit_test(what_a_board_submitted_names_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
