/* progress.h - one line on a terminal that says how far a push has come.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PROGRESS_H
#define CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool shown;            /* standard error is a terminal, and it is wanted */
	uint64_t began_ms, told_ms;
	uint64_t bytes_all;    /* of all files; 0: not known (a pipe) */
};

void progress_begin(struct progress *, bool wanted, uint64_t bytes_all, uint64_t now_ms);
/* Writes the line anew, at most five times a second. */
void progress_tell(struct progress *, uint64_t rows, uint64_t bytes, uint64_t now_ms);
/* Takes the line away, before something else is printed or at the end. */
void progress_clear(struct progress *);

/* The line itself: "12,345 rows  4,115 rows/s  41 %  0:04 left". */
void progress_text(char *out, size_t size, uint64_t rows, uint64_t bytes, uint64_t bytes_all, uint64_t elapsed_ms);
/* 1234567 gives "1,234,567". */
enum { THOUSANDS_SIZE = 32 };
const char *thousands(char out[static THOUSANDS_SIZE], uint64_t number);

#endif
