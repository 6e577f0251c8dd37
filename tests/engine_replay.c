/* Replay: whatever was done, the log alone gives the same tables and the same figures,
 * and says nothing a second time. A random workload with clean starts and crashes in
 * it; then each way in which a record of figures may lag behind, by itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "daemon/verify.h"
#include "tests/engine_host.h"
#include "tests/proto_random.h"

enum { PUPILS = 40, FIRST_DAY = 20699 /* 2026-09-03 */ };

static struct host h;
static char upn[PUPILS + 1][UPN_SIZE + 1];
static const char *const codes[] = {"/", "\\", "N", "O", "U", "G", "I", "M", "L", "X", "B", "C", "C2", "Z"};

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-03T07:00:00Z", .sweep_marks = 60});
	for (unsigned i = 0; i <= PUPILS; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_end(&h);
	return 0;
}

/* ---- the workload ---- */

static const char *random_urn(void)
{
	return random_below(8) ? SCHOOL_URN : OTHER_URN;
}

/* A submission of up to a few days of a few pupils, some of it wrong, some of it held. */
static void random_marks(void)
{
	char *json = NULL, date[DATE_TEXT_SIZE + 1];
	size_t size;
	FILE *out = open_memstream(&json, &size);
	day_t today = day_of_ms(h.now_ms);
	unsigned registers = 1 + (unsigned)random_below(4);
	unsigned bad = (unsigned)random_below(4);

	fprintf(out, "{'urn':'%s','registers':[", random_urn());
	for (unsigned r = 0; r < registers; r++) {
		day_t day = today - (day_t)random_below(random_below(5) ? 3 : 60);
		unsigned count = 1 + (unsigned)random_below(10), first = (unsigned)random_below(PUPILS);

		day_text(date, day);
		fprintf(out, "%s['%s','%s',[", r ? "," : "", date, random_below(2) ? "AM" : "PM");
		for (unsigned i = 0; i < count; i++) {
			const char *code = codes[random_below(sizeof codes / sizeof *codes)];

			if ((first + i) % PUPILS < 12 && random_below(4)) /* some are away much */
				code = "N";
			fprintf(out, "%s['%s','%s'%s]", i ? "," : "", upn[(first + i) % PUPILS],
				bad == 1 && !random_below(6) ? "QQ" : code,
				random_below(12) ? "" : ",{'comment':'late bus','minutes_late':7}");
		}
		fputs("]]", out);
	}
	fputs("]}", out);
	fclose(out);
	host_put(&h, OFFICER, COMMAND_MARKS, NULL, "%s", json);
	free(json);
}

static void random_roster(void)
{
	unsigned i = (unsigned)random_below(PUPILS), j = (unsigned)random_below(PUPILS);

	host_put(&h, OFFICER, COMMAND_ROSTER, NULL,
		 "{'urn':'%s','pupils':[{'upn':'%s','surname':'S%u','birth_date':'201%u-03-01'},{'upn':'%s','surname':'T'}]}", random_urn(),
		 upn[i], (unsigned)random_below(3), (unsigned)random_below(5), upn[j]);
}

static void random_action(void)
{
	static const char *const actions[] = {
		"'contact'", "'meeting'", "'plan'", "'note'", "'note','fields':{'text':'said'}",
		"'review','fields':{'outcome':'stay','parental_contact':'called','child_view_appropriate':'no'}",
		"'notice-to-improve','parent':'p1'", "'notice-to-improve','parent':'p2'", "'penalty-notice','parent':'p1'",
		"'payment','parent':'p1'", "'decision','parent':'p1','fields':{'outcome':'not-to-issue'}", "'decision','fields':{'outcome':'close'}",
		"'monitoring-outcome','fields':{'outcome':'continue'}", "'close'", "'sickness-expected'", "'sickness-return'",
		"'first-day-call'", "'part-time-timetable','fields':{'consent':'yes','review_date':'2026-10-30'}", "'enquiries','fields':{'resolved':'yes'}",
	};
	char date[DATE_TEXT_SIZE + 1];

	day_text(date, day_of_ms(h.now_ms) - (day_t)random_below(random_below(6) ? 2 : 30));
	host_put(&h, random_below(2) ? OFFICER : MANAGER, COMMAND_ACTION, NULL, "{'upn':'%s','on':'%s','action':%s%s}",
		 upn[random_below(14)], date, actions[random_below(sizeof actions / sizeof *actions)],
		 random_below(5) ? ",'override':'because'" : "");
}

