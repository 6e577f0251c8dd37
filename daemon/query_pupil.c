/* A pupil's figures and marks, as known now or as of then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"
#include "daemon/query_parts.h"

void pack_text_or_nil(struct pack *p, const char *key, struct slice text)
{
	pack_text(p, key);
	if (text.size)
		pack_str(p, text);
	else
		pack_nil(p);
}

/* attended / possible x 100, to one decimal, rounded half up; nil where nothing was possible */
void pack_percentage(struct pack *p, unsigned attended, unsigned possible)
{
	if (possible)
		msgpack_pack_double(&p->packer, (double)((attended * 2000u + possible) / (2u * possible)) / 10.0);
	else
		pack_nil(p);
}

void pack_codes(struct pack *p, const struct figures *f, uint64_t codes)
{
	unsigned kinds = 0;

	for (uint8_t code = 1; code < CODE_LIMIT; code++)
		kinds += f->coded[code] && code_in(codes, code);
	pack_map(p, kinds);
	for (uint8_t code = 1; code < CODE_LIMIT; code++)
		if (f->coded[code] && code_in(codes, code))
			pack_key_uint(p, code_text(code), f->coded[code]);
}

void pack_pupil_figures(struct pack *p, const struct figures *f)
{
	pack_key_uint(p, "possible", f->possible);
	pack_key_uint(p, "attended", f->attended);
	pack_key_uint(p, "authorised", f->authorised);
	pack_key_uint(p, "unauthorised", f->unauthorised);
	pack_key_uint(p, "late", f->late);
	pack_text(p, "percentage");
	pack_percentage(p, f->attended, f->possible);
	pack_key_uint(p, "unauthorised_10_weeks", f->unauthorised_10_weeks);
	pack_key_bool(p, "persistent", f->persistent);
	pack_key_bool(p, "severe", f->severe);
	pack_key_uint(p, "broken_weeks", f->broken_weeks);
	pack_key_uint(p, "weeks_in_session", f->weeks_in_session);
	pack_text(p, "school_year");
	if (f->school_year)
		pack_uint(p, (uint64_t)f->school_year);
	else
		pack_nil(p);
	pack_text(p, "absent_on");
	pack_array(p, 5);
	for (int i = 0; i < 5; i++)
		pack_uint(p, f->absent_on[i]);
	pack_text(p, "absent_codes");
	pack_codes(p, f, CODES_ABSENT);
}

struct slice pupil_particulars(struct engine *e, uint32_t pupil, uint8_t room[static PARTICULARS_ROOM])
{
	struct writer w = writer_of(room, PARTICULARS_ROOM);
	struct person person;

	if (state_person(&e->state, pupil, &person) != STORE_OK || !person.sealed_particulars.size ||
	    !persons_unseal(e->persons, pupil, EVENT_ROSTER_RECORDED, person.particulars_position, person.sealed_particulars, &w))
		return slice_of(NULL, 0);
	return writer_slice(&w);
}

/* The particulars are those held now: what was sealed earlier is no figure. */
static void pack_particulars(struct engine *e, struct pack *p, uint32_t pupil)
{
	static const char *const keys[] = {"surname", "forename", "birth_date", "year_group"};
	uint8_t *room = memory_new(PARTICULARS_ROOM);
	struct slice particulars = pupil_particulars(e, pupil, room);
	const char *wrong = NULL;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		pack_text_or_nil(p, keys[i], mp_find_str(particulars, keys[i], &wrong));
	free(room);
}

static void pack_cases(struct engine *e, struct pack *p, struct txn *txn, struct state *s, uint32_t pupil)
{
	uint32_t numbers[64];
	unsigned count = cases_of(e, txn, s, pupil, numbers, 64);

	pack_text(p, "cases");
	pack_array(p, count);
	for (unsigned i = 0; i < count; i++)
		pack_case(p, numbers[i]);
}

/* Cases of a pupil in the order in which they were opened. */
unsigned cases_of(struct engine *e, struct txn *txn, struct state *s, uint32_t pupil, uint32_t numbers[], unsigned max)
{
	struct key from = key_u32_u32(pupil, 0);
	struct scan scan;
	struct slice key, value;
	unsigned count = 0;

	if (s != &e->state)
		return shadow_cases_of(s, numbers, max);
	if (scan_open(&scan, txn, TABLE_PUPIL_CASES, key_slice(&from)) == STORE_OK)
		while (count < max && scan_next(&scan, &key, &value) == STORE_OK) {
			struct reader r = reader_of(key);

			if (read_u32(&r) != pupil)
				break;
			numbers[count++] = read_u32(&r);
		}
	scan_close(&scan);
	return count;
}

/* The pupil as of a position: the live record, or a shadow's. */
static const struct pupil *as_of(struct engine *e, struct txn *txn, uint32_t pupil, uint64_t position,
				 struct state **shadow, const struct calendar **calendar)
{
	struct state *s = &e->state;
	const struct pupil *p;

	*shadow = NULL;
	if (!query_is_now(e, position)) {
		*shadow = shadow_open(e, txn, pupil, position);
		if (!*shadow)
			return NULL;
		s = *shadow;
	}
	p = state_pupil(s, pupil);
	*calendar = state_calendar(s, p->urn);
	return p;
}

/* The pupil that is asked about, as known now or then. NULL: `*status` and e->body say why not. */
static const struct pupil *asked(struct engine *e, const struct request *r, struct txn *txn, uint32_t *number,
				 uint64_t *position, struct state **shadow, const struct calendar **calendar, enum status *status)
{
	const struct pupil *pupil;

	*status = STATUS_OK;
	*number = query_upn(e, r, txn, status);
	if (!*number)
		return NULL;
	if (!query_as_of(e, r, txn, position)) {
		*status = STATUS_BAD_FIELD;
		return NULL;
	}
	pupil = as_of(e, txn, *number, *position, shadow, calendar);
	if (!pupil)
		*status = query_fault(e, STATUS_DAMAGED, NULL, "the log can't be replayed; attendd verify says where");
	return pupil;
}

