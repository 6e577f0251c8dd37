/* The outbox: what was kept is there again whatever happened to the program, is delivered once and in order, and
 * what can't be read is told apart from what was never promised.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "client/attend.h"
#include "tests/client_fake.h"
#include "tests/store_place.h"

static struct attend_spool *open_again(const struct place *place, char why[static 1200], struct attend_spool_options more)
{
	char dir[300];
	place_inside(place, dir, "spool");
	more.dir = dir;
	return attend_spool_open(&more, why, 1200);
}

static struct attend_spool *open_spool(const struct place *place)
{
	char why[1200] = "";
	struct attend_spool *s = open_again(place, why, (struct attend_spool_options){ .size_max = 0 });
	if (!s)
		fail_msg("%s", why);
	return s;
}

/* A submission whose id begins with its number. */
static enum attend_result keep(struct attend_spool *s, uint8_t number, const char *lane, size_t size)
{
	static uint8_t body[2 << 20];
	struct attend_kept kept = { .command = ATTEND_MARKS, .lane = lane, .body = body, .body_size = size, .note = "note", .note_size = 4 };
	memset(kept.id, 0, sizeof kept.id);
	kept.id[0] = number;
	kept.id[6] = 0x80;
	kept.id[8] = 0x80;
	body[0] = 0x80;
	return attend_spool_keep(s, &kept);
}

struct listed {
	uint8_t ids[300];
	unsigned count;
};

static bool list(void *context, const struct attend_kept *kept)
{
	struct listed *l = context;
	l->ids[l->count++] = kept->id[0];
	assert_memory_equal(kept->note, "note", 4);
	return true;
}

static void assert_waits(struct attend_spool *s, const char *numbers)
{
	struct listed l = { .count = 0 };
	assert_int_equal(attend_spool_each(s, list, &l), ATTEND_OK);
	assert_int_equal(l.count, strlen(numbers));
	assert_int_equal(attend_spool_waiting(s), l.count);
	for (unsigned i = 0; i < l.count; i++)
		assert_int_equal(l.ids[i], numbers[i] - '0');
}

/* The one file of submissions, and its size. */
static void segment_path(const struct place *place, char path[static 600], unsigned wanted)
{
	char dir[300];
	DIR *open = opendir(place_inside(place, dir, "spool"));
	unsigned found = 0;
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open));)
		if (strstr(entry->d_name, ".spool")) {
			snprintf(path, 600, "%s/%s", dir, entry->d_name);
			found++;
		}
	closedir(open);
	assert_int_equal(found, wanted);
}

