/* SPDX-License-Identifier: Apache-2.0 */
#include "client/guess.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "casework/codes.h"
#include "client/encoding.h"
#include "client/file.h"
#include "client/mark_rows.h"
#include "client/roster.h"

enum { SAMPLES_MAX = 500, WORDS_MAX = 48, WORD_SIZE = 40, SHIPPED_MAX = 32 };

/* The morning's and the afternoon's code in columns of their own are two more targets. */
enum { AM_CODE = MAPPING_TARGETS_MAX, PM_CODE, GUESSES };

struct words {
	char list[WORDS_MAX][WORD_SIZE];
	unsigned count;
};

struct guess {
	const struct import *import;
	enum mapping_for purpose;
	const char *file;
	struct mapping *shipped[SHIPPED_MAX];
	char *paths[SHIPPED_MAX];
	int known;               /* the shipped one that has all its columns here; -1: none */
	unsigned shipped_count;
	char *heads[RECORD_FIELDS_MAX];
	char *samples[RECORD_FIELDS_MAX];
	unsigned head_count;
	int place[GUESSES];      /* of each target, COLUMN_NONE */
	uint64_t rows;
	struct words dates, sessions, codes; /* as the file writes them, each once */
};

/* Headings beside those that the shipped mappings have; compared by letters and digits alone. */
static const struct { enum mapping_for purpose; unsigned target; const char *heading; } others[] = {
	{ MAPPING_MARKS, 0, "URN" }, { MAPPING_MARKS, 0, "School URN" }, { MAPPING_MARKS, 1, "Unique Pupil Number" },
	{ MAPPING_MARKS, 2, "Date" }, { MAPPING_MARKS, 2, "Session Date" }, { MAPPING_MARKS, 2, "Day" }, { MAPPING_MARKS, 3, "Session" },
	{ MAPPING_MARKS, 3, "AM/PM" }, { MAPPING_MARKS, 3, "Register" }, { MAPPING_MARKS, 4, "Code" }, { MAPPING_MARKS, 4, "Mark" },
	{ MAPPING_MARKS, 4, "Attendance Code" }, { MAPPING_MARKS, 4, "Attendance Mark" }, { MAPPING_MARKS, 6, "Minutes Late" },
	{ MAPPING_MARKS, 7, "Comment" }, { MAPPING_MARKS, 7, "Comments" }, { MAPPING_MARKS, 7, "Note" },
	{ MAPPING_MARKS, AM_CODE, "AM" }, { MAPPING_MARKS, AM_CODE, "AM Mark" }, { MAPPING_MARKS, AM_CODE, "Morning" },
	{ MAPPING_MARKS, PM_CODE, "PM" }, { MAPPING_MARKS, PM_CODE, "PM Mark" }, { MAPPING_MARKS, PM_CODE, "Afternoon" },
	{ MAPPING_ROSTER, ROSTER_URN, "School URN" }, { MAPPING_ROSTER, ROSTER_UPN, "Unique Pupil Number" },
	{ MAPPING_ROSTER, ROSTER_SURNAME, "Last Name" }, { MAPPING_ROSTER, ROSTER_SURNAME, "Legal Surname" },
	{ MAPPING_ROSTER, ROSTER_FORENAME, "First Name" }, { MAPPING_ROSTER, ROSTER_FORENAME, "Legal Forename" },
	{ MAPPING_ROSTER, ROSTER_BIRTH_DATE, "DOB" }, { MAPPING_ROSTER, ROSTER_BIRTH_DATE, "Date of Birth" },
	{ MAPPING_ROSTER, ROSTER_YEAR_GROUP, "Year" }, { MAPPING_ROSTER, ROSTER_YEAR_GROUP, "NC Year" },
	{ MAPPING_ROSTER, ROSTER_GROUPS, "Reg Group" }, { MAPPING_ROSTER, ROSTER_GROUPS, "Registration Group" },
	{ MAPPING_ROSTER, ROSTER_SEND, "SEN" }, { MAPPING_ROSTER, ROSTER_SEND, "SEN Status" }, { MAPPING_ROSTER, ROSTER_LANGUAGE, "Home Language" },
	{ MAPPING_ROSTER, ROSTER_PARENT, "Contact ID" }, { MAPPING_ROSTER, ROSTER_PARENT_NAME, "Contact Name" },
	{ MAPPING_ROSTER, ROSTER_PARENT_ADDRESS, "Contact Address" },
};

