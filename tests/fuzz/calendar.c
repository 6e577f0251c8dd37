/* calendar.c - a calendar's file, CSV or iCalendar. What is taken is what the rules can count in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "casework/calendar.h"
#include "client/calendar_file.h"
#include "proto/utf8.h"

static unsigned told;

static void refuse(void *context, uint64_t line, const char *field, const char *reason)
{
	(void)context, (void)line;
	MUST(field && reason && *reason);
	told++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct calendar_file file;
	static struct calendar_row rows[CALENDAR_ROWS_MAX];
	static struct calendar calendar;
	char *text = fuzz_text(slice_of(bytes, size));
	size_t at = 0;

	told = 0;
	bool good = calendar_file_read(&file, text, size, refuse, NULL);

	free(text);
	MUST(good == !told);
	if (!good)
		return 0;
	MUST(file.count <= CALENDAR_ROWS_MAX);
	for (size_t i = 0; i < file.count; i++) {
		struct calendar_line *l = &file.rows[i];
		day_t from, to;

		MUST(day_parse(slice_text(l->from), &from) && day_parse(slice_text(l->to), &to));
		MUST(calendar_kind_parse(slice_text(l->kind)) && utf8_ok(slice_text(l->name)) && strlen(l->name) <= CALENDAR_NAME_MAX);
		rows[i] = (struct calendar_row){ .from = from, .to = to, .kind = calendar_kind_parse(slice_text(l->kind)),
		                                 .name = slice_text(l->name) };
	}
	if (!calendar_fault(rows, file.count, &at))
		calendar_build(&calendar, rows, file.count);
	else
		MUST(at < file.count);
	return 0;
}
