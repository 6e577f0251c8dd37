/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/memory.h"
#include "daemon/trial_parts.h"

enum {
	SLICE = 65536,          /* events read in one transaction: a longer one would keep the daemon's pages from use */
	PROGRESS_EVERY = 8192,
	SCHOOLS_ROOM = 1 << 14, /* a set by the number's last bits */
};

/* What the log says was raised: compared with what the file in force raises again. */
struct recorded {
	uint32_t pupil;
	uint16_t day;
	uint8_t kind;
};

struct trial {
	char *why;
	size_t why_size;
	int out;
	struct store_key key;
	struct persons *persons;
	struct store *store;
	struct log log;
	uint8_t *compiled;
	size_t compiled_size;
	struct pathway *changed;
	struct state now;        /* for the pathways in force */
	struct trial_names names;
	struct trial_world worlds[2];
	struct trial_facts facts;
	struct event *event;
	uint64_t position, head;
	struct recorded *recorded;
	size_t recorded_count, recorded_room;
	uint32_t *schools;
	bool bad;
};

static bool fail(struct trial *t, const char *what, const char *detail)
{
	if (!t->why[0])
		snprintf(t->why, t->why_size, "%s%s%s", what, detail ? ": " : "", detail ? detail : "");
	return false;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- before ---- */

static bool read_changed(struct trial *t, int in)
{
	ssize_t n;

	t->compiled = memory_new(PATHWAY_SIZE_MAX);
	while (t->compiled_size < PATHWAY_SIZE_MAX &&
	       (n = read(in, t->compiled + t->compiled_size, PATHWAY_SIZE_MAX - t->compiled_size)) != 0) {
		if (n < 0 && errno != EINTR)
			return fail(t, "the changed file can't be read", strerror(errno));
		t->compiled_size += n > 0 ? (size_t)n : 0;
	}
	t->changed = memory_new(sizeof *t->changed);
	return pathway_decode(t->changed, slice_of(t->compiled, t->compiled_size)) ||
	       fail(t, "what is to be tried is no compiled pathway", NULL);
}

static bool open_store(struct trial *t, const char *dir)
{
	struct store_options options = {.mode = STORE_READ};
	struct txn *txn;
	enum store_result result;

	if (store_key_read(dir, &t->key, t->why, t->why_size) != 0)
		return false;
	memcpy(options.check_key, t->key.check, sizeof options.check_key);
	if (store_open(&t->store, dir, &options, t->why, t->why_size) != STORE_OK ||
	    persons_open(&t->persons, dir, false, t->why, t->why_size) != 0)
		return false;
	t->log.methods = &log_lmdb;
	state_init(&t->now, &t->key, t->persons);
	if (store_begin(t->store, false, &txn) != STORE_OK)
		return fail(t, "the store can't be read", store_why(t->store));
	result = t->log.methods->head(&t->log, txn, &t->head);
	if (result == STORE_OK)
		result = state_load(&t->now, txn, t->why, t->why_size);
	store_abort(&txn);
	return result == STORE_OK || fail(t, "the store can't be read", store_why(t->store));
}

/* Both worlds get what is in force now; the second the changed file in place of the one
 * of its name, or of the default where its name is new. */
static bool furnish(struct trial *t)
{
	struct slice name = t->changed->name;
	const struct loaded_pathway *stands = state_newest_pathway(&t->now, name), *newest;
	const struct pathway *by_default = state_default_pathway(&t->now);
	bool is_new = !stands;

	if (is_new && by_default)
		stands = state_newest_pathway(&t->now, by_default->name);
	if (!stands)
		return fail(t, "no pathway is in force to try it against: attend pathway load FILE", NULL);
	for (uint32_t i = 0; i < t->now.pathway_count; i++) {
		const struct loaded_pathway *l = t->now.pathways[i];
		struct slice l_name = slice_text(l->name), bytes = slice_of(l->bytes, l->size);

		newest = state_newest_pathway(&t->now, l_name);
		if (l != newest)
			continue;
		world_pathway(&t->worlds[0], l_name, l->version, bytes, l->pathway == by_default);
		if (l == stands && !is_new)
			world_pathway(&t->worlds[1], name, l->version + 1, slice_of(t->compiled, t->compiled_size),
				      l->pathway == by_default);
		else
			world_pathway(&t->worlds[1], l_name, l->version, bytes, l->pathway == by_default && !is_new);
	}
	if (is_new)
		world_pathway(&t->worlds[1], name, 1, slice_of(t->compiled, t->compiled_size), true);
	for (uint32_t i = 0; i < t->now.choice_count; i++)
		for (unsigned w = 0; w < 2; w++)
			world_choice(&t->worlds[w], t->now.choices[i].urn, slice_text(t->now.choices[i].pathway));
	t->facts.name = name;
	t->facts.title = t->changed->title;
	t->facts.against_title = stands->pathway->title;
	t->facts.against_version = stands->version;
	t->facts.replaces_default = is_new;
	for (unsigned w = 0; w < 2; w++)
		if (t->worlds[w].engine->broken != STORE_OK)
			return fail(t, "the trial came to a stop", store_why(t->worlds[w].engine->store));
	return true;
}

/* ---- the log ---- */

static void count_school(struct trial *t, uint32_t urn)
{
	for (uint32_t i = urn % SCHOOLS_ROOM;; i = (i + 1) % SCHOOLS_ROOM) {
		if (t->schools[i] == urn || t->facts.schools + 1 == SCHOOLS_ROOM)
			return;
		if (!t->schools[i]) {
			t->schools[i] = urn;
			t->facts.schools++;
			return;
		}
	}
}

static void note_recorded(struct trial *t, const struct event *ev)
{
	if (t->recorded_count == t->recorded_room) {
		t->recorded_room = t->recorded_room ? 2 * t->recorded_room : 4096;
		t->recorded = memory_grow(t->recorded, t->recorded_room * sizeof *t->recorded);
	}
	t->recorded[t->recorded_count++] = (struct recorded){
		ev->alert_raised.pupil, (uint16_t)day_of_ms(ev->at_ms), ev->alert_raised.kind};
}

static void count_event(struct trial *t, const struct event *ev)
{
	struct marks_reader in;
	struct mark m;

	t->facts.events++;
	if (ev->kind == EVENT_MARKS_RECORDED) {
		marks_open(&in, ev->version, ev->marks_recorded.body);
		count_school(t, in.urn);
		while (marks_next(&in, &m))
			t->facts.marks++;
		if (!t->facts.first_ms)
			t->facts.first_ms = ev->at_ms;
	}
	t->facts.actions += ev->kind == EVENT_ACTION_RECORDED;
	t->facts.pupils += ev->kind == EVENT_PUPIL_REGISTERED;
	if (ev->kind == EVENT_ALERT_RAISED)
		note_recorded(t, ev);
	if (ev->at_ms)
		t->facts.last_ms = ev->at_ms;
}

static void tell_progress(const struct trial *t)
{
	uint8_t room[TRIAL_PROGRESS_SIZE];
	struct writer w = writer_of(room, sizeof room);

	write_u64(&w, t->position);
	write_u64(&w, t->head);
	if (pwrite(t->out, room, sizeof room, 0) != (ssize_t)sizeof room)
		return; /* the report that comes will fail as well, and say so */
}

static bool take(void *context, uint64_t position, struct slice record)
{
	struct trial *t = context;

	if (position > t->head)
		return false;
	if (!event_decode(t->event, record, true)) {
		t->bad = true;
		return fail(t, "a record of the log can't be read; attendd verify says which", NULL);
	}
	t->position = position;
	count_event(t, t->event);
	for (unsigned w = 0; w < 2; w++)
		if (!world_take(&t->worlds[w], t->event, position)) {
			t->bad = true;
			return fail(t, "the trial came to a stop", store_why(t->worlds[w].engine->store));
		}
	if (position % PROGRESS_EVERY == 0)
		tell_progress(t);
	return true;
}

static bool replay(struct trial *t)
{
	enum store_result result = STORE_OK;

	while (!t->bad && result == STORE_OK && t->position < t->head) {
		struct txn *txn;

		result = store_begin(t->store, false, &txn);
		if (result != STORE_OK)
			break;
		result = t->log.methods->read(&t->log, txn, t->position + 1, SLICE, take, t);
		store_abort(&txn);
		if (result == STORE_NONE && t->position >= t->head)
			result = STORE_OK;
	}
	if (result != STORE_OK)
		return fail(t, "the log can't be read; attendd verify says where", store_why(t->store));
	for (unsigned w = 0; w < 2 && !t->bad; w++)
		if (!world_until(&t->worlds[w], t->facts.last_ms))
			return fail(t, "the trial came to a stop", store_why(t->worlds[w].engine->store));
	return !t->bad;
}

/* ---- how near the replay is to what was done ---- */

static int by_pupil_kind_day(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	if (x->pupil != y->pupil)
		return x->pupil < y->pupil ? -1 : 1;
	return x->kind != y->kind ? x->kind - y->kind : x->day - y->day;
}

static void compare_recorded(struct trial *t)
{
	const struct trial_world *w = &t->worlds[0];
	struct recorded *again = memory_new((w->alert_count + 1) * sizeof *again);
	size_t i = 0, j = 0;

	for (size_t a = 0; a < w->alert_count; a++)
		again[a] = (struct recorded){w->alerts[a].pupil, w->alerts[a].day, w->alerts[a].kind};
	if (t->recorded_count)
		qsort(t->recorded, t->recorded_count, sizeof *t->recorded, by_pupil_kind_day);
	qsort(again, w->alert_count, sizeof *again, by_pupil_kind_day);
	while (i < t->recorded_count && j < w->alert_count) {
		int order = by_pupil_kind_day(&t->recorded[i], &again[j]);

		t->facts.alerts_met += order == 0;
		i += order <= 0;
		j += order >= 0;
	}
	t->facts.alerts_recorded = t->recorded_count;
	free(again);
}

static void close_all(struct trial *t)
{
	world_close(&t->worlds[0]);
	world_close(&t->worlds[1]);
	if (t->now.scratch)
		state_free(&t->now);
	store_close(&t->store);
	persons_close(&t->persons);
	memset(&t->key, 0, sizeof t->key);
	free(t->names.list);
	free(t->compiled);
	free(t->changed);
	free(t->event);
	free(t->recorded);
	free(t->schools);
	free(t);
}

int trial_run(const char *dir, int in, int out, char *why, size_t why_size)
{
	struct trial *t = memory_new(sizeof *t);
	bool good;

	why[0] = '\0';
	t->why = why;
	t->why_size = why_size;
	t->out = out;
	t->event = memory_new(sizeof *t->event);
	t->schools = memory_new(SCHOOLS_ROOM * sizeof *t->schools);
	t->facts.began_ms = now_ms();
	good = read_changed(t, in) && open_store(t, dir);
	for (unsigned w = 0; w < 2 && good; w++)
		good = world_open(&t->worlds[w], dir, t->persons, &t->key, &t->names, why, why_size);
	t->worlds[1].in_force = &t->worlds[0];
	good = good && furnish(t);
	tell_progress(t);
	good = good && replay(t);
	if (good) {
		compare_recorded(t);
		t->facts.ended_ms = now_ms();
		tell_progress(t);
		good = trial_report(out, &t->worlds[0], &t->worlds[1], &t->facts, &t->names) ||
		       fail(t, "the result can't be written beside the store; is the disk full?", NULL);
		/* what a world could not read was taken for what is not there */
		for (unsigned w = 0; w < 2 && good; w++)
			good = store_trouble(t->worlds[w].engine->txn) == STORE_OK ||
			       fail(t, "the trial came to a stop", store_why(t->worlds[w].engine->store));
	}
	close_all(t);
	return good ? 0 : -1;
}
