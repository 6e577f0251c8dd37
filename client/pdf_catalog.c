/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pdf_catalog.h"

#include <stdlib.h>
#include <string.h>

/* The last place where a word stands, or NULL. */
static const char *find_last(const char *bytes, size_t size, const char *word)
{
	const char *found = NULL, *at = bytes;
	while ((at = memmem(at, size - (size_t)(at - bytes), word, strlen(word))) != NULL)
		found = at++;
	return found;
}

/* The number behind a word of the trailer; 0: there is none. */
static unsigned long number_after(const char *bytes, const char *trailer, size_t size, const char *word)
{
	const char *at = memmem(trailer, size - (size_t)(trailer - bytes), word, strlen(word));
	return at ? strtoul(at + strlen(word), NULL, 10) : 0;
}

bool pdf_with_language(FILE *out, const char *bytes, size_t size, const char *language)
{
	const char *trailer = find_last(bytes, size, "\ntrailer"), *start = find_last(bytes, size, "\nstartxref");
	if (fwrite(bytes, 1, size, out) != size)
		return false;
	if (!trailer || !start)
		return true;
	unsigned long root = number_after(bytes, trailer, size, "/Root "), info = number_after(bytes, trailer, size, "/Info ");
	unsigned long count = number_after(bytes, trailer, size, "/Size "), before = number_after(bytes, start, size, "startxref\n");
	char object[48];
	snprintf(object, sizeof object, "\n%lu 0 obj\n<<", root);
	const char *catalog = find_last(bytes, size, object);
	const char *end = catalog ? memmem(catalog, size - (size_t)(catalog - bytes), "endobj", 6) : NULL;
	if (!root || !info || !count || !before || !end)
		return true;
	catalog += strlen(object);
	char *entries = NULL;
	int entries_size = asprintf(&entries, "%lu 0 obj\n<< /Lang (%s) /MarkInfo << /Marked true >> /ViewerPreferences << /DisplayDocTitle true >>%.*sendobj\n",
	                            root, language, (int)(end - catalog), catalog);
	bool good = entries_size > 0 &&
		fprintf(out, "%sxref\n%lu 1\n%010zu 00000 n \ntrailer\n<< /Size %lu /Root %lu 0 R /Info %lu 0 R /Prev %lu >>\nstartxref\n%zu\n%%%%EOF\n",
	                entries, root, size, count, root, info, before, size + (size_t)entries_size) > 0;
	free(entries);
	return good;
}
