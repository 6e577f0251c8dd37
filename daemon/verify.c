/* Verify: the log is read from its start into a store made for the purpose, and
 * whatever the real one holds must be the same, byte for byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { TRIES = 4, TOLD_MAX = 50, LINE_ROOM = 600 };

struct verify {
	FILE *out;
	unsigned faults;
	char wrongs[TOLD_MAX * LINE_ROOM]; /* told at the end: it may turn out that what was read is nothing's */
	size_t wrongs_size;
	char dir[400], scratch_dir[440];
	struct store_key key;
	struct persons *persons;
	struct store *store, *scratch;
	struct txn *txn, *scratch_txn;
	struct log log;
	struct tree tree;
	struct state state;
	struct event event;
	uint64_t head, marks, replayed;
	uint64_t *pupil_positions; /* by number: of the record that the store holds */
	uint32_t pupil_count, pupils_equal;
	uint64_t pupils_from;
};

static void wrong(struct verify *v, const char *what, const char *detail)
{
	char line[LINE_ROOM];
	int size = snprintf(line, sizeof line, "WRONG  %s%s%s", what, detail ? ": " : "", detail ? detail : "");

	if (v->faults++ >= TOLD_MAX)
		return;
	if (size >= LINE_ROOM)
		size = LINE_ROOM - 1;
	memcpy(v->wrongs + v->wrongs_size, line, (size_t)size);
	v->wrongs[v->wrongs_size + (size_t)size] = '\n';
	v->wrongs_size += (size_t)size + 1;
}

static void wrong_at(struct verify *v, const char *what, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	wrong(v, what, text);
}

/* ---- opening ---- */

/* The folder is gone as soon as it is open: whatever ends this, nothing as large as the store is left beside it. */
static void remove_scratch(const struct verify *v)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "lock"};
	char path[500];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", v->scratch_dir, names[i]);
		unlink(path);
	}
	rmdir(v->scratch_dir);
}

static bool open_all(struct verify *v)
{
	struct store_options options = {.mode = STORE_READ};
	char why[300] = "";
	bool open;

	if (store_key_read(v->dir, &v->key, why, sizeof why) != 0) {
		wrong(v, "store.key", why);
		return false;
	}
	memcpy(options.check_key, v->key.check, sizeof options.check_key);
	if (store_open(&v->store, v->dir, &options, why, sizeof why) != STORE_OK) {
		wrong(v, "the store can't be opened", why);
		return false;
	}
	/* before the keys are read: each pupil of what is seen has theirs on the disk by then */
	if (store_begin(v->store, false, &v->txn) != STORE_OK) {
		wrong(v, "the store can't be read", store_why(v->store));
		return false;
	}
	if (persons_open(&v->persons, v->dir, false, why, sizeof why) != 0) {
		wrong(v, "persons.keys", why);
		return false;
	}
	snprintf(v->scratch_dir, sizeof v->scratch_dir, "%s/verify.XXXXXX", v->dir);
	if (!mkdtemp(v->scratch_dir)) {
		const char *tmp = getenv("TMPDIR");

		snprintf(v->scratch_dir, sizeof v->scratch_dir, "%.300s/attend-verify.XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(v->scratch_dir)) {
			wrong(v, "no folder for the rebuild", strerror(errno));
			return false;
		}
	}
	options.mode = STORE_SCRATCH;
	open = store_open(&v->scratch, v->scratch_dir, &options, why, sizeof why) == STORE_OK;
	remove_scratch(v);
	if (!open || store_begin(v->scratch, true, &v->scratch_txn) != STORE_OK) {
		wrong(v, "the rebuild can't be made", open ? store_why(v->scratch) : why);
		return false;
	}
	return true;
}

static void close_all(struct verify *v)
{
	if (v->txn)
		store_abort(&v->txn);
	if (v->scratch_txn)
		store_abort(&v->scratch_txn);
	if (v->state.scratch)
		state_free(&v->state);
	store_close(&v->scratch);
	store_close(&v->store);
	persons_close(&v->persons);
	free(v->pupil_positions);
	memset(&v->key, 0, sizeof v->key);
}

/* ---- the replay ---- */

