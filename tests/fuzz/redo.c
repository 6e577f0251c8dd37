/* redo.c - the redo log as a power cut, a bad disk or somebody's hand left it. The checksums that tear is found by are
 * no secret, so records that look whole may say anything. What opens is whole: either all that was committed, up to
 * some commit, or refused; and where nothing of it was touched, all.
 *
 * The input: a byte of flags, then changes (change_of()).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/crc32c.h"
#include "store/redo_parts.h"

enum { BEFORE = 3, COMMITS = 9, FILE_MAX = 256 << 10 };

static struct slice data, data_before, redo[2];
static char dir[300];

/* ---- the store to begin with ---- */

static struct store *open_in(enum store_mode mode, const char *boot)
{
	struct store_options options = { .mode = mode, .map_size = 8 << 20, .redo_size = 16 << 10, .boot = boot };
	struct store *store = NULL;
	char why[300] = "";

	memset(options.check_key, 0x5a, sizeof options.check_key);
	if (store_open(&store, dir, &options, why, sizeof why) != STORE_OK) {
		MUST(*why);
		return NULL;
	}
	return store;
}

static struct slice key_of(uint64_t number)
{
	static uint8_t room[8];
	struct writer w = writer_of(room, sizeof room);

	write_u64(&w, number);
	return writer_slice(&w);
}

static void commit(struct store *store, unsigned i)
{
	struct txn *txn;

	MUST(store_begin(store, true, &txn) == STORE_OK);
	MUST(store_append(txn, TABLE_LOG, key_of(i), slice_text("a record")) == STORE_OK);
	MUST(store_put(txn, TABLE_CASES, slice_text("newest"), key_of(i)) == STORE_OK);
	MUST(store_commit(&txn) == STORE_OK);
}

static struct slice kept(const char *name)
{
	char path[400];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return fuzz_read(path);
}

static void empty_dir(void)
{
	fuzz_folder_empty();
	MUST(mkdir(dir, 0700) == 0);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	struct store *store;

	(void)count, (void)arguments;
	snprintf(dir, sizeof dir, "%s/store", fuzz_folder());
	empty_dir();
	store = open_in(STORE_CREATE, "one");
	MUST(store);
	for (unsigned i = 1; i <= BEFORE; i++)
		commit(store, i);
	store_close(&store);
	data_before = kept("data.mdb");
	store = open_in(STORE_WRITE, "one");
	MUST(store);
	for (unsigned i = BEFORE + 1; i <= COMMITS; i++)
		commit(store, i);
	data = kept("data.mdb");
	redo[0] = kept("redo.0");
	redo[1] = kept("redo.1");
	store_close(&store);
	return 0;
}

/* ---- changes ---- */

struct file { uint8_t bytes[FILE_MAX]; size_t size; };
static struct file files[2];

static uint64_t number_at(const struct file *f, size_t at)
{
	struct reader r = reader_of(slice_of(f->bytes + at, at < f->size ? f->size - at : 0));

	return read_u64(&r);
}

/* Where the records end. */
static size_t end_of(const struct file *f, uint64_t *generation, uint64_t *transaction)
{
	size_t at = redo_header_room(4096);

	*generation = number_at(f, 16);
	*transaction = number_at(f, 24);
	while (at + RECORD_HEAD_SIZE < f->size && number_at(f, at) == *generation) {
		struct reader r = reader_of(slice_of(f->bytes + at + 16, 4));
		size_t size = RECORD_HEAD_SIZE + read_u32(&r) + RECORD_SUM_SIZE;

		if (size > f->size - at)
			break;
		*transaction = number_at(f, at + 8);
		at += size;
	}
	return at;
}

/* A record with a right checksum, its operations the input's. */
static void put_record(struct fuzz *in, struct file *f, uint8_t how)
{
	uint64_t generation, transaction;
	size_t at = end_of(f, &generation, &transaction);
	struct slice ops = fuzz_part(in);
	struct writer w;

	if (how & 1)
		at = redo_header_room(4096);
	if (at + ops.size + 64 > FILE_MAX)
		return;
	w = writer_of(f->bytes + at, FILE_MAX - at);
	write_u64(&w, how & 2 ? generation + 1 : generation);
	write_u64(&w, transaction + (how & 4 ? how >> 4 : 1));
	write_u32(&w, (uint32_t)ops.size);
	write_bytes(&w, ops.bytes, ops.size);
	write_u32(&w, crc32c(slice_of(f->bytes + at, RECORD_HEAD_SIZE + ops.size)));
	if (at + writer_size(&w) > f->size)
		f->size = at + writer_size(&w);
}