static void random_calendar(void)
{
	char from[DATE_TEXT_SIZE + 1], rows[600] = "";
	day_t today = day_of_ms(h.now_ms);

	for (unsigned i = 0; i < 3; i++) {
		day_text(from, today - 5 + (day_t)random_below(40));
		snprintf(rows + strlen(rows), sizeof rows - strlen(rows), ",['%s','%s','%s','x']", from, from,
			 random_below(2) ? "closure" : "inset");
	}
	host_put(&h, OFFICER, COMMAND_CALENDAR, NULL,
		 "{%s'rows':[['2026-09-02','2026-10-23','term','A'],['2026-11-02','2026-12-18','term','B'],['2027-01-04','2027-04-01','term','C']%s]}",
		 random_below(3) ? "" : random_below(2) ? "'urn':'" SCHOOL_URN "'," : "'urn':'" OTHER_URN "',", rows);
}

static void random_school(void)
{
	static const char *const kinds[] = {"", "'primary'", "'secondary'", "'primary','secondary'"};
	static const char *const tasks[] = {"lates", "attendance-review", "school-nurse", "governors-report", "attendance-tracker"};
	char on[DATE_TEXT_SIZE + 1];

	day_text(on, day_of_ms(h.now_ms) - (day_t)random_below(10));
	if (random_below(4) == 0)
		host_put(&h, OFFICER, COMMAND_SCHOOL, NULL, "{'urn':'%s','kinds':[%s]}", random_urn(), kinds[random_below(4)]);
	else
		host_put(&h, OFFICER, COMMAND_TASK, NULL, "{'urn':'%s','task':'%s','on':'%s'}", random_urn(), tasks[random_below(5)], on);
}

static void random_settings(void)
{
	if (random_below(2))
		host_put(&h, OFFICER, COMMAND_ACKNOWLEDGE, NULL, "{'alert':%u}", (unsigned)(1 + random_below(host_head(&h))));
	else if (random_below(2))
		host_put(&h, OFFICER, COMMAND_CURSOR, NULL, "{'cursor':'c%u','position':%u}", (unsigned)random_below(3),
			 (unsigned)random_below(host_head(&h)));
	else if (random_below(3) == 0)
		engine_clock_stepped(h.engine, h.now_ms + 3600000, 3600000);
	host_put(&h, ADMIN, COMMAND_CLOCK, NULL, "{'confirm':true}");
}

static void random_step(void)
{
	unsigned frames = 1 + (unsigned)random_below(6);

	h.now_ms += random_below(4) ? random_below(6 * 3600000) : random_below(5 * 86400000);
	host_begin(&h);
	while (frames--) {
		unsigned kind = (unsigned)random_below(100);

		if (kind < 55)
			random_marks();
		else if (kind < 62)
			random_roster();
		else if (kind < 88)
			random_action();
		else if (kind < 92)
			random_calendar();
		else if (kind < 96)
			random_school();
		else
			random_settings();
	}
	host_commit(&h);
	for (unsigned i = 0; i < h.count; i++)
		if (h.answers[i].status >= 500)
			fail_msg("%u %s", h.answers[i].status, h.answers[i].text);
}

static void a_random_workload(void **context)
{
	unsigned starts = 0;

	(void)context;
	random_start();
	for (unsigned i = 0; i < 2; i++) /* both, whatever the dice say */
		assert_int_equal(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'%s','kinds':['primary']}", i ? OTHER_URN : SCHOOL_URN)->status, 200);
	for (unsigned step = 0; step < 250; step++) {
		random_step();
		if (random_below(12) == 0) {
			assert_verified(&h);
			host_start_again(&h, upn, PUPILS, random_below(3) > 0);
			starts++;
		}
	}
	host_turns(&h);
	assert_true(starts > 10);
	assert_true(times_in(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, "\"alert\":") > 20);
	printf("%llu events, %u cases\n", (unsigned long long)host_head(&h), h.engine->state.case_count);
	assert_true(h.engine->state.case_count > 5);
	assert_true(h.engine->state.school_count == 2);
	assert_non_null(strstr(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'alerts'}")->text, "\"kind\":\"unexplained\""));
	assert_true(h.engine->state.schools[0]->task_count + h.engine->state.schools[1]->task_count > 10);
	assert_verified(&h);
	host_start_again(&h, upn, PUPILS, true);
	host_start_again(&h, upn, PUPILS, false);
	assert_verified(&h);
}

/* ---- one lag at a time ---- */

/* Both sessions of a day in one submission: the first raises an alert, the second
 * comes after it and is of an earlier event. */
