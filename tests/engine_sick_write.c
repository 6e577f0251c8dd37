/* The nth call fails while something is submitted, or while the store is opened: what was answered 200 stands, what was
 * not is as if it had never come, and sent again it is taken as it would have been.
 *
 * Some of the places, chosen anew each time; with ATTEND_FAULTS=all every one (some minutes).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/failing_calls.h"

static struct host h;
static char base[256], world[300], try[300];
static uint64_t random_state;
static bool all;

static const struct fault {
	unsigned calls;
	int error;
} faults[] = {
	{CALLS_VALUE, 0}, {CALLS_LOOK, EIO}, {CALLS_LOOK, MDB_CORRUPTED}, {CALLS_CHANGE, MDB_MAP_FULL}, {CALLS_CHANGE, EIO}, {CALLS_FILE, EIO},
	{CALLS_FILE, ENOSPC}, {CALLS_STORE, EIO}, {CALLS_THREAD, 0},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static unsigned chance(unsigned below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((random_state >> 33) % below);
}

static int setup(void **context)
{
	const char *seed = getenv("ATTEND_SEED"), *tmp = getenv("TMPDIR"), *places = getenv("ATTEND_FAULTS");

	(void)context;
	random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	all = places && strcmp(places, "all") == 0;
	print_message("seed %llu (again: ATTEND_SEED=%llu)\n", (unsigned long long)random_state, (unsigned long long)random_state);
	snprintf(base, sizeof base, "%.200s/attend-sick.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(base));
	snprintf(world, sizeof world, "%s/world", base);
	snprintf(try, sizeof try, "%s/try", base);
	sick_make(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_end(&h);
	host_remove_dir(world);
	host_remove_dir(try);
	rmdir(base);
	return 0;
}

/* A copy of the world, open. */
static void open_copy(void)
{
	host_remove_dir(try);
	sick_copy(world, try);
	snprintf(h.dir, sizeof h.dir, "%.255s", try);
	h.commit_failed = false;
	host_open(&h);
}

static bool said_yes(const struct answer *a)
{
	return a && (a->status == STATUS_OK || a->status == STATUS_PARTIAL || a->status == STATUS_KNOWN);
}

/* Some of the questions, or all. */
static char *answers(void)
{
	char *text;

	sick_some = all ? 0 : 5;
	text = sick_answers(&h);
	sick_some = 0;
	return text;
}

struct right {
	char *said, *answers;
};

static struct {
	unsigned tried, struck, yes, no, ended, other;
} seen;

static void check_text(const char *what, const char *now, const char *right, unsigned step, const struct fault *f, unsigned nth)
{
	if (strcmp(now, right) == 0)
		return;
	seen.other++;
	print_error("%s: step %u (%s), fault %u/%d at %u (%s)\n", what, step, sick_steps[step].json, f->calls, f->error, nth, fail_which());
	check_same_text(now, right, __FILE__, __LINE__);
}

static struct slice frame; /* the step's: the same bytes each time that it is sent */

static const struct answer *step_with(unsigned step, unsigned calls, int error, unsigned nth)
{
	fail_call(calls, error, nth);
	return host_frame(&h, sick_steps[step].who, frame);
}

/* False: there is no nth call. */
static bool try_one(unsigned step, const struct fault *f, unsigned nth, const struct right *right)
{
	const struct answer *a;
	bool struck, yes;
	char *now;

	open_copy();
	h.commit_failed = true; /* it may */
	a = step_with(step, f->calls, f->error, nth);
	struck = fail_none();
	seen.tried++;
	seen.struck += struck;
	yes = said_yes(a);
	if (yes)
		check_text("the answer", a->text, right->said, step, f, nth);
	else if (a && a->status != STATUS_RETRY_LATER && a->status != STATUS_DAMAGED && a->status != STATUS_FAILED)
		fail_msg("step %u, fault %u/%d at %u (%s): %u %s", step, f->calls, f->error, nth, fail_which(), a->status, a->text);
	seen.yes += yes;
	seen.no += a && !yes;
	seen.ended += !a;
	h.commit_failed = false;
	host_restart(&h);
	a = host_frame(&h, sick_steps[step].who, frame);
	if (!said_yes(a) || (yes && a->status != STATUS_KNOWN))
		fail_msg("again, step %u, fault %u/%d at %u (%s): %u %s", step, f->calls, f->error, nth, fail_which(), a ? a->status : 0, a ? a->text : "");
	check_text("the answer to it sent again", a->text, right->said, step, f, nth);
	now = answers();
	check_text("afterwards", now, right->answers, step, f, nth);
	free(now);
	host_close(&h);
	return struck;
}