/* Operations as the store writes them: on its tables, with keys that are there. */
static void put_sound_record(struct fuzz *in, struct file *f)
{
	uint8_t ops[600];
	struct writer w = writer_of(ops, sizeof ops);
	uint8_t whole[700];
	struct writer part = writer_of(whole, sizeof whole);
	unsigned count = 1 + fuzz_below(in, 4);

	while (count--) {
		struct slice key = fuzz_u8(in) & 1 ? key_of(fuzz_u8(in)) : fuzz_u8(in) & 1 ? slice_text("newest") : fuzz_take(in, fuzz_u8(in) % 20);
		struct slice value = fuzz_take(in, fuzz_u8(in) % 40);

		write_u8(&w, fuzz_u8(in) % 4);
		write_u8(&w, fuzz_u8(in) % (TABLE_COUNT + 1));
		write_u16(&w, (uint16_t)key.size);
		write_u32(&w, (uint32_t)value.size);
		write_bytes(&w, key.bytes, key.size);
		write_bytes(&w, value.bytes, value.size);
	}
	write_u16(&part, (uint16_t)writer_size(&w));
	write_bytes(&part, ops, writer_size(&w));
	struct fuzz made = fuzz_of(whole, writer_size(&part));

	put_record(&made, f, 0);
}

static void change_of(struct fuzz *in)
{
	uint8_t what = fuzz_u8(in);
	struct file *f = &files[what >> 7];
	struct slice raw;
	size_t at;

	switch (what & 7) {
	case 0:
		at = fuzz_u16(in);
		if (f->size)
			f->bytes[at % f->size] ^= fuzz_u8(in);
		break;
	case 1:
		f->size = f->size ? fuzz_u16(in) % (f->size + 1) : 0;
		break;
	case 2:
		raw = fuzz_part(in);
		f->size = raw.size;
		memcpy(f->bytes, raw.bytes, raw.size);
		break;
	case 3:
		put_record(in, f, fuzz_u8(in));
		break;
	case 4:
		put_sound_record(in, f);
		break;
	case 5:
		f->size = SIZE_MAX; /* not there */
		break;
	case 6: /* one in the other's place */
		files[0] = files[1];
		break;
	case 7: /* a page of zeroes where a write was lost */
		at = (size_t)fuzz_u8(in) * 512;
		if (f->size != SIZE_MAX && at < f->size)
			memset(f->bytes + at, 0, f->size - at < 512 ? f->size - at : 512);
		break;
	}
}

/* ---- what stands ---- */

static void look(struct store *store, bool untouched)
{
	struct txn *txn;
	struct slice value;
	struct scrub place = { 0 };
	char why[300] = "";
	uint64_t count = 0;

	MUST(store_begin(store, false, &txn) == STORE_OK);
	while (store_get(txn, TABLE_LOG, key_of(count + 1), &value) == STORE_OK && count < 1000)
		count++;
	if (untouched)
		MUST(count == COMMITS && store_get(txn, TABLE_CASES, slice_text("newest"), &value) == STORE_OK && slice_equal(value, key_of(COMMITS)));
	store_abort(&txn);
	enum store_result result = store_scrub(store, &place, 10000, why, sizeof why);

	MUST(!untouched || result == STORE_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz in = fuzz_of(bytes, size);
	uint8_t flags = fuzz_u8(&in);
	bool untouched = !fuzz_left(&in);
	struct store *store;

	empty_dir();
	for (unsigned i = 0; i < 2; i++) {
		MUST(redo[i].size <= FILE_MAX);
		memcpy(files[i].bytes, redo[i].bytes, files[i].size = redo[i].size);
	}
	for (unsigned i = 0; i < 12 && fuzz_left(&in); i++)
		if (files[0].size != SIZE_MAX && files[1].size != SIZE_MAX)
			change_of(&in);
	fuzz_file("store/data.mdb", flags & 1 ? data_before : data);
	for (unsigned i = 0; i < 2; i++)
		if (files[i].size != SIZE_MAX)
			fuzz_file(i ? "store/redo.1" : "store/redo.0", slice_of(files[i].bytes, files[i].size));
	if (flags & 2) {
		store = open_in(STORE_READ, "another");
		if (store)
			look(store, false);
		store_close(&store);
	}
	store = open_in(STORE_WRITE, flags & 4 ? "one" : "another");
	MUST(store || !untouched || flags & 1);
	if (!store)
		return 0;
	look(store, untouched && !(flags & 1));
	store_close(&store);
	/* as it stands now it opens again, and is written to */
	store = open_in(STORE_WRITE, "another");
	store_close(&store);
	return 0;
}
