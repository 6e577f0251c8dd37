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
#include "daemon/memory.h"
#include "daemon/verify_parts.h"

enum { TRIES = 4 };

void verify_wrong(struct verify *v, const char *what, const char *detail)
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

void verify_wrong_at(struct verify *v, const char *what, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	verify_wrong(v, what, text);
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
		verify_wrong(v, "store.key", why);
		return false;
	}
	memcpy(options.check_key, v->key.check, sizeof options.check_key);
	if (store_open(&v->store, v->dir, &options, why, sizeof why) != STORE_OK) {
		verify_wrong(v, "the store can't be opened", why);
		return false;
	}
	/* before the keys are read: each pupil of what is seen has theirs on the disk by then */
	if (store_begin(v->store, false, &v->txn) != STORE_OK) {
		verify_wrong(v, "the store can't be read", store_why(v->store));
		return false;
	}
	if (persons_open(&v->persons, v->dir, false, why, sizeof why) != 0) {
		verify_wrong(v, "persons.keys", why);
		return false;
	}
	snprintf(v->scratch_dir, sizeof v->scratch_dir, "%s/verify.XXXXXX", v->dir);
	if (!mkdtemp(v->scratch_dir)) {
		const char *tmp = getenv("TMPDIR");

		snprintf(v->scratch_dir, sizeof v->scratch_dir, "%.300s/attend-verify.XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(v->scratch_dir)) {
			verify_wrong(v, "no folder for the rebuild", strerror(errno));
			return false;
		}
	}
	options.mode = STORE_SCRATCH;
	open = store_open(&v->scratch, v->scratch_dir, &options, why, sizeof why) == STORE_OK;
	remove_scratch(v);
	if (!open || store_begin(v->scratch, true, &v->scratch_txn) != STORE_OK) {
		verify_wrong(v, "the rebuild can't be made", open ? store_why(v->scratch) : why);
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
		verify_wrong_at(v, "the figures of a pupil differ from the log's, number", number);
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
		verify_wrong_at(v, "the log has a gap before", position);
		return false;
	}
	if (!event_decode(&v->event, record, false)) {
		verify_wrong_at(v, "a record is no event, at", position);
		return false;
	}
	if (v->event.at_ms < v->state.last_ms)
		verify_wrong_at(v, "time runs backwards at", position);
	result = tree_append(&v->tree, v->scratch_txn, record);
	if (result == STORE_OK)
		result = state_apply(&v->state, &v->event, position);
	if (result != STORE_OK) {
		verify_wrong_at(v, "an event can't be applied, at", position);
		return false;
	}
	compare_touched(v, &v->event, position);
	if (position % 65536 == 0) { /* so that no transaction grows beyond bounds */
		v->state.txn = NULL;
		if (store_commit(&v->scratch_txn) != STORE_OK ||
		    store_begin(v->scratch, true, &v->scratch_txn) != STORE_OK) {
			verify_wrong(v, "the rebuild ran out of room", store_why(v->scratch));
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
				verify_wrong_at(v, "the record of a pupil can't be read, number", number);
			else
				v->pupil_positions[number] = p->position;
		}
	scan_close(&scan);
	free(p);
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
		verify_wrong(v, "a value's checksum", why);
	else
		fprintf(v->out, "ok     %llu values, each with its checksum\n", (unsigned long long)values);
}

static void replay_all(struct verify *v)
{
	struct slice value;
	enum store_result result;

	v->log.methods = &log_lmdb;
	if (v->log.methods->head(&v->log, v->txn, &v->head) != STORE_OK || !v->head) {
		verify_wrong(v, "the log has no head", NULL);
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
		verify_wrong(v, "the log can't be read", store_why(v->store));
	if (v->replayed != v->head)
		verify_wrong_at(v, "the replay ended before the head, at", v->replayed);
	if (!v->faults)
		fprintf(v->out, "ok     %llu events, %llu marks replayed, each hashed\n", (unsigned long long)v->replayed,
			(unsigned long long)v->marks);
	if (v->scratch_txn)
		verify_compare(v);
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