static bool same_heading(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

static void add_shipped(void *context, const char *path)
{
	struct guess *g = context;
	char why[400];
	struct mapping *m = g->shipped_count < SHIPPED_MAX ? mapping_open(path, g->purpose, "100000", "YYYY-MM-DD", why, sizeof why) : NULL;
	if (!m)
		return; /* those for the other sort are refused */
	g->paths[g->shipped_count] = strdup(path);
	g->shipped[g->shipped_count++] = m;
}

static void add_word(struct words *w, const char *text)
{
	for (unsigned i = 0; i < w->count; i++)
		if (strncmp(w->list[i], text, WORD_SIZE - 1) == 0)
			return;
	if (!encoding_is_utf8(text, strlen(text)))
		return;
	if (w->count < WORDS_MAX)
		snprintf(w->list[w->count++], WORD_SIZE, "%s", text);
}

static void take_heading(struct guess *g, unsigned target, const char *heading)
{
	for (unsigned i = 0; i < g->head_count && g->place[target] == COLUMN_NONE; i++)
		if (same_heading(g->heads[i], heading))
			g->place[target] = (int)i;
}

static void find_places(struct guess *g)
{
	const char *const *columns = mapping_columns(g->purpose);
	for (unsigned i = 0; i < GUESSES; i++)
		g->place[i] = COLUMN_NONE;
	for (unsigned i = 0; columns[i]; i++) {
		take_heading(g, i, columns[i]);
		for (unsigned m = 0; m < g->shipped_count; m++)
			for (unsigned k = 0; k < g->shipped[m]->base.targets[i].count; k++)
				take_heading(g, i, g->shipped[m]->base.targets[i].sources[k]);
	}
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
		if (others[i].purpose == g->purpose)
			take_heading(g, others[i].target, others[i].heading);
}

static char *as_utf8(const char *text)
{
	size_t size = strlen(text);
	char *made = malloc(3 * size + 1);
	if (made && encoding_is_utf8(text, size))
		memcpy(made, text, size + 1);
	else if (made)
		encoding_from_windows(made, text, size);
	return made;
}

/* The start of a sample, for a comment: no longer than a line, and no letter cut in two. */
static const char *start_of(const char *text)
{
	static char start[48];
	size_t size = strcspn(text, "\r\n");
	size = size < sizeof start - 1 ? size : sizeof start - 1;
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	memcpy(start, text, size);
	start[size] = '\0';
	return start;
}

static void sample(struct guess *g, const struct record *record)
{
	unsigned date = g->purpose == MAPPING_MARKS ? 2 : ROSTER_BIRTH_DATE;
	g->rows++;
	for (unsigned i = 0; i < record->count && i < g->head_count; i++) {
		const char *text = record->fields[i];
		if (!g->samples[i] && *text)
			g->samples[i] = as_utf8(text);
		if ((int)i == g->place[date] && *text)
			add_word(&g->dates, text);
		if (g->purpose == MAPPING_MARKS && (int)i == g->place[3] && *text)
			add_word(&g->sessions, text);
		if (g->purpose == MAPPING_MARKS && ((int)i == g->place[4] || (int)i == g->place[AM_CODE] || (int)i == g->place[PM_CODE]))
			add_word(&g->codes, text);
	}
}

/* The forms that most of the dates seen can have: how many forms, and of how many dates. */
static unsigned forms_of(const struct words *dates, const char *forms[static 16], unsigned *most)
{
	static const char *const known[] = { "YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY", "D/M/YYYY", "M/D/YYYY", "DD/MM/YY", "MM/DD/YY", "D/M/YY", "M/D/YY",
		"DD-MM-YYYY", "MM-DD-YYYY", "DD.MM.YYYY", "D MON YYYY", "DD-MON-YYYY", "DD-MON-YY", "YYYYMMDD", "YYYY-MM-DD*", "DD/MM/YYYY*", "MM/DD/YYYY*" };
	unsigned count = 0;
	char day[11];
	*most = 0;
	for (unsigned i = 0; i < sizeof known / sizeof known[0] && count < 16; i++) {
		unsigned fit = 0;
		for (unsigned k = 0; k < dates->count; k++)
			fit += mapping_date(day, known[i], dates->list[k]);
		/* Of two that fit alike the narrower stands first: D/M/YYYY says nothing that DD/MM/YYYY doesn't. */
		bool wider = fit == *most && count && (known[i][1] == '/' || strchr(known[i], '*'));
		count = fit > *most ? 0 : count;
		if (fit && fit >= *most && !wider)
			forms[count++] = known[i];
		*most = fit > *most ? fit : *most;
	}
	return count;
}

static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if ((unsigned char)*text >= ' ')
			fputc(*text, out);
	}
	fputc('"', out);
}

