/* SPDX-License-Identifier: Apache-2.0 */
#include "client/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/ctf.h"
#include "client/entries.h"
#include "client/file.h"

enum { KEY_MAP = 0x3000, KEY_SCHOOL, KEY_DATE, KEY_WITH, KEY_DRY, KEY_GUESS, KEY_WATCH };

static const struct argp_option options[] = {
	{ "map", KEY_MAP, "MAPPING", 0, "reads the files by this mapping: one that is shipped, by its name, or your own, by its path", 0 },
	{ "school", KEY_SCHOOL, "URN", 0, "the school of rows that name none", 0 },
	{ "date", KEY_DATE, "FORMAT", 0, "how dates are written, as DD/MM/YYYY; stands in place of the mapping's", 0 },
	{ "with", KEY_WITH, "FILE", 0, "JSON entries that those of the files name by their id: students, attendance codes, schools", 0 },
	{ "dry-run", KEY_DRY, NULL, 0, "sends nothing; says what would be refused, as far as that can be known without the daemon", 0 },
	{ "guess", KEY_GUESS, "MAPPING", OPTION_ARG_OPTIONAL, "sends nothing; shows which column is what, by its heading, and writes a mapping "
	  "to be looked over (to a new file, or standard output)", 0 },
	{ "watch", KEY_WATCH, "FOLDER", 0, "takes each file that is put into this folder, and moves it to done or failed in it; what was refused "
	  "lies in rejects", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct import *i = state->input;
	switch (key) {
	case KEY_MAP:
		i->map = argument;
		return 0;
	case KEY_SCHOOL:
		if (!*argument)
			argp_error(state, "--school is empty");
		i->school = argument;
		return 0;
	case KEY_DATE:
		if (!mapping_date_format_ok(argument))
			argp_error(state, "--date %s: it is made of YYYY or YY, MM, M or MON, DD or D, and what stands between, as DD/MM/YYYY; "
			           "a * at the end passes over a time", argument);
		i->date = argument;
		return 0;
	case KEY_WITH:
		if (i->with_count == IMPORT_WITH_MAX)
			argp_error(state, "--with: at most %d", IMPORT_WITH_MAX);
		i->with[i->with_count++] = argument;
		return 0;
	case KEY_DRY:
		i->dry = true;
		return 0;
	case KEY_GUESS:
		i->guess = true;
		i->guess_path = argument;
		return 0;
	case KEY_WATCH:
		i->watch = argument;
		return 0;
	case ARGP_KEY_END:
		if (i->with_count && !i->map)
			argp_error(state, "--with is for files read by a mapping: give --map");
		if (i->watch && (i->dry || i->guess))
			argp_error(state, "--watch sends what comes: not with --dry-run or --guess");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp import_argp = { .options = options, .parser = parse };
const struct argp_child import_children[] = {
	{ &invocation_argp, 0, "Where the daemon is, and who asks:", 2 },
	{ &import_argp, 0, "Files of a school's own system (docs/importers.md):", 1 },
	{ 0 },
};

int import_begin(struct import *i, const struct invocation *invocation, enum mapping_for purpose)
{
	char why[600];
	i->purpose = purpose;
	const char *map = i->map ? i->map : !i->school && !i->date ? NULL : purpose == MAPPING_MARKS ? "attend-marks" : "attend-roster";
	if (!map)
		return 0;
	i->mapping = mapping_open(map, purpose, i->school, i->date, why, sizeof why);
	if (!i->mapping) {
		complain(invocation, "%s", why);
		return 2;
	}
	if (!i->with_count)
		return 0;
	i->beside = beside_new();
	for (unsigned k = 0; i->beside && k < i->with_count; k++)
		if (!beside_add(i->beside, i->mapping, i->with[k], why, sizeof why)) {
			complain(invocation, "--with %s", why);
			return 2;
		}
	i->mapping->beside = i->beside;
	return i->beside ? 0 : 2;
}

int import_again(struct import *i, const struct invocation *invocation)
{
	import_end(i);
	return import_begin(i, invocation, i->purpose);
}

void import_end(struct import *i)
{
	mapping_close(&i->mapping);
	beside_free(&i->beside);
}

static const char *fault_of(struct records *records, bool json, char *why, size_t why_size)
{
	if (json)
		return entries_fault(records, why, why_size);
	struct ctf *ctf = ctf_open(records, NULL, NULL);
	struct roster_row row;
	while (ctf && ctf_next(ctf, &row))
		;
	bool good = ctf && !ctf_failed(ctf);
	snprintf(why, why_size, "%s", good ? "" : ctf ? ctf_failed(ctf) : "no memory");
	ctf_close(&ctf);
	return good ? NULL : why;
}

bool import_whole(bool json, const char *name, int fd)
{
	char why[300] = "no memory";
	off_t start = lseek(fd, 0, SEEK_CUR);
	if (start < 0)
		return true;
	struct records *records = records_open(file_read_some, &fd);
	bool whole = records != NULL;
	if (records && (json || records_form(records) == RECORDS_XML) && !records_failed(records))
		whole = !fault_of(records, json, why, sizeof why);
	records_close(&records);
	if (!whole)
		fprintf(stderr, "%s: %s; nothing of it was taken\n", name, why);
	return whole && lseek(fd, start, SEEK_SET) == start;
}
