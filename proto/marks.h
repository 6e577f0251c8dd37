/* marks.h - the body of an event of marks, written and read one mark at a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_MARKS_H
#define PROTO_MARKS_H

#include "proto/bytes.h"

/* Marks are many, so they are read and written one at a time:
 *
 *   body     = urn:u32 known:u32 registers:u16 *register
 *              refused:varint *refusal
 *   register = day:u16 session:u8 count:u16 *mark
 *   mark     = pupil:zigzag (difference from the mark before, 0 at the first
 *              of the body) code:u8 [extras]
 *   extras   present where the top bit of code is set:
 *              bits:u8 [minutes_late:varint] [recorded_at:u48] [comment:blob]
 *              bit 0, 1, 2 of bits: which of the three follow; never none
 *   refusal  = row:varint reason:u8 detail:blob
 *
 * From version 3 of the event on, bit 6 of code says that a run begins there:
 *
 *   mark     = pupil:zigzag code:u8 with bit 6 length:varint
 *              `length` + 2 marks of that code, each of the pupil after the one before, without extras
 *
 * Such marks of one register stand in a run and nowhere else, so that there is one spelling of them.
 *
 * The counts that are patched in at the end have a fixed size. A register has at
 * least one mark, a pupil's number and a code are never 0, and a code is below 64.
 * `known` counts the rows equal to the mark held, which are not repeated here;
 * a refusal keeps the row's index in the submission and why, so that a repeat
 * gets the first answer again. The codes are casework/codes.h's numbers. From
 * version 2 of the event on it is remembered whose a mark is where two schools write, and a D
 * makes no school the pupil's. */
struct mark {
	uint32_t pupil;
	uint16_t day;
	uint8_t session;
	uint8_t code;
	bool has_minutes, has_recorded;
	uint16_t minutes_late;
	uint64_t recorded_ms;
	struct slice comment; /* sealed; empty: none */
};

struct refusal {
	uint32_t row;        /* 0 is the submission's first mark */
	uint8_t reason;      /* enum row_fault, proto/message.h */
	struct slice detail; /* never personal; may be empty */
};

/* The writing side keeps its own place; its fields are its own, but for `total`, the
 * marks put so far. Where the writer runs full, that is seen at the writer. */
struct marks_writer {
	struct writer *out;
	uint32_t pupil;
	uint8_t *count_at;
	uint32_t count, registers;
	uint8_t *registers_at, *known_at;
	uint32_t total;
	/* alike, one after another, not put yet: how many, the first one's step from the mark before */
	uint32_t run;
	int64_t run_step;
	uint8_t run_code;
};

/* `out` stands after the header. */
void marks_begin(struct marks_writer *, struct writer *out, uint32_t urn);
void marks_register(struct marks_writer *, uint16_t day, uint8_t session);
void marks_put(struct marks_writer *, const struct mark *); /* day and session are the register's */
/* A register without marks is taken out again. */
void marks_end(struct marks_writer *, uint32_t known, uint32_t refused, const struct refusal refusals[]);

/* The reading side; works over the body of a *whole* event of that version, as event_decode left it. (Rows
 * without marks have no version of theirs: 1.) */
struct marks_reader {
	struct reader in;
	uint32_t urn, known;
	uint32_t registers_left, marks_left, refused_left;
	uint32_t pupil;
	uint16_t day;
	uint8_t session;
	bool runs;           /* are there any in that version */
	uint8_t last_code;   /* of the mark before; 0: it was the register's first, or had extras */
	uint32_t run;        /* marks of it to come */
};

void marks_open(struct marks_reader *, uint8_t version, struct slice body);
bool marks_next(struct marks_reader *, struct mark *);      /* false: no more (or bad) */
bool marks_refused(struct marks_reader *, struct refusal *); /* after the last mark */
bool marks_good(const struct marks_reader *);               /* read to the end, nothing bad */

#endif