static void write_dates(const struct guess *g, FILE *out)
{
	const char *forms[16];
	unsigned most, count = forms_of(&g->dates, forms, &most);
	if (g->import->date) {
		fprintf(out, "dates: \"%s\"\n", g->import->date);
	} else if (count == 1 && strncmp(forms[0], "YYYY-MM-DD", 10) == 0) {
		fprintf(out, "dates: \"%s\"\n", forms[0]);
	} else if (!g->dates.count) {
		fputs("dates: ask   # such as DD/MM/YYYY\n", out);
	} else {
		fprintf(out, "# The file has dates such as %s. Which form is it?", g->dates.list[0]);
		for (unsigned i = 0; i < count; i++)
			fprintf(out, "%s %s", i ? " or" : "", forms[i]);
		fprintf(out, count ? " can be read of %u of %u.\n# Write it here, between quotes:\n" : "\n", most, g->dates.count);
		fputs("dates: ask\n", out);
	}
}

static void write_column(const struct guess *g, FILE *out, const char *indent, const char *name, int place)
{
	/* Their ids are numbers; a parent's begins with a letter. */
	bool number = strcmp(name, "parent") == 0 && g->samples[place] && isdigit((unsigned char)*g->samples[place]);
	fprintf(out, "%s%s: ", indent, name);
	if (number)
		fprintf(out, "\"c{%s}\"", g->heads[place]);
	else
		write_quoted(out, g->heads[place]);
	fprintf(out, "%s%s\n", g->samples[place] ? "   # such as " : "", g->samples[place] ? start_of(g->samples[place]) : "");
}

static int session_of(const char *word)
{
	static const char *const names[2][4] = { { "am", "a.m.", "morning", "am reg" }, { "pm", "p.m.", "afternoon", "pm reg" } };
	for (int half = 0; half < 2; half++)
		for (unsigned i = 0; i < 4; i++)
			if (same_heading(word, names[half][i]))
				return half;
	return -1;
}

static void write_sessions(const struct guess *g, FILE *out)
{
	bool open = false;
	for (int half = 0; half < 2; half++) {
		bool first = true;
		for (unsigned i = 0; i < g->sessions.count; i++) {
			const char *word = g->sessions.list[i];
			if (session_of(word) != half || strcmp(word, half ? "PM" : "AM") == 0)
				continue;
			fprintf(out, "%s%s", !open ? "  session:\n" : "", first ? half ? "    PM: [" : "    AM: [" : ", ");
			write_quoted(out, word);
			open = true;
			first = false;
		}
		if (!first)
			fputs("]\n", out);
	}
	for (unsigned i = 0; i < g->sessions.count; i++)
		if (session_of(g->sessions.list[i]) < 0)
			fprintf(out, "  # session: \"%s\" is in the file; is it AM or PM?\n", g->sessions.list[i]);
}

static void write_codes(const struct guess *g, FILE *out)
{
	fputs("  code:\n    none: [\"\", \"-\"]   # no mark was written\n", out);
	for (unsigned i = 0; i < g->codes.count; i++) {
		const char *code = g->codes.list[i], *now = code_earlier(slice_text(code));
		if (*code && strcmp(code, "-") != 0 && code_parse(slice_text(code)) == CODE_NONE)
			fprintf(out, "    # \"%s\" is in the file and no code of the 2024 regulations%s%s\n", code, now ? ": " : "", now ? now : "");
	}
}

static void write_mapping(const struct guess *g, FILE *out)
{
	const char *const *columns = mapping_columns(g->purpose);
	bool halves = g->purpose == MAPPING_MARKS && g->place[AM_CODE] != COLUMN_NONE && g->place[PM_CODE] != COLUMN_NONE;
	fprintf(out, "# Guessed from the headings of %s: look it over, then attend %s --map THIS-FILE --dry-run FILE\nmapping: ours\nfor: %s\nfile: csv\n",
	        g->file, g->purpose == MAPPING_MARKS ? "push" : "roster", g->purpose == MAPPING_MARKS ? "marks" : "roster");
	write_dates(g, out);
	if (g->place[0] == COLUMN_NONE)
		fprintf(out, "%sschool: %s   # the school's URN: the file doesn't say\n", g->import->school ? "" : "# ",
		        g->import->school ? g->import->school : "123456");
	fputs("columns:\n", out);
	for (unsigned i = 0; columns[i]; i++)
		if (g->place[i] != COLUMN_NONE && !(halves && (i == 3 || i == 4)))
			write_column(g, out, "  ", columns[i], g->place[i]);
		else if (i > 0 && i <= (g->purpose == MAPPING_MARKS ? 4u : 3u) && !halves)
			fprintf(out, "  # %s: \"?\"   # no heading looks like it\n", columns[i]);
	if (halves) {
		fputs("each:   # a row is a morning and an afternoon\n", out);
		for (unsigned i = AM_CODE; i <= PM_CODE; i++) {
			fprintf(out, "  - session: \"=%s\"\n", i == AM_CODE ? "AM" : "PM");
			write_column(g, out, "    ", "code", g->place[i]);
		}
	}
	if (g->purpose == MAPPING_MARKS) {
		fputs("values:\n", out);
		write_sessions(g, out);
		write_codes(g, out);
	}
	for (unsigned i = 0; i < g->head_count; i++) {
		bool used = false;
		for (unsigned k = 0; k < GUESSES; k++)
			used = used || g->place[k] == (int)i;
		if (!used)
			fprintf(out, "# passed over: %s%s%s\n", g->heads[i], g->samples[i] ? ", such as " : "", g->samples[i] ? start_of(g->samples[i]) : "");
	}
}