static void what_was_kept_is_there_again(void **state)
{
	struct attend_spool *s = open_spool(*state);
	char path[600], dir[300];
	struct stat status;
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(keep(s, i, "100001", 100), ATTEND_OK);
	assert_int_equal(attend_spool_sync(s), ATTEND_OK);
	attend_spool_close(&s);
	s = open_spool(*state);
	assert_waits(s, "123");
	assert_int_equal(keep(s, 4, NULL, 100), ATTEND_OK);
	attend_spool_close(&s);
	s = open_spool(*state);
	assert_waits(s, "1234");
	attend_spool_close(&s);
	segment_path(*state, path, 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(stat(place_inside(*state, dir, "spool"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

static void others_are_kept_out(void **state)
{
	char why[1200], dir[300];
	struct attend_spool *s = open_spool(*state);
	assert_null(open_again(*state, why, (struct attend_spool_options){ .size_max = 0 }));
	assert_non_null(strstr(why, "in use by another program"));
	struct attend_spool *look = open_again(*state, why, (struct attend_spool_options){ .look = true });
	assert_non_null(look);
	assert_int_equal(keep(look, 1, NULL, 10), ATTEND_MISUSE);
	attend_spool_close(&look);
	attend_spool_close(&s);
	assert_int_equal(chmod(place_inside(*state, dir, "spool"), 0750), 0);
	assert_null(open_again(*state, why, (struct attend_spool_options){ .size_max = 0 }));
	assert_non_null(strstr(why, "chmod 700"));
	assert_int_equal(chmod(dir, 0700), 0);
	s = open_spool(*state);
	attend_spool_close(&s);
}

static unsigned told;
static void count_told(void *context, const char *text)
{
	(void)context;
	assert_non_null(strstr(text, "cut short"));
	told++;
}

/* Cut anywhere, what stands before the cut is there, and what was cut off is dropped and said. */
static void a_torn_end_is_dropped(void **state)
{
	char path[600], why[1200];
	off_t ends[4] = { 32, 0 }; /* of the header and of each record with its promise */
	struct stat status;
	struct attend_spool *s = open_spool(*state);
	segment_path(*state, path, 1);
	for (uint8_t i = 1; i <= 3; i++) {
		assert_int_equal(keep(s, i, "100001", 10), ATTEND_OK);
		assert_int_equal(stat(path, &status), 0);
		ends[i] = status.st_size;
	}
	attend_spool_close(&s);
	assert_int_equal(stat(path, &status), 0);
	uint8_t *bytes = malloc((size_t)status.st_size);
	FILE *file = fopen(path, "r");
	assert_int_equal(fread(bytes, 1, (size_t)status.st_size, file), status.st_size);
	fclose(file);
	for (off_t cut = status.st_size - 1; cut >= 32; cut--) {
		file = fopen(path, "w");
		fwrite(bytes, 1, (size_t)cut, file);
		fclose(file);
		told = 0;
		s = open_again(*state, why, (struct attend_spool_options){ .notice = count_told });
		assert_non_null(s);
		assert_waits(s, cut >= ends[3] ? "123" : cut >= ends[2] ? "12" : cut >= ends[1] ? "1" : "");
		assert_int_equal(told, cut != ends[0] && cut != ends[1] && cut != ends[2] && cut != ends[3]);
		/* and it goes on from there */
		assert_int_equal(keep(s, 9, NULL, 10), ATTEND_OK);
		attend_spool_close(&s);
		s = open_spool(*state);
		assert_waits(s, cut >= ends[3] ? "1239" : cut >= ends[2] ? "129" : cut >= ends[1] ? "19" : "9");
		attend_spool_close(&s);
	}
	free(bytes);
}

/* The power may keep a later write and lose an earlier one: before a promise reached over both that is no damage. */
static void a_hole_that_was_never_promised_is_dropped(void **state)
{
	char path[600], why[1200];
	struct stat status;
	off_t ends[4];
	struct attend_spool *s = open_spool(*state);
	segment_path(*state, path, 1);
	assert_int_equal(keep(s, 1, "100001", 10), ATTEND_OK);
	assert_int_equal(attend_spool_sync(s), ATTEND_OK);
	for (uint8_t i = 2; i <= 4; i++) {
		assert_int_equal(stat(path, &status), 0);
		ends[i - 2] = status.st_size;
		assert_int_equal(keep(s, i, "100001", 10), ATTEND_OK);
	}
	assert_int_equal(stat(path, &status), 0);
	ends[3] = status.st_size;
	attend_spool_close(&s);
	assert_int_equal(truncate(path, ends[3]), 0); /* without its last promise */
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t zeros[200] = { 0 };
	assert_int_equal(pwrite(fd, zeros, (size_t)(ends[2] - ends[1]), ends[1]), ends[2] - ends[1]);
	close(fd);
	told = 0;
	s = open_again(*state, why, (struct attend_spool_options){ .notice = count_told });
	assert_non_null(s);
	assert_waits(s, "12");
	assert_int_equal(told, 1);
	attend_spool_close(&s);
}

/* A bit flipped anywhere before the last promise is damage, and the file is named. */
static void a_damaged_middle_is_refused_by_name(void **state)
{
	char path[600], why[1200];
	struct stat status;
	struct attend_spool *s = open_spool(*state);
	segment_path(*state, path, 1);
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(keep(s, i, "100001", 10), ATTEND_OK);
	assert_int_equal(stat(path, &status), 0);
	off_t kept = status.st_size;
	attend_spool_close(&s);
	for (off_t at = 0; at < kept; at++) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		uint8_t byte;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1u << at % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_null(open_again(*state, why, (struct attend_spool_options){ .size_max = 0 }));
		assert_non_null(strstr(why, "0000000000000001.spool is damaged"));
		byte ^= (uint8_t)(1u << at % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
	}
	s = open_spool(*state);
	assert_waits(s, "123");
	attend_spool_close(&s);
}

static void it_is_bounded(void **state)
{
	char why[1200];
	struct attend_spool *s = open_again(*state, why, (struct attend_spool_options){ .size_max = 4 << 20 });
	uint8_t kept = 0;
	while (keep(s, (uint8_t)(kept + 1), NULL, 1 << 20) == ATTEND_OK)
		kept++;
	assert_int_equal(kept, 3);
	assert_non_null(strstr(attend_spool_why(s), "is full: 3 submissions wait"));
	assert_true(attend_spool_size(s) <= 4 << 20);
	assert_int_equal(keep(s, 4, NULL, 100), ATTEND_OK); /* what fits is still taken */
	assert_waits(s, "1234");
	attend_spool_close(&s);
}

/* ---- delivery ---- */

struct daemon_says {
	unsigned later[10];  /* "not now" so often, by number */
	unsigned status[10]; /* at the end; 0: 200 */
	uint8_t took[400];   /* those answered for good, in order */
	unsigned count;
};

static void respond(struct fake *f, const struct message *m, unsigned seen)
{
	struct daemon_says *says = f->context;
	unsigned number = m->id[0] % 10;
	(void)seen;
	if (says->later[number]) {
		says->later[number]--;
		fake_reply(f, m, STATUS_RETRY_LATER, NULL, 0);
		return;
	}
	says->took[says->count++] = m->id[0];
	fake_reply(f, m, says->status[number] ? says->status[number] : STATUS_OK, NULL, 0);
}

static int place_of(const struct daemon_says *says, uint8_t number)
{
	for (unsigned i = 0; i < says->count; i++)
		if (says->took[i] == number)
			return (int)i;
	fail_msg("%u was never taken", number);
	return -1;
}

/* "Not now" to the first of a lane: the second waits for it, another lane does not, and what has no lane waits for all. */
static void a_lane_keeps_its_order(void **state)
{
	struct fake f;
	struct daemon_says says = { .later = { [1] = 3, [4] = 2 } };
	fake_start(&f, respond, &says);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_spool *s = open_spool(*state);
	static const char *const lanes[] = { "100001", "100001", "100002", NULL, "100001", "100002" };
	for (uint8_t i = 0; i < 6; i++)
		assert_int_equal(keep(s, (uint8_t)(i + 1), lanes[i], 10), ATTEND_OK);
	assert_int_equal(attend_spool_deliver(s, a), ATTEND_OK);
	assert_int_equal(says.count, 6);
	assert_true(place_of(&says, 1) < place_of(&says, 2));
	assert_int_equal(place_of(&says, 3), 0);
	assert_int_equal(place_of(&says, 4), 3);
	assert_true(place_of(&says, 5) > 3 && place_of(&says, 6) > 3);
	assert_waits(s, "");
	attend_spool_close(&s);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static bool hold_on(void *context, const struct attend_kept *kept, const struct attend_reply *reply)
{
	struct listed *l = context;
	l->ids[l->count++] = kept->id[0];
	assert_int_equal(reply->status, kept->id[0] == 2 ? STATUS_FORBIDDEN : STATUS_NOTHING_ACCEPTED);
	return kept->id[0] == 2;
}

static void what_is_refused_is_held_until_it_is_taken_out(void **state)
{
	struct fake f;
	struct daemon_says says = { .status = { [2] = STATUS_FORBIDDEN, [3] = STATUS_NOTHING_ACCEPTED } };
	fake_start(&f, respond, &says);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_spool *s = open_spool(*state);
	for (uint8_t i = 1; i <= 4; i++)
		assert_int_equal(keep(s, i, "100001", 10), ATTEND_OK);
	assert_int_equal(attend_spool_deliver(s, a), ATTEND_OK);
	attend_spool_close(&s);
	s = open_spool(*state);
	assert_waits(s, "");
	struct listed l = { .count = 0 };
	assert_int_equal(attend_spool_refused(s, hold_on, &l), ATTEND_OK);
	assert_int_equal(l.count, 2);
	assert_int_equal(attend_spool_forget(s), ATTEND_OK);
	attend_spool_close(&s);
	s = open_spool(*state);
	l.count = 0;
	assert_int_equal(attend_spool_refused(s, hold_on, &l), ATTEND_OK);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.ids[0], 3);
	attend_spool_close(&s);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

/* The end came after the refusal was held and before the answer was written: it is not sent again. */
static void a_refusal_that_is_held_counts_as_answered(void **state)
{
	struct fake f;
	struct daemon_says says = { .status = { [2] = STATUS_FORBIDDEN, [3] = STATUS_NOTHING_ACCEPTED, [4] = STATUS_DAMAGED } };
	char path[600];
	struct stat status;
	fake_start(&f, respond, &says);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_spool *s = open_spool(*state);
	for (uint8_t i = 1; i <= 4; i++)
		assert_int_equal(keep(s, i, "100001", 10), ATTEND_OK);
	segment_path(*state, path, 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(attend_spool_deliver(s, a), ATTEND_REFUSED);
	assert_waits(s, "4");
	attend_spool_close(&s);
	assert_int_equal(truncate(path, status.st_size), 0); /* no answer was written */
	s = open_spool(*state);
	assert_waits(s, "14");
	attend_spool_close(&s);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

/* The key is revoked in between: what waits is no fault of its rows, and waits on. */
static void delivery_stops_where_nothing_is_taken(void **state)
{
	static const unsigned statuses[] = { STATUS_REVOKED, STATUS_DAMAGED, STATUS_CLOCK_HELD };
	for (unsigned i = 0; i < 3; i++) {
		struct fake f;
		struct daemon_says says = { .status = { [2] = statuses[i] } };
		fake_start(&f, respond, &says);
		struct attend *a = fake_connect(&f, 10000, 0);
		struct attend_spool *s = open_spool(*state);
		for (uint8_t n = 1; n <= 3 && !attend_spool_waiting(s); n++)
			for (uint8_t each = n; each <= 3; each++)
				assert_int_equal(keep(s, each, "100001", 10), ATTEND_OK);
		assert_int_equal(attend_spool_deliver(s, a), ATTEND_REFUSED);
		assert_waits(s, "23");
		says.status[2] = 0;
		says.count = 0;
		if (i == 2) {
			assert_int_equal(attend_spool_deliver(s, a), ATTEND_OK);
			assert_int_equal(says.count, 2);
			assert_true(place_of(&says, 2) < place_of(&says, 3));
		}
		attend_spool_close(&s);
		attend_close(&a);
		fake_stop(&f);
		fake_remove(&f);
	}
}

/* Many files, each gone as soon as nothing in it waits; and nothing is left of what was delivered. */
static void files_go_when_all_is_delivered(void **state)
{
	struct fake f;
	struct daemon_says says = { .count = 0 };
	char path[600];
	struct stat status;
	fake_start(&f, respond, &says);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_spool *s = open_spool(*state);
	for (uint8_t i = 1; i <= 20; i++)
		assert_int_equal(keep(s, i, "100001", 1 << 20), ATTEND_OK);
	segment_path(*state, path, 5);
	attend_spool_close(&s);
	s = open_spool(*state);
	assert_int_equal(attend_spool_waiting(s), 20);
	assert_int_equal(attend_spool_deliver(s, a), ATTEND_OK);
	for (uint8_t i = 0; i < 20; i++)
		assert_int_equal(says.took[i], i + 1);
	segment_path(*state, path, 1);
	attend_spool_close(&s);
	segment_path(*state, path, 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 32);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void cut(struct fake *f, const struct message *m, unsigned seen)
{
	(void)m;
	if (seen == 1)
		atomic_store(&f->close_now, true); /* the second is taken and never answered */
	else
		fake_reply(f, m, STATUS_OK, NULL, 0);
}

/* Unanswered, it waits on in the next run, and goes under the same id. */
static void what_was_not_answered_goes_again(void **state)
{
	struct fake f;
	fake_start(&f, cut, NULL);
	struct attend *a = fake_connect(&f, 500, 0);
	struct attend_spool *s = open_spool(*state);
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(keep(s, i, "100001", 10), ATTEND_OK);
	assert_int_equal(attend_spool_deliver(s, a), ATTEND_UNREACHABLE);
	assert_true(attend_spool_why(s)[0] != '\0');
	attend_spool_close(&s);
	attend_close(&a);
	fake_again(&f);
	a = fake_connect(&f, 10000, 0);
	s = open_spool(*state);
	assert_waits(s, "23");
	assert_int_equal(attend_spool_deliver(s, a), ATTEND_OK);
	attend_spool_close(&s);
	attend_close(&a);
	fake_stop(&f);
	assert_int_equal(f.ids[1][0], 2);
	assert_int_equal(f.ids[2][0], 2);
	assert_int_equal(f.ids[3][0], 3);
	fake_remove(&f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(what_was_kept_is_there_again),
		TEST(others_are_kept_out),
		TEST(a_torn_end_is_dropped),
		TEST(a_hole_that_was_never_promised_is_dropped),
		TEST(a_damaged_middle_is_refused_by_name),
		TEST(it_is_bounded),
		TEST(a_lane_keeps_its_order),
		TEST(what_is_refused_is_held_until_it_is_taken_out),
		TEST(a_refusal_that_is_held_counts_as_answered),
		TEST(delivery_stops_where_nothing_is_taken),
		TEST(files_go_when_all_is_delivered),
		TEST(what_was_not_answered_goes_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
