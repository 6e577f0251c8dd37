/* pathway.c - a pathway file as its author may have left it: YAML, includes, letters with braces. What
 * compiles is what the rules take, and compiles the same again; what does not is told with its place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "casework/letter.h"
#include "pathways/compile.h"

static uint8_t once[PATHWAY_SIZE_MAX + 4096], twice[PATHWAY_SIZE_MAX + 4096];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct compile_report report;
	static struct pathway p;
	struct slice source = slice_of(bytes, size);
	struct writer w = writer_of(once, sizeof once), again = writer_of(twice, sizeof twice);
	struct letter letter;
	bool good = pathway_compile(source, &w, &report);

	MUST(good == (report.count == 0));
	MUST(report.count <= COMPILE_FAULTS_MAX);
	for (unsigned i = 0; i < report.count; i++) {
		const struct compile_fault *f = &report.faults[i];

		MUST(f->line >= 1 && f->column >= 1 && f->text[0] && strlen(f->text) < sizeof f->text);
		MUST(f->file < COMPILE_FILES_MAX && strncmp(f->text, "the compiled pathway does not pass", 34) != 0);
	}
	if (!good)
		return 0;
	MUST(pathway_compile(source, &again, &report) && slice_equal(writer_slice(&w), writer_slice(&again)));
	MUST(pathway_decode(&p, writer_slice(&w)));
	for (unsigned i = 0; letter_at(&p, i, &letter); i++)
		MUST(i < LETTERS_MAX);
	return 0;
}