/* A shipped mapping that has all its columns here: no guess is needed. -1: there is none. */
static int fitting(struct guess *g, const struct record *header)
{
	int best = -1;
	unsigned most = 0;
	char why[400];
	for (unsigned i = 0; i < g->shipped_count; i++) {
		struct mapping *m = g->shipped[i];
		unsigned found = 0;
		if (m->json || !mapping_bind(m, header, why, sizeof why))
			continue;
		for (unsigned n = 0; n < m->name_count; n++)
			found += m->columns.place[n] != COLUMN_NONE;
		best = found > most ? (int)i : best;
		most = found > most ? found : most;
	}
	return best;
}

/* To be changed where it must be; as it is, its name is enough. */
static void copy_shipped(const struct guess *g, FILE *out)
{
	size_t size;
	char *text = g->paths[g->known] ? file_read(g->paths[g->known], 64 * 1024, &size) : NULL;
	fprintf(out, "# A copy of %s, to be changed; as it is, --map %s will do.\n%s", g->paths[g->known], g->shipped[g->known]->name, text ? text : "");
	free(text);
}

static int write_out(const struct guess *g, const struct invocation *invocation)
{
	const char *path = g->import->guess_path;
	FILE *out = path ? fopen(path, "wxe") : stdout;
	if (!out) {
		complain(invocation, "--guess=%s: %s", path, strerror(errno));
		return 2;
	}
	if (g->known >= 0)
		copy_shipped(g, out);
	else
		write_mapping(g, out);
	int failed = ferror(out);
	if (path && (fclose(out) != 0 || failed)) {
		complain(invocation, "--guess=%s: can't be written", path);
		return 2;
	}
	if (path)
		fprintf(stderr, "%s is written: look it over, it is a guess\n", path);
	return 0;
}

static int guess_csv(struct guess *g, struct records *records, const struct invocation *invocation)
{
	struct record record;
	if (!records_next(records, &record) || record.fault) {
		complain(invocation, "%s: %s", g->file, records_failed(records) ? records_failed(records) : "there is no header");
		return 1;
	}
	mapping_each_shipped(add_shipped, g);
	g->known = fitting(g, &record);
	if (g->known >= 0) {
		const struct mapping *m = g->shipped[g->known];
		fprintf(stderr, "%s has the columns of the mapping %s (%s): attend %s --map %s %s\n", g->file, m->name, m->title ? m->title : "",
		        g->purpose == MAPPING_MARKS ? "push" : "roster", m->name, g->file);
	}
	g->head_count = record.count;
	for (unsigned i = 0; i < record.count; i++)
		g->heads[i] = as_utf8(record.fields[i]);
	find_places(g);
	while (g->rows < SAMPLES_MAX && records_next(records, &record))
		if (!record.fault)
			sample(g, &record);
	int status = write_out(g, invocation);
	for (unsigned i = 0; i < g->head_count; i++) {
		free(g->heads[i]);
		free(g->samples[i]);
	}
	for (unsigned i = 0; i < g->shipped_count; i++) {
		mapping_close(&g->shipped[i]);
		free(g->paths[i]);
	}
	return status;
}

int guess_files(const struct import *import, const struct invocation *invocation, enum mapping_for purpose, char **files, int count)
{
	static struct guess g;
	g = (struct guess){ .import = import, .purpose = purpose, .file = count ? files[0] : "" };
	int fd = count && strcmp(g.file, "-") != 0 ? open(g.file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (fd < 0) {
		complain(invocation, "%s: %s", g.file, strerror(errno));
		return 2;
	}
	struct records *records = records_open(file_read_some, &fd);
	int status = 1;
	switch (records ? records_form(records) : RECORDS_CSV) {
	case RECORDS_CSV:
		status = records ? guess_csv(&g, records, invocation) : 2;
		break;
	case RECORDS_JSON:
		complain(invocation, "%s is JSON: of Wonde's API, --map %s; else a mapping of your own (docs/importers.md)", g.file,
		         purpose == MAPPING_MARKS ? "wonde-attendance" : "wonde-students");
		break;
	case RECORDS_XML:
		complain(invocation, "%s is XML: a Common Transfer File is taken by attend roster --school URN, without a mapping", g.file);
		break;
	}
	records_close(&records);
	if (fd > STDIN_FILENO)
		close(fd);
	return status;
}
