/* backup.c - a backup that is restored: whole, cut, with other sizes in its trailer, with a wrong key. The copy of
 * LMDB's pages in it is left alone: of those LMDB itself is the reader (store.h), and values have checksums.
 *
 * The input: a byte of what; the key's file (two bytes of size); then the file, or what is changed of the good one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/backup.h"
#include "proto/mp.h"
#include "tests/engine_host.h"

static struct slice good;
static char good_key[Z85_KEY_SIZE + 1];
static struct host h;
enum { HEAD = 8, TRAILER = 32 };

static void make(void)
{
	const struct answer *a;
	uint8_t *file = NULL;
	uint64_t size, at = 0;

	host_make(&h, &(struct host_options){ .start = "2026-09-14T08:00:00Z", .pathway = "pathways/three-stage.yaml" });
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	do
		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup'}");
	while (strstr(a->text, "\"ready\":false") && usleep(1000) == 0);
	MUST(strstr(a->text, "\"ready\":true"));
	size = number_of(a->text, "size");
	snprintf(good_key, sizeof good_key, "%.*s", Z85_KEY_SIZE, strstr(a->text, "\"key\":\"") + 7);
	file = malloc(size);
	MUST(file);
	while (at < size) {
		struct mp bytes;
		struct slice part;

		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup','offset':%llu}", (unsigned long long)at);
		bytes = mp_find(a->body, "bytes");
		part = mp_bin(&bytes);
		MUST(part.size && part.size <= size - at);
		memcpy(file + at, part.bytes, part.size);
		at += part.size;
	}
	good = slice_of(file, size);
	host_end(&h);
	fuzz_folder_empty();
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	setenv("TMPDIR", fuzz_folder(), 1);
	make();
	return 0;
}

/* Where the copy of the pages ends. */
static size_t image_end(void)
{
	struct reader r = reader_of(slice_of(good.bytes + good.size - TRAILER, 8));

	return HEAD + read_u64(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz in = fuzz_of(bytes, size);
	uint8_t what = fuzz_u8(&in);
	struct slice key = fuzz_part(&in), rest = fuzz_rest(&in);
	uint8_t *file = NULL;
	size_t file_size = 0, end = image_end();
	char dir[300], why[400] = "";
	bool touched = false;
	const char *path;

	if (what & 1) {
		path = fuzz_file("backup", rest);
		touched = true;
	} else {
		file = fuzz_copy(good);
		file_size = good.size;
		in = fuzz_of(rest.bytes, rest.size);
		for (unsigned i = 0; i < 16 && fuzz_left(&in); i++) {
			size_t at = fuzz_u16(&in) % (HEAD + good.size - end);
			uint8_t by = fuzz_u8(&in);

			at = at < HEAD ? at : end + at - HEAD;
			file[at] ^= by;
		}
		if (what & 4)
			file_size = end + fuzz_u8(&in) % (good.size - end + 1);
		touched = file_size != good.size || memcmp(file, good.bytes, good.size) != 0;
		path = fuzz_file("backup", slice_of(file, file_size));
		free(file);
	}
	bool right_key = what & 2;

	if (right_key)
		fuzz_file("backup.key", slice_text(good_key));
	else
		fuzz_file("backup.key", key);
	snprintf(dir, sizeof dir, "%s/restored", fuzz_folder());
	MUST(mkdir(dir, 0700) == 0);
	int result = restore_store(path, NULL, dir, why, sizeof why);

	MUST(result == 0 || *why);
	MUST(result != 0 || !touched);
	MUST(result == 0 || touched || !right_key);
	fuzz_folder_empty();
	return 0;
}
