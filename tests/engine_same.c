/* engine_host.h's start that changes nothing: every answer, table and figure as it was.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

/* What may be asked, as one text. */
static char *all_answers(struct host *h, char upn[][UPN_SIZE + 1], unsigned pupils)
{
	static const char *const by_pupil[] = {"pupil", "marks", "case", "actions", "people"}, *const once[] = {"deadlines", "alerts", "checkpoint"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned i = 0; i < pupils; i++)
		for (size_t q = 0; q < sizeof by_pupil / sizeof *by_pupil; q++) {
			const struct answer *a = host_ask(h, OFFICER, COMMAND_QUERY, "{'what':'%s','upn':'%s'}", by_pupil[q], upn[i]);

			fprintf(out, "%s %u: %u %s\n", by_pupil[q], i, a->status, a->text);
		}
	for (size_t q = 0; q < sizeof once / sizeof *once; q++)
		fprintf(out, "%s\n", host_ask(h, OFFICER, COMMAND_QUERY, "{'what':'%s'}", once[q])->text);
	fclose(out);
	return text;
}

/* The figures in memory, to the bit: more than answers tell. */
static void assert_same_pupils(struct host *h, const struct pupil *before, uint32_t count)
{
	assert_int_equal(h->engine->state.pupil_count, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct pupil *now = &h->engine->state.pupils[i];
		uint8_t room[2][PUPIL_RECORD_MAX];
		struct writer a = writer_of(room[0], sizeof room[0]), b = writer_of(room[1], sizeof room[1]);

		pupil_encode(&a, &before[i]);
		pupil_encode(&b, now);
		if (!slice_equal(writer_slice(&a), writer_slice(&b)))
			fail_msg("pupil %u: position %llu raised %x case %u, was %llu %x %u", i + 1, (unsigned long long)now->position,
				 now->raised, now->case_no, (unsigned long long)before[i].position, before[i].raised, before[i].case_no);
	}
}

void host_start_again(struct host *h, char upn[][UPN_SIZE + 1], unsigned pupils, bool crash)
{
	char *answers, *tables, *now;
	struct pupil *figures;
	uint32_t count;
	uint64_t head;

	host_turns(h); /* a clock that was just confirmed has something to fire */
	answers = all_answers(h, upn, pupils);
	tables = host_tables(h, true);
	head = host_head(h);
	count = h->engine->state.pupil_count;
	figures = malloc((count + 1) * sizeof *figures);
	if (count)
		memcpy(figures, h->engine->state.pupils, count * sizeof *figures);
	if (crash)
		host_crash(h);
	else
		host_restart(h);
	host_turns(h);
	assert_int_equal(host_head(h), head);
	assert_same_pupils(h, figures, count);
	now = host_tables(h, true);
	assert_same_text(now, tables);
	free(now);
	now = all_answers(h, upn, pupils);
	assert_same_text(now, answers);
	free(now);
	free(figures);
	free(tables);
	free(answers);
}
