/* The drawing of a case's process, as `attend pathway draw` makes it, of the version that the case is on; an address with
 * the stage's id behind it shows where the case stands.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <stdlib.h>
#include <string.h>

#include "client/draw.h"
#include "pathways/compile.h"

/* The pathway of that source, as the rules read it, with its bytes behind it; NULL: no memory, or not as this program reads one. */
static struct pathway *compiled(const char *source)
{
	struct pathway *p = malloc(sizeof *p + PATHWAY_SIZE_MAX);
	struct compile_report *report = calloc(1, sizeof *report);
	bool good = false;
	if (p && report) {
		memset(p, 0, sizeof *p);
		struct writer out = writer_of((uint8_t *)(p + 1), PATHWAY_SIZE_MAX);
		good = pathway_compile(slice_text(source), &out, report) && pathway_decode(p, writer_slice(&out));
	}
	free(report);
	if (!good) {
		free(p);
		return NULL;
	}
	return p;
}

bool board_drawing(struct visit *v, char **svg, size_t *size)
{
	struct body body;
	char *end;
	unsigned long long version = strtoull(v->words[2], &end, 10);
	if (!version || *end) {
		page_notice(v, 404, "Nothing here", "There is no such version.");
		return false;
	}
	body_begin(&body);
	body_text(&body, "what", "pathway");
	body_text(&body, "name", v->words[1]);
	body_number(&body, "version", version);
	json_t *answer = visit_ask(v, &body);
	struct pathway *p = answer ? compiled(says(answer, "source")) : NULL;
	FILE *out = p ? open_memstream(svg, size) : NULL;
	if (out) {
		draw_pathway(out, p);
		if (fclose(out) != 0) {
			free(*svg);
			out = NULL;
		}
	}
	if (answer && !out)
		page_notice(v, 503, "It can't be drawn", "The process is not one that this page can read.");
	free(p);
	json_decref(answer);
	return out != NULL;
}
