/* rejects.h - the file of refused rows: to be mended and pushed again.
 *
 * It takes the form of the first file pushed. CSV: that file's header, then each
 * refused row as it stood, with a column `reason` added; JSON lines: each row's
 * object with a member `reason`.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_REJECTS_H
#define CLIENT_REJECTS_H

#include <stdbool.h>
#include <stddef.h>

struct rejects;

/* NULL: it can't be written, see errno. */
struct rejects *rejects_open(const char *path);
/* The header of the file that rows come from now, "" for JSON lines. False: another
 * than the first file's, so that its rows have no place here. */
bool rejects_form(struct rejects *, const char *header);
void rejects_add(struct rejects *, const char *raw, size_t raw_size, const char *field, const char *reason);
/* 0, or the errno of what could not be written; all of it is on disk when it returns 0. */
int rejects_sync(struct rejects *);
/* 0, or the errno of what could not be written. */
int rejects_close(struct rejects **);

#endif
