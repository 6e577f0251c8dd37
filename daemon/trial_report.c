/* The report of a trial: counted up in rows, and told pupil by pupil.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/memory.h"
#include "daemon/trial_parts.h"

/* A sort of thing, over all pupils. */
struct row {
	uint8_t subject, alert_kind;
	uint16_t name;
	uint32_t count[TRIAL_KINDS];
	int16_t *days;          /* of those that moved: how far */
	uint32_t day_count, day_room;
};

/* A reason for which an action would be refused now, or was and would not be. */
struct reason {
	uint16_t action;
	bool now, unknown;
	struct slice text, clause;
	uint32_t count;
};

struct report {
	const struct trial_facts *facts;
	const struct trial_names *names;
	struct row *rows;
	size_t row_count;
	struct reason *reasons;
	size_t reason_count;
	FILE *pupils;           /* what is told of them, until the summary stands before it */
	uint32_t pupil;         /* being told of */
	struct pack items;
	uint32_t item_count, left_out;
	struct state *state;    /* for who is of one family */
	uint8_t *told_of;       /* bit per pupil: the first of a family that is affected */
	uint32_t affected_pupils, affected_families, affected_cases;
	uint32_t cases[32];
	unsigned case_count;
};

static const char *const subjects[] = {"alert", "deadline", "notice", "action", "stage", "refusal"};
static const char *const changes[] = {"same", "earlier", "later", "never", "new", "otherwise"};

/* ---- rows ---- */

static struct row *row_of(struct report *r, const struct trial_difference *d)
{
	struct row *row;

	for (size_t i = 0; i < r->row_count; i++)
		if (r->rows[i].subject == d->subject && r->rows[i].alert_kind == d->alert_kind && r->rows[i].name == d->name)
			return &r->rows[i];
	r->rows = memory_grow(r->rows, (r->row_count + 1) * sizeof *r->rows);
	row = &r->rows[r->row_count++];
	*row = (struct row){.subject = d->subject, .alert_kind = d->alert_kind, .name = d->name};
	return row;
}

static void count(struct report *r, const struct trial_difference *d)
{
	struct row *row = row_of(r, d);

	row->count[d->kind]++;
	if (d->kind != TRIAL_EARLIER && d->kind != TRIAL_LATER)
		return;
	if (row->day_count == row->day_room) {
		row->day_room = row->day_room ? 2 * row->day_room : 64;
		row->days = memory_grow(row->days, row->day_room * sizeof *row->days);
	}
	row->days[row->day_count++] = (int16_t)(d->day[1] - d->day[0]);
}

static void count_reason(struct report *r, const struct trial_difference *d)
{
	const struct trial_refusal *refusal = d->refusal;
	bool unknown = !refusal->lack_count;
	unsigned lacks = unknown ? 1 : refusal->lack_count;

	for (unsigned i = 0; i < lacks; i++) {
		struct slice text = unknown ? slice_of(NULL, 0) : refusal->lacks[i].text;
		size_t at = 0;

		while (at < r->reason_count &&
		       (r->reasons[at].action != refusal->action || r->reasons[at].now != (d->kind == TRIAL_NEW) ||
			!slice_equal(r->reasons[at].text, text)))
			at++;
		if (at == r->reason_count) {
			r->reasons = memory_grow(r->reasons, (r->reason_count + 1) * sizeof *r->reasons);
			r->reasons[r->reason_count++] = (struct reason){
				.action = refusal->action, .now = d->kind == TRIAL_NEW, .unknown = unknown, .text = text,
				.clause = unknown ? slice_of(NULL, 0) : refusal->lacks[i].clause};
		}
		r->reasons[at].count++;
	}
}

/* ---- one pupil ---- */

static void put_u32(FILE *file, uint32_t value)
{
	uint8_t room[4];
	struct writer w = writer_of(room, sizeof room);

	write_u32(&w, value);
	fwrite(room, 1, sizeof room, file);
}

static void count_family(struct report *r, uint32_t pupil)
{
	struct family family;
	uint32_t first = pupil;

	if (state_family(r->state, pupil, false, &family) == STORE_OK)
		for (unsigned i = 0; i < family.count; i++)
			if (family.pupils[i] < first)
				first = family.pupils[i];
	r->affected_families += !(r->told_of[first / 8] >> first % 8 & 1);
	r->told_of[first / 8] |= (uint8_t)(1u << first % 8);
}

