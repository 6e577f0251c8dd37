/* check.h - is what a power cut left what had been promised by then?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_CHECK_H
#define TESTS_POWERCUT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CURSORS_MAX = 8, CURSOR_KEY_MAX = 64, SMALL_FILES = 7 };

/* The store as it was when the recorded daemon had ended, whose log a client has compared with what it had sent and been
 * told: each state's log must be a beginning of it. */
struct reference;
struct reference *reference_open(const char *dir, char *why, size_t why_size);
void reference_close(struct reference **);
uint64_t reference_head(const struct reference *);

struct cursor {
	uint8_t key[CURSOR_KEY_MAX]; /* as in the store: public key, name */
	size_t key_size;
	uint64_t position;
};

/* A key's file: what it was before the command under way began, and will be when it has ended. NULL: not there. */
struct small_file {
	const char *name;
	const uint8_t *before, *after;
	size_t before_size, after_size;
};

/* What had been promised at the cut. */
struct promised {
	bool made;           /* init had ended: from then on there is a store */
	uint64_t head;       /* the last event that anybody had been told of */
	struct cursor cursors[CURSORS_MAX];
	size_t cursor_count;
	struct small_file files[SMALL_FILES];
	size_t file_count;
	bool gone;           /* the folder itself is lost */
};

enum outcome { OUTCOME_GOOD, OUTCOME_NO_STORE /* allowed: nothing had been promised */, OUTCOME_FAULT };

/* Opens what is in `dir` as attendd does at its start, and verifies and compares it; with `go_on`, time goes on for some
 * weeks, and all is verified again. In a process of its own: what it opens may end it. A sentence in `why` where there is
 * a fault; *head: the events that are there. */
enum outcome state_check(const char *dir, const struct reference *, const struct promised *, bool go_on, uint64_t *head, char *why,
                         size_t why_size);

#endif
