/* client_letter.c - a letter as text, and its PDF read back by other programs: its words in their order, its tags,
 * its title and language.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "client/letter.h"

static const char form[] =
	"[{\"blocks\":[{\"kind\":\"heading\",\"cells\":[\"Consent Form\"]},"
	"{\"kind\":\"text\",\"cells\":[\"The first paragraph, of a final office.\"]},"
	"{\"kind\":\"table\",\"cells\":[]},{\"kind\":\"row\",\"cells\":[\"Name\",\"Ann Lee\"]},{\"kind\":\"row\",\"cells\":[\"Signature\",\"\"]},"
	"{\"kind\":\"list\",\"cells\":[]},{\"kind\":\"item\",\"cells\":[\"one thing\"]},{\"kind\":\"item\",\"cells\":[\"another\"]},"
	"{\"kind\":\"table\",\"cells\":[\"Date\",\"What\"]},{\"kind\":\"row\",\"cells\":[\"1 May\",\"a call\"]},{\"kind\":\"row\",\"cells\":[\"2 May\",\"a visit\"]},"
	"{\"kind\":\"text\",\"cells\":[\"[not known: birth date]\"]}]},"
	"{\"blocks\":[{\"kind\":\"text\",\"cells\":[\"The second letter\"]}]}]";

static json_t *load(const char *text)
{
	json_t *items = json_loads(text, 0, NULL);
	assert_non_null(items);
	return items;
}

static char *printed(const json_t *blocks)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	letter_print(out, blocks);
	fclose(out);
	return text;
}

static void text_is_laid_out_for_reading(void **state)
{
	json_t *items = load(form);
	char *text = printed(json_object_get(json_array_get(items, 0), "blocks"));
	(void)state;
	assert_string_equal(text, "Consent Form\n\nThe first paragraph, of a final office.\n\nName: Ann Lee\nSignature: ____________\n\n"
	                    "- one thing\n- another\n\nDate: 1 May\nWhat: a call\n\nDate: 2 May\nWhat: a visit\n\n[not known: birth date]\n");
	free(text);
	json_decref(items);
}

/* What a program says of the PDF at `path`, on its standard output. */
static char *said(const char *before, const char *path, const char *after)
{
	char line[300], *text = calloc(1, 256 * 1024);
	snprintf(line, sizeof line, "%s %s %s", before, path, after);
	FILE *in = popen(line, "r");
	assert_non_null(in);
	size_t got = fread(text, 1, 256 * 1024 - 1, in);
	text[got] = '\0';
	if (pclose(in) != 0)
		fail_msg("%s: failed: %s", line, text);
	return text;
}

static void assert_in_order(const char *text, const char *const words[])
{
	const char *at = text;
	for (; *words; words++) {
		at = strstr(at, *words);
		if (!at)
			fail_msg("\"%s\" does not stand there, or not behind the word before: %s", *words, text);
		at += strlen(*words);
	}
}

static unsigned make(const char *path, json_t *items)
{
	char why[200];
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	unsigned pages = letter_pdf(file, "Consent Form", "2026-09-18", items, why, sizeof why);
	assert_int_equal(fclose(file), 0);
	if (!pages)
		fail_msg("%s", why);
	return pages;
}

static void a_pdf_is_read_back_as_it_was_written(void **state)
{
	static const char *const words[] = { "Consent Form", "The first paragraph, of a final office.", "Name", "Ann Lee", "Signature",
		"one thing", "another", "Date", "What", "1 May", "a call", "2 May", "a visit", "[not known: birth date]", "The second letter", NULL };
	static const char *const tags[] = { "Document", "H1", "\"Consent Form\"", "P", "\"The first paragraph, of a final office.\"",
		"Table", "TR", "TH", "\"Name\"", "TD", "\"Ann Lee\"", "TR", "TH", "\"Signature\"", "TD", "L", "LI", "Lbl", "LBody", "\"one thing\"",
		"LI", "Lbl", "LBody", "\"another\"", "Table", "TR", "TH", "\"Date\"", "TH", "\"What\"", "TR", "TD", "\"1 May\"", "TD", "\"a call\"",
		"P", "\"[not known: birth date]\"", "P", "\"The second letter\"", NULL };
	static const char *const info[] = { "Title:", "Consent Form", "CreationDate:", "Fri Sep 18 00:00:00 2026", "Tagged:", "yes", "Pages:", "2", NULL };
	char path[] = "/tmp/letter-XXXXXX";
	json_t *items = load(form);
	char *text;
	(void)state;
	close(mkstemp(path));
	assert_int_equal(make(path, items), 2);
	text = said("pdftotext -enc UTF-8", path, "-");
	assert_in_order(text, words);
	assert_null(strstr(text, "\xEF\xAC\x81")); /* no ligature in the place of "fi" */
	free(text);
	text = said("pdfinfo -struct-text", path, "2>&1");
	assert_in_order(text, tags);
	assert_null(strstr(text, "Warning"));
	free(text);
	text = said("TZ=UTC pdfinfo", path, "2>&1");
	assert_in_order(text, info);
	assert_null(strstr(text, "rror"));
	free(text);
	text = said("tail -c 700", path, "| tr -d '\\000'");
	assert_in_order(text, (const char *const[]){ "/Lang (en-GB)", "/DisplayDocTitle true", "%%EOF", NULL });
	free(text);
	unlink(path);
	json_decref(items);
}

/* A paragraph and a row longer than a page go on, and nothing of them is lost. */
static void what_is_longer_than_a_page_goes_on(void **state)
{
	char path[] = "/tmp/letter-XXXXXX", *text, *at;
	json_t *blocks = json_array(), *items = json_pack("[{s:o}]", "blocks", blocks);
	char *many = calloc(1, 16000);
	unsigned count = 0;
	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		strcat(many, "syllables ");
	json_array_append_new(blocks, json_pack("{s:s,s:[s]}", "kind", "text", "cells", many));
	json_array_append_new(blocks, json_pack("{s:s,s:[s,s]}", "kind", "table", "cells", "Date", "Notes"));
	json_array_append_new(blocks, json_pack("{s:s,s:[s,s]}", "kind", "row", "cells", "1 May", many));
	json_array_append_new(blocks, json_pack("{s:s,s:[]}", "kind", "list", "cells"));
	json_array_append_new(blocks, json_pack("{s:s,s:[s]}", "kind", "item", "cells", many));
	close(mkstemp(path));
	assert_true(make(path, items) >= 4);
	text = said("pdftotext", path, "-");
	for (at = text; (at = strstr(at, "syllables")) != NULL; at++)
		count++;
	assert_int_equal(count, 4500);
	free(text);
	text = said("pdfinfo -struct-text", path, "2>&1");
	assert_in_order(text, (const char *const[]){ "Document", "P", "Table", "TR", "TH", "\"Date\"", "TR", "\"1 May\"", "Table", "\"Date\"", "L", "LI", NULL });
	free(text);
	unlink(path);
	free(many);
	json_decref(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_laid_out_for_reading),
		cmocka_unit_test(a_pdf_is_read_back_as_it_was_written),
		cmocka_unit_test(what_is_longer_than_a_page_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
