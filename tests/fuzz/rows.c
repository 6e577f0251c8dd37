/* rows.c - files of marks and of pupils as schools' systems give them: CSV and JSON by attend's own columns or by a
 * mapping, CTF as XML. What is said to be good is what the daemon is sent.
 *
 * The input: a byte of which mapping (0: none; the last: the input's own, of two bytes' size), a byte of options, the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "client/ctf.h"
#include "client/file.h"
#include "client/grouping.h"
#include "client/mapping.h"
#include "client/mark_rows.h"
#include "client/roster.h"
#include "client/roster_rows.h"
#include "proto/ids.h"
#include "proto/utf8.h"

enum { SHIPPED_MAX = 20, WHY_SIZE = 900 };

static struct { char *path; struct slice text; } shipped[SHIPPED_MAX];
static unsigned shipped_count;

static void take_shipped(void *context, const char *path)
{
	(void)context;
	MUST(shipped_count < SHIPPED_MAX);
	shipped[shipped_count].path = strdup(path);
	shipped[shipped_count++].text = fuzz_read(path);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	setenv("ATTEND_MAPPINGS", "client/mappings", 1);
	mapping_each_shipped(take_shipped, NULL);
	MUST(shipped_count > 0);
	return 0;
}

static ssize_t read_slowly(void *context, void *room, size_t size)
{
	return text_read(context, room, size < 7 ? size : 7);
}

static bool is_text(const char *text)
{
	return !text || utf8_ok(slice_text(text));
}

static void marks(struct slice file, struct mapping *mapping, bool slowly)
{
	struct text_left left = { (const char *)file.bytes, file.size };
	struct records *records = records_open(slowly ? read_slowly : text_read, &left);
	struct grouping *grouping = grouping_new();
	char why[WHY_SIZE] = "", told[WHY_SIZE];
	struct mark_rows *rows = mark_rows_open(records, mapping, why, sizeof why);
	struct mark_row row;
	uint64_t occurrence, taken = 0;
	size_t size;

	MUST(rows || *why);
	grouping_begin_file(grouping);
	while (rows && mark_rows_next(rows, &row)) {
		MUST((row.fault != NULL) == (row.field != NULL) && (row.raw || !row.raw_size));
		MUST(++taken <= file.size * 24 + 24);
		if (row.fault || mark_row_fault(&row, told, sizeof told))
			continue;
		/* the frame is text: what goes in has to be */
		MUST(row.urn && is_text(row.urn) && is_text(row.mark.upn) && is_text(row.mark.date) && is_text(row.mark.session) &&
		     is_text(row.mark.code) && is_text(row.mark.comment) && is_text(row.mark.recorded_at));
		for (enum grouped g; (g = grouping_take(grouping, &row)) != GROUPED;)
			MUST(grouping_end(grouping, &size, &occurrence));
	}
	if (rows)
		mark_rows_failed(rows), mark_rows_header(rows), mark_rows_ignored(rows);
	if (grouping_count(grouping))
		MUST(grouping_end(grouping, &size, &occurrence));
	mark_rows_close(&rows);
	grouping_free(&grouping);
	records_close(&records);
}

static void tell(void *context, uint64_t line, const char *field, const char *reason)
{
	(void)context, (void)line;
	MUST(field && reason && *reason);
}

static void reject(void *context, const char *raw, size_t raw_size, const char *field, const char *reason)
{
	(void)context;
	MUST((raw || !raw_size) && field && reason && *reason);
}

static bool send_pupils(void *context, struct roster_pupil *const pupils[], size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++) {
		const struct roster_pupil *p = pupils[i];

		MUST(!p->refused && p->parent_count <= ROSTER_PARENTS_MAX);
		for (unsigned v = 0; v < ROSTER_OWN; v++)
			MUST(is_text(p->values[v]));
		for (unsigned n = 0; n < p->parent_count; n++)
			MUST(parent_ok(slice_text(p->parents[n].id)) && is_text(p->parents[n].name) && is_text(p->parents[n].address));
	}
	return true;
}

static void tell_year(void *context, const struct ctf_year *y)
{
	(void)context;
	MUST(y->possible >= -1 && y->attended >= -1 && y->authorised >= -1 && y->unauthorised >= -1);
}

static void roster(struct slice file, struct mapping *mapping, bool slowly, const char *school)
{
	static const struct roster_sink sink = { NULL, tell, reject, send_pupils };
	static const struct ctf_totals years = { tell_year, NULL };
	struct text_left left = { (const char *)file.bytes, file.size };
	struct records *records = records_open(slowly ? read_slowly : text_read, &left);
	char why[WHY_SIZE] = "";
	struct roster_rows *rows = roster_rows_open(records, mapping, school, &years, why, sizeof why);
	struct roster_row row;
	struct roster pupils;

	MUST(rows || *why);
	MUST(roster_begin(&pupils, &sink));
	while (rows && roster_rows_next(rows, &row)) {
		MUST((row.fault != NULL) == (row.field != NULL));
		roster_take(&pupils, &row);
	}
	if (rows)
		roster_rows_failed(rows), roster_rows_header(rows), roster_rows_ignored(rows), roster_rows_counted(rows);
	MUST(roster_end(&pupils));
	roster_free(&pupils);
	roster_rows_close(&rows);
	records_close(&records);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz f = fuzz_of(bytes, size);
	unsigned which = fuzz_below(&f, shipped_count + 2);
	uint8_t options = fuzz_u8(&f);
	enum mapping_for purpose = options & 1 ? MAPPING_ROSTER : MAPPING_MARKS;
	const char *school = options & 2 ? "123456" : NULL;
	struct slice own = which == shipped_count + 1 ? fuzz_part(&f) : slice_of(NULL, 0), file = fuzz_rest(&f);
	const char *path = which && which <= shipped_count ? shipped[which - 1].path : "own.yaml";
	uint8_t *exact = fuzz_copy(file);
	struct mapping *mapping = NULL;
	char why[WHY_SIZE] = "", *text;

	if (which) {
		struct slice of = which <= shipped_count ? shipped[which - 1].text : own;

		text = fuzz_text(of);
		mapping = mapping_read(text, of.size, path, purpose, school, options & 4 ? "DD/MM/YYYY" : NULL, why, sizeof why);
		free(text);
		MUST(mapping || *why);
	}
	file = slice_of(exact, file.size);
	if (!which || mapping) {
		if (purpose == MAPPING_MARKS)
			marks(file, mapping, options & 8);
		else
			roster(file, mapping, options & 8, school);
	}
	mapping_close(&mapping);
	free(exact);
	return 0;
}
