/* trial_scene.h - a little process in an autumn of four pupils, on which changed files are tried; and the result as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TRIAL_SCENE_H
#define TESTS_TRIAL_SCENE_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "casework/pathway.h"
#include "daemon/trial.h"
#include "pathways/bundle.h"
#include "pathways/compile.h"
#include "tests/engine_sick.h"

static struct host h;
static char upn[4][UPN_SIZE + 1];
static char summary[1 << 16], families[1 << 18];

/* A little process: a letter, whose answer is awaited; then a visit may be decided on. */
static const char LITTLE[] =
	"pathway: %s\ntitle: A little process\nsource: none\nstages:\n  start: Start\n  written: Written to\n  closed: Closed\n"
	"first stage: start\nclosed stage: closed\n"
	"watches:\n  threshold: {kind: count, codes: [G, N, O, U], at least: %u, text: \"{count} sessions\"}\n"
	"deadlines:\n  reply:\n    title: Time to answer\n    period: %u school days\n"
	"    questions: [{ask: \"Visit?\", outcomes: [visit, leave]}]\n%s"
	"actions:\n"
	"  letter: {title: Letter, may record: [school, officer], starts: reply, moves to: written}\n"
	"  choose: {title: Choice, may record: [officer], effect: decision,\n"
	"    fields: {outcome: {type: one of, values: [visit, leave], title: What, required: yes}, why: {type: text, title: Why}},\n"
	"    needs: [{that: not running(reply), lack: \"the time to answer has not run out\"}%s]}\n"
	"%s"
	"  close: {title: Closing, may record: [officer], moves to: closed}\n";

struct little {
	const char *name;
	unsigned threshold, days;
	const char *need, *action, *deadline;
};

static const char CALL[] = "  call: {title: Call, may record: [officer]}\n";
static const struct little small = {"small", 6, 5, "", CALL, ""};

static const char *source_of(const struct little *l)
{
	static char source[4000];

	snprintf(source, sizeof source, LITTLE, l->name, l->threshold, l->days, l->deadline ? l->deadline : "", l->need, l->action);
	return source;
}

static inline void load(const struct little *l, const char *more)
{
	assert_answer(host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s'%s}", source_of(l), more), STATUS_OK, NULL);
}

static inline void act(unsigned pupil, const char *action, const char *fields)
{
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%s','fields':{%s}}", upn[pupil], action, fields),
		      STATUS_OK, NULL);
}

/* Hour by hour: what falls due is told on its day, as by a daemon that is never away. */
static inline void go_to(const char *time)
{
	uint64_t until = host_ms(time);

	while (h.now_ms < until) {
		h.now_ms = until - h.now_ms > 3600000 ? h.now_ms + 3600000 : until;
		host_turns(&h);
	}
}

/* Pupil 0 gets letter, choice, call; pupil 1 the letter late; pupil 2 is at another school. */
static inline int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-01T09:00:00Z"});
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i + 1);
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-12-18','term','Autumn']]}");
	load(&small, ",'default':true");
	go_to("2026-09-07T15:30:00Z");
	for (unsigned i = 1; i <= 3; i++)
		host_marks(&h, i == 3 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "2026-09-07", "O");
	act(0, "letter", "");
	go_to("2026-09-08T15:30:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-08", "2026-09-08", "O");
	go_to("2026-09-09T15:30:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-09", "2026-09-09", "O");
	host_marks(&h, OTHER_URN, 3, "2026-09-08", "2026-09-09", "O");
	go_to("2026-09-10T15:30:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-10", "2026-09-10", "O");
	go_to("2026-09-16T10:00:00Z");
	act(0, "choose", "'outcome':'visit','why':'nobody answered'");
	act(0, "call", "");
	act(1, "letter", "");
	act(2, "letter", "");
	go_to("2026-10-09T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 2, "2026-10-09", "2026-10-09", "/");
	return 0;
}

static inline int teardown(void **context)
{
	(void)context;
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static inline uint32_t number_at(const uint8_t *bytes)
{
	struct reader r = reader_of(slice_of(bytes, 4));

	return read_u32(&r);
}

/* The result as JSON: the summary, and the families one after another. */
static inline void read_result(int fd)
{
	static uint8_t room[1 << 18];
	ssize_t size = pread(fd, room, sizeof room, 0);
	size_t at = TRIAL_PROGRESS_SIZE;
	char *text;

	assert_true(size > TRIAL_PROGRESS_SIZE && size < (ssize_t)sizeof room);
	assert_memory_equal(room, room + 8, 8); /* all events are done */
	text = host_text_of(slice_of(room + at + 4, number_at(room + at)));
	snprintf(summary, sizeof summary, "%s", text);
	free(text);
	at += 4 + number_at(room + at);
	families[0] = '\0';
	while (at < (size_t)size) {
		uint32_t pairs_size = number_at(room + at + 5);
		uint8_t map[1 << 16] = {(uint8_t)(0x80 | room[at + 4])};
		char head[32];

		assert_true(pairs_size < sizeof map - 1);
		memcpy(map + 1, room + at + 9, pairs_size);
		text = host_text_of(slice_of(map, pairs_size + 1));
		snprintf(head, sizeof head, "[%u]", number_at(room + at));
		strncat(families, head, sizeof families - strlen(families) - 1);
		strncat(families, text, sizeof families - strlen(families) - 1);
		free(text);
		at += 9 + pairs_size;
	}
}

static inline int temporary(void)
{
	char path[] = "/tmp/attend-trial.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* On a copy: LMDB wants a store open once in a process. */
static inline int try_bytes(struct slice compiled, char *why, size_t why_size)
{
	int in = temporary(), out = temporary(), result;

	assert_int_equal(write(in, compiled.bytes, compiled.size), compiled.size);
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	host_keep_data(&h);
	result = trial_run(h.kept, in, out, why, why_size);
	if (result == 0)
		read_result(out);
	host_back_to_kept_data(&h);
	close(in);
	close(out);
	return result;
}

static inline void try_file(const struct little *l)
{
	static uint8_t room[PATHWAY_SIZE_MAX];
	static struct compile_report report;
	struct writer w = writer_of(room, sizeof room);
	char why[300];

	if (!pathway_compile(slice_text(source_of(l)), &w, &report))
		fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
	if (try_bytes(writer_slice(&w), why, sizeof why) != 0)
		fail_msg("%s", why);
}

#define assert_says(text, wanted) \
	do { \
		if (!strstr(text, wanted)) \
			fail_msg("no %s in %s", wanted, text); \
	} while (0)

#endif
