/* codes.h - the register codes, as one table.
 *
 * School Attendance (Pupil Registration) (England) Regulations 2024, in force
 * 19 August 2024, regulation 10; the statistical class of each is the
 * Department's convention. To correct one, change its row. The numbers stand in
 * the log and in each pupil's record (six bits): a row may be added, never
 * renumbered. (EN-01)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CODES_H
#define CASEWORK_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

enum code_class {
	CODE_CLASS_PRESENT,      /* possible, attended */
	CODE_CLASS_AUTHORISED,   /* possible, absent */
	CODE_CLASS_UNAUTHORISED, /* possible, absent */
	CODE_CLASS_NOT_POSSIBLE, /* neither possible nor absence */
	CODE_CLASS_ADMINISTRATIVE, /* nothing */
};

/*  name, number, text, class, meaning. 0 is no mark. */
#define CODES(X) \
	X(AM, 1, "/", PRESENT, "present in the morning") \
	X(PM, 2, "\\", PRESENT, "present in the afternoon") \
	X(L, 3, "L", PRESENT, "late, before the register closed") \
	X(K, 4, "K", PRESENT, "at provision arranged by the authority") \
	X(V, 5, "V", PRESENT, "educational visit") \
	X(P, 6, "P", PRESENT, "sporting activity") \
	X(W, 7, "W", PRESENT, "work experience") \
	X(B, 8, "B", PRESENT, "other approved activity") \
	X(C, 9, "C", AUTHORISED, "leave in exceptional circumstances") \
	X(C1, 10, "C1", AUTHORISED, "leave for a regulated performance") \
	X(C2, 11, "C2", AUTHORISED, "part-time timetable") \
	X(M, 12, "M", AUTHORISED, "medical or dental appointment") \
	X(J1, 13, "J1", AUTHORISED, "interview") \
	X(S, 14, "S", AUTHORISED, "study leave") \
	X(T, 15, "T", AUTHORISED, "mobile child, parent travelling for work") \
	X(R, 16, "R", AUTHORISED, "religious observance") \
	X(I, 17, "I", AUTHORISED, "illness") \
	X(E, 18, "E", AUTHORISED, "suspended or excluded, no provision made") \
	X(G, 19, "G", UNAUTHORISED, "holiday not granted") \
	X(N, 20, "N", UNAUTHORISED, "reason not yet established") \
	X(O, 21, "O", UNAUTHORISED, "other or unknown") \
	X(U, 22, "U", UNAUTHORISED, "arrived after the register closed") \
	X(D, 23, "D", NOT_POSSIBLE, "dual registered, at the other school") \
	X(Q, 24, "Q", NOT_POSSIBLE, "no access arrangement") \
	X(X, 25, "X", NOT_POSSIBLE, "not required, under or over age") \
	X(Y1, 26, "Y1", NOT_POSSIBLE, "transport not available") \
	X(Y2, 27, "Y2", NOT_POSSIBLE, "widespread travel disruption") \
	X(Y3, 28, "Y3", NOT_POSSIBLE, "part of the site closed") \
	X(Y4, 29, "Y4", NOT_POSSIBLE, "site unexpectedly closed") \
	X(Y5, 30, "Y5", NOT_POSSIBLE, "criminal justice detention") \
	X(Y6, 31, "Y6", NOT_POSSIBLE, "public health guidance or law") \
	X(Y7, 32, "Y7", NOT_POSSIBLE, "other unavoidable cause") \
	X(Z, 33, "Z", ADMINISTRATIVE, "not yet on roll") \
	X(CLOSED, 34, "#", ADMINISTRATIVE, "planned whole-school closure")

enum code {
	CODE_NONE = 0,
#define X(name, number, text, class, meaning) CODE_##name = number,
	CODES(X)
#undef X
	CODE_LIMIT = 64 /* six bits hold one; a set of codes is a uint64_t */
};

#define CODE_BIT(code) (UINT64_C(1) << (code))

/* Sets of codes by class. */
extern const uint64_t CODES_PRESENT, CODES_AUTHORISED, CODES_UNAUTHORISED, CODES_POSSIBLE, CODES_ABSENT;
extern const uint64_t CODES_KNOWN; /* all of the list */

uint8_t code_parse(struct slice text);        /* CODE_NONE: not in the list */
const char *code_earlier(struct slice text);  /* of a code that was one until August 2024: what is written instead; else NULL */
const char *code_text(uint8_t code);          /* NULL: not in the list */
const char *code_meaning(uint8_t code);
enum code_class code_class(uint8_t code);     /* of a number that is not in the list: ADMINISTRATIVE */

static inline bool code_in(uint64_t set, uint8_t code)
{
	return (set >> code) & 1;
}

/* `/` belongs to AM (0), `\` to PM (1), every other code to both. */
static inline bool code_fits_session(uint8_t code, uint8_t session)
{
	if (code == CODE_AM || code == CODE_PM)
		return session == (code == CODE_PM);
	return code < CODE_LIMIT && code_in(CODES_KNOWN, code);
}

#endif
