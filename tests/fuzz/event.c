/* event.c - records of the log. What is read back has one spelling alone, of any version; and what trusts
 * a checksum still keeps to its bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "proto/event.h"

static void marks_again(struct writer *w, uint8_t version, struct slice body)
{
	static struct refusal refusals[1 << 16];
	struct marks_reader r;
	struct marks_writer m;
	struct mark mark;
	uint32_t refused = 0, registers;

	marks_open(&r, version, body);
	marks_begin(&m, w, r.urn);
	registers = r.registers_left;
	while (marks_next(&r, &mark)) {
		if (r.registers_left != registers) {
			marks_register(&m, mark.day, mark.session);
			registers = r.registers_left;
		}
		marks_put(&m, &mark);
	}
	while (refused < sizeof refusals / sizeof *refusals && marks_refused(&r, &refusals[refused]))
		refused++;
	MUST(marks_good(&r));
	marks_end(&m, r.known, refused, refusals);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct event event, trusted;
	struct slice record = slice_of(bytes, size);
	struct reader rest;
	bool good;

	event_decode(&trusted, record, true);
	event_decode_header(&event, record, &rest);
	good = event_decode(&event, record, false);
	if (!good || event.version != event_newest(event.kind))
		return 0;
	uint8_t *again = malloc(size);
	struct writer w = writer_of(again, size);

	MUST(again);
	if (event.kind == EVENT_MARKS_RECORDED) {
		event_encode_header(&w, &event);
		marks_again(&w, event.version, event.marks_recorded.body);
	} else {
		event_encode(&w, &event);
	}
	MUST(!w.full && slice_equal(writer_slice(&w), record));
	free(again);
	return 0;
}
