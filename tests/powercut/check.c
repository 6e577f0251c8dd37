/* check.c - the store's and the engine's own code, on what a power cut left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/check.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/verify.h"
#include "proto/event.h"
#include "proto/identity.h"
#include "store/log.h"
#include "store/persons_parts.h"
#include "store/secrets.h"
#include "store/store.h"

enum { WHY = 400, DEADLINES_MAX = 4096, TURNS_MAX = 10000 };

static const uint64_t weeks_ms = UINT64_C(40) * 24 * 60 * 60 * 1000;

struct reference {
	uint64_t head, last_ms;
	struct slice *records; /* by position, from 1 */
	struct persons *persons;
};

/* One walk over a log. */
struct walk {
	struct reference *into;        /* keep the records; or */
	const struct reference *like;  /* compare with these */
	uint64_t head;
	struct { uint32_t case_no; uint8_t deadline, phase; uint64_t due_ms; } fired[DEADLINES_MAX];
	size_t fired_count;
	char fault[WHY];
};

__attribute__((format(printf, 2, 3)))
static void fault(char fault[static WHY], const char *format, ...)
{
	va_list arguments;

	if (*fault)
		return;
	va_start(arguments, format);
	vsnprintf(fault, WHY, format, arguments);
	va_end(arguments);
}

/* A deadline that was moved warns again, of its new day; nothing else speaks twice. */
static void take_deadline(struct walk *w, const struct event *ev, uint64_t position)
{
	const struct event_deadline_fired *d = &ev->deadline_fired;

	if (ev->at_ms < d->due_ms)
		fault(w->fault, "event %llu: a deadline fired before it was due", (unsigned long long)position);
	for (size_t i = 0; i < w->fired_count; i++)
		if (w->fired[i].case_no == d->case_no && w->fired[i].deadline == d->deadline && w->fired[i].phase == d->phase &&
		    w->fired[i].due_ms >= d->due_ms)
			fault(w->fault, "event %llu: deadline %u of case %u fired again", (unsigned long long)position, d->deadline, d->case_no);
	if (w->fired_count < DEADLINES_MAX) {
		w->fired[w->fired_count].case_no = d->case_no;
		w->fired[w->fired_count].deadline = d->deadline;
		w->fired[w->fired_count].phase = d->phase;
		w->fired[w->fired_count++].due_ms = d->due_ms;
	}
}

static bool walk_one(void *context, uint64_t position, struct slice record)
{
	static struct event ev;
	struct walk *w = context;

	w->head = position;
	if (!event_decode(&ev, record, false))
		fault(w->fault, "event %llu can't be read", (unsigned long long)position);
	else if (ev.kind == EVENT_DEADLINE_FIRED)
		take_deadline(w, &ev, position);
	if (w->into) {
		struct reference *r = w->into;
		uint8_t *bytes = malloc(record.size + 1);

		r->records = realloc(r->records, (position + 1) * sizeof *r->records);
		assert(bytes && r->records);
		memcpy(bytes, record.bytes, record.size);
		r->records[position] = slice_of(bytes, record.size);
		r->head = position;
		r->last_ms = ev.at_ms;
	} else if (w->like && (position > w->like->head || !slice_equal(record, w->like->records[position]))) {
		fault(w->fault, "event %llu is not what it was when it was acknowledged", (unsigned long long)position);
	}
	return true;
}

struct opened {
	struct store *store;
	struct txn *txn;
	struct persons *persons;
};

static void shut(struct opened *o)
{
	if (o->txn)
		store_abort(&o->txn);
	store_close(&o->store);
	persons_close(&o->persons);
}

static bool open_to_read(struct opened *o, const char *dir, char *why, size_t why_size)
{
	struct store_options options = { .mode = STORE_READ };
	struct store_key key;

	*o = (struct opened){ 0 };
	if (store_key_read(dir, &key, why, why_size) != 0)
		return false;
	memcpy(options.check_key, key.check, sizeof options.check_key);
	if (store_open(&o->store, dir, &options, why, why_size) == STORE_OK && persons_open(&o->persons, dir, false, why, why_size) == 0 &&
	    store_begin(o->store, false, &o->txn) == STORE_OK)
		return true;
	shut(o);
	return false;
}