/* That of the latest register by then; before any, of the roster, which is held as of now. */
static uint32_t school_of(struct engine *e, const struct pupil *pupil, uint32_t number)
{
	struct person person;

	if (pupil->urn)
		return pupil->urn;
	return state_person(&e->state, number, &person) == STORE_OK ? person.urn : 0;
}

/* The school year of the latest register by then; before any, of then. */
static int year_of(struct engine *e, const struct pupil *pupil, const struct state *shadow)
{
	bool then = shadow && shadow->last_ms; /* there is none before the first event that has a time */

	return day_school_year(pupil->latest_day ? pupil->latest_day : day_of_ms(then ? shadow->last_ms : e->now_ms));
}

enum status query_pupil(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	const struct calendar *calendar;
	const struct pupil *pupil;
	struct state *shadow;
	struct figures f;
	enum status status;
	uint64_t position;
	uint32_t number;

	pupil = asked(e, r, txn, &number, &position, &shadow, &calendar, &status);
	if (!pupil)
		return status;
	pupil_figures(pupil, calendar, &f);
	pack_map(p, 23);
	pack_text(p, "upn");
	pack_upn(e, p, txn, number);
	pack_text(p, "urn");
	pack_urn(p, school_of(e, pupil, number));
	pack_school_name(p, &e->state, "school", school_of(e, pupil, number));
	pack_pupil_figures(p, &f);
	pack_key_uint(p, "as_of", shadow ? position : engine_head(e));
	pack_particulars(e, p, number);
	pack_cases(e, p, txn, shadow ? shadow : &e->state, number);
	shadow_close(&shadow);
	return STATUS_OK;
}

static unsigned days_held(const struct pupil *p, day_t first, day_t last)
{
	unsigned count = 0;

	for (day_t d = first; d <= last; d++)
		count += pupil_code(p, d, AM) || pupil_code(p, d, PM);
	return count;
}

enum status query_marks(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	const struct calendar *calendar;
	const struct pupil *pupil;
	struct state *shadow;
	enum status status = STATUS_OK;
	uint64_t position;
	day_t first, last;
	uint32_t number;

	pupil = asked(e, r, txn, &number, &position, &shadow, &calendar, &status);
	if (!pupil)
		return status;
	last = pupil->latest_day;
	first = last ? week_monday(day_week(last) - PUPIL_WEEKS + 1) : 1;
	pack_map(p, 1);
	pack_text(p, "items");
	pack_array(p, days_held(pupil, first, last));
	for (day_t d = first; d <= last; d++) {
		uint8_t am = pupil_code(pupil, d, AM), pm = pupil_code(pupil, d, PM);

		if (!am && !pm)
			continue;
		pack_array(p, 3);
		pack_date(p, (uint16_t)d);
		pack_text(p, code_text(am));
		pack_text(p, code_text(pm));
	}
	shadow_close(&shadow);
	return STATUS_OK;
}

/* ---- the year as a picture: each session of its weeks, and the rolling count at each week's end ---- */

static void pack_week(struct pack *p, const struct pupil *pupil, const struct calendar *calendar, int week, uint64_t codes)
{
	day_t monday = week_monday(week), last = monday + 4;
	bool held = false;

	pack_map(p, 4);
	pack_text(p, "monday");
	pack_date(p, (uint16_t)monday);
	pack_text(p, "days");
	pack_array(p, 5);
	for (day_t d = monday; d < monday + 5; d++) {
		uint8_t am = pupil_code(pupil, d, AM), pm = pupil_code(pupil, d, PM);

		held |= am || pm;
		pack_array(p, 3);
		pack_bool(p, calendar_is_school_day(calendar, d));
		pack_text(p, code_text(am));
		pack_text(p, code_text(pm));
	}
	pack_key_bool(p, "broken", pupil_count(pupil, CODES_ABSENT, monday, last) > 0);
	pack_text(p, "window");
	if (held && calendar_is_school_week(calendar, week))
		pack_uint(p, pupil_window(pupil, calendar, codes, PUPIL_WINDOW_WEEKS, last < pupil->latest_day ? last : pupil->latest_day));
	else
		pack_nil(p);
}

enum status query_year(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	const struct pathway *pathway;
	const struct calendar *calendar;
	const struct pupil *pupil;
	struct state *shadow;
	enum status status;
	uint64_t position;
	uint32_t number;
	int first, last, year;

	pupil = asked(e, r, txn, &number, &position, &shadow, &calendar, &status);
	if (!pupil)
		return status;
	pathway = state_school_pathway(shadow ? shadow : &e->state, pupil->urn);
	year = year_of(e, pupil, shadow);
	first = day_week(school_year_start(year));
	last = day_week(school_year_start(year + 1) - 1);
	pack_map(p, 4);
	pack_key_uint(p, "school_year", (uint64_t)year);
	pack_key_uint(p, "threshold", pathway ? pathway->threshold : 0);
	pack_text(p, "latest");
	pack_date(p, (uint16_t)pupil->latest_day);
	pack_text(p, "weeks");
	pack_array(p, (uint32_t)(last - first + 1));
	for (int week = first; week <= last; week++)
		pack_week(p, pupil, calendar, week, CODES_UNAUTHORISED);
	shadow_close(&shadow);
	return STATUS_OK;
}