static void end_pupil(struct report *r)
{
	struct pack p;
	struct slice bytes;

	if (!r->item_count)
		return;
	pack_init(&p);
	pack_text(&p, "cases");
	pack_array(&p, r->case_count);
	for (unsigned i = 0; i < r->case_count; i++)
		pack_case(&p, r->cases[i]);
	pack_key_uint(&p, "left_out", r->left_out);
	pack_text(&p, "differences");
	pack_array(&p, r->item_count - r->left_out);
	pack_raw(&p, pack_slice(&r->items));
	bytes = pack_slice(&p);
	put_u32(r->pupils, r->pupil);
	fputc(3, r->pupils);
	put_u32(r->pupils, (uint32_t)bytes.size);
	fwrite(bytes.bytes, 1, bytes.size, r->pupils);
	pack_free(&p);
	pack_clear(&r->items);
	count_family(r, r->pupil);
	r->affected_pupils++;
	r->affected_cases += r->case_count;
	r->item_count = r->left_out = r->case_count = 0;
}

static void pack_named(const struct report *r, struct pack *p, uint16_t name)
{
	pack_text(p, "name");
	pack_text(p, name ? r->names->list[name - 1].name : NULL);
	pack_text(p, "title");
	pack_text(p, name ? r->names->list[name - 1].title : NULL);
}

static void pack_side(struct pack *p, const char *key, const struct trial_difference *d, unsigned side)
{
	pack_text(p, key);
	pack_map(p, 2);
	pack_text(p, "day");
	pack_date(p, d->day[side]);
	pack_text(p, "text");
	if (d->text[side].size)
		pack_str(p, d->text[side]);
	else
		pack_nil(p);
}

static void pack_why(struct pack *p, const struct trial_refusal *refusal)
{
	pack_text(p, "why");
	pack_array(p, refusal ? refusal->lack_count : 0);
	for (unsigned i = 0; refusal && i < refusal->lack_count; i++)
		pack_str(p, refusal->lacks[i].text);
}

static void pack_difference(const struct report *r, struct pack *p, const struct trial_difference *d)
{
	pack_map(p, 10);
	pack_key_text(p, "what", subjects[d->subject]);
	pack_key_text(p, "change", changes[d->kind]);
	pack_text(p, "kind");
	pack_text(p, d->subject == TRIAL_ALERT ? alert_kind_text(d->alert_kind) : NULL);
	pack_named(r, p, d->name);
	pack_text(p, "case");
	pack_case(p, d->case_no);
	pack_text(p, "parent");
	pack_text(p, d->parent[0] ? d->parent : NULL);
	pack_side(p, "in_force", d, 0);
	pack_side(p, "changed", d, 1);
	pack_why(p, d->refusal);
}

static void note_case(struct report *r, uint32_t number)
{
	for (unsigned i = 0; i < r->case_count; i++)
		if (r->cases[i] == number)
			return;
	if (number && r->case_count < sizeof r->cases / sizeof *r->cases)
		r->cases[r->case_count++] = number;
}

static void take(void *context, uint32_t pupil, const struct trial_difference *d)
{
	struct report *r = context;

	if (pupil != r->pupil)
		end_pupil(r);
	r->pupil = pupil;
	if (d->subject != TRIAL_REFUSAL)
		count(r, d);
	else
		count_reason(r, d);
	if (d->kind == TRIAL_SAME)
		return;
	note_case(r, d->case_no);
	if (r->item_count++ < TRIAL_DIFFERENCES_MAX)
		pack_difference(r, &r->items, d);
	else
		r->left_out++;
}

/* ---- the summary ---- */

static int by_size(const void *a, const void *b)
{
	return *(const int16_t *)a - *(const int16_t *)b;
}

static void pack_signed(struct pack *p, int value)
{
	msgpack_pack_int(&p->packer, value);
}

static void pack_row(const struct report *r, struct pack *p, struct row *row)
{
	uint32_t both = row->count[TRIAL_SAME] + row->count[TRIAL_EARLIER] + row->count[TRIAL_LATER] + row->count[TRIAL_OTHERWISE];

	pack_map(p, 6 + TRIAL_KINDS + (row->day_count ? 1 : 0));
	pack_key_text(p, "what", subjects[row->subject]);
	pack_text(p, "kind");
	pack_text(p, row->subject == TRIAL_ALERT ? alert_kind_text(row->alert_kind) : NULL);
	pack_named(r, p, row->name);
	pack_key_uint(p, "in_force", both + row->count[TRIAL_NEVER]);
	pack_key_uint(p, "changed", both + row->count[TRIAL_NEW]);
	for (unsigned i = 0; i < TRIAL_KINDS; i++)
		pack_key_uint(p, changes[i], row->count[i]);
	if (!row->day_count)
		return;
	qsort(row->days, row->day_count, sizeof *row->days, by_size);
	pack_text(p, "days"); /* least, median, most: later is positive */
	pack_array(p, 3);
	pack_signed(p, row->days[0]);
	pack_signed(p, row->days[row->day_count / 2]);
	pack_signed(p, row->days[row->day_count - 1]);
}