/* Every record, in order. */
static void walk(struct walk *w, struct opened *o)
{
	struct log log = { .methods = &log_lmdb };
	enum store_result result = log.methods->read(&log, o->txn, 1, UINT64_MAX, walk_one, w);

	if (result != STORE_NONE && result != STORE_OK)
		fault(w->fault, "the log can't be read: %s", store_why(o->store));
}

struct reference *reference_open(const char *dir, char *why, size_t why_size)
{
	struct reference *r = calloc(1, sizeof *r);
	struct walk *w = calloc(1, sizeof *w);
	struct opened o;

	assert(r && w);
	w->into = r;
	if (!open_to_read(&o, dir, why, why_size)) {
		fault(w->fault, "%s", why);
	} else {
		walk(w, &o);
		r->persons = o.persons;
		o.persons = NULL;
		shut(&o);
	}
	if (*w->fault) {
		snprintf(why, why_size, "%s", w->fault);
		reference_close(&r);
	}
	free(w);
	return r;
}

void reference_close(struct reference **reference)
{
	struct reference *r = *reference;

	*reference = NULL;
	for (uint64_t i = 1; i <= r->head; i++)
		free((void *)(uintptr_t)r->records[i].bytes);
	free(r->records);
	persons_close(&r->persons);
	free(r);
}

uint64_t reference_head(const struct reference *r)
{
	return r->head;
}

/* ---- one state ---- */

/* Of a pupil whom an event names the key must be there, and the right one: without it their name is gone. */
static void check_keys(struct opened *o, const struct reference *r, char why[static WHY])
{
	uint64_t pupils = store_count(o->txn, TABLE_PERSONS);

	for (uint32_t n = 1; n <= pupils; n++)
		if (n >= o->persons->room || n >= r->persons->room || o->persons->entries[n].state != PERSON_LIVE ||
		    memcmp(o->persons->entries[n].key, r->persons->entries[n].key, PERSON_KEY_SIZE))
			fault(why, "the key of pupil %u is lost", n);
}

static void check_cursors(struct opened *o, const struct promised *p, char why[static WHY])
{
	for (size_t i = 0; i < p->cursor_count; i++) {
		struct slice value = { NULL, 0 };
		struct reader r;

		if (store_get(o->txn, TABLE_CURSORS, slice_of(p->cursors[i].key, p->cursors[i].key_size), &value) != STORE_OK)
			fault(why, "a cursor that was acknowledged is not there");
		r = reader_of(value);
		if (read_u64(&r) < p->cursors[i].position)
			fault(why, "a cursor is behind what was acknowledged, %llu", (unsigned long long)p->cursors[i].position);
	}
}

static bool same(const uint8_t *bytes, size_t size, const uint8_t *as, size_t as_size)
{
	return as && size == as_size && !memcmp(bytes, as, size);
}

/* A key's file is whole, the one before or the one after; only what a command has not made yet may be half made. */
static void check_files(const char *dir, const struct promised *p, char why[static WHY])
{
	char path[600];
	uint8_t bytes[4096];

	for (size_t i = 0; i < p->file_count; i++) {
		const struct small_file *f = &p->files[i];
		bool replaced_in_two = !strcmp(f->name, "attendd.identity.old");
		ssize_t size = -1;
		int fd;

		snprintf(path, sizeof path, "%s/%s", dir, f->name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			size = read(fd, bytes, sizeof bytes);
			close(fd);
		}
		if (size < 0 ? f->before && f->after && !(replaced_in_two && !same(f->before, f->before_size, f->after, f->after_size))
		             : f->before && !same(bytes, (size_t)size, f->before, f->before_size) && !same(bytes, (size_t)size, f->after, f->after_size))
			fault(why, "%s is %s", f->name, size < 0 ? "lost" : "neither what it was nor what it was to become");
	}
}