static void two_marks_of_a_pupil_with_an_alert_between(void **context)
{
	(void)context;
	host_set_time(&h, "2026-09-18T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-10", "O");
	/* the 9th to 12th: the 10th raises the threshold */
	host_marks(&h, SCHOOL_URN, 1, "2026-09-11", "2026-09-14", "O");
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, "threshold"));
	assert_verified(&h);
	host_start_again(&h, upn, PUPILS, true);
	host_start_again(&h, upn, PUPILS, false);
	assert_verified(&h);
}

static void a_pupil_of_a_roster_alone_then_a_crash(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A'}]}", upn[0]), STATUS_OK, NULL);
	host_start_again(&h, upn, PUPILS, true);
	assert_verified(&h);
	host_start_again(&h, upn, PUPILS, false); /* writes what was replayed */
	assert_verified(&h);
}

static void a_case_opened_and_closed_in_the_tail(void **context)
{
	(void)context;
	host_set_time(&h, "2026-09-10T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-08", "N");
	host_restart(&h);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[0]), STATUS_OK, "C1");
	host_start_again(&h, upn, PUPILS, true);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'close'}", upn[0]), STATUS_OK, "C1");
	host_start_again(&h, upn, PUPILS, true);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[0]), STATUS_OK, "C2");
	host_start_again(&h, upn, PUPILS, true);
	host_start_again(&h, upn, PUPILS, false);
	assert_verified(&h);
}

/* The keys of persons are synced before the commit: a crash between leaves a key that
 * nothing refers to, and the pupil must still be let in. */
static void a_crash_between_the_keys_and_the_commit(void **context)
{
	(void)context;
	host_set_time(&h, "2026-09-04T07:00:00Z");
	host_keep_data(&h);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-03", "AM", "/");
	host_mark(&h, SCHOOL_URN, 2, "2026-09-03", "AM", "/");
	host_back_to_kept_data(&h); /* the keys of then, the data of before */
	assert_int_equal(host_pupils(&h), 0);
	host_mark(&h, SCHOOL_URN, 2, "2026-09-03", "AM", "N");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[1]), STATUS_OK, upn[1]);
	assert_verified(&h);
}

/* A sweep that has gone part of its round. */
static void a_crash_in_the_middle_of_a_sweep(void **context)
{
	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-30T07:00:00Z", .sweep_marks = 40});
	for (unsigned day = 1; day <= 29; day++) {
		char date[DATE_TEXT_SIZE + 1];

		day_text(date, FIRST_DAY - 3 + (day_t)day);
		if (day_weekday(FIRST_DAY - 3 + (day_t)day) > FRIDAY)
			continue;
		host_begin(&h);
		for (unsigned i = 0; i < 7; i++)
			host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['%s','AM',[['%s','N']]]]}", date,
				 upn[(day * 3 + i) % 13]);
		host_commit(&h);
		assert_verified(&h);
		host_start_again(&h, upn, PUPILS, true);
		assert_verified(&h);
	}
	host_start_again(&h, upn, PUPILS, false);
	assert_verified(&h);
}

/* The keys' file short of a record, or with a bad one in its last page: where the store needs them it is refused, and
 * nothing of the file is taken away. */
