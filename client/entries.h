/* entries.h - JSON documents as an API gives them, page after page: their entries, one at a time.
 *
 * Each document is an object whose `data` is a list of entries (or one entry), or such a list
 * by itself. Several may follow each other in one file. Memory holds one entry, whatever the
 * file's size: at most ENTRY_SIZE_MAX bytes of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ENTRIES_H
#define CLIENT_ENTRIES_H

#include <jansson.h>

#include "client/records.h"

enum { ENTRY_SIZE_MAX = 256 * 1024 };

struct entries;

struct entries *entries_open(struct records *); /* NULL: no memory; `records` stays the caller's */
void entries_close(struct entries **);
/* The next entry, an object, valid until the call after; NULL: no more, or entries_failed says why. */
const json_t *entries_next(struct entries *);
const char *entries_failed(const struct entries *); /* with the line; NULL: read to the end */

/* Drains a file: is it whole? NULL: it is. For a look before anything is sent. */
const char *entries_fault(struct records *, char *why, size_t why_size);

#endif