static void check_store(const char *dir, const struct reference *r, const struct promised *p, uint64_t *head, char why[static WHY])
{
	struct walk *w = calloc(1, sizeof *w);
	struct opened o;
	char text[WHY] = "";

	assert(w);
	w->like = r;
	if (!open_to_read(&o, dir, text, sizeof text)) {
		fault(why, "it can't be read after its start: %s", text);
	} else {
		walk(w, &o);
		*head = w->head;
		if (*w->fault)
			fault(why, "%s", w->fault);
		if (w->head < p->head)
			fault(why, "%llu events are there, of %llu somebody had been told", (unsigned long long)w->head, (unsigned long long)p->head);
		check_keys(&o, r, why);
		check_cursors(&o, p, why);
		shut(&o);
	}
	free(w);
}

static void verify(const char *dir, const char *when, char why[static WHY])
{
	char *told = NULL, *at;
	size_t size = 0;
	FILE *out = open_memstream(&told, &size);

	assert(out);
	int result = verify_store(dir, out);
	fclose(out);
	at = told ? strstr(told, "WRONG") : NULL;
	if (result != 0)
		fault(why, "verify%s: %.300s", when, at ? at : told);
	free(told);
}

static void nobody(void *context, const struct peer *peer, struct slice frame)
{
	(void)context;
	(void)peer;
	(void)frame;
}

/* What falls due in the next weeks falls due once. */
static void let_time_pass(const char *dir, const struct reference *r, char why[static WHY])
{
	struct engine_options options = { .dir = dir, .manual_clock = true };
	struct walk *w = calloc(1, sizeof *w);
	struct engine *e;
	struct opened o;
	char text[WHY] = "";
	bool more = true;

	assert(w);
	if (engine_open(&e, &options, text, sizeof text) != 0) {
		fault(why, "it does not start a second time: %s", text);
		free(w);
		return;
	}
	for (unsigned turn = 0; more && turn < TURNS_MAX; turn++) {
		engine_begin(e, r->last_ms + weeks_ms);
		more = engine_tick(e, r->last_ms + weeks_ms);
		if (engine_commit(e, nobody, NULL, text, sizeof text) != 0) {
			fault(why, "it can't be written to: %s", text);
			break;
		}
	}
	engine_close(&e);
	if (!*why && open_to_read(&o, dir, text, sizeof text)) {
		walk(w, &o);
		if (*w->fault)
			fault(why, "as time went on: %s", w->fault);
		shut(&o);
	}
	free(w);
	verify(dir, " as time had gone on", why);
}

/* Where the daemon's key is, `init --if-missing` makes no store any more: all that init makes must be there. */
static void check_whole(const char *dir, char why[static WHY])
{
	static const char *const names[] = { "attendd.pub", "admin.identity", "log.vkey" };
	char path[600];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (access(path, R_OK) != 0)
			fault(why, "a store without its %s", names[i]);
	}
}

enum outcome state_check(const char *dir, const struct reference *r, const struct promised *p, bool go_on, uint64_t *head, char *out_why,
                         size_t why_size)
{
	struct engine_options options = { .dir = dir, .manual_clock = true };
	struct identity identity;
	struct engine *e = NULL;
	char path[600], why[WHY] = "", text[WHY] = "";
	enum outcome outcome = OUTCOME_GOOD;

	*head = 0;
	snprintf(path, sizeof path, "%s/attendd.identity", dir);
	if (p->made)
		check_files(dir, p, why);
	/* As `attendd run` does: the daemon's key, then the engine. */
	if (p->gone)
		fault(why, "the data directory is lost");
	else if (identity_read(path, &identity, text, sizeof text) != 0 || engine_open(&e, &options, text, sizeof text) != 0)
		fault(why, "attendd does not start: %s", text);
	engine_close(&e);
	if (!*why)
		check_whole(dir, why);
	if (*why && !p->made && (p->gone || access(path, F_OK) != 0)) {
		*why = '\0';
		outcome = OUTCOME_NO_STORE;
	} else if (!*why) {
		check_store(dir, r, p, head, why);
		if (!*why)
			verify(dir, "", why);
		if (!*why && go_on)
			let_time_pass(dir, r, why);
	}
	if (*why)
		outcome = OUTCOME_FAULT;
	snprintf(out_why, why_size, "%s", why);
	return outcome;
}