static void pack_reason(const struct report *r, struct pack *p, const struct reason *reason)
{
	pack_map(p, 5);
	pack_key_text(p, "action", r->names->list[reason->action - 1].name);
	pack_key_bool(p, "now", reason->now);
	pack_text(p, "why");
	if (reason->unknown)
		pack_nil(p);
	else
		pack_str(p, reason->text);
	pack_text(p, "clause");
	if (reason->clause.size)
		pack_str(p, reason->clause);
	else
		pack_nil(p);
	pack_key_uint(p, "count", reason->count);
}

static void pack_summary(struct report *r, struct pack *p, const struct trial_world *in_force, const struct trial_world *changed)
{
	const struct trial_facts *f = r->facts;

	pack_map(p, 24);
	pack_key_str(p, "pathway", f->name);
	pack_key_str(p, "title", f->title);
	pack_key_str(p, "against_title", f->against_title);
	pack_key_uint(p, "against_version", f->against_version);
	pack_key_bool(p, "replaces_default", f->replaces_default);
	pack_text(p, "first");
	pack_time(p, f->first_ms);
	pack_text(p, "last");
	pack_time(p, f->last_ms);
	pack_key_uint(p, "took_ms", f->ended_ms - f->began_ms);
	pack_key_uint(p, "events", f->events);
	pack_key_uint(p, "marks", f->marks);
	pack_key_uint(p, "actions", f->actions);
	pack_key_uint(p, "pupils", f->pupils);
	pack_key_uint(p, "schools", f->schools);
	pack_key_uint(p, "cases_in_force", in_force->case_count);
	pack_key_uint(p, "cases_changed", changed->case_count);
	pack_key_uint(p, "affected_pupils", r->affected_pupils);
	pack_key_uint(p, "affected_families", r->affected_families);
	pack_key_uint(p, "affected_cases", r->affected_cases);
	pack_key_uint(p, "alerts_recorded", f->alerts_recorded);
	pack_key_uint(p, "alerts_met", f->alerts_met);
	pack_key_uint(p, "alerts_in_force", in_force->alert_count);
	pack_key_uint(p, "moves_left_out", in_force->moves_left_out + changed->moves_left_out);
	pack_text(p, "rows");
	pack_array(p, r->row_count);
	for (size_t i = 0; i < r->row_count; i++)
		pack_row(r, p, &r->rows[i]);
	pack_text(p, "refusals");
	pack_array(p, r->reason_count);
	for (size_t i = 0; i < r->reason_count; i++)
		pack_reason(r, p, &r->reasons[i]);
}

static bool write_out(int out, struct slice summary, struct slice pupils)
{
	FILE *file = fdopen(dup(out), "wb");
	bool good = file && fseek(file, TRIAL_PROGRESS_SIZE, SEEK_SET) == 0;

	if (good) {
		put_u32(file, (uint32_t)summary.size);
		fwrite(summary.bytes, 1, summary.size, file);
		fwrite(pupils.bytes, 1, pupils.size, file);
		good = !ferror(file);
	}
	return file && fclose(file) == 0 && good;
}

bool trial_report(int out, struct trial_world *in_force, struct trial_world *changed, const struct trial_facts *facts,
		  const struct trial_names *names)
{
	struct report r = {.facts = facts, .names = names, .state = &in_force->engine->state,
			   .told_of = memory_new(in_force->engine->state.pupil_count / 8u + 1u)};
	struct trial_pair pair = {in_force, changed, take, &r};
	struct pack summary;
	char *bytes = NULL;
	size_t size = 0;
	bool good;

	r.pupils = open_memstream(&bytes, &size);
	if (!r.pupils) {
		free(r.told_of);
		return false;
	}
	pack_init(&r.items);
	pack_init(&summary);
	good = trial_compare(&pair);
	end_pupil(&r);
	good = fclose(r.pupils) == 0 && good;
	if (good) {
		pack_summary(&r, &summary, in_force, changed);
		good = write_out(out, pack_slice(&summary), slice_of(bytes, size));
	}
	for (size_t i = 0; i < r.row_count; i++)
		free(r.rows[i].days);
	free(r.rows);
	free(r.reasons);
	free(r.told_of);
	free(bytes);
	pack_free(&r.items);
	pack_free(&summary);
	return good;
}
