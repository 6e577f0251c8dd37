/* The outbox on a bad disk: whatever call the power goes at, what was promised is there afterwards and nothing is taken
 * for damage; what can't be written is said, and nothing else is lost by it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/failing_disk.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include "client/spool.h"

enum { SUBMISSIONS = 24, ROUNDS = 3 };

/* What the child had done when the power went. */
struct done {
	unsigned kept, promised; /* numbers, from 1 */
	bool settled[SUBMISSIONS + 1];
	bool finished;
};

static struct attend_spool *open_spool(const struct place *place, char why[static 1200])
{
	char dir[300];
	place_inside(place, dir, "spool");
	return attend_spool_open(&(struct attend_spool_options){ .dir = dir }, why, 1200);
}

static enum attend_result keep(struct attend_spool *s, uint8_t number)
{
	static const size_t sizes[] = { 10, 3000, 700, 1 << 20, 60 };
	static uint8_t body[1 << 20];
	struct attend_kept kept = { .command = ATTEND_MARKS, .lane = "100001", .body = body, .body_size = sizes[number % 5] };
	kept.id[0] = number;
	memset(body, number, sizeof body);
	return attend_spool_keep(s, &kept);
}

/* Keeps and promises, and is answered now and then. */
static void use(const struct place *place, struct done *done, uint64_t random)
{
	char why[1200];
	struct attend_spool *s = open_spool(place, why);
	assert_non_null(s);
	for (uint8_t i = 1; i <= SUBMISSIONS; i++) {
		assert_int_equal(keep(s, i), ATTEND_OK);
		done->kept = i;
		if (place_random(&random) % 3 == 0) {
			assert_int_equal(attend_spool_sync(s), ATTEND_OK);
			done->promised = i;
		}
		if (place_random(&random) % 4 == 0) {
			uint8_t answered = (uint8_t)(place_random(&random) % i + 1);
			done->settled[answered] = true;
			spool_settle(s, answered);
		}
	}
	attend_spool_close(&s);
	done->finished = true;
}

static bool list(void *context, const struct attend_kept *kept)
{
	bool *waits = context;
	assert_in_range(kept->id[0], 1, SUBMISSIONS);
	assert_false(waits[kept->id[0]]);
	waits[kept->id[0]] = true;
	/* all one byte */
	assert_int_equal(*(const uint8_t *)kept->body, kept->id[0]);
	assert_memory_equal(kept->body, (const uint8_t *)kept->body + 1, kept->body_size - 1);
	return true;
}

static void check(const struct place *place, const struct done *done, unsigned nth)
{
	char why[1200] = "";
	bool waits[SUBMISSIONS + 2] = { false };
	struct attend_spool *s = open_spool(place, why);
	if (!s)
		fail_msg("after a cut at call %u: %s", nth, why);
	assert_int_equal(attend_spool_each(s, list, waits), ATTEND_OK);
	for (unsigned i = 1; i <= SUBMISSIONS; i++) {
		if (i <= done->promised && !done->settled[i] && !waits[i])
			fail_msg("cut at call %u: %u was promised (up to %u) and is gone", nth, i, done->promised);
		if (i > done->kept + 1 && waits[i])
			fail_msg("cut at call %u: %u was never kept", nth, i);
	}
	/* and it goes on */
	assert_int_equal(keep(s, 1), ATTEND_OK);
	assert_int_equal(attend_spool_sync(s), ATTEND_OK);
	attend_spool_close(&s);
}

static void remove_spool(const struct place *place)
{
	char dir[300];
	nftw(place_inside(place, dir, "spool"), place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void the_power_goes_at_each_call(void **state)
{
	struct done *done = mmap(NULL, sizeof *done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t random = place_seed();
	unsigned cuts = 0;
	assert_true(done != MAP_FAILED);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t seed = place_random(&random);
		memset(done, 0, sizeof *done);
		for (unsigned nth = 1; !done->finished; nth++) {
			memset(done, 0, sizeof *done);
			pid_t child = fork();
			if (!child) {
				disk.random = seed + nth;
				arm(POWER_CUT, 0, nth);
				use(*state, done, seed);
				_exit(0);
			}
			int status;
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
			check(*state, done, nth);
			remove_spool(*state);
			cuts++;
		}
	}
	assert_true(cuts > ROUNDS * SUBMISSIONS);
	munmap(done, sizeof *done);
}

/* A full disk refuses what doesn't fit, leaves no half of it, and takes the next when there is room. */
static void what_does_not_fit_leaves_no_trace(void **state)
{
	static const enum fault faults[] = { FAIL, FAIL_AFTERWARDS };
	for (unsigned i = 0; i < 2; i++) {
		char why[1200];
		bool waits[SUBMISSIONS + 2] = { false };
		struct attend_spool *s = open_spool(*state, why);
		assert_int_equal(keep(s, 1), ATTEND_OK);
		arm(faults[i], ENOSPC, 1);
		assert_int_equal(keep(s, 2), ATTEND_REFUSED);
		assert_true(disk.struck);
		disk.fault = NO_FAULT;
		assert_non_null(strstr(attend_spool_why(s), "No space left"));
		assert_int_equal(keep(s, 3), ATTEND_OK);
		assert_int_equal(attend_spool_sync(s), ATTEND_OK);
		attend_spool_close(&s);
		s = open_spool(*state, why);
		assert_int_equal(attend_spool_each(s, list, waits), ATTEND_OK);
		assert_true(waits[1] && !waits[2] && waits[3]);
		attend_spool_close(&s);
		remove_spool(*state);
	}
}

/* After a flush that failed nobody knows what is on disk: nothing is promised any more. */
static void a_failed_flush_is_never_taken_back(void **state)
{
	char why[1200];
	struct attend_spool *s = open_spool(*state, why);
	assert_int_equal(keep(s, 1), ATTEND_OK);
	arm(FAIL, EIO, 1);
	assert_int_equal(attend_spool_sync(s), ATTEND_MISUSE);
	disk.fault = NO_FAULT;
	assert_int_equal(attend_spool_sync(s), ATTEND_MISUSE);
	assert_int_equal(keep(s, 2), ATTEND_MISUSE);
	assert_non_null(strstr(attend_spool_why(s), "Input/output error"));
	attend_spool_close(&s);
}

/* What is kept is numbered one after the other; a record that is whole and says otherwise is damage, not a reason to
 * take memory up to its number. */
static void a_number_out_of_its_place_is_damage(void **state)
{
	static const uint64_t numbers[] = { 1, 3, UINT64_C(1) << 35 }; /* the next is 2 */
	for (unsigned i = 0; i < 3; i++) {
		char why[1200] = "";
		struct attend_spool *s = open_spool(*state, why);
		assert_int_equal(keep(s, 1), ATTEND_OK);
		assert_int_equal(spool_file_append(&s->tail, &(struct spooled){ .kind = SPOOLED_KEPT, .number = numbers[i] }), 0);
		attend_spool_close(&s);
		assert_null(open_spool(*state, why));
		assert_non_null(strstr(why, "is damaged"));
		remove_spool(*state);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(the_power_goes_at_each_call),
		TEST(what_does_not_fit_leaves_no_trace),
		TEST(a_failed_flush_is_never_taken_back),
		TEST(a_number_out_of_its_place_is_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
