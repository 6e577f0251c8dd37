/* beside.h - files that belong to the one that is read: what an id in it stands for.
 *
 * Wonde's marks name a student and a code by their ids. The students, codes and schools
 * come in files of their own; of each of their entries that is kept which the mapping's
 * paths ask for, and nothing else.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BESIDE_H
#define CLIENT_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

struct beside;
struct mapping;

struct beside *beside_new(void); /* NULL: no memory */
void beside_free(struct beside **);
/* Reads a file of JSON entries (entries.h). False: `why` says what is wrong, with file and line. */
bool beside_add(struct beside *, const struct mapping *, const char *path, char *why, size_t why_size);
/* What the path leads to in the entry of that id; NULL: nothing does. `beside` may be NULL. */
const char *beside_find(const struct beside *, const char *id, const char *path);

#endif
