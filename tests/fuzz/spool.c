/* spool.c - a spool's files as a crash, a bad disk or somebody's editor may have left them. The input: parts of two bytes'
 * size, the first file's records, the refused's, what the folder is opened for; a part stands as it is, or is
 * given a right header and right checksums first.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/attend.h"
#include "client/spool.h"

static char folder[300];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	snprintf(folder, sizeof folder, "%s/spool", fuzz_folder());
	return 0;
}

/* Records as the spool itself writes them, with these numbers and parts. */
static void write_records(struct fuzz f, const char *name, uint64_t first, int dir)
{
	struct spool_file file;

	MUST(spool_file_create(&file, dir, name, first) == 0);
	for (unsigned i = 0; i < 64 && fuzz_left(&f); i++) {
		struct spooled r = { .kind = (enum spooled_kind)(1 + fuzz_below(&f, 4)), .number = fuzz_u8(&f), .command = fuzz_u8(&f),
			             .status = (uint16_t)(200 + fuzz_u8(&f)) };

		if (r.number == 255)
			r.number = (uint64_t)fuzz_u32(&f) << 32 | fuzz_u32(&f);
		r.id[0] = fuzz_u8(&f);
		r.lane = fuzz_take(&f, fuzz_u8(&f) % 48);
		r.body = fuzz_take(&f, fuzz_u8(&f));
		r.note = fuzz_take(&f, fuzz_u8(&f) % 64);
		r.reply = fuzz_take(&f, fuzz_u8(&f) % 64);
		spool_file_append(&file, &r);
	}
	spool_file_close(&file);
}

static void put_file(struct slice part, const char *name, uint64_t first, int dir)
{
	struct fuzz f = fuzz_of(part.bytes, part.size);
	uint8_t way = fuzz_u8(&f);
	int fd;

	if (way == 0)
		return;
	if (way % 3 != 1) {
		write_records(f, name, first, dir);
		if (way % 3 == 2)
			return;
		/* and then spoilt at one place, or cut */
		fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
		MUST(fd >= 0);
		if (way & 8)
			MUST(ftruncate(fd, (off_t)(way >> 4) * 20) == 0);
		else
			MUST(pwrite(fd, &way, 1, (off_t)(way >> 4) * 13) == 1);
		close(fd);
		return;
	}
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0 && (!fuzz_left(&f) || write(fd, f.at, fuzz_left(&f)) == (ssize_t)fuzz_left(&f)));
	close(fd);
}

static bool each(void *context, const struct attend_kept *kept)
{
	MUST(kept->body_size == 0 || kept->body);
	++*(unsigned *)context;
	return true;
}

static bool each_refused(void *context, const struct attend_kept *kept, const struct attend_reply *reply)
{
	(void)reply;
	return each(context, kept);
}

static void use(bool look)
{
	struct attend_spool_options options = { .dir = folder, .look = look };
	char why[SPOOL_WHY_SIZE] = "";
	struct attend_spool *s = attend_spool_open(&options, why, sizeof why);
	unsigned waiting = 0, refused = 0, again = 0;

	if (!s) {
		MUST(*why);
		return;
	}
	if (attend_spool_each(s, each, &waiting) == ATTEND_OK)
		MUST(waiting == attend_spool_waiting(s));
	attend_spool_refused(s, each_refused, &refused);
	attend_spool_size(s);
	if (!look) {
		struct attend_kept kept = { .command = ATTEND_MARKS, .lane = "123456", .body = "\x80", .body_size = 1, .note = "n" };
		uint64_t before = attend_spool_waiting(s);

		/* what is kept on top of it is there when it is opened again; its id no other's, so that it is none of the refused */
		memset(kept.id, 0xee, sizeof kept.id);
		bool good = attend_spool_keep(s, &kept) == ATTEND_OK && attend_spool_sync(s) == ATTEND_OK;

		attend_spool_close(&s);
		s = attend_spool_open(&options, why, sizeof why);
		MUST(!good || (s && attend_spool_waiting(s) == before + 1));
		if (s && attend_spool_each(s, each, &again) == ATTEND_OK)
			MUST(again == attend_spool_waiting(s));
	}
	attend_spool_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz f = fuzz_of(bytes, size);
	uint8_t how = fuzz_u8(&f);
	uint64_t first = fuzz_u8(&f), second = first + fuzz_u8(&f);
	struct slice one = fuzz_part(&f), two = fuzz_part(&f), refused = fuzz_rest(&f);
	char name[24];
	int dir;

	fuzz_folder_empty();
	MUST(mkdir(folder, 0700) == 0);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(dir >= 0);
	spool_segment_name(name, first);
	put_file(one, name, first, dir);
	if (second != first) {
		spool_segment_name(name, second);
		put_file(two, name, second, dir);
	}
	put_file(refused, "refused", 0, dir);
	close(dir);
	use(how & 1);
	use(false);
	return 0;
}