/* A record of an older form is what it reads as. */
static bool same_pupil(struct slice held, struct slice made)
{
	uint8_t room[PUPIL_RECORD_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct pupil *p;
	bool same = slice_equal(held, made);

	if (same)
		return true;
	p = memory_new(sizeof *p);
	if (pupil_decode(p, held))
		pupil_encode(&w, p);
	same = slice_equal(writer_slice(&w), made);
	free(p);
	return same;
}

/* The store's records of figures are written behind, each as of its own event: it
 * is compared when the replay stands there. */
static void compare_pupil(struct verify *v, uint32_t number, uint64_t position)
{
	uint8_t room[PUPIL_RECORD_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_u32(number);
	struct slice value;

	if (number > v->pupil_count || v->pupil_positions[number] != position)
		return;
	pupil_encode(&w, state_pupil(&v->state, number));
	if (store_get(v->txn, TABLE_PUPILS, key_slice(&key), &value) != STORE_OK ||
	    !same_pupil(value, writer_slice(&w)))
		wrong_at(v, "the figures of a pupil differ from the log's, number", number);
	else
		v->pupils_equal++;
	v->pupil_positions[number] = UINT64_MAX;
}

static void compare_touched(struct verify *v, const struct event *ev, uint64_t position)
{
	struct marks_reader in;
	struct mark m;

	switch ((enum event_kind)ev->kind) {
	case EVENT_MARKS_RECORDED:
		marks_open(&in, ev->version, ev->marks_recorded.body);
		while (marks_next(&in, &m)) {
			v->marks++;
			compare_pupil(v, m.pupil, position);
		}
		break;
	case EVENT_PUPIL_REGISTERED:
		compare_pupil(v, ev->pupil_registered.pupil, position);
		break;
	case EVENT_ACTION_RECORDED:
		compare_pupil(v, ev->action_recorded.pupil, position);
		break;
	case EVENT_ALERT_RAISED:
		compare_pupil(v, ev->alert_raised.pupil, position);
		break;
	case EVENT_ALERT_WITHDRAWN:
		compare_pupil(v, ev->alert_withdrawn.pupil, position);
		break;
	case EVENT_CALENDAR_LOADED:
		for (uint32_t n = 1; n <= v->state.pupil_count; n++)
			compare_pupil(v, n, position);
		break;
	case EVENT_STORE_CREATED:
	case EVENT_ACCESS_GRANTED:
	case EVENT_ACCESS_REVOKED:
	case EVENT_PATHWAY_LOADED:
	case EVENT_PATHWAY_CHOSEN:
	case EVENT_CASE_MOVED:
	case EVENT_ROSTER_RECORDED:
	case EVENT_ROSTER_SUBMITTED:
	case EVENT_ALERT_CHANGED:
	case EVENT_ALERT_ACKNOWLEDGED:
	case EVENT_DEADLINE_FIRED:
	case EVENT_CLOCK_HELD:
	case EVENT_CLOCK_CONFIRMED:
	case EVENT_CLOCK_MOVED:
	case EVENT_PUPIL_FACT:
	case EVENT_PUPILS_LINKED:
	case EVENT_COVER_NAMED:
	case EVENT_MEETING_OFFERED:
	case EVENT_DAY_ENDED:
	case EVENT_SCHOOL_DESCRIBED:
	case EVENT_TASK_DONE:
		break;
	}
}

static bool replay(void *context, uint64_t position, struct slice record)
{
	struct verify *v = context;
	enum store_result result;

	if (position != ++v->replayed) {
		wrong_at(v, "the log has a gap before", position);
		return false;
	}
	if (!event_decode(&v->event, record, false)) {
		wrong_at(v, "a record is no event, at", position);
		return false;
	}
	if (v->event.at_ms < v->state.last_ms)
		wrong_at(v, "time runs backwards at", position);
	result = tree_append(&v->tree, v->scratch_txn, record);
	if (result == STORE_OK)
		result = state_apply(&v->state, &v->event, position);
	if (result != STORE_OK) {
		wrong_at(v, "an event can't be applied, at", position);
		return false;
	}
	compare_touched(v, &v->event, position);
	if (position % 65536 == 0) { /* so that no transaction grows beyond bounds */
		v->state.txn = NULL;
		if (store_commit(&v->scratch_txn) != STORE_OK ||
		    store_begin(v->scratch, true, &v->scratch_txn) != STORE_OK) {
			wrong(v, "the rebuild ran out of room", store_why(v->scratch));
			v->scratch_txn = NULL;
			return false;
		}
		v->state.txn = v->scratch_txn;
	}
	return true;
}

static void load_positions(struct verify *v)
{
	struct scan scan;
	struct slice key, value;
	struct pupil *p = memory_new(sizeof *p);

	v->pupil_count = (uint32_t)store_count(v->txn, TABLE_PERSONS);
	v->pupil_positions = memory_new((v->pupil_count + 1u) * sizeof *v->pupil_positions);
	if (scan_open(&scan, v->txn, TABLE_PUPILS, slice_of(NULL, 0)) == STORE_OK)
		while (scan_next(&scan, &key, &value) == STORE_OK) {
			struct reader r = reader_of(key);
			uint32_t number = read_u32(&r);

			if (!reader_done(&r) || !number || number > v->pupil_count || !pupil_decode(p, value))
				wrong_at(v, "the record of a pupil can't be read, number", number);
			else
				v->pupil_positions[number] = p->position;
		}
	scan_close(&scan);
	free(p);
}

/* ---- comparing ---- */

/* As they are written now: a store may hold older ones (store.h). */
static bool same_value(enum table table, struct slice held, struct slice made)
{
	uint64_t a, b;

	if (table == TABLE_IDS && held.size != made.size)
		return id_decode(held, &a) && id_decode(made, &b) && a == b;
	return slice_equal(held, made);
}

static enum store_result next_row(enum table table, struct scan *scan, struct slice *key, struct slice *value)
{
	enum store_result result;

	do
		result = scan_next(scan, key, value);
	while (result == STORE_OK && table == TABLE_TREE && key->bytes[0] < TREE_KEPT_LEVEL);
	return result;
}

static void compare_table(struct verify *v, enum table table)
{
	struct scan real, rebuilt;
	struct slice a_key, a, b_key, b;
	enum store_result ra, rb;
	char text[120];

	ra = scan_open(&real, v->txn, table, slice_of(NULL, 0));
	rb = scan_open(&rebuilt, v->scratch_txn, table, slice_of(NULL, 0));
	while (ra == STORE_OK && rb == STORE_OK) {
		ra = next_row(table, &real, &a_key, &a);
		rb = next_row(table, &rebuilt, &b_key, &b);
		if (ra != STORE_OK || rb != STORE_OK)
			break;
		if (!slice_equal(a_key, b_key) || !same_value(table, a, b)) {
			char hex[2 * 48 + 1];

			hex_text(hex, a_key.bytes, a_key.size < 48 ? a_key.size : 48);
			snprintf(text, sizeof text, "%s at key %s", table_text(table), hex);
			wrong(v, "differs from the log", text);
			break;
		}
	}
	if (ra != rb)
		wrong(v, "has more or fewer entries than the log gives, or can't be read", table_text(table));
	scan_close(&real);
	scan_close(&rebuilt);
}

static void check_signature(struct verify *v)
{
	struct note_key key;
	struct slice note;
	uint8_t signed_root[HASH_SIZE], root[HASH_SIZE];
	uint64_t size = 0;
	char origin[NOTE_NAME_MAX + 1];

	if (!engine_origin(origin, v->state.authority)) {
		wrong(v, "the authority's name is none", NULL);
		return;
	}
	note_key_from_seed(&key, origin, v->key.log_seed);
	if (store_get(v->txn, TABLE_META, slice_text("checkpoint"), &note) != STORE_OK ||
	    !note_open(note, &key, &size, signed_root)) {
		wrong(v, "the signed checkpoint is missing or its signature is not good", NULL);
		return;
	}
	tree_root(&v->tree, root);
	if (size != v->head)
		wrong_at(v, "the signed checkpoint is of another size", size);
	else if (memcmp(root, signed_root, HASH_SIZE) != 0)
		wrong(v, "the records do not add up to the signed root", NULL);
}

static void compare_meta(struct verify *v, const char *name)
{
	struct slice a = {0}, b = {0};
	enum store_result ra = store_get(v->txn, TABLE_META, slice_text(name), &a);
	enum store_result rb = store_get(v->scratch_txn, TABLE_META, slice_text(name), &b);

	if (ra != rb || (ra == STORE_OK && !slice_equal(a, b)))
		wrong(v, "differs from the log", name);
}

/* A pupil whose record is older than the tail's start would be missing marks. */
static void check_tail(struct verify *v)
{
	for (uint32_t n = 1; n <= v->pupil_count && n <= v->state.pupil_count; n++) {
		const struct pupil *p = state_pupil(&v->state, n);

		if (v->pupil_positions[n] == UINT64_MAX) {
			continue;
		}
		if (v->pupil_positions[n])
			wrong_at(v, "the figures of a pupil stand at an event that is not theirs, number", n);
		else if (p->position <= v->pupils_from)
			wrong_at(v, "the figures of a pupil were never written, number", n);
	}
}

/* Written behind, too; a store of before they were kept, read by nobody who could write, holds none. */
static void compare_concerns(struct verify *v)
{
	const char *fault = NULL;

	if (concerns_write(v->state.concerns, v->scratch_txn, 0, UINT32_MAX) != STORE_OK)
		fault = "the rebuild ran out of room";
	else if (concerns_held(v->txn))
		fault = concerns_fault(v->txn, v->scratch_txn, v->pupils_from);
	else if (store_count(v->txn, TABLE_CONCERNS))
		fault = "it is not said that they were made";
	if (fault)
		wrong(v, "which records concern whom (table concerns)", fault);
}

static void compare(struct verify *v)
{
	static const enum table same[] = {TABLE_TREE,  TABLE_IDS,	  TABLE_UPNS,	TABLE_PERSONS,	TABLE_STANDING,
					  TABLE_CASES, TABLE_PUPIL_CASES, TABLE_TIMERS, TABLE_ALERTS,	TABLE_ALERT_CHANGES,
					  TABLE_ACCESS, TABLE_CALENDARS,  TABLE_PATHWAYS, TABLE_PEOPLE, TABLE_COVERS,
					  TABLE_SCHOOLS};
	struct slice newest;

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		compare_table(v, same[i]);
	compare_meta(v, "authority");
	compare_meta(v, "clock");
	compare_meta(v, "days");
	if (store_get(v->txn, TABLE_META, slice_text("newest-id"), &newest) == STORE_OK &&
	    !slice_equal(newest, slice_of(v->state.newest_id, UUID_SIZE)))
		wrong(v, "what is kept as the newest id is not", NULL);
	check_tail(v);
	compare_concerns(v);
	check_signature(v);
}

static void check_values(struct verify *v)
{
	struct scrub place = {0};
	enum store_result result;
	uint64_t values = 0;
	char why[300] = "";

	while ((result = store_scrub(v->store, &place, 100000, why, sizeof why)) == STORE_OK)
		continue;
	for (int table = 0; table < TABLE_COUNT; table++)
		values += store_count(v->txn, (enum table)table);
	if (result != STORE_NONE)
		wrong(v, "a value's checksum", why);
	else
		fprintf(v->out, "ok     %llu values, each with its checksum\n", (unsigned long long)values);
}

static void replay_all(struct verify *v)
{
	struct slice value;
	enum store_result result;

	v->log.methods = &log_lmdb;
	if (v->log.methods->head(&v->log, v->txn, &v->head) != STORE_OK || !v->head) {
		wrong(v, "the log has no head", NULL);
		return;
	}
	if (store_get(v->txn, TABLE_META, slice_text("pupils-from"), &value) == STORE_OK) {
		struct reader r = reader_of(value);

		v->pupils_from = read_u64(&r);
	}
	load_positions(v);
	state_init(&v->state, &v->key, v->persons);
	v->state.concerns = concerns_new();
	v->state.txn = v->scratch_txn;
	result = v->log.methods->read(&v->log, v->txn, 1, UINT64_MAX, replay, v);
	if (result != STORE_NONE && result != STORE_OK)
		wrong(v, "the log can't be read", store_why(v->store));
	if (v->replayed != v->head)
		wrong_at(v, "the replay ended before the head, at", v->replayed);
	if (!v->faults)
		fprintf(v->out, "ok     %llu events, %llu marks replayed, each hashed\n", (unsigned long long)v->replayed,
			(unsigned long long)v->marks);
	if (v->scratch_txn)
		compare(v);
}

static void tell(struct verify *v)
{
	fwrite(v->wrongs, 1, v->wrongs_size, v->out);
	if (!v->faults)
		fprintf(v->out, "ok     every projection equals its replay; %u of %u pupils' records written, the others in the tail\n",
			v->pupils_equal, v->pupil_count);
	fprintf(v->out, v->faults ? "FAILED %u faults\n" : "verified, %u faults\n", v->faults);
}

/* False: the daemon beside it died meanwhile and was started again, so that what was read is nothing's. */
static bool verify_once(const char *dir, FILE *out, unsigned *faults)
{
	struct verify *v = memory_new(sizeof *v);
	bool kept;

	v->out = out;
	snprintf(v->dir, sizeof v->dir, "%s", dir);
	if (open_all(v)) {
		check_values(v);
		replay_all(v);
	}
	*faults = v->faults;
	kept = !v->store || store_kept(v->store);
	if (kept)
		tell(v);
	close_all(v);
	free(v);
	return kept;
}

int verify_store(const char *dir, FILE *out)
{
	unsigned faults = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		if (verify_once(dir, out, &faults))
			return faults ? 1 : 0;
		fprintf(out, "again  the daemon died and was started again meanwhile\n");
	}
	fprintf(out, "WRONG  it did so each time, and nothing could be checked\nFAILED 1 faults\n");
	return 1;
}