static void a_store_whose_keys_are_gone_is_refused(void **context)
{
	enum { RECORD = 44, COUNT = 5 };
	char path[300], why[300];
	uint8_t bytes[COUNT * RECORD], now[sizeof bytes];
	struct engine_options options = {.dir = h.dir};
	struct engine *e = NULL;
	FILE *file;

	(void)context;
	for (unsigned i = 0; i < COUNT; i++)
		host_mark(&h, SCHOOL_URN, i + 1, "2026-09-03", "AM", "/");
	host_close(&h);
	snprintf(path, sizeof path, "%s/persons.keys", h.dir);
	file = fopen(path, "r+");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
	for (unsigned i = 0; i < COUNT; i++) {
		bytes[i * RECORD + 9] ^= 1;
		fseek(file, 0, SEEK_SET);
		assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
		fflush(file);
		/* the last one alone would be cut off as a torn end */
		if (i < COUNT - 1) {
			assert_int_equal(engine_open(&e, &options, why, sizeof why), -1);
			assert_non_null(strstr(why, "persons.keys lacks the keys"));
			fseek(file, 0, SEEK_SET);
			assert_int_equal(fread(now, 1, sizeof now, file), sizeof now);
			assert_memory_equal(now, bytes, sizeof bytes);
		}
		bytes[i * RECORD + 9] ^= 1;
	}
	fseek(file, 0, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
	fclose(file);
	host_open(&h);
	assert_int_equal(host_pupils(&h), COUNT);
}

/* ---- verify beside a daemon that dies ---- */

/* A daemon that starts, takes marks of some days and is killed. */
static void live_and_die(const char *from, const char *to)
{
	pid_t child = fork();
	int status;

	h.ids += 10000; /* the next one's are others */
	if (child == 0) {
		host_open(&h);
		for (unsigned i = 1; i <= 10; i++)
			host_marks(&h, SCHOOL_URN, i, from, to, i % 2 ? "O" : "I");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

struct telling {
	char text[4096];
	size_t size;
	unsigned deaths; /* as many as are still to come, each when something is told */
};

static bool has_a_folder(void)
{
	DIR *folder = opendir(h.dir);
	struct dirent *entry;
	bool found = false;

	while (folder && (entry = readdir(folder)))
		found |= entry->d_type == DT_DIR && entry->d_name[0] != '.';
	if (folder)
		closedir(folder);
	return found;
}

static ssize_t take_telling(void *context, const char *bytes, size_t size)
{
	struct telling *t = context;

	assert_true(t->size + size < sizeof t->text);
	assert_false(has_a_folder()); /* it may end here and now */
	memcpy(t->text + t->size, bytes, size);
	t->size += size;
	if (t->deaths && size > 3 && !memcmp(bytes, "ok ", 3)) {
		t->deaths--;
		live_and_die("2026-09-14", "2026-09-18");
	}
	return (ssize_t)size;
}

static bool registers_meanwhile; /* a pupil, when verify makes its folder */

char *mkdtemp(char *template)
{
	char *(*next)(char *);
	void *found = dlsym(RTLD_NEXT, "mkdtemp");

	memcpy(&next, &found, sizeof next);
	if (registers_meanwhile) {
		pid_t child = fork();
		int status;

		h.ids += 10000;
		if (child == 0) {
			host_open(&h);
			host_mark(&h, SCHOOL_URN, 999, "2026-09-07", "AM", "O");
			host_close(&h);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		registers_meanwhile = false;
	}
	return next(template);
}

static int verify_and_die(struct telling *t, unsigned deaths)
{
	FILE *out = fopencookie(t, "w", (cookie_io_functions_t){.write = take_telling});
	int result;

	*t = (struct telling){.deaths = deaths};
	setvbuf(out, NULL, _IOLBF, 0);
	result = verify_store(h.dir, out);
	fclose(out);
	return result;
}

/* The start after a death writes over what was being read: it is read again, and called damaged only if it is. */
static void verify_beside_a_daemon_that_dies_and_is_started_again(void **context)
{
	static struct telling t;

	(void)context;
	host_set_time(&h, "2026-09-21T16:00:00Z");
	host_close(&h);
	live_and_die("2026-09-07", "2026-09-11");
	assert_int_equal(verify_and_die(&t, 0), 0);
	assert_null(strstr(t.text, "again"));
	if (verify_and_die(&t, 1) != 0 || times_in(t.text, "again  ") != 1 || strstr(t.text, "WRONG"))
		fail_msg("%s", t.text);
	/* not for ever */
	assert_int_equal(verify_and_die(&t, 100), 1);
	assert_int_equal(times_in(t.text, "WRONG  "), 1);
	assert_int_equal(verify_and_die(&t, 0), 0);
	host_open(&h);
}

/* One of whom it first hears once it has begun is none of what it looks at, or is whole. */
static void verify_while_a_pupil_is_registered(void **context)
{
	static struct telling t;

	(void)context;
	host_set_time(&h, "2026-09-21T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "O");
	host_close(&h);
	registers_meanwhile = true;
	if (verify_and_die(&t, 0) != 0)
		fail_msg("%s", t.text);
	assert_false(registers_meanwhile);
	host_open(&h);
	assert_int_equal(host_pupils(&h), 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_marks_of_a_pupil_with_an_alert_between),
		T(a_pupil_of_a_roster_alone_then_a_crash),
		T(a_case_opened_and_closed_in_the_tail),
		T(a_crash_between_the_keys_and_the_commit),
		T(a_store_whose_keys_are_gone_is_refused),
		T(a_crash_in_the_middle_of_a_sweep),
		T(verify_beside_a_daemon_that_dies_and_is_started_again),
		T(verify_while_a_pupil_is_registered),
		T(a_random_workload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