static void try_step(unsigned step)
{
	struct right right;
	const struct answer *a;
	unsigned calls[FAULTS];

	frame = sick_frame(&h, step);
	host_close(&h);
	host_remove_dir(world);
	sick_copy(h.dir, world);
	open_copy();
	a = step_with(step, CALLS_FILE, 0, INT_MAX);
	for (unsigned f = 0; f < FAULTS; f++)
		calls[f] = fail_seen(faults[f].calls);
	fail_none();
	if (!said_yes(a))
		fail_msg("step %u, %s: %u %s", step, sick_steps[step].json, a->status, a->text);
	right.said = strdup(a->text);
	right.answers = answers();
	host_close(&h);
	for (unsigned f = 0; f < FAULTS && all; f++)
		for (unsigned i = 0; i < calls[f]; i++)
			try_one(step, &faults[f], i + 1, &right);
	for (unsigned i = 0; i < 3 && !all; i++) {
		unsigned f = chance(FAULTS);

		if (calls[f])
			try_one(step, &faults[f], 1 + chance(calls[f]), &right);
	}
	/* and on to the next, where nothing fails */
	open_copy();
	assert_true(said_yes(host_frame(&h, sick_steps[step].who, frame)));
	free((void *)(uintptr_t)frame.bytes);
	free(right.said);
	free(right.answers);
}

static void what_is_submitted_stands_whole_or_not_at_all(void **context)
{
	char own[256];

	(void)context;
	snprintf(own, sizeof own, "%s", h.dir);
	for (unsigned step = 0; step < sick_step_count; step++) {
		try_step(step);
		/* the world goes on in a folder of its own */
		host_close(&h);
		host_remove_dir(own);
		sick_copy(try, own);
		snprintf(h.dir, sizeof h.dir, "%s", own);
		host_open(&h);
		host_turns(&h);
	}
	print_message("%u tries, %u calls failed: %u were taken all the same, %u put off, %u ended the process\n", seen.tried, seen.struck, seen.yes,
		      seen.no, seen.ended);
	assert_int_equal(seen.other, 0);
	assert_true(seen.struck > 60 && seen.no > 5 && seen.ended > 5);
	assert_verified(&h);
}

/* After all of it: an opening that meets a fault says what it is, and the next one finds all as it was. */
static void an_opening_that_fails_says_why_and_changes_nothing(void **context)
{
	struct engine_options options = {.dir = h.dir, .manual_clock = true};
	char why[400], *right = sick_answers(&h), *now;
	unsigned opened = 0, refused = 0;
	struct engine *e;

	(void)context;
	host_close(&h);
	for (unsigned f = 0; f < FAULTS; f++) {
		for (unsigned nth = 1;; nth += all || nth < 40 ? 1 : 1 + chance(60)) {
			int result;

			why[0] = '\0';
			fail_call(faults[f].calls, faults[f].error, nth);
			result = engine_open(&e, &options, why, sizeof why);
			if (!fail_none()) {
				assert_int_equal(result, 0);
				engine_close(&e);
				break;
			}
			opened += result == 0;
			refused += result != 0;
			if (result != 0 && !why[0])
				fail_msg("fault %u/%d at %u (%s): refused, and nothing said", faults[f].calls, faults[f].error, nth, fail_which());
			if (result != 0 && e)
				fail_msg("fault %u/%d at %u (%s): refused, and an engine all the same", faults[f].calls, faults[f].error, nth, fail_which());
			engine_close(&e);
		}
		host_open(&h);
		now = sick_answers(&h);
		check_same_text(now, right, __FILE__, __LINE__);
		free(now);
		host_close(&h);
	}
	print_message("%u openings were refused, %u went well all the same\n", refused, opened);
	assert_true(refused > 100);
	host_open(&h);
	free(right);
}

static void a_making_that_fails_says_why(void **context)
{
	const char *files[] = {HOST_PATHWAY};
	uint8_t admin[PUBLIC_KEY_SIZE];
	struct engine_init init = {.dir = try, .authority = "Stockport", .admin_key = admin, .pathway_files = files, .pathway_count = 1,
				   .now_ms = host_ms("2026-09-01T08:00:00Z")};
	unsigned refused = 0;
	char why[400];

	(void)context;
	host_key(admin, ADMIN);
	for (unsigned f = 0; f < FAULTS; f++)
		for (unsigned nth = 1;; nth += all || nth < 40 ? 1 : 1 + chance(60)) {
			int result;

			host_remove_dir(try);
			mkdir(try, 0700);
			why[0] = '\0';
			fail_call(faults[f].calls, faults[f].error, nth);
			result = engine_create(&init, why, sizeof why);
			if (!fail_none()) {
				assert_int_equal(result, 0);
				break;
			}
			refused += result != 0;
			if (result != 0 && !why[0])
				fail_msg("fault %u/%d at %u (%s): refused, and nothing said", faults[f].calls, faults[f].error, nth, fail_which());
			if (result == 0) { /* then it is whole */
				struct engine_options options = {.dir = try};
				struct engine *e;

				if (engine_open(&e, &options, why, sizeof why) != 0)
					fail_msg("fault %u/%d at %u (%s): made, and then: %s", faults[f].calls, faults[f].error, nth, fail_which(), why);
				engine_close(&e);
			}
		}
	print_message("%u makings were refused\n", refused);
	assert_true(refused > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_submitted_stands_whole_or_not_at_all),
		cmocka_unit_test(an_opening_that_fails_says_why_and_changes_nothing),
		cmocka_unit_test(a_making_that_fails_says_why),
	};

	return cmocka_run_group_tests_name("engine_sick_write", tests, setup, teardown);
}
